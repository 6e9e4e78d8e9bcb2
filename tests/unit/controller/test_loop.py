"""The loop over a scripted plant, period by period."""

import itertools
import math
import threading

import pytest

from tests.unit.controller.scripted_plant import (
    CHANNELS,
    CLOSED,
    CONTROL,
    HOST,
    OPEN,
    PARTS,
    QUICK,
    Bench,
    Notes,
    ScriptedPlant,
    lookout,
)
from vigie.clock import SimulatedClock
from vigie.control.commands import Mode, Reason
from vigie.control.signals import Relay
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop, LoopSettings
from vigie.controller.period import NO_PAST
from vigie.controller.status import snapshot
from vigie.errors import BusError, RelayError
from vigie.link.messages import validated_snapshot
from vigie.telemetry.records import EventKind

STUCK = RelayError("R2: the line does not take the level")


def test_period_reads_decides_and_tells_every_witness() -> None:
    bench = Bench()
    period = bench.run()
    assert bench.notes.periods == [period]
    assert period.measurement.is_valid
    assert period.measurement.battery.bus_v == 12.8
    assert bench.plant.moves == []
    assert period.counters.periods == 1


def test_threshold_crossed_moves_the_contact_in_the_same_period_and_is_told_with_its_reason() -> None:
    bench = Bench().in_mode(Mode.PROTECT)
    bench.plant.battery_v = 12.95
    period = bench.run()
    assert bench.plant.moves == [(Relay.R2, OPEN)]
    assert period.contacts.r2 == OPEN
    (move,) = bench.notes.told(EventKind.SWITCHING)
    assert (move.subject, move.before, move.after, move.reason, move.who) == (
        "R2",
        "closed",
        "open",
        "upper_voltage_reached",
        "protect",
    )
    assert move.data["battery_v"] == 12.95
    assert period.counters.switchings == (0, 1, 0, 0)


def test_lost_bus_makes_the_contacts_safe_in_the_same_period_and_is_told_once() -> None:
    bench = Bench().in_mode(Mode.PROTECT)
    bench.plant.battery_v = 12.95
    bench.run()
    bench.plant.sweep_error = BusError("cable off")
    period = bench.run(3)
    assert bench.plant.contacts[:2] == [CLOSED, CLOSED]
    assert not period.measurement.is_valid
    assert period.counters.failed_periods == 3
    assert [event.text for event in bench.notes.told(EventKind.FAULT, "bus")] == ["cable off"]
    assert bench.notes.told(EventKind.SWITCHING)[-1].reason == "measurement_lost"
    bench.plant.sweep_error = None
    assert bench.run().measurement.is_valid
    assert len(bench.notes.told(EventKind.FAULT_CLEARED, "bus")) == 1


def test_bus_past_its_deadline_makes_the_contacts_safe_too() -> None:
    bench = Bench(deadline_s=0.05).in_mode(Mode.PROTECT)
    bench.plant.battery_v = 12.95
    bench.run()
    bench.plant.gate.clear()
    try:
        bench.run(2)
        assert bench.plant.contacts[:2] == [CLOSED, CLOSED]
        (fault,) = bench.notes.told(EventKind.FAULT, "bus")
        assert "not answered within" in fault.text
    finally:
        bench.plant.gate.set()


def verdict(bench: Bench) -> tuple[str, list[str]]:
    shown = validated_snapshot(snapshot(PARTS, bench.notes.periods[-1], HOST))
    return shown["verdict"], shown["verdict_reasons"]


def test_relay_that_disobeys_is_told_once_tried_again_every_period_and_an_alarm_on_the_page() -> None:
    bench = Bench().in_mode(Mode.PROTECT)
    bench.plant.battery_v = 12.95
    bench.plant.switch_error[Relay.R2] = STUCK
    bench.run(3)
    period = bench.notes.periods[-1]
    assert [event.text for event in bench.notes.told(EventKind.FAULT, "R2")] == [str(STUCK)]
    assert period.disobeyed == (Relay.R2,)
    assert period.counters.switchings == (0, 0, 0, 0)
    shown = validated_snapshot(snapshot(PARTS, period, HOST))
    assert (shown["relays"][1]["contact"], shown["relays"][1]["commanded"]) == ("closed", "open")
    assert verdict(bench) == ("attention", ["relay_failed"])
    bench.run(3)
    assert verdict(bench) == ("alarm", ["relay_failed"]), "with the alarm beside it"
    del bench.plant.switch_error[Relay.R2]
    assert bench.run().disobeyed == ()
    assert bench.plant.moves == [(Relay.R2, OPEN)]
    assert len(bench.notes.told(EventKind.FAULT_CLEARED, "R2")) == 1


