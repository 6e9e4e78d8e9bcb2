"""What the journal keeps: one record per control period, and every event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import Contacts, Measurement


class PeriodRecord(NamedTuple):
    """One control period: what was measured, and what stood commanded at its end."""

    utc_ms: int
    """End of the period on the plant's calendar, milliseconds since 1970-01-01 UTC."""
    measurement: Measurement
    mode: Mode
    phase: Phase
    mains: Mains
    commanded: Contacts
    is_overrun: bool
    """The period ended after its deadline."""


class EventKind(StrEnum):
    """What sort of thing happened."""

    START = "start"
    STOP = "stop"
    SWITCHING = "switching"
    COMMAND = "command"
    MODE = "mode"
    FAULT = "fault"
    FAULT_CLEARED = "fault_cleared"
    GAP = "gap"
    """Rows that could not be kept: ``data`` has from_utc_ms, to_utc_ms, periods, events."""
    CLOCK = "clock"
    """The calendar stepped against the monotonic clock: ``data`` has step_s."""
    ALARM = "alarm"
    """An alarm moved: subject is its name, before and after its standing, ``data`` what restores it."""
    CHARGE = "charge"
    """The battery is charged, or no longer held charged: after is ``charged`` or ``left``."""
    OUTAGE = "outage"
    """An outage, a drill or a charger fault began or ended: ``data`` has its record."""
    LATCH = "latch"
    """The over-temperature latch was set or released: ``data`` has is_set."""


class Event(NamedTuple):
    """Something that happened at an instant."""

    utc_ms: int
    """Plant's calendar, milliseconds since 1970-01-01 UTC."""
    kind: EventKind
    subject: str
    """What it happened to: ``R2``, ``battery``, ``mode``, ``journal``."""
    before: str
    after: str
    reason: str
    """Lower-case name of a control Reason, or empty."""
    who: str
    text: str
    data: Mapping[str, float | int | str]


LATEST_UTC_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""


def is_instant(utc_ms: float) -> bool:
    """Tell whether a number can be an instant: from 1970 to 9999. NaN cannot.

    >>> is_instant(1_792_000_000_250), is_instant(-1), is_instant(2**62)
    (True, False, False)
    """
    return 0 <= utc_ms <= LATEST_UTC_MS


def iso_utc(utc_ms: int) -> str:
    """Return an instant in ISO 8601 with milliseconds; beyond the year 9999 only its milliseconds.

    >>> iso_utc(1_792_000_000_250)
    '2026-10-14T17:46:40.250Z'
    """
    seconds, ms = divmod(utc_ms, 1000)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
    except (ValueError, OverflowError, OSError):
        return f"{utc_ms} ms"
