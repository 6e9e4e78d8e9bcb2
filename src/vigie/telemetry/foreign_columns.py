"""Which column of another program's log holds what: told from its name and the unit in it."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vigie.errors import RecordingError

TIME = "time"
_TEMPERATURE = {"temperature", "température", "temperatur", "temp", "t"}  # codespell:ignore temperatur
_WORDS = {
    "bus_v": {"voltage", "volt", "volts", "tension", "spannung", "u", "v", "mv"},
    "current_a": {"current", "courant", "strom", "i", "amp", "amps", "ampere", "amperes", "a", "ma"},
    "power_w": {"power", "puissance", "leistung", "p", "watt", "watts", "w", "mw", "kw"},
    "c": _TEMPERATURE | {"c", "degc", "°c", "celsius", "f", "degf", "°f"},
}
_CHANNELS = {
    "battery": {"battery", "batt", "bat", "batterie", "v1"},
    "charge": {"charge", "charger", "charging", "chargeur", "ladegerät", "v2"},
    "load": {"load", "loads", "verbraucher", "last", "v3"},
    "spare": {"spare", "v4"},
}
_AMBIENT = {"ambient", "ambiant", "ambiante", "air", "room", "umgebung"}
_TIMES = {"time", "timestamp", "datetime", "utc", "epoch", "unix", "horodatage", "zeit", "zeitstempel", "temps"}
_DATES = {"date", "datum", "day", "jour"}
_CLOCKS = {"time", "heure", "zeit", "uhrzeit", "clock"}
_FILL = {"mean", "avg", "average", "value", "bus", "of", "the", "in", "de", "du", "la"}
_UNITS = {
    "v": ("bus_v", 1.0), "mv": ("bus_v", 1e-3), "volt": ("bus_v", 1.0), "volts": ("bus_v", 1.0),
    "a": ("current_a", 1.0), "ma": ("current_a", 1e-3), "amp": ("current_a", 1.0), "amps": ("current_a", 1.0),
    "ampere": ("current_a", 1.0), "amperes": ("current_a", 1.0),
    "w": ("power_w", 1.0), "mw": ("power_w", 1e-3), "kw": ("power_w", 1e3),
    "c": ("c", 1.0), "degc": ("c", 1.0), "°c": ("c", 1.0), "celsius": ("c", 1.0),
    "f": ("c", 5 / 9), "degf": ("c", 5 / 9), "°f": ("c", 5 / 9),
}  # fmt: skip
_FAHRENHEIT = {"f", "degf", "°f"}


class Column(NamedTuple):
    """One column that is used."""

    places: tuple[int, ...]
    """Where in a row; two for a date and a time of day."""
    header: str
    quantity: str
    """``time``, ``battery_bus_v``, ``load_current_a``, ``temperature_c``, ``ambient_c``, ..."""
    per_unit: float
    """SI units of one unit of the file."""
    zero: float = 0.0
    """What the file calls 0 of the SI unit: 32 in degrees Fahrenheit."""


def recognise(header: Sequence[str]) -> list[Column]:
    """Return the columns whose names say what they hold, each quantity once; the time first when there is one.

    A name with a word that is not understood is left alone: a wrong guess would be worse than a question.
    """
    found: dict[str, Column] = {}
    time = _time_of(header)
    if time is not None:
        found[TIME] = time
    for place, name in enumerate(header):
        known = None if time is not None and place in time.places else quantity_named(name)
        if known is not None:
            quantity, per_unit, zero = known
            found.setdefault(quantity, Column((place,), name, quantity, per_unit, zero))
    return list(found.values())


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
        known = (TIME, 1.0, 0.0) if key == TIME else quantity_named(key)
        if known is None:
            raise RecordingError(
                f"no quantity {key!r}: name time, battery_v, battery_a, battery_w (or charge_, load_, spare_), "
                "temperature_c, ambient_c; with _mv, _ma, _mw for thousandths"
            )
        columns.append(Column(tuple(header.index(name) for name in names), value, *known))
    quantities = [column.quantity for column in columns]
    twice = next((one for one in quantities if quantities.count(one) > 1), None)
    if twice is not None:
        raise RecordingError(f"{twice} is named twice")
    return columns


def quantity_named(name: str) -> tuple[str, float, float] | None:
    """Return (quantity, SI units per unit, zero) that a column's name tells, None when it tells no or several.

    >>> quantity_named("Battery voltage (mV)"), quantity_named("temp")
    (('battery_bus_v', 0.001, 0.0), ('temperature_c', 1.0, 0.0))
    >>> quantity_named("end_voltage_v_per_cell") is None
    True
    """
    words = [word for word in re.split(r"[^\w°]+|_", name.strip().lower()) if word]
    kinds = {kind for word in words for kind, known in _WORDS.items() if word in known}
    channels = {channel for word in words for channel, known in _CHANNELS.items() if word in known}
    is_ambient = any(word in _AMBIENT for word in words)
    known = set().union(_FILL, _AMBIENT, *_WORDS.values(), *_CHANNELS.values())
    # "v1" alone is the voltage of the battery's channel
    kinds = kinds or ({"bus_v"} if len(words) == 1 and words[0] in {"v1", "v2", "v3", "v4"} else set())
    if len(kinds) != 1 or len(channels) > 1 or not known.issuperset(words):
        return None
    (kind,) = kinds
    units = [_UNITS[word][1] for word in words if _UNITS.get(word, ("",))[0] == kind]
    per_unit = units[-1] if units else 1.0
    if kind == "c":
        zero = 32.0 if _FAHRENHEIT.intersection(words) else 0.0
        is_battery = channels <= {"battery"} and not is_ambient
        return ("temperature_c" if is_battery else "ambient_c", per_unit, zero) if is_battery or not channels else None
    if is_ambient:
        return None
    return f"{next(iter(channels), 'battery')}_{kind}", per_unit, 0.0


def _time_of(header: Sequence[str]) -> Column | None:
    words = [set(re.split(r"[^\w]+|_", name.strip().lower())) - {""} for name in header]
    dates = [place for place, said in enumerate(words) if said and said <= _DATES]
    clocks = [place for place, said in enumerate(words) if said and said <= _CLOCKS]
    if dates and clocks:
        return Column((dates[0], clocks[0]), f"{header[dates[0]]}+{header[clocks[0]]}", TIME, 1.0)
    for place, said in enumerate(words):
        if said & (_TIMES | _DATES) and said <= _TIMES | _DATES | {"s", "ms", "local", "iso", "and", "of"}:
            return Column((place,), header[place], TIME, 1.0)
    return None
