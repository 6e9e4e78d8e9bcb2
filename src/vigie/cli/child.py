"""One process under `vigie run`: started, listened to, killed when it hangs, started again when it has ended."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from vigie.cli.starting import MODULES
from vigie.pauses import GrowingPause

START_S = 60.0
"""Time a process may take until it says that it is ready."""
PAUSE = GrowingPause(1.0, 30.0)


class Child:
    """One supervised process; it tells its life over a notify socket, as it would tell systemd.

    It is in a process group of its own: Ctrl-C on the terminal is for the supervisor, which stops them in order.
    """

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
        self._ends = 0
        self._has_run = False

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self.is_ready = False
        self._heard_s = time.monotonic() + START_S
        self._process = subprocess.Popen(self._command, env=self._environment, process_group=0)

    def hear(self) -> None:
        """Take one message from the process."""
        with contextlib.suppress(OSError, ValueError):
            for line in self.socket.recv(4096).decode(errors="replace").splitlines():
                if line == "READY=1":
                    self.is_ready = self._has_run = True
                    self._ends = 0
                elif line.startswith("EXTEND_TIMEOUT_USEC="):
                    self._heard_s = time.monotonic() + float(line.partition("=")[2]) / 1e6
                    return
            if self.is_ready:  # before that a sign of life does not shorten the time a start may take
                self._heard_s = time.monotonic()

    def watch(self) -> int | None:
        """Kill a process that hangs, start one whose pause is over; return an exit status not worth a retry.

        A controller that fails before it has ever run is a mistake to be told at once; what has run before, and
        everything the controller does not need, is tried again for ever.
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
                _log("error", "watchdog: no sign of life, restarting", process=self.name, pid=self.pid, after_s=limit_s)
                self._process.kill()
            return None
        if self.is_needed and not self._has_run and ended > 0:
            return ended
        self._ends += 1
        pause_s = PAUSE.after_s(self._ends)
        _log("error", "process ended, restarting", process=self.name, pid=self.pid, status=ended, pause_s=pause_s)
        self._process = None
        self._start_at_s = now_s + pause_s
        return None

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.send_signal(signal.SIGCONT)

    def end(self, *, is_late: bool) -> None:
        """Kill it if it is still there, and say so when it had its time."""
        if self._process is None or not self.is_running:
            return
        if is_late:
            _log("warning", "process does not stop, killing it", process=self.name, pid=self.pid)
        self._process.kill()
        self._process.wait()


def _log(level: str, event: str, **facts: object) -> None:
    """Log as the other processes do (``logs``), without the library they do it with."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    if sys.stderr.isatty():
        line = f"{at} [{level:<9}] {event:<30} {' '.join(f'{name}={value}' for name, value in facts.items())}"
    else:
        line = json.dumps({**facts, "event": event, "level": level, "timestamp": at})
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
