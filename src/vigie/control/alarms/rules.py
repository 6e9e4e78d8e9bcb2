"""The one table of alarms, and the rules it becomes with the settings in force."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from vigie.control.alarms.catalogue import Alarm, Protection, Severity
from vigie.control.alarms.quantities import AlarmQuantity
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.interlocks import InterlockSettings

__all__ = [
    "TABLE",
    "WEB_TABLE",
    "AlarmQuantity",
    "AlarmSettings",
    "Comparison",
    "Line",
    "Rule",
    "rules",
    "web_rules",
]


class Comparison(IntEnum):
    """When a value has reached the limit; the limit itself counts."""

    ABOVE = 0
    BELOW = 1
    BITS = 2
    """Any bit set; a new one announces the alarm again."""


class Rule(NamedTuple):
    """When one alarm is raised and when it returns."""

    alarm: Alarm
    quantity: AlarmQuantity
    comparison: Comparison
    limit: float
    hysteresis: float
    """To return, the value must be inside the limit by more than this."""
    on_delay_s: float
    off_delay_s: float
    severity: Severity
    is_latched: bool
    """Stays after its return until somebody acknowledges."""
    is_enabled: bool
    protection: Protection
    worse_by: float
    """So much worse than acknowledged takes the acknowledgement back; 0: never."""


class Line(NamedTuple):
    """A line of the table. A limit or delay that is a setting is given by its name."""

    alarm: Alarm
    quantity: AlarmQuantity
    comparison: Comparison
    limit: str | float
    hysteresis: float
    delays_s: tuple[str | float, float]
    """Before it is raised, before it returns."""
    severity: Severity
    is_latched: bool
    protection: Protection
    worse_by: float


A, Q, P = Alarm, AlarmQuantity, Protection
ABOVE, BELOW, BITS = Comparison.ABOVE, Comparison.BELOW, Comparison.BITS
INFO, WARN, CRIT = Severity.INFO, Severity.WARNING, Severity.CRITICAL
LATCH, FREE = True, False
_OUTAGE = "alarms.mains_lost_after_s"

# fmt: off
TABLE: tuple[Line, ...] = (
    Line(A.BATTERY_TOO_HOT, Q.HOT_C, ABOVE, "interlocks.temperature_limit_c", 0, (0, 0), CRIT, LATCH, P.R2_OPENED, 5),
    Line(A.LOADS_DARK, Q.LOAD_V, BELOW, "alarms.loads_dark_v", 1, (3, 10), CRIT, FREE, P.R1_CLOSED, 0),
    Line(A.R1_DISOBEYED, Q.R1_FAULT, ABOVE, 1, 0, (0, 0), CRIT, LATCH, P.NONE, 0),
    Line(A.R2_DISOBEYED, Q.R2_FAULT, ABOVE, 1, 0, (0, 0), CRIT, LATCH, P.NONE, 0),
    Line(A.RELAY_LINE_FAILED, Q.RELAY_LINES, BITS, 1, 0, (3, 10), CRIT, LATCH, P.NONE, 0),
    Line(A.METER_BUS_LOST, Q.METER_BUS_LOST, ABOVE, 1, 0, (10, 10), CRIT, FREE, P.CONTACTS_CLOSED, 0),
    Line(A.SENSOR_LOST, Q.SENSORS_LOST, BITS, 1, 0, (10, 30), WARN, FREE, P.CONTACTS_CLOSED, 0),
    Line(A.SENSOR_IMPLAUSIBLE, Q.SENSORS_IMPLAUSIBLE, BITS, 1, 0, (10, 60), WARN, FREE, P.CONTACTS_CLOSED, 0),
    Line(A.SENSOR_FROZEN, Q.SENSORS_FROZEN, BITS, 1, 0, (0, 60), WARN, FREE, P.CONTACTS_CLOSED, 0),
    Line(A.BATTERY_OVER_VOLTAGE, Q.BATTERY_V, ABOVE, "alarms.battery_over_v", 0.2, (60, 60), CRIT, FREE, P.NONE, 0.3),
    Line(A.BATTERY_UNDER_VOLTAGE, Q.BATTERY_LOW_V, BELOW, "alarms.battery_under_v", 0.3, (10, 60), CRIT,
         FREE, P.R1_CLOSED, 0.5),
    Line(A.JOURNAL_GAP, Q.JOURNAL_FAULT, ABOVE, 1, 0, (30, 60), WARN, FREE, P.NONE, 0),
    Line(A.MAINS_LOST, Q.MAINS_ABSENT, ABOVE, 1, 0, (_OUTAGE, 5), WARN, FREE, P.R2_CLOSED, 0),
    Line(A.CHARGER_ABSENT, Q.CHARGER_SILENT_S, ABOVE, "alarms.charger_silent_s", 0, (0, 0), WARN, FREE, P.NONE, 0),
    Line(A.CHARGER_SET_POINT, Q.CHARGER_OFF_V, ABOVE, "alarms.charger_tolerance_v", 0.1, (600, 600), WARN, FREE,
         P.NONE, 0.3),
    Line(A.CHARGE_NOT_RISING, Q.CHARGE_RISING_H, ABOVE, "alarms.charge_rising_h", 0, (0, 600), WARN, FREE, P.NONE, 24),
    Line(A.CHARGE_NOT_TAPERING, Q.CHARGE_TAPERING_H, ABOVE, "alarms.charge_tapering_h", 0, (0, 600), WARN, FREE,
         P.NONE, 24),
    Line(A.BATTERY_WARM, Q.BATTERY_C, ABOVE, "alarms.battery_warm_c", 2, (60, 60), WARN, FREE, P.NONE, 5),
    Line(A.BATTERY_OVER_AMBIENT, Q.OVER_AMBIENT_K, ABOVE, "alarms.over_ambient_k", 2, (300, 300), CRIT, FREE,
         P.NONE, 5),
    Line(A.LOADS_OVER_RANGE, Q.SATURATED, BITS, 1, 0, (2, 60), WARN, FREE, P.NONE, 0),
    Line(A.UNDERCHARGE, Q.UNDERCHARGE_DAYS, ABOVE, "alarms.undercharge_days", 0, (0, 0), WARN, FREE, P.NONE, 15),
    Line(A.SWITCHING_OFTEN, Q.SWITCHINGS, ABOVE, "alarms.switchings_per_hour", 5, (0, 3600), WARN, FREE, P.NONE, 0),
    Line(A.R1_WORN, Q.R1_WEAR, ABOVE, "contacts.warn_share", 0, (0, 0), WARN, FREE, P.NONE, 0.1),
    Line(A.R2_WORN, Q.R2_WEAR, ABOVE, "contacts.warn_share", 0, (0, 0), WARN, FREE, P.NONE, 0.1),
    Line(A.METER_RESET, Q.METERS_RESET, BITS, 1, 0, (0, 600), INFO, FREE, P.NONE, 0),
    Line(A.PI_UNDER_VOLTAGE, Q.PI_UNDER_VOLTAGE, ABOVE, 1, 0, (2, 300), WARN, FREE, P.NONE, 0),
    Line(A.PI_THROTTLED, Q.PI_THROTTLED, ABOVE, 1, 0, (60, 300), WARN, FREE, P.NONE, 0),
    Line(A.CLOCK_NOT_SYNCHRONISED, Q.CLOCK_UNSYNCHRONISED, ABOVE, 1, 0, (3600, 0), INFO, FREE, P.NONE, 0),
    Line(A.DISK_NEARLY_FULL, Q.DISK_USED, ABOVE, "alarms.disk_used", 0.02, (300, 60), WARN, FREE, P.NONE, 0.05),
    Line(A.WATCHDOG_RESTART, Q.WATCHDOG_RESTART, ABOVE, 1, 0, (0, 0), WARN, LATCH, P.NONE, 0),
    Line(A.BATTERY_EMPTIED, Q.BATTERY_EMPTIED_V, BELOW, "alarms.battery_under_v", 0, (0, 0), WARN, LATCH, P.NONE, 0.5),
    Line(A.JOURNAL_DAMAGED, Q.JOURNAL_DAMAGE, ABOVE, 1, 0, (0, 0), WARN, LATCH, P.NONE, 1),
    Line(A.SETTINGS_REFUSED, Q.SETTINGS_FAULTS, ABOVE, 1, 0, (0, 0), WARN, FREE, P.NONE, 1),
    Line(A.READINGS_CONTRADICT, Q.CONTRADICTIONS, BITS, 1, 0, (0, 0), WARN, FREE, P.CONTACTS_CLOSED, 0),
    Line(A.WIRING_CONTRADICTED, Q.WIRING_FAULT, ABOVE, 1, 0, (0, 0), WARN, LATCH, P.NONE, 0),
    Line(A.DIODE_MISSING, Q.DIODE_FAULT, ABOVE, 1, 0, (0, 0), WARN, LATCH, P.NONE, 0),
    Line(A.CHARGE_NOT_STOPPED, Q.HOT_CHARGE, ABOVE, 1, 0, (0, 10), CRIT, FREE, P.NONE, 0),
)
"""What the controller raises, in the order of the alarms."""

WEB_TABLE: tuple[Line, ...] = (
    Line(A.CONTROLLER_LOST, Q.CONTROLLER_SILENT_S, ABOVE, "alarms.controller_silent_s", 0, (0, 0), CRIT, FREE,
         P.NONE, 0),
    Line(A.MAIL_REFUSED, Q.MAILS_REFUSED, ABOVE, 1, 0, (0, 0), WARN, FREE, P.NONE, 0),
    Line(A.DELIVERY_FAILED, Q.DELIVERY_FAULT, ABOVE, 1, 0, (0, 0), WARN, FREE, P.NONE, 0),
)
"""What the web process raises."""
# fmt: on


def rules(settings: AlarmSettings, interlocks: InterlockSettings, worn_share: float) -> tuple[Rule, ...]:
    """Return the controller's rules, in the order of the alarms.

    Args:
        settings: checked, section [alarms].
        interlocks: the over-temperature limit comes from here.
        worn_share: ``contacts.warn_share``, the share of a contact's life that warns.
    """
    limits = {"interlocks": interlocks._asdict(), "contacts": {"warn_share": worn_share}}
    return tuple(_rule(line, settings, limits) for line in TABLE)


def web_rules(settings: AlarmSettings) -> tuple[Rule, ...]:
    """Return the rules of the web process, in the order of the alarms."""
    return tuple(_rule(line, settings, {}) for line in WEB_TABLE)


def _rule(line: Line, settings: AlarmSettings, others: Mapping[str, Mapping[str, float]]) -> Rule:
    sections: Mapping[str, Mapping[str, float]] = {"alarms": settings._asdict(), **others}

    def number(value: str | float) -> float:
        if isinstance(value, str):
            section, key = value.split(".")
            return float(sections[section][key])
        return float(value)

    return Rule(
        line.alarm,
        line.quantity,
        line.comparison,
        number(line.limit),
        float(line.hysteresis),
        number(line.delays_s[0]),
        float(line.delays_s[1]),
        line.severity,
        line.is_latched,
        line.alarm.name.lower() not in settings.off,
        line.protection,
        float(line.worse_by),
    )
