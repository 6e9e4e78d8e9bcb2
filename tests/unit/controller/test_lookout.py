"""What the loop tells people: alarms from raised to forgotten, over restarts too; outages; charge; contacts."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.controller.scripted_plant import CLOSED, CONTROL, OPEN, Bench, ScriptedPlant, lookout
from vigie.assembly.past import past_of
from vigie.config.sections import StartMode
from vigie.control.commands import Mode
from vigie.control.contact_findings import ContactFault, Truth
from vigie.control.signals import Relay
from vigie.controller.period import Past
from vigie.errors import HardwareError
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event, EventKind


def alarm(bench: Bench, name: str) -> dict[str, Any] | None:
    """Return an alarm as the newest snapshot tells it; None when it is at rest."""
    reports = bench.notes.periods[-1].alarms
    return next((dict(report) for report in reports if report["alarm"] == name), None)


def changes(bench: Bench, name: str) -> list[str]:
    return [event.reason for event in bench.notes.told(EventKind.ALARM, name)]


def without_mains(bench: Bench) -> Bench:
    bench.plant.battery_v, bench.plant.charge_a, bench.plant.load_v = 12.6, -0.5, 12.4
    return bench


def with_mains(bench: Bench) -> Bench:
    bench.plant.battery_v, bench.plant.charge_a, bench.plant.load_v = 12.8, 0.3, 13.6
    return bench


def kept(path: Path, bench: Bench) -> Past:
    """Return what a journal with the bench's events tells the next start."""
    journal = Journal(path, JournalSettings())
    journal.start()
    for event in bench.notes.events:
        journal.note(event)
    journal.close()
    with closing(JournalReader(path)) as reader:
        return past_of(reader, StartMode.LAST)[0]


def test_outage_is_an_alarm_until_it_is_over_and_noted() -> None:
    bench = without_mains(Bench())
    bench.run(10)
    found = alarm(bench, "mains_lost")
    assert found is not None
    assert (found["standing"], found["is_present"], found["is_first_out"]) == ("unacknowledged", True, True)
    assert (found["protection"], found["detail"], found["value"]) == ("r2_closed", [], None)
    with_mains(bench).run(10)
    found = alarm(bench, "mains_lost")
    assert found is not None
    assert (found["standing"], found["protection"]) == ("returned", "none")
    assert bench.order("acknowledge", alarm="mains_lost", why="storm").is_accepted
    assert alarm(bench, "mains_lost") is None
    assert changes(bench, "mains_lost") == ["raised", "returned", "acknowledged"]
    noted = bench.notes.told(EventKind.ALARM, "mains_lost")[-1]
    assert (noted.who, noted.text, noted.before, noted.after) == ("anna", "storm", "returned", "normal")


def test_who_noted_an_alarm_and_why_is_told_while_it_stands() -> None:
    bench = without_mains(Bench())
    bench.run(10)
    bench.order("acknowledge", why="storm")
    found = alarm(bench, "mains_lost")
    assert found is not None
    assert (found["standing"], found["by"], found["why"]) == ("acknowledged", "anna", "storm")
    with_mains(bench).run(10)
    assert alarm(bench, "mains_lost") is None


def test_alarm_on_the_shelf_says_nothing_until_it_comes_off() -> None:
    bench = Bench()
    assert bench.order("shelve", alarm="mains_lost", shelve_s=3600.0, why="works on the grid").is_accepted
    without_mains(bench).run(10)
    found = alarm(bench, "mains_lost")
    assert found is not None
    assert (found["standing"], found["by"], found["why"]) == ("shelved", "anna", "works on the grid")
    assert changes(bench, "mains_lost") == ["shelved"]
    assert bench.order("unshelve", alarm="mains_lost").is_accepted
    assert alarm(bench, "mains_lost")["standing"] == "unacknowledged"  # type: ignore[index]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"action": "acknowledge"}, "not_latched"),
        ({"action": "acknowledge", "alarm": "mains_lost"}, "not_latched"),
        ({"action": "unshelve", "alarm": "mains_lost"}, "not_shelved"),
        ({"action": "shelve", "shelve_s": 60.0}, "unknown_command"),
        ({"action": "acknowledge", "alarm": "mail_refused"}, "unknown_command"),
    ],
)
def test_order_about_alarms_that_cannot_be_carried_out_says_why(order: dict[str, Any], reason: str) -> None:
    answer = Bench().order(**order)
    assert (answer.is_accepted, answer.reason) == (False, reason)


