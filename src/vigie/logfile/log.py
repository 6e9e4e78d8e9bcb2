"""Another program's log: a file of whatever make, judged as a whole, then read in SI units; every fault is told."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vigie.errors import RecordingError
from vigie.logfile.columns import TIME, Column, is_log_header
from vigie.logfile.form import Form, examine
from vigie.logfile.instants import instant_s
from vigie.logfile.long_table import entities, long_table, refuse_mixture
from vigie.logfile.numbers import is_nothing, number, unit_of
from vigie.logfile.reading import ReadingSettings
from vigie.logfile.source import Source
from vigie.logfile.survey import Judgement, survey
from vigie.logfile.table import LogRow, Table, Unused

Pick = Callable[[Sequence[str]], list[Column]]
"""Returns which of a file's columns are used, from their names."""
_MOST_FAULTS = 10_000
_LIMITS = {"v": ("V", -1e3, 1e3), "a": ("A", -1e5, 1e5), "w": ("W", -1e7, 1e7), "c": ("degC", -1e4, 1e4)}
_LARGE_ROWS, _LARGE_CELLS = 0.05, 0.5


class Log(NamedTuple):
    """What a file holds and what could not be used of it."""

    form: Form
    names: Sequence[str]
    """Of its columns, or of the entities of a long table."""
    columns: Sequence[Column]
    """Those that are used."""
    is_long: bool
    faults: Sequence[Unused]
    """The first of them, by line."""
    left_out: int
    """Rows, and parts of rows, that were not used."""
    notes: Sequence[str]
    """What was judged and a person should know."""
    loss: str
    """What is lost when that is much, and what can be done; empty otherwise."""
    table: Table

    def rows(self) -> Iterator[LogRow]:
        """Yield the rows in the order of time."""
        return self.table.rows()


def read_log(path: Path, pick: Pick, reading: ReadingSettings, tell: Callable[[int], None] = lambda _: None) -> Log:
    """Read a file. ``tell`` is told how many of its letters have been read.

    Raises:
        RecordingError: it is no log that can be understood, or it can be in several ways, or much of it would be lost
            and nobody has accepted that.
    """
    form = examine(path, lambda header: long_table(header) is not None or is_log_header(header))
    try:
        source = _source(form, pick)
        verdict = survey(source, reading)
        reader = _Reader(source, verdict)
        reader.read(tell)
    except OSError as error:
        raise RecordingError(f"log {path} cannot be read to its end: {error.strerror or error}") from error
    reader.table.put_in_order(verdict.time, reading.clock, is_long=source.is_long)
    log = reader.log()
    if not any(True for _ in log.rows()):
        fault = f"; first fault in line {log.faults[0].line}: {log.faults[0].reason}" if log.faults else ""
        raise RecordingError(f"log {path}: no usable row{fault}{reader.advice()}")
    if log.loss and not reading.accept_loss:
        raise RecordingError(f"log {path}: {log.loss}. --accept-loss takes the rest")
    return log


def _source(form: Form, pick: Pick) -> Source:
    table = long_table(form.header)
    if table is None:
        columns = pick(form.header)
        names: Sequence[str] = form.header
    else:
        found = entities(form, table)
        names = [table.time.header, *found]
        try:
            columns = pick(names)
        except RecordingError:
            refuse_mixture(form, table, pick(form.header), found)
            raise
        columns = [column._replace(places=(0,)) if column.quantity == TIME else column for column in columns]
    values = [column for column in columns if column.quantity != TIME]
    if len(values) == len(columns) or not values:
        lacking = "a voltage, current, power or temperature" if len(values) < len(columns) else "the time"
        raise RecordingError(
            f"log {form.path}: no column of {lacking} is recognised among {', '.join(names)}; "
            "name them with --columns time=...,battery_v=..."
        )
    return Source(form, names, columns, table)


