"""A logged battery: reading a CSV into rows that can be trusted, and saying what could not be."""

import csv
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple, TextIO

from vigie.errors import RecordingError
from vigie.plant.own_export import EVIDENCE, battery_current, columns_of, opened
from vigie.units import by_name, setting


class Sign(IntEnum):
    """What a positive current means in the file."""

    DISCHARGE = 0
    CHARGE = 1


class ColumnSettings(NamedTuple):
    """Which column holds what. The defaults read the BBOXX logs."""

    time: Annotated[str, setting("Column of the time: ISO date and time, or seconds since 1970 UTC")] = "time"
    voltage: Annotated[str, setting("Column of the battery voltage")] = "voltage"
    current: Annotated[str, setting("Column of the battery current")] = "current"
    temperature: Annotated[str, setting("Column of the battery temperature, empty for none", unit="degC")] = (
        "temperature"
    )
    positive_current: Annotated[Sign, *by_name(Sign), setting("Meaning of a positive current: discharge or charge")] = (
        Sign.DISCHARGE
    )
    volts_per_unit: Annotated[float, setting("0.001 for a file in millivolts", unit="V", ge=1e-6, le=1000.0)] = 1.0
    amperes_per_unit: Annotated[float, setting("0.001 for a file in milliamperes", unit="A", ge=1e-6, le=1000.0)] = 1.0

    @property
    def into_battery_per_unit(self) -> float:
        """Amperes into the battery of one unit of the file."""
        return self.amperes_per_unit if self.positive_current == Sign.CHARGE else -self.amperes_per_unit


class RecordedSettings(NamedTuple):
    """How a log is read and replayed."""

    path: Annotated[str, setting("CSV file of the log, or an export of this program (CSV, Parquet)")] = ""
    columns: ColumnSettings = ColumnSettings()
    gap_s: Annotated[float, setting("A longer silence is reported as a gap", unit="s", ge=1.0)] = 1200.0
    hold_s: Annotated[float, setting("Oldest sample still shown", unit="s", ge=1.0)] = 900.0


class Sample(NamedTuple):
    """One row of voltage and current, with the newest temperature before it."""

    utc_s: float
    voltage_v: float
    current_a: float
    """Positive INTO the battery."""
    temperature_c: float
    """NaN before the first temperature."""


class Gap(NamedTuple):
    """A silence in the voltage and current rows."""

    from_utc_s: float
    to_utc_s: float


class Dropped(NamedTuple):
    """A row, or its temperature, that was not used."""

    line: int
    """In the file, the header being line 1."""
    reason: str


class Summary(NamedTuple):
    """What a recording holds and what was wrong with it."""

    rows: int
    """Voltage and current rows kept."""
    temperature_rows: int
    first_utc_s: float
    last_utc_s: float
    gaps: tuple[Gap, ...]
    dropped: tuple[Dropped, ...]


class Point(NamedTuple):
    """A temperature and its time."""

    utc_s: float
    celsius: float


class _Row(NamedTuple):
    utc_s: float
    voltage_v: float
    current_a: float


class Recording:
    """A log in order of time. :meth:`samples` replays it, :attr:`summary` reports on it."""

    def __init__(self, samples: Sequence[Sample], temperatures: Sequence[Point], summary: Summary) -> None:
        self._samples = samples
        self.temperatures = temperatures
        self.summary = summary

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]

    def samples(self) -> Iterator[Sample]:
        """Yield every sample in order of time."""
        return iter(self._samples)


