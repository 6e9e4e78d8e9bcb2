"""Faults in front of any plant; here the twin behind them."""

import math

import pytest
from pydantic import TypeAdapter

from vigie.clock import SimulatedClock
from vigie.control.signals import Channel, Contact, Relay, Status
from vigie.errors import ChipError, RelayError
from vigie.plant.faults import Fault, FaultKind, FaultSettings, Faulty
from vigie.plant.installation import Installation
from vigie.plant.port import Plant
from vigie.plant.scenario import DEMO
from vigie.plant.twin import MeterSettings, Twin

EXACT = MeterSettings(bus_noise_v=0.0, shunt_noise_v=0.0, shunt_offset_v=0.0)


class Bench:
    def __init__(self, *faults: Fault) -> None:
        self.clock = SimulatedClock(speed=math.inf, start_utc_s=0.0)
        settings = DEMO.settings._replace(meter=EXACT)
        self.twin = Twin(Installation(settings.installation), self.clock, settings)
        self.slept: list[float] = []
        self.plant = Faulty(self.twin, self.clock, faults, sleep=self.slept.append)

    def at(self, now_s: float) -> Plant:
        self.clock.sleep_until(now_s)
        return self.plant


def test_a_lost_channel_fails_between_its_times_and_costs_no_other() -> None:
    bench = Bench(Fault(FaultKind.LOST_CHANNEL, channel=Channel.LOAD, start_s=10.0, end_s=20.0))
    assert bench.at(9.0).read_sweep().load.status == Status.GOOD
    sweep = bench.at(10.0).read_sweep()
    assert sweep.load.status == Status.FAILED
    assert math.isnan(sweep.load.bus_v)
    assert sweep.battery.status == Status.GOOD
    assert isinstance(bench.plant.errors()[Channel.LOAD], ChipError)
    assert bench.at(20.0).read_sweep().load.status == Status.GOOD
    assert bench.plant.errors() == {}


def test_a_frozen_channel_repeats_itself_while_the_battery_moves_on() -> None:
    bench = Bench(Fault(FaultKind.FROZEN, channel=Channel.BATTERY, start_s=5.0, end_s=400.0))
    first = bench.at(5.0).read_sweep()
    later = bench.at(399.0).read_sweep()
    assert later.battery == first.battery
    assert later.charge.bus_v > first.charge.bus_v
    assert bench.at(400.0).read_sweep().battery.bus_v > first.battery.bus_v


def test_a_channel_frozen_twice_holds_two_values() -> None:
    bench = Bench(Fault(FaultKind.FROZEN, start_s=5.0, end_s=10.0), Fault(FaultKind.FROZEN, start_s=300.0, end_s=310.0))
    first = bench.at(5.0).read_sweep().battery
    bench.at(20.0).read_sweep()
    assert bench.at(305.0).read_sweep().battery != first


def test_noise_and_implausible_values() -> None:
    bench = Bench(Fault(FaultKind.IMPLAUSIBLE, channel=Channel.BATTERY, value=25.0))
    assert bench.at(1.0).read_sweep().battery.bus_v == 25.0
    bench.plant.clear()
    bench.plant.begin(Fault(FaultKind.NOISY, channel=Channel.LOAD, value=0.5))
    volts = {bench.plant.read_sweep().load.bus_v for _ in range(20)}
    assert max(volts) - min(volts) > 0.5


def test_a_stuck_contact_reads_as_told_while_the_current_says_otherwise() -> None:
    bench = Bench(Fault(FaultKind.STUCK_RELAY, relay=Relay.R2, end_s=50.0))
    plant = bench.at(1.0)
    plant.switch(Relay.R2, Contact.OPEN)
    assert plant.read_contacts().r2 == Contact.OPEN
    assert plant.read_sweep().charge.shunt_v > 0.01
    bench.at(50.0).read_sweep()
    assert bench.at(50.02).read_sweep().charge.shunt_v == 0.0, "freed, it goes where it was told"


def test_a_contact_told_back_before_it_is_freed_ends_where_it_was_told_last() -> None:
    bench = Bench(Fault(FaultKind.STUCK_RELAY, relay=Relay.R2, end_s=50.0))
    bench.plant.switch(Relay.R2, Contact.OPEN)
    bench.plant.switch(Relay.R2, Contact.CLOSED)
    assert bench.at(60.0).read_contacts().r2 == Contact.CLOSED
    assert bench.twin.read_contacts().r2 == Contact.CLOSED


def test_a_dead_line_raises_as_the_relay_board_would() -> None:
    bench = Bench(Fault(FaultKind.DEAD_LINE, relay=Relay.R1))
    with pytest.raises(RelayError, match="R1: told open"):
        bench.plant.switch(Relay.R1, Contact.OPEN)
    assert bench.plant.read_contacts().r1 == Contact.CLOSED
    bench.plant.switch(Relay.R1, Contact.CLOSED)


def test_a_stalled_bus_blocks_each_sweep() -> None:
    bench = Bench(Fault(FaultKind.STALLED_BUS, value=4.0, start_s=2.0))
    bench.at(1.0).read_sweep()
    assert bench.slept == []
    bench.at(2.0).read_sweep()
    bench.at(3.0).read_sweep()
    assert bench.slept == [4.0, 4.0]


def test_a_lost_temperature_is_failed_not_absent() -> None:
    bench = Bench(Fault(FaultKind.LOST_TEMPERATURE))
    assert bench.plant.read_temperature().status == Status.FAILED
    bench.plant.clear()
    assert bench.plant.read_temperature().status == Status.GOOD


def test_faults_switched_on_at_run_time_end_by_themselves_or_when_cleared() -> None:
    bench = Bench()
    fault = Fault(FaultKind.LOST_CHANNEL, channel=Channel.CHARGE, start_s=1e6, end_s=100.0)
    bench.at(50.0)
    bench.plant.begin(fault)
    assert bench.plant.read_sweep().charge.status == Status.FAILED
    assert bench.at(100.0).read_sweep().charge.status == Status.GOOD


def test_faults_are_chosen_by_name_in_the_settings() -> None:
    given = {"listed": [{"kind": "stuck_relay", "relay": "r2", "start_s": 5}]}
    settings = TypeAdapter(FaultSettings).validate_python(given)
    assert settings.listed[0][:3] == (FaultKind.STUCK_RELAY, Channel.BATTERY, Relay.R2)
    assert Bench().plant.name == "twin"
