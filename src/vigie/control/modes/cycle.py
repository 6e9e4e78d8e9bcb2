"""Cycle (the client's au_co): discharge on the loads, charge, rest, charge again."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Phase, Reason
from vigie.control.modes.wish import Wish, charge_and_rest
from vigie.control.signals import Contact, Wiring
from vigie.units import setting


class CycleSettings(NamedTuple):
    """Thresholds of cycle; both lower ones must be under ``charge_to_v``."""

    discharge_to_v: Annotated[
        float, setting("Mean battery voltage below which the discharge ends", unit="V", ge=11, le=13)
    ] = 12.4
    charge_to_v: Annotated[
        float, setting("Mean battery voltage above which the charge ends", unit="V", ge=12, le=15)
    ] = 12.9
    recharge_below_v: Annotated[
        float, setting("Mean battery voltage below which the rest ends", unit="V", ge=11, le=14.5)
    ] = 12.4
    settle_s: Annotated[
        float,
        setting(
            "discharge_to_v ends no discharge in its first minutes, while loads come on and the voltage dips and "
            "recovers; interlocks.floor_v does at any time",
            unit="s",
            ge=0,
            le=3600,
        ),
    ] = 300.0


def wish(phase: Phase, battery_v: float, wiring: Wiring, settings: CycleSettings) -> Wish:
    """Return the wish for this period's mean battery voltage.

    Args:
        phase: DISCHARGE, CHARGE or REST.
        battery_v: mean battery voltage of the period.
        wiring: with LINE, R2 stays closed in the discharge, or the loads would go dark.
        settings: thresholds.
    """
    if phase == Phase.DISCHARGE:
        if battery_v < settings.discharge_to_v:
            return Wish(Phase.CHARGE, Contact.CLOSED, Contact.CLOSED, Reason.DISCHARGED, Reason.DISCHARGED)
        r2 = Contact.OPEN if wiring == Wiring.CHARGE_ONLY else Contact.CLOSED
        return Wish(Phase.DISCHARGE, Contact.OPEN, r2, Reason.DISCHARGING, Reason.DISCHARGING)
    return charge_and_rest(phase, battery_v, settings.charge_to_v, settings.recharge_below_v)
