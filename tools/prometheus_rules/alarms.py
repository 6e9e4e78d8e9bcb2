"""One Prometheus alert for every alarm of the controller, in the words of Vigie's own messages."""

from typing import NamedTuple

from vigie.control.alarms.catalogue import Severity
from vigie.control.alarms.row import AlarmRow
from vigie.control.alarms.table import TABLE
from vigie.wording.alarms import advice, title
from vigie.wording.words import translator

PATIENCE = {Severity.CRITICAL: "5m", Severity.WARNING: "15m", Severity.INFO: "1h"}
"""Vigie tells people itself and first; Prometheus tells those who have heard nothing or done nothing."""


class Alert(NamedTuple):
    """One alerting rule and what its annotations say, by name."""

    name: str
    alarm: str
    expression: str
    patience: str
    severity: str
    annotations: tuple[tuple[str, str], ...]


def alerts() -> list[Alert]:
    """Return the alerts, in the order of the alarms."""
    return [_alert(row) for row in TABLE]


def _alert(row: AlarmRow) -> Alert:
    alarm, severity = row.name, row.severity
    annotations = []
    for language, ending, colon in (("fr", "", "\N{NO-BREAK SPACE}:"), ("en", "_en", ":")):
        translate = translator(language)
        annotations += [
            (f"summary{ending}", f"{{{{ $labels.site }}}}{colon} {title(alarm, translate)}"),
            (f"description{ending}", advice(alarm, translate)),
        ]
    return Alert(
        "Vigie" + "".join(word.capitalize() for word in alarm.split("_")),
        alarm,
        _expression(alarm, row),
        PATIENCE[severity],
        severity.name.lower(),
        tuple(annotations),
    )


def _expression(alarm: str, row: AlarmRow) -> str:
    """Return what fires: a serious or latched alarm until somebody acknowledges it, another one while it lasts too."""
    waiting = f'vigie_alarm_unacknowledged{{alarm="{alarm}"}} == 1'
    if row.severity == Severity.CRITICAL or row.is_latched:
        return waiting
    return f'{waiting} and vigie_alarm_present{{alarm="{alarm}"}} == 1'
