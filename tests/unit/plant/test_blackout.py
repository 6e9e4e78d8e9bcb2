"""A computer that lives on the loads: what a mains failure does to it, and what comes back by itself."""

import json
import math
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vigie.clock import SimulatedClock
from vigie.control.signals import Contact, Contacts, Relay, Wiring
from vigie.errors import PowerLost, SettingsError
from vigie.hardware.relay_board import ContactKind
from vigie.plant.computer import ComputerPhase, Darkness
from vigie.plant.faults import Fault, FaultKind, ListedFate
from vigie.plant.installation import Installation
from vigie.plant.outages import OutageSettings, OutageSource
from vigie.plant.scenario import BLACKOUT
from vigie.plant.site import BatterySettings, ControllerSupply, InstallationSettings, LoadSettings
from vigie.plant.twin import Twin, TwinSettings

NO, NC = ContactKind.NO, ContactKind.NC
OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
OUT_FROM_S = 100.0
NEVER = math.inf


def site(r1: ContactKind, r2: ContactKind, lasting_s: float = 600.0, **changes: Any) -> InstallationSettings:
    """Return a site whose computer lives on the loads and whose mains goes once."""
    settings = InstallationSettings(
        controller_supply=ControllerSupply.LOADS,
        r1_contact=r1,
        r2_contact=r2,
        outages=OutageSettings(kind=OutageSource.LISTED, listed=((OUT_FROM_S, lasting_s),)),
    )
    return settings._replace(**changes)


class Fall(NamedTuple):
    """What became of a computer."""

    dies: bool
    fallen: Contacts
    up_again_s: float
    """Since the mains went."""


def fall(installation: Installation, until_s: float) -> Fall:
    while installation.computer.is_up and installation.now_s < until_s:
        installation.advance_to(installation.now_s + 1.0)
    dies = not installation.computer.is_up
    return Fall(dies, installation.contacts, installation.up_again_s() - OUT_FROM_S)


R2_OPEN = [
    # The table of docs/twin.md: mains failure of 600 s that finds R2 open.
    (NC, NC, 30.03),
    (NC, NO, 630.0),
    (NO, NC, 30.03),
    (NO, NO, NEVER),
]


@pytest.mark.parametrize(("r1", "r2", "up_again_s"), R2_OPEN)
def test_a_mains_failure_with_r2_open_kills_the_computer_and_the_wiring_says_what_comes_back(
    r1: ContactKind, r2: ContactKind, up_again_s: float
) -> None:
    installation = Installation(site(r1, r2))
    installation.set_contact(Relay.R2, OPEN)
    fallen = fall(installation, 200.0)
    assert fallen.dies
    assert installation.computer.died_s == pytest.approx(OUT_FROM_S + 0.02)
    assert fallen.fallen[:2] == (CLOSED if r1 == NC else OPEN, CLOSED if r2 == NC else OPEN)
    assert fallen.up_again_s == pytest.approx(up_again_s)


@pytest.mark.parametrize("r1", ContactKind)
@pytest.mark.parametrize("r2", ContactKind)
def test_a_mains_failure_with_r2_closed_kills_nobody(r1: ContactKind, r2: ContactKind) -> None:
    installation = Installation(site(r1, r2))
    assert not fall(installation, 800.0).dies
    assert installation.contacts == Contacts(CLOSED, CLOSED, OPEN, OPEN)
    assert installation.has_mains


def test_a_battery_wired_past_r2_keeps_the_computer_alive() -> None:
    installation = Installation(site(NO, NO, wiring=Wiring.CHARGE_ONLY))
    installation.set_contact(Relay.R2, OPEN)
    assert not fall(installation, 800.0).dies


def test_the_blackout_scenario_finds_r2_open_and_gives_everything_back() -> None:
    installation = Installation(BLACKOUT.settings.installation)
    installation.advance_to(60.0)
    assert installation.battery_v > 12.9, "protect opens R2 here"
    installation.set_contact(Relay.R2, OPEN)
    installation.advance_to(599.0)
    assert installation.battery_v > 12.7, "and leaves it open"
    installation.advance_to(601.0)
    assert installation.computer.phase == ComputerPhase.BOOTING
    assert installation.loads_are_powered
    assert installation.up_again_s() == pytest.approx(630.03)


RUN_EMPTY = [
    # The same table: the battery cannot carry the loads to the end of a mains failure of 10 000 s.
    (NC, NC, 10_030.0),
    (NC, NO, 10_030.0),
    (NO, NC, NEVER),
    (NO, NO, NEVER),
]


