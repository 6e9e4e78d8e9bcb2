"""What a restart knows of the time before it, from a real journal."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.telemetry.samples import START_MS, record
from tests.unit.controller.scripted_plant import CLOSED, OPEN, Bench, ScriptedPlant
from vigie.assembly.past import past_of
from vigie.config.sections import StartMode
from vigie.control.commands import Mode
from vigie.controller.period import NO_PAST, Past
from vigie.telemetry.events import LatchMoved
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind

Note = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def note(path: Path) -> Iterator[Note]:
    """Write an event; the journal is whole once :func:`past` closes it."""
    journal = Journal(path, JournalSettings())
    journal.start()

    def write(
        kind: EventKind,
        subject: str,
        after: str,
        who: str = "anna",
        utc_ms: int = 1_000_000,
        before: str = "",
        reason: str = "",
        **data: float,
    ) -> None:
        journal.note(Event(utc_ms, kind, subject, before, after, reason, who, "", data))

    write.journal = journal  # type: ignore[attr-defined]
    yield write
    journal.close()


def told(path: Path, start: StartMode) -> tuple[Past, int | None]:
    with closing(JournalReader(path)) as reader:
        return past_of(reader, start)[:2]


def past(note: Note, path: Path, start: StartMode = StartMode.LAST) -> Past:
    note.journal.close()  # type: ignore[attr-defined]
    return told(path, start)[0]


def test_without_a_journal_nothing_is_known(path: Path) -> None:
    assert told(path, StartMode.LAST) == (NO_PAST, None)
    assert told(path, StartMode(Mode.PROTECT))[0].mode == Mode.PROTECT


def test_journal_that_is_none_remembers_nothing(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)
    assert told(path, StartMode.LAST) == (NO_PAST, None)


@pytest.mark.parametrize(
    ("last", "resumed"),
    [("protect", Mode.PROTECT), ("cycle", Mode.CYCLE), ("observe", Mode.OBSERVE), ("manual", Mode.OBSERVE)],
)
def test_last_mode_is_resumed_with_who_chose_it_but_never_manual(
    note: Note, path: Path, last: str, resumed: Mode
) -> None:
    note(EventKind.MODE, "mode", "observe", "carla")
    note(EventKind.MODE, "mode", last)
    found = past(note, path)
    assert found.mode == resumed
    assert found.mode_by == ("anna" if resumed in {Mode.PROTECT, Mode.CYCLE} else "start")


def test_mode_of_the_settings_goes_before_the_last_one(note: Note, path: Path) -> None:
    note(EventKind.MODE, "mode", "cycle")
    assert past(note, path, StartMode(Mode.OBSERVE)).mode == Mode.OBSERVE


def test_movements_are_counted_on_by_relay(note: Note, path: Path) -> None:
    for relay in ("R2", "R2", "R4", "R2"):
        note(EventKind.SWITCHING, relay, "open")
    assert past(note, path).switchings == (0, 3, 0, 1)


def latch(note: Note, is_set: bool) -> None:
    note.journal.note(LatchMoved(is_set, 51.0 if is_set else None, "hot").event(1_000_000))  # type: ignore[attr-defined]


@pytest.mark.parametrize("is_set", [True, False])
def test_over_temperature_latch_outlives_the_process_by_its_own_record(note: Note, path: Path, is_set: bool) -> None:
    latch(note, True)
    if not is_set:
        latch(note, False)
    note(EventKind.FAULT, "load", "failed")
    assert past(note, path).is_over_temperature is is_set


@pytest.mark.parametrize("was_set", [True, False])
def test_of_a_latch_told_in_the_old_form_and_in_its_own_the_newest_counts(
    note: Note, path: Path, was_set: bool
) -> None:
    note(EventKind.FAULT, "over_temperature", "any word")
    if not was_set:
        note(EventKind.FAULT_CLEARED, "over_temperature", "good")
    latch(note, not was_set)
    assert past(note, path).is_over_temperature is not was_set


def test_latch_that_does_not_say_whether_it_is_set_is_damage(note: Note, path: Path) -> None:
    note(EventKind.LATCH, "over_temperature", "set", is_set=7)
    note.journal.close()  # type: ignore[attr-defined]
    with closing(JournalReader(path)) as reader:
        found = past_of(reader, StartMode.LAST)
    assert found.damaged == ("over-temperature latch: is_set = 7",)


@pytest.mark.parametrize(("is_cleared", "is_latched"), [(False, True), (True, False)])
def test_latch_of_a_journal_that_told_it_as_a_fault_outlives_the_process(
    note: Note, path: Path, is_cleared: bool, is_latched: bool
) -> None:
    note(EventKind.FAULT, "over_temperature", "latched")
    if is_cleared:
        note(EventKind.FAULT_CLEARED, "over_temperature", "good", before="latched")
    note(EventKind.FAULT, "load", "failed")
    assert past(note, path).is_over_temperature is is_latched


def test_beginning_of_a_drill_is_known_while_r1_is_open(note: Note, path: Path) -> None:
    note(EventKind.SWITCHING, "R1", "closed", utc_ms=900_000)
    note(EventKind.SWITCHING, "R1", "open", utc_ms=950_000)
    note(EventKind.SWITCHING, "R2", "closed", utc_ms=960_000)
    assert past(note, path).r1_opened_utc_s == 950.0


@pytest.mark.parametrize(
    ("reason", "after", "known"), [("full", "open", 950.0), ("upper_voltage_reached", "open", None), ("full", "", None)]
)
def test_a_rest_that_lasts_tells_when_the_battery_was_last_full(
    note: Note, path: Path, reason: str, after: str, known: float | None
) -> None:
    note(EventKind.SWITCHING, "R2", after or "open", utc_ms=950_000, reason=reason)
    if not after:
        note(EventKind.SWITCHING, "R2", "closed", utc_ms=960_000, reason="rested_long")
    assert past(note, path).full_utc_s == known


def test_drill_that_has_ended_is_not_one(note: Note, path: Path) -> None:
    note(EventKind.SWITCHING, "R1", "open", utc_ms=950_000)
    note(EventKind.SWITCHING, "R1", "closed", utc_ms=960_000)
    assert past(note, path).r1_opened_utc_s is None


@pytest.mark.parametrize("state", ["began", "ended"])
def test_an_outage_whose_record_cannot_be_is_none_and_is_told(note: Note, path: Path, state: str) -> None:
    note(EventKind.OUTAGE, "outage", state, charge_out_ah="four")
    note.journal.close()  # type: ignore[attr-defined]
    with closing(JournalReader(path)) as reader:
        found = past_of(reader, StartMode.LAST)
    assert found.past.outage is None
    assert found.damaged == ("outage: its record {'charge_out_ah': 'four'} cannot be",)


def test_hot_battery_stays_cut_off_over_a_restart_until_it_is_acknowledged(note: Note, path: Path) -> None:
    """The first loop's own events, through a real journal, into the second loop."""
    first = Bench()
    first.plant.celsius = 55.0
    first.run(2)
    for event in first.notes.events:
        note.journal.note(event)  # type: ignore[attr-defined]
    plant = ScriptedPlant(CLOSED, OPEN)
    plant.celsius = 30.0
    second = Bench(plant, past(note, path))
    second.run(3)
    assert plant.contacts[1] == OPEN
    assert second.order("acknowledge").is_accepted
    second.run()
    assert plant.contacts[1] == CLOSED
    assert second.notes.periods[-1].counters.switchings[1] == 2


def test_the_newest_hold_off_is_that_of_the_mains_or_of_a_start(note: Note, path: Path) -> None:
    note(EventKind.FAULT, "mains", "absent", utc_ms=1_000, hold_off_s=300.0)
    note(EventKind.START, "controller", "observe", utc_ms=5_000, hold_off_s=600.0)
    note(EventKind.FAULT_CLEARED, "mains", "good", utc_ms=3_000, hold_off_s=300.0)
    known = past(note, path)
    assert (known.hold_off_s, known.hold_off_utc_s) == (600.0, 5.0)


def test_a_journal_of_an_older_version_knows_no_hold_off(note: Note, path: Path) -> None:
    note(EventKind.FAULT, "mains", "absent")
    assert past(note, path).hold_off_s == 0.0


def test_when_the_installation_was_last_watched_is_known(note: Note, path: Path) -> None:
    assert told(path, StartMode.LAST)[0].seen_utc_s == 0.0
    note.journal.record(record(7.0))  # type: ignore[attr-defined]
    assert past(note, path).seen_utc_s == START_MS / 1000 + 7.0
