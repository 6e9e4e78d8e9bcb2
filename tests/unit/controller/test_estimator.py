"""What a restart takes up of the estimation: what the journal tells, and nothing more."""

import math
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.unit.control.estimation.batteries import HOUR_S, rules_for
from tests.unit.control.process_images import mean, measured
from tests.unit.controller.scripted_plant import Bench
from vigie.control.estimation.estimate import BatteryEstimate
from vigie.control.estimation.estimated import UnknownWhy
from vigie.control.estimation.fullness import Fullness
from vigie.controller.estimate_report import estimate_report
from vigie.controller.estimator import Estimator
from vigie.controller.period import NO_PAST, Past
from vigie.link.messages import EstimateReport
from vigie.telemetry.alarm_book import Instant
from vigie.telemetry.records import Event, EventKind

NOW_MS = 1_000_000_000
START = Instant(50.0, NOW_MS)
FLOAT = {"battery_v": 13.6, "charge_v": 13.6, "charge_a": 0.01}
OUTAGE = {"battery_v": 12.4, "charge_v": 12.4, "charge_a": -0.5, "load_v": 12.3}


def event(kind: EventKind, subject: str, after: str, ago_h: float, **data: float | str) -> Event:
    return Event(NOW_MS - round(ago_h * 3_600_000), kind, subject, "", after, "", "controller", "", data)


def past(charge: Event | None = None, outage: Event | None = None, seen_ago_h: float = 0.0) -> Past:
    return NO_PAST._replace(charge=charge, outage=outage, seen_utc_s=NOW_MS / 1000 - seen_ago_h * HOUR_S)


def first(known: Past, **readings: Any) -> BatteryEstimate:
    """Return what is told after the first period of a start."""
    image = measured(51.0, **(readings or FLOAT))
    return Estimator(rules_for(), known, START).period(image._replace(load=mean(image.load.bus_v, 0.5)))[1]


CHARGED = event(EventKind.CHARGE, "battery", "charged", 30.0)


def test_without_a_record_nothing_is_known() -> None:
    told = first(NO_PAST)
    assert told.soc.why == told.remaining_s.why == UnknownWhy.CHARGE_NOT_KNOWN
    assert told.drawn_ah.why == UnknownWhy.NO_DISCHARGE_YET
    assert told.fullness == Fullness.UNKNOWN


@pytest.mark.parametrize(("seen_ago_h", "error"), [(0.0, 0.03), (0.5, 0.13)])
def test_a_battery_that_was_held_charged_is_so_the_less_certain_the_longer_nobody_watched(
    seen_ago_h: float, error: float
) -> None:
    told = first(past(CHARGED, seen_ago_h=seen_ago_h)).soc
    assert told.value == pytest.approx(1.0, abs=1e-4)
    assert told.value - told.low == pytest.approx(error, abs=1e-3)


def test_after_a_long_time_without_a_record_its_charge_is_unknown() -> None:
    assert first(past(CHARGED, seen_ago_h=2.0)).soc.why == UnknownWhy.CHARGE_NOT_KNOWN


def test_an_outage_since_the_charge_makes_it_unknown() -> None:
    over = event(EventKind.OUTAGE, "outage", "ended", 1.0, charge_out_ah=2.0, energy_out_wh=24.0)
    told = first(past(event(EventKind.CHARGE, "battery", "left", 3.0), over))
    assert told.soc.why == UnknownWhy.CHARGE_NOT_KNOWN
    assert told.drawn_ah.value == 2.0
    assert told.returned_ah.why == UnknownWhy.STARTED_SINCE


def test_an_open_outage_goes_on_from_its_record() -> None:
    began = event(EventKind.OUTAGE, "outage", "began", 0.1, charge_out_ah=0.0, began_utc_ms=NOW_MS - 360_000)
    told = first(past(event(EventKind.CHARGE, "battery", "left", 0.1), began), **OUTAGE)
    assert told.is_discharging
    assert told.discharge_began_s == pytest.approx(50.0 - 360.0)
    assert told.soc.value == pytest.approx(1.0, abs=0.01)
    assert told.drawn_ah.high == pytest.approx(0.05, abs=0.01)


def test_a_charger_fault_on_record_is_no_discharge() -> None:
    fault = event(EventKind.OUTAGE, "charger_fault", "began", 1.0)
    assert first(past(outage=fault)).drawn_ah.why == UnknownWhy.NO_DISCHARGE_YET


@pytest.mark.parametrize("wrong", ["four", math.inf, math.nan, -1.0])
def test_a_record_with_a_number_that_cannot_be_is_none(wrong: float | str) -> None:
    over = event(EventKind.OUTAGE, "outage", "ended", 1.0, charge_out_ah=wrong)
    assert first(past(CHARGED, over)).drawn_ah.why == UnknownWhy.NO_DISCHARGE_YET


def test_the_loop_tells_an_estimate_that_the_link_takes() -> None:
    period = Bench().run(3)
    report = estimate_report(period.estimate, lambda at_s: round(at_s * 1000.0))
    assert TypeAdapter(EstimateReport).validate_python(report)["remaining_s"]["why"] == "charge_not_known"
