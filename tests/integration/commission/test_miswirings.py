"""Every wrong wiring is found, through the real drivers over emulated chips, and the loads never feel it."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.commission.practice import LIMITS, RIG, SITE, Practice, practice
from vigie.assembly.files import files
from vigie.assembly.plants import open_emulated_site, rig_over
from vigie.cli.settings_file import with_changes
from vigie.clock import SimulatedClock
from vigie.commission.coils import Coils
from vigie.commission.known import CommissioningRefused, Known, SenseKind
from vigie.commission.outcome import changes
from vigie.commission.procedure import commission
from vigie.config import Config, load
from vigie.control.filtering import calibrated_current_a, calibrated_voltage_v
from vigie.control.signals import Channel, Contact, Relay, Wiring
from vigie.plant.meter_chips import MeterModel
from vigie.plant.miswired import MiswiringSettings, TrueContact, TruePolarity
from vigie.plant.site import BatterySettings, InstallationSettings

NC, NO = TrueContact.NC, TrueContact.NO
SINGLES = {
    "nothing": MiswiringSettings(),
    "V2 reversed": MiswiringSettings(charge_reversed=True),
    "V3 reversed": MiswiringSettings(load_reversed=True),
    "relays swapped": MiswiringSettings(relays_swapped=True),
    "both NO": MiswiringSettings(r1_contact=NO, r2_contact=NO),
    "R1 NO": MiswiringSettings(r1_contact=NO, r2_contact=NC),
    "R2 NO": MiswiringSettings(r1_contact=NC, r2_contact=NO),
    "chips in another order": MiswiringSettings(
        channels=(Channel.LOAD, Channel.SPARE, Channel.BATTERY, Channel.CHARGE)
    ),
    "spare chip absent": MiswiringSettings(absent_address=0x43),
    "board active low": MiswiringSettings(relays_active=TruePolarity.LOW),
    "board active low, swapped, NO": MiswiringSettings(
        relays_active=TruePolarity.LOW, relays_swapped=True, r1_contact=NO, r2_contact=NO
    ),
    "resistor as a load": MiswiringSettings(sense_is_load=True),
}
ACCEPTANCE = MiswiringSettings(charge_reversed=True, relays_swapped=True, r1_contact=NC, r2_contact=NC)
BLINK_S = 0.005 + SITE.relay_operate_s
"""Three sweeps of the meter and the order to move back, and until the contact has followed."""


def assert_found(bench: Practice, known: Known, miswiring: MiswiringSettings, site: InstallationSettings) -> None:
    addresses = {channel: 0x40 + index for index, channel in enumerate(miswiring.channels)}
    absent = {channel for channel, address in addresses.items() if address == miswiring.absent_address}
    assert known.channels == {channel: address for channel, address in addresses.items() if channel not in absent}
    assert known.signs == {
        Channel.CHARGE: -1 if miswiring.charge_reversed else 1,
        Channel.LOAD: -1 if miswiring.load_reversed else 1,
    }
    assert known.wiring == site.wiring
    r1, r2 = bench.coils.contactors[Relay.R1], bench.coils.contactors[Relay.R2]
    assert (r1.coil, r2.coil) == ((1, 0) if miswiring.relays_swapped else (0, 1))
    assert known.is_polarity_reversed == (miswiring.relays_active == TruePolarity.LOW)
    rig = changes(known, bench.coils.contactors, bench.bench.lines, RIG)["rig"]
    assert rig["r1_contact"] == ("no" if miswiring.r1_contact == NO else "nc")
    assert rig["r2_contact"] == ("no" if miswiring.r2_contact == NO else "nc")
    assert rig.get("relay_is_active_high", True) != known.is_polarity_reversed
    if site.sense_ohm == 0.0:
        assert known.sense is SenseKind.NONE
    else:
        assert known.sense is (SenseKind.LOAD if miswiring.sense_is_load else SenseKind.SERIES)
        assert known.sense_ohm == pytest.approx(site.sense_ohm, rel=0.1)
    assert bench.installation.contacts[:2] == (Contact.CLOSED, Contact.CLOSED)


@pytest.mark.parametrize("name", SINGLES)
@pytest.mark.parametrize("wiring", Wiring)
def test_each_wrong_wiring_is_found_and_the_loads_stay_fed(name: str, wiring: Wiring) -> None:
    site = SITE._replace(wiring=wiring)
    bench = practice(SINGLES[name], site)
    known = bench.run()
    assert_found(bench, known, SINGLES[name], site)
    assert bench.installation.dark_s == 0.0


@pytest.mark.parametrize("name", ["nothing", "V2 reversed", "both NO", "chips in another order", "resistor as a load"])
def test_boards_with_an_ina226_and_its_shunts_are_found_and_calibrated_like_the_usual_ones(name: str) -> None:
    site = SITE._replace(shunt_ohm=0.02)
    bench = practice(SINGLES[name], site, rig=RIG._replace(meter=MeterModel.INA226))
    known = bench.run()
    assert_found(bench, known, SINGLES[name], site)
    v1 = known.calibrations[Channel.BATTERY]
    for read_v, meter_v in known.points[Channel.BATTERY]:
        assert v1.gain * read_v + v1.offset_v == pytest.approx(meter_v, abs=0.02)
    assert bench.installation.dark_s == 0.0


@pytest.mark.parametrize(
    ("charge", "load", "swapped", "r1", "r2", "wiring"),
    list(itertools.product((False, True), (False, True), (False, True), (NC, NO), (NC, NO), Wiring)),
)
def test_all_of_them_together_are_found(
    charge: bool, load: bool, swapped: bool, r1: TrueContact, r2: TrueContact, wiring: Wiring
) -> None:
    miswiring = MiswiringSettings(charge, load, swapped, r1, r2)
    site = SITE._replace(wiring=wiring)
    bench = practice(miswiring, site)
    known = bench.run()
    assert_found(bench, known, miswiring, site)
    one_source_at_first = r1 != r2 and wiring == Wiring.LINE
    assert bench.installation.dark_s <= (BLINK_S if swapped and one_source_at_first else 0.0)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("wiring", Wiring)
def test_contacts_on_no_that_a_controller_holds_are_found_without_a_dark_moment(swapped: bool, wiring: Wiring) -> None:
    miswiring = MiswiringSettings(relays_swapped=swapped, r1_contact=NO, r2_contact=NO)
    site = SITE._replace(wiring=wiring)
    bench = practice(miswiring, site, energised=(0, 1))
    known = bench.run()
    assert_found(bench, known, miswiring, site)
    assert bench.installation.dark_s == 0.0


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    miswiring=st.builds(
        MiswiringSettings,
        charge_reversed=st.booleans(),
        load_reversed=st.booleans(),
        relays_swapped=st.booleans(),
        r1_contact=st.just(NC),
        r2_contact=st.just(NC),
        channels=st.permutations(list(Channel)).map(tuple),
        sense_is_load=st.booleans(),
        relays_active=st.just(TruePolarity.AS_SET),
        absent_address=st.just(0),
    ),
    soc=st.floats(0.85, 1.0),
    c20_ah=st.sampled_from((4.0, 7.0, 17.0, 100.0)),
    load_a=st.floats(0.1, 0.8),
    sense_ohm=st.sampled_from((0.0, 4_700.0, 10_000.0)),
    wiring=st.sampled_from(Wiring),
)
def test_other_batteries_loads_and_resistors_are_found_too(
    miswiring: MiswiringSettings, soc: float, c20_ah: float, load_a: float, sense_ohm: float, wiring: Wiring
) -> None:
    site = SITE._replace(
        battery=BatterySettings(start_soc=soc, c20_ah=c20_ah),
        load=SITE.load._replace(current_a=load_a),
        sense_ohm=sense_ohm,
        wiring=wiring,
    )
    bench = practice(miswiring, site)
    known = bench.run()
    assert_found(bench, known, miswiring, site)
    assert bench.installation.dark_s == 0.0


def found_config(bench: Practice, known: Known, miswiring: MiswiringSettings, directory: Path) -> Config:
    """Return the settings found, written to a file and read back."""
    text = (
        '[plant]\nscenario = "chatter"\n'
        "[twin.installation.battery]\nstart_soc = 0.8\n[twin.installation.outages]\nkind = 'none'\n[twin.miswiring]\n"
    )
    text += "".join(
        f"{key} = {str(getattr(miswiring, key)).lower()}\n" for key in ("charge_reversed", "relays_swapped")
    )
    text += "".join(f'{key} = "{getattr(miswiring, key).name.lower()}"\n' for key in ("r1_contact", "r2_contact"))
    path = directory / "found.toml"
    path.write_text(with_changes(text, changes(known, bench.coils.contactors, bench.bench.lines, RIG)))
    return load(path, {"site": {"data": str(directory)}})


class Rerun:
    """The controller's own plant on the same wrongly wired installation, with the settings found."""

    def __init__(self, config: Config) -> None:
        assert config.rig is not None
        self.config = config
        self.clock = SimulatedClock(float("inf"), 0.0)
        site = open_emulated_site(config, config.rig, self.clock, files(config))
        self.installation = site.installation
        self.plant = rig_over(site, config.rig, self.clock)

    def wait(self, seconds: float) -> None:
        self.clock.sleep_until(self.clock.now_s() + seconds)
        self.plant.read_sweep()

    def v1(self) -> float:
        """Return V1 as the controller calibrates it: the mean of one period's sweeps."""
        channel = self.config.channels_settings().battery
        sweeps = [self.plant.read_sweep() for _ in range(10)]
        return sum(calibrated_voltage_v(sweep.battery.bus_v, channel) for sweep in sweeps) / len(sweeps)


