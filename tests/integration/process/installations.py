"""A whole installation of real processes for tests: ``vigie run``, its children, and every way to look at them."""

import csv
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import requests

from tests.ports import free_port
from tests.waiting import PATIENCE_S, wait_for
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind

VIGIE = str(Path(sys.executable).with_name("vigie"))
FOREVER_MS = 10**14
LINES = {"R1": 19, "R2": 13, "R3": 6, "R4": 5}
"""PiRelay-V2: BCM numbers, which are the offsets in the levels file."""

QUICK = """
[site]
name = "Tests [/bold]"

[wiring]
battery_contact = "line"
controller_supply = "independent"

[channels.battery]
gain = 1.03125
offset_v = 0.4
calibration = "preset"

[mains]
steady_s = 0

[journal]
batch_s = 0.3

[metrics]
port = {metrics}

[web]
port = {web}
command_burst = 100

[access]
login = "off"
"""

TWIN = """
[plant]
kind = "twin"
scenario = "chatter"
speed = {speed}

[twin.installation.battery]
start_soc = {soc}

[twin.installation.outages]
kind = "none"
"""

RIG = """
[plant]
kind = "rig"
scenario = "chatter"

[rig]
boards = "emulated"
r1_contact = "nc"
r2_contact = "nc"
spare_address = 0

[twin.installation.battery]
start_soc = {soc}

[twin.installation.outages]
kind = "none"
"""


def vigie(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [VIGIE, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "250", **environment},
    )


class Site:
    """``vigie run`` with its settings, data and log in a folder."""

    def __init__(self, folder: Path, settings: str, **values: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.config = folder / "vigie.toml"
        self.log_path = folder / "log"
        self.web_port = free_port()
        self.metrics_port = free_port()
        self.url = f"http://127.0.0.1:{self.web_port}/flask"
        self.config.write_text(
            (QUICK + settings).format(web=self.web_port, metrics=self.metrics_port, **values), encoding="utf-8"
        )
        self._run: subprocess.Popen[bytes] | None = None
        self._mine: list[psutil.Process] = []

    @property
    def options(self) -> tuple[str, ...]:
        return ("--config", str(self.config), "--data", str(self.data))

    @property
    def run(self) -> subprocess.Popen[bytes]:
        assert self._run is not None
        return self._run

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def start(self, *more: str, command: str = "run", output: int | None = None, **environment: str) -> "Site":
        """Start a command; what it says goes to the log, or to the descriptor ``output``."""
        return self.start_bare(command, *self.options, *more, output=output, **environment)

    def start_bare(self, *words: str, output: int | None = None, **environment: str) -> "Site":
        """Start a command line as it stands."""
        with self.log_path.open("a") as log:
            self._run = subprocess.Popen(
                [VIGIE, *words],
                stdout=log if output is None else output,
                stderr=log if output is None else output,
                # a home of its own: a command that is told nothing meets no other test's installation
                env={**os.environ, "COLUMNS": "250", "HOME": str(self.data.parent), **environment},
            )
        return self

    def started(self, *more: str, **environment: str) -> "Site":
        """Start and wait until the page has a fresh snapshot."""
        self.start(*more, **environment)
        try:
            self.wait_until_connected()
        except BaseException:
            self.end()
            raise
        return self

    def wait_until_connected(self, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        found: dict[str, Any] = wait_for(self._fresh, timeout_s, "a fresh snapshot", lambda: self.log)
        return found

    def _fresh(self) -> dict[str, Any] | None:
        state = self.state()
        is_fresh = state is not None and state["link"] == "connected" and (state["age_ms"] or 9e9) < 1_000
        return state if is_fresh else None

    def state(self) -> dict[str, Any] | None:
        """Return what the page shows, None while nobody answers."""
        try:
            answer = requests.get(f"{self.url}/api/v1/state", timeout=2)
        except requests.RequestException:
            return None
        found: dict[str, Any] = answer.json()
        return found

    def snapshot(self) -> dict[str, Any]:
        state = self.state()
        assert state is not None
        assert state["snapshot"] is not None
        found: dict[str, Any] = state["snapshot"]
        return found

    def relay(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.snapshot()["relays"][int(name[1]) - 1]
        return found

    def order(self, **order: Any) -> dict[str, Any]:
        body = {
            "id": uuid4().hex,
            "not_after_utc_ms": round(time.time() * 1_000) + 10_000,
            "who": "test",
            "why": "",
            **order,
        }
        answer = requests.post(f"{self.url}/api/v1/commands", json=body, timeout=6)
        assert answer.status_code in {200, 409}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def metrics(self) -> dict[str, float]:
        """Return what /metrics shows: line without its value, site and battery -> value."""
        text = requests.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=3).text
        text = re.sub(r'(battery|site)="[^"]*",?', "", text).replace(",}", "}").replace("{}", "")
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def events(self, *kinds: EventKind) -> list[Event]:
        """Return the journal's events, oldest first."""
        reader = JournalReader(self.data / "journal.sqlite")
        try:
            return reader.events(0, FOREVER_MS, kinds, limit=10_000)[::-1]
        finally:
            reader.close()

    def periods(self) -> list[dict[str, str]]:
        """Return every period in the journal as the export gives it."""
        told = vigie("export", *self.options, "--from", "2020-01-01", "--to", "2099-01-01")
        assert told.returncode == 0, told.stderr
        return list(csv.DictReader(io.StringIO(told.stdout)))

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return vigie(*arguments, *self.options)

    def child(self, module: str) -> psutil.Process | None:
        """Return the running child of ``vigie run``: ``controller_process`` or ``web_process``."""
        try:
            children = psutil.Process(self.run.pid).children()
        except psutil.Error:
            return None
        for child in children:
            try:
                if any(module in word for word in child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                    if child not in self._mine:
                        self._mine.append(child)
                    return child
            except psutil.Error:
                continue
        return None

    def controller(self) -> psutil.Process:
        found: psutil.Process = wait_for(lambda: self.child("controller_process"), what="a controller process")
        return found

    def web(self) -> psutil.Process:
        found: psutil.Process = wait_for(lambda: self.child("web_process"), what="a web process")
        return found

    def levels(self) -> Mapping[str, int]:
        """Return the emulated lines as the levels file has them: bit 0 high, bit 1 driven."""
        kept = (self.data / "emulated-lines.bin").read_bytes()
        return {name: kept[line] for name, line in LINES.items()}

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Stop ``vigie run``; return its exit status and the seconds it took."""
        began_s = time.monotonic()
        self.run.send_signal(number)
        status = self.run.wait(PATIENCE_S)
        return status, time.monotonic() - began_s

    def end(self) -> None:
        """Leave nothing running, whatever the test did."""
        if self._run is None:
            return
        family = [*self._mine]
        if self._run.poll() is None:
            family += psutil.Process(self._run.pid).children(recursive=True)
            self._run.terminate()
            try:
                self._run.wait(12)
            except subprocess.TimeoutExpired:
                self._run.kill()
                self._run.wait(5)
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue


class Watcher:
    """Looks at something all the time from outside and keeps every different value it has seen."""

    def __init__(self, look: Callable[[], Any]) -> None:
        self.seen: list[Any] = []
        self.looks = 0
        self._look = look
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            value = self._look()
            self.looks += 1
            if not self.seen or self.seen[-1] != value:
                self.seen.append(value)
