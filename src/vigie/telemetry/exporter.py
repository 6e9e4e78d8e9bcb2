"""The ``/metrics`` page for Prometheus, and the only door to prometheus_client."""

import math
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from vigie.clock import machine_monotonic_s
from vigie.errors import VigieError
from vigie.telemetry.metrics import METRICS, Exposed, Metric, MetricKind, client_series, our_series
from vigie.telemetry.report import HostReport, Period

_TYPES = {
    MetricKind.GAUGE: "gauge",
    MetricKind.COUNTER: "counter",
    MetricKind.STATES: "stateset",
    MetricKind.INFO: "info",
}
_SAMPLE = re.compile(rb"^([A-Za-z_:][A-Za-z0-9_:]*)([{ ])", re.MULTILINE)


class _Families(Collector):
    """The families of one row of the table."""

    def __init__(self, metric: Metric, ours: Sequence[Exposed], theirs: Sequence[Exposed]) -> None:
        self._families = list(_families(metric, ours, theirs))

    def collect(self) -> Iterable[Family]:
        return self._families


class MetricsPage:
    """Turns the newest reports into a page. What has no valid value has no series.

    Most of it, the alarms above all, is as it was before: a row whose values have not changed keeps its text.
    """

    def __init__(self, labels: bytes) -> None:
        self.newest: tuple[Period, HostReport] | None = None
        self.is_silent = False
        """The control loop has not been heard of for too long: only counters and dates are exported."""
        self._labels = labels
        self._kept: dict[str, tuple[list[Exposed], list[Exposed], bytes]] = {}

    def render(self) -> bytes:
        """Return the page; empty before the first reports."""
        if self.newest is None:
            return b""
        period, host = self.newest
        rows = [metric for metric in METRICS if not (self.is_silent and metric.is_live)]
        return b"".join(self._text(metric, period, host) for metric in rows)

    def _text(self, metric: Metric, period: Period, host: HostReport) -> bytes:
        samples = metric.samples(period, host)
        ours, theirs = our_series(metric, samples), list(client_series(metric, samples))
        kept = self._kept.get(metric.name)
        if kept is not None and kept[0] == ours and kept[1] == theirs:
            return kept[2]
        text = _labelled(generate_latest(_Families(metric, ours, theirs)), self._labels)
        self._kept[metric.name] = (ours, theirs, text)
        return text


def _families(metric: Metric, our_samples: Sequence[Exposed], client_samples: Sequence[Exposed]) -> Iterator[Family]:
    ours = Family(metric.name, metric.help, _TYPES[metric.kind])
    for name, labels, value in our_samples:
        if value is not None and math.isfinite(value):
            ours.add_sample(name, dict(labels), value)
    if ours.samples:
        yield ours
    kind = "stateset" if metric.client_states else "gauge"
    for name, group in groupby(client_samples, key=itemgetter(0)):
        theirs = Family(name, metric.help, kind)
        for _, labels, value in group:
            if value is not None and math.isfinite(value):
                theirs.add_sample(name, dict(labels), value)
        if theirs.samples:
            yield theirs


def _labelled(page: bytes, labels: bytes) -> bytes:
    """Put the same labels into every sample of a page; far cheaper than giving them to each one before."""
    if not labels:
        return page

    def put(sample: re.Match[bytes]) -> bytes:
        name, opening = sample.groups()
        return name + b"{" + labels + (b"," if opening == b"{" else b"} ")

    return _SAMPLE.sub(put, page)


def _label_pairs(labels: Mapping[str, str]) -> bytes:
    escaped = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
    return ",".join(f'{name}="{value.translate(escaped)}"' for name, value in labels.items()).encode()


class Exporter:
    """Serves the newest reports on ``http://host:port/metrics`` in threads of its own.

    Values are exported for ``silence_s`` after the last update: a controller that hangs must not look
    like one that measures the same for ever.
    """

    def __init__(
        self,
        port: int,
        host: str = "127.0.0.1",
        silence_s: float = 15.0,
        labels: Mapping[str, str] = MappingProxyType({}),
        monotonic_s: Callable[[], float] = machine_monotonic_s,
    ) -> None:
        """Open the port and start serving; port 0 takes any free one. Every series carries ``labels``.

        Raises:
            VigieError: the port cannot be had.
        """
        self._served = MetricsPage(_label_pairs(labels))
        self._silence_s = silence_s
        self._monotonic_s = monotonic_s
        self._updated_s = monotonic_s()
        self._lock = threading.Lock()
        self._page: bytes | None = None
        try:
            self._server = _MetricsServer((host, port), self.render)
        except OSError as error:
            raise VigieError(
                f"metrics port {host}:{port} cannot be opened ({error.strerror}): stop the program that "
                "holds it, or choose another port in the settings"
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that was taken."""
        return self._server.server_port

    def update(self, period: Period, host: HostReport) -> None:
        """Replace what is served. Costs next to nothing: the page is made when it is asked for."""
        with self._lock:
            self._served.newest = period, host
            self._updated_s = self._monotonic_s()
            self._page = None

    def render(self) -> bytes:
        """Return the page; made once per update."""
        with self._lock:
            is_silent = self._monotonic_s() - self._updated_s > self._silence_s
            if self._page is None or is_silent != self._served.is_silent:
                self._served.is_silent = is_silent
                self._page = self._served.render()
            return self._page

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _MetricsServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], render: Callable[[], bytes]) -> None:
        self.render = render
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own
        """Say nothing of a scrape that was given up on the other side."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _MetricsServer
    timeout = 10.0

    def do_GET(self) -> None:
        if self.path.split("?", 1)[0] != "/metrics":
            self.send_error(HTTPStatus.NOT_FOUND, "only /metrics is served here")
            return
        page = self.server.render()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Log nothing: Prometheus asks every few seconds."""
