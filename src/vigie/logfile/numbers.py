"""The numbers of another program's log: decimal marks, thousands, units in the cells, words for "nothing"."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

UNITS: dict[str, tuple[str, float]] = {
    "v": ("bus_v", 1.0), "mv": ("bus_v", 1e-3), "volt": ("bus_v", 1.0), "volts": ("bus_v", 1.0),
    "a": ("current_a", 1.0), "ma": ("current_a", 1e-3), "amp": ("current_a", 1.0), "amps": ("current_a", 1.0),
    "ampere": ("current_a", 1.0), "amperes": ("current_a", 1.0),
    "w": ("power_w", 1.0), "mw": ("power_w", 1e-3), "kw": ("power_w", 1e3), "watt": ("power_w", 1.0),
    "watts": ("power_w", 1.0),
    "c": ("c", 1.0), "degc": ("c", 1.0), "°c": ("c", 1.0), "celsius": ("c", 1.0),
    "f": ("c", 5 / 9), "degf": ("c", 5 / 9), "°f": ("c", 5 / 9), "fahrenheit": ("c", 5 / 9),
}  # fmt: skip
"""Unit -> (kind of quantity, SI units of one)."""
FAHRENHEIT = frozenset({"f", "degf", "°f", "fahrenheit"})
_NOTHING = frozenset({
    "nan", "null", "none", "nil", "n/a", "na", "nv", "#n/a", "#na", "#nv", "#value!", "#div/0!", "unavailable",
    "unknown", "undefined", "undef", "missing", "error", "err", "fault", "fail", "failed", "lost", "invalid", "off",
    "open", "ol", "no data", "no sensor", "disconnected", "offline", "?", "nul", "absent", "indisponible", "inconnu",
    "unbekannt", "fehler", "erreur", "defekt",
})  # fmt: skip
_MICRO = {"µv": ("bus_v", 1e-6), "μv": ("bus_v", 1e-6), "µa": ("current_a", 1e-6), "μa": ("current_a", 1e-6)}
_CELL = re.compile(r"([+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?)\s*([^\d\s.,][^\d.,]{0,11})?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*")
_SPACED = re.compile(r"(?<=\d)['’\s\u00a0\u2009\u202f](?=\d{3}(?!\d))")


class Number(NamedTuple):
    """A cell's number and the unit written behind it, empty for none."""

    value: float
    unit: str


def is_nothing(text: str) -> bool:
    """Return whether a cell says that there is no value.

    >>> [is_nothing(text) for text in ("", "---", "NaN", "unavailable", "0")]
    [True, True, True, True, False]
    """
    return not text.strip("-—–*. ") or text.lower() in _NOTHING


def number(text: str, mark: str = "") -> Number:
    """Return a number; ``mark`` is the file's decimal mark, empty where both are met.

    >>> number("12,75").value, number("1.234,5").value, number("12,700", ".").value, number("'-400 mA")
    (12.75, 1234.5, 12700.0, Number(value=-400.0, unit='ma'))

    Raises:
        ValueError: it is none, or not finite.
    """
    told = text.replace("−", "-").removeprefix("'").strip("\ufeff ")
    match = _CELL.fullmatch(_SPACED.sub("", told))
    digits = _plain(match[1], mark) if match else ""
    try:
        value = float(digits)
    except ValueError:
        is_known = told.lower().lstrip("+-") in {"inf", "infinity"}
        raise ValueError(f"{text[:40]!r} is not a {'finite ' if is_known else ''}number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]!r} is not a finite number")
    return Number(value, (match[2] or "").strip().lower() if match else "")


def _plain(digits: str, mark: str) -> str:
    if "," in digits and "." in digits:
        mark = max(",.", key=digits.rfind)
    elif not mark:
        mark = "," if "," in digits else "."
    other = "." if mark == "," else ","
    if other in digits:
        whole = digits.partition(mark)[0]
        if not _THOUSANDS.fullmatch(whole):
            return ""
    return digits.replace(other, "").replace(mark, ".")


def median(values: Sequence[float]) -> float:
    """Return the middle one (the upper of two), without a package that weighs more than the whole reader.

    >>> median([3.0, 1.0, 2.0])
    2.0
    """
    return sorted(values)[len(values) // 2]


def unit_of(name: str) -> tuple[str, float] | None:
    """Return (kind of quantity, SI units of one) of a unit, None when it is not known."""
    return UNITS.get(name) or _MICRO.get(name)


def is_number(text: str) -> bool:
    """Return whether a text is a number, with or without a unit."""
    try:
        number(text)
    except ValueError:
        return False
    return True


class Marks:
    """Watches the cells of a file for what they prove about its decimal mark."""

    def __init__(self) -> None:
        self._proven: set[str] = set()
        self.is_open = False
        """There is a cell such as 12,700, which proves nothing."""

    def see(self, text: str) -> None:
        """Take a cell that has a comma or a point."""
        match = _CELL.fullmatch(_SPACED.sub("", text.replace("−", "-").removeprefix("'").strip()))
        digits = match[1] if match else ""
        if "," in digits and "." in digits:
            self._proven.add(max(",.", key=digits.rfind))
        elif _THOUSANDS.fullmatch(digits):
            has_many = digits.count(",") + digits.count(".") > 1
            if has_many:
                self._proven.add("." if "," in digits else ",")
            self.is_open = self.is_open or "," in digits
        elif "," in digits or "." in digits:
            self._proven.add("," if "," in digits else ".")

    def proven(self) -> str | None:
        """Return the decimal mark, empty where the file has both, None when nothing is proven."""
        return None if not self._proven else "" if len(self._proven) > 1 else next(iter(self._proven))
