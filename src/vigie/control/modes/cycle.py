"""Cycle: discharge on the loads, charge, rest, charge again."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes.spec import Crossing, ModeSpec, Phases, Threshold
from vigie.control.modes.wish import ModeInputs, Wish, charge_and_rest
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


def wish(seen: ModeInputs, settings: CycleSettings) -> Wish:
    """Return the wish for this period's mean battery voltage, in DISCHARGE, CHARGE or REST.

    In wiring LINE, R2 stays closed in the discharge, or the loads would go dark.
    """
    if seen.phase == Phase.DISCHARGE:
        is_settling = 0.0 <= seen.r1_open_s < settings.settle_s
        if not is_settling and seen.battery_v < settings.discharge_to_v:
            return Wish(Phase.CHARGE, Contact.CLOSED, Contact.CLOSED, Reason.DISCHARGED, Reason.DISCHARGED)
        r2 = Contact.OPEN if seen.wiring == Wiring.CHARGE_ONLY else Contact.CLOSED
        return Wish(Phase.DISCHARGE, Contact.OPEN, r2, Reason.DISCHARGING, Reason.DISCHARGING)
    return charge_and_rest(seen.phase, seen.battery_v, settings.charge_to_v, settings.recharge_below_v)


SPEC = ModeSpec(
    Mode.CYCLE,
    client_name="au_co",
    wish=wish,
    phases=Phases(
        first=Phase.DISCHARGE,
        first_at_rest=Phase.DISCHARGE,
        resumed=Phase.CHARGE,
        resumed_at_rest=Phase.REST,
        discharges=True,
        after_drill=Phase.CHARGE,
        after_rest=Phase.CHARGE,
    ),
    decides_by_readings=True,
    is_resumed=True,
    is_by_hand=False,
    settings=CycleSettings,
    thresholds=(
        Threshold("charge_to_v", Crossing.RISING, "charge ends above"),
        Threshold("discharge_to_v", Crossing.FALLING, "discharge ends below"),
        Threshold("recharge_below_v", Crossing.FALLING, "rest ends below", is_drawn=False),
    ),
)
