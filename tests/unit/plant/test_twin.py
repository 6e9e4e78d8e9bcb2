"""The twin's meter and what of its world outlives the process."""

import json
import math
import statistics
from pathlib import Path

import pytest

from vigie.clock import SimulatedClock
from vigie.control.signals import Channel, Contact, Contacts, Relay, Status
from vigie.errors import SettingsError
from vigie.plant.installation import Installation
from vigie.plant.port import Plant
from vigie.plant.scenario import CHATTER
from vigie.plant.site import BatterySettings, InstallationSettings, LoadSettings
from vigie.plant.twin import MeterSettings, Twin, TwinSettings

EXACT = MeterSettings(bus_noise_v=0.0, shunt_noise_v=0.0, shunt_offset_v=0.0)


def clock() -> SimulatedClock:
    return SimulatedClock(speed=math.inf, start_utc_s=0.0)


def twin(settings: TwinSettings = CHATTER.settings, world: Path | None = None) -> tuple[Twin, SimulatedClock]:
    time = clock()
    return Twin(Installation(settings.installation), time, settings, world), time


def test_twin_is_a_plant() -> None:
    plant: Plant = twin()[0]
    assert plant.name == "twin"
    assert plant.read_contacts() == Contacts(Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN)
    assert plant.errors() == {}


def test_readings_come_in_the_meters_steps() -> None:
    plant, time = twin()
    for second in range(1, 60):
        time.sleep_until(float(second))
        for reading in plant.read_sweep()[:3]:
            assert reading.status == Status.GOOD
            assert reading.bus_v / 0.004 == pytest.approx(round(reading.bus_v / 0.004), abs=1e-6)
            assert reading.shunt_v / 1e-5 == pytest.approx(round(reading.shunt_v / 1e-5), abs=1e-6)


def test_signs_are_the_products() -> None:
    plant, time = twin(CHATTER.settings._replace(meter=EXACT))
    time.sleep_until(1.0)
    sweep = plant.read_sweep()
    assert sweep.charge.shunt_v == pytest.approx(0.140)
    assert sweep.load.shunt_v == pytest.approx(0.050)
    plant.switch(Relay.R1, Contact.OPEN)
    time.sleep_until(1.02)
    sweep = plant.read_sweep()
    assert sweep.charge.shunt_v == pytest.approx(-0.050)
    assert sweep.load.shunt_v == pytest.approx(0.050)
    assert sweep.battery.shunt_v == 0.0


def test_noise_is_seeded_and_of_the_given_size() -> None:
    def volts(seed: int) -> list[float]:
        plant, _ = twin(CHATTER.settings._replace(seed=seed, meter=MeterSettings(bus_noise_v=0.02)))
        return [plant.read_sweep().load.bus_v for _ in range(400)]

    assert volts(1) == volts(1)
    assert volts(1) != volts(2)
    assert statistics.stdev(volts(1)) == pytest.approx(0.02, rel=0.2)


def test_a_current_past_full_scale_says_saturated() -> None:
    heavy = InstallationSettings(load=LoadSettings(current_a=4.0))
    plant, time = twin(TwinSettings(installation=heavy, meter=EXACT))
    load = plant.read_sweep().load
    assert load.status & Status.SATURATED
    assert load.shunt_v == pytest.approx(0.32)
    plant.switch(Relay.R1, Contact.OPEN)
    time.sleep_until(0.02)
    assert plant.read_sweep().charge.shunt_v == pytest.approx(-0.32)


def test_dark_loads_read_zero_volts_and_the_spare_is_absent_unless_fitted() -> None:
    plant, time = twin(CHATTER.settings._replace(meter=EXACT._replace(has_spare=True)))
    plant.switch(Relay.R1, Contact.OPEN)
    plant.switch(Relay.R2, Contact.OPEN)
    time.sleep_until(0.02)
    sweep = plant.read_sweep()
    assert sweep.load == (0.0, 0.0, Status.GOOD)
    assert sweep.spare == (0.0, 0.0, Status.GOOD)
    assert twin()[0].read_sweep().spare.status == Status.ABSENT
    assert math.isnan(twin()[0].read_sweep().spare.bus_v)


