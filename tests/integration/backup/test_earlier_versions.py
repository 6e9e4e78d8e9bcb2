"""Journals of every released schema: opened, migrated, read; also when they come out of a backup."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.process.installations import TWIN, Site
from tests.integration.telemetry.samples import START_MS, record
from tests.waiting import wait_for
from vigie.assembly import backup, restore
from vigie.control.signals import Channel
from vigie.telemetry import rollups
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import EventKind
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.schema import APPLICATION_ID, MIGRATIONS, MINUTE_MS, period_columns, period_row
from vigie.telemetry.store import Store

from .at_rest import settings, silent

VERSIONS = range(1, len(MIGRATIONS) + 1)
PERIODS = 300
MINUTES = PERIODS * 1000 // MINUTE_MS


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def make_journal(path: Path, version: int) -> None:
    """Write what a program of that schema left behind: five minutes, two of them rolled up, and an order."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for step in MIGRATIONS[:version]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        there = columns(connection, "period")
        insert = f"INSERT INTO period ({', '.join(there)}) VALUES ({', '.join('?' * len(there))})"
        connection.execute("BEGIN")
        for second in range(PERIODS):
            row = dict(zip(period_columns(), period_row(record(float(second), 12.0 + second / 1000)), strict=True))
            connection.execute(insert, [row[name] for name in there])
        for minute in range(MINUTES):
            start_ms = START_MS + minute * MINUTE_MS
            if minute < 2:
                connection.execute(f"INSERT INTO minute (start_utc_ms, periods, failed) VALUES ({start_ms}, 60, 0)")
            else:
                connection.execute("INSERT INTO open_bucket VALUES (?, ?)", (MINUTE_MS, start_ms))
        connection.execute(
            "INSERT INTO event (utc_ms, kind, subject, before, after, reason, who, text, data) VALUES "
            f"({START_MS}, 'mode', 'mode', 'observe', 'protect', '', 'ada', '', '{{}}')"
        )
        connection.execute("COMMIT")


def judge(journal: Path) -> None:
    """Open a journal as the controller does, then read it as the pages do."""
    Store(journal, JournalSettings()).close()
    with closing(sqlite3.connect(journal)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not rollups.load_open(connection)
    with closing(JournalReader(journal)) as reader:
        series = reader.series("bus_v", Channel.BATTERY, START_MS, START_MS + PERIODS * 1000, PERIODS)
        assert series.mean[0] == pytest.approx(12.0)
        assert series.mean[-1] == pytest.approx(12.0 + (PERIODS - 1) / 1000)
        assert reader.last_mode() == ("protect", "ada", START_MS)
        assert reader.newest_utc_ms() == START_MS + (PERIODS - 1) * 1000
        reader.series("ambient_c", None, START_MS, START_MS + PERIODS * 1000, 5)


def test_the_versions_made_here_really_differ(tmp_path: Path) -> None:
    shapes = set()
    for version in VERSIONS:
        make_journal(tmp_path / f"{version}.sqlite", version)
        with closing(sqlite3.connect(tmp_path / f"{version}.sqlite")) as connection:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            shapes.add(tuple((table, *columns(connection, table)) for table in sorted(tables)))
    assert len(shapes) == len(MIGRATIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_journal_of_an_earlier_program_is_migrated_and_read(tmp_path: Path, version: int) -> None:
    make_journal(tmp_path / "journal.sqlite", version)
    judge(tmp_path / "journal.sqlite")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("with_periods", [True, False])
def test_a_backup_of_an_earlier_program_is_restored_and_migrated(
    tmp_path: Path, version: int, with_periods: bool
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    config = settings(old)
    config.data_directory.mkdir()
    make_journal(config.data_directory / "journal.sqlite", version)
    manifest = backup.write_file(config, tmp_path / "b.tar.gz", silent, backup.Content(with_periods))
    assert manifest.files["data/journal.sqlite"].schema_version == version, "a backup changes nothing"
    with (tmp_path / "b.tar.gz").open("rb") as file:
        restore.restore(settings(new), file, silent)
    judge(new / "data" / "journal.sqlite")


def test_the_program_itself_goes_on_with_the_oldest_journal(site: Callable[..., Site]) -> None:
    one = site(TWIN, speed=60, soc=0.9)
    one.data.mkdir()
    make_journal(one.data / "journal.sqlite", 1)
    one.started()
    wait_for(lambda: one.events(EventKind.START), what="a start in the journal", log=lambda: one.log)
    assert one.events(EventKind.MODE)[0].who == "ada"
    assert one.snapshot()["mode"] == "protect", "the journal's last mode goes on"
    assert len(one.periods()) > PERIODS
