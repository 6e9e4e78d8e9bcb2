"""The home page's 24 h strip, from a journal written by the real one."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.browser.journals import write_day
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind
from vigie.web.history import BARS, SPAN_MS, history_of

END_MS = 1_800_000_000_000
BAR_MS = SPAN_MS // BARS


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "journal.sqlite"
    write_day(path, END_MS / 1000)
    return path


def fed_by(path: Path, to_ms: int = END_MS) -> list[str]:
    with closing(JournalReader(path)) as reader:
        return [bar.fed_by for bar in history_of(reader, to_ms).bars]


def test_bars_show_the_outage_the_gap_and_the_mains_where_they_were(day: Path) -> None:
    bars = fed_by(day)
    assert {index for index, name in enumerate(bars) if name == "battery"} == {36, 37, 38}  # 9.0 to 9.6 h
    assert {index for index, name in enumerate(bars) if name == "nothing"} == {
        61
    }  # 15.0 to 15.5 h; the edge of slice 60 has a record
    assert bars.count("mains") == BARS - 4


def add(path: Path, *events: tuple[float, EventKind, str, str]) -> None:
    journal = Journal(path, JournalSettings())
    journal.start()
    for hours_ago, kind, subject, after in events:
        utc_ms = round(END_MS - hours_ago * 3_600_000)
        journal.note(Event(utc_ms, kind, subject, "", after, "", "", "", {}))
    journal.close()


def test_drill_counts_as_on_battery_until_r1_closes(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    write_day(path, END_MS / 1000)
    add(path, (4.0, EventKind.SWITCHING, "R1", "open"), (3.5, EventKind.SWITCHING, "R1", "closed"))
    assert {index for index, name in enumerate(fed_by(path)) if name == "battery"} == {36, 37, 38, 80, 81}


def test_outage_that_has_not_ended_reaches_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    write_day(path, END_MS / 1000)
    add(path, (0.5, EventKind.FAULT, "mains", "absent"))
    assert fed_by(path)[-2:] == ["battery", "battery"]
    assert fed_by(path)[-3] == "mains"


def test_where_nothing_was_recorded_nothing_is_claimed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    write_day(path, END_MS / 1000)
    add(path, (-0.1, EventKind.FAULT, "mains", "absent"))
    assert set(fed_by(path, END_MS + SPAN_MS + 1_000_000)) == {
        "nothing"
    }  # no period was recorded there: nothing is claimed
