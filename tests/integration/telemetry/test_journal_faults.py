"""Faults of the disk, made for real: locked, corrupt, full, read-only, cut off."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.small_disk import small_disk
from vigie.telemetry.events import DroppedRows
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import EventKind
from vigie.telemetry.unwritten import Unwritten

from .samples import START_MS, record, switching, wait_until

Start = Callable[..., Journal]
QUICK = JournalSettings(batch_s=0.05, waiting_periods=200)


def periods_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM period").fetchone()[0])


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "512k") as folder:
        yield folder


@pytest.fixture
def on_small_disk(full_disk: Path) -> Iterator[Journal]:
    journal = Journal(full_disk / "journal.sqlite", QUICK)
    journal.start()
    yield journal
    journal.close()


def fill(disk: Path) -> Path:
    """Leave not a byte free."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for block in (4096, 1):
            try:
                while True:
                    file.write(bytes(block))
            except OSError:
                continue
    return ballast


def test_a_locked_journal_waits_in_memory_and_says_so(start_journal: Start, path: Path) -> None:
    journal = start_journal(QUICK)
    wait_until(lambda: journal.state().is_writing)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for second in range(50):
            journal.record(record(second))
        wait_until(lambda: "locked by another program" in (journal.state().error or ""))
        assert not journal.state().is_writing
        assert journal.state().waiting_periods == 50
        other.execute("ROLLBACK")
    wait_until(lambda: journal.state().rows == 50)
    assert journal.state().error is None
    assert (journal.state().waiting_periods, journal.state().lost_periods) == (0, 0)
    assert periods_in(path) == 50


