"""Who is told of every period and event: journal, metrics, link, log, watchdog. None of them blocks or raises."""

import threading
from collections.abc import Callable

import structlog

from vigie.clock import machine_monotonic_s
from vigie.config import Config, keep
from vigie.controller.status import SnapshotParts, snapshot
from vigie.errors import WatchdogError
from vigie.hardware.systemd import Notifier
from vigie.hardware.watchdog import Watchdog
from vigie.link.client import LinkClient
from vigie.telemetry.exporter import Exporter
from vigie.telemetry.journal import Journal
from vigie.telemetry.records import Event, EventKind
from vigie.telemetry.report import HostReport, Period

log = structlog.get_logger("vigie.controller")


class JournalWitness:
    """Writes everything down."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def period(self, period: Period) -> None:
        self._journal.record(period.record)

    def event(self, event: Event) -> None:
        self._journal.note(event)


class LogWitness:
    """Says every event on stderr."""

    def period(self, period: Period) -> None:
        """Periods are the journal's business."""

    def event(self, event: Event) -> None:
        is_bad = event.kind in {EventKind.FAULT, EventKind.GAP} or event.after in {"unacknowledged", "set"}
        say = log.warning if is_bad else log.info
        told = {key: value for key, value in event._asdict().items() if value not in ("", {}) and key != "kind"}
        say(event.kind.value, **told)


class LinkWitness:
    """Gives the web process the newest snapshot, at most every ``LEAST_S`` machine seconds."""

    LEAST_S = 0.2

    def __init__(
        self,
        link: LinkClient,
        parts: SnapshotParts,
        host: Callable[[], HostReport],
    ) -> None:
        self._link = link
        self._parts = parts
        self._host = host
        self._next_s = 0.0

    def period(self, period: Period) -> None:
        now_s = machine_monotonic_s()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self.LEAST_S
        self._link.publish(snapshot(self._parts, period, self._host()))

    def event(self, event: Event) -> None:
        """Make the next period's snapshot go out at once."""
        self._next_s = 0.0


class MetricsWitness:
    """Replaces what /metrics shows."""

    def __init__(self, exporter: Exporter, host: Callable[[], HostReport]) -> None:
        self._exporter = exporter
        self._host = host

    def period(self, period: Period) -> None:
        self._exporter.update(period, self._host())

    def event(self, event: Event) -> None:
        """Metrics are about periods."""


class GoodSettings:
    """Keeps the settings once the controller has run well on them; a thread of its own does the writing."""

    WELL = 10
    """Periods in which every needed reading was good."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._left = 0 if config.refused or not config.given else self.WELL

    def period(self, period: Period) -> None:
        if self._left and period.measurement.is_valid:
            self._left -= 1
            if not self._left:
                threading.Thread(target=self._keep, name="settings", daemon=True).start()

    def event(self, event: Event) -> None:
        """Settings are good or not by their periods."""

    def _keep(self) -> None:
        try:
            keep(self._config)
        except OSError as error:
            log.warning("settings not kept", why=str(error))


class LifeSign:
    """Feeds systemd's watchdog and, when set, the hardware's: a loop that hangs is restarted."""

    LEAST_S = 0.5
    """Under the period of real time, or a period that ends a little early would miss its beat."""

    def __init__(self, notifier: Notifier, watchdog: Watchdog | None) -> None:
        self._notifier = notifier
        self._watchdog = watchdog
        self._is_ready = False
        self._next_s = 0.0

    def period(self, period: Period) -> None:
        now_s = machine_monotonic_s()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self.LEAST_S
        if not self._is_ready:
            self._is_ready = self._notifier.ready(f"{period.state.plan.mode.name.lower()}")
        self._notifier.alive()
        if self._watchdog is not None:
            self._feed(self._watchdog)

    def event(self, event: Event) -> None:
        """A sign of life is a finished period, nothing less."""

    def _feed(self, watchdog: Watchdog) -> None:
        try:
            watchdog.feed()
        except WatchdogError as error:
            log.warning("hardware watchdog", why=str(error))
