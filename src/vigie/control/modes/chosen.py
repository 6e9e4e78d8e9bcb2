"""What the chosen mode wants of this period: its thresholds count once they have been passed for long enough."""

import math

from vigie.control.commands import Reason
from vigie.control.modes import table
from vigie.control.modes.plan import Plan
from vigie.control.modes.table import ModeSettings
from vigie.control.modes.wish import MinimumTimes, ModeInputs, Passing, Wish, passing_after
from vigie.control.signals import Contact, Measurement, Wiring


def wanted(
    plan: Plan, r1_open_s: float, measurement: Measurement, wiring: Wiring, settings: ModeSettings, times: MinimumTimes
) -> tuple[Wish, Passing]:
    """Return what the mode wants, and for how long the threshold that ends its phase has been passed.

    Args:
        plan: the mode, and where it stands.
        r1_open_s: how long R1 has been open; negative when it is closed.
        measurement: the period's process image.
        wiring: what R2 cuts.
        settings: of the modes.
        times: for how long a threshold must have been passed.
    """
    now_s = measurement.now_s
    not_passing = Passing(False, now_s)
    battery_v = measurement.battery.bus_v
    if not table.decides_by_readings(plan.mode):
        return table.wish(plan.mode, _inputs(plan, battery_v, r1_open_s, wiring, measurement), settings), not_passing
    if not measurement.is_valid:
        lost = Reason.MEASUREMENT_LOST
        return Wish(plan.phase, Contact.CLOSED, Contact.CLOSED, lost, lost), not_passing
    wish = table.wish(plan.mode, _inputs(plan, battery_v, r1_open_s, wiring, measurement), settings)
    if wish.phase == plan.phase or times.passed_s <= 0.0:
        return wish, not_passing
    passing = passing_after(plan.passing, True, now_s)
    if now_s - passing.since_s < times.passed_s:
        wish = table.wish(plan.mode, _inputs(plan, math.nan, r1_open_s, wiring, measurement), settings)
    return wish, passing


def _inputs(plan: Plan, battery_v: float, r1_open_s: float, wiring: Wiring, measurement: Measurement) -> ModeInputs:
    return ModeInputs(
        measurement.now_s,
        plan.phase,
        plan.phase_since_s,
        battery_v,
        r1_open_s,
        plan.hands,
        wiring,
        measurement.full_age_s,
    )
