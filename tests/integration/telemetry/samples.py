"""Plausible records for the tests of journal and metrics."""

import math
import time
from collections.abc import Callable

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.estimation.estimate import initial_estimation
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Status, Temperature
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.metrics import LoopCounters, MetricInputs
from vigie.telemetry.records import Event, EventKind, PeriodRecord

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


def metric_inputs(image: Measurement | None = None) -> MetricInputs:
    return MetricInputs(
        utc_ms=START_MS,
        measurement=image or measurement(),
        mode=Mode.PROTECT,
        phase=Phase.CHARGE,
        mains=Mains.PRESENT,
        commanded=CLOSED,
        switchings={"R2": 4},
        figures={
            "cpu_temp_c": 51.0, "cpu_usage_percent": 12.5, "cpu_v": 0.875,
            "ram_free_bytes": 12e9, "ram_used_bytes": 4e9, "ram_total_bytes": 16e9,
            "disk_used_bytes": 3e10, "disk_free_bytes": 3e10, "disk_total_bytes": 6.3e10,
        },
        counters=LoopCounters(periods=5, failed_periods=1, overruns=0, rejected=(1, 0, 0, 50), cpu_s=1.5),
        journal=JournalStatus("journal.sqlite", 4096, True, None, 3, 0, 2),
        alarms=[{"alarm": "mains_lost", "is_present": True, "standing": "unacknowledged"}],
        contacts=[{"wear_share": 0.25, "switched_a": 12.5}] * 4,
        version="0.1.0",
        plant="twin",
        estimate=initial_estimation(0.0).told,
    )  # fmt: skip
