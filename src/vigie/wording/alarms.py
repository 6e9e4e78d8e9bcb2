"""Alarms in the words a person reads: what it is, what to do, what the program did, and the value that raised it."""

import math
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum

from vigie.control.alarms.catalogue import Alarm, Protection, Severity, Standing
from vigie.control.alarms.engine import Change
from vigie.control.alarms.table import ALARM_ROWS, row_named
from vigie.translatable import mark

Translate = Callable[[str], str]

_TITLES: Mapping[IntEnum, str] = {alarm: row.title for alarm, row in ALARM_ROWS.items()}
_ADVICE: Mapping[IntEnum, str] = {alarm: row.advice for alarm, row in ALARM_ROWS.items()}

_OVER = mark("It is over. Find out what caused it, and acknowledge it.")

_ACTED: Mapping[IntEnum, str] = {
    Protection.NONE: mark("The program only tells."),
    Protection.R2_OPENED: mark("The charge is stopped: R2 is open while the mains is there."),
    Protection.R2_CLOSED: mark("The battery is kept connected: R2 is closed."),
    Protection.CONTACTS_CLOSED: mark("While a needed reading is missing R1 and R2 are closed."),
    Protection.R1_CLOSED: mark("R1 is closed; a discharge test is broken off."),
}

_WORDS: Mapping[type[IntEnum], Mapping[IntEnum, str]] = {
    Severity: {
        Severity.INFO: mark("Information"),
        Severity.WARNING: mark("Warning"),
        Severity.CRITICAL: mark("Critical"),
    },
    Standing: {
        Standing.NORMAL: mark("normal"),
        Standing.UNACKNOWLEDGED: mark("present, not acknowledged"),
        Standing.ACKNOWLEDGED: mark("present, acknowledged"),
        Standing.RETURNED: mark("over, not acknowledged"),
        Standing.LATCHED: mark("over, kept until acknowledged"),
        Standing.SHELVED: mark("shelved"),
    },
    Change: {
        Change.NONE: mark("nothing happened"),
        Change.RAISED: mark("raised"),
        Change.RETRIGGERED: mark("raised again"),
        Change.ESCALATED: mark("got worse"),
        Change.RETURNED: mark("over"),
        Change.LATCHED: mark("over, kept until acknowledged"),
        Change.CLEARED: mark("cleared"),
        Change.ACKNOWLEDGED: mark("acknowledged"),
        Change.SHELVED: mark("shelved"),
        Change.UNSHELVED: mark("taken off the shelf"),
        Change.SHELF_ENDED: mark("the time on the shelf is over"),
        Change.CHATTERING: mark("comes and goes"),
    },
}

_DETAILS: Mapping[str, str] = {
    "battery": mark("battery meter"),
    "charge": mark("charge meter"),
    "load": mark("load meter"),
    "spare": mark("spare meter"),
    "thermometer": mark("battery thermometer"),
    "ambient": mark("room thermometer"),
    "r1": "R1",
    "r2": "R2",
    "r3": "R3",
    "r4": "R4",
    "no_effect": mark("no effect"),
    "welded": mark("welded"),
    "dead": mark("dead"),
    "swapped": mark("R1 and R2 exchanged"),
    "reversed": mark("open and closed exchanged"),
    "v1_against_v2": mark("V1 against V2"),
    "battery_against_air": mark("battery thermometer against the air's"),
}

_UNITS: Mapping[str, str] = {
    "degC": "°C",
    "d": mark("days"),
    "1/h": mark("movements in an hour"),
}


def title(alarm: str, translate: Translate) -> str:
    """Return what an alarm is, in a few words; a name this version does not know stays readable.

    >>> title("mains_lost", str)
    'Mains lost'
    """
    return _of(_TITLES, Alarm, alarm, translate)


def advice(alarm: str, translate: Translate) -> str:
    """Return what a person should do about an alarm; nothing for a name this version does not know."""
    return _of(_ADVICE, Alarm, alarm, translate) if alarm.upper() in Alarm.__members__ else ""


def to_do(alarm: str, stands: str, is_present: bool, translate: Translate) -> str:
    """Return what a person should do about an alarm as it stands: once it is over, nobody acts on what was.

    One that is kept until acknowledged still says what must be looked at first.

    >>> to_do("mains_lost", "returned", False, str)
    'It is over. Find out what caused it, and acknowledge it.'
    """
    if is_present or stands == Standing.LATCHED.name.lower():
        return advice(alarm, translate)
    return translate(_OVER)


def acted(protection: str, translate: Translate) -> str:
    """Return what the program does by itself while the alarm's condition holds.

    >>> acted("r2_closed", str)
    'The battery is kept connected: R2 is closed.'
    """
    return _of(_ACTED, Protection, protection, translate)


def severity(name: str, translate: Translate) -> str:
    """Return the words for a severity's lower-case name."""
    return _of(_WORDS[Severity], Severity, name, translate)


def standing(name: str, translate: Translate) -> str:
    """Return the words for a standing's lower-case name."""
    return _of(_WORDS[Standing], Standing, name, translate)


def change(name: str, translate: Translate) -> str:
    """Return the words for a change's lower-case name.

    >>> change("retriggered", str)
    'raised again'
    """
    return _of(_WORDS[Change], Change, name, translate)


def describe_value(alarm: str, value: float | None, unit: str, detail: Sequence[str], translate: Translate) -> str:
    """Return an alarm's value in words: what it concerns, or number and unit; empty when the title says it all.

    >>> describe_value("sensor_lost", 18.0, "", ["charge", "thermometer"], str)
    'charge meter, battery thermometer'
    >>> describe_value("battery_warm", 41.25, "degC", [], str)
    '41.2 °C'
    >>> describe_value("disk_nearly_full", 0.934, "", [], str)
    '93 %'
    >>> describe_value("mains_lost", 1.0, "", [], str)
    ''
    """
    if detail:
        return ", ".join(translate(_DETAILS[name]) if name in _DETAILS else name for name in detail)
    if value is None or math.isnan(value):
        return ""
    row = row_named(alarm)
    if row is not None and row.is_share:
        return f"{value:.0%}".replace("%", " %")
    if not unit:
        return ""
    if unit == "s":
        return _lasting(value)
    digits = {"V": 2, "degC": 1, "K": 1, "d": 1, "h": 1}.get(unit, 0)
    return f"{value:.{digits}f} {translate(_UNITS.get(unit, unit))}"


def vocabulary(translate: Translate) -> dict[str, dict[str, str]]:
    """Return all words by kind and lower-case name, for a page's script."""
    tables: Mapping[str, Mapping[IntEnum, str]] = {
        "alarm": _TITLES,
        "advice": _ADVICE,
        "acted": _ACTED,
        **{kind.__name__.lower(): words for kind, words in _WORDS.items()},
    }
    words = {kind: {member.name.lower(): translate(text) for member, text in t.items()} for kind, t in tables.items()}
    return words | {"detail": {name: translate(text) for name, text in _DETAILS.items()}}


def _of(words: Mapping[IntEnum, str], kind: type[IntEnum], name: str, translate: Translate) -> str:
    if name.upper() in kind.__members__:
        return translate(words[kind[name.upper()]])
    return name.replace("_", " ")


def _lasting(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} h"
