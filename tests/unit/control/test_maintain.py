"""Maintain: only a battery that has shown itself full rests, and every rest has an end."""

import math

import pytest

from tests.unit.control.process_images import CLOSED, OPEN, Panel, configured, mode_order, moved
from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes.maintain import MaintainSettings, wish
from vigie.control.modes.wish import Hands, MinimumTimes, ModeInputs
from vigie.control.signals import Wiring
from vigie.units import SECONDS_PER_DAY

BOTH = pytest.mark.parametrize("wiring", list(Wiring), ids=lambda wiring: wiring.name.lower())
DAY_S = SECONDS_PER_DAY
AT_REST = {"charge_a": 0.0, "battery_v": 12.9}


def seen(phase: Phase, battery_v: float, full_age_s: float) -> ModeInputs:
    return ModeInputs(0.0, phase, 0.0, battery_v, -1.0, Hands(CLOSED, CLOSED, 0.0), Wiring.LINE, full_age_s)


@pytest.mark.parametrize(
    ("phase", "battery_v", "full_age_s", "to", "reason"),
    [
        (Phase.CHARGE, 13.6, math.inf, Phase.CHARGE, Reason.FILLING),
        (Phase.CHARGE, 14.4, 1.0, Phase.CHARGE, Reason.FILLING),  # full before this charge began proves nothing
        (Phase.CHARGE, 13.6, 0.0, Phase.REST, Reason.FULL),
        (Phase.CHARGE, math.nan, 0.0, Phase.CHARGE, Reason.FILLING),
        (Phase.REST, 12.6, 27.9 * DAY_S, Phase.REST, Reason.FULL),
        (Phase.REST, 13.0, 28.0 * DAY_S, Phase.CHARGE, Reason.RESTED_LONG),
        (Phase.REST, 13.0, math.inf, Phase.CHARGE, Reason.RESTED_LONG),
        (Phase.REST, 12.5999, 10.0 * DAY_S, Phase.CHARGE, Reason.LOWER_VOLTAGE_REACHED),
        (Phase.REST, 12.5999, 9.9 * DAY_S, Phase.CHARGE, Reason.WEAK_CELL),
        (Phase.REST, math.nan, 1.0 * DAY_S, Phase.REST, Reason.FULL),
    ],
)
def test_what_it_wants(phase: Phase, battery_v: float, full_age_s: float, to: Phase, reason: Reason) -> None:
    wanted = wish(seen(phase, battery_v, full_age_s), MaintainSettings())
    assert (wanted.phase, wanted.r1, wanted.r2_reason) == (to, CLOSED, reason)
    assert (wanted.r2 == OPEN) is (to == Phase.REST)


@BOTH
def test_it_runs_through_its_text(wiring: Wiring) -> None:
    panel = Panel(configured(wiring))
    panel.order(mode_order(Mode.MAINTAIN))
    assert moved(panel.after(battery_v=13.6)) == (CLOSED, CLOSED), "13.6 V on the charger prove nothing"
    assert moved(panel.after(battery_v=13.6, full_age_s=0.0)) == (CLOSED, OPEN)
    assert moved(panel.after(5 * DAY_S, full_age_s=5 * DAY_S, **AT_REST)) == (CLOSED, OPEN)
    assert moved(panel.after(7 * DAY_S, full_age_s=12 * DAY_S, charge_a=0.0, battery_v=12.59)) == (CLOSED, CLOSED)
    assert panel.decision.r2_reason == Reason.LOWER_VOLTAGE_REACHED
    assert moved(panel.after(battery_v=13.6, full_age_s=12 * DAY_S + 1.0)) == (CLOSED, CLOSED), "until it is full again"


@BOTH
def test_an_outage_ends_the_rest_until_the_battery_is_full_again(wiring: Wiring) -> None:
    panel = Panel(configured(wiring), Mode.MAINTAIN)
    panel.after(battery_v=13.6, full_age_s=0.0)
    lost = {"load_v": 12.5, "charge_v": 12.5, "charge_a": 0.0, "battery_v": 12.5}
    assert moved(panel.after(DAY_S, full_age_s=DAY_S, **lost)) == (CLOSED, CLOSED)
    assert moved(panel.after(60.0, battery_v=12.9, full_age_s=DAY_S + 60.0)) == (CLOSED, CLOSED)
    assert panel.state.plan.phase == Phase.CHARGE
    assert moved(panel.after(3 * DAY_S, battery_v=13.6, full_age_s=0.0)) == (CLOSED, OPEN)


def test_chosen_while_r2_is_open_it_charges_first_and_a_restart_goes_on_with_the_rest() -> None:
    panel = Panel(configured(), Mode.PROTECT, r2=OPEN)
    panel.order(mode_order(Mode.MAINTAIN))
    assert moved(panel.after(full_age_s=DAY_S, **AT_REST)) == (CLOSED, CLOSED)
    resumed = Panel(configured(), Mode.MAINTAIN, r2=OPEN)
    assert moved(resumed.after(full_age_s=DAY_S, **AT_REST)) == (CLOSED, OPEN)
    unknown = Panel(configured(), Mode.MAINTAIN, r2=OPEN)
    assert moved(unknown.after(**AT_REST)) == (CLOSED, CLOSED), "nobody knows how long it has rested"


def test_one_odd_period_neither_begins_nor_ends_a_rest() -> None:
    panel = Panel(configured(times=MinimumTimes(0.0, 0.0, 5.0)), Mode.MAINTAIN)
    for _ in range(5):
        assert moved(panel.after(battery_v=13.6, full_age_s=0.0)) == (CLOSED, CLOSED)
    assert moved(panel.after(battery_v=13.6, full_age_s=0.0)) == (CLOSED, OPEN)
    assert moved(panel.after(full_age_s=1.0, charge_a=0.0, battery_v=11.9)) == (CLOSED, OPEN)
    assert moved(panel.after(full_age_s=2.0, **AT_REST)) == (CLOSED, OPEN)
