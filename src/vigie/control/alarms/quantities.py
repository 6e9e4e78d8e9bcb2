"""What the alarms look at, in which unit, and what the bits of a value stand for."""

from collections.abc import Mapping
from enum import IntEnum

from vigie.control.contact_truth import ContactFault
from vigie.control.contradictions import Doubt
from vigie.control.signals import Relay


class AlarmQuantity(IntEnum):
    """Values by alarm; ``watch.observe`` gives them in this order, but for the web process's own.

    :data:`MEANINGS` says what each is. NaN: cannot be told now.
    """

    HOT_C = 0
    BATTERY_C = 1
    OVER_AMBIENT_K = 2
    BATTERY_V = 3
    LOAD_V = 4
    MAINS_ABSENT = 5
    CHARGER_SILENT_S = 6
    CHARGER_OFF_V = 7
    CHARGE_RISING_H = 8
    CHARGE_TAPERING_H = 9
    UNDERCHARGE_DAYS = 10
    SATURATED = 11
    SENSORS_LOST = 12
    SENSORS_IMPLAUSIBLE = 13
    SENSORS_FROZEN = 14
    METERS_RESET = 15
    METER_BUS_LOST = 16
    RELAY_LINES = 17
    R1_FAULT = 18
    R2_FAULT = 19
    R1_WEAR = 20
    R2_WEAR = 21
    SWITCHINGS = 22
    PI_UNDER_VOLTAGE = 23
    PI_THROTTLED = 24
    CLOCK_UNSYNCHRONISED = 25
    DISK_USED = 26
    JOURNAL_FAULT = 27
    WATCHDOG_RESTART = 28
    BATTERY_LOW_V = 29
    BATTERY_EMPTIED_V = 30
    JOURNAL_DAMAGE = 31
    SETTINGS_FAULTS = 32
    CONTRADICTIONS = 33
    WIRING_FAULT = 34
    DIODE_FAULT = 35
    HOT_CHARGE = 36
    CONTROLLER_SILENT_S = 37
    MAILS_REFUSED = 38
    DELIVERY_FAULT = 39


WATCHED = int(AlarmQuantity.CONTROLLER_SILENT_S)
"""How many of the quantities the controller knows."""


class Place(IntEnum):
    """Bit numbers of what can be lost, implausible, frozen, reset or saturated."""

    BATTERY = 0
    CHARGE = 1
    LOAD = 2
    SPARE = 3
    THERMOMETER = 4
    AMBIENT = 5


MEANINGS: Mapping[AlarmQuantity, str] = {
    AlarmQuantity.HOT_C: "battery temperature while the over-temperature latch is set, 0 while it is not",
    AlarmQuantity.BATTERY_C: "battery temperature",
    AlarmQuantity.OVER_AMBIENT_K: "battery temperature over that of the air around it",
    AlarmQuantity.BATTERY_V: "battery voltage (V1), less what a compensated charger adds in the cold",
    AlarmQuantity.LOAD_V: "voltage of the loads (V3)",
    AlarmQuantity.MAINS_ABSENT: "the mains is absent, and not by a drill",
    AlarmQuantity.CHARGER_SILENT_S: "time for which a charger that should charge has not, on a battery that stands low",
    AlarmQuantity.CHARGER_OFF_V: "distance of the charger's voltage from what it should hold",
    AlarmQuantity.CHARGE_RISING_H: "time the battery has been charged without reaching the charger's voltage",
    AlarmQuantity.CHARGE_TAPERING_H: "time at the charger's voltage without the current having fallen",
    AlarmQuantity.UNDERCHARGE_DAYS: "time since the battery was last seen charged",
    AlarmQuantity.SATURATED: "meters at the end of their current range",
    AlarmQuantity.SENSORS_LOST: "meters and thermometers that do not answer or do not convert",
    AlarmQuantity.SENSORS_IMPLAUSIBLE: "meters and thermometers with values that cannot be",
    AlarmQuantity.SENSORS_FROZEN: "meters that read exactly the same for filter.frozen_after_s, or for "
    "mains.alone_still_s where the mains is judged by them alone",
    AlarmQuantity.METERS_RESET: "meters that were found reset, but at the start",
    AlarmQuantity.METER_BUS_LOST: "no meter answers",
    AlarmQuantity.RELAY_LINES: "relays whose line does not read what it was told",
    AlarmQuantity.R1_FAULT: "kind of fault the readings show after R1 was told to move",
    AlarmQuantity.R2_FAULT: "kind of fault the readings show after R2 was told to move",
    AlarmQuantity.R1_WEAR: "share of R1's life that is used",
    AlarmQuantity.R2_WEAR: "share of R2's life that is used",
    AlarmQuantity.SWITCHINGS: "movements of R1 and R2 in the last hour",
    AlarmQuantity.PI_UNDER_VOLTAGE: "the Raspberry Pi reports under-voltage",
    AlarmQuantity.PI_THROTTLED: "the Raspberry Pi is throttled",
    AlarmQuantity.CLOCK_UNSYNCHRONISED: "no time server or clock sets the calendar",
    AlarmQuantity.DISK_USED: "share of the journal's disk that is used",
    AlarmQuantity.JOURNAL_FAULT: "measurements cannot be written, or some were lost",
    AlarmQuantity.WATCHDOG_RESTART: "within the last hour the controller began without having been stopped before",
    AlarmQuantity.BATTERY_LOW_V: "battery voltage (V1); one that rises without charge, because the loads are gone, "
    "counts for nothing",
    AlarmQuantity.BATTERY_EMPTIED_V: "lowest battery voltage of the last discharge, until the battery is charged "
    "again; told once the mains is back",
    AlarmQuantity.JOURNAL_DAMAGE: "parts of the journal found damaged within the last hour",
    AlarmQuantity.SETTINGS_FAULTS: "faults of the settings file, in whose place the last good settings are in force",
    AlarmQuantity.CONTRADICTIONS: "readings that contradict each other",
    AlarmQuantity.WIRING_FAULT: "R2 carries the backup although wiring.battery_contact says charge_only",
    AlarmQuantity.DIODE_FAULT: "the bypass diode that wiring.bypass_diode promises did not carry the loads",
    AlarmQuantity.HOT_CHARGE: "the battery is too hot, and its charge goes on",
    AlarmQuantity.CONTROLLER_SILENT_S: "time since the web process heard of the controller",
    AlarmQuantity.MAILS_REFUSED: "messages the mail server refused",
    AlarmQuantity.DELIVERY_FAULT: "the central store has taken nothing for 15 minutes (one where address, certificate "
    "or login is wrong), or refused something for good",
}
"""What each quantity is. Questions are answered with 1 or 0, lists with the bits of :class:`Place` or the relays."""

