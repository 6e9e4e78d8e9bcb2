"""Which column of another program's log holds what: told from its name and the unit in it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from vigie.errors import RecordingError
from vigie.logfile.numbers import FAHRENHEIT, UNITS

TIME = "time"
_TEMPERATURE = {"temperature", "temperatur", "temp", "t"}  # codespell:ignore temperatur
_WORDS = {
    "bus_v": {"voltage", "volt", "volts", "tension", "spannung", "u", "v", "mv"},
    "current_a": {"current", "courant", "intensite", "strom", "i", "amp", "amps", "ampere", "amperes", "a", "ma"},
    "power_w": {"power", "puissance", "leistung", "p", "watt", "watts", "w", "mw", "kw"},
    "c": _TEMPERATURE | {"c", "degc", "°c", "celsius", "f", "degf", "°f", "fahrenheit"},
}
_CHANNELS = {
    "battery": {"battery", "batt", "bat", "batterie", "akku", "accu", "v1"},
    "charge": {"charge", "charger", "charging", "chargeur", "ladegerat", "lade", "ladung", "v2"},
    "load": {"load", "loads", "verbraucher", "last", "v3"},
    "spare": {"spare", "v4"},
}
_AMBIENT = {"ambient", "ambiant", "ambiante", "air", "room", "umgebung", "umgebungs", "raum", "aussen", "exterieure"}
_DATES = {"date", "datum", "day", "jour"}
_CLOCKS = {"time", "heure", "zeit", "uhrzeit", "clock"}
_TIMES = {
    "timestamp",
    "datetime",
    "utc",
    "epoch",
    "unix",
    "horodatage",
    "horodate",
    "zeitstempel",
    "zeitpunkt",
    "temps",
}
_COUNTERS = {"uptime", "elapsed", "runtime", "seconds", "secondes", "sekunden", "millis"}
_TIME_UNITS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "secondes": 1.0, "sekunden": 1.0, "ms": 1e-3, "millis": 1e-3,
               "min": 60.0, "minutes": 60.0, "h": 3600.0, "hours": 3600.0}  # fmt: skip
_STAMPS = {("last", "changed"), ("last", "updated"), ("time", "stamp"), ("recorded", "at"), ("created", "at")}
_TIME_FILL = {"local", "locale", "iso", "and", "of", "et", "und", "gmt", "the", "de", "la", "us", "ns"}
_FILL = {
    "mean", "avg", "average", "value", "bus", "of", "the", "in", "de", "du", "la", "le", "l", "d", "der", "die",
    "sensor", "dc", "measured", "reading", "wert", "valeur", "moyenne", "mittelwert",
}  # fmt: skip
_SHORT = {"v", "u", "i", "t", "p"}
"""Letters that stand for a quantity before or behind a channel: Vbat, battI."""
_KNOWN = frozenset().union(_FILL, _AMBIENT, *_WORDS.values(), *_CHANNELS.values())
_PARTS = frozenset(word for word in _KNOWN.union(_DATES, _CLOCKS) if len(word) > 2)


class Column(NamedTuple):
    """One column that is used."""

    places: tuple[int, ...]
    """Where in a row; two for a date and a time of day."""
    header: str
    quantity: str
    """``time``, ``battery_bus_v``, ``load_current_a``, ``temperature_c``, ``ambient_c``, ..."""
    per_unit: float = 1.0
    """SI units of one unit of the file; seconds of a clock that counts."""
    zero: float = 0.0
    """What the file calls 0 of the SI unit: 32 in degrees Fahrenheit."""
    has_unit: bool = False
    """The name says the unit."""
    is_chosen: bool = False
    """A person has said what it holds."""
    words: frozenset[str] = frozenset()
    """Cells that count as 1, all others as 0: a column of words."""


class Meaning(NamedTuple):
    """What the name of a column says."""

    quantity: str
    per_unit: float
    zero: float
    has_unit: bool
    has_channel: bool


def recognise(header: Sequence[str]) -> list[Column]:
    """Return the columns whose names say what they hold, each quantity once; the time first when there is one.

    A name with a word that is not understood is left alone: a wrong guess would be worse than a question.

    Raises:
        RecordingError: two columns may be the same quantity.
    """
    time = _time_of(header)
    found: dict[str, list[tuple[bool, Column]]] = {}
    for place, name in enumerate(header):
        known = None if time is not None and place in time.places else quantity_named(name)
        if known is not None:
            column = Column((place,), name, *known[:4])
            found.setdefault(known.quantity, []).append((known.has_channel, column))
    return [*([time] if time else []), *(_one_of(quantity, every) for quantity, every in found.items())]


def is_log_header(header: Sequence[str]) -> bool:
    """Return whether these names hold a time and something beside it."""
    return _time_of(header) is not None and any(quantity_named(name) is not None for name in header)


def _one_of(quantity: str, every: Sequence[tuple[bool, Column]]) -> Column:
    named = [column for has_channel, column in every if has_channel] or [column for _, column in every]
    if len(named) > 1:
        names = ", ".join(column.header for column in named)
        raise RecordingError(
            f"{quantity} may be any of the columns {names}: name those to be used, --columns time=...,"
            f"{quantity.replace('bus_', '').replace('current_', '').replace('power_', '')}={named[0].header}"
        )
    return named[0]


def chosen(header: Sequence[str], choice: Mapping[str, str]) -> list[Column]:
    """Return the columns that a person named: ``{"time": "Date+Time", "battery_mv": "U1"}``.

    Raises:
        RecordingError: no such column, or no such quantity.
    """
    columns = []
    for key, value in choice.items():
        names = value.split("+") if key == TIME and value not in header else [value]
        absent = [name for name in names if name not in header]
        if absent:
            raise RecordingError(f"no column {absent[0]!r}; the file has {', '.join(header)}")
        known = quantity_named(key)
        if key == TIME:
            known = Meaning(TIME, *_time_unit(value), has_channel=True)
        if known is None:
            raise RecordingError(
                f"no quantity {key!r}: name time, battery_v, battery_a, battery_w (or charge_, load_, spare_), "
                "temperature_c, ambient_c; with _mv, _ma, _mw for thousandths"
            )
        places = tuple(header.index(name) for name in names)
        columns.append(Column(places, value, *known[:4], is_chosen=True))
    quantities = [column.quantity for column in columns]
    twice = next((one for one in quantities if quantities.count(one) > 1), None)
    if twice is not None:
        raise RecordingError(f"{twice} is named twice")
    return columns


def words_of(name: str) -> list[str]:
    """Return a name's words: camel case and compounds taken apart, without accents, in lower case.

    >>> words_of("batteryVoltage (mV)"), words_of("Batteriespannung"), words_of("Vbat"), words_of("Intensité")
    (['battery', 'voltage', 'mv'], ['batterie', 'spannung'], ['v', 'bat'], ['intensite'])
    """
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", name.replace("ß", "ss")) if not unicodedata.combining(letter)
    )
    tokens = [token for token in re.split(r"[^\w°]+|_", plain.strip()) if token]
    words: list[str] = []
    for token in tokens:
        if token.lower() in _KNOWN or token.lower() in UNITS:
            words.append(token.lower())
        else:
            humps = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", token).lower().split()
            words += [part for hump in humps for part in _parts(hump)]
    return words


@lru_cache(maxsize=512)
def _parts(word: str) -> tuple[str, ...]:
    """Return the known words a compound is made of, the whole when it is of others."""
    if word in _KNOWN or word in _TIMES:
        return (word,)
    channels = frozenset().union(*_CHANNELS.values())
    for short, rest in ((word[:1], word[1:]), (word[-1:], word[:-1])):
        if short in _SHORT and len(rest) > 2 and rest in channels:
            return (short, rest) if word.startswith(short) else (rest, short)
    for cut in range(len(word) - 3, 2, -1):
        left, right = word[:cut], _parts(word[cut:])
        if left in _PARTS and all(part in _PARTS for part in right):
            return (left, *right)
    return (word,)


def quantity_named(name: str) -> Meaning | None:
    """Return what a column's name tells, None when it tells nothing or several things.

    >>> quantity_named("Battery voltage (mV)")
    Meaning(quantity='battery_bus_v', per_unit=0.001, zero=0.0, has_unit=True, has_channel=True)
    >>> quantity_named("end_voltage_v_per_cell") is None
    True
    """
    words = words_of(name)
    kinds = {kind for word in words for kind, known in _WORDS.items() if word in known}
    channels = {channel for word in words for channel, known in _CHANNELS.items() if word in known}
    is_ambient = any(word in _AMBIENT for word in words)
    # "v1" alone is the voltage of the battery's channel
    kinds = kinds or ({"bus_v"} if len(words) == 1 and words[0] in {"v1", "v2", "v3", "v4"} else set())
    if len(kinds) != 1 or len(channels) > 1 or not _KNOWN.issuperset(words):
        return None
    (kind,) = kinds
    # one letter may be the sign of the quantity and not its unit, except behind it: "V", "U V"
    units = [word for word in words if UNITS.get(word, ("",))[0] == kind]
    per_unit = min((UNITS[word][1] for word in units), key=lambda unit: unit == 1.0, default=1.0)
    has_unit = per_unit != 1.0 or _says_unit(words, units)
    if kind == "c":
        zero = 32.0 if FAHRENHEIT.intersection(words) else 0.0
        is_battery = channels <= {"battery"} and not is_ambient
        if not is_battery and channels:
            return None
        return Meaning("temperature_c" if is_battery else "ambient_c", per_unit, zero, has_unit, bool(channels))
    if is_ambient:
        return None
    return Meaning(f"{next(iter(channels), 'battery')}_{kind}", per_unit, 0.0, has_unit, bool(channels))


def _says_unit(words: Sequence[str], units: Sequence[str]) -> bool:
    """Return whether a unit stands behind the name of the quantity: "voltage V", "battery_v", not "V" or "Vbat"."""
    return bool(units) and len(words) > 1 and words[-1] in units and words[-1] not in {"volt", "amp"}


def _time_of(header: Sequence[str]) -> Column | None:
    said = [tuple(words_of(name)) for name in header]
    dates = [place for place, words in enumerate(said) if words and set(words) <= _DATES]
    clocks = [place for place, words in enumerate(said) if words and set(words) <= _CLOCKS]
    if dates and clocks:
        return Column((dates[0], clocks[0]), f"{header[dates[0]]}+{header[clocks[0]]}", TIME)
    every = _TIMES | _DATES | _CLOCKS | _COUNTERS
    for place, words in enumerate(said):
        if words in _STAMPS or (every.intersection(words) and set(words) <= every | _TIME_FILL | _TIME_UNITS.keys()):
            per_unit, zero, has_unit = _time_unit(header[place])
            return Column((place,), header[place], TIME, per_unit, zero, has_unit)
    return None


def _time_unit(name: str) -> tuple[float, float, bool]:
    units = [_TIME_UNITS[word] for word in re.split(r"[^a-z]+", name.lower()) if word in _TIME_UNITS]
    return (units[-1] if units else 1.0), 0.0, bool(units)
