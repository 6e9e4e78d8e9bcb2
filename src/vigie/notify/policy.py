"""Which change of an alarm is worth a message, and what has been told of it so far. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from math import isfinite

from vigie.control.alarms.catalogue import Severity
from vigie.telemetry.outbox import AlarmEvent, TrackedAlarm


class MessageKind(StrEnum):
    """What a message is about."""

    RAISED = "raised"
    ESCALATED = "escalated"
    RETRIGGERED = "retriggered"
    CHATTERING = "chattering"
    OVER = "over"
    REMINDER = "reminder"
    DIGEST = "digest"
    ALIVE = "alive"
    TEST = "test"


ABOUT_ONE_ALARM = frozenset(
    {MessageKind.RAISED, MessageKind.ESCALATED, MessageKind.RETRIGGERED, MessageKind.CHATTERING, MessageKind.OVER}
)
"""Kinds that a digest may stand for."""
URGENT = frozenset({MessageKind.RAISED, MessageKind.ESCALATED})
REMINDED_STANDINGS = frozenset({"unacknowledged", "latched"})

_ENDS = frozenset({"returned", "latched", "cleared"})
_BACK_FROM_SHELF = frozenset({"unshelved", "shelf_ended"})
_STANDS_UNNOTED = "unacknowledged"
_PRESENT = frozenset({_STANDS_UNNOTED, "acknowledged", "shelved"})
_RAISES = frozenset({MessageKind.RAISED, MessageKind.RETRIGGERED, MessageKind.CHATTERING})


def follow(known: TrackedAlarm | None, event: AlarmEvent, now_utc_ms: int) -> tuple[TrackedAlarm, MessageKind | None]:
    """Return what is known of the alarm after an event, and the kind of message the event is worth, if any.

    Args:
        known: of this alarm; None when nothing was ever told.
        event: its newest change.
        now_utc_ms: machine's calendar.
    """
    raised_utc_ms = number(event.data, "raised_utc_ms", event.utc_ms)
    severity = severity_of(event.data)
    kind = _kind(known, event, raised_utc_ms)
    is_end = event.change in _ENDS or kind == MessageKind.OVER
    is_new = known is None or (event.change == "raised" and kind is not None)
    after = TrackedAlarm(
        alarm=event.alarm,
        standing=event.after,
        severity=severity if is_new or known is None else max(severity, known.severity),
        first_utc_ms=raised_utc_ms if is_new or known is None else known.first_utc_ms,
        raised_utc_ms=raised_utc_ms,
        is_over=is_end or (kind is None and (known is None or known.is_over)),
        is_from_memory=event.id == 0,
        reminded_utc_ms=now_utc_ms if kind is not None or known is None else known.reminded_utc_ms,
        data=dict(event.data),
    )
    return after, kind


def _kind(known: TrackedAlarm | None, event: AlarmEvent, raised_utc_ms: int) -> MessageKind | None:
    stands = known is not None and not known.is_over
    if event.change in _ENDS:
        return MessageKind.OVER if stands else None
    if event.change in _BACK_FROM_SHELF:
        if event.after == _STANDS_UNNOTED:
            return MessageKind.RETRIGGERED
        return MessageKind.OVER if stands and event.after not in _PRESENT else None
    if known is not None and stands and event.change in _RAISES and _is_told(known, event, raised_utc_ms):
        return None
    return MessageKind(event.change) if event.change in ABOUT_ONE_ALARM else None


def _is_told(known: TrackedAlarm, event: AlarmEvent, raised_utc_ms: int) -> bool:
    """Return whether this very occurrence was told before its event was read."""
    return known.is_from_memory or (event.change == MessageKind.RAISED and known.raised_utc_ms == raised_utc_ms)


def severity_of(data: Mapping[str, float | int | str]) -> Severity:
    """Return the severity an event names; one this version does not know counts as a warning."""
    name = str(data.get("severity", "")).upper()
    return Severity[name] if name in Severity.__members__ else Severity.WARNING


def number(data: Mapping[str, float | int | str], name: str, otherwise: int) -> int:
    """Return a whole number out of an event's data."""
    value = data.get(name)
    return int(value) if isinstance(value, int | float) and isfinite(value) else otherwise