UNITS: Mapping[AlarmQuantity, str] = {
    AlarmQuantity.HOT_C: "degC",
    AlarmQuantity.BATTERY_C: "degC",
    AlarmQuantity.OVER_AMBIENT_K: "K",
    AlarmQuantity.BATTERY_V: "V",
    AlarmQuantity.LOAD_V: "V",
    AlarmQuantity.BATTERY_LOW_V: "V",
    AlarmQuantity.BATTERY_EMPTIED_V: "V",
    AlarmQuantity.CHARGER_SILENT_S: "s",
    AlarmQuantity.CHARGER_OFF_V: "V",
    AlarmQuantity.CHARGE_RISING_H: "h",
    AlarmQuantity.CHARGE_TAPERING_H: "h",
    AlarmQuantity.UNDERCHARGE_DAYS: "d",
    AlarmQuantity.SWITCHINGS: "1/h",
    AlarmQuantity.CONTROLLER_SILENT_S: "s",
}
"""Units of the quantities that have one."""

SAID_IN_WORDS = frozenset({AlarmQuantity.JOURNAL_DAMAGE, AlarmQuantity.SETTINGS_FAULTS})
"""Counts of things that only words can say, which come along with them."""

_BIT_NAMES: Mapping[AlarmQuantity, type[IntEnum]] = {
    AlarmQuantity.SATURATED: Place,
    AlarmQuantity.SENSORS_LOST: Place,
    AlarmQuantity.SENSORS_IMPLAUSIBLE: Place,
    AlarmQuantity.SENSORS_FROZEN: Place,
    AlarmQuantity.METERS_RESET: Place,
    AlarmQuantity.RELAY_LINES: Relay,
    AlarmQuantity.CONTRADICTIONS: Doubt,
}


def detail(quantity: AlarmQuantity, value: float) -> tuple[str, ...]:
    """Return what a value's bits, or its kind of fault, stand for, as lower-case names.

    >>> detail(AlarmQuantity.SENSORS_LOST, 18.0)
    ('charge', 'thermometer')
    >>> detail(AlarmQuantity.R2_FAULT, 2.0)
    ('welded',)
    """
    if value != value or value <= 0.0:  # noqa: PLR0124 - NaN
        return ()
    if quantity in (AlarmQuantity.R1_FAULT, AlarmQuantity.R2_FAULT):
        return (ContactFault(int(value)).name.lower(),)
    names = _BIT_NAMES.get(quantity)
    if names is None:
        return ()
    return tuple(bit.name.lower() for bit in names if int(value) >> bit & 1)