def test_fault_of_a_relay_ends_when_nothing_is_asked_of_it_any_more() -> None:
    bench = Bench().in_mode(Mode.PROTECT)
    bench.plant.battery_v = 12.95
    bench.plant.switch_error[Relay.R2] = STUCK
    bench.run()
    bench.order("set_mode", mode="observe")
    assert len(bench.notes.told(EventKind.FAULT_CLEARED, "R2")) == 1


def test_surprise_of_a_relays_driver_keeps_neither_the_loop_nor_the_other_contact() -> None:
    bench = Bench(ScriptedPlant(OPEN, OPEN))
    bench.plant.switch_error[Relay.R1] = OSError(28, "No space left on device")
    bench.run(2)
    assert bench.plant.contacts[:2] == [OPEN, CLOSED]
    (fault,) = bench.notes.told(EventKind.FAULT, "R1")
    assert fault.after == "not_closed"
    assert "No space left" in fault.text


def test_contacts_that_cannot_be_read_make_the_period_a_failed_one() -> None:
    bench = Bench()
    bench.run()
    bench.plant.contacts_error = RelayError("chip gone")
    period = bench.run(2)
    assert not period.measurement.is_valid
    assert [event.text for event in bench.notes.told(EventKind.FAULT, "relays")] == ["chip gone"]
    bench.plant.contacts_error = None
    assert bench.run().measurement.is_valid


def test_contact_is_closed_before_the_other_is_opened() -> None:
    bench = Bench(ScriptedPlant(CLOSED, OPEN)).in_mode(Mode.MANUAL)
    bench.plant.moves.clear()
    bench.plant.contacts[:2] = [CLOSED, OPEN]
    bench.plant.battery_v = 12.95
    bench.run()
    bench.plant.moves.clear()
    bench.plant.contacts[:] = [OPEN, CLOSED, CLOSED, OPEN]
    bench.run()
    closing = [index for index, (_, contact) in enumerate(bench.plant.moves) if contact == CLOSED]
    opening = [index for index, (_, contact) in enumerate(bench.plant.moves) if contact == OPEN]
    assert closing
    assert opening
    assert max(closing) < min(opening)


def test_movement_by_hand_names_the_person_who_asked_for_it() -> None:
    bench = Bench()
    assert bench.order("set_mode", mode="manual", who="anna").is_accepted
    assert bench.order("set_contact", relay="R2", contact="open", who="bob").is_accepted
    assert bench.order("set_contact", relay="R3", contact="closed", who="carla").is_accepted
    moves = [(event.subject, event.who) for event in bench.notes.told(EventKind.SWITCHING)]
    assert moves == [("R2", "bob"), ("R3", "carla")]
    modes = [(event.after, event.who) for event in bench.notes.told(EventKind.MODE)]
    assert modes == [("manual", "anna")]


def test_manual_mode_that_ends_by_itself_says_so() -> None:
    bench = Bench()
    assert bench.order("set_mode", mode="manual", manual_s=3).is_accepted
    bench.run(5)
    event = bench.notes.told(EventKind.MODE)[-1]
    assert (event.after, event.reason, event.who) == ("observe", "manual_expired", "expiry")


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"action": "set_contact", "relay": "R2", "contact": "open"}, "not_manual"),
        ({"action": "set_contact", "relay": "R2"}, "unknown_command"),
        ({"action": "set_mode"}, "unknown_command"),
        ({"action": "acknowledge"}, "not_latched"),
        ({"action": "set_mode", "mode": "protect", "not_after_utc_ms": 1}, "too_late"),
    ],
)
def test_refused_order_is_answered_with_its_reason_and_kept(order: dict, reason: str) -> None:
    bench = Bench()
    answer = bench.order(**order)
    assert not answer.is_accepted
    assert answer.reason == reason
    assert answer.mode == "observe"
    (event,) = bench.notes.told(EventKind.COMMAND)
    assert (event.after, event.reason, event.who) == ("refused", reason, "anna")


