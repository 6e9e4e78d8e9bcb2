"""Charts over 15 months, exports and imports: run it alone on the machine, or take its ``rows()``."""

import resource
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from vigie.control.signals import Channel
from vigie.logfile.columns import recognise
from vigie.logfile.log import read_log
from vigie.logfile.reading import ReadingSettings
from vigie.telemetry.export import Extract, TableName, estimate
from vigie.telemetry.export_process import ExportOrder, Format
from vigie.telemetry.foreign import periods
from vigie.telemetry.imported import Origin, Shelf
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.schema import (
    HOUR_MS,
    KEYS_PER_MS,
    MINUTE_MS,
    ROLLED_PER_CHANNEL,
    period_columns,
    rolled,
)
from vigie.telemetry.store import Store

Row = tuple[str, float, str, float | None]
"""Name, value, unit, limit: the value must not be above the limit."""
DAY_S = 86_400
END_MS = 1_790_000_000_000 // HOUR_MS * HOUR_MS
DAYS, RAW_DAYS = 456, 3
SPANS_H = (1, 4, 8, 9, 16, 24, 72, 168, 480, 504, 720, 2400, 8760, DAYS * 24)
IMPORTED_ROWS = 100_000


def _fill(path: Path, days: int = DAYS, raw_days: int = RAW_DAYS) -> None:
    """Make a journal whose tables hold what a standby battery with three fitted channels leaves."""
    Store(path, JournalSettings()).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, width_ms in (("minute", MINUTE_MS), ("hour", HOUR_MS)):
            columns = [str(width_ms // 1000), "0"]
            for column, _ in rolled():
                spread = "NULL" if column.startswith("spare_") else "{} + abs(random()) % 200"
                columns += [spread.format(f"{_level(column)} + {edge}") for edge in (-300, 0, 300)]
            _insert(connection, table, "b + i * w", columns, END_MS - days * DAY_S * 1000, width_ms, END_MS)
        raw = [_raw(column) for column in period_columns()[1:]]
        _insert(
            connection, "period", f"(b + i * w) * {KEYS_PER_MS}", raw, END_MS - raw_days * DAY_S * 1000, 1000, END_MS
        )


def _insert(
    connection: sqlite3.Connection, table: str, key: str, columns: list[str], begin: int, width: int, end: int
) -> None:
    connection.execute(
        f"WITH RECURSIVE n(i, b, w) AS (SELECT 0, {begin}, {width} UNION ALL SELECT i + 1, b, w FROM n "
        f"WHERE b + (i + 1) * w < {end}) INSERT INTO {table} SELECT {key}, {', '.join(columns)} FROM n"
    )


def _level(column: str) -> str:
    """Return an expression of the stored value: some tens of millivolts, amperes or kelvins about."""
    return "130000 + i % 1440 * 3" if "bus_100uv" in column else "20000 + i % 1440 * 9"


def _raw(column: str) -> str:
    if column.startswith("spare_"):
        return "0" if column.endswith(("good", "rejected", "status")) else "NULL"
    fixed = {
        "is_valid": "1",
        "is_overrun": "0",
        "phase": "0",
        "mains": "1",
        "mode": "1",
        "contacts": "3",
        "commanded": "3",
    }
    if column in fixed or column.endswith(("rejected", "status", "good")):
        return fixed.get(column, "10" if column.endswith("good") else "0")
    return "abs(random()) % 60" if "spread" in column else f"{_level(column)} + abs(random()) % 60"


def _charts(path: Path) -> list[Row]:
    """Ask every quantity over every span; report the slowest question, in CPU time of the thread."""
    asked = [(quantity.name, channel) for quantity in ROLLED_PER_CHANNEL for channel in Channel]
    slowest, of_span = 0.0, 0
    with closing(JournalReader(path)) as reader:
        for span_h in SPANS_H:
            for name, channel in [*asked, ("temperature_c", None), ("ambient_c", None)]:
                spent = []
                for _ in range(3):
                    begin = time.thread_time()
                    reader.series(name, channel, END_MS - span_h * HOUR_MS, END_MS, 1000)
                    spent.append(time.thread_time() - begin)
                if statistics.median(spent) > slowest:
                    slowest, of_span = statistics.median(spent), span_h
        begin = time.thread_time()
        for table in ("minute", "hour", "raw", "events"):
            estimate(reader, Extract(table, 0, END_MS))
        reckoned = time.thread_time() - begin
    return [
        (
            f"chart: slowest of any quantity over 1 h .. 15 months in 1,000 points ({of_span} h)",
            slowest * 1e3,
            "ms",
            50.0,
        ),
        ("export: reckon rows and bytes of everything", reckoned * 1e3, "ms", 50.0),
    ]


def _export(path: Path, table: TableName, days: int, form: Format) -> tuple[float, float]:
    """Return the CPU seconds of an export process, which are its time where a core is free, and its bytes."""
    order = ExportOrder(path, Extract(table, END_MS - days * DAY_S * 1000, END_MS), form, {"site": "bench"})
    begin, size = _children_cpu_s(), 0
    with subprocess.Popen(order.command(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while piece := process.stdout.read(1 << 16):
            size += len(piece)
    assert process.returncode == 0
    return _children_cpu_s() - begin, size


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _exports(path: Path) -> Iterator[Row]:
    for form, limit in (("parquet", 20.0), ("csv", None)):
        seconds, size = _export(path, "minute", 365, form)
        yield f"export: a year of minutes (525,600 rows) as {form}", seconds, "s", limit
        yield f"export: {form}, bytes a minute", size / (365 * 1440), "B", None
    for form in ("parquet", "csv"):
        seconds, size = _export(path, "raw", RAW_DAYS, form)
        yield f"export: a day of periods at 1 Hz as {form}", seconds / RAW_DAYS, "s", None
        yield f"export: {form}, bytes a period", size / (RAW_DAYS * DAY_S), "B", None
    yield (
        "export: most memory of an export process",
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3,
        "MB",
        250.0,
    )


def _import(folder: Path) -> Row:
    log = folder / "log.csv"
    with log.open("w") as file:
        file.write("time,voltage,current,temperature\n")
        file.writelines(
            f"{1_700_000_000 + 10 * n},{12.5 + n % 100 / 100:.2f},{n % 7 - 3},21.5\n" for n in range(IMPORTED_ROWS)
        )
    begin = time.process_time()
    read = read_log(log, recognise, ReadingSettings())
    origin = Origin("log", log.name, read.form.sha256, [column.quantity for column in read.columns[1:]])
    with Shelf(folder).writing(origin) as writing:
        for record in periods(read):
            writing.take(record)
    return (f"import: {IMPORTED_ROWS:,} rows of CSV", time.process_time() - begin, "s", None)


def rows() -> list[Row]:
    """Measure everything once; half a minute."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "journal.sqlite"
        _fill(path)
        return [*_charts(path), *_exports(path), _import(folder)]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:80} {value:10.2f} {unit:3}{'' if limit is None else f' (at most {limit:g})'}")
