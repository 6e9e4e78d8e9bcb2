"""What every plant before an installation must do: what is switched is what is measured."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.plants import SITES, SiteBench
from vigie.control.signals import Channel, Contact, Reading, Relay, Status, Sweep
from vigie.plant.faults import Fault, FaultKind, ListedFate
from vigie.plant.installation import Node
from vigie.plant.port import LOOK_EVERY_S

OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
FITTED = (Channel.BATTERY, Channel.CHARGE, Channel.LOAD)
SWEEP_INTERVAL_S = 0.05


@pytest.fixture(params=sorted(SITES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SiteBench]:
    bench = SITES[request.param](tmp_path)
    bench.plant.read_sweep()  # sets the chips up, where there are any
    yield bench
    bench.plant.close()


def sweep_after(bench: SiteBench, seconds: float = SWEEP_INTERVAL_S) -> Sweep:
    """Let plant time pass, then read what a period later would be read."""
    bench.clock.sleep_until(bench.clock.now_s() + seconds)
    bench.plant.read_sweep()
    bench.clock.sleep_until(bench.clock.now_s() + SWEEP_INTERVAL_S)
    return bench.plant.read_sweep()


def amperes(bench: SiteBench, seen: Reading | Node) -> float:
    return seen.shunt_v / bench.installation.settings.shunt_ohm


def test_every_fitted_channel_is_good_at_the_pace_of_a_period(bench: SiteBench) -> None:
    for _ in range(30):
        bench.clock.sleep_until(bench.clock.now_s() + SWEEP_INTERVAL_S)
        sweep = bench.plant.read_sweep()
        assert [sweep[channel].status for channel in FITTED] == [Status.GOOD] * len(FITTED)
        assert bench.plant.errors() == {}


@pytest.mark.parametrize("channel", FITTED)
def test_readings_come_in_the_steps_of_the_meter(bench: SiteBench, channel: Channel) -> None:
    reading = sweep_after(bench)[channel]
    for value, step in ((reading.bus_v, bench.meter.bus_step_v), (reading.shunt_v, bench.meter.shunt_step_v)):
        assert value / step == pytest.approx(round(value / step), abs=1e-6)


def test_a_charging_current_is_positive_into_the_battery(bench: SiteBench) -> None:
    sweep = sweep_after(bench, 60.0)
    true = bench.installation.node(Channel.CHARGE)
    assert amperes(bench, true) > 0.1
    assert sweep.charge.shunt_v == pytest.approx(true.shunt_v, abs=1e-3)
    assert sweep.charge.bus_v == pytest.approx(true.bus_v, abs=0.02)


def test_with_the_mains_cut_the_battery_feeds_the_loads_backwards_through_v2(bench: SiteBench) -> None:
    bench.plant.switch(Relay.R1, OPEN)
    sweep = sweep_after(bench, 60.0)
    assert amperes(bench, sweep.charge) < -0.1
    assert amperes(bench, sweep.load) > 0.1
    assert sweep.load.bus_v > 10.0


def test_opening_r2_stops_the_charge_current(bench: SiteBench) -> None:
    assert amperes(bench, sweep_after(bench).charge) > 0.1
    bench.plant.switch(Relay.R2, OPEN)
    assert abs(amperes(bench, sweep_after(bench).charge)) < 2e-3
    bench.plant.switch(Relay.R2, CLOSED)
    assert amperes(bench, sweep_after(bench).charge) > 0.1


def test_v1_reads_less_than_the_battery_behind_its_resistor(bench: SiteBench) -> None:
    sweep = sweep_after(bench)
    missing_v = 10e3 * (sweep.battery.bus_v / bench.meter.input_ohm + bench.meter.bias_a)
    assert bench.installation.battery_v - sweep.battery.bus_v == pytest.approx(missing_v, abs=0.05)
    assert missing_v > 0.3


@pytest.mark.parametrize("relay", Relay)
def test_a_contact_reads_back_as_the_installation_has_it(bench: SiteBench, relay: Relay) -> None:
    for contact in (OPEN, CLOSED, OPEN):
        bench.plant.switch(relay, contact)
        assert bench.installation.contacts[relay] is contact
        assert bench.plant.read_contacts() == bench.installation.contacts


@pytest.mark.parametrize("relay", Relay)
def test_switching_to_the_present_state_moves_nothing(bench: SiteBench, relay: Relay) -> None:
    bench.plant.switch(relay, CLOSED)
    moved = len(bench.installation.movements)
    bench.plant.switch(relay, CLOSED)
    assert len(bench.installation.movements) == moved


@pytest.mark.parametrize("r1", Contact)
@pytest.mark.parametrize("r2", Contact)
@pytest.mark.parametrize("r3", Contact)
def test_a_restart_adopts_the_contacts_and_moves_none(bench: SiteBench, r1: Contact, r2: Contact, r3: Contact) -> None:
    for relay, contact in ((Relay.R1, r1), (Relay.R2, r2), (Relay.R3, r3)):
        bench.plant.switch(relay, contact)
    before = bench.plant.read_contacts()
    bench.restart()
    assert bench.plant.read_contacts() == before
    bench.plant.read_sweep()
    bench.plant.read_temperature()
    assert bench.installation.contacts == before
    assert bench.installation.movements == []


def test_closing_moves_nothing(bench: SiteBench) -> None:
    bench.plant.switch(Relay.R2, OPEN)
    before = bench.installation.contacts
    moved = len(bench.installation.movements)
    bench.plant.close()
    assert bench.installation.contacts == before
    assert len(bench.installation.movements) == moved


def test_the_temperature_is_that_of_the_battery(bench: SiteBench) -> None:
    temperature = bench.plant.read_temperature()
    assert temperature.status == Status.GOOD
    assert temperature.celsius == pytest.approx(bench.installation.temperature_c, abs=0.1)


def test_the_ambient_is_the_air_and_not_the_battery(bench: SiteBench) -> None:
    sweep_after(bench, 3 * 3600.0)  # a charge that warms the battery
    ambient = bench.plant.read_ambient()
    assert ambient.status == Status.GOOD
    assert ambient.celsius == pytest.approx(bench.installation.ambient_c, abs=0.1)
    assert bench.plant.read_temperature().celsius > ambient.celsius + 0.5


def is_dark(charge: Reading, load: Reading) -> bool:
    return load.bus_v < 13.0


def test_a_fall_ends_the_watch_within_two_looks_and_ten_sweeps_right_after_it_are_good(bench: SiteBench) -> None:
    bench.installation.fate = ListedFate([Fault(FaultKind.MAINS_OUT, start_s=2.0)])
    bench.plant.switch(Relay.R2, OPEN)
    bench.plant.set_watchful(True)
    assert not bench.plant.watch(1.9, is_dark)
    assert bench.plant.watch(3.0, is_dark)
    assert 2.0 < bench.clock.now_s() < 2.0 + LOOK_EVERY_S + 0.003
    sweeps = [bench.plant.read_sweep() for _ in range(10)]
    assert {reading.status for sweep in sweeps for reading in sweep[:3]} == {Status.GOOD}
    assert all(sweep.load.bus_v < 0.1 for sweep in sweeps)
    assert bench.clock.now_s() < 2.0 + LOOK_EVERY_S + 0.02


def test_a_discharge_through_v2_is_shown_to_who_watches(bench: SiteBench) -> None:
    bench.plant.switch(Relay.R1, OPEN)
    assert bench.plant.watch(1.0, lambda charge, load: amperes(bench, charge) < -0.1)