def read_recording(settings: RecordedSettings) -> Recording:
    """Read ``settings.path``.

    Rows of voltage and current and rows of temperature are two series of their own; in each, a row
    not later than the one before is dropped and reported, and so is one with a cell that is not a number.

    Raises:
        RecordingError: no such file, other columns than expected, no usable row.
    """
    path = Path(settings.path)
    reader = _RowReader(settings.columns)
    try:
        with opened(path) as file:
            reader.read(file, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"recording {path}: {error}; give a readable CSV file, or an export of Vigie") from error
    if not reader.rows:
        said = "no usable row of voltage and current"
        if reader.dropped:
            said += f", first fault in line {reader.dropped[0].line}: {reader.dropped[0].reason}"
        raise RecordingError(f"recording {path}: {said}")
    samples = list(_merged(reader.rows, reader.temperatures))
    gaps = tuple(
        Gap(before.utc_s, after.utc_s)
        for before, after in pairwise(samples)
        if after.utc_s - before.utc_s > settings.gap_s
    )
    first_s, last_s = samples[0].utc_s, samples[-1].utc_s
    counts = len(samples), len(reader.temperatures)
    return Recording(samples, reader.temperatures, Summary(*counts, first_s, last_s, gaps, tuple(reader.dropped)))


class _RowReader:
    """Sorts the lines of one file into rows, temperatures and what had to be dropped."""

    def __init__(self, columns: ColumnSettings) -> None:
        self._columns = columns
        self.rows: list[_Row] = []
        self.temperatures: list[Point] = []
        self.dropped: list[Dropped] = []

    def read(self, file: TextIO, path: Path) -> None:
        lines = csv.reader(file)
        header = [name.strip() for name in next(lines, [])]
        own = None if self._columns.voltage in header else columns_of(header)
        if own is not None:
            self._columns = ColumnSettings(*own, positive_current=Sign.CHARGE)
        columns = self._columns
        names = [columns.time, columns.voltage, columns.current]
        if columns.temperature:
            names.append(columns.temperature)
        if any(name not in header for name in names):
            raise RecordingError(
                f"recording {path}: found the columns {', '.join(header) or 'none'}; expected "
                f"{', '.join(names)}, or an export of Vigie; name them in the recording's columns settings"
            )
        places = [header.index(name) for name in names]
        evidence = [header.index(name) for name in EVIDENCE if own is not None and name in header]
        for cells in lines:
            if not cells:
                continue
            if len(cells) < len(header):
                self._drop(lines.line_num, f"{len(cells)} cells, expected {len(header)}")
                continue
            taken = [cells[place] for place in places]
            if len(evidence) == len(EVIDENCE):
                taken[2] = battery_current(taken[2], *(cells[place] for place in evidence))
            self._take(lines.line_num, taken)

    def _take(self, line: int, cells: list[str]) -> None:
        if not any(cells[1:]):
            self._drop(line, "no value in any column")
            return
        try:
            utc_s = _utc_s(cells[0])
            if cells[1] or cells[2]:
                volts, amperes = _number(cells[1]), _number(cells[2])
                row = _Row(utc_s, volts * self._columns.volts_per_unit, amperes * self._columns.into_battery_per_unit)
                if self._is_later(line, utc_s, self.rows[-1].utc_s if self.rows else -math.inf, "voltage"):
                    self.rows.append(row)
            if len(cells) > 3 and cells[3]:
                point = Point(utc_s, _number(cells[3]))
                last_s = self.temperatures[-1].utc_s if self.temperatures else -math.inf
                if self._is_later(line, utc_s, last_s, "temperature"):
                    self.temperatures.append(point)
        except ValueError as error:
            self._drop(line, str(error))

    def _is_later(self, line: int, utc_s: float, last_s: float, series: str) -> bool:
        if utc_s > last_s:
            return True
        if utc_s == last_s:
            self._drop(line, f"{series}: same time as the row before")
        else:
            self._drop(line, f"{series}: time runs back by {last_s - utc_s:.1f} s")
        return False

    def _drop(self, line: int, reason: str) -> None:
        self.dropped.append(Dropped(line, reason))


def _utc_s(text: str) -> float:
    try:
        return _number(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time {text!r} is neither an ISO date and time nor a number of seconds") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def _merged(rows: Sequence[_Row], temperatures: Sequence[Point]) -> Iterator[Sample]:
    """Give each row the newest temperature not later than it."""
    taken = 0
    celsius = math.nan
    for row in rows:
        while taken < len(temperatures) and temperatures[taken].utc_s <= row.utc_s:
            celsius = temperatures[taken].celsius
            taken += 1
        yield Sample(row.utc_s, row.voltage_v, row.current_a, celsius)
