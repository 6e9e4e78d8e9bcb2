import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_for
from vigie.errors import LinkError
from vigie.link import local_socket
from vigie.link.local_socket import LinkRefused, LocalSocket, connected_to, listening

TAKES_BYTES = 2_000
Ends = tuple[LocalSocket, LocalSocket]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    monkeypatch.setattr(local_socket, "STEP_S", 0.2)
    sockets = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    both = [LocalSocket(one, takes_bytes=TAKES_BYTES, sends_bytes=100_000) for one in sockets]
    yield both[0], both[1]
    for one in both:
        one.close()


def raw(sent: bytes) -> LocalSocket:
    """Return an end to which bytes were sent as they stand."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        theirs.send(sent)
    return LocalSocket(mine, takes_bytes=TAKES_BYTES, sends_bytes=1)


@pytest.mark.parametrize("message", [{}, {"a": [1.5, None, "é\ud800\n\x00"]}, {"n": float("inf")}])
def test_message_arrives_as_it_was_sent(ends: Ends, message: dict[str, Any]) -> None:
    ends[0].send(message)
    ends[0].send({"second": True})
    assert ends[1].receive() == message
    assert ends[1].receive() == {"second": True}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"{", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 1_900, "no JSON"),
        (b"[]", "no JSON object"),
        (b'"text"', "no JSON object"),
        (b"7", "no JSON object"),
        (b"x" * (TAKES_BYTES + 1), "longer than 2000"),
    ],
)
def test_what_is_no_message_is_an_error(sent: bytes, told: str) -> None:
    end = raw(sent)
    with pytest.raises(LinkError, match=told):
        end.receive(1.0)
    end.close()


def test_message_of_the_greatest_length_arrives() -> None:
    text = json.dumps({"a": "x" * (TAKES_BYTES - 9)}).encode()
    assert len(text) == TAKES_BYTES
    end = raw(text)
    assert len(end.receive()["a"]) == TAKES_BYTES - 9
    end.close()


def test_message_that_is_too_long_is_not_sent(ends: Ends) -> None:
    with pytest.raises(ValueError, match="100000"):
        ends[0].send({"a": "x" * 100_000})
    ends[0].send({"small": True})
    assert ends[1].receive() == {"small": True}


def test_silence_is_an_error_after_the_time_that_was_given(ends: Ends) -> None:
    began_s = time.monotonic()
    with pytest.raises(LinkError, match=r"nothing came within 0\.6 s"):
        ends[0].receive(0.6)
    assert time.monotonic() - began_s >= 0.5


def _send_much(end: LocalSocket, *, must_not_wait: bool) -> None:
    for _ in range(100):
        end.send({"a": "x" * 50_000}, must_not_wait=must_not_wait)


@pytest.mark.parametrize(("must_not_wait", "most_s"), [(False, 5.0), (True, 0.15)])
def test_who_reads_nothing_holds_up_a_sender_no_longer_than_a_step(
    ends: Ends, must_not_wait: bool, most_s: float
) -> None:
    began_s = time.monotonic()
    with pytest.raises(LinkError, match="not sent"):
        _send_much(ends[0], must_not_wait=must_not_wait)
    assert time.monotonic() - began_s < most_s


def test_hanging_up_wakes_the_reader_of_either_end(ends: Ends) -> None:
    told: list[str] = []

    def read(end: LocalSocket) -> None:
        try:
            end.receive()
        except LinkError as error:
            told.append(str(error))

    readers = [threading.Thread(target=read, args=(end,)) for end in ends]
    for reader in readers:
        reader.start()
    ends[0].hang_up()
    for reader in readers:
        reader.join(5)
    assert told == ["the other end hung up"] * 2


def test_process_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    real = mine.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    monkeypatch.setattr(local_socket.struct, "unpack", lambda *_: (77, 4_242, 4_242))
    assert len(real) == 12
    with pytest.raises(LinkRefused, match="user 4242"):
        LocalSocket(mine, takes_bytes=1, sends_bytes=1)
    assert mine.fileno() == -1
    theirs.close()


AS_NOBODY = """
import os, sys
from pathlib import Path
from vigie.link.local_socket import LocalSocket, connected_to
os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    end = LocalSocket(connected_to(Path(sys.argv[1])), takes_bytes=99, sends_bytes=99)
    end.send({"hello": "nobody"})
    print(end.receive(3.0))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize(("mode", "told"), [(0o600, "Permission denied"), (0o666, "run both as one")])
def test_another_user_gets_neither_by_the_file_nor_past_the_kernels_word(mode: int, told: str) -> None:
    path = Path("/tmp") / f"vigie-test-{os.getpid()}-{mode:o}.sock"
    with listening(path) as listener:
        path.chmod(mode)
        command = [sys.executable, "-c", AS_NOBODY, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as nobody:
            listener.settimeout(60)
            if mode == 0o666:
                caller, _ = listener.accept()
                with pytest.raises(LinkRefused, match="user 65534"):
                    LocalSocket(caller, takes_bytes=99, sends_bytes=99)
            said, _ = nobody.communicate(timeout=60)
    path.with_suffix(".lock").unlink()
    assert any(words in said for words in (told, "hung up", "not sent", "reset by peer"))
    assert not path.exists()


def test_file_is_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with listening(tmp_path / "link.sock"):
            assert stat.S_IMODE((tmp_path / "link.sock").stat().st_mode) == 0o600
            assert stat.S_IMODE((tmp_path / "link.lock").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert [left.name for left in tmp_path.iterdir()] == ["link.lock"]


@pytest.mark.parametrize("length", [107, 108, 109, 300])
def test_path_of_any_length_is_listened_at_and_called(tmp_path: Path, length: int) -> None:
    folder = tmp_path
    while length - len(str(folder)) - len("/link.sock") > 1:
        folder = folder / ("d" * min(100, length - len(str(folder)) - len("/link.sock") - 1))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "link.sock"
    with listening(path) as listener, connected_to(path) as caller:
        accepted, _ = listener.accept()
        with accepted:
            caller.send(b"x")
            assert accepted.recv(9) == b"x"
        assert path.is_socket()
    assert not path.exists()


def test_stale_file_is_replaced_and_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "link.sock"
    program = f"from vigie.link.local_socket import listening; from pathlib import Path; l = listening(Path('{path}'))"
    program += "; l.__enter__(); import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert path.is_socket()
    with pytest.raises(LinkError, match="refused"):
        connected_to(path)
    with listening(path):
        with pytest.raises(BlockingIOError), listening(path):
            pass
        connected_to(path).close()


def test_nobody_there_is_told_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match=r"link\.sock: No such file"):
        connected_to(tmp_path / "link.sock")


def test_file_of_somebody_else_at_the_path_is_left_alone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "link.sock"
    with listening(path):
        path.unlink()
        path.write_text("not ours")
    assert path.read_text() == "not ours"


def test_hammered_with_messages_from_many_threads_every_one_arrives_whole(ends: Ends) -> None:
    found: list[int] = []

    def send(number: int) -> None:
        for _ in range(50):
            ends[0].send({"number": number, "more": "x" * 500})

    senders = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for sender in senders:
        sender.start()
    while len(found) < 400:
        message = ends[1].receive(5.0)
        assert message["more"] == "x" * 500
        found.append(message["number"])
    wait_for(lambda: not any(sender.is_alive() for sender in senders))
    assert {number: found.count(number) for number in range(8)} == dict.fromkeys(range(8), 50)
