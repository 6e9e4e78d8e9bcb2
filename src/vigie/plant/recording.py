"""A logged battery: reading a CSV into rows that can be trusted, and saying what could not be."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from vigie.errors import RecordingError
from vigie.logfile.columns import TIME, Column, chosen, recognise
from vigie.logfile.log import Log, is_large, read_log
from vigie.logfile.table import LogRow, Unused
from vigie.plant.own_export import EVIDENCE, WITHOUT_SUPPLY, as_csv, battery_current, columns_of
from vigie.plant.recorded_settings import ColumnSettings, RecordedSettings, Sign


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


class Summary(NamedTuple):
    """What a recording holds and what was wrong with it."""

    rows: int
    """Voltage and current rows kept."""
    temperature_rows: int
    first_utc_s: float
    last_utc_s: float
    gaps: tuple[Gap, ...]
    dropped: tuple[Unused, ...]
    """Rows, or parts of rows, that were not used; the names of the columns are line 1 where nothing is above them."""
    notes: tuple[str, ...] = ()
    """What was judged over the whole file and a person should know."""


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


def read_recording(settings: RecordedSettings, choice: Mapping[str, str] | None = None) -> Recording:
    """Read ``settings.path`` as `vigie import` reads it. ``choice`` names the columns: quantity -> column.

    Rows of voltage and current and rows of temperature are two series of their own; in each, what is not later than
    the row before is dropped and reported.

    Raises:
        RecordingError: no such file, other columns than expected, no usable row, a large loss nobody has accepted.
    """
    path = Path(settings.path)
    picker = _Picker(settings.columns, choice or {})
    try:
        with as_csv(path) as file:
            log = read_log(file, picker.pick, settings.reading)
    except OSError as error:
        raise RecordingError(
            f"recording {path}: {error.strerror or error}; give a readable CSV file, or an export of Vigie"
        ) from error
    rows, temperatures, dropped = _taken(log, picker.sign)
    if not rows:
        said = "no usable row of voltage and current"
        if dropped:
            said += f", first fault in line {dropped[0].line}: {dropped[0].reason}"
        raise RecordingError(f"recording {path}: {said}")
    halves = len(dropped) - len(log.faults)
    if is_large(halves, halves + len(rows)) and not settings.reading.accept_loss:
        raise RecordingError(
            f"recording {path}: {halves} of {halves + len(rows)} rows have no voltage or no current, the first in line "
            f"{next(one.line for one in dropped if one not in log.faults)}: are these the right columns? --accept-loss "
            "takes the rest"
        )
    samples = list(_merged(rows, temperatures))
    gaps = tuple(
        Gap(before.utc_s, after.utc_s)
        for before, after in pairwise(samples)
        if after.utc_s - before.utc_s > settings.gap_s
    )
    counts, span = (len(samples), len(temperatures)), (samples[0].utc_s, samples[-1].utc_s)
    summary = Summary(*counts, *span, gaps, tuple(dropped), (*picker.notes, *log.notes))
    return Recording(samples, temperatures, summary)


class _Picker:
    """Chooses the columns of a recording, and finds out what a positive current means in it."""

    def __init__(self, settings: ColumnSettings, choice: Mapping[str, str]) -> None:
        self._settings, self._choice = settings, choice
        self.sign = settings.positive_current
        self.notes: list[str] = []

    def pick(self, header: Sequence[str]) -> list[Column]:
        """Return the columns: those of a choice, those the settings name, an export's, or those whose names say it."""
        if self._choice:
            return self._with_sign(chosen(header, self._choice))
        settings = self._settings
        needed = [settings.time, settings.voltage, settings.current, *filter(None, [settings.temperature])]
        if all(name in header for name in needed):
            return self._with_sign(self._named(header))
        own = None if settings.voltage in header else columns_of(header)
        if own is not None:
            self.sign = Sign.CHARGE
            return _own_columns(header, *own)
        found = recognise(header)
        held = {column.quantity for column in found}
        if not {TIME, "battery_bus_v"} <= held or not held & {"battery_current_a", "charge_current_a"}:
            raise RecordingError(
                f"recording: found the columns {', '.join(header) or 'none'}; expected {', '.join(needed)}, names that "
                "say what they hold, or an export of Vigie; name them with --columns "
                "time=...,battery_v=...,battery_a=... or in [recorded.columns]"
            )
        self.notes += [f"{column.quantity} <- {column.header}" for column in found]
        return self._with_sign(found)

    def _with_sign(self, columns: list[Column]) -> list[Column]:
        """Note how a current is read: nothing in a file says it."""
        self.notes.append(f"a positive current means {self.sign.name.lower()} (--positive-current)")
        return columns

    def _named(self, header: Sequence[str]) -> list[Column]:
        settings = self._settings
        time = next((column for column in recognise([settings.time]) if column.quantity == TIME), None)
        columns = [
            Column((header.index(settings.time),), settings.time, TIME, time.per_unit if time else 1.0),
            _column(header, settings.voltage, "battery_bus_v", settings.volts_per_unit),
            _column(header, settings.current, "battery_current_a", settings.amperes_per_unit),
        ]
        return [*columns, *([_column(header, settings.temperature, "temperature_c")] if settings.temperature else [])]


