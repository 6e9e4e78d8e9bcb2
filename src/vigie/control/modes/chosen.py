"""What the chosen mode wants of this period: its thresholds count once they have been passed for long enough."""

import math
from typing import NamedTuple

from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes import cycle, manual, observe, protect
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.manual import Hands
from vigie.control.modes.protect import ProtectSettings
from vigie.control.modes.wish import MinimumTimes, Passing, Wish, passing_after
from vigie.control.signals import Contact, Measurement, Wiring


class Plan(NamedTuple):
    """The mode, where it stands, and what a person has set by hand."""

    mode: Mode
    mode_since_s: float
    phase: Phase
    phase_since_s: float
    hands: Hands
    passing: Passing


class ModeSettings(NamedTuple):
    """What the modes read, gathered from their sections."""

    wiring: Wiring
    protect: ProtectSettings
    cycle: CycleSettings
    times: MinimumTimes


def wanted(plan: Plan, r1_open_s: float, measurement: Measurement, settings: ModeSettings) -> tuple[Wish, Passing]:
    """Return what the mode wants, and for how long the threshold that ends its phase has been passed.

    Args:
        plan: the mode, and where it stands.
        r1_open_s: how long R1 has been open; negative when it is closed.
        measurement: the period's process image.
        settings: of the modes.
    """
    now_s = measurement.now_s
    not_passing = Passing(False, now_s)
    if plan.mode == Mode.MANUAL:
        return manual.wish(plan.hands), not_passing
    if plan.mode == Mode.OBSERVE:
        return observe.wish(), not_passing
    if not measurement.is_valid:
        lost = Reason.MEASUREMENT_LOST
        return Wish(plan.phase, Contact.CLOSED, Contact.CLOSED, lost, lost), not_passing
    if plan.phase == Phase.DISCHARGE and 0.0 <= r1_open_s < settings.cycle.settle_s:
        return _wish_at(math.nan, plan, settings), not_passing
    wish = _wish_at(measurement.battery.bus_v, plan, settings)
    if wish.phase == plan.phase or settings.times.passed_s <= 0.0:
        return wish, not_passing
    passing = passing_after(plan.passing, True, now_s)
    if now_s - passing.since_s < settings.times.passed_s:
        wish = _wish_at(math.nan, plan, settings)
    return wish, passing


def _wish_at(battery_v: float, plan: Plan, settings: ModeSettings) -> Wish:
    """Return the wish of protect or cycle at a battery voltage; NaN passes no threshold."""
    if plan.mode == Mode.PROTECT:
        return protect.wish(plan.phase, battery_v, settings.protect)
    return cycle.wish(plan.phase, battery_v, settings.wiring, settings.cycle)