class _Reader:
    """Reads the rows of a file once, as its verdict says."""

    def __init__(self, source: Source, verdict: Judgement) -> None:
        self._source, self._verdict = source, verdict
        self._time = next(column for column in verdict.columns if column.quantity == TIME)
        self._values = [column for column in verdict.columns if column.quantity != TIME]
        self.table = Table(column.quantity for column in self._values)
        self._faults: list[Unused] = []
        self._left_out = self._rows = self._lost_rows = 0
        self._bad_cells = dict.fromkeys(self._values, 0)
        self._line = 0

    def read(self, tell: Callable[[int], None]) -> None:
        for line, cells in self._source.rows(self._damaged, tell):
            self._rows += 1
            self._line = line
            try:
                told = " ".join(cells[place] for place in self._time.places)
                utc_s, is_local = instant_s(told, self._verdict.time)
            except (ValueError, OverflowError, OSError) as error:
                self._complain(line, str(error))
                self._lost_rows += 1
                continue
            self.table.is_local = self.table.is_local or is_local
            self._take(line, utc_s, cells)

    def _take(self, line: int, utc_s: float, cells: list[str]) -> None:
        before = self._left_out
        values = [self._value(column, cells[column.places[0]]) for column in self._values]
        if not all(map(math.isnan, values)):
            self.table.add(line, utc_s, values)
        elif self._left_out == before:
            self._complain(line, "no value in any column")
        else:
            self._lost_rows += 1

    def _damaged(self, line: int, reason: str) -> None:
        self._complain(line, reason)
        if not reason.endswith("left out"):
            self._rows += 1
            self._lost_rows += 1

    def _complain(self, line: int, reason: str) -> None:
        self._left_out += 1
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(Unused(line, reason))

    def _value(self, column: Column, text: str) -> float:
        """Return a cell's value, NaN for none; a bad cell is told and costs itself alone."""
        if column.words:
            return float(text in column.words)
        try:
            if self._verdict.mark == ".":
                return _limited((float(text) - column.zero) * column.per_unit, column)
        except ValueError:
            pass
        if is_nothing(text):
            return math.nan
        try:
            return _limited(_in_si(column, text, self._verdict.mark), column)
        except ValueError as error:
            self._bad_cells[column] += 1
            self._complain(self._line, f"{column.header}: {error}")
            return math.nan

    def log(self) -> Log:
        table, source = self.table, self._source
        empty = {name for name, column in table.values.items() if all(map(math.isnan, column))}
        columns = [column for column in self._verdict.columns if column.quantity not in empty]
        nothing = [f"{column.header}: no value in any row" for column in self._values if column.quantity in empty]
        faults = sorted([*self._faults, *table.faults], key=lambda fault: fault.line)[:_MOST_FAULTS]
        notes = (*self._verdict.notes, *table.notes, *nothing)
        left_out, loss = self._left_out + table.left_out, self._loss(faults)
        return Log(source.form, source.names, columns, source.is_long, faults, left_out, notes, loss, table)

    def _loss(self, faults: Sequence[Unused]) -> str:
        lost = self._lost_rows + self.table.lost_rows
        step = self.table.clock_step()
        said = f"{lost} of {self._rows} rows would be lost"
        if step:
            return f"{said}: {step}"
        if is_large(lost, self._rows):
            return f"{said}, the first in line {faults[0].line}: {faults[0].reason}"
        for column, bad in self._bad_cells.items():
            if bad > 1 and bad > _LARGE_CELLS * self._rows:
                return f"{bad} of {self._rows} values of {column.header} would be lost{self.advice()}"
        return ""

    def advice(self) -> str:
        """Return what to do about columns of which no cell can be used, such as a column of words; empty for none."""
        unusable = [column.header for column, bad in self._bad_cells.items() if bad and bad == self._rows]
        if not unusable:
            return ""
        return f"; no cell of {', '.join(unusable)} can be used as a number: name another column with --columns"


def is_large(lost: int, rows: int) -> bool:
    """Return whether so many lost rows are more than a person should find out afterwards."""
    return lost > 1 and lost > _LARGE_ROWS * rows


def _limited(value: float, column: Column) -> float:
    unit, low, high = _LIMITS[column.quantity[-1]]
    if not low <= value <= high:
        raise ValueError(f"{value:g} {unit} outside {low:g}..{high:g} {unit}")
    return value


def _in_si(column: Column, text: str, mark: str) -> float:
    """Return a cell in SI units; a unit in the cell counts before the one of the column's name."""
    told = number(text, mark)
    if not told.unit:
        return (told.value - column.zero) * column.per_unit
    known = unit_of(told.unit)
    if known is None or not column.quantity.endswith(known[0]):
        raise ValueError(f"{text[:40]!r} has another unit")
    return (told.value - (32.0 if known[0] == "c" and known[1] != 1.0 else 0.0)) * known[1]
