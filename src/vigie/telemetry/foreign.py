"""Another program's log: a CSV file of whatever make, read row by row into periods; every fault is told."""

import codecs
import csv
import hashlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import NO_SENSOR, ChannelMean, Contact, Contacts, Measurement, Status, Temperature
from vigie.errors import RecordingError
from vigie.telemetry.foreign_cells import Reading, instant_s, is_number, number
from vigie.telemetry.foreign_columns import TIME, Column, recognise
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.schema import CHANNELS

_HEADER_WITHIN = 60
_MOST_FAULTS = 20
_NOTHING = {"", "-", "--", "nan", "null", "none", "n/a", "na"}
_LIMITS = {"v": ("V", -1e3, 1e3), "a": ("A", -1e5, 1e5), "w": ("W", -1e7, 1e7), "c": ("degC", -100.0, 1000.0)}
_UNSEEN = ChannelMean(
    math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 0, 0, int(Status.ABSENT), is_valid=False
)
_CONTACTS = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN)
"""No log tells them; the columns of an imported log do not show them."""


class Form(NamedTuple):
    """How the file writes what it holds."""

    encoding: str
    delimiter: str
    header: list[str]
    header_line: int
    sha256: str


class Fault(NamedTuple):
    """A row, or a part of it, that was not used."""

    line: int
    reason: str


def examine(path: Path) -> Form:
    """Return how a file is written; reads it once through.

    Raises:
        RecordingError: it cannot be read, is no text, or has no line that looks like names of columns.
    """
    try:
        encoding, digest = _encoding(path)
        with path.open(encoding=encoding, newline="") as file:
            lines = [line for _, line in zip(range(_HEADER_WITHIN), file, strict=False)]
    except (OSError, UnicodeError) as error:
        raise RecordingError(f"log {path} cannot be read: {error}") from error
    forms = [form for form in (_named(line, place + 1, encoding, digest) for place, line in enumerate(lines)) if form]
    if not forms:
        raise RecordingError(f"log {path}: no line with names of columns among the first {_HEADER_WITHIN}")
    # many loggers say a few things about themselves first
    return next((form for form in forms if len(recognise(form.header)) > 1), forms[0])


