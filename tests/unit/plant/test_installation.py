"""The simulated site: where currents flow for each state of mains and contacts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from vigie.control.signals import Channel, Contact, Relay, Wiring
from vigie.errors import SettingsError
from vigie.plant.installation import Installation, Node
from vigie.plant.outages import Outages, OutageSettings, OutageSource
from vigie.plant.scenario import CHATTER, SCENARIOS
from vigie.plant.site import (
    AmbientSettings,
    BatterySettings,
    ChargerSettings,
    InstallationSettings,
    LoadSettings,
)
from vigie.plant.twin import TwinSettings

OUT_AT_100_S = OutageSettings(kind=OutageSource.LISTED, listed=((100.0, 50.0),))


def site(soc: float = 0.6, **changes: Any) -> Installation:
    settings = InstallationSettings(battery=BatterySettings(start_soc=soc))
    return Installation(settings._replace(**changes))


def current_a(node: Node) -> float:
    return node.shunt_v / 0.1


def test_on_mains_the_charger_charges_and_the_supply_carries_the_loads() -> None:
    installation = site()
    installation.advance_to(1.0)
    charge, load = installation.node(Channel.CHARGE), installation.node(Channel.LOAD)
    assert current_a(charge) == pytest.approx(1.4)
    assert installation.battery_current_a == pytest.approx(1.4)
    assert load.bus_v == pytest.approx(13.6 - 0.04)
    assert current_a(load) == pytest.approx(0.4)
    assert installation.loads_are_powered


def test_charger_goes_to_constant_voltage_at_its_own_terminals() -> None:
    installation = site(soc=0.9)
    installation.advance_to(7200.0)
    charge = installation.node(Channel.CHARGE)
    assert 0.0 < current_a(charge) < 1.4
    assert charge.bus_v + charge.shunt_v + current_a(charge) * 0.05 == pytest.approx(13.6, abs=1e-3)


@pytest.mark.parametrize("cause", ["outage", "r1_open"])
def test_without_supply_the_battery_feeds_the_loads_back_through_v2(cause: str) -> None:
    installation = site(outages=OUT_AT_100_S)
    if cause == "r1_open":
        installation.set_contact(Relay.R1, Contact.OPEN)
        installation.advance_to(10.0)
    else:
        installation.advance_to(120.0)
    charge, load = installation.node(Channel.CHARGE), installation.node(Channel.LOAD)
    assert current_a(charge) == pytest.approx(-0.4)
    assert current_a(load) == pytest.approx(0.4)
    assert 0.1 < charge.bus_v - load.bus_v < 0.3
    assert installation.battery_current_a == pytest.approx(-0.4)
    assert installation.loads_are_powered


def test_a_bypass_diode_blocks_the_charge_and_gives_the_battery_to_the_loads_at_once() -> None:
    installation = site(outages=OUT_AT_100_S, bypass_diode=True)
    installation.set_contact(Relay.R2, Contact.OPEN)
    installation.advance_to(99.0)
    assert installation.node(Channel.CHARGE).shunt_v == 0.0
    assert installation.battery_current_a == 0.0
    installation.advance_to(100.01)
    assert installation.loads_are_powered
    assert current_a(installation.node(Channel.CHARGE)) == pytest.approx(-0.4)
    through_diode_v = installation.battery_v - installation.node(Channel.LOAD).bus_v
    installation.set_contact(Relay.R2, Contact.CLOSED)
    installation.advance_to(100.03)
    assert installation.loads_are_powered
    through_r2_v = installation.battery_v - installation.node(Channel.LOAD).bus_v
    assert through_diode_v - through_r2_v == pytest.approx(0.32, abs=0.001)


def test_a_load_of_constant_power_takes_it_behind_the_diode_too() -> None:
    load = LoadSettings(current_a=0.0, power_w=10.0)
    installation = site(outages=OUT_AT_100_S, bypass_diode=True, load=load)
    installation.set_contact(Relay.R2, Contact.OPEN)
    installation.advance_to(100.01)
    at_load = installation.node(Channel.LOAD)
    assert at_load.bus_v * current_a(at_load) == pytest.approx(10.0, rel=0.01)


def test_line_wiring_with_r2_open_leaves_the_loads_dark_in_an_outage() -> None:
    installation = site(outages=OUT_AT_100_S)
    installation.set_contact(Relay.R2, Contact.OPEN)
    installation.advance_to(99.0)
    assert installation.node(Channel.CHARGE).shunt_v == 0.0
    assert installation.loads_are_powered
    installation.advance_to(120.0)
    assert installation.node(Channel.LOAD) == Node(0.0, 0.0)
    assert not installation.loads_are_powered
    installation.set_contact(Relay.R2, Contact.CLOSED)
    assert installation.contacts.r2 == Contact.CLOSED
    installation.advance_to(120.009)
    assert not installation.loads_are_powered, "a relay takes 10 ms"
    installation.advance_to(120.011)
    assert installation.loads_are_powered, "closing R2 brings the backup at once"
    installation.advance_to(151.0)
    assert installation.has_mains
    assert installation.battery_current_a > 0.0


def test_a_contact_told_back_before_its_relay_has_moved_never_leaves() -> None:
    installation = site(outages=OUT_AT_100_S)
    installation.advance_to(1.0)
    installation.set_contact(Relay.R2, Contact.OPEN)
    installation.advance_to(1.005)
    installation.set_contact(Relay.R2, Contact.CLOSED)
    assert installation.node(Channel.CHARGE).shunt_v > 0.0
    assert installation.next_change_s() == 100.0


def test_before_time_runs_a_contact_stands_where_it_is_put() -> None:
    installation = site(outages=OUT_AT_100_S)
    installation.set_contact(Relay.R2, Contact.OPEN)
    assert installation.node(Channel.CHARGE).shunt_v == 0.0
    assert installation.next_change_s() == 100.0


def test_charge_only_wiring_keeps_the_backup_with_r2_open_and_not_through_v2() -> None:
    installation = site(wiring=Wiring.CHARGE_ONLY, outages=OUT_AT_100_S)
    installation.set_contact(Relay.R2, Contact.OPEN)
    installation.advance_to(120.0)
    assert installation.node(Channel.CHARGE).shunt_v == 0.0
    assert current_a(installation.node(Channel.LOAD)) == pytest.approx(0.4)
    assert installation.battery_current_a == pytest.approx(-0.4)


def test_outage_ends_inside_a_long_advance_are_met_to_the_second() -> None:
    coarse, fine = site(outages=OUT_AT_100_S), site(outages=OUT_AT_100_S)
    coarse.advance_to(600.0)
    for second in range(1, 601):
        fine.advance_to(float(second))
    assert coarse.soc == pytest.approx(fine.soc, abs=2e-5)
    assert coarse.battery_v == pytest.approx(fine.battery_v, abs=2e-3)


def test_sense_resistor_shows_less_by_both_bias_currents_and_the_input_resistance() -> None:
    installation = site(soc=0.9)
    installation.set_contact(Relay.R2, Contact.OPEN)
    seen_v = installation.node(Channel.BATTERY).bus_v
    assert seen_v * (1.0 + 10.0 / 320.0) + 0.4 == pytest.approx(installation.battery_v)
    assert site(soc=0.9, sense_ohm=0.0).node(Channel.BATTERY).bus_v == pytest.approx(site(soc=0.9).battery_v)


def test_constant_power_loads_take_their_power_from_supply_and_battery() -> None:
    installation = site(load=LoadSettings(current_a=0.0, power_w=6.0))
    for contact in (Contact.CLOSED, Contact.OPEN):
        installation.set_contact(Relay.R1, contact)
        load = installation.node(Channel.LOAD)
        assert load.bus_v * current_a(load) == pytest.approx(6.0, rel=1e-3)


def test_an_empty_battery_drops_the_loads_until_the_supply_is_back() -> None:
    installation = site(soc=0.03, outages=OutageSettings(kind=OutageSource.LISTED, listed=((0.0, 7200.0),)))
    installation.advance_to(7000.0)
    assert not installation.loads_are_powered
    assert installation.battery_v > 10.5, "rested without load"
    assert installation.battery_current_a == 0.0
    installation.advance_to(7201.0)
    assert installation.loads_are_powered


def test_battery_follows_the_air_of_the_day() -> None:
    installation = site(soc=1.0, ambient=AmbientSettings(mean_c=30.0, swing_c=5.0))
    assert installation.ambient_c == pytest.approx(30.0 - 5.0 * 0.7071, abs=0.01)
    installation.advance_to(86_400.0 + 15 * 3600.0)
    assert installation.ambient_c == pytest.approx(35.0)
    afternoon_c = installation.temperature_c
    installation.advance_to(2 * 86_400.0 + 6 * 3600.0)
    assert installation.temperature_c < afternoon_c - 3.0


def test_unknown_battery_model_names_those_that_exist() -> None:
    with pytest.raises(SettingsError, match=r"'lemon' is unknown: agm, .*USL12-7\.2"):
        site(battery=BatterySettings(model="lemon"))


def test_settings_are_validated_and_written_by_name() -> None:
    adapter = TypeAdapter(TwinSettings)
    given = {"installation": {"wiring": "charge_only", "outages": {"kind": "every"}}}
    settings = adapter.validate_python(given)
    assert settings.installation.wiring == Wiring.CHARGE_ONLY
    assert settings.installation.outages.kind == OutageSource.EVERY
    with pytest.raises(ValidationError, match="start_soc"):
        adapter.validate_python({"installation": {"battery": {"start_soc": 1.2}}})
    for scenario in SCENARIOS.values():
        assert adapter.validate_python(adapter.dump_python(scenario.settings)) == scenario.settings


def changes(settings: OutageSettings, until_s: float) -> list[float]:
    outages, now_s, found = Outages(settings), 0.0, []
    while (now_s := outages.next_change_s(now_s)) < until_s:
        found.append(now_s)
    return found


def test_outages_of_each_kind(tmp_path: Path) -> None:
    table = tmp_path / "outages.csv"
    table.write_text("start_s,duration_s\n500,10\n100,20\n110,30\n")
    assert changes(OutageSettings(), 1e9) == []
    assert changes(OutageSettings(kind=OutageSource.LISTED, listed=((5.0, 2.0),)), 1e9) == [5.0, 7.0]
    every = OutageSettings(kind=OutageSource.EVERY, every_s=100.0, lasting_s=10.0, first_s=50.0)
    assert changes(every, 170.0) == [50.0, 60.0, 150.0, 160.0]
    from_file = Outages(OutageSettings(kind=OutageSource.CSV, csv_path=str(table)))
    assert [t for t in range(0, 600, 5) if from_file.is_out(t)] == [*range(100, 140, 5), 500, 505]
    random = OutageSettings(kind=OutageSource.RANDOM, every_s=1000.0, lasting_s=50.0, seed=7)
    assert changes(random, 1e5) == changes(random, 1e5)
    assert 60 < len(changes(random, 1e5)) / 2 < 140


def test_outages_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    table = tmp_path / "outages.csv"
    table.write_text("start,duration\n1,2\n")
    with pytest.raises(SettingsError, match="start_s,duration_s"):
        Outages(OutageSettings(kind=OutageSource.CSV, csv_path=str(table)))
    with pytest.raises(SettingsError, match="duration above 0"):
        Outages(OutageSettings(kind=OutageSource.LISTED, listed=((5.0, 0.0),)))


class Seen:
    """Runs the bad case under the thresholds of a mode alone and notes each change of phase."""

    def __init__(self, first_phase: str) -> None:
        self.installation = Installation(CHATTER.settings.installation)
        self.phase, self.since_s = first_phase, 0.0
        self.moves: list[tuple[str, str, float, float]] = []

    def run(self, next_phase: Callable[[str, float], str], until_s: float) -> None:
        site = self.installation
        while site.now_s < until_s:
            site.set_contact(Relay.R1, Contact.OPEN if self.phase == "discharge" else Contact.CLOSED)
            is_resting = self.phase == "rest" and site.has_mains
            site.set_contact(Relay.R2, Contact.OPEN if is_resting else Contact.CLOSED)
            site.advance_to(site.now_s + 1.0)
            phase = next_phase(self.phase, site.battery_v)
            if phase != self.phase and site.now_s - self.since_s >= 60.0:
                self.moves.append((self.phase, phase, site.now_s, site.now_s - self.since_s))
                self.phase, self.since_s = phase, site.now_s


def protect(phase: str, battery_v: float) -> str:
    if phase == "charge":
        return "rest" if battery_v > 12.9 else "charge"
    return "charge" if battery_v < 12.7 else "rest"


def cycle(phase: str, battery_v: float) -> str:
    if phase == "discharge":
        return "charge" if battery_v < 12.4 else "discharge"
    if phase == "charge":
        return "rest" if battery_v > 12.9 else "charge"
    return "charge" if battery_v < 12.4 else "rest"


def test_chatter_moves_r2_within_the_first_simulated_half_hour() -> None:
    seen = Seen("charge")
    seen.run(protect, 1800.0)
    assert [move[:2] for move in seen.moves[:3]] == [("charge", "rest"), ("rest", "charge"), ("charge", "rest")]
    assert seen.moves[2][2] < 1800.0


def test_chatter_shows_every_phase_of_cycle_within_four_simulated_hours() -> None:
    seen = Seen("charge")
    seen.run(lambda phase, _: phase, 300.0)
    seen.phase, seen.since_s = "discharge", 300.0
    seen.run(cycle, 4 * 3600.0)
    order = [move[1] for move in seen.moves]
    assert order[:4] == ["charge", "rest", "charge", "rest"]
    assert seen.moves[0][3] > 120.0, "a discharge one can watch"


def test_chatter_has_an_outage_within_half_an_hour() -> None:
    outages = Outages(CHATTER.settings.installation.outages)
    assert outages.next_change_s(0.0) < 1800.0


def test_charger_settings_reach_the_battery() -> None:
    installation = site(charger=ChargerSettings(set_v=14.4, limit_a=0.5, line_ohm=0.0))
    assert installation.battery_current_a == pytest.approx(0.5)
