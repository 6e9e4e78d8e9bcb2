"""A log in memory, column by column, and what is judged over all its rows: direction, clock steps, sentinels, loss."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from vigie.logfile.instants import TimeForm, later_pass_s
from vigie.logfile.numbers import median
from vigie.logfile.reading import ClockSet

_TURNED_SHARE = 0.9
_STEP_S = 60.0
_STAYS_ROWS = 10
_BELIEVED_C = (-60.0, 150.0)
_SENTINELS_C = (0.0, -0.0625, -0.06, 85.0, 127.9375, 127.94, 127.9)
_NEAR_K = 5.0
"""What a DS18B20 says when it has measured nothing (all bits zero or one, power-on, too little power), as loggers write
it, unless the temperature was there anyway."""


class Unused(NamedTuple):
    """A row, or a part of it, that was not used."""

    line: int
    reason: str


class LogRow(NamedTuple):
    """One moment of a log."""

    line: int
    utc_s: float
    values: dict[str, float]
    """Quantity -> value in SI units; what is missing is not there."""


class Stretch(NamedTuple):
    """Rows that are earlier than what stands before them."""

    line: int
    back_s: float
    rows: int
    utc_s: float


class Table:
    """The rows of a file, times and values in arrays of their own; NaN is no value."""

    def __init__(self, quantities: Iterable[str]) -> None:
        self.lines, self.utc_s = array("L"), array("d")
        self.values = {quantity: array("d") for quantity in quantities}
        self.is_local = False
        """There are times without an offset."""
        self.faults: list[Unused] = []
        self.stretches: list[Stretch] = []
        self.notes: list[str] = []
        self.left_out = 0
        """Rows, or parts of rows, that run back."""
        self.lost_rows = 0
        """Rows of which nothing is left because they run back."""

    def add(self, line: int, utc_s: float, values: Sequence[float]) -> None:
        """Take a row; the values in the order of the quantities."""
        self.lines.append(line)
        self.utc_s.append(utc_s)
        for column, value in zip(self.values.values(), values, strict=True):
            column.append(value)

    def rows(self) -> Iterator[LogRow]:
        """Yield the rows that have a value, in their order."""
        for place, (line, utc_s) in enumerate(zip(self.lines, self.utc_s, strict=True)):
            values = {name: column[place] for name, column in self.values.items() if not math.isnan(column[place])}
            if values:
                yield LogRow(line, utc_s, values)

    def put_in_order(self, form: TimeForm, clock: ClockSet, *, is_long: bool) -> None:
        """Turn a file that has its newest row on top, join a clock that was set back, leave out what runs back."""
        self._turn()
        if is_long:
            self._arrange(sorted(range(len(self.utc_s)), key=self.utc_s.__getitem__))
        elif self.is_local and form.zone is not UTC:
            self._tell_autumn(form)
        if clock != ClockSet.ASK:
            self._join(clock)
        self._disbelieve_sentinels()
        self._drop_what_runs_back(is_long=is_long)

    def _turn(self) -> None:
        steps = Counter(math.copysign(1, after - before) for before, after in pairwise(self.utc_s) if after != before)
        if steps[-1] > _TURNED_SHARE * steps.total():
            self._arrange(range(len(self.utc_s) - 1, -1, -1))
            self.notes.append("the newest row comes first in the file: it is turned round")

    def _arrange(self, order: Sequence[int]) -> None:
        self.lines = array("L", (self.lines[place] for place in order))
        self.utc_s = array("d", (self.utc_s[place] for place in order))
        for name, column in self.values.items():
            self.values[name] = array("d", (column[place] for place in order))

    def _tell_autumn(self, form: TimeForm) -> None:
        """Put the second pass of the hour that autumn repeats behind the first."""
        last_s = -math.inf
        for place, utc_s in enumerate(self.utc_s):
            if utc_s <= last_s and utc_s <= last_s < (again_s := later_pass_s(utc_s, form.zone)):
                self.utc_s[place] = again_s
            last_s = max(last_s, self.utc_s[place])

    def _join(self, clock: ClockSet) -> None:
        """Move the rows before (or after) each setting back of the clock so that they go on without a step."""
        times = self.utc_s
        usual_s = median([after - before for before, after in pairwise(times) if after > before] or [0.0])
        moved_s, offsets = 0.0, array("d")
        for place, utc_s in enumerate(times):
            step_s = utc_s - times[place - 1] if place else 0.0
            if step_s < -_STEP_S:
                moved_s += usual_s - step_s
            elif moved_s and step_s > moved_s / 2:
                moved_s = 0.0  # it was put right again
            offsets.append(moved_s)
        total_s = moved_s if clock == ClockSet.AFTER else 0.0
        self.utc_s = array("d", (utc_s + offset - total_s for utc_s, offset in zip(times, offsets, strict=True)))
        if any(offsets):
            self.notes.append(f"the clock was set back: the one {clock.name.lower()} the step is taken as right")

    def _disbelieve_sentinels(self) -> None:
        low, high = _BELIEVED_C
        for name, column in self.values.items():
            if not name.endswith("_c"):
                continue
            words: Counter[float] = Counter()
            last = math.nan
            for place, celsius in enumerate(column):
                is_word = celsius in _SENTINELS_C and not abs(celsius - last) <= _NEAR_K
                if is_word or celsius < low or celsius > high:
                    words[round(celsius, 2)] += 1
                    column[place] = math.nan
                elif not math.isnan(celsius):
                    last = celsius
            self.notes += [
                f"{name}: {times} x {celsius:g} degC is a thermometer's word for nothing; the rest of the row is kept"
                for celsius, times in words.most_common(3)
            ]

    def _drop_what_runs_back(self, *, is_long: bool) -> None:
        """Voltages, currents and powers are one series and temperatures another; a long table's are each their own."""
        had = self._filled()
        groups: dict[str, list[str]] = {}
        for name in self.values:
            groups.setdefault(name if is_long else "thermal" if name.endswith("_c") else "electric", []).append(name)
        for names in groups.values():
            self._drop_of(names)
        self.lost_rows = sum(before > after for before, after in zip(had, self._filled(), strict=True))

    def _filled(self) -> bytearray:
        filled = bytearray(len(self.utc_s))
        for column in self.values.values():
            for place, value in enumerate(column):
                if value == value:  # noqa: PLR0124 - quicker than isnan
                    filled[place] = 1
        return filled

    def _drop_of(self, names: Sequence[str]) -> None:
        columns = [self.values[name] for name in names]
        last_s, behind = -math.inf, 0
        begun = Stretch(0, 0.0, 0, 0.0)
        for place, utc_s in enumerate(self.utc_s):
            held = [name for name, column in zip(names, columns, strict=True) if not math.isnan(column[place])]
            if not held:
                continue
            if utc_s > last_s:
                if behind:
                    self.stretches.append(begun._replace(rows=behind))
                last_s, behind = utc_s, 0
                continue
            back_s = last_s - utc_s
            if not behind:
                begun = Stretch(self.lines[place], back_s, 0, utc_s)
            behind += 1
            told = f"time runs back by {back_s:.1f} s" if back_s else "same time as the row before"
            self.left_out += 1
            self.faults.append(Unused(self.lines[place], f"{', '.join(held)}: {told}"))
            for column in columns:
                column[place] = math.nan
        if behind:
            self.stretches.append(begun._replace(rows=behind))

    def clock_step(self) -> str:
        """Return what is to be said of a clock that was set back and stayed there, empty when there is none."""
        stays = [one for one in self.stretches if one.back_s > _STEP_S and one.rows > 1]
        if not stays:
            return ""
        worst = max(stays, key=lambda one: one.rows)
        if worst.rows < min(_STAYS_ROWS, len(self.utc_s) / 4):
            return ""
        is_autumn = abs(worst.back_s - 3600) < 600 and datetime.fromtimestamp(worst.utc_s, UTC).month in {4, 10, 11}
        autumn = "the end of summer time? --timezone Europe/Zurich; or " if is_autumn else ""
        return (
            f"in line {worst.line} the logger's clock is set back by {_length(worst.back_s)} and {worst.rows} rows "
            f"stay behind: {autumn}which clock was right? --clock after moves the rows before that line, --clock "
            "before those from it on"
        )


def _length(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
