"""``vigie run``: controller, web and, when there is a store, delivery as processes, watched and restarted."""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import structlog
from rich.console import Console

from vigie.cli import logs
from vigie.cli.exit_codes import NOT_WORTH_RETRYING, Exit
from vigie.config import Config
from vigie.config.sections import PLANTS

log = structlog.get_logger("vigie.run")

MODULES = {
    "controller": "vigie.cli.controller_process",
    "web": "vigie.cli.web_process",
    "delivery": "vigie.cli.delivery_process",
}
WATCHDOG_S = 10.0
"""A controller whose loop has not finished a period for this long is killed and started again."""
START_S = 30.0
"""Time a process may take until it says that it is ready."""
LONGEST_PAUSE_S = 30.0
STOP_S = 10.0


def become(name: str, argv: Sequence[str]) -> NoReturn:
    """Replace this process by the light entry point of ``controller``, ``web`` or ``delivery``."""
    os.execv(sys.executable, [sys.executable, "-m", MODULES[name], *argv])  # noqa: S606 - our own interpreter


class Child:
    """One supervised process; it tells its life over a notify socket, as it would tell systemd."""

    def __init__(
        self, name: str, argv: Sequence[str], folder: Path, watchdog_s: float | None, *, is_needed: bool = True
    ) -> None:
        self.name = name
        self.is_needed = is_needed
        """The others do not go on without it."""
        self.is_ready = False
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        path = folder / f"{name}.notify"
        self.socket.bind(str(path))
        self._watchdog_s = watchdog_s
        self._environment = {**os.environ, "NOTIFY_SOCKET": str(path)}
        if watchdog_s is not None:
            self._environment["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
        self._command = [sys.executable, "-m", MODULES[name], *argv]
        self._process: subprocess.Popen[bytes] | None = None
        self._heard_s = 0.0
        self._start_at_s = 0.0
        self._pause_s = 1.0
        self._has_run = False

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        self.is_ready = False
        self._heard_s = time.monotonic() + START_S
        self._process = subprocess.Popen(self._command, env=self._environment)

    def hear(self) -> None:
        """Take one message from the process."""
        with contextlib.suppress(OSError, ValueError):
            for line in self.socket.recv(4096).decode(errors="replace").splitlines():
                if line == "READY=1":
                    self.is_ready = self._has_run = True
                    self._pause_s = 1.0
                elif line.startswith("EXTEND_TIMEOUT_USEC="):
                    self._heard_s = time.monotonic() + float(line.partition("=")[2]) / 1e6
                    return
            if self.is_ready:  # before that a sign of life does not shorten the time a start may take
                self._heard_s = time.monotonic()

    def watch(self) -> int | None:
        """Kill a process that hangs, start one whose pause is over; return an exit status not worth a retry.

        What fails before it has ever run is a mistake to be told at once; what has run before is tried again for ever.
        """
        now_s = time.monotonic()
        if self._process is None:
            if now_s >= self._start_at_s:
                self.start()
            return None
        ended = self._process.poll()
        if ended is None:
            limit_s = self._watchdog_s if self.is_ready else 0.0
            if limit_s is not None and now_s - self._heard_s > limit_s:
                log.error("watchdog: no sign of life, restarting", process=self.name, pid=self.pid, after_s=limit_s)
                self._process.kill()
            return None
        if self.is_needed and (ended in NOT_WORTH_RETRYING or (not self._has_run and ended > 0)):
            return ended
        log.error("process ended, restarting", process=self.name, pid=self.pid, status=ended, pause_s=self._pause_s)
        self._process = None
        self._start_at_s = now_s + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        return None

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.send_signal(signal.SIGCONT)

    def wait(self, deadline_s: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(max(deadline_s - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            log.warning("process does not stop, killing it", process=self.name, pid=self.pid)
            self._process.kill()


class Supervisor:
    """Starts the processes, keeps them alive, stops them together. Contacts stay as they are throughout."""

    def __init__(self, config: Config, argv: Sequence[str]) -> None:
        self._config = config
        self._argv = argv
        self._stop = False
        self._announced = False

    def run(self) -> int:
        """Run until a signal; return the exit status."""
        logs.configure()
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
            children = [
                Child("controller", self._argv, Path(folder), WATCHDOG_S),
                Child("web", self._argv, Path(folder), None),
            ]
            remote_write = self._config.remote_write
            if remote_write.url:
                silent_s = 60.0 + 4 * remote_write.timeout_s  # a request may wait once for each address of the store
                children.append(Child("delivery", self._argv, Path(folder), silent_s, is_needed=False))
            for child in children:
                child.start()
            try:
                return self._watch(children)
            finally:
                for child in children:
                    child.ask_to_stop()
                deadline_s = time.monotonic() + STOP_S
                for child in children:
                    child.wait(deadline_s)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop = True

    def _watch(self, children: Sequence[Child]) -> int:
        with selectors.DefaultSelector() as selector:
            for child in children:
                selector.register(child.socket, selectors.EVENT_READ, child)
            while not self._stop:
                for key, _ in selector.select(timeout=0.25):
                    key.data.hear()
                for child in children:
                    status = child.watch()
                    if status is not None:
                        return status
                self._announce(children)
        return Exit.OK

    def _announce(self, children: Sequence[Child]) -> None:
        if self._announced or not all(child.is_ready for child in children if child.is_needed):
            return
        self._announced = True
        plant = self._config.plant
        speed = f", {plant.speed:g} times real time" if plant.speed != 1 else ""
        console = Console(stderr=True, highlight=False)
        web = self._config.web
        url = f"http://{web.host}:{web.port}/flask/"
        watched = PLANTS[self._config.plant_name]
        console.print(f"\n  [bold]Vigie[/bold] watches {watched}{speed}: [bold]{url}[/bold]")
        console.print(f"  data in {self._config.data_directory}; Ctrl+C stops, contacts stay as they are\n")