def test_order_that_an_interlock_overrules_is_refused_with_the_interlocks_reason() -> None:
    bench = Bench().in_mode(Mode.MANUAL)
    bench.plant.load_v = 12.5
    bench.plant.charge_a = -0.5
    answer = bench.order("set_contact", relay="R2", contact="open")
    assert (answer.is_accepted, answer.reason) == (False, Reason.MAINS_LOST.name.lower())
    assert answer.contacts["R2"] == "closed"
    assert answer.seq == bench.notes.periods[-1].counters.periods


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("is_blind", [False, True])
def test_snapshot_is_valid_in_every_mode_also_blind(mode: Mode, is_blind: bool) -> None:
    bench = Bench().in_mode(mode)
    if is_blind:
        bench.plant.sweep_error = BusError("cable off")
    period = bench.run(2)
    shown = validated_snapshot(snapshot(PARTS, period, HOST))
    assert shown["mode"] == mode.name.lower()
    assert shown["is_valid"] is not is_blind
    assert (shown["channels"][0]["bus_v"] is None) is is_blind
    assert (shown["manual_until_utc_ms"] is None) is (mode != Mode.MANUAL)
    assert shown["seq"] == 3
    assert not shown["channels"][3]["is_fitted"]
    assert shown["utc_ms"] == round(period.utc_s * 1_000)


def test_over_temperature_is_latched_told_and_acknowledged() -> None:
    bench = Bench()
    bench.plant.celsius = 55.0
    period = bench.run()
    assert bench.plant.contacts[1] == OPEN
    assert snapshot(PARTS, period, HOST)["over_temperature_latched"]
    assert "55.0 degC" in bench.notes.told(EventKind.LATCH, "over_temperature")[0].text
    bench.plant.celsius = 30.0
    assert bench.run(3).state.latch.is_set
    assert bench.order("acknowledge").reason == "acknowledged"
    assert not bench.run().state.latch.is_set
    assert [event.after for event in bench.notes.told(EventKind.LATCH)] == ["set", "released"]


def test_start_moves_nothing_and_adopts_what_it_finds() -> None:
    bench = Bench(ScriptedPlant(CLOSED, OPEN), NO_PAST._replace(mode=Mode.PROTECT, mode_by="anna"))
    assert bench.plant.moves == []
    bench.plant.battery_v = 12.8
    period = bench.run()
    assert bench.plant.moves == [], "12.8 V is between the thresholds: the rest goes on"
    assert period.mode_by == "anna"
    assert snapshot(PARTS, period, HOST)["relays"][1]["reason"] == "adopted"


def test_restart_in_a_drill_counts_from_when_it_began() -> None:
    longest_s = CONTROL.interlocks.longest_drill_s
    began_utc_s = 1_000_000.0 - longest_s + 3.0
    past = NO_PAST._replace(mode=Mode.CYCLE, r1_opened_utc_s=began_utc_s)
    plant = ScriptedPlant(OPEN, CLOSED)
    plant.charge_a, plant.load_v = -0.5, 12.6
    bench = Bench(plant, past)
    bench.run()
    assert plant.contacts[0] == OPEN
    bench.run(4)
    assert plant.contacts[0] == CLOSED
    assert bench.notes.told(EventKind.SWITCHING)[0].reason == "drill_too_long"


def test_restart_in_a_drill_of_unknown_age_ends_it_at_once() -> None:
    plant = ScriptedPlant(OPEN, CLOSED)
    plant.charge_a, plant.load_v = -0.5, 12.6
    Bench(plant, NO_PAST._replace(mode=Mode.CYCLE)).run()
    assert plant.contacts[0] == CLOSED


def test_restart_keeps_the_over_temperature_latch_and_the_switchings_counted() -> None:
    bench = Bench(past=NO_PAST._replace(is_over_temperature=True, switchings=(1, 7, 0, 2)))
    period = bench.run()
    assert period.state.latch.is_set
    assert bench.plant.contacts[1] == OPEN
    assert period.counters.switchings == (1, 8, 0, 2)


