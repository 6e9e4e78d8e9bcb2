"""The alarm of a full battery that does not hold its voltage at rest, as mode maintain finds it."""

import math

from tests.unit.control.alarms.test_alarm_watch import QUIET as SURROUNDINGS
from tests.unit.control.alarms.test_alarm_watch import SETTINGS
from tests.unit.control.process_images import Panel, configured, measured
from vigie.control.alarms.watch import initial_watch, observe
from vigie.control.commands import Mode
from vigie.control.estimation.charge import resumed_charge
from vigie.units import SECONDS_PER_DAY

DAY_S = SECONDS_PER_DAY


def told(panel: Panel) -> float:
    charge = resumed_charge(0.0, 0.0, math.nan)
    image = measured(panel.now_s)
    _, values = observe(initial_watch(0.0), charge, panel.state, panel.decision, image, SURROUNDINGS, SETTINGS)
    return values.weak_cell


def rested(days: float) -> Panel:
    panel = Panel(configured(), Mode.MAINTAIN)
    panel.after(battery_v=13.6, full_age_s=0.0)
    panel.after(days * DAY_S, full_age_s=days * DAY_S, charge_a=0.0, battery_v=12.5)
    return panel


def test_a_voltage_lost_within_days_is_told_until_the_battery_is_full_and_rests_again() -> None:
    panel = rested(days=3.0)
    assert told(panel) == 1.0
    panel.after(battery_v=13.4, full_age_s=4.0 * DAY_S)
    assert told(panel) == 1.0
    panel.after(battery_v=13.6, full_age_s=0.0)
    assert told(panel) == 0.0


def test_a_voltage_lost_after_weeks_is_none() -> None:
    assert told(rested(days=20.0)) == 0.0