def test_acknowledging_heat_notes_the_alarm_and_the_latch_and_ends_neither() -> None:
    bench = Bench()
    bench.plant.celsius = 55.0
    bench.run(2)
    assert bench.order("acknowledge", alarm="battery_too_hot").is_accepted
    period = bench.run()
    assert period.state.latch.is_set
    assert period.state.latch.is_acknowledged
    assert bench.plant.contacts[Relay.R2] == OPEN
    found = alarm(bench, "battery_too_hot")
    assert found is not None
    assert (found["standing"], found["value"], found["limit"], found["protection"]) == (
        "acknowledged", 55.0, 50.0, "r2_opened",
    )  # fmt: skip


def test_acknowledging_another_alarm_leaves_the_latch_alone() -> None:
    bench = Bench()
    bench.plant.celsius = 55.0
    bench.run(70)
    assert bench.order("acknowledge", alarm="battery_warm").is_accepted
    assert not bench.run().state.latch.is_acknowledged


def test_alarms_outlive_a_restart_with_their_times_and_who_noted_them(tmp_path: Path) -> None:
    first = without_mains(Bench())
    first.plant.celsius = 42.0
    first.run(80)
    first.order("acknowledge", alarm="mains_lost", why="storm")
    before = {name: alarm(first, name) for name in ("mains_lost", "battery_warm")}
    second = without_mains(Bench(past=kept(tmp_path / "journal.sqlite", first)))
    second.plant.celsius = 42.0
    second.run()
    for name, was in before.items():
        now = alarm(second, name)
        assert was is not None
        assert now is not None
        same = ("standing", "raised_utc_ms", "by", "why", "times", "is_first_out", "value")
        assert {key: now[key] for key in same} == {key: was[key] for key in same}, name
    assert changes(second, "mains_lost") == []


def test_clock_that_is_set_changes_no_history(tmp_path: Path) -> None:
    bench = without_mains(Bench())
    bench.run(10)
    before = alarm(bench, "mains_lost")
    bench.clock._start_utc_s += 3600.0  # as ntp would
    bench.run(5)
    after = alarm(bench, "mains_lost")
    assert before is not None
    assert after is not None
    assert after["raised_utc_ms"] == before["raised_utc_ms"]
    again = without_mains(Bench(past=kept(tmp_path / "journal.sqlite", bench)))
    again.run()
    assert alarm(again, "mains_lost")["raised_utc_ms"] == before["raised_utc_ms"]  # type: ignore[index]


def test_start_after_a_crash_is_an_alarm_and_after_a_stop_is_none(tmp_path: Path) -> None:
    crashed = Bench()
    crashed.notes.events.append(Event(1, EventKind.START, "controller", "", "observe", "", "controller", "", {}))
    second = Bench(past=kept(tmp_path / "crashed.sqlite", crashed))
    second.run()
    assert alarm(second, "watchdog_restart") is not None
    crashed.notes.events.append(Event(2, EventKind.STOP, "controller", "observe", "", "", "controller", "", {}))
    third = Bench(past=kept(tmp_path / "stopped.sqlite", crashed))
    third.run()
    assert alarm(third, "watchdog_restart") is None


