"""Who is told of every period and event: journal, metrics, link, log, watchdog. None of them blocks or raises."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from vigie import __version__
from vigie.clock import cpu_s, machine_monotonic_s
from vigie.config import Config, keep
from vigie.control.signals import Relay
from vigie.controller.period import Period
from vigie.controller.status import SnapshotParts, snapshot
from vigie.errors import WatchdogError
from vigie.hardware.systemd import Notifier
from vigie.hardware.watchdog import Watchdog
from vigie.link.client import LinkClient
from vigie.telemetry.exporter import Exporter
from vigie.telemetry.journal import Journal
from vigie.telemetry.metrics import LoopCounters, MetricInputs
from vigie.telemetry.records import Event, EventKind, PeriodRecord

log = structlog.get_logger("vigie.controller")


class JournalWitness:
    """Writes everything down."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def period(self, period: Period) -> None:
        plan = period.state.plan
        self._journal.record(
            PeriodRecord(
                round(period.utc_s * 1_000),
                period.measurement,
                plan.mode,
                plan.phase,
                period.state.supply.mains,
                period.decision.contacts,
                period.is_overrun,
            )
        )

    def event(self, event: Event) -> None:
        self._journal.note(event)


class LogWitness:
    """Says every event on stderr."""

    def period(self, period: Period) -> None:
        """Periods are the journal's business."""

    def event(self, event: Event) -> None:
        is_bad = event.kind in {EventKind.FAULT, EventKind.GAP} or event.after == "unacknowledged"
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
        journal: Callable[[], Mapping[str, Any]],
        figures: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._link = link
        self._parts = parts
        self._journal = journal
        self._figures = figures
        self._next_s = 0.0

    def period(self, period: Period) -> None:
        now_s = machine_monotonic_s()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self.LEAST_S
        self._link.publish(snapshot(self._parts, period, self._journal(), self._figures()))

    def event(self, event: Event) -> None:
        """Make the next period's snapshot go out at once."""
        self._next_s = 0.0


class MetricsWitness:
    """Replaces what /metrics shows."""

    def __init__(
        self,
        exporter: Exporter,
        parts: SnapshotParts,
        journal: Journal,
        figures: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._exporter = exporter
        self._parts = parts
        self._journal = journal
        self._figures = figures

    def period(self, period: Period) -> None:
        self._exporter.update(metric_inputs(period, self._parts, self._journal, self._figures()))

    def event(self, event: Event) -> None:
        """Metrics are about periods."""


def metric_inputs(period: Period, parts: SnapshotParts, journal: Journal, figures: Mapping[str, Any]) -> MetricInputs:
    """Return what /metrics shows of a period."""
    counters = period.counters
    return MetricInputs(
        utc_ms=round(period.utc_s * 1_000),
        measurement=period.measurement,
        mode=period.state.plan.mode,
        phase=period.state.plan.phase,
        mains=period.state.supply.mains,
        commanded=period.decision.contacts,
        switchings={relay.name: counters.switchings[relay] for relay in Relay},
        figures=figures,
        counters=LoopCounters(counters.periods, counters.failed_periods, counters.overruns, counters.rejected, cpu_s()),
        alarms=period.alarms,
        contacts=period.contact_reports,
        journal=journal.state(),
        version=__version__,
        plant=parts.plant,
        estimate=period.estimate,
    )


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
