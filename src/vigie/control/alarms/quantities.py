"""What the alarms look at, in which unit, and what the bits of a value stand for."""

from collections.abc import Mapping
from enum import IntEnum

from vigie.control.signals import Relay


class Quantity(IntEnum):
    """Values by alarm; ``watch.observe`` gives them in this order, but for the last two.

    Questions are answered with 1 or 0. NaN: cannot be told now.
    """

    HOT_C = 0
    """Battery temperature while the over-temperature latch is set; 0 degC while it is not."""
    BATTERY_C = 1
    OVER_AMBIENT_K = 2
    """Battery over the air around it."""
    BATTERY_V = 3
    LOAD_V = 4
    MAINS_ABSENT = 5
    """Absent, and not by our doing."""
    CHARGER_SILENT_S = 6
    """How long a charger that should charge has not."""
    CHARGER_OFF_V = 7
    """How far the charger's voltage is from what it should hold."""
    CHARGE_RISING_H = 8
    """How long the battery has been charged without reaching the charger's voltage."""
    CHARGE_TAPERING_H = 9
    """How long it has stood at the charger's voltage without its current having fallen."""
    UNDERCHARGE_DAYS = 10
    """Time since the battery was last seen charged."""
    SATURATED = 11
    """Bits of :class:`Place`: meters at the end of their range."""
    SENSORS_LOST = 12
    """Bits of :class:`Place`, as the next three."""
    SENSORS_IMPLAUSIBLE = 13
    SENSORS_FROZEN = 14
    METERS_RESET = 15
    METER_BUS_LOST = 16
    RELAY_LINES = 17
    """Bits of the relays."""
    R1_FAULT = 18
    """Kind of fault of the contact, 0 for none."""
    R2_FAULT = 19
    R1_WEAR = 20
    """Share of the contact's life, 0..1."""
    R2_WEAR = 21
    SWITCHINGS = 22
    """Movements of R1 and R2 in the last hour."""
    PI_UNDER_VOLTAGE = 23
    PI_THROTTLED = 24
    CLOCK_UNSYNCHRONISED = 25
    DISK_USED = 26
    """Share, 0..1."""
    JOURNAL_FAULT = 27
    WATCHDOG_RESTART = 28
    CONTROLLER_SILENT_S = 29
    """Known to the web process only."""
    MAILS_REFUSED = 30
    """Known to the web process only."""


WATCHED = int(Quantity.CONTROLLER_SILENT_S)
"""How many of the quantities the controller knows."""


class Place(IntEnum):
    """Bit numbers of what can be lost, implausible, frozen, reset or saturated."""

    BATTERY = 0
    CHARGE = 1
    LOAD = 2
    SPARE = 3
    THERMOMETER = 4
    AMBIENT = 5


UNITS: Mapping[Quantity, str] = {
    Quantity.HOT_C: "degC",
    Quantity.BATTERY_C: "degC",
    Quantity.OVER_AMBIENT_K: "K",
    Quantity.BATTERY_V: "V",
    Quantity.LOAD_V: "V",
    Quantity.CHARGER_SILENT_S: "s",
    Quantity.CHARGER_OFF_V: "V",
    Quantity.CHARGE_RISING_H: "h",
    Quantity.CHARGE_TAPERING_H: "h",
    Quantity.UNDERCHARGE_DAYS: "d",
    Quantity.SWITCHINGS: "1/h",
    Quantity.CONTROLLER_SILENT_S: "s",
}
"""Units of the quantities that have one."""

_BIT_NAMES: Mapping[Quantity, type[IntEnum]] = {
    Quantity.SATURATED: Place,
    Quantity.SENSORS_LOST: Place,
    Quantity.SENSORS_IMPLAUSIBLE: Place,
    Quantity.SENSORS_FROZEN: Place,
    Quantity.METERS_RESET: Place,
    Quantity.RELAY_LINES: Relay,
}
_FAULT_NAMES = ("none", "no_effect", "welded", "dead", "swapped", "reversed")


def detail(quantity: Quantity, value: float) -> tuple[str, ...]:
    """Return what a value's bits, or its kind of fault, stand for, as lower-case names.

    >>> detail(Quantity.SENSORS_LOST, 18.0)
    ('charge', 'thermometer')
    >>> detail(Quantity.R2_FAULT, 2.0)
    ('welded',)
    """
    if value != value or value <= 0.0:  # noqa: PLR0124 - NaN
        return ()
    if quantity in (Quantity.R1_FAULT, Quantity.R2_FAULT):
        return (_FAULT_NAMES[int(value)],)
    names = _BIT_NAMES.get(quantity)
    if names is None:
        return ()
    return tuple(bit.name.lower() for bit in names if int(value) >> bit & 1)