def test_outage_is_logged_with_what_it_cost_the_battery() -> None:
    bench = Bench()
    bench.run(5)
    without_mains(bench).run(60)
    assert bench.notes.periods[-1].outage == {
        "kind": "outage",
        "began_utc_ms": bench.notes.told(EventKind.OUTAGE)[0].data["began_utc_ms"],
        "lowest_v": 12.6,
        "charge_out_ah": pytest.approx(0.5 * 60 / 3600, rel=0.05),
        "dark_s": 0.0,
        "rest_dark_s": 0.0,
    }
    with_mains(bench).run(15)
    began, ended = bench.notes.told(EventKind.OUTAGE)
    assert (began.after, ended.after, ended.subject) == ("began", "ended", "outage")
    assert ended.data["duration_s"] == pytest.approx(60, abs=2)
    assert (ended.data["lowest_v"], ended.data["was_enough"]) == (12.6, 1)
    assert bench.notes.periods[-1].outage is None


def test_outage_that_lasts_over_a_restart_is_one_outage(tmp_path: Path) -> None:
    first = without_mains(Bench())
    first.run(30)
    second = without_mains(Bench(past=kept(tmp_path / "journal.sqlite", first)))
    second.run(30)
    with_mains(second).run(15)
    (ended,) = second.notes.told(EventKind.OUTAGE)
    assert ended.after == "ended"
    assert ended.data["began_utc_ms"] == first.notes.told(EventKind.OUTAGE)[0].data["began_utc_ms"]


def test_current_through_the_contact_is_told_with_its_movement_and_summed() -> None:
    bench = Bench().in_mode(Mode.MANUAL)
    bench.order("set_contact", relay="R2", contact="open")
    (moved,) = bench.notes.told(EventKind.SWITCHING, "R2")
    assert moved.data["switched_a"] == pytest.approx(0.3)
    report = bench.run().contact_reports[Relay.R2]
    assert report.switched_a == pytest.approx(0.3)
    assert report.wear_share == pytest.approx(1 / 100_000)


def test_welded_r2_is_named_and_an_alarm() -> None:
    """Told open, and the charge goes on: the plant's script knows no contacts."""
    bench = Bench().in_mode(Mode.MANUAL)
    bench.order("set_contact", relay="R2", contact="open")
    bench.run(30)
    assert bench.notes.periods[-1].contact_reports[Relay.R2].truth == Truth.NO_EFFECT
    assert bench.notes.periods[-1].contact_reports[Relay.R2].fault in {ContactFault.NO_EFFECT, ContactFault.WELDED}
    found = alarm(bench, "r2_disobeyed")
    assert found is not None
    assert found["detail"] in (["no_effect"], ["welded"])
    assert found["severity"] == "critical"


def test_line_that_does_not_obey_is_an_alarm_that_names_the_relay() -> None:
    bench = Bench().in_mode(Mode.MANUAL)
    bench.plant.switch_error[Relay.R2] = HardwareError("R2: the line did not follow")
    bench.order("set_contact", relay="R2", contact="open")
    bench.order("set_contact", relay="R2", contact="open")
    for _ in range(6):
        bench.order("set_contact", relay="R2", contact="open")
    found = alarm(bench, "relay_line_failed")
    assert found is not None
    assert found["detail"] == ["r2"]


def test_bus_that_is_lost_is_one_alarm_and_not_one_per_chip() -> None:
    bench = Bench()
    bench.run(2)
    bench.plant.sweep_error = HardwareError("no bus")
    bench.run(15)
    standing = {report["alarm"] for report in bench.notes.periods[-1].alarms}
    assert standing == {"meter_bus_lost"}


def test_charged_battery_is_told_once() -> None:
    bench = Bench()
    bench.plant.battery_v, bench.plant.charge_a = 13.5, 0.01
    bench.run(3700)
    assert [event.after for event in bench.notes.told(EventKind.CHARGE)] == ["charged"]
    without_mains(bench).run(5)
    assert [event.after for event in bench.notes.told(EventKind.CHARGE)] == ["charged", "left"]


def test_alarm_switched_off_by_the_settings_never_stands() -> None:
    settings = lookout(CONTROL)
    off = tuple(rule._replace(is_enabled=False) if rule.alarm.name == "MAINS_LOST" else rule for rule in settings.rules)
    bench = without_mains(Bench(ScriptedPlant(CLOSED, CLOSED), settings=settings._replace(rules=off)))
    bench.run(20)
    assert alarm(bench, "mains_lost") is None
