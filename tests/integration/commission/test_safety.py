"""However a commissioning ends, the contacts are safe and the loads have not been dark."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.commission.practice import SITE, Practice, Scripted, practice
from vigie.commission.calibration import LONGEST_DRILL_S
from vigie.commission.coils import LONGEST_PROBE_S
from vigie.commission.known import CommissioningRefused
from vigie.commission.person import Stopped, Topic
from vigie.commission.procedure import steps
from vigie.control.signals import Channel, Contact, Relay, Wiring
from vigie.errors import ChipError, HardwareError, RelayError
from vigie.plant.miswired import MiswiringSettings, TrueContact
from vigie.plant.outages import OutageSettings, OutageSource
from vigie.plant.site import BatterySettings, InstallationSettings, LoadSettings

CLOSED, OPEN = Contact.CLOSED, Contact.OPEN
NC, NO = TrueContact.NC, TrueContact.NO
QUESTIONS = 20
"""At least as many as are asked, so that every one of them is the last once."""
UNDO_S = 0.005 + InstallationSettings().relay_operate_s
"""Three sweeps of the meter, and the move back with the relay's own time."""
WIRINGS = {
    "NC": MiswiringSettings(),
    "swapped, V2 reversed": MiswiringSettings(relays_swapped=True, charge_reversed=True),
    "NO": MiswiringSettings(r1_contact=NO, r2_contact=NO),
}


def stop_at(count: int, error: BaseException) -> Callable[[Topic], None]:
    """Return a person who raises ``error`` at the question after ``count`` ones."""
    left = [count]

    def at_question(topic: Topic) -> None:
        del topic
        if left[0] == 0:
            raise error
        left[0] -= 1

    return at_question


def outage_at(start_s: float) -> InstallationSettings:
    return SITE._replace(outages=OutageSettings(kind=OutageSource.LISTED, listed=((start_s, 1e6),)))


def refused(bench: Practice) -> str:
    with pytest.raises(CommissioningRefused) as caught:
        bench.run()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "error"),
    [("NC", Stopped("stop")), ("NO", KeyboardInterrupt()), ("swapped, V2 reversed", RuntimeError("anything"))],
)
def test_an_end_at_any_question_leaves_the_loads_fed_and_no_contact_worse_than_found(
    name: str, error: BaseException
) -> None:
    ended = 0
    for count in range(QUESTIONS):
        bench = practice(WIRINGS[name], at_question=stop_at(count, error))
        found = bench.installation.contacts[:2]
        try:
            bench.run()
        except type(error):
            ended += 1
        assert bench.installation.dark_s == 0.0
        left = bench.installation.contacts[:2]
        assert all(now >= before for now, before in zip(left, found, strict=True))
        if bench.coils.contactors.keys() >= {Relay.R1, Relay.R2}:
            assert left == (CLOSED, CLOSED)
    assert ended >= len(steps()) + 2


def test_a_drill_that_is_interrupted_while_the_person_measures_ends_at_once() -> None:
    def interrupt() -> float:
        assert bench.installation.contacts[:2] == (OPEN, CLOSED)
        raise KeyboardInterrupt

    answers: dict[Topic, Any] = {}
    bench = practice(answers=answers)
    measured = [0]

    def measure() -> float:
        measured[0] += 1
        return bench.site.multimeter_v(Channel.BATTERY) if measured[0] == 1 else interrupt()

    answers[Topic.BATTERY_V] = measure
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert measured[0] == 2
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)


@pytest.mark.parametrize("address", [0x40, 0x41, 0x42])
@pytest.mark.parametrize("after", [50, 150, 300, 450])
def test_a_chip_lost_on_the_way_is_named_and_leaves_safe_contacts(address: int, after: int) -> None:
    bench = practice()
    sweep = bench.bench.sweep
    seen = [0]

    def lose_later() -> Any:
        seen[0] += 1
        bench.site.boards.bus.chips[address].is_absent = seen[0] > after
        return sweep()

    bench.bench.sweep = lose_later  # type: ignore[method-assign]
    with pytest.raises(ChipError, match=f"0x{address:02x}"):
        bench.run()
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)
    assert bench.installation.dark_s == 0.0


