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
        return [bar.fed_by for bar in history_of(reader, to_ms, None).bars]


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


def outage_story(path: Path) -> None:
    """An outage of five minutes while R2 rested, with all that it sets off, and a change of mode before it."""
    began_ms = END_MS - 3_600_000
    journal = Journal(path, JournalSettings())
    journal.start()

    def note(after_s: float, kind: EventKind, subject: str, after: str, reason: str = "", **data: float) -> None:
        journal.note(Event(round(began_ms + 1000 * after_s), kind, subject, "", after, reason, "controller", "", data))

    note(-600, EventKind.MODE, "mode", "protect", "set_by_user")
    note(0, EventKind.FAULT, "mains", "absent")
    note(0, EventKind.SWITCHING, "R2", "closed", "mains_lost")
    note(1, EventKind.OUTAGE, "outage", "began", began_utc_ms=began_ms)
    note(10, EventKind.ALARM, "mains_lost", "unacknowledged", "raised")
    note(60, EventKind.ALARM, "mains_lost", "acknowledged", "acknowledged")
    note(300, EventKind.FAULT_CLEARED, "mains", "present")
    note(310, EventKind.ALARM, "mains_lost", "normal", "cleared")
    told = {"charge_out_ah": 0.04, "lowest_v": 12.5, "dark_s": 1.0, "rest_dark_s": 1.0, "was_enough": 1}
    note(310, EventKind.OUTAGE, "outage", "ended", began_utc_ms=began_ms, ended_utc_ms=began_ms + 300_000, **told)
    journal.close()


def test_an_outage_is_one_row_with_all_that_it_set_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    outage_story(path)
    with closing(JournalReader(path)) as reader:
        acknowledged, outage, mode = history_of(reader, END_MS, None).rows
    assert (acknowledged.event.reason, acknowledged.outage) == ("acknowledged", None)
    assert (mode.event.kind, mode.outage) == (EventKind.MODE, None)
    assert outage.outage is not None
    assert (outage.outage.duration_s, outage.outage.rest_dark_s, outage.outage.was_enough) == (300.0, 1.0, True)


def test_an_outage_that_lasts_is_one_row_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    outage_story(path)
    began_ms = END_MS - 5_000
    journal = Journal(path, JournalSettings())
    journal.start()
    for kind, subject, after in ((EventKind.FAULT, "mains", "absent"), (EventKind.OUTAGE, "outage", "began")):
        journal.note(Event(began_ms, kind, subject, "", after, "", "controller", "", {"began_utc_ms": began_ms}))
    journal.close()
    now = {
        "kind": "outage",
        "began_utc_ms": began_ms,
        "lowest_v": 12.6,
        "charge_out_ah": 0.0,
        "dark_s": 0.0,
        "rest_dark_s": 0.0,
    }
    with closing(JournalReader(path)) as reader:
        first, *_ = history_of(reader, END_MS, now).rows
    assert first.outage is not None
    assert first.outage.lasts
