"""Protect: charge to the upper voltage, rest to the lower one.

The upper voltage, reached while charging, is not a full battery (about 58 % at C/10), and the voltage falls as soon as
the charge stops: that is why R2 has minimum times (see :class:`MinimumTimes`).
"""

from typing import Annotated, NamedTuple

from vigie.control.commands import Mode, Phase
from vigie.control.modes.spec import Crossing, ModeSpec, Phases, Threshold
from vigie.control.modes.wish import ModeInputs, Wish, charge_and_rest
from vigie.units import setting


class ProtectSettings(NamedTuple):
    """Thresholds of protect; ``close_below_v`` must be under ``open_above_v``."""

    open_above_v: Annotated[
        float, setting("Mean battery voltage above which R2 opens (rest)", unit="V", ge=12, le=15)
    ] = 12.9
    close_below_v: Annotated[
        float, setting("Mean battery voltage below which R2 closes again", unit="V", ge=11.5, le=14.5)
    ] = 12.7


def wish(seen: ModeInputs, settings: ProtectSettings) -> Wish:
    """Return the wish for this period's mean battery voltage, in CHARGE or REST."""
    return charge_and_rest(seen.phase, seen.battery_v, settings.open_above_v, settings.close_below_v)


SPEC = ModeSpec(
    Mode.PROTECT,
    client_name="au_pr",
    wish=wish,
    phases=Phases(
        first=Phase.CHARGE,
        first_at_rest=Phase.REST,
        resumed=Phase.CHARGE,
        resumed_at_rest=Phase.REST,
        discharges=False,
        after_drill=Phase.CHARGE,
        after_rest=Phase.CHARGE,
    ),
    decides_by_readings=True,
    is_resumed=True,
    is_by_hand=False,
    settings=ProtectSettings,
    thresholds=(
        Threshold("open_above_v", Crossing.RISING, "R2 opens above"),
        Threshold("close_below_v", Crossing.FALLING, "R2 closes below"),
    ),
)
