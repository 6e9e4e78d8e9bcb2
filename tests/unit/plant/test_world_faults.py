"""Faults of the installation itself, told from what the meter sees of them."""

import math
from typing import Any

import pytest
from pydantic import TypeAdapter

from vigie.clock import SimulatedClock
from vigie.control.signals import Channel, Contact, Relay, Status
from vigie.errors import BusError, RelayError, SettingsError
from vigie.plant.faults import OF_THE_INSTALLATION, Fault, FaultKind, FaultSettings, Faulty, ListedFate
from vigie.plant.installation import Installation
from vigie.plant.outages import OutageSettings, OutageSource
from vigie.plant.recorded import Recorded
from vigie.plant.recording import Point, Recording, Sample, Summary
from vigie.plant.site import BatterySettings, InstallationSettings, LoadSettings
from vigie.plant.twin import MeterSettings, Twin, TwinSettings

EXACT = MeterSettings(bus_noise_v=0.0, shunt_noise_v=0.0, shunt_offset_v=0.0)
HOUR_S = 3600.0


def site(*faults: Fault, soc: float = 0.6, **changes: Any) -> Installation:
    settings = InstallationSettings(battery=BatterySettings(start_soc=soc))
    installation = Installation(settings._replace(**changes))
    installation.fate = ListedFate(faults)
    return installation


def charge_a(installation: Installation) -> float:
    return installation.node(Channel.CHARGE).shunt_v / 0.1


class Bench:
    def __init__(self, *faults: Fault, **changes: Any) -> None:
        self.clock = SimulatedClock(speed=math.inf, start_utc_s=0.0)
        settings = TwinSettings(InstallationSettings(battery=BatterySettings(start_soc=0.6))._replace(**changes), EXACT)
        self.twin = Twin(Installation(settings.installation), self.clock, settings)
        self.plant = Faulty(self.twin, self.clock, faults)

    def at(self, now_s: float) -> Faulty:
        self.clock.sleep_until(now_s)
        return self.plant


def test_a_dead_charger_charges_nothing_and_the_supply_still_feeds_the_loads() -> None:
    installation = site(Fault(FaultKind.CHARGER_DEAD, start_s=60.0, end_s=120.0))
    installation.advance_to(59.0)
    assert charge_a(installation) == pytest.approx(1.4)
    installation.advance_to(60.0)
    assert charge_a(installation) == 0.0
    assert installation.loads_are_powered
    assert installation.has_mains
    installation.advance_to(120.0)
    assert charge_a(installation) == pytest.approx(1.4)


def test_a_charger_at_another_set_point_holds_it() -> None:
    installation = site(Fault(FaultKind.CHARGER_SET_POINT, value=15.2), soc=1.0)
    installation.advance_to(10 * HOUR_S)
    assert installation.battery_v == pytest.approx(15.2, abs=0.05)


def test_a_shorted_cell_takes_two_volts_and_its_charge_does_not_taper_but_heats() -> None:
    sound, shorted = site(soc=1.0), site(Fault(FaultKind.CELL_SHORTED), soc=1.0)
    for installation in (sound, shorted):
        installation.advance_to(12 * HOUR_S)
    assert charge_a(sound) < 0.01
    assert charge_a(shorted) > 0.1
    assert sound.temperature_c < 26.0
    assert shorted.temperature_c > 35.0
    for installation in (sound, shorted):
        installation.set_contact(Relay.R2, Contact.OPEN)
        installation.advance_to(13 * HOUR_S)
    assert sound.battery_v - shorted.battery_v == pytest.approx(2.0, abs=0.6)


def test_an_open_battery_shows_the_chargers_voltage_takes_no_current_and_backs_nothing() -> None:
    out = OutageSettings(kind=OutageSource.LISTED, listed=((100.0, 50.0),))
    installation = site(Fault(FaultKind.BATTERY_OPEN), outages=out)
    installation.advance_to(99.0)
    assert charge_a(installation) == 0.0
    assert installation.battery_v == pytest.approx(13.6)
    installation.advance_to(120.0)
    assert installation.battery_v == 0.0
    assert not installation.loads_are_powered
    installation.advance_to(151.0)
    assert installation.loads_are_powered


