"""The two processes as they run: memory, first reading, reaction, /metrics, speed."""

import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import requests

from vigie.clock import machine_utc_s
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import EventKind

Row = tuple[str, float, str, float | None]
MB = 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """`vigie run` on the twin, with its own folder and ports."""

    def __init__(self, folder: Path, speed: float, more: str = "") -> None:
        self.folder = folder
        self.port, self.metrics_port = free_port(), free_port()
        settings = folder / "bench.toml"
        own = f'[metrics]\nport = {self.metrics_port}\n[access]\nlogin = "off"\n'
        settings.write_text(own + more, encoding="ascii")
        command = [sys.executable, "-m", "vigie.cli", "run", "--config", str(settings), "--data", str(folder)]
        self.started_s, self.started_utc_s = time.monotonic(), machine_utc_s()
        self.process = subprocess.Popen(
            [*command, "--speed", str(speed), "--port", str(self.port)],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def state(self) -> dict[str, Any]:
        return dict(requests.get(f"http://127.0.0.1:{self.port}/flask/api/v1/state", timeout=5).json())

    def wait(self) -> float:
        """Return the seconds from the start to the first snapshot the web shows."""
        while time.monotonic() - self.started_s < 120.0:
            with contextlib.suppress(requests.RequestException):
                if self.state()["link"] == "connected" and self.state()["snapshot"]:
                    return time.monotonic() - self.started_s
            time.sleep(0.02)
        raise RuntimeError("the product has not come up within 120 s")

    def child(self, name: str) -> psutil.Process:
        """Return the controller, or the web process."""
        mine = psutil.Process(self.process.pid).children(recursive=True)
        named = [one for one in mine if any(name in part for part in one.cmdline())]
        return named[-1]

    def order(self, **body: Any) -> None:
        requests.post(f"http://127.0.0.1:{self.port}/flask/api/v1/commands", json=body, timeout=5)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@contextlib.contextmanager
def _product(speed: float) -> Iterator[Product]:
    with tempfile.TemporaryDirectory() as name:
        product = Product(Path(name), speed)
        try:
            yield product
        finally:
            product.stop()


def _at_real_speed() -> list[Row]:
    with _product(1.0) as product:
        shown_s = product.wait()
        time.sleep(15)
        with JournalReader(product.folder / "journal.sqlite").connection() as connection:
            (first_ms,) = connection.execute("SELECT min(utc_ms) FROM period_si").fetchone()
        controller, web = product.child("controller_process"), product.child("web_process")
        url = f"http://127.0.0.1:{product.metrics_port}/metrics"
        scrapes = []
        with requests.Session() as session:
            for _ in range(50):
                began_s = time.perf_counter()
                session.get(url, timeout=5).raise_for_status()
                scrapes.append((time.perf_counter() - began_s) * 1_000)
        busy = controller.cpu_percent(interval=10.0)
        return [
            ("first averaged reading, from `vigie run`", first_ms / 1_000 - product.started_utc_s, "s", 2.0),
            ("first snapshot on the page, from `vigie run`", shown_s, "s", None),
            ("controller, resident memory", controller.memory_info().rss / MB, "MB", 50.0),
            ("web process, resident memory", web.memory_info().rss / MB, "MB", 70.0),
            ("controller, share of one core at 1x (all threads)", busy, "%", None),
            ("/metrics over HTTP, median round trip", statistics.median(scrapes), "ms", None),
        ]


def _reaction() -> list[Row]:
    """Crossing of protect's upper threshold on the twin, in the journal, to R2's movement."""
    with _product(60.0) as product:
        product.wait()
        product.order(action="set_mode", mode="protect")
        reader = JournalReader(product.folder / "journal.sqlite")
        deadline_s = time.monotonic() + 60
        openings: list[int] = []
        while len(openings) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.5)
            events = reader.events(0, 2**53, kinds=(EventKind.SWITCHING,), limit=1000)
            openings = [e.utc_ms for e in events if e.subject == "R2" and e.reason == "upper_voltage_reached"]
        product.process.send_signal(signal.SIGTERM)
        product.process.wait(15)
        first = min(openings)
        with reader.connection() as connection:
            rows = connection.execute(
                "SELECT utc_ms, battery_bus_v FROM period_si WHERE utc_ms <= ? ORDER BY utc_ms DESC LIMIT 3", (first,)
            ).fetchall()
        crossed_ms = min(utc_ms for utc_ms, bus_v in rows if bus_v > 12.9)
        return [("threshold crossed to relay commanded, periods of 1 s", (first - crossed_ms) / 1_000, "", 1.0)]


def _fastest() -> list[Row]:
    with _product(300.0) as product:
        product.wait()
        before, began_s = product.state()["snapshot"], machine_utc_s()
        time.sleep(10)
        after, ended_s = product.state()["snapshot"], machine_utc_s()
        reached = (after["utc_ms"] - before["utc_ms"]) / 1_000 / (ended_s - began_s)
        return [("plant seconds per second reached, asked for 300", reached, "x", None)]


def rows() -> list[Row]:
    """Start the product three times and measure it from outside."""
    return [*_at_real_speed(), *_reaction(), *_fastest()]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:55} {value:8.3f} {unit:3}" + (f" (at most {limit:g})" if limit is not None else ""))