def test_the_installation_of_the_acceptance_is_found_and_v1_reads_true(tmp_path: Path) -> None:
    bench = practice(ACCEPTANCE)
    known = bench.run()
    assert_found(bench, known, ACCEPTANCE, SITE)
    bench.bench.close()
    again = Rerun(found_config(bench, known, ACCEPTANCE, tmp_path))
    assert again.plant.read_contacts()[:2] == (Contact.CLOSED, Contact.CLOSED)

    again.plant.switch(Relay.R1, Contact.OPEN)
    assert again.installation.contacts[:2] == (Contact.OPEN, Contact.CLOSED)
    while again.installation.battery_v > 12.0:
        again.wait(20.0)
    assert again.installation.battery_v == pytest.approx(12.0, abs=0.05)
    assert again.v1() == pytest.approx(again.installation.battery_v, rel=0.005)

    again.plant.switch(Relay.R1, Contact.CLOSED)
    assert again.installation.contacts[:2] == (Contact.CLOSED, Contact.CLOSED)
    again.wait(36_000.0)
    assert again.installation.battery_v == pytest.approx(13.6, abs=0.05)
    assert again.v1() == pytest.approx(again.installation.battery_v, rel=0.005)


def test_the_controllers_plant_sees_currents_and_contacts_as_they_are(tmp_path: Path) -> None:
    bench = practice(ACCEPTANCE)
    known = bench.run()
    bench.bench.close()
    again = Rerun(found_config(bench, known, ACCEPTANCE, tmp_path))
    channels = again.config.channels_settings()
    again.wait(1.0)
    sweep = again.plant.read_sweep()
    assert calibrated_current_a(sweep.charge.shunt_v, channels.charge) == pytest.approx(1.4, abs=0.01)
    assert calibrated_current_a(sweep.load.shunt_v, channels.load) > 0.3
    again.plant.switch(Relay.R2, Contact.OPEN)
    assert again.installation.contacts[:2] == (Contact.CLOSED, Contact.OPEN)
    again.plant.switch(Relay.R2, Contact.CLOSED)
    again.plant.switch(Relay.R1, Contact.OPEN)
    again.wait(1.0)
    drill = again.plant.read_sweep()
    assert calibrated_current_a(drill.charge.shunt_v, channels.charge) < -0.3