def test_an_open_battery_neither_gains_nor_gives_charge() -> None:
    installation = site(Fault(FaultKind.BATTERY_OPEN))
    installation.advance_to(HOUR_S)
    assert installation.soc == pytest.approx(0.6, abs=1e-3)


def test_loads_draw_what_the_fault_says_constant_power_included() -> None:
    installation = site(Fault(FaultKind.LOADS_OVER, value=2.5), load=LoadSettings(current_a=0.4, power_w=5.0))
    assert installation.node(Channel.LOAD).shunt_v == pytest.approx(0.25)
    installation.set_contact(Relay.R1, Contact.OPEN)
    installation.advance_to(0.01)
    assert installation.battery_current_a == pytest.approx(-2.5)


def test_a_mains_that_is_out_is_out_whatever_the_outages_say() -> None:
    installation = site(Fault(FaultKind.MAINS_OUT, start_s=30.5, end_s=40.0))
    installation.advance_to(30.0)
    assert installation.has_mains
    installation.advance_to(31.0)
    assert not installation.has_mains
    assert installation.battery_current_a == pytest.approx(-0.4)
    installation.advance_to(40.0)
    assert installation.has_mains


def test_a_mains_that_flickers_is_away_first_and_changes_every_half_period() -> None:
    installation = site(Fault(FaultKind.MAINS_FLICKER, value=2.0, start_s=10.0, end_s=20.0))
    seen = []
    for second in range(8, 24):
        installation.advance_to(float(second))
        seen.append(installation.has_mains)
    assert "".join("|" if has_mains else "." for has_mains in seen) == "||..||..||..||||"


def test_turns_of_the_mains_inside_one_long_advance_are_met() -> None:
    fault = Fault(FaultKind.MAINS_FLICKER, value=2.0, start_s=10.0, end_s=HOUR_S)
    coarse, fine = site(fault), site(fault)
    coarse.advance_to(HOUR_S)
    for second in range(1, 3601):
        fine.advance_to(float(second))
    assert coarse.soc == pytest.approx(fine.soc, abs=1e-5)


def test_the_air_goes_to_its_value_in_a_straight_line_and_the_battery_follows() -> None:
    installation = site(Fault(FaultKind.AMBIENT, value=55.0, start_s=100.0, end_s=8 * HOUR_S, ramp_s=7200.0), soc=1.0)
    assert installation.ambient_c == 25.0
    installation.advance_to(100.0 + 3600.0)
    assert installation.ambient_c == pytest.approx(40.0)
    installation.advance_to(100.0 + 7200.0)
    assert installation.ambient_c == pytest.approx(55.0)
    assert 28.0 < installation.temperature_c < 40.0
    installation.advance_to(8 * HOUR_S)
    assert installation.ambient_c == 25.0
    assert installation.temperature_c > 45.0


def test_a_welded_contact_takes_the_level_and_conducts_all_the_same() -> None:
    bench = Bench(Fault(FaultKind.WELDED, relay=Relay.R2, end_s=50.0))
    plant = bench.at(1.0)
    plant.switch(Relay.R2, Contact.OPEN)
    assert plant.read_contacts().r2 == Contact.OPEN
    assert plant.read_sweep().charge.shunt_v == pytest.approx(0.14)
    assert bench.at(50.0).read_sweep().charge.shunt_v == 0.0


def test_a_dead_contact_takes_the_level_and_does_not_conduct() -> None:
    bench = Bench(Fault(FaultKind.DEAD_CONTACT, relay=Relay.R1))
    plant = bench.at(1.0)
    plant.switch(Relay.R1, Contact.CLOSED)
    assert plant.read_contacts().r1 == Contact.CLOSED
    assert plant.read_sweep().charge.shunt_v == pytest.approx(-0.04)
    assert bench.twin.installation.has_mains


def test_a_chip_that_reset_says_so_in_one_sweep() -> None:
    bench = Bench(Fault(FaultKind.CHIP_RESET, channel=Channel.LOAD, start_s=2.0))
    statuses = [bench.at(float(second)).read_sweep().load.status for second in range(1, 6)]
    assert statuses == [Status.GOOD, Status.RESET, Status.GOOD, Status.GOOD, Status.GOOD]
    bench.plant.begin(Fault(FaultKind.CHIP_RESET, channel=Channel.LOAD))
    assert bench.plant.read_sweep().load.status == Status.RESET, "a second one is told too"


