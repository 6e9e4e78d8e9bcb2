import math
from collections.abc import Sequence

from tests.unit.controller.scripted_plant import CLOSED, OPEN, Bench
from vigie.control.commands import Reason
from vigie.control.signals import Channel, ChannelMean, Relay, Status, Temperature
from vigie.controller.chronicle import Chronicle, moved
from vigie.errors import ChipError
from vigie.telemetry.events import Happening
from vigie.telemetry.records import Event, EventKind

MEASURED = Bench().run().measurement
LOST = ChannelMean(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 0, 10, int(Status.FAILED), False)


def rows(told: Sequence[Happening]) -> list[Event]:
    return [happening.event(5) for happening in told]


def test_fault_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    chronicle = Chronicle()
    assert [event.kind for event in rows(chronicle.tell("bus", "failed", "cable off"))] == [EventKind.FAULT]
    assert chronicle.tell("bus", "failed", "cable off") == []
    assert chronicle.standing() == {"bus": "failed"}
    (end,) = rows(chronicle.tell("bus", "", ""))
    assert (end.kind, end.before, end.after) == (EventKind.FAULT_CLEARED, "failed", "good")
    assert chronicle.tell("bus", "", "") == []
    assert chronicle.standing() == {}


def test_fault_that_changes_is_told_with_what_it_was_before() -> None:
    chronicle = Chronicle()
    chronicle.tell("bus", "failed", "")
    (change,) = rows(chronicle.tell("bus", "stuck", ""))
    assert (change.kind, change.before, change.after) == (EventKind.FAULT, "failed", "stuck")


def test_lost_channel_is_told_with_the_drivers_words_and_its_sweeps() -> None:
    chronicle = Chronicle()
    lost = MEASURED._replace(load=LOST)
    (event,) = rows(chronicle.channel_faults(lost, {Channel.LOAD: ChipError("0x42 does not answer")}))
    assert (event.subject, event.after, event.text) == ("load", "failed", "0x42 does not answer")
    assert event.data == {"good": 0, "rejected": 10}
    (end,) = rows(chronicle.channel_faults(MEASURED, {}))
    assert end.kind == EventKind.FAULT_CLEARED
    assert end.data["bus_v"] == 13.6


def test_stale_sweep_alone_is_no_fault_but_too_few_of_them_is() -> None:
    chronicle = Chronicle()
    stale = MEASURED.battery._replace(status=int(Status.STALE), good=9, rejected=1)
    assert chronicle.channel_faults(MEASURED._replace(battery=stale), {}) == []
    few = stale._replace(good=2, rejected=8, is_valid=False)
    (event,) = rows(chronicle.channel_faults(MEASURED._replace(battery=few), {}))
    assert event.after == "too_few_sweeps"


def test_absent_channel_and_thermometer_are_no_faults_and_a_lost_thermometer_is() -> None:
    chronicle = Chronicle()
    absent = Temperature(math.nan, int(Status.ABSENT))
    assert chronicle.channel_faults(MEASURED._replace(temperature=absent), {}) == []
    lost = Temperature(math.nan, int(Status.FAILED))
    (event,) = rows(chronicle.channel_faults(MEASURED._replace(temperature=lost), {}))
    assert (event.subject, event.after) == ("temperature", "failed")


def test_movement_is_told_with_the_readings_that_decided_it_and_no_others() -> None:
    event = moved(Relay.R2, CLOSED, OPEN, Reason.UPPER_VOLTAGE_REACHED, "protect", MEASURED).event(9)
    assert (event.reason, event.who) == ("upper_voltage_reached", "protect")
    assert set(event.data) == {"battery_v", "charge_a", "load_v", "temperature_c"}
    unread = MEASURED._replace(battery=LOST)
    blind = moved(Relay.R2, OPEN, CLOSED, Reason.MEASUREMENT_LOST, "protect", unread).event(9)
    assert "battery_v" not in blind.data


def test_latch_is_told_when_it_moves_and_again_after_a_restart() -> None:
    chronicle = Chronicle()
    assert chronicle.latch(False, MEASURED) == []
    hot = MEASURED._replace(temperature=Temperature(51.25, 0))
    (up,) = rows(chronicle.latch(True, hot))
    assert (up.kind, up.subject, up.after) == (EventKind.LATCH, "over_temperature", "set")
    assert up.data == {"is_set": 1, "temperature_c": 51.25}
    assert chronicle.latch(True, hot) == []
    (down,) = rows(chronicle.latch(False, MEASURED))
    assert (down.after, down.data["is_set"]) == ("released", 0)
    (again,) = rows(Chronicle().latch(True, hot))
    assert again.after == "set"
