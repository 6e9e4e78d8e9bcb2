"""What the journal and the metrics cost: run it alone on the machine, or take its ``rows()``."""

import math
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.contact_findings import ContactFault, Truth
from vigie.control.estimation.estimate import BatteryEstimate, initial_estimation
from vigie.control.estimation.estimated import within
from vigie.control.estimation.fullness import Fullness
from vigie.control.interlocks import InterlockSettings, Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.protect import ProtectSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.signals import (
    Channel,
    ChannelMean,
    Contact,
    Contacts,
    Measurement,
    Status,
    Temperature,
    Wiring,
)
from vigie.control.steadiness import at_start
from vigie.control.supervisor import SupervisorSettings, adopted, step
from vigie.telemetry.exporter import Exporter
from vigie.telemetry.journal import Journal, JournalSettings, JournalStatus
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.report import UNKNOWN_FIGURES, ContactReport, Counters, Figures, HostReport, Period
from vigie.telemetry.schema import HOUR_MS, MINUTE_MS, rolled
from vigie.telemetry.store import Store

Row = tuple[str, float, str, float]
"""Name, value, unit, limit: the value must not be above the limit."""
START_MS = 1_790_000_000_000 // HOUR_MS * HOUR_MS
YEAR_S = 365 * 86_400
BATCH = 10
_CLOSED = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN)
_ABSENT = ChannelMean(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 0, 0, Status.ABSENT, False)


def _mean(bus_v: float, current_a: float) -> ChannelMean:
    return ChannelMean(bus_v, 0.0043, current_a / 10, current_a, 0.0021, bus_v * current_a, 10, 0, 0, True)


def periods(count: int, first: int = 0) -> Iterator[PeriodRecord]:
    """Three fitted channels and a temperature that move about as a standby battery's do."""
    for second in range(first, first + count):
        wave = math.sin(second / 700)
        measurement = Measurement(
            float(second),
            _mean(13.1 + 0.4 * wave, 0.31 * wave),
            _mean(13.5 + 0.1 * wave, 0.33 * wave),
            _mean(13.6, 1.2 + 0.5 * wave),
            _ABSENT,
            Temperature(24.0 + wave, 0),
            Temperature(22.0, 0),
            _CLOSED,
            True,
        )
        yield PeriodRecord(
            START_MS + 1000 * second, measurement, Mode.OBSERVE, Phase.STEADY, Mains.PRESENT, _CLOSED, False
        )


def _median_cpu_s(act: Callable[[], object], times: int = 15) -> float:
    """Return the thread's CPU time: with the file in memory that is what a reader waits on a quiet machine."""
    act()
    spent = []
    for _ in range(times):
        begin = time.thread_time()
        act()
        spent.append(time.thread_time() - begin)
    return statistics.median(spent)


def _record_cost(folder: Path) -> Row:
    journal = Journal(folder / "record.sqlite", JournalSettings(waiting_periods=100_000))
    journal.start()
    records = list(periods(20_000))
    begin = time.perf_counter()
    for record in records:
        journal.record(record)
    spent = time.perf_counter() - begin
    journal.close()
    return ("journal: record() in the control loop", spent / len(records) * 1e6, "us", 50.0)


def _writer_cost(folder: Path) -> list[Row]:
    """Write two hours in commits of ten periods, as at 1 Hz; CPU without the disk's own time."""
    path = folder / "writer.sqlite"
    records = list(periods(7200))
    store = Store(path, JournalSettings())
    begin = time.process_time()
    for at in range(0, len(records), BATCH):
        store.write(records[at : at + BATCH], [], False)
    spent = time.process_time() - begin
    store.close()
    return [
        ("journal: writer's CPU per period", spent / len(records) * 1e6, "us", 1000.0),
        ("journal: bytes per period", _table_bytes(path, "period") / len(records), "B", 150.0),
    ]


def _table_bytes(path: Path, table: str) -> float:
    with closing(sqlite3.connect(path)) as connection:
        (used,) = connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name = ?", (table,)).fetchone()
    return float(used)