def test_a_line_that_takes_no_level_ends_it_and_the_other_contact_is_safe() -> None:
    bench = practice()
    bench.site.boards.gpio.stuck.add("GPIO13")
    with pytest.raises(RelayError, match="GPIO13"):
        bench.run()
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)


def test_a_bus_that_goes_away_ends_it() -> None:
    bench = practice(at_question=lambda topic: None)
    bench.site.boards.bus.is_gone = True
    with pytest.raises(HardwareError):
        bench.run()


@pytest.mark.parametrize("soc", [0.02, 0.2, 0.4])
def test_a_battery_too_weak_is_refused_before_anything_moves(soc: float) -> None:
    bench = practice(settings=SITE._replace(battery=BatterySettings(start_soc=soc)))
    assert "charge it first" in refused(bench)
    assert bench.installation.movements == []


def test_a_battery_that_cannot_carry_the_loads_is_found_out_and_the_mains_comes_back_at_once() -> None:
    site = SITE._replace(battery=BatterySettings(start_soc=0.6, c20_ah=1.0), load=LoadSettings(current_a=3.0))
    bench = practice(settings=site)
    assert "cannot carry the loads" in refused(bench)
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)
    assert bench.installation.dark_s <= UNDO_S


def test_without_mains_nothing_is_moved() -> None:
    bench = practice(settings=outage_at(0.0))
    assert "mains is back" in refused(bench)
    assert bench.installation.movements == []


def test_a_mains_that_is_wrongly_said_to_be_there_costs_the_loads_milliseconds_at_most() -> None:
    bench = practice(settings=outage_at(0.0), answers={Topic.MAINS: True})
    assert "R1, the mains contact" in refused(bench)
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)
    assert bench.installation.dark_s <= UNDO_S


def test_a_mains_that_is_wrongly_said_to_be_there_costs_nothing_without_leave_for_a_blink() -> None:
    bench = practice(settings=outage_at(0.0), answers={Topic.MAINS: True, Topic.BLINK: False})
    assert "mains is not connected" in refused(bench)
    assert bench.installation.movements == []


@pytest.mark.parametrize("start_s", [0.1, 0.4, 0.6, 1.0, 2.0, 4.0, 6.0, 8.0, 9.5])
@pytest.mark.parametrize("wiring", Wiring)
def test_a_mains_failure_on_the_way_is_noticed_and_the_battery_carries_the_loads(
    start_s: float, wiring: Wiring
) -> None:
    bench = practice(settings=outage_at(start_s)._replace(wiring=wiring))
    refused(bench)
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)
    assert bench.installation.dark_s <= (UNDO_S if wiring == Wiring.LINE else 0.0)


@pytest.mark.parametrize("address", [0x40, 0x41, 0x42])
def test_a_missing_chip_that_is_needed_is_told_and_nothing_moves(address: int) -> None:
    bench = practice(MiswiringSettings(absent_address=address))
    assert f"no answer from 0x{address:02x}" in refused(bench)
    assert any(f"0x{address:02x}" in text for text in bench.person.weak)
    assert bench.installation.movements == []


def test_loads_that_draw_nothing_are_told() -> None:
    bench = practice(settings=SITE._replace(load=LoadSettings(current_a=0.0)))
    assert "connect loads" in refused(bench)


def test_no_leave_for_a_blink_means_no_move_when_only_the_supply_feeds_the_loads() -> None:
    bench = practice(MiswiringSettings(r1_contact=NC, r2_contact=NO), answers={Topic.BLINK: False})
    assert "battery is not connected" in refused(bench)
    assert bench.installation.movements == []


