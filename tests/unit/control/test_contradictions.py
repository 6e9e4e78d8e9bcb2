"""Readings that contradict each other: accused after half a minute, acquitted when they agree."""

import math

import pytest

from tests.unit.control.process_images import CHARGE_ONLY, CLOSED, LINE, OPEN, Panel, configured, mean, measured, moved
from vigie.control.commands import Mode, Reason, Verdict
from vigie.control.contradictions import (
    ContradictionLimits,
    Doubt,
    Voltages,
    Warmth,
    compared_voltages,
    compared_warmth,
    is_stuck,
    no_doubts,
)
from vigie.control.interlocks import why_lost
from vigie.control.signals import NO_SENSOR, Temperature
from vigie.control.supervisor import step

LIMITS = ContradictionLimits(0.2, 10.0, 12.0)


def after(seconds: int, v1: float, v2: float, v2_a: float = 0.0, before: Voltages | None = None) -> Voltages:
    """Let V1 and V2 read so for a while, a period a second."""
    voltages = before or no_doubts().voltages
    for now_s in range(seconds):
        voltages = compared_voltages(voltages, mean(v1, 0.0), mean(v2, v2_a), float(now_s), LIMITS)
    return voltages


@pytest.mark.parametrize("v1", [13.2, 12.3])
def test_v1_half_a_volt_off_is_doubted_after_half_a_minute(v1: float) -> None:
    assert not after(30, v1, 12.7).is_doubted
    assert after(31, v1, 12.7).is_doubted


def test_a_wire_may_lose_what_the_current_makes_it_lose() -> None:
    assert not after(100, 13.0, 13.32, 1.4).is_doubted
    assert after(100, 13.0, 13.32, 0.1).is_doubted


def test_one_period_of_agreement_begins_the_half_minute_anew() -> None:
    voltages = after(29, 13.2, 12.7)
    voltages = compared_voltages(voltages, mean(12.7, 0.0), mean(12.7, 0.0), 29.0, LIMITS)
    assert math.isnan(voltages.changing_s)


def test_agreement_acquits_and_each_further_contradiction_asks_for_twice_as_much() -> None:
    doubted = after(31, 13.2, 12.7)
    assert after(30, 12.7, 12.7, before=doubted).is_doubted
    believed = after(31, 12.7, 12.7, before=doubted)
    assert (believed.is_doubted, believed.agreement_s) == (False, 60.0)
    again = after(31, 13.2, 12.7, before=believed)
    assert after(60, 12.7, 12.7, before=again).is_doubted
    assert not after(61, 12.7, 12.7, before=again).is_doubted


def test_nearly_agreeing_is_not_agreeing() -> None:
    doubted = after(31, 13.2, 12.7)
    assert after(600, 12.88, 12.7, before=doubted).is_doubted
    assert not after(600, 12.84, 12.7, before=doubted).is_doubted


def test_a_limit_of_zero_switches_it_off() -> None:
    limits = LIMITS._replace(apart_v=0.0)
    doubted = Voltages(True, math.nan, 30.0)
    assert not compared_voltages(doubted, mean(14.0, 0.0), mean(12.0, 0.0), 0.0, limits).is_doubted


def warmed(hours: float, battery_c: float, air_c: float, drift_k_per_h: float = 0.0) -> Warmth:
    warmth = no_doubts().warmth
    for minute in range(round(hours * 60) + 1):
        celsius = battery_c + drift_k_per_h * minute / 60
        warmth = compared_warmth(warmth, Temperature(celsius, 0), Temperature(air_c, 0), minute * 60.0, LIMITS)
    return warmth


@pytest.mark.parametrize(
    ("hours", "battery_c", "air_c", "drift", "is_found"),
    [
        (0.5, 26.0, 65.0, 0.0, True),
        (0.3, 26.0, 65.0, 0.0, False),
        (0.5, 26.0, 65.0, 1.6, False),  # the largest block, a time constant of a day
        (240.0, 26.0, 35.0, 0.0, False),  # air that is measured near something warm
        (240.0, 50.0, 26.0, 0.0, False),  # warm by itself, in earnest: another alarm
    ],
)
def test_a_thermometer_that_stands_still_in_hot_air_is_found(
    hours: float, battery_c: float, air_c: float, drift: float, is_found: bool
) -> None:
    assert is_stuck(warmed(hours, battery_c, air_c, drift), LIMITS) is is_found


def test_a_thermometer_that_moves_again_is_believed_again() -> None:
    warmth = warmed(1.0, 26.0, 65.0)
    assert not is_stuck(compared_warmth(warmth, Temperature(26.4, 0), Temperature(65.0, 0), 4000.0, LIMITS), LIMITS)


def test_without_a_thermometer_in_the_air_nothing_is_compared() -> None:
    warmth = no_doubts().warmth
    for hour in range(100):
        warmth = compared_warmth(warmth, Temperature(26.0, 0), NO_SENSOR, hour * 3600.0, LIMITS)
    assert not is_stuck(warmth, LIMITS)


@pytest.mark.parametrize("wiring", [LINE, CHARGE_ONLY])
def test_no_mode_rests_or_drills_on_readings_that_contradict_each_other(wiring: int) -> None:
    for mode in (Mode.PROTECT, Mode.CYCLE):
        panel = Panel(configured(wiring), mode)  # type: ignore[arg-type]
        panel.after(battery_v=13.0)
        assert OPEN in moved(panel.decision)
        relays = panel.state.relays
        image = measured(panel.now_s + 1, battery_v=13.0, r1=relays.r1.contact, r2=relays.r2.contact, is_valid=False)
        image = image._replace(doubt=1 << Doubt.V1_AGAINST_V2)
        _, decision = step(panel.state, image, panel.settings)
        assert moved(decision) == (CLOSED, CLOSED)
        assert decision.r2_reason == why_lost(image) == Reason.READINGS_CONTRADICT
        assert (decision.verdict, decision.verdict_reason) == (Verdict.ATTENTION, Reason.READINGS_CONTRADICT)
