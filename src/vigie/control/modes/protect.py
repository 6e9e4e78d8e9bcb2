"""Protect (the client's au_pr): charge to the upper voltage, rest to the lower one.

The upper voltage, reached while charging, is not a full battery (about 58 % at C/10), and the voltage falls as soon as
the charge stops: that is why R2 has minimum times (see :class:`MinimumTimes`).
"""

from typing import Annotated, NamedTuple

from vigie.control.commands import Phase
from vigie.control.modes.wish import Wish, charge_and_rest
from vigie.units import setting


class ProtectSettings(NamedTuple):
    """Thresholds of protect; ``close_below_v`` must be under ``open_above_v``."""

    open_above_v: Annotated[
        float, setting("Mean battery voltage above which R2 opens (rest)", unit="V", ge=12, le=15)
    ] = 12.9
    close_below_v: Annotated[
        float, setting("Mean battery voltage below which R2 closes again", unit="V", ge=11.5, le=14.5)
    ] = 12.7


def wish(phase: Phase, battery_v: float, settings: ProtectSettings) -> Wish:
    """Return the wish for this period's mean battery voltage.

    Args:
        phase: CHARGE or REST.
        battery_v: mean battery voltage of the period.
        settings: thresholds.
    """
    return charge_and_rest(phase, battery_v, settings.open_above_v, settings.close_below_v)