@pytest.mark.parametrize(("r1", "r2", "up_again_s"), RUN_EMPTY)
def test_a_mains_failure_longer_than_the_battery_ends_with_the_mains_only_where_r1_is_nc(
    r1: ContactKind, r2: ContactKind, up_again_s: float
) -> None:
    settings = site(r1, r2, 10_000.0, battery=BatterySettings(start_soc=0.2), load=LoadSettings(current_a=1.0))
    fallen = fall(Installation(settings), 10_000.0)
    assert fallen.dies
    assert fallen.up_again_s == pytest.approx(up_again_s)


def test_what_is_foretold_comes_true() -> None:
    installation = Installation(site(NC, NO))
    installation.set_contact(Relay.R2, OPEN)
    fall(installation, 200.0)
    up_again_s = installation.up_again_s()
    installation.advance_to(up_again_s - 0.5)
    assert installation.computer.phase == ComputerPhase.BOOTING
    installation.advance_to(up_again_s)
    assert installation.computer.is_up
    assert installation.contacts.r2 == OPEN, "and the program is to close it"


def test_capacitors_carry_the_computer_over_a_gap_shorter_than_their_time() -> None:
    for gap_s, deaths in ((0.015, 0), (0.025, 1)):
        installation = Installation(site(NC, NO))
        installation.fate = ListedFate([Fault(FaultKind.MAINS_OUT, start_s=10.0, end_s=10.0 + gap_s)])
        installation.set_contact(Relay.R2, OPEN)
        installation.advance_to(20.0)
        assert installation.computer.deaths == deaths


def test_a_computer_that_boots_dies_again_with_the_loads() -> None:
    installation = Installation(site(NC, NO))
    installation.fate = ListedFate([Fault(FaultKind.MAINS_OUT, start_s=710.0, end_s=720.0)])
    installation.set_contact(Relay.R2, OPEN)
    installation.advance_to(705.0)
    assert installation.computer.phase == ComputerPhase.BOOTING
    installation.advance_to(715.0)
    assert installation.computer.phase == ComputerPhase.DARK
    assert installation.up_again_s() == pytest.approx(750.0)


def test_a_computer_fed_independently_sees_the_loads_dark_and_lives() -> None:
    installation = Installation(site(NO, NO, controller_supply=ControllerSupply.INDEPENDENT))
    installation.set_contact(Relay.R2, OPEN)
    installation.advance_to(200.0)
    assert not installation.loads_are_powered
    assert installation.computer.is_up
    assert installation.contacts == Contacts(CLOSED, OPEN, OPEN, OPEN)
    assert installation.darkness(installation.up_again_s()) is None


def test_somebody_who_comes_bridges_the_contacts_until_the_program_runs() -> None:
    installation = Installation(site(NO, NO, visit_after_s=3600.0))
    installation.set_contact(Relay.R2, OPEN)
    fall(installation, 200.0)
    died_s = installation.computer.died_s
    assert installation.up_again_s() == pytest.approx(died_s + 3630.0)
    installation.advance_to(died_s + 3640.0)
    assert installation.loads_are_powered
    assert installation.contacts[:2] == (OPEN, OPEN), "the program finds its lines as they fell"
    installation.set_contact(Relay.R1, CLOSED)
    installation.set_contact(Relay.R2, CLOSED)
    installation.advance_to(died_s + 3700.0)
    assert not installation.computer.is_bridged
    assert installation.loads_are_powered
    assert installation.computer.deaths == 1


def test_a_program_that_does_nothing_dies_again_when_the_visitor_leaves() -> None:
    installation = Installation(site(NO, NO, visit_after_s=3600.0))
    installation.set_contact(Relay.R2, OPEN)
    installation.advance_to(OUT_FROM_S + 3630.0 + 61.0)
    assert installation.computer.deaths == 2


class Program:
    """A program on a twin whose world outlives it."""

    def __init__(self, world: Path, settings: InstallationSettings, speed: float = math.inf) -> None:
        self.clock = SimulatedClock(speed, 0.0)
        self.twin = Twin(Installation(settings), self.clock, TwinSettings(settings, save_every_s=3600.0), world)

    def die(self) -> str:
        """Open R2 and run until the port says that the power went; return what it says."""
        self.twin.switch(Relay.R2, OPEN)
        for second in range(1, 200):
            self.clock.sleep_until(float(second))
            try:
                self.twin.read_sweep()
            except PowerLost as error:
                return str(error)
        raise AssertionError("still alive")


def test_the_port_says_that_the_power_went_and_never_works_again(tmp_path: Path) -> None:
    program = Program(tmp_path / "twin.json", site(NC, NC))
    assert "this computer lives on them" in program.die()
    assert program.clock.now_s() == 101.0
    calls = (
        program.twin.read_sweep,
        program.twin.read_temperature,
        program.twin.read_ambient,
        program.twin.read_contacts,
        lambda: program.twin.switch(Relay.R2, OPEN),
    )
    program.clock.sleep_until(500.0)
    for call in calls:
        with pytest.raises(PowerLost):
            call()
    assert program.twin.installation.contacts.r2 == CLOSED, "a dead program moves nothing"


