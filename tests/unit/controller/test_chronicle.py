import math

from tests.unit.controller.scripted_plant import Bench
from vigie.control.commands import Reason
from vigie.control.signals import Channel, ChannelMean, Status, Temperature
from vigie.controller.chronicle import Chronicle, switching
from vigie.errors import ChipError
from vigie.telemetry.records import EventKind

MEASURED = Bench().run().measurement
LOST = ChannelMean(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 0, 10, int(Status.FAILED), False)


def test_fault_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    chronicle = Chronicle()
    assert [event.kind for event in chronicle.tell(1, "bus", "failed", "cable off", {})] == [EventKind.FAULT]
    assert chronicle.tell(2, "bus", "failed", "cable off", {}) == []
    assert chronicle.standing() == {"bus": "failed"}
    (end,) = chronicle.tell(3, "bus", "", "", {})
    assert (end.kind, end.before, end.after) == (EventKind.FAULT_CLEARED, "failed", "good")
    assert chronicle.tell(4, "bus", "", "", {}) == []
    assert chronicle.standing() == {}


def test_fault_that_changes_is_told_with_what_it_was_before() -> None:
    chronicle = Chronicle()
    chronicle.tell(1, "bus", "failed", "", {})
    (change,) = chronicle.tell(2, "bus", "stuck", "", {})
    assert (change.kind, change.before, change.after) == (EventKind.FAULT, "failed", "stuck")


def test_lost_channel_is_told_with_the_drivers_words_and_its_sweeps() -> None:
    chronicle = Chronicle()
    lost = MEASURED._replace(load=LOST)
    (event,) = chronicle.channel_events(5, lost, {Channel.LOAD: ChipError("0x42 does not answer")})
    assert (event.subject, event.after, event.text) == ("load", "failed", "0x42 does not answer")
    assert event.data == {"good": 0, "rejected": 10}
    (end,) = chronicle.channel_events(6, MEASURED, {})
    assert end.kind == EventKind.FAULT_CLEARED
    assert end.data["bus_v"] == 13.6


def test_stale_sweep_alone_is_no_fault_but_too_few_of_them_is() -> None:
    chronicle = Chronicle()
    stale = MEASURED.battery._replace(status=int(Status.STALE), good=9, rejected=1)
    assert chronicle.channel_events(1, MEASURED._replace(battery=stale), {}) == []
    few = stale._replace(good=2, rejected=8, is_valid=False)
    (event,) = chronicle.channel_events(2, MEASURED._replace(battery=few), {})
    assert event.after == "too_few_sweeps"


def test_absent_channel_and_thermometer_are_no_faults_and_a_lost_thermometer_is() -> None:
    chronicle = Chronicle()
    absent = Temperature(math.nan, int(Status.ABSENT))
    assert chronicle.channel_events(1, MEASURED._replace(temperature=absent), {}) == []
    lost = Temperature(math.nan, int(Status.FAILED))
    (event,) = chronicle.channel_events(2, MEASURED._replace(temperature=lost), {})
    assert (event.subject, event.after) == ("temperature", "failed")


def test_movement_is_told_with_the_readings_that_decided_it_and_no_others() -> None:
    event = switching(9, "R2", "closed", "open", Reason.UPPER_VOLTAGE_REACHED, "protect", MEASURED)
    assert (event.reason, event.who) == ("upper_voltage_reached", "protect")
    assert set(event.data) == {"battery_v", "charge_a", "load_v", "temperature_c"}
    blind = switching(9, "R2", "open", "closed", Reason.MEASUREMENT_LOST, "protect", MEASURED._replace(battery=LOST))
    assert "battery_v" not in blind.data
