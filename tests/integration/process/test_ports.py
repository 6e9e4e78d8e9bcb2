"""The ports that tests get: nobody's, and nobody else's."""

import socket
import subprocess
import sys
from pathlib import Path

from tests import ports
from tests.ports import free_port

ROOT = Path(__file__).parents[3]
COUNT = 200
TAKE = f"from tests.ports import free_port; print(*[free_port() for _ in range({COUNT})], flush=True); input()"


def test_workers_beside_each_other_never_get_the_same_port_nor_one_of_the_kernel_s() -> None:
    command = [sys.executable, "-c", TAKE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as one,
        subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as other,
    ):
        assert one.stdout is not None
        assert other.stdout is not None
        taken = [[int(word) for word in worker.readline().split()] for worker in (one.stdout, other.stdout)]
        one.communicate("\n")  # not before both have theirs: they hold them until they end
        other.communicate("\n")
    first, last = (int(word) for word in ports.EPHEMERAL.read_text(encoding="ascii").split())
    assert len({*taken[0], *taken[1]}) == 2 * COUNT
    assert not [port for port in taken[0] if first <= port <= last]


def test_a_port_that_is_taken_is_not_given() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert not ports.claim(listener.getsockname()[1])
    mine = free_port()
    assert not ports.claim(mine)
