"""What every plant must do, whatever is behind it."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.plants import PLANTS, Bench
from vigie.control.signals import Channel, Contact, Contacts, Reading, Relay, Status, Sweep

SWEEP_INTERVAL_S = 0.05


@pytest.fixture(params=sorted(PLANTS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    bench = PLANTS[request.param](tmp_path)
    bench.plant.read_sweep()  # sets the chips up, where there are any
    yield bench
    bench.plant.close()


def next_sweep(bench: Bench) -> Sweep:
    bench.clock.sleep_until(bench.clock.now_s() + SWEEP_INTERVAL_S)
    return bench.plant.read_sweep()


def test_a_plant_says_which_one_it_is(bench: Bench) -> None:
    assert bench.plant.name in ("rig", "emulated", "twin", "recorded")


def test_a_sweep_holds_a_reading_of_each_channel(bench: Bench) -> None:
    sweep = next_sweep(bench)
    assert isinstance(sweep, Sweep)
    assert all(isinstance(reading, Reading) for reading in sweep)


def test_sweeps_at_the_pace_of_a_period_are_good_or_absent(bench: Bench) -> None:
    for _ in range(30):
        sweep = next_sweep(bench)
        assert sweep.battery.status == Status.GOOD
        assert {reading.status for reading in sweep} <= {Status.GOOD, Status.ABSENT}
        assert bench.plant.errors() == {}


def test_a_reading_is_a_number_exactly_when_its_channel_is_fitted(bench: Bench) -> None:
    for reading in next_sweep(bench):
        is_absent = reading.status == Status.ABSENT
        assert math.isnan(reading.bus_v) is is_absent
        assert math.isnan(reading.shunt_v) is is_absent


def test_the_spare_channel_of_these_benches_is_absent_and_no_error(bench: Bench) -> None:
    assert next_sweep(bench).spare.status == Status.ABSENT
    assert Channel.SPARE not in bench.plant.errors()


def test_contacts_are_read_as_contacts(bench: Bench) -> None:
    contacts = bench.plant.read_contacts()
    assert isinstance(contacts, Contacts)
    assert all(isinstance(contact, Contact) for contact in contacts)
    assert (contacts.r1, contacts.r2) == (Contact.CLOSED, Contact.CLOSED)


@pytest.mark.parametrize("relay", Relay)
def test_a_switched_contact_reads_back_and_the_others_stay(bench: Bench, relay: Relay) -> None:
    for contact in (Contact.OPEN, Contact.CLOSED, Contact.CLOSED, Contact.OPEN):
        before = list(bench.plant.read_contacts())
        bench.plant.switch(relay, contact)
        before[relay] = contact
        assert list(bench.plant.read_contacts()) == before


def test_the_temperature_is_a_number_and_good(bench: Bench) -> None:
    temperature = bench.plant.read_temperature()
    assert temperature.status == Status.GOOD
    assert -20.0 < temperature.celsius < 60.0


def test_the_air_is_a_good_number_or_absent(bench: Bench) -> None:
    ambient = bench.plant.read_ambient()
    assert ambient.status in (Status.GOOD, Status.ABSENT)
    assert math.isnan(ambient.celsius) is (ambient.status == Status.ABSENT)
    if ambient.status == Status.GOOD:
        assert -20.0 < ambient.celsius < 60.0


def test_a_watch_ends_at_its_time_when_nothing_falls(bench: Bench) -> None:
    began_s = bench.clock.now_s()
    bench.plant.set_watchful(True)
    assert not bench.plant.watch(began_s + 0.5, lambda charge, load: False)
    assert bench.clock.now_s() == pytest.approx(began_s + 0.5)
    assert next_sweep(bench).battery.status == Status.GOOD
    bench.plant.set_watchful(False)
    assert next_sweep(bench).battery.status == Status.GOOD
