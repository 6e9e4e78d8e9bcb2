"""The outage log, its strip of a day and its marks of a month, from a journal written by the real one."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.browser.journals import write_day
from tests.unit.pages.test_pages import Site
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind
from vigie.web.history import WIDTH
from vigie.web.outages import NARROWEST, OutageLog, log_of

END_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("month") / "journal.sqlite"
    write_day(path, END_MS / 1000)
    return path


def read(path: Path, now: dict[str, Any] | None = None) -> OutageLog:
    with closing(JournalReader(path)) as reader:
        return log_of(reader, END_MS, now)


def test_the_log_has_every_outage_newest_first_with_its_figures(journal: Path) -> None:
    log = read(journal)
    assert log.error is None
    assert [one.kind for one in log.outages] == ["outage", "drill", "charger_fault", "outage", "outage"]
    longest = log.outages[-1]
    assert longest.duration_s == 140 * 60
    assert (longest.lowest_v, longest.charge_out_ah, longest.dark_s) == (11.6, 1.9, 420.0)
    assert longest.was_enough is False
    assert log.outages[0].was_enough is True


def test_the_strip_shows_the_outage_and_the_gap_where_they_were(journal: Path) -> None:
    outage, gap = sorted(read(journal).strip, key=lambda mark: mark.weight, reverse=True)
    assert (outage.weight, gap.weight) == ("outage", "nothing")
    assert outage.x == pytest.approx(9.0 / 24 * WIDTH, abs=1)
    assert outage.width == pytest.approx(0.6 / 24 * WIDTH, abs=1)
    assert gap.x == pytest.approx(15.0 / 24 * WIDTH, abs=8)
    assert gap.width == pytest.approx(0.5 / 24 * WIDTH, abs=8)


def test_a_day_shows_its_heaviest_event_and_what_was_not_recorded(journal: Path) -> None:
    days = read(journal).days
    assert len(days) == 30
    weights = [day.weight for day in days]
    assert [weights.count(name) for name in ("failed", "outage", "charger_fault", "drill")] == [1, 2, 1, 1]
    assert weights.count("nothing") >= 23
    assert sum(day.times for day in days) >= 5


def test_an_outage_of_a_second_is_still_seen(journal: Path) -> None:
    now = {
        "kind": "outage",
        "began_utc_ms": END_MS - 1000,
        "lowest_v": 12.6,
        "charge_out_ah": 0.0,
        "dark_s": 0.0,
        "rest_dark_s": 0.0,
    }
    mark = next(mark for mark in read(journal, now).strip if mark.utc_ms == END_MS - 1000)
    assert mark.width == NARROWEST
    assert mark.x + mark.width == pytest.approx(WIDTH)


def test_the_one_that_lasts_comes_first_and_is_no_success_once_the_loads_are_dark(journal: Path) -> None:
    now = {
        "kind": "outage",
        "began_utc_ms": END_MS - HOUR_MS,
        "lowest_v": 10.1,
        "charge_out_ah": 1.0,
        "dark_s": 30.0,
        "rest_dark_s": 0.0,
    }
    first = read(journal, now).outages[0]
    assert first.lasts
    assert first.duration_s is None
    assert first.weight == "failed"


def test_an_end_nobody_saw_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    writer = Journal(path, JournalSettings())
    writer.start()
    began = END_MS - 5 * HOUR_MS
    writer.note(Event(began, EventKind.OUTAGE, "outage", "", "began", "", "", "", {"began_utc_ms": began}))
    writer.close()
    (outage,) = read(path).outages
    assert (outage.ended_utc_ms, outage.lasts, outage.was_enough) == (None, False, None)


def test_a_beginning_whose_end_is_known_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    writer = Journal(path, JournalSettings())
    writer.start()
    began, ended = END_MS - 5 * HOUR_MS, END_MS - 4 * HOUR_MS
    data = {"began_utc_ms": began, "ended_utc_ms": ended, "was_enough": 1}
    writer.note(Event(began, EventKind.OUTAGE, "outage", "", "began", "", "", "", {"began_utc_ms": began}))
    writer.note(Event(ended, EventKind.OUTAGE, "outage", "", "ended", "", "", "", data))
    writer.close()
    (outage,) = read(path).outages
    assert outage.duration_s == 3600


def test_an_unreadable_journal_is_told_and_not_drawn_empty(tmp_path: Path) -> None:
    with closing(Site(tmp_path)) as site:
        site.publish()
        html = site.page("/outages")
    assert "Le journal est illisible" in html
    assert "Aucune coupure" not in html


def test_the_page_counts_only_outages_whose_end_is_known(journal: Path) -> None:
    now = {
        "kind": "outage",
        "began_utc_ms": END_MS - 60_000,
        "lowest_v": 12.6,
        "charge_out_ah": 0.0,
        "dark_s": 0.0,
        "rest_dark_s": 0.0,
    }
    with closing(Site(journal.parent)) as site:
        site.publish(utc_ms=END_MS, outage=now)
        html = site.page("/outages")
    assert re.search(r'class="reading not-enough">2 <span class="unit">sur 3<', html)
    assert "✓ jusqu’ici" in html


def test_the_page_says_what_goes_on_now(tmp_path: Path) -> None:
    outage = {
        "kind": "drill",
        "began_utc_ms": 1_790_000_000_000,
        "lowest_v": 12.34,
        "charge_out_ah": 0.5,
        "dark_s": 0.0,
        "rest_dark_s": 0.0,
    }
    with closing(Site(tmp_path)) as site:
        site.publish(outage=outage)
        html = site.page("/outages")
    assert "Essai d’autonomie</span>, en cours" in html
    assert "12,34" in html


def test_what_a_resting_r2_left_dark_is_said_and_not_laid_to_the_battery(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path, JournalSettings())
    journal.start()
    began_ms = END_MS - HOUR_MS
    data = {
        "began_utc_ms": began_ms,
        "ended_utc_ms": began_ms + 60_000,
        "dark_s": 1.0,
        "rest_dark_s": 1.0,
        "was_enough": 1,
    }
    journal.note(Event(began_ms + 70_000, EventKind.OUTAGE, "outage", "began", "ended", "", "controller", "", data))
    journal.close()
    (outage,) = read(path).outages
    assert (outage.weight, outage.was_enough, outage.rest_dark_s) == ("outage", True, 1.0)
