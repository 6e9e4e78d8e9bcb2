"""The rules that the table of alarms becomes with the settings in force."""

from collections.abc import Mapping
from typing import NamedTuple

from vigie.control.alarms.catalogue import Alarm, Protection, Severity
from vigie.control.alarms.row import AlarmRow, Comparison
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.alarms.table import TABLE, WEB_TABLE
from vigie.control.interlocks import InterlockSettings

__all__ = ["AlarmSettings", "Comparison", "Rule", "rules", "web_rules"]


class Rule(NamedTuple):
    """When one alarm is raised and when it returns."""

    alarm: Alarm
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


def rules(settings: AlarmSettings, interlocks: InterlockSettings, worn_share: float) -> tuple[Rule, ...]:
    """Return the controller's rules, in the order of the alarms.

    Args:
        settings: checked, section [alarms].
        interlocks: the over-temperature limit comes from here.
        worn_share: ``contacts.warn_share``, the share of a contact's life that warns.
    """
    limits = {"interlocks": interlocks._asdict(), "contacts": {"warn_share": worn_share}}
    return tuple(_rule(row, settings, limits) for row in TABLE)


def web_rules(settings: AlarmSettings) -> tuple[Rule, ...]:
    """Return the rules of the web process, in the order of the alarms."""
    return tuple(_rule(row, settings, {}) for row in WEB_TABLE)


def _rule(row: AlarmRow, settings: AlarmSettings, others: Mapping[str, Mapping[str, float]]) -> Rule:
    sections: Mapping[str, Mapping[str, float]] = {"alarms": settings._asdict(), **others}

    def number(value: str | float) -> float:
        if isinstance(value, str):
            section, key = value.split(".")
            return float(sections[section][key])
        return float(value)

    return Rule(
        row.alarm,
        row.comparison,
        number(row.limit),
        float(row.hysteresis),
        number(row.delays_s[0]),
        float(row.delays_s[1]),
        row.severity,
        row.is_latched,
        row.name not in settings.off,
        row.protection,
        float(row.worse_by),
    )