class WatchedClock(SimulatedClock):
    """Lets a test stop the loop after some periods, and makes one period slow."""

    def __init__(self, stop: threading.Event, periods: int, slow: tuple[int, float] = (0, 0.0)) -> None:
        super().__init__(math.inf, 1_000_000.0)
        self._stop, self._left, self._slow = stop, periods, slow
        self.ended_s: list[float] = []

    def end_of_period(self) -> None:
        self._left -= 1
        if self._left == self._slow[0]:
            self.sleep_until(self.now_s() + self._slow[1])
        if self._left == 0:
            self._stop.set()


def run_loop(periods: int, slow: tuple[int, float] = (0, 0.0)) -> tuple[ScriptedPlant, Notes]:
    stop = threading.Event()
    clock, plant, notes = WatchedClock(stop, periods, slow), ScriptedPlant(CLOSED, OPEN), Notes()
    plant.clock = clock

    class Ends(Notes):
        def period(self, period: object) -> None:
            clock.end_of_period()

    loop = Loop(
        plant,
        clock,
        Inbox(),
        [notes, Ends()],
        channels=CHANNELS,
        filtering=QUICK,
        lookout=lookout(),
        rhythm=LoopSettings(),
        past=NO_PAST._replace(mode=Mode.PROTECT),
    )
    loop.run(stop)
    return plant, notes


def test_loop_keeps_its_rhythm_and_a_stop_leaves_the_contacts_and_is_told() -> None:
    plant, notes = run_loop(5)
    assert plant.contacts == [CLOSED, OPEN, OPEN, OPEN]
    ended_s = [period.measurement.now_s for period in notes.periods]
    assert [round(later - earlier, 6) for earlier, later in itertools.pairwise(ended_s)] == [1.0] * 4
    assert [event.kind for event in notes.events] == [EventKind.START, EventKind.STOP]
    assert [event.who for event in notes.events] == ["controller", "controller"]
    contacts = {"R1": "closed", "R2": "open", "R3": "open", "R4": "open"}
    assert notes.events[0].data == {"plant": "twin", **contacts, "hold_off_s": 0.0}
    assert notes.periods[-1].counters.overruns == 0


def test_overruns_are_counted_one_for_every_period_missed() -> None:
    _, notes = run_loop(5, slow=(3, 2.5))
    assert [period.counters.overruns for period in notes.periods] == [0, 0, 2, 2, 2]
    assert [period.record.is_overrun for period in notes.periods] == [False, False, True, False, False]


def test_crash_is_not_told_as_a_stop() -> None:
    class Broken(Notes):
        def period(self, period: object) -> None:
            raise ZeroDivisionError

    notes = Notes()
    loop = Loop(
        ScriptedPlant(),
        SimulatedClock(math.inf, 0.0),
        Inbox(),
        [notes, Broken()],
        channels=CHANNELS,
        filtering=QUICK,
        lookout=lookout(),
        rhythm=LoopSettings(),
    )
    with pytest.raises(ZeroDivisionError):
        loop.run(threading.Event())
    assert [event.kind for event in notes.events] == [EventKind.START]


PROVEN_IN_300_S = CONTROL._replace(mains=CONTROL.mains._replace(steady_s=300.0))


def test_restart_after_a_crash_doubles_the_hold_off_and_tells_it_for_the_next() -> None:
    past = NO_PAST._replace(was_stopped=False, hold_off_s=300.0, hold_off_utc_s=999_000.0)
    bench = Bench(past=past, control=PROVEN_IN_300_S).in_mode(Mode.MANUAL)
    answer = bench.order("set_contact", relay="R2", contact="open")
    assert (answer.is_accepted, answer.reason) == (False, "mains_not_steady")
    shown = validated_snapshot(snapshot(PARTS, bench.notes.periods[-1], HOST))
    assert (shown["relays"][1]["refusal_to_open"], shown["relays"][1]["opens_in_s"]) == ("mains_not_steady", 599.0)
    assert shown["relays"][0]["opens_in_s"] is None


def test_a_loss_and_its_end_tell_the_hold_off() -> None:
    bench = Bench(control=PROVEN_IN_300_S)
    bench.run(2)
    bench.plant.load_v, bench.plant.charge_a = 12.5, -0.5
    bench.run(3)
    bench.plant.load_v, bench.plant.charge_a = 13.6, 0.3
    bench.run(2)
    told = [*bench.notes.told(EventKind.FAULT, "mains"), *bench.notes.told(EventKind.FAULT_CLEARED, "mains")]
    assert [event.data for event in told] == [{"hold_off_s": 600.0}] * 2
