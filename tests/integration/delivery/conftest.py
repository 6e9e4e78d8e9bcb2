import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.waiting import wait_for
from vigie.delivery.courier import Courier
from vigie.delivery.dates import MachineCalendar
from vigie.delivery.feed import Feed
from vigie.delivery.sender import Sender
from vigie.delivery.settings import RemoteWriteSettings
from vigie.telemetry.delivery_log import DeliveryLog, DeliveryState

from .stores import Prometheus, Store, ToldStore, VictoriaMetrics

SITE = "mill"
SETTLED = MachineCalendar(lambda: True, lambda: 1e6)
"""A computer that has long found its time server."""


class Delivery:
    """A courier in a thread."""

    def __init__(self, path: Path, settings: RemoteWriteSettings, **options: object) -> None:
        self._path = path
        self._stop = threading.Event()
        self._sender = Sender(settings)
        feed = Feed(SITE, "1", with_client_names=settings.client_names)
        options = {"is_real_time": False, "machine": SETTLED, **options}
        self.courier = Courier(settings, DeliveryLog(path), feed, self._sender, self._stop, **options)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self.courier.run, daemon=True)
        self._thread.start()

    def state(self) -> DeliveryState:
        with closing(DeliveryLog(self._path)) as log:
            return log.state(0)  # what delivery tells of itself is never fresh then: asks the journal

    def stop(self) -> DeliveryState:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._sender.close()
        return self.state()

    def finish(self, timeout_s: float = 20.0) -> DeliveryState:
        """Wait until nothing waits any more, then end it."""
        wait_for(self.is_done, timeout_s, "everything delivered")
        return self.stop()

    def is_done(self) -> bool:
        cursor = self.courier._progress.cursor
        with closing(DeliveryLog(self._path)) as log:
            return log.waiting(cursor) == 0 and log.wanted() is None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def deliver(path: Path) -> Iterator[Callable[..., Delivery]]:
    """Start deliveries from ``path``; all are ended with the test."""
    made: list[Delivery] = []

    def start(url: str, is_real_time: bool = False, machine: MachineCalendar = SETTLED, **settings: object) -> Delivery:
        chosen = RemoteWriteSettings(**{"url": url, "interval_s": 0.05, "timeout_s": 2.0, **settings})  # type: ignore[arg-type]
        made.append(Delivery(path, chosen, is_real_time=is_real_time, machine=machine))
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def told() -> Iterator[ToldStore]:
    store = ToldStore()
    yield store
    store.close()


@pytest.fixture(params=[Prometheus, VictoriaMetrics])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Both real stores, started."""
    found: Store = request.param(tmp_path / "store")
    found.start()
    yield found
    found.kill()