def test_temperature_is_the_batterys_or_absent() -> None:
    assert twin()[0].read_temperature().celsius == pytest.approx(21.2, abs=0.1)
    without = CHATTER.settings._replace(meter=EXACT._replace(has_thermometer=False))
    assert twin(without)[0].read_temperature().status == Status.ABSENT
    assert twin(without)[0].read_ambient().status == Status.GOOD


def test_ambient_is_that_of_the_air_in_the_sensors_steps_or_absent() -> None:
    plant, time = twin()
    time.sleep_until(9 * 3600.0)
    celsius = plant.read_ambient().celsius
    assert celsius == pytest.approx(24.0, abs=0.1)
    assert celsius * 16.0 == round(celsius * 16.0)
    without = CHATTER.settings._replace(meter=EXACT._replace(has_ambient=False))
    assert twin(without)[0].read_ambient().status == Status.ABSENT
    assert twin(without)[0].read_temperature().status == Status.GOOD


def test_a_restarted_program_finds_battery_contacts_and_outages_where_they_were(tmp_path: Path) -> None:
    world = tmp_path / "state" / "world.json"
    first, time = twin(world=world)
    time.sleep_until(1800.0)
    first.read_sweep()
    first.switch(Relay.R1, Contact.OPEN)
    time.sleep_until(1830.0)
    first.close()
    second, time = twin(world=world)
    assert second.read_contacts() == first.read_contacts()
    assert second.installation.state == first.installation.state
    assert second.installation.now_s == 1830.0
    time.sleep_until(10.0)
    second.read_sweep()
    assert second.installation.now_s == 1840.0
    unbroken, time = twin()
    time.sleep_until(1840.0)
    unbroken.read_sweep()
    assert second.installation.has_mains == unbroken.installation.has_mains


def test_the_world_is_written_at_each_switching_and_from_time_to_time(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    plant, time = twin(world=world)
    plant.switch(Relay.R3, Contact.CLOSED)
    assert json.loads(world.read_text())["contacts"]["R3"] == "closed"
    time.sleep_until(61.0)
    plant.read_sweep()
    assert json.loads(world.read_text())["now_s"] == 61.0
    assert list(tmp_path.iterdir()) == [world], "no unfinished file stays"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"format": 99}', '{"format": 1, "x1": "full"}', '{"format": 1, "now_s": NaN}'],
)
def test_a_damaged_world_is_an_error_that_says_what_to_do(tmp_path: Path, text: str) -> None:
    world = tmp_path / "world.json"
    world.write_text(text)
    with pytest.raises(SettingsError, match="delete"):
        twin(world=world)


def test_impossible_values_in_a_world_are_refused(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    plant, _ = twin()
    plant.save(world)
    stored = json.loads(world.read_text())
    for key, value in (("x1", 1.5), ("x2", -0.1), ("temperature_c", 1e9), ("now_s", float("nan"))):
        world.write_text(json.dumps({**stored, key: value}))
        with pytest.raises(SettingsError, match=key):
            plant.load(world)


def test_the_world_of_another_battery_is_refused(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    twin()[0].save(world)
    other = InstallationSettings(battery=BatterySettings(c20_ah=12.0))
    with pytest.raises(SettingsError, match=r"7\.0 Ah, the settings one of 12\.0 Ah"):
        twin(TwinSettings(installation=other), world)


def test_channels_have_their_own_lasting_errors() -> None:
    meter = EXACT._replace(gain_error=0.005, shunt_offset_v=1e-4)
    plant, _ = twin(CHATTER.settings._replace(meter=meter))
    first, again = plant.read_sweep(), plant.read_sweep()
    assert first[:3] == again[:3]
    true = plant.installation.node(Channel.LOAD)
    assert first.load.bus_v != pytest.approx(true.bus_v, abs=1e-4)
    assert first.load.bus_v == pytest.approx(true.bus_v, rel=0.0055)
