"""Every alarm there is, how serious one can be, and where one can stand. Names only; the rules are in ``rules``."""

from enum import IntEnum


class Severity(IntEnum):
    """How soon a person must act."""

    INFO = 0
    """Good to know."""
    WARNING = 1
    """Act soon, or the battery or the watch over it suffers."""
    CRITICAL = 2
    """Act now: loads, battery or people are at risk."""


class Standing(IntEnum):
    """Where an alarm stands between raised and forgotten (ISA-18.2, reduced)."""

    NORMAL = 0
    UNACKNOWLEDGED = 1
    """Its condition holds and nobody has taken note."""
    ACKNOWLEDGED = 2
    """Its condition holds and somebody knows."""
    RETURNED = 3
    """Its condition is over and nobody has taken note."""
    LATCHED = 4
    """Its condition is over; it stays until somebody acknowledges."""
    SHELVED = 5
    """Put aside by somebody for a time, whatever its condition."""


class Protection(IntEnum):
    """What the program itself does while the alarm's condition holds; no acknowledgement ends it."""

    NONE = 0
    R2_OPENED = 1
    """The charge is stopped (interlock 4)."""
    R2_CLOSED = 2
    """The battery is kept connected (interlock 2)."""
    CONTACTS_CLOSED = 3
    """R1 and R2 are closed (interlock 5)."""
    R1_CLOSED = 4
    """A drill is broken off (interlock 3)."""


class Alarm(IntEnum):
    """The alarms, most urgent first among equals."""

    BATTERY_TOO_HOT = 0
    LOADS_DARK = 1
    """The loads have no voltage."""
    R1_DISOBEYED = 2
    """The readings show that the mains contact did not do what it was told."""
    R2_DISOBEYED = 3
    RELAY_LINE_FAILED = 4
    """A relay's line does not take or show its level."""
    METER_BUS_LOST = 5
    SENSOR_LOST = 6
    """A chip or the thermometer does not answer."""
    SENSOR_IMPLAUSIBLE = 7
    SENSOR_FROZEN = 8
    BATTERY_OVER_VOLTAGE = 9
    BATTERY_UNDER_VOLTAGE = 10
    CONTROLLER_LOST = 11
    """Nothing is heard of the controller (raised by the web process)."""
    JOURNAL_GAP = 12
    """Measurements could not be kept, or cannot be now."""
    MAINS_LOST = 13
    CHARGER_ABSENT = 14
    """Mains and contact are there, and no charge."""
    CHARGER_SET_POINT = 15
    """The charger holds a wrong voltage."""
    CHARGE_NOT_RISING = 16
    """Charged for long without the expected rise of voltage."""
    CHARGE_NOT_TAPERING = 17
    """The charge current does not fall: a shorted cell, or the way to thermal runaway."""
    BATTERY_WARM = 18
    BATTERY_OVER_AMBIENT = 19
    LOADS_OVER_RANGE = 20
    """More current than the meter can read."""
    UNDERCHARGE = 21
    """R2 has been open for days: a battery that is not charged sulfates."""
    SWITCHING_OFTEN = 22
    R1_WORN = 23
    R2_WORN = 24
    METER_RESET = 25
    PI_UNDER_VOLTAGE = 26
    PI_THROTTLED = 27
    CLOCK_NOT_SYNCHRONISED = 28
    DISK_NEARLY_FULL = 29
    MAIL_REFUSED = 30
    """Messages cannot be handed over (raised by the web process)."""
    WATCHDOG_RESTART = 31
    """The controller was started again without having been stopped."""
    DELIVERY_FAILED = 32
    """Measurements do not reach the central store, or some were refused (raised by the web process)."""
    BATTERY_EMPTIED = 33
    """The battery was emptied and is not charged again."""
    JOURNAL_DAMAGED = 34
    """The journal, or a part of it, cannot be read any more."""
    SETTINGS_REFUSED = 35
    """The settings file has faults: the last good settings are in force."""
    READINGS_CONTRADICT = 40
    """Two readings cannot both be true."""
    WIRING_CONTRADICTED = 41
    """R2 carries the backup although the settings say that it cuts only the charge."""
    DIODE_MISSING = 42
    """The bypass diode of the settings did not carry the loads."""
    CHARGE_NOT_STOPPED = 43
    """The battery is too hot and its charge goes on: a person must stop it."""
    WEAK_CELL = 44
    """The full battery did not hold its voltage at rest."""