@pytest.mark.parametrize(("r1", "r2"), [(NO, NO), (NC, NO), (NO, NC)])
def test_a_computer_that_lives_on_the_loads_is_not_put_at_risk(r1: TrueContact, r2: TrueContact) -> None:
    bench = practice(MiswiringSettings(r1_contact=r1, r2_contact=r2), answers={Topic.CONTROLLER_SUPPLY: "loads"})
    assert "Feed the computer from something else" in refused(bench)
    assert bench.installation.movements == []


def test_a_computer_that_lives_on_the_loads_is_refused_when_an_energised_coil_may_hold_them() -> None:
    miswiring = MiswiringSettings(r1_contact=NO, r2_contact=NO)
    bench = practice(miswiring, answers={Topic.CONTROLLER_SUPPLY: "loads"}, energised=(0, 1))
    assert "a coil is energised" in refused(bench)
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)


def test_a_computer_that_lives_on_the_loads_may_commission_when_letting_go_brings_all_back() -> None:
    bench = practice(answers={Topic.CONTROLLER_SUPPLY: "loads"})
    assert bench.run().lives_on_loads


def test_no_contact_stays_open_longer_than_the_steps_say() -> None:
    bench = practice()
    bench.run()
    opened: dict[Relay, float] = {}
    held_s = {Relay.R1: 0.0, Relay.R2: 0.0}
    for at_s, relay, contact in bench.installation.movements:
        if contact == OPEN:
            opened[relay] = at_s
        else:
            held_s[relay] = max(held_s[relay], at_s - opened.pop(relay))
    assert not opened
    assert 0.0 < held_s[Relay.R2] <= LONGEST_PROBE_S
    assert 0.0 < held_s[Relay.R1] <= LONGEST_DRILL_S


def never_answering(bench: Practice) -> Practice:
    """Let the person only think while R1 is open."""

    class Thinking(Scripted):
        def number(self, topic: Topic, question: str, unit: str, meanwhile: Callable[[], None] | None) -> float:
            while question.endswith(", on the battery"):
                assert meanwhile is not None
                meanwhile()
            return super().number(topic, question, unit, meanwhile)

    return bench._replace(person=Thinking(bench.site, {}, lambda topic: None))


def test_a_person_who_never_answers_does_not_empty_the_battery() -> None:
    bench = never_answering(practice())
    assert "no value for 300 s" in refused(bench)
    assert bench.clock.now_s() < LONGEST_DRILL_S
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)


def test_a_battery_that_falls_under_its_floor_while_the_person_thinks_ends_the_drill_at_once() -> None:
    site = SITE._replace(battery=BatterySettings(start_soc=0.9, c20_ah=1.0), load=LoadSettings(current_a=1.6))
    bench = never_answering(practice(settings=site))
    assert "could not carry the loads" in refused(bench)
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)
    assert bench.installation.dark_s == 0.0


@pytest.mark.parametrize("value", ["5", "-13", "1370", "nan"])
def test_a_nonsense_multimeter_is_refused_with_the_reason(value: str) -> None:
    bench = practice(answers={Topic.BATTERY_V: value})
    assert "cannot be right" in refused(bench)
    assert bench.installation.contacts[:2] == (CLOSED, CLOSED)


def test_a_nonsense_multimeter_may_be_corrected() -> None:
    answers: dict[Topic, Any] = {}
    bench = practice(answers=answers)
    typed = iter(["0.7", "1.337"])

    def measure() -> float:
        slip = next(typed, None)
        return bench.site.multimeter_v(Channel.LOAD) if slip is None else float(slip)

    answers[Topic.LOAD_V] = measure
    known = bench.run()
    assert known.calibrations[Channel.LOAD].gain == pytest.approx(1.0, abs=0.005)
    assert len([text for text in bench.person.weak if "cannot be right" in text]) == 2


def test_a_refused_step_stops_before_anything_of_it() -> None:
    bench = practice(answers={Topic.GO_ON: False})
    with pytest.raises(Stopped, match="step 1"):
        bench.run()
    assert bench.installation.movements == []