def _named(line: str, line_number: int, encoding: str, digest: str) -> Form | None:
    delimiter = max(";\t|,", key=line.count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    is_header = len(names) > 1 and any(names[1:]) and not any(is_number(name) for name in names)
    return Form(encoding, delimiter, names, line_number, digest) if is_header else None


def _encoding(path: Path) -> tuple[str, str]:
    digest = hashlib.sha256()
    encoding, decoder = "utf-8-sig", codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(2)
        file.seek(0)
        if start in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            encoding = "utf-16"
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            if encoding == "utf-8-sig":
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    encoding = "cp1252"
            if encoding != "utf-16" and b"\0" in chunk:
                raise RecordingError(f"log {path} is no text file: it has zero bytes")
    return encoding, digest.hexdigest()


class ForeignLog:
    """Reads the rows and counts what it leaves out while :meth:`periods` is worked through."""

    def __init__(self, path: Path, form: Form, columns: Sequence[Column], reading: Reading) -> None:
        """Prepare to read ``columns`` of ``path``.

        Raises:
            RecordingError: there is no column of the time, or nothing beside it.
        """
        times = [column for column in columns if column.quantity == TIME]
        self._values = [column for column in columns if column.quantity != TIME]
        if not times or not self._values:
            raise RecordingError(
                f"log {path}: {'no column of the time' if not times else 'no column of a voltage, current, power or '}"
                f"{'' if not times else 'temperature'} is recognised among {', '.join(form.header)}; "
                "name them with --columns time=...,battery_v=..."
            )
        self._path, self._form, self._time, self._reading = path, form, times[0], reading
        self._last_place = max(place for column in columns for place in column.places)
        self._last_s = {"electric": -math.inf, "thermal": -math.inf}
        self.faults: list[Fault] = []
        """The first of them."""
        self.left_out = 0
        """How many there were."""
        self.rows = 0
        self.place = 0
        """Bytes of the file that are read, roughly: characters."""

    def periods(self) -> Iterator[PeriodRecord]:
        """Yield the rows in the order of the file.

        Voltages, currents and powers are one series, temperatures another; what is not later than the value before
        in its own series is left out and told.

        Raises:
            RecordingError: the file cannot be read to its end.
        """
        try:
            with self._path.open(encoding=self._form.encoding, newline="") as file:
                lines = csv.reader(self._counted(file), delimiter=self._form.delimiter)
                for cells in lines:
                    line = self._form.header_line + lines.line_num
                    if any(cell.strip() for cell in cells) and (record := self._record(line, cells)) is not None:
                        self.rows += 1
                        yield record
        except (OSError, UnicodeError, csv.Error) as error:
            raise RecordingError(f"log {self._path} cannot be read to its end: {error}") from error

    def _counted(self, file: Iterator[str]) -> Iterator[str]:
        for _ in range(self._form.header_line):
            next(file, "")
        for line in file:
            self.place += len(line)
            yield line

    def _record(self, line: int, cells: list[str]) -> PeriodRecord | None:
        if len(cells) <= self._last_place or any(cell.strip() for cell in cells[len(self._form.header) :]):
            self._leave_out(line, f"{len(cells)} cells, the header has {len(self._form.header)}")
            return None
        try:
            told = " ".join(cells[place].strip() for place in self._time.places)
            utc_s = instant_s(told, self._reading, max(self._last_s.values()))
            found = [(column.quantity, self._value(column, cells)) for column in self._values]
        except ValueError as error:
            self._leave_out(line, str(error))
            return None
        values = {quantity: value for quantity, value in found if value is not None}
        if not values:
            self._leave_out(line, "no value in any column")
            return None
        self._drop_repeated(line, utc_s, values)
        return _period(utc_s, values) if values else None

    def _leave_out(self, line: int, reason: str) -> None:
        self.left_out += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(line, reason))

    def _value(self, column: Column, cells: list[str]) -> float | None:
        text = cells[column.places[0]].strip()
        if text.lower() in _NOTHING:
            return None
        value = (number(text) - column.zero) * column.per_unit
        unit, low, high = _LIMITS[column.quantity[-1]]
        if not low <= value <= high:
            raise ValueError(f"{column.header}: {value:g} {unit} outside {low:g}..{high:g} {unit}")
        is_turned = self._reading.is_discharge_positive and column.quantity.startswith(("battery_", "charge_"))
        return -value if is_turned and column.quantity.endswith(("_current_a", "_power_w")) else value

    def _drop_repeated(self, line: int, utc_s: float, values: dict[str, float]) -> None:
        for series, last_s in self._last_s.items():
            mine = [name for name in values if name.endswith("_c") == (series == "thermal")]
            if mine and utc_s > last_s:
                self._last_s[series] = utc_s
            elif mine:
                back_s = last_s - utc_s
                told = f"time runs back by {back_s:.1f} s" if back_s else "same time as the row before"
                self._leave_out(line, f"{', '.join(mine)}: {told}")
                for name in mine:
                    del values[name]


def _period(utc_s: float, values: dict[str, float]) -> PeriodRecord:
    battery, charge, load, spare = (_channel(name, values) for name in CHANNELS)
    measurement = Measurement(
        utc_s,
        battery,
        charge,
        load,
        spare,
        _temperature(values.get("temperature_c")),
        _temperature(values.get("ambient_c")),
        _CONTACTS,
        True,
    )
    return PeriodRecord(round(utc_s * 1000), measurement, Mode.OBSERVE, Phase.STEADY, Mains.UNKNOWN, _CONTACTS, False)


def _channel(name: str, values: dict[str, float]) -> ChannelMean:
    bus_v, current_a, power_w = (values.get(f"{name}_{of}", math.nan) for of in ("bus_v", "current_a", "power_w"))
    if math.isnan(bus_v) and math.isnan(current_a) and math.isnan(power_w):
        return _UNSEEN
    return ChannelMean(bus_v, math.nan, math.nan, current_a, math.nan, power_w, 1, 0, int(Status.GOOD), True)


def _temperature(celsius: float | None) -> Temperature:
    return NO_SENSOR if celsius is None else Temperature(celsius, int(Status.GOOD))