def test_the_next_start_waits_until_the_computer_has_booted_and_adopts_what_fell(tmp_path: Path) -> None:
    world = tmp_path / "twin.json"
    settings = site(NC, NC)
    Program(world, settings).die()
    second = Program(world, settings)
    with pytest.raises(PowerLost, match="boots"):
        second.twin.read_contacts()
    told: list[Darkness] = []
    second.twin.wait_for_power(threading.Event(), told.append)
    assert told
    assert all(darkness.is_booting for darkness in told)
    assert second.twin.installation.now_s >= OUT_FROM_S + 30.02
    assert second.twin.read_contacts() == Contacts(CLOSED, CLOSED, OPEN, OPEN)
    second.twin.switch(Relay.R3, CLOSED)
    assert second.twin.read_sweep().load.bus_v > 10.0
    third = Program(world, settings)
    third.twin.wait_for_power(threading.Event())
    assert third.twin.read_contacts().r3 == CLOSED
    assert third.clock.now_s() == 0.0, "a computer that is up keeps nobody waiting"


def test_the_waiting_goes_at_the_clocks_pace_and_tells_how_long(tmp_path: Path) -> None:
    world = tmp_path / "twin.json"
    Program(world, site(NC, NO)).die()
    second = Program(world, site(NC, NO), speed=2000.0)
    told: list[Darkness] = []
    second.twin.wait_for_power(threading.Event(), told.append)
    assert told[0].ends_in_s == pytest.approx(629.0, abs=0.1)
    assert told[0].why == "the mains is away, R2 does not conduct"
    assert "up again in 0:10:29" in str(told[0])
    assert [round(after.ends_in_s - before.ends_in_s) for before, after in pairwise(told)] == [-500]


def test_what_never_comes_back_stays_dark_and_says_why_until_it_is_stopped(tmp_path: Path) -> None:
    world = tmp_path / "twin.json"
    Program(world, site(NO, NO)).die()
    second = Program(world, site(NO, NO))
    stop = threading.Event()
    told: list[Darkness] = []

    def tell(darkness: Darkness) -> None:
        told.append(darkness)
        if darkness.lasted_s > 14_400.0:
            stop.set()

    with pytest.raises(PowerLost, match="stopped while waiting"):
        second.twin.wait_for_power(stop, tell)
    assert {darkness.ends_in_s for darkness in told} == {math.inf}
    assert "dark until somebody comes (R1 does not conduct, R2 does not conduct)" in str(told[-1])
    second.twin.close()
    third = Program(world, site(NO, NO, visit_after_s=600.0))
    third.twin.wait_for_power(threading.Event())
    assert third.twin.installation.now_s > 14_400.0
    assert third.twin.read_contacts()[:2] == (OPEN, OPEN)


def test_a_world_written_before_computers_were_known_has_one_that_is_up(tmp_path: Path) -> None:
    world = tmp_path / "twin.json"
    program = Program(world, site(NC, NC))
    program.clock.sleep_until(50.0)
    program.twin.close()
    stored = json.loads(world.read_text())
    assert stored.pop("computer")["phase"] == "running"
    world.write_text(json.dumps({**stored, "format": 1}))
    again = Program(world, site(NC, NC)).twin.installation
    assert again.now_s == 50.0
    assert again.computer.is_up


@pytest.mark.parametrize(("key", "value"), [("phase", "asleep"), ("since_s", -1.0), ("deaths", "many")])
def test_an_impossible_computer_in_a_world_is_refused(tmp_path: Path, key: str, value: object) -> None:
    world = tmp_path / "twin.json"
    Program(world, site(NC, NC)).twin.save(world)
    stored = json.loads(world.read_text())
    stored["computer"][key] = value
    world.write_text(json.dumps(stored))
    with pytest.raises(SettingsError, match="damaged"):
        Program(world, site(NC, NC))


def test_threads_that_read_and_switch_all_hear_of_it(tmp_path: Path) -> None:
    program = Program(tmp_path / "twin.json", site(NC, NC))
    program.twin.switch(Relay.R2, OPEN)
    heard: list[str] = []

    def until_dark(name: str, act: Any) -> None:
        try:
            while True:
                act()
        except PowerLost:
            heard.append(name)

    def tick() -> None:
        program.clock.sleep_until(program.clock.now_s() + 0.1)
        program.twin.read_contacts()

    acts = {
        "bus": program.twin.read_sweep,
        "loop": tick,
        "hand": lambda: program.twin.switch(Relay.R3, CLOSED if program.clock.now_s() % 2 > 1 else OPEN),
    }
    threads = [threading.Thread(target=until_dark, args=item, daemon=True) for item in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)
    assert sorted(heard) == ["bus", "hand", "loop"]