def _column(header: Sequence[str], name: str, quantity: str, per_unit: float = 1.0) -> Column:
    return Column((header.index(name),), name, quantity, per_unit, is_chosen=True)


def _own_columns(header: Sequence[str], time: str, voltage: str, current: str, temperature: str) -> list[Column]:
    columns = [
        _column(header, time, TIME),
        _column(header, voltage, "battery_bus_v"),
        _column(header, current, "battery_current_a"),
        *([_column(header, temperature, "temperature_c")] if temperature else []),
    ]
    mains, load = EVIDENCE
    if mains in header and load in header:
        columns.append(_column(header, mains, "is_without_supply")._replace(words=WITHOUT_SUPPLY))
        columns.append(_column(header, load, "load_current_a"))
    return columns


def _taken(log: Log, sign: Sign) -> tuple[list[_Row], list[Point], list[Unused]]:
    """Return the rows of voltage and current, the temperatures, and what had to be dropped."""
    rows: list[_Row] = []
    temperatures: list[Point] = []
    dropped = list(log.faults)
    held: dict[str, float] = {}
    for row in log.rows():
        if "temperature_c" in row.values:
            temperatures.append(Point(row.utc_s, row.values["temperature_c"]))
        held = {**held, **row.values} if log.is_long else row.values
        volts, amperes = held.get("battery_bus_v"), _amperes(held, sign)
        if volts is not None and amperes is not None:
            rows.append(_Row(row.utc_s, volts, amperes))
        elif not log.is_long and (volts is not None or amperes is not None):
            dropped.append(_half(row, "current" if amperes is None else "voltage"))
    return rows, temperatures, sorted(dropped)


def _half(row: LogRow, lacking: str) -> Unused:
    return Unused(row.line, f"no {lacking} in this row")


def _amperes(values: Mapping[str, float], sign: Sign) -> float | None:
    """Return the current into the battery."""
    told = values.get("battery_current_a", values.get("charge_current_a"))
    if told is None:
        return None
    amperes = told if sign == Sign.CHARGE else -told
    load_a = values.get("load_current_a")
    if values.get("is_without_supply") and load_a is not None:
        return battery_current(amperes, load_a)
    return amperes


def _merged(rows: Sequence[_Row], temperatures: Sequence[Point]) -> Iterator[Sample]:
    """Give each row the newest temperature not later than it."""
    taken = 0
    celsius = math.nan
    for row in rows:
        while taken < len(temperatures) and temperatures[taken].utc_s <= row.utc_s:
            celsius = temperatures[taken].celsius
            taken += 1
        yield Sample(row.utc_s, row.voltage_v, row.current_a, celsius)
