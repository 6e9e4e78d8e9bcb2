"""Plausible records for the tests of journal and metrics."""

import math
import time
from collections.abc import Callable
from functools import cache

from tests.unit.controller.scripted_plant import Bench
from vigie.control.commands import Mains, Mode, Phase
from vigie.control.contact_findings import ContactFault, Truth
from vigie.control.estimation.estimate import initial_estimation
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Status, Temperature
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.records import Event, EventKind, PeriodRecord
from vigie.telemetry.report import UNKNOWN_FIGURES, ContactReport, Counters, Figures, HostReport, Period

START_MS = 1_790_000_000_000 // 3_600_000 * 3_600_000
CLOSED = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN)


def channel(bus_v: float, current_a: float = 0.5, status: int = 0) -> ChannelMean:
    return ChannelMean(bus_v, 0.0021, current_a * 0.1, current_a, 0.00123, bus_v * current_a, 10, 0, status, True)


def lost_channel(status: int = Status.FAILED) -> ChannelMean:
    """A channel without a good sweep; a stale finite value must not leak out of it."""
    return ChannelMean(12.5, math.nan, 0.01, 0.1, math.nan, 1.25, 0, 10, status, False)


def measurement(
    now_s: float = 0.0, battery_v: float = 12.9, *, is_valid: bool = True, celsius: float = 23.4375
) -> Measurement:
    return Measurement(
        now_s=now_s,
        battery=channel(battery_v) if is_valid else lost_channel(),
        charge=channel(13.6, -0.25),
        load=channel(13.5, 1.75),
        spare=lost_channel(Status.ABSENT),
        temperature=Temperature(celsius, 0),
        ambient=Temperature(21.5, 0),
        contacts=CLOSED,
        is_valid=is_valid,
    )


def record(second: float = 0.0, battery_v: float = 12.9, *, is_valid: bool = True) -> PeriodRecord:
    """The period that ends ``second`` seconds after START_MS."""
    return PeriodRecord(
        utc_ms=START_MS + round(second * 1000),
        measurement=measurement(second, battery_v, is_valid=is_valid),
        mode=Mode.PROTECT,
        phase=Phase.CHARGE,
        mains=Mains.PRESENT,
        commanded=CLOSED,
        is_overrun=False,
    )


def switching(second: float, relay: str, after: str = "open") -> Event:
    before = "closed" if after == "open" else "open"
    return Event(
        START_MS + round(second * 1000), EventKind.SWITCHING, relay, before, after,
        "upper_voltage_reached", "", "12.91 V over 12.90 V", {"battery_v": 12.91},
    )  # fmt: skip


def wait_until(condition: Callable[[], bool], timeout_s: float = 40.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.005)


FIGURES = Figures(
    **UNKNOWN_FIGURES
    | {
        "cpu_temp_c": 51.0,
        "cpu_usage_percent": 12.5,
        "cpu_v": 0.875,
        "ram_free_bytes": 12_000_000_000,
        "ram_used_bytes": 4_000_000_000,
        "ram_total_bytes": 16_000_000_000,
        "disk_used_bytes": 30_000_000_000,
        "disk_free_bytes": 30_000_000_000,
        "disk_total_bytes": 63_000_000_000,
    }
)


def period(image: Measurement | None = None) -> Period:
    """A real report of the loop with figures a test can know."""
    seen = record()._replace(mode=Mode.PROTECT, measurement=image or measurement())
    mains_lost = {"alarm": "mains_lost", "is_present": True, "standing": "unacknowledged"}
    return (
        _bench()
        .run()
        ._replace(
            record=seen,
            utc_s=seen.utc_ms / 1000,
            counters=Counters(5, 1, 0, 1.25, (1, 0, 0, 50), (0, 4, 0, 0)),
            alarms=[mains_lost],
            contact_reports=[ContactReport(Truth.UNKNOWN, ContactFault.NONE, 0.25, 12.5)] * 4,
            estimate=initial_estimation(0.0).told,
        )
    )


def host(figures: Figures = FIGURES) -> HostReport:
    return HostReport(figures, JournalStatus("journal.sqlite", 4096, True, None, 3, 0, 2), 1.5, "0.1.0", "twin")


@cache
def _bench() -> Bench:
    return Bench()
