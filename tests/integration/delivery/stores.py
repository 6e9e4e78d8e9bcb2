"""Real stores, one that behaves as told, and what they ought to hold by the journal."""

import json
import math
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from tests.ports import free_port
from tests.waiting import wait_for
from vigie.control.commands import Mode
from vigie.delivery.wire import SeriesBlock, decode
from vigie.telemetry.reader import JournalReader

Samples = dict[str, dict[int, float]]
"""By series as PromQL writes it: value by time stamp (ms)."""
ROLES = ("battery", "charge", "load", "spare")
QUANTITIES = {
    "vigie_channel_bus_volts": "bus_v",
    "vigie_channel_shunt_volts": "shunt_v",
    "vigie_channel_current_amperes": "current_a",
    "vigie_channel_power_watts": "power_w",
    "vigie_channel_bus_spread_volts": "bus_spread_v",
}
STATES = {
    "mode": tuple(mode.name.lower() for mode in Mode),
    "phase": ("steady", "charge", "rest", "discharge"),
    "mains": ("unknown", "present", "absent", "cut"),
}


def needs(program: str, package: str) -> None:
    """Skip unless a program is installed; in CI a skip is a failure."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: apt-get install {package}")


def named(labels: Mapping[str, str]) -> str:
    rest = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    return f"{labels['__name__']}{{{rest}}}"


class Prometheus:
    """The real server on a folder of its own; what it holds outlives :meth:`kill`."""

    PATH = "/prometheus"

    def __init__(self, folder: Path, *flags: str, window: str = "95d") -> None:
        needs("prometheus", "prometheus")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "prometheus.yml").write_text(f"storage: {{tsdb: {{out_of_order_time_window: {window}}}}}\n")
        self._folder, self._flags = folder, flags
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{self.PATH}/api/v1/write"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *flags: str) -> "Prometheus":
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus", f"--config.file={self._folder}/prometheus.yml",
                    f"--storage.tsdb.path={self._folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                    f"--web.external-url={self.PATH}/", "--web.enable-remote-write-receiver", "--log.level=warn",
                    *self._flags, *flags,
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_for(self._is_ready, what=f"a ready Prometheus, see {self._folder}/log")
        return self

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}{self.PATH}/-/ready", timeout=2).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def query(self, text: str, at_ms: int) -> list[dict[str, Any]]:
        answer = requests.post(
            f"http://127.0.0.1:{self.port}{self.PATH}/api/v1/query",
            data={"query": text, "time": f"{at_ms / 1000:.3f}"},
            timeout=60,
        )
        assert answer.ok, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def samples(self, site: str, at_ms: int, back: str = "3d") -> Samples:
        """Return every sample it holds of a site."""
        return {
            named(series["metric"]): {round(at_s * 1000): float(value) for at_s, value in series["values"]}
            for series in self.query(f'{{site="{site}"}}[{back}]', at_ms)
        }


class VictoriaMetrics:
    """The real single-node server."""

    def __init__(self, folder: Path) -> None:
        needs("victoria-metrics", "victoria-metrics")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.port = free_port()
        self._base = f"http://127.0.0.1:{self.port}"
        self.url = f"{self._base}/api/v1/write"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "VictoriaMetrics":
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "victoria-metrics", f"-storageDataPath={self._folder}/data",
                    f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=10y", "-search.latencyOffset=0s",
                    "-dedup.minScrapeInterval=1ms", "-search.maxStalenessInterval=5m", "-memory.allowedBytes=200MB",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_for(self._is_ready, what=f"a ready VictoriaMetrics, see {self._folder}/log")
        return self

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self._base}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def query(self, text: str, at_ms: int) -> list[dict[str, Any]]:
        requests.get(f"{self._base}/internal/force_flush", timeout=10).raise_for_status()
        answer = requests.post(
            f"{self._base}/api/v1/query",
            data={"query": text, "time": f"{at_ms / 1000:.3f}", "nocache": "1"},
            timeout=60,
        )
        assert answer.ok, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def samples(self, site: str, at_ms: int, back: str = "3d") -> Samples:
        """Return every sample it holds of a site, stale markers left out."""
        requests.get(f"{self._base}/internal/force_flush", timeout=10).raise_for_status()
        answer = requests.get(
            f"{self._base}/api/v1/export", params={"match[]": f'{{site="{site}"}}', "end": f"{at_ms / 1000:.3f}"},
            timeout=60,
        )  # fmt: skip
        assert answer.ok, answer.text
        assert back
        found: Samples = {}
        for line in answer.text.splitlines():
            series = json.loads(line)
            pairs = zip(series["timestamps"], series["values"], strict=True)
            found[named(series["metric"])] = {at: float(value) for at, value in pairs if value is not None}
        return {name: values for name, values in found.items() if values}


Store = Prometheus | VictoriaMetrics


class Reply(NamedTuple):
    """What the store that behaves as told says to one request."""

    status: int = 204
    text: str = ""
    headers: Mapping[str, str] = {}
    cut: bool = False
    """Closes the connection without a word, after it has read the request."""
    hang_s: float = 0.0


class ToldStore:
    """A real HTTP server that keeps what it takes and answers as it is told."""

    def __init__(self, tls: ssl.SSLContext | None = None, ahead_s: float = 0.0, *, is_dated: bool = True) -> None:
        self.answer: Callable[[list[SeriesBlock], int], Reply] = lambda _blocks, _number: Reply()
        self.samples: Samples = {}
        self.doubled = 0
        """Samples that came again after they had been taken."""
        self.stale: Samples = {}
        self.requests = 0
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                store._take(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

            def send_header(self, keyword: str, value: str) -> None:
                if keyword != "Date":
                    super().send_header(keyword, value)
                elif is_dated:
                    super().send_header("Date", formatdate(time.time() + ahead_s, usegmt=True))

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.port}/api/v1/write"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        blocks = decode(body)
        with self._lock:
            self.requests += 1
            self.headers.append(dict(handler.headers.items()))
            reply = self.answer(blocks, self.requests)
            if 200 <= reply.status < 300:
                self._keep(blocks)
        self._is_over.wait(reply.hang_s)
        if reply.cut:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        text = reply.text.encode()
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.status != 204:
            handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        if reply.status != 204:
            handler.wfile.write(text)

    def _keep(self, blocks: Iterable[SeriesBlock]) -> None:
        for labels, times_ms, values in blocks:
            assert [name for name, _ in labels] == sorted(name for name, _ in labels)
            assert times_ms == sorted(set(times_ms))
            name = named(dict(labels))
            for time_ms, value in zip(times_ms, values, strict=True):
                kept = self.stale if math.isnan(value) else self.samples
                series = kept.setdefault(name, {})
                self.doubled += time_ms in series
                series[time_ms] = value

    def close(self) -> None:
        self._is_over.set()
        self._server.shutdown()
        self._server.server_close()


def is_stale_marker(value: float) -> bool:
    return struct.pack("<d", value) == struct.pack("<Q", 0x7FF0000000000002)


def journalled(path: Path, site: str, battery: str = "1") -> Samples:
    """Return what a store ought to hold of a journal: its rows in SI units, the first valid value of a millisecond."""
    found: Samples = {}

    def add(name: str, at: int, value: float | None, **labels: str) -> None:
        if value is not None:
            series = named({"__name__": name, "site": site, "battery": battery, **labels})
            found.setdefault(series, {}).setdefault(at, float(value))

    with closing(JournalReader(path)) as reader, reader.connection() as connection:
        cursor = connection.execute("SELECT * FROM period_si ORDER BY rowid")
        columns = [column[0] for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor]
    for row in rows:
        at = row["utc_ms"]
        for number, role in enumerate(ROLES, start=1):
            for name, column in QUANTITIES.items():
                add(name, at, row[f"{role}_{column}"], channel=str(number), role=role)
        add("vigie_temperature_celsius", at, row["temperature_c"])
        add("vigie_ambient_celsius", at, row["ambient_c"])
        add("vigie_measurement_valid", at, row["is_valid"])
        for relay in ("r1", "r2", "r3", "r4"):
            add("vigie_contact_closed", at, row[f"{relay}_is_closed"], relay=relay.upper())
            add("vigie_contact_commanded_closed", at, row[f"commanded_{relay}_is_closed"], relay=relay.upper())
        for word, states in STATES.items():
            for state in states:
                add(f"vigie_{word}", at, float(row[word] == state), **{word: state})
        add("vigie_mains_present", at, {"present": 1, "absent": 0, "cut": 0}.get(row["mains"]))
    return found


def counts(samples: Samples) -> dict[str, int]:
    return {name: len(values) for name, values in samples.items()}


def counted(store: Store, site: str, at_ms: int, names: Iterable[str], back: str = "3d") -> dict[str, int]:
    """Return what ``count_over_time`` says of every series of a site."""
    found = {}
    for name in sorted({name.partition("{")[0] for name in names}):
        for series in store.query(f'count_over_time({name}{{site="{site}"}}[{back}])', at_ms):
            found[named({"__name__": name, **series["metric"]})] = int(series["value"][1])
    return found
