"""Damage that is met at start or while it runs, and what is brought back of a journal that was set aside."""

import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.process.installations import vigie
from vigie.telemetry.damage import asides_of
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import UNREADABLE, JournalReader
from vigie.telemetry.records import Event, EventKind
from vigie.telemetry.salvage import salvage
from vigie.telemetry.schema import KEYS_PER_MS

from .samples import START_MS, record, switching, wait_until

Start = Callable[..., Journal]
QUICK = JournalSettings(batch_s=0.02)
PERIODS = 3000


@pytest.fixture
def whole(path: Path) -> Path:
    """A journal of 3,000 periods and some events, closed cleanly."""
    journal = Journal(path, QUICK)
    journal.start()
    journal.note(Event(START_MS, EventKind.MODE, "mode", "observe", "protect", "", "anna", "", {}))
    for second in range(PERIODS):
        journal.record(record(second))
        if second % 500 == 0:
            journal.note(switching(second, "R2"))
            wait_until(lambda: journal.state().waiting_periods == 0)
    journal.close(timeout_s=60)
    return path


def leaves(path: Path, table: str) -> list[int]:
    """Return the numbers of a table's leaf pages, in the order of its keys."""
    raw = path.read_bytes()
    (size,) = struct.unpack(">H", raw[16:18])
    with closing(sqlite3.connect(path)) as file:
        (root,) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()

    def under(page: int) -> list[int]:
        at = (page - 1) * size
        if raw[at] == 13:
            return [page]
        (count,) = struct.unpack(">H", raw[at + 3 : at + 5])
        cells = struct.unpack(f">{count}H", raw[at + 12 : at + 12 + 2 * count])
        below = [struct.unpack(">I", raw[at + cell : at + cell + 4])[0] for cell in cells]
        return [leaf for one in (*below, struct.unpack(">I", raw[at + 8 : at + 12])[0]) for leaf in under(one)]

    return under(root)


def tear(path: Path, pages: list[int]) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(bytes(4096))


def seconds_in(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as file:
        return [(key // KEYS_PER_MS - START_MS) // 1000 for (key,) in file.execute("SELECT key FROM period")]


def test_torn_pages_of_a_journal_closed_cleanly_are_found_told_and_all_but_they_brought_back(
    whole: Path, start_journal: Start, reader: JournalReader
) -> None:
    pages = leaves(whole, "period")
    middle = len(pages) // 2
    tear(whole, pages[middle : middle + 3])
    journal = start_journal(QUICK)
    journal.record(record(90_000))
    wait_until(lambda: bool(journal.state().damage))
    journal.record(record(90_001))
    wait_until(lambda: journal.state().is_writing and bool(asides_of(whole)))
    wait_until(lambda: reader.last_mode() is not None)
    assert reader.last_mode() == ("protect", "anna", START_MS), "what the next start must know is carried over"

    (aside,) = asides_of(whole)
    assert aside.name in journal.state().damage[0]
    told = vigie("journal", "salvage", "--data", str(whole.parent))
    assert told.returncode == 0, told.stderr
    back = seconds_in(whole)
    lost = sorted(set(range(PERIODS)) - set(back))
    assert len(back) == len(set(back))
    assert 0 < len(lost) <= 3 * 45
    assert lost == list(range(lost[0], lost[-1] + 1)), "nothing but the torn pages is lost"
    assert reader.switching_counts() == {"R2": 6}
    assert reader.last_mode() == ("protect", "anna", START_MS)
    assert sum(salvage(aside, whole).values()) == 0, "a second time brings nothing twice"


def test_two_torn_places_cost_only_themselves(whole: Path, path: Path, tmp_path: Path, start_journal: Start) -> None:
    pages = leaves(whole, "period")
    damaged = tmp_path / "damaged.sqlite"
    whole.rename(damaged)
    tear(damaged, [pages[len(pages) // 4], pages[3 * len(pages) // 4]])
    journal = start_journal(QUICK)
    journal.record(record(90_000))
    wait_until(lambda: journal.state().rows == 1)
    assert salvage(damaged, path)["period"] >= PERIODS - 2 * 45


def test_a_file_whose_columns_are_gone_while_it_runs_is_set_aside(whole: Path, start_journal: Start) -> None:
    """One flipped bit in the schema of a file closed cleanly: "no such column", and nothing says corrupt."""
    raw = whole.read_bytes()
    assert raw.count(b"who TEXT NOT NULL") == 1
    whole.write_bytes(raw.replace(b"who TEXT NOT NULL", b"wh\x6e TEXT NOT NULL"))
    journal = start_journal(QUICK)
    journal.record(record(90_000))
    journal.note(switching(90_000, "R2"))
    wait_until(lambda: bool(asides_of(whole)) and journal.state().is_writing)
    assert journal.state().damage


MODE_TYPES = bytes((21, 21, 27, 27, 13, 21, 13, 17))
"""Of the record of the mode event: kind, subject, before, after, reason, who, text, data, each 13 + 2 * length."""


@pytest.mark.parametrize("cell", [0, 2, 5, 7], ids=["kind", "before", "who", "data"])
def test_one_bit_that_makes_bytes_of_a_word_costs_its_event_and_no_later_one(
    whole: Path, start_journal: Start, reader: JournalReader, cell: int
) -> None:
    raw = bytearray(whole.read_bytes())
    raw[raw.index(MODE_TYPES) + cell] ^= 1
    whole.write_bytes(raw)
    shown = reader.events(0, START_MS * 2)
    assert [event.kind for event in shown].count(EventKind.MODE) == 0
    assert [event.after for event in shown].count(UNREADABLE) == 1
    journal = start_journal(QUICK)
    wait_until(lambda: bool(asides_of(whole)) and journal.state().is_writing)
    journal.note(switching(PERIODS + 1, "R1"))
    assert journal.is_written(20.0)
    assert set(reader.newest_of_each(EventKind.SWITCHING)) == {"R1", "R2"}, "the new one, and what was carried over"


def test_one_event_that_cannot_be_read_costs_itself_and_is_told_once(
    whole: Path, start_journal: Start, reader: JournalReader
) -> None:
    with closing(sqlite3.connect(whole)) as file:
        file.execute("UPDATE event SET data = '{\"battery_v\": 12' WHERE id = 3")
        file.execute("UPDATE event SET text = CAST(x'ff41' AS TEXT) WHERE id = 4")
        file.commit()
    shown = reader.events(0, START_MS * 2)
    assert len(shown) == 8 - 1
    assert [event.after for event in shown].count(UNREADABLE) == 2
    journal = start_journal(QUICK)
    journal.record(record(90_000))
    wait_until(lambda: journal.state().damage == ("events that cannot be read: 1, the first is number 3",))
    journal.record(record(90_001))
    wait_until(lambda: journal.state().rows == 2)
    journal.close()
    again = start_journal(QUICK)
    again.record(record(90_002))
    wait_until(lambda: again.state().rows == 1 and not (again._look and again._look._thread.is_alive()))
    assert again.state().damage == ()
    assert asides_of(whole) == []
