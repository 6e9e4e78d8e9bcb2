"""The readings that matter beside an alarm, in words: battery, loads, and the lowest voltage of an outage."""

import math
from collections.abc import Callable, Mapping, Sequence

from vigie.wording.words import mark

Translate = Callable[[str], str]
READINGS = ("battery_v", "charge_a", "temperature_c", "load_v", "load_w", "lowest_v")
"""Keys an alarm's event, or a snapshot, tells them by; one that was not valid is left out."""
_BATTERY, _LOADS = READINGS[:3], READINGS[3:5]
_FORMS = {"v": "{:.2f} V", "a": "{:+.2f} A", "w": "{:.1f} W", "c": "{:.1f}\N{NO-BREAK SPACE}°C"}


def rows(data: Mapping[str, object], translate: Translate) -> list[tuple[str, str]]:
    """Return names and values of what was read.

    >>> rows({"battery_v": 12.314, "charge_a": -0.52, "load_w": 6.4, "lowest_v": 12.1}, str)
    [('Battery', '12.31 V, -0.52 A'), ('Loads', '6.4 W'), ('Lowest battery voltage', '12.10 V')]
    """
    named = (
        (translate(mark("Battery")), _said(data, _BATTERY)),
        (translate(mark("Loads")), _said(data, _LOADS)),
        (translate(mark("Lowest battery voltage")), _said(data, READINGS[5:])),
    )
    return [(name, said) for name, said in named if said]


def in_short(data: Mapping[str, object]) -> str:
    r"""Return them as a subject has room for.

    >>> in_short({"battery_v": 12.314, "charge_a": -0.52, "temperature_c": 21.5, "load_v": 12.2, "load_w": 6.4})
    '12.31 V, -0.52 A, 6.4 W, 21.5\xa0°C'
    """
    return _said(data, ("battery_v", "charge_a", "load_w", "temperature_c"))


def _said(data: Mapping[str, object], names: Sequence[str]) -> str:
    values = [(name, data.get(name)) for name in names]
    return ", ".join(
        _FORMS[name.rpartition("_")[2]].format(value)
        for name, value in values
        if isinstance(value, int | float) and math.isfinite(value)
    )
