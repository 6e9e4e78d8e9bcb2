"""Logs of other programs: taken in whole or not at all, kept apart, read by the same code."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vigie.control.signals import Channel
from vigie.errors import JournalError, VigieError
from vigie.telemetry.imported import Origin, Shelf, name_of
from vigie.telemetry.schema import MIGRATIONS

DATA = Path(os.environ.get("VIGIE_DATA_SETS", Path(__file__).parents[4] / "shared" / "data"))
BBOXX = next(iter(sorted((DATA / "bboxx").glob("*.csv"))), DATA / "bboxx" / "none.csv")
TABLES = DATA / "datasheets" / "agm_constant_current.csv"
needs_data = pytest.mark.skipif(not BBOXX.exists(), reason=f"no log under {DATA}/bboxx; set VIGIE_DATA_SETS")
START = "2026-11-22 10:00:00"
START_MS = 1_795_341_600_000


class Told(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Vigie = Callable[..., Told]


@pytest.fixture
def vigie(tmp_path: Path) -> Vigie:
    (tmp_path / "data").mkdir()
    environment = {**os.environ, "VIGIE_DATA": str(tmp_path / "data"), "COLUMNS": "250"}

    def run(*arguments: str) -> Told:
        done = subprocess.run(
            [sys.executable, "-m", "vigie.cli", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        return Told(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data")


def small(folder: Path, name: str = "cellar.csv", rows: int = 5, volts: float = 12.0) -> Path:
    path = folder / name
    lines = [f"{START_MS + 60_000 * n},{volts + n % 50 / 10:.1f},{n}" for n in range(rows)]
    path.write_text("utc_ms,voltage,current\n" + "\n".join(lines) + "\n")
    return path


def remains(shelf: Shelf, tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data" / "imported").glob("*")) if shelf else []


def test_a_log_is_imported_listed_exported_and_removed(vigie: Vigie, tmp_path: Path) -> None:
    told = vigie("import", str(small(tmp_path)))
    assert told.status == 0, told.err
    assert "cellar is imported: 5 rows, 2026-11-22T10:00:00.000Z to 2026-11-22T10:04:00.000Z" in told.out
    assert "a positive current means charge" in told.out
    (log,) = json.loads(vigie("import", "--list", "--json").out)
    assert (log["name"], log["rows"], log["columns"]) == ("cellar", 5, ["battery_bus_v", "battery_current_a"])
    rows = list(csv.DictReader(io.StringIO(vigie("export", "--log", "cellar").out)))
    assert [list(row.values())[1:] for row in rows[:2]] == [
        [str(START_MS), "12.0", "0.0"], [str(START_MS + 60_000), "12.1", "1.0"],
    ]  # fmt: skip
    assert list(rows[0]) == ["utc", "utc_ms", "battery_bus_v", "battery_current_a"]
    assert vigie("import", "--remove", "cellar").status == 0
    assert vigie("import", "--list").out == "no imported logs\n"
    gone = vigie("export", "--log", "cellar")
    assert (gone.status, "no imported log 'cellar'" in gone.err) == (8, True)


def test_the_live_journal_is_never_touched(vigie: Vigie, tmp_path: Path) -> None:
    vigie("import", str(small(tmp_path)))
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["imported"]


def test_a_dry_run_says_the_same_and_writes_nothing(vigie: Vigie, shelf: Shelf, tmp_path: Path) -> None:
    told = vigie("import", str(small(tmp_path)), "--dry-run")
    assert "cellar would be imported: 5 rows" in told.out
    assert remains(shelf, tmp_path) == []


def test_the_same_contents_are_recognised_under_any_name(vigie: Vigie, shelf: Shelf, tmp_path: Path) -> None:
    first = small(tmp_path)
    second = tmp_path / "other.csv"
    second.write_bytes(first.read_bytes())
    assert vigie("import", str(first)).status == 0
    again = vigie("import", str(second))
    assert (again.status, "imported already, as cellar: --replace" in again.err) == (1, True)
    assert vigie("import", str(second), "--replace").status == 0
    assert [log.name for log in shelf.logs()] == ["cellar"]
    assert vigie("import", str(second), "--replace", "--name", "other").status == 0
    assert [log.name for log in shelf.logs()] == ["other"]


def test_another_file_of_the_same_name_does_not_replace_unasked(vigie: Vigie, shelf: Shelf, tmp_path: Path) -> None:
    assert vigie("import", str(small(tmp_path))).status == 0
    other = str(small(tmp_path, volts=24.0))
    refused = vigie("import", other)
    assert (refused.status, "imported log cellar of another file" in refused.err) == (1, True)
    assert vigie("import", other, "--replace").status == 0
    (log,) = shelf.logs()
    with closing(log.reader()) as reader:
        assert reader.series("bus_v", Channel.BATTERY, START_MS, START_MS + 1, 1).mean == [24.0]


def test_what_was_left_out_is_told_with_its_lines_and_kept(vigie: Vigie, shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"time,voltage\n{START},12\nx,12\n2026-11-22 10:01:00,y\n2026-11-22 10:02:00,12.5\n")
    refused = vigie("import", str(path))
    assert (refused.status, refused.out, remains(shelf, tmp_path)) == (5, "", [])
    assert "2 of 4 rows would be lost, the first in line 3: time 'x'" in " ".join(refused.err.split())
    told = vigie("import", str(path), "--accept-loss")
    assert "left out: 2\n    line 3: time 'x' is no date and time\n    line 4: voltage: 'y' is not a number" in told.out
    assert (shelf.log("bad").rows, shelf.log("bad").left_out) == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("nowhere.csv",), 5, "nowhere.csv"),
        (("{small}", "--list"), 2, "name one file"),
        ((), 2, "name one file"),
        (("--remove", "none"), 8, "no imported log 'none'"),
        (("--remove", "../journal"), 8, "is no name of a log"),
        (("{small}", "--name", "../evil"), 8, "is no name of a log"),
        (("{small}", "--timezone", "Mars/Base"), 1, "no such time zone"),
        (("{small}", "--dates", "ydm"), 1, "dmy, mdy"),
        (("{small}", "--positive-current", "up"), 1, "discharge, charge"),
        (("{small}", "--columns", "voltage"), 1, "time=NAME,battery_v=NAME"),
        (("{small}", "--columns", "time=utc_ms,battery_v=U"), 5, "no column 'U'"),
        (("{empty}",), 5, "no usable row; first fault in line 2: voltage: 'x' is not a number"),
    ],
)
def test_a_wrong_wish_is_a_message_and_leaves_nothing(
    vigie: Vigie, shelf: Shelf, tmp_path: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text(f"time,voltage\n{START},x\n")
    files = {"{small}": str(small(tmp_path)), "{empty}": str(empty)}
    told = vigie("import", *(files.get(one, one) for one in arguments))
    assert told.status == status, told
    assert says in " ".join(told.err.split())
    assert remains(shelf, tmp_path) == []


def test_an_import_that_is_killed_leaves_no_log_and_the_next_one_sweeps(
    vigie: Vigie, shelf: Shelf, tmp_path: Path
) -> None:
    path = small(tmp_path, rows=200_000)
    (tmp_path / "data").mkdir(exist_ok=True)
    environment = {**os.environ, "VIGIE_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-m", "vigie.cli", "import", str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        deadline_s = time.monotonic() + 120
        while not any(name.endswith("-wal") for name in remains(shelf, tmp_path)):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
    assert shelf.logs() == []
    assert any(name.startswith(".import-") for name in remains(shelf, tmp_path))
    assert vigie("import", str(small(tmp_path, "other.csv"))).status == 0
    assert remains(shelf, tmp_path) == ["other.sqlite"]


def test_ctrl_c_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), shelf.writing(Origin("log", "log.csv", "0" * 64, ("battery_bus_v",))):
        raise KeyboardInterrupt
    assert remains(shelf, tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "imported").write_text("in the way")
    with pytest.raises(VigieError, match="cannot be written"), shelf.writing(Origin("log", "f", "0", ("x",))):
        pass


def test_a_log_made_by_an_earlier_version_is_brought_up_to_date(vigie: Vigie, shelf: Shelf, tmp_path: Path) -> None:
    vigie("import", str(small(tmp_path)))
    path = shelf.log("cellar").path
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for step in MIGRATIONS[2:] for name in _made(step)]
        for kind, name in tables:
            connection.execute(f"DROP {kind} IF EXISTS {name}")
        for statement in MIGRATIONS[1]:
            if statement.startswith("CREATE VIEW period_si"):
                connection.execute(statement)
        connection.execute("PRAGMA user_version = 2")
        connection.commit()
    assert shelf.log("cellar").rows == 5
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def _made(step: tuple[str, ...]) -> list[tuple[str, str]]:
    words = [statement.split() for statement in step]
    return [
        (one[1], one[2].partition("(")[0])
        for one in words
        if one[0] == "CREATE" and one[1] in {"TABLE", "INDEX", "TRIGGER", "VIEW"}
    ]


def test_a_file_that_is_no_log_is_shown_as_such_and_hides_no_other(vigie: Vigie, shelf: Shelf, tmp_path: Path) -> None:
    vigie("import", str(small(tmp_path)))
    folder = tmp_path / "data" / "imported"
    (folder / "broken.sqlite").write_bytes(b"no database at all" * 99)
    (folder / "Strange Name.sqlite").write_bytes(b"")
    broken, cellar = shelf.logs()
    assert "not a database" in broken.fault
    assert (cellar.name, cellar.fault) == ("cellar", "")
    with pytest.raises(JournalError, match="not a database"):
        shelf.log("broken")
    shelf.remove("broken")
    assert len(shelf.logs()) == 1


def test_a_silence_within_the_logger_s_habit_is_no_gap_and_a_longer_one_is(
    vigie: Vigie, shelf: Shelf, tmp_path: Path
) -> None:
    path = tmp_path / "slow.csv"
    seconds = [*range(0, 6000, 600), *range(6000, 9000, 60), *range(20_000, 26_000, 600)]
    lines = [f"{START_MS // 1000 + s},12.5,\n{START_MS // 1000 + s + 20},,21" for s in seconds]
    path.write_text("time,voltage,temp\n" + "\n".join(lines) + "\n")
    assert vigie("import", str(path)).status == 0
    log = shelf.log("slow")
    with closing(log.reader()) as reader:
        for points in (400, 60):
            series = reader.series("bus_v", Channel.BATTERY, log.first_utc_ms, log.last_utc_ms + 1, points)
            assert series.mean.count(None) == 1
            gap = series.utc_ms[series.mean.index(None)]
            assert START_MS + 8_940_000 < gap < START_MS + 20_000_000


def test_the_name_of_a_file_makes_the_name_of_its_log() -> None:
    assert [name_of(Path(name)) for name in ("Été 2026.csv", "a" * 99, "__.csv", "MPPT_3.CSV")] == [
        "t-2026", "a" * 60, "log", "mppt_3",
    ]  # fmt: skip


@needs_data
def test_ten_real_days_keep_every_row_and_name_the_ten_that_run_back(vigie: Vigie, shelf: Shelf) -> None:
    told = vigie("import", str(BBOXX), "--name", "bboxx", "--positive-current", "discharge", "--json")
    assert told.status == 0, told.err
    report = json.loads(told.out)
    assert (report["rows"], report["left_out"]) == (13_211, 10)
    assert all("time runs back" in fault["reason"] for fault in report["faults"])
    log = shelf.log("bboxx")
    with BBOXX.open(encoding="utf-8", newline="") as file:
        raw = [row for row in csv.DictReader(file) if row["voltage"]]
    with closing(log.reader()) as reader:
        whole = reader.series("bus_v", Channel.BATTERY, log.first_utc_ms, log.last_utc_ms + 1, 400)
        current = reader.series("current_a", Channel.BATTERY, log.first_utc_ms, log.last_utc_ms + 1, 400)
    assert min(v for v in whole.minimum if v is not None) == round(min(float(row["voltage"]) for row in raw), 4)
    assert min(v for v in current.minimum if v is not None) == pytest.approx(
        -max(float(row["current"]) for row in raw), abs=1e-5
    )


@needs_data
def test_a_table_that_is_no_log_is_refused_and_says_what_it_lacks(vigie: Vigie) -> None:
    told = vigie("import", str(TABLES))
    assert told.status == 5
    assert "no column of the time is recognised among battery, c20_ah, end_voltage_v_per_cell, minutes" in told.err


@needs_data
def test_every_log_there_is_imports_or_is_refused_clearly(vigie: Vigie, tmp_path: Path) -> None:
    outcomes: dict[str, Any] = {}
    for path in DATA.rglob("*.csv"):
        told = vigie("import", str(path), "--dry-run")
        outcomes[path.name] = told.status
        assert "Traceback" not in told.err
        assert told.status == 0 or str(path) in told.err
    assert 0 in outcomes.values()
