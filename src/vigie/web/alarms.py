"""The alarms page's past: how alarms came and went, as far as the reader asked for it."""

from collections.abc import Mapping
from typing import NamedTuple

from vigie.control.alarms.catalogue import Alarm
from vigie.errors import JournalError
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind
from vigie.web.presentation import SEVERITIES

DAY_MS = 86_400_000
SPANS_DAYS = (1, 7, 30, 365)
MOST_READ, MOST_SHOWN = 2000, 100
NAMES = tuple(alarm.name.lower() for alarm in Alarm)


class Filters(NamedTuple):
    """What the reader wants to see of the past."""

    days: int
    severity: str
    """The least severity."""
    alarm: str
    """One alarm's name, or empty for all."""


class AlarmsPast(NamedTuple):
    """The changes of alarms, newest first; ``error`` says why there are none."""

    events: list[Event]
    is_cut: bool
    """There are more than are shown."""
    error: str | None


def filters_of(arguments: Mapping[str, str]) -> Filters:
    """Return the filters of a query; what makes no sense is the widest one, or a week."""
    days, severity, alarm = (arguments.get(name, "") for name in ("days", "severity", "alarm"))
    return Filters(
        int(days) if days in map(str, SPANS_DAYS) else 7,
        severity if severity in SEVERITIES else SEVERITIES[0],
        alarm if alarm in NAMES else "",
    )


def past_of(reader: JournalReader, to_utc_ms: int, filters: Filters) -> AlarmsPast:
    """Read the changes the filters let through, up to ``to_utc_ms``."""
    try:
        events = reader.events(to_utc_ms - filters.days * DAY_MS, to_utc_ms + 1, (EventKind.ALARM,), MOST_READ)
    except JournalError as error:
        return AlarmsPast([], False, str(error))
    wanted = SEVERITIES[SEVERITIES.index(filters.severity) :]
    found = [
        event
        for event in events
        if event.subject == (filters.alarm or event.subject) and event.data.get("severity", "critical") in wanted
    ]
    return AlarmsPast(found[:MOST_SHOWN], len(found) > MOST_SHOWN or len(events) == MOST_READ, None)
