"""What Grafana and Prometheus say about themselves, asked with little patience and remembered for some seconds."""

import http.client
import json
import math
import re
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

from vigie.clock import machine_monotonic_s

TIMEOUT_S = 1.0
"""For one answer of a program on the same machine."""
PATIENCE_S = 3.0
"""For all the answers of one page together."""
REMEMBERED_S = 5.0
MOST_BYTES = 8 << 20

_Answer = TypeVar("_Answer")


@cache
def _http() -> Any:  # noqa: ANN401 - urllib's opener
    """Return what asks, past any proxy; most installations have nobody to ask and need no library for it."""
    import urllib.request  # noqa: PLC0415

    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Silence(Exception):
    """A program did not answer, or not as itself; the message says how."""


class Grafana(NamedTuple):
    """A Grafana that answers."""

    version: str


class Target(NamedTuple):
    """Something Prometheus scrapes."""

    job: str
    url: str
    is_up: bool | None
    """None before the first scrape."""
    error: str


class Newest(NamedTuple):
    """The newest measurement of a battery that Prometheus has."""

    site: str
    battery: str
    age_s: float
    """By Prometheus' own clock; negative when the sample is from its future."""


class Prometheus(NamedTuple):
    """What a Prometheus says. None is what it does not tell."""

    version: str
    graph: str
    """Path of its page for queries, which differs from version to version."""
    retention_time: str
    retention_size: str
    out_of_order: str
    takes_remote_write: bool
    disk_bytes: float | None
    series: float | None
    targets: tuple[Target, ...]
    newest: tuple[Newest, ...]


class Remembered(Generic[_Answer]):
    """Asks one question at most every :data:`REMEMBERED_S`, however many pages want the answer at once."""

    def __init__(self, ask: Callable[[], _Answer], now_s: Callable[[], float] = machine_monotonic_s) -> None:
        self._ask = ask
        self._now_s = now_s
        self._lock = threading.Lock()
        self._at_s = -math.inf
        self._answer: _Answer | None = None
        self._silence = ""

    def get(self) -> _Answer:
        """Return the answer.

        Raises:
            Silence: there is none.
        """
        with self._lock:
            if self._now_s() - self._at_s > REMEMBERED_S:
                self._answer, self._silence = None, ""
                try:
                    self._answer = self._ask()
                except Silence as silence:
                    self._silence = str(silence)
                self._at_s = self._now_s()
            if self._answer is None:
                raise Silence(self._silence)
            return self._answer


def grafana_at(url: str) -> Grafana:
    """Ask a Grafana how it is.

    Raises:
        Silence: nothing there answers like a Grafana whose database works.
    """
    said = _Asker(url).json("/api/health")
    if said.get("database") != "ok":
        raise Silence(f"{url}: database {said.get('database', 'not mentioned')}")
    return Grafana(str(said.get("version", "")))


def prometheus_at(url: str) -> Prometheus:
    """Ask a Prometheus about itself and the newest measurements.

    Raises:
        Silence: nothing there answers like a Prometheus.
    """
    ask = _Asker(url)
    try:
        flags = ask.data("/api/v1/status/flags")
        config = str(ask.data("/api/v1/status/config")["yaml"])
        own = ask.text("/metrics")
        window = re.search(r"^\s+out_of_order_time_window: (\S+)", config, re.MULTILINE)
        sizes = [_own(own, f"prometheus_tsdb_{part}_bytes") for part in _PARTS_ON_DISK]
        return Prometheus(
            version=str(ask.data("/api/v1/status/buildinfo")["version"]),
            graph=ask.led_to("/"),
            retention_time=str(flags["storage.tsdb.retention.time"]),
            retention_size=str(flags.get("storage.tsdb.retention.size", "")),
            out_of_order=window[1] if window else "",
            takes_remote_write=flags.get("web.enable-remote-write-receiver") == "true",
            disk_bytes=sum(size for size in sizes if size is not None) if any(sizes) else None,
            series=_own(own, "prometheus_tsdb_head_series"),
            targets=tuple(_target(found) for found in ask.data("/api/v1/targets?state=active")["activeTargets"]),
            newest=_newest(ask),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Silence(f"{url} does not answer like a Prometheus: {error!r}") from error


_PARTS_ON_DISK = ("storage_blocks", "wal_storage_size", "head_chunks_storage_size")


def _newest(ask: "_Asker") -> tuple[Newest, ...]:
    query = {"query": "time() - timestamp(vigie_measurement_valid)"}
    rows = ask.data(f"/api/v1/query?{urlencode(query)}")["result"]
    found = [
        Newest(row["metric"].get("site", ""), row["metric"].get("battery", ""), float(row["value"][1])) for row in rows
    ]
    return tuple(sorted(found))


def _target(found: Mapping[str, Any]) -> Target:
    health = {"up": True, "down": False}.get(found["health"])
    return Target(str(found["labels"].get("job", "")), str(found["scrapeUrl"]), health, str(found["lastError"]))


def _own(metrics: str, name: str) -> float | None:
    """Return a figure of Prometheus' own /metrics."""
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    return float(found[1]) if found else None


class _Asker:
    """Asks one program several things; all of them together may take :data:`PATIENCE_S`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._until_s = machine_monotonic_s() + PATIENCE_S

    def text(self, path: str) -> str:
        """Return what is below a path."""
        return self._get(path)[0].decode("utf-8", "replace")

    def led_to(self, path: str) -> str:
        """Return the path a browser ends up at."""
        return urlsplit(self._get(path)[1]).path

    def _get(self, path: str) -> tuple[bytes, str]:
        left_s = self._until_s - machine_monotonic_s()
        if left_s <= 0:
            raise Silence(f"{self._url} took more than {PATIENCE_S:g} s to answer")
        try:
            with _http().open(self._url + path, timeout=min(TIMEOUT_S, left_s)) as answer:
                return self._read(answer), answer.geturl()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Silence(f"{self._url}{path}: {getattr(error, 'reason', None) or error}") from error

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        body = bytearray()
        # read1 returns with whatever has come, so that a program that dribbles cannot hold a page for ever
        while piece := answer.read1(1 << 16):
            body += piece
            if len(body) > MOST_BYTES or machine_monotonic_s() > self._until_s:
                raise Silence(f"{self._url} sends too much, or too slowly")
        return bytes(body)

    def json(self, path: str) -> dict[str, Any]:
        try:
            said = json.loads(self.text(path))
        except ValueError as error:
            raise Silence(f"{self._url}{path} does not answer in JSON") from error
        if not isinstance(said, dict):
            raise Silence(f"{self._url}{path} answers something else than an object")
        return said

    def data(self, path: str) -> dict[str, Any]:
        data = self.json(path).get("data")
        if not isinstance(data, dict):
            raise Silence(f"{self._url}{path} does not answer like a Prometheus")
        return data
