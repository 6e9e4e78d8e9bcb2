"""Delivers one journal per step and kills itself with SIGKILL at that step: ``python -m ... URL FOLDER``.

A step is crossed before and after every request and every write of the cursor. For each number of steps there is a
journal of its own, delivered once up to the kill and then to its end.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vigie.cli import logs
from vigie.delivery import courier as courier_module
from vigie.delivery.courier import Courier
from vigie.delivery.dates import MachineCalendar
from vigie.delivery.feed import Feed
from vigie.delivery.sender import Sender
from vigie.delivery.settings import RemoteWriteSettings
from vigie.telemetry.delivery_log import DeliveryLog

logs.configure()
courier_module.SAVE_BEHIND_S = courier_module.SAVE_HEALTHY_S = 0.0
WRITES = ("save", "shorten")


def site(steps: int) -> str:
    return f"site{steps}"


def killing(act: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def cross() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def acted(*arguments: Any) -> Any:
        cross()
        result = act(*arguments)
        cross()
        return result

    return acted


def deliver(path: Path, url: str, steps: int, name: str) -> None:
    """Deliver a journal to its end, or up to a number of steps."""
    left, stop = [steps], threading.Event()
    settings = RemoteWriteSettings(url=url, batch_samples=500, timeout_s=5.0)
    sender, log = Sender(settings), DeliveryLog(path)
    sender.send = killing(sender.send, left)  # type: ignore[method-assign]
    for write in WRITES:
        setattr(log, write, killing(getattr(log, write), left))
    feed = Feed(name, "1", with_client_names=False)
    courier = Courier(
        settings, log, feed, sender, stop, machine=MachineCalendar(lambda: True, lambda: 1e6), is_real_time=False
    )
    courier._wait_for_more = stop.set  # type: ignore[method-assign]
    courier.run()


def in_a_child(path: Path, url: str, steps: int, name: str) -> int:
    """Return how a child ended that delivers."""
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        deliver(path, url, steps, name)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main(url: str, folder: Path) -> None:
    """Go through all steps; print how many there were."""
    for steps, path in enumerate(sorted(folder.iterdir(), key=lambda one: int(one.stem)), start=1):
        status = in_a_child(path, url, steps, site(steps))
        if status == 0:
            sys.stdout.write(f"{steps}\n")
            return
        assert status == signal.SIGKILL, f"ended with {status} at step {steps}"
        assert in_a_child(path, url, 0, site(steps)) == 0, f"did not go on after step {steps}"
    raise AssertionError("the journals were not enough to reach the end")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
