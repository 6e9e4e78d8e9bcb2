"""Maintain: charge until the battery has shown itself full, then let it rest, and fill it up again now and then.

Full is what :mod:`vigie.control.estimation.fullness` says: held at the charger's voltage with a current that is small,
or falls no more, for two days. A voltage reached while charging is no such proof.
"""

from typing import Annotated, NamedTuple

from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes.spec import Crossing, ModeSpec, Phases, Threshold
from vigie.control.modes.wish import ModeInputs, Wish, r1_closed
from vigie.control.signals import Contact
from vigie.units import SECONDS_PER_DAY, setting


class MaintainSettings(NamedTuple):
    """When a rest ends; ``weak_within_days`` must be at most ``longest_rest_days``."""

    close_below_v: Annotated[
        float, setting("Mean battery voltage at rest below which R2 closes", unit="V", ge=11.5, le=13)
    ] = 12.6
    longest_rest_days: Annotated[
        float, setting("R2 closes at the latest so long after the battery was last full", unit="d", ge=1, le=180)
    ] = 28.0
    weak_within_days: Annotated[
        float,
        setting(
            "A battery that was full and falls under close_below_v within this time has a weak cell: an alarm",
            unit="d",
            ge=0,
            le=180,
        ),
    ] = 10.0


def wish(seen: ModeInputs, settings: MaintainSettings) -> Wish:
    """Return the wish for this period's mean battery voltage, in CHARGE or REST.

    A restart that does not know when the battery was full ends the rest: it may have lasted long enough.
    """
    if seen.phase != Phase.REST:
        if seen.full_age_s <= 0.0 and seen.battery_v >= settings.close_below_v:
            return r1_closed(Phase.REST, Contact.OPEN, Reason.FULL)
        return r1_closed(Phase.CHARGE, Contact.CLOSED, Reason.FILLING)
    if seen.battery_v < settings.close_below_v:
        is_weak = seen.full_age_s < settings.weak_within_days * SECONDS_PER_DAY
        return r1_closed(Phase.CHARGE, Contact.CLOSED, Reason.WEAK_CELL if is_weak else Reason.LOWER_VOLTAGE_REACHED)
    if seen.full_age_s >= settings.longest_rest_days * SECONDS_PER_DAY:
        return r1_closed(Phase.CHARGE, Contact.CLOSED, Reason.RESTED_LONG)
    return r1_closed(Phase.REST, Contact.OPEN, Reason.FULL)


SPEC = ModeSpec(
    Mode.MAINTAIN,
    client_name="au_mt",
    wish=wish,
    phases=Phases(
        first=Phase.CHARGE,
        first_at_rest=Phase.CHARGE,
        resumed=Phase.CHARGE,
        resumed_at_rest=Phase.REST,
        discharges=False,
        after_drill=Phase.CHARGE,
        after_rest=Phase.CHARGE,
    ),
    decides_by_readings=True,
    is_resumed=True,
    is_by_hand=False,
    settings=MaintainSettings,
    thresholds=(Threshold("close_below_v", Crossing.FALLING, "R2 closes below"),),
    ordered=(("weak_within_days", "longest_rest_days"),),
)
