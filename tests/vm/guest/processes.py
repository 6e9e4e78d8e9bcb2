"""The product's own processes on the rig, in a folder of the guest's memory, and ways to look at them."""

import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import requests

from vigie.errors import JournalError
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind

VIGIE = "/opt/vigie/bin/vigie"
FOREVER_MS = 10**14
SETTINGS = """
[plant]
kind = "rig"

[wiring]
battery_contact = "line"
controller_supply = "independent"

[start]
mode = "{mode}"

[rig]
r1_contact = "nc"
r2_contact = "nc"

[channels.spare]
is_fitted = true

[mains]
steady_s = 0

[minimum_times]
closed_s = 0
open_s = 0
passed_s = 0

[journal]
batch_s = 0.3

[web]
command_burst = 100

[access]
login = "off"
"""


def wait_for(
    condition: Callable[[], Any], timeout_s: float, what: str, log: Callable[[], str] = str, *, every_s: float = 0.25
) -> Any:
    """Return the condition's first true value; fail when there is none in time.

    Looks are counted, not seconds: where the guest is slow a look takes long too, and the time it gets grows with it.
    """
    for _ in range(math.ceil(timeout_s / every_s)):
        if value := condition():
            return value
        time.sleep(every_s)
    raise AssertionError(f"not within {timeout_s} s of looking: {what}\n{log()}")


class Site:
    """One installation: ``vigie controller`` or ``vigie run``."""

    made = 0

    def __init__(self, mode: str = "protect", more: str = "") -> None:
        Site.made += 1
        self.folder = Path(f"/tmp/site{Site.made}")
        self.folder.mkdir()
        self.config = self.folder / "vigie.toml"
        self.config.write_text(SETTINGS.format(mode=mode) + more)
        self.log_path = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self._known: list[Event] = []

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for one in family:
            if one.is_running():
                one.kill()

    def start(self, command: str = "controller") -> "Site":
        with self.log_path.open("a") as log:
            self.process = subprocess.Popen(
                [VIGIE, command, "--config", str(self.config), "--data", str(self.folder / "data")],
                stdout=log,
                stderr=log,
                env={**os.environ, "COLUMNS": "250"},
            )
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """SIGKILL, and wait until the kernel has taken everything from it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def log(self) -> str:
        return self.log_path.read_text()

    def metrics(self) -> dict[str, float]:
        """Return what /metrics shows: line without its value, site and battery -> value; empty while nobody answers."""
        try:
            text = requests.get("http://127.0.0.1:9108/metrics", timeout=3).text
        except requests.RequestException:
            return {}
        text = re.sub(r'(battery|site)="[^"]*",?', "", text).replace(",}", "}").replace("{}", "")
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def metric(self, name: str) -> float:
        return self.metrics().get(name, float("nan"))

    def periods(self) -> int:
        """Return the periods since the controller's start; 0 while it does not answer."""
        return int(self.metrics().get("vigie_periods_total", 0))

    def events(self, *kinds: EventKind) -> list[Event]:
        """Return the journal's events since :meth:`begin_anew`, oldest first by the calendar."""
        return [event for event in self._events() if event not in self._known and (not kinds or event.kind in kinds)]

    def begin_anew(self) -> None:
        """Forget the events so far."""
        self._known = self._events()

    def _events(self) -> list[Event]:
        reader = JournalReader(self.folder / "data" / "journal.sqlite")
        try:
            return reader.events(0, FOREVER_MS, (), limit=10_000)[::-1]
        except JournalError:  # not there yet
            return []
        finally:
            reader.close()

    def event(self, kind: EventKind, subject: str, after: str = "", count: int = 1) -> Callable[[], Event | None]:
        """Return a condition: the ``count``-th such event, once it is in the journal."""

        def found() -> Event | None:
            fitting = [one for one in self.events(kind) if one.subject == subject and after in one.after]
            return fitting[count - 1] if len(fitting) >= count else None

        return found

    def state(self) -> dict[str, Any] | None:
        """Return the web application's fresh state; None while there is none."""
        try:
            state: dict[str, Any] = requests.get("http://127.0.0.1:8000/flask/api/v1/state", timeout=5).json()
        except (requests.RequestException, ValueError):
            return None
        return state if state["link"] == "connected" and (state["age_ms"] or 9e9) < 3_000 else None

    def order(self, **order: Any) -> dict[str, Any]:
        body = {
            "id": uuid4().hex,
            "not_after_utc_ms": round(time.time() * 1_000) + 10_000,
            "who": "test",
            "why": "",
            **order,
        }
        answer = requests.post("http://127.0.0.1:8000/flask/api/v1/commands", json=body, timeout=10)
        assert answer.status_code in {200, 409}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def controller_pid(self) -> int | None:
        """Return the controller under ``vigie run``."""
        for child in psutil.Process(self.pid).children():
            try:
                if any("controller_process" in word for word in child.cmdline()):
                    return child.pid
            except psutil.Error:
                continue
        return None