@pytest.mark.parametrize("damage", ["no database", "torn pages"])
def test_a_corrupt_journal_is_kept_aside_and_a_new_one_started(
    start_journal: Start, path: Path, reader: JournalReader, damage: str
) -> None:
    if damage == "no database":
        path.write_bytes(b"\xa5" * 10_000)
    else:
        first = start_journal(QUICK)
        for second in range(2000):
            first.record(record(second))
            if second % 100 == 0:
                wait_until(lambda: first.state().waiting_periods == 0)
        first.close(timeout_s=60)
        with path.open("r+b") as file:
            for page in range(2, path.stat().st_size // 4096):
                file.seek(page * 4096)
                file.write(b"\xa5" * 4096)
    damaged = path.read_bytes()
    journal = start_journal(QUICK)
    journal.record(record(90_000))
    wait_until(lambda: journal.state().rows == 1)
    (aside,) = path.parent.glob("journal.sqlite.corrupt-*Z")
    assert aside.read_bytes() == damaged
    assert f"kept as {aside.name}" in (journal.state().error or "")
    assert journal.state().is_writing
    wait_until(lambda: len(reader.events(0, START_MS * 2)) == 1)
    (event,) = reader.events(0, START_MS * 2)
    assert (event.kind, event.subject, event.after) == (EventKind.FAULT, "journal", aside.name)


def test_damage_left_by_an_unclean_end_is_found_at_start(start_journal: Start, path: Path) -> None:
    writer = subprocess.run([sys.executable, "-c", CHILD, str(path), "2000"], check=False, timeout=30)
    assert writer.returncode == -signal.SIGKILL
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("DELETE FROM event")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'period'").fetchone()
        connection.execute("INSERT INTO event VALUES (1, 1, 'start', '', '', '', '', '', '', '{}')")
        connection.commit()
        wal = path.with_name(path.name + "-wal").read_bytes()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xa5" * 4096)
    path.with_name(path.name + "-wal").write_bytes(wal)
    journal = start_journal(QUICK)
    wait_until(lambda: "was corrupt" in (journal.state().error or ""))
    wait_until(lambda: journal.state().is_writing)


def test_a_full_disk_drops_the_oldest_and_tells_the_gap_when_it_is_back(
    on_small_disk: Journal, full_disk: Path
) -> None:
    journal, path = on_small_disk, full_disk / "journal.sqlite"
    journal.record(record(0))
    wait_until(lambda: journal.state().rows == 1)
    ballast = fill(full_disk)
    journal.note(switching(1, "R2"))
    wait_until(lambda: not journal.state().is_writing)
    for second in range(1, 501):
        journal.record(record(second))
        time.sleep(0.001)
    wait_until(lambda: journal.state().waiting_periods == 200)
    written = journal.state().rows
    assert journal.state().lost_periods == 501 - written - 200
    assert "free some space" in (journal.state().error or "")
    ballast.unlink()
    wait_until(lambda: journal.state().waiting_periods == 0)
    assert journal.state().error is None
    lost = journal.state().lost_periods
    journal.close()
    assert periods_in(path) == 501 - lost
    reader = JournalReader(path)
    events = reader.events(0, START_MS * 2)
    reader.close()
    (gap,) = [event for event in events if event.kind is EventKind.GAP]
    assert gap.data["periods"] == lost > 0
    assert gap.data["to_utc_ms"] == START_MS + (500 - 200) * 1000
    assert switching(1, "R2") in events


def test_a_full_disk_and_then_kill_9_leave_a_gap_that_the_next_start_tells(full_disk: Path) -> None:
    path = full_disk / "journal.sqlite"
    first = Journal(path, QUICK)
    first.start()
    first.record(record(0))
    wait_until(lambda: first.state().rows == 1)
    ballast = fill(full_disk)
    first.note(switching(1, "R2"))
    for second in range(1, 101):
        first.record(record(second))
        time.sleep(0.001)
    wait_until(lambda: unwritten(path) == (START_MS + 1_000, START_MS + 100_000, 100, 1))
    killed = path.with_name(
        f"{path.name}-unwritten"
    ).read_bytes()  # a kill leaves this; the end of a test writes it all
    ballast.unlink()
    first.close(timeout_s=60)
    assert unwritten(path) is None
    path.with_name(f"{path.name}-unwritten").write_bytes(killed)

    second_run = Journal(path, QUICK)
    second_run.start()
    second_run.record(record(200))
    wait_until(lambda: second_run.state().rows == 1)
    second_run.close()
    reader = JournalReader(path)
    (gap,) = reader.events(0, START_MS * 2, (EventKind.GAP,))
    reader.close()
    assert gap.data == {"from_utc_ms": START_MS + 1_000, "to_utc_ms": START_MS + 100_000, "periods": 100, "events": 1}
    assert unwritten(path) is None


def unwritten(path: Path) -> DroppedRows | None:
    return Unwritten(path).recall()


@pytest.mark.parametrize("content", [b"", b"\xff" * 32, b"short", b"\x7f" * 200])
def test_a_note_of_what_was_not_written_that_cannot_be_is_none(path: Path, content: bytes) -> None:
    path.with_name(f"{path.name}-unwritten").write_bytes(content)
    assert unwritten(path) is None


def test_a_read_only_disk_costs_nothing_that_memory_can_hold(full_disk: Path) -> None:
    path = full_disk / "journal.sqlite"
    first = Journal(path, QUICK)
    first.start()
    first.record(record(0))
    first.close(timeout_s=60)
    subprocess.run(["mount", "-o", "remount,ro", full_disk], check=True)
    journal = Journal(path, QUICK)
    journal.start()
    for second in range(1, 100):
        journal.record(record(second))
    wait_until(lambda: journal.state().error is not None)
    assert "read-only" in (journal.state().error or "")
    subprocess.run(["mount", "-o", "remount,rw", full_disk], check=True)
    wait_until(lambda: journal.state().rows == 99)
    journal.close()
    assert periods_in(path) == 100
    assert journal.state().lost_periods == 0


def test_a_disk_that_is_not_there_yet_is_waited_for(start_journal: Start, path: Path) -> None:
    path.parent.joinpath("mount").write_text("a file where a folder should be")
    journal = Journal(path.parent / "mount" / "journal.sqlite", QUICK)
    journal.start()
    journal.record(record(0))
    wait_until(lambda: journal.state().error is not None)
    path.parent.joinpath("mount").unlink()
    wait_until(lambda: journal.state().rows == 1)
    journal.close()
    assert periods_in(path.parent / "mount" / "journal.sqlite") == 1


CHILD = f"""
import itertools, os, signal, sys, time
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from tests.integration.telemetry.samples import record
from vigie.telemetry.journal import Journal, JournalSettings

journal = Journal(Path(sys.argv[1]), JournalSettings(batch_s=0.3, waiting_periods=100_000))
journal.start()
stop_at = int(sys.argv[2]) if len(sys.argv) > 2 else None
for number in itertools.count():
    journal.record(record(number))
    if stop_at is None:
        print(number, time.monotonic(), journal.state().rows, flush=True)
        time.sleep(0.002)
    elif number == stop_at:
        while journal.state().waiting_periods:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("after_s", [0.7, 1.1, 1.6])
def test_kill_9_loses_at_most_the_batch_window_and_never_the_file(path: Path, after_s: float) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = [child.stdout.readline()]
    while lines[-1].endswith(" 0\n"):  # nothing is in the file yet
        lines.append(child.stdout.readline())
    until_s = time.monotonic() + after_s
    while time.monotonic() < until_s:
        lines.append(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    lines += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    recorded = [(int(number), float(at_s), int(rows)) for number, at_s, rows in (line.split() for line in lines)]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = [ms for (ms,) in connection.execute("SELECT utc_ms FROM period_si ORDER BY utc_ms")]
    assert kept == [START_MS + 1000 * number for number in range(len(kept))], "a hole in the middle"
    _, last_s, told = recorded[-1]
    assert len(kept) >= told > 0, "less than the journal said was in the file"
    lost_s = [at_s for number, at_s, _ in recorded if number >= len(kept)]
    assert not lost_s or last_s - lost_s[0] < 0.3 + 2.0, "more than the window and a commit on a busy machine"


def test_a_look_through_the_file_leaves_the_log_to_its_writer(
    start_journal: Start, path: Path, reader: JournalReader
) -> None:
    """A program that reads and closes the file deletes its log where the writer has lost its locks."""
    journal = start_journal(QUICK)
    journal.record(record(0))
    wait_until(lambda: journal.state().rows == 1)
    look = journal._look
    assert look is not None
    wait_until(lambda: not look._thread.is_alive())
    read = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('SELECT count(*) FROM period'); c.close()"
    subprocess.run([sys.executable, "-c", read], check=True)
    assert path.with_name(path.name + "-wal").exists()
    journal.record(record(1))
    wait_until(lambda: journal.state().rows == 2)
    assert reader.newest_utc_ms() == START_MS + 1_000


def test_readers_go_on_while_the_journal_is_written(start_journal: Start, reader: JournalReader) -> None:
    journal = start_journal(QUICK._replace(waiting_periods=10_000))
    wait_until(lambda: journal.state().is_writing)
    seen = []
    for second in range(1000):
        journal.record(record(second))
        if second % 20 == 0:
            time.sleep(0.01)
            seen.append(reader.newest_utc_ms() or 0)
    assert seen == sorted(seen)
    assert seen[-1] > START_MS
    assert journal.state().error is None


WRITER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from tests.integration.telemetry.samples import record
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.store import Store

store = Store(Path(sys.argv[1]), JournalSettings())
for commit in range(1000):
    store.write([record(10 * commit + second) for second in range(10)], [], False)
store.close()
"""


def test_a_batch_costs_one_sync_of_the_disk(path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (apt-get install strace)")
    log = path.with_name("syncs")
    command = ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", log, sys.executable, "-c", WRITER, path]
    traced = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "ptrace" in traced.stderr:
        pytest.skip("strace may not trace here")
    syncs = log.read_text().count("sync(")
    assert 1000 <= syncs <= 1030, "one a commit, and a few for each checkpoint"
