"""``vigie run``: controller, web and, when there is a store, delivery as processes, watched and restarted.

A process of its own that imports nothing but the standard library: it does little and holds little memory.
"""

import signal
import sys

from vigie.cli.starting import end_quietly

if __name__ == "__main__":
    end_quietly()

import contextlib
import json
import selectors
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vigie import streams
from vigie.cli.child import Child
from vigie.cli.exit_codes import Exit

if TYPE_CHECKING:
    from vigie.config import Config

WATCHDOG_S = 10.0
"""A controller whose loop has not finished a period for this long is killed and started again."""
WEB_WATCHDOG_S = 45.0
"""The same of pages that no longer come round; those that hang in their own code end themselves before."""
STOP_S = 10.0
"""Time that the pages, and after them the controller, may take to stop."""


class Watched(NamedTuple):
    """What to start, and what to tell of it."""

    arguments: Sequence[str]
    """Of every process: its settings."""
    starts: str
    watches: str
    stopped: str
    data: str
    delivery_silent_s: float | None
    """Longest time without a sign of life from delivery; None: there is no store to deliver to."""

    @classmethod
    def by(cls, config: "Config", arguments: Sequence[str]) -> "Watched":
        """Return what the settings ask for, which were read from these arguments."""
        from vigie.config.sections import PLANTS  # noqa: PLC0415 - the supervisor itself never needs the settings
        from vigie.wording.dialogue import spoken  # noqa: PLC0415 - nor words: it is told them

        speed = config.plant.speed
        plant = spoken(PLANTS[config.plant_name])
        if speed != 1:
            plant += spoken(", {speed:g} times real time", speed=speed)
        store = config.remote_write
        url, data = f"http://{config.web.host}:{config.web.port}/flask/", str(config.data_directory)
        watches = spoken("Vigie watches {plant}: {url}", plant=plant, url=url)
        ends = spoken("data in {folder}; Ctrl+C stops, contacts stay as they are", folder=data)
        return cls(
            arguments,
            spoken("Vigie starts: {plant}", plant=plant),
            f"{watches}\n  {ends}",
            spoken("stopped; contacts stay as they are"),
            data,
            # a request may wait once for each address of the store
            60.0 + 4 * store.timeout_s if store.url else None,
        )


class Supervisor:
    """Starts the processes, keeps them alive, stops them together. Contacts stay as they are throughout."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._is_stopping = False
        self._is_impatient = False
        self._announced = False

    def run(self) -> int:
        """Run until a signal; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        _tell(f"\n  {self._watched.starts}\n")
        with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
            children = self._children(Path(folder))
            try:
                for child in children:
                    child.start()
                status = self._watch(children)
            finally:
                self._stop(children)
        if self._is_stopping:
            _tell(f"  {self._watched.stopped}\n")
        return status

    def _children(self, folder: Path) -> list[Child]:
        """Return the processes, the controller first: it waits for none of them."""
        arguments, silent_s = self._watched.arguments, self._watched.delivery_silent_s
        children = [
            Child("controller", arguments, folder, WATCHDOG_S),
            Child("web", arguments, folder, WEB_WATCHDOG_S, is_needed=False),
        ]
        if silent_s is not None:
            children.append(Child("delivery", arguments, folder, silent_s, is_needed=False))
        return children

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._is_stopping and number == signal.SIGINT:
            self._is_impatient = True
        self._is_stopping = True

    def _watch(self, children: Sequence[Child]) -> int:
        with selectors.DefaultSelector() as selector:
            for child in children:
                selector.register(child.socket, selectors.EVENT_READ, child)
            while not self._is_stopping:
                for key, _ in selector.select(timeout=0.25):
                    key.data.hear()
                for child in children:
                    status = child.watch()
                    if status is not None:
                        return status
                self._announce(children)
        return Exit.OK

    def _stop(self, children: Sequence[Child]) -> None:
        """Stop the controller last: pages that saw it go would say that it is lost."""
        controller, *others = children
        for part in (others, [controller]):
            for child in part:
                child.ask_to_stop()
            deadline_s = time.monotonic() + STOP_S
            while any(child.is_running for child in part) and time.monotonic() < deadline_s:
                if self._is_impatient and controller not in part:
                    break  # a second Ctrl-C does not wait for open pages; the controller writes its journal first
                time.sleep(0.02)
            for child in part:
                child.end(is_late=time.monotonic() >= deadline_s)

    def _announce(self, children: Sequence[Child]) -> None:
        if self._announced or not all(child.is_ready for child in children[:2]):
            return
        self._announced = True
        _tell(f"\n  {self._watched.watches}\n")


def _tell(text: str) -> None:
    """Say something to the person who started the program; one who has gone is not missed."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    streams.outlive_log_reader()
    sys.exit(Supervisor(Watched(**json.loads(sys.argv[1]))).run())