def _synthetic_year(path: Path) -> None:
    """Write one year of roll-ups, with an hour still open whose raw rows are there."""
    Store(path, JournalSettings()).close()
    spare = Channel.SPARE.name.lower()
    fitted = [not column.startswith(spare) for column, _ in rolled()]

    def rows(width_ms: int) -> Iterator[tuple[int | None, ...]]:
        for start_ms in range(START_MS - 1000 * YEAR_S, START_MS, width_ms):
            middle = 130_000 + round(4000 * math.sin(start_ms / 3e9))
            values = [(middle - 210, middle, middle + 370) if is_fitted else (None,) * 3 for is_fitted in fitted]
            yield (start_ms, width_ms // 1000, 0, *(value for three in values for value in three))

    marks = ", ".join("?" * (3 + 3 * len(rolled())))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(f"INSERT INTO minute VALUES ({marks})", rows(MINUTE_MS))
        connection.executemany(f"INSERT INTO hour VALUES ({marks})", rows(HOUR_MS))
    store = Store(path, JournalSettings())
    store.write(list(periods(3000)), [], False)
    store.close()


def _year_cost(folder: Path) -> list[Row]:
    path = folder / "year.sqlite"
    _synthetic_year(path)
    reader = JournalReader(path)
    end_ms = START_MS + 3_000_000

    def ask(span_s: int) -> Callable[[], object]:
        return lambda: reader.series("bus_v", Channel.BATTERY, end_ms - 1000 * span_s, end_ms, 1000)

    rows: list[Row] = [
        ("journal: a year in 1,000 points", _median_cpu_s(ask(YEAR_S)) * 1e3, "ms", 10.0),
        ("journal: a month in 1,000 points", _median_cpu_s(ask(30 * 86_400)) * 1e3, "ms", 100.0),
        ("journal: a day in 1,000 points", _median_cpu_s(ask(86_400)) * 1e3, "ms", 20.0),
        ("journal: roll-ups of a year",
         (_table_bytes(path, "minute") + _table_bytes(path, "hour")) / 1e6, "MB", 100.0),
    ]  # fmt: skip
    reader.close()
    return rows


def _estimate() -> BatteryEstimate:
    """Return an estimate in which everything is known: the most there is to write."""
    known = within(1.0, 0.9, 1.1)
    return initial_estimation(0.0).told._replace(
        fullness=Fullness.FULL, drawn_ah=known, drawn_wh=known, returned_ah=known, rest_v=known, resistance_ohm=known,
        soc=known, capacity_ah=known, remaining_s=known,
    )  # fmt: skip


def _metrics_cost() -> Row:
    figures = cast("Figures", dict.fromkeys(UNKNOWN_FIGURES, 12.5))
    host = HostReport(figures, JournalStatus("j", 4096, True, None, 0, 0, 9), 0.5, "0.1.0", "rig")
    contacts = [ContactReport(Truth.OBEYED, ContactFault.NONE, 0.1, 10.0)] * 4
    control = SupervisorSettings(
        Wiring.LINE, False, MainsSettings(), InterlockSettings(), ProtectSettings(), CycleSettings(), ManualSettings(),
        MinimumTimes(),
    )  # fmt: skip
    records = list(periods(200))
    state = adopted(_CLOSED, Mode.OBSERVE, 0.0, 0.0, Latch(False, False, 0), at_start(0.0, 0.0, True, control.mains))
    state, decision = step(state, records[0].measurement, control)
    counters = Counters(9, 1, 0, 0.5, (0, 0, 0, 0), (0, 7, 0, 0))
    period = Period(
        records[0], START_MS / 1000, _CLOSED, state, decision, (), {}, "bench", counters, (), None, contacts,
        _estimate(),
    )  # fmt: skip
    exporter = Exporter(0, labels={"site": "bench", "battery": "1"})
    begin = time.process_time()
    for number, record in enumerate(records):  # what a period changes, changes
        known = within(1.0 + number, 0.9, 1e6)
        told = _estimate()._replace(drawn_ah=known, drawn_wh=known, returned_ah=known, remaining_s=known, soc=known)
        changed = period._replace(record=record, counters=counters._replace(periods=number), estimate=told)
        exporter.update(changed, host._replace(cpu_s=float(number)))
        exporter.render()
    spent = (time.process_time() - begin) / 200
    exporter.close()
    return ("metrics: CPU to render /metrics", spent * 1e3, "ms", 1.0)


def rows() -> list[Row]:
    """Measure everything once; a few seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [_record_cost(folder), *_writer_cost(folder), *_year_cost(folder), _metrics_cost()]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:40} {value:10.2f} {unit:3} (at most {limit:g})")
