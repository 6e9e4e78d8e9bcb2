"""A file judged as a whole before a row of it is taken: clock, order of dates, decimal mark, unit of the voltage."""

import math
from array import array
from typing import NamedTuple

from vigie.errors import RecordingError
from vigie.logfile.columns import TIME, Column
from vigie.logfile.instants import Clocks, TimeForm
from vigie.logfile.numbers import Marks, is_nothing, median, number
from vigie.logfile.reading import DateOrder, Decimal, ReadingSettings
from vigie.logfile.source import Source

_BATTERY_V = (1.0, 1000.0)
"""Median voltages that a battery may have: a cell, a string of the largest plants."""
_MILLI = 1e-3
_STRAY_SHARE = 0.05
_SAMPLES = 2000


class Judgement(NamedTuple):
    """How every row of a file is to be understood."""

    time: TimeForm
    mark: str
    """Decimal mark, empty where both are met."""
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    """What was judged and a person should know."""


def survey(source: Source, reading: ReadingSettings) -> Judgement:
    """Judge a file by all its rows.

    Raises:
        OSError: the file cannot be read to its end.
        RecordingError: it can be understood in several ways; the message says how to choose.
    """
    source.judge_widths()
    time = next(column for column in source.columns if column.quantity == TIME)
    values = [column for column in source.columns if column.quantity != TIME and not column.words]
    clocks, marks = Clocks(), Marks()
    voltage = _Voltage(next((column for column in values if column.quantity == "battery_bus_v"), None))
    places = [column.places[0] for column in values]
    is_pointed = False
    for _, cells in source.rows(lambda _line, _reason: None):
        clocks.see(cells[time.places[0]] if len(time.places) == 1 else " ".join(cells[place] for place in time.places))
        for place in places:
            cell = cells[place]
            if "," in cell or (not is_pointed and "." in cell):
                marks.see(cell)
                is_pointed = "." in (marks.proven() or "")
        voltage.see(cells)
    mark = _mark(marks, voltage, reading)
    columns, notes = _scaled(source, voltage, mark)
    return Judgement(_time_form(source, clocks, time, reading), mark, tuple(columns), tuple(notes))


def _time_form(source: Source, clocks: Clocks, column: Column, reading: ReadingSettings) -> TimeForm:
    kind = clocks.kind(column.has_unit)
    zone = reading.zone()
    if kind == "calendar":
        return TimeForm(kind, reading.dates or _order(source, clocks), zone)
    if kind != "relative":
        return TimeForm(kind, zone=zone)
    start_s, first = reading.start_s(), clocks.first or 0.0
    if start_s is None:
        raise RecordingError(
            f"log {source.form.path}: the column {column.header} shows {first:g} to {clocks.last:g}: no date; it looks "
            "like a count since the logger was switched on. Say when the first row was written: "
            "--start 2026-11-22T10:00:00Z"
        )
    return TimeForm(kind, zone=zone, start_s=start_s - first * column.per_unit, second=column.per_unit)


def _order(source: Source, clocks: Clocks) -> DateOrder:
    proven = clocks.orders.most_common()
    strays = sum(times for _, times in proven[1:])
    if proven and strays <= _STRAY_SHARE * proven[0][1]:
        return proven[0][0]
    if proven or clocks.sample:
        why = "some dates have the day first and some the month" if proven else f"date {clocks.sample[:40]!r}"
        raise RecordingError(f"log {source.form.path}: {why}: day or month first? say --dates dmy or mdy (or ymd)")
    return DateOrder.AUTO


class _Voltage:
    """The battery's voltage in the file's own numbers."""

    def __init__(self, column: Column | None) -> None:
        self.column = column
        self.values = array("d")
        self.open: list[str] = []
        """Cells with a comma: what they are hangs on the decimal mark."""

    def see(self, cells: list[str]) -> None:
        if self.column is None:
            return
        text = cells[self.column.places[0]]
        if "," in text and len(self.open) < _SAMPLES:
            self.open.append(text)
            return
        try:
            self.values.append(abs(float(text)))
        except ValueError:
            return

    def median(self, mark: str) -> float:
        """Return the median as the file writes it, NaN when there is no number without a unit."""
        found = [value for value in self.values if math.isfinite(value)]
        for text in self.open:
            try:
                told = number(text, mark)
            except ValueError:
                continue
            if not told.unit and not is_nothing(text):
                found.append(abs(told.value))
        return median(found) if found else math.nan


def _mark(marks: Marks, voltage: _Voltage, reading: ReadingSettings) -> str:
    if reading.decimal != Decimal.AUTO:
        return "." if reading.decimal == Decimal.POINT else ","
    proven = marks.proven()
    if proven is not None or not marks.is_open:
        return "." if proven is None else proven
    per_unit = voltage.column.per_unit if voltage.column else math.nan
    fits = [mark for mark in ",." if _BATTERY_V[0] <= voltage.median(mark) * per_unit <= _BATTERY_V[1]]
    if not voltage.open or len(fits) != 1:
        raise RecordingError(
            "numbers such as 12,700: is the comma a decimal mark? say --decimal comma or --decimal point"
        )
    return fits[0]


def _scaled(source: Source, voltage: _Voltage, mark: str) -> tuple[list[Column], list[str]]:
    """Return the columns with the voltage's unit judged by its median."""
    columns, column = list(source.columns), voltage.column
    level = voltage.median(mark)
    if column is None or math.isnan(level) or _BATTERY_V[0] <= level * column.per_unit <= _BATTERY_V[1]:
        return columns, []
    level_v = level * column.per_unit
    said = f"the median of {column.header} is {level_v:g} V, and no battery's"
    if column.is_chosen:
        return columns, [f"{said}: are unit and column right?"]
    unsure = [one.header for one in columns if one.quantity.endswith(("_a", "_w")) and not one.has_unit]
    if column.has_unit or unsure or not _BATTERY_V[0] <= level_v * _MILLI <= _BATTERY_V[1]:
        others = (
            f" (and {', '.join(unsure)}, whose unit its name does not say)" if unsure and not column.has_unit else ""
        )
        raise RecordingError(
            f"log {source.form.path}: {said}: name it with its unit{others}, "
            f"--columns time={_time_name(columns)},battery_mv={column.header} or battery_v={column.header}"
        )
    columns[columns.index(column)] = column._replace(per_unit=_MILLI)
    return columns, [f"{column.header} is taken as millivolts: its median is {level:g}"]


def _time_name(columns: list[Column]) -> str:
    return next(column.header for column in columns if column.quantity == TIME)