def test_a_lost_bus_fails_the_sweep_while_the_world_goes_on() -> None:
    bench = Bench(Fault(FaultKind.BUS_LOST, end_s=60.0))
    with pytest.raises(BusError, match="gone"):
        bench.at(30.0).read_sweep()
    assert bench.twin.installation.now_s == 30.0
    assert bench.at(60.0).read_sweep().battery.status == Status.GOOD


def test_a_frozen_temperature_repeats_itself() -> None:
    bench = Bench(
        Fault(FaultKind.FROZEN_TEMPERATURE, start_s=10.0, end_s=4 * HOUR_S), Fault(FaultKind.AMBIENT, value=60.0)
    )
    bench.at(5.0).read_temperature()
    first = bench.at(10.0).read_temperature()
    assert bench.at(3 * HOUR_S).read_temperature() == first
    assert bench.at(4 * HOUR_S).read_temperature().celsius > first.celsius + 10.0


def test_lines_that_cannot_be_read_can_still_be_moved() -> None:
    bench = Bench(Fault(FaultKind.RELAYS_UNREADABLE, end_s=10.0))
    plant = bench.at(1.0)
    with pytest.raises(RelayError, match="cannot be read"):
        plant.read_contacts()
    with pytest.raises(RelayError, match="cannot be read"):
        plant.switch(Relay.R2, Contact.OPEN)
    assert bench.at(10.0).read_contacts().r2 == Contact.OPEN


def test_a_fault_of_the_installation_begun_at_run_time_shows_at_once_and_goes_when_cleared() -> None:
    bench = Bench()
    plant = bench.at(100.0)
    assert plant.read_sweep().charge.shunt_v > 0.1
    plant.begin(Fault(FaultKind.MAINS_OUT, start_s=1e6))
    assert plant.read_sweep().charge.shunt_v < 0.0
    plant.begin(Fault(FaultKind.AMBIENT, value=45.0, ramp_s=100.0))
    assert bench.at(150.0).read_ambient().celsius == pytest.approx(35.0)
    plant.clear()
    assert plant.read_sweep().charge.shunt_v > 0.1
    assert plant.read_ambient().celsius == 25.0


def test_a_fault_of_the_installation_needs_a_simulated_one() -> None:
    log = Recording([Sample(0.0, 12.8, 0.0, 25.0)], [Point(0.0, 25.0)], Summary(1, 1, 0.0, 0.0, (), ()))
    clock = SimulatedClock(speed=math.inf, start_utc_s=0.0)
    recorded = Recorded(log, clock, 900.0)
    with pytest.raises(SettingsError, match=r"mains_out befalls a simulated installation.*recorded"):
        Faulty(recorded, clock, [Fault(FaultKind.MAINS_OUT)])
    with pytest.raises(SettingsError, match="mains_out"):
        Faulty(recorded, clock).begin(Fault(FaultKind.MAINS_OUT))
    installation = site()
    Faulty(recorded, clock, [Fault(FaultKind.MAINS_OUT)], installation=installation)
    assert not installation.has_mains


@pytest.mark.parametrize("value", [0.0, 1e-6])
def test_a_flicker_without_a_length_to_simulate_is_refused(value: float) -> None:
    with pytest.raises(SettingsError, match=r"at least 0\.05"):
        Bench(Fault(FaultKind.MAINS_FLICKER, value=value))


def test_every_kind_can_be_named_in_the_settings() -> None:
    given = {"listed": [{"kind": kind.name.lower(), "value": 5.0, "ramp_s": 10.0} for kind in FaultKind]}
    assert [fault.kind for fault in TypeAdapter(FaultSettings).validate_python(given).listed] == list(FaultKind)


@pytest.mark.parametrize("kind", sorted(OF_THE_INSTALLATION))
def test_every_fault_of_the_installation_changes_it_and_ends(kind: FaultKind) -> None:
    fate = ListedFate([Fault(kind, value=3.0, start_s=10.0, end_s=20.0)])
    before, during, after = fate.at(9.9), fate.at(10.0), fate.at(20.0)
    assert before == after
    assert during != before
    assert fate.next_change_s(0.0) == 10.0
    assert fate.next_change_s(20.0) == math.inf