@pytest.mark.parametrize(("supply_v", "present_v"), [(13.6, None), (13.4, 13.05), (13.25, 12.9)])
def test_what_proves_the_mains_follows_the_supply(supply_v: float, present_v: float | None) -> None:
    bench = practice(settings=SITE._replace(supply_v=supply_v))
    known = bench.run()
    found = changes(known, bench.coils.contactors, bench.bench.lines, RIG)
    assert found.get("mains") == (None if present_v is None else {"supply_present_v": present_v})
    assert any("mains.supply_present_v" in text for text in bench.person.said) == (present_v is not None)
    assert not any("supply" in text for text in bench.person.weak)


def test_a_supply_close_to_a_battery_is_told_as_weak() -> None:
    limits = LIMITS._replace(supply_v=12.95)
    bench = practice(settings=SITE._replace(supply_v=13.1))
    commission(bench.bench, bench.person, limits, Coils(bench.bench, limits))
    assert any("Turn the supply up to 13.6 V" in text for text in bench.person.weak)


def test_a_supply_of_12_volts_is_named_before_anything_moves() -> None:
    bench = practice(settings=SITE._replace(supply_v=12.6))
    with pytest.raises(CommissioningRefused):
        bench.run()
    assert any("turn it up to 13.6 V" in text for text in bench.person.weak)
    assert bench.installation.dark_s == 0.0


@pytest.mark.parametrize("name", ["nothing", "both NO", "relays swapped", "R2 NO"])
def test_a_bypass_diode_hides_nothing(name: str) -> None:
    site = SITE._replace(bypass_diode=True)
    bench = practice(SINGLES[name], site)
    known = bench.run()
    assert_found(bench, known, SINGLES[name], site)
    assert bench.installation.dark_s == 0.0
