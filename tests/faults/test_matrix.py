"""A selection of the fault matrix for every test run, and the page held to the promises; all of it: ``make faults``."""

import os
from pathlib import Path

import pytest

from vigie.control.modes.table import SPECS
from vigie.control.signals import Wiring
from vigie.plant.faults import FaultKind

from .cell import lateness, run, strange_alarms
from .disks import NoDisk, can_mount
from .faults import TROUBLES
from .page import promised
from .pairs import DOZEN, pairs, run_pair
from .processes import SHORT, TALES, run_tale
from .promises import PROMISES, promise_of
from .situations import CYCLE_DISCHARGING, EVERYWHERE, PROTECT_RESTING, Situation

LINE, CHARGE_ONLY = Wiring.LINE, Wiring.CHARGE_ONLY
PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
QUICK_PERIODS = 500
"""Longer stories are left to ``make faults``."""
SELECTED = [
    (name, situation)
    for name, trouble in TROUBLES.items()
    if trouble.lasts_s + trouble.after_s <= QUICK_PERIODS * trouble.period_s
    for situation in trouble.where
    if situation == PROTECT_RESTING or (situation == CYCLE_DISCHARGING and trouble.disk is NoDisk)
]
SELECTED_PAIRS = [pair for pair in pairs() if "mains_out" in pair or "bus_lost" in pair]
STUCK_IN_A_RELAY = {FaultKind.STUCK_RELAY}
"""Tried as WELDED and DEAD_CONTACT: what stands behind the line."""


def needs(name: str) -> None:
    if TROUBLES[name].disk is not NoDisk and not can_mount():
        pytest.skip("a disk that fails needs root and mkfs.ext4: sudo apt-get install e2fsprogs, sudo make test")


@pytest.mark.parametrize(("name", "situation"), SELECTED, ids=lambda one: getattr(one, "name", one))
def test_fault_is_no_worse_than_promised(name: str, situation: Situation) -> None:
    needs(name)
    assert run(TROUBLES[name], situation, LINE).worse == ()


@pytest.mark.parametrize("name", ["mains_out", "load_chip_lost", "thermometer_lost"])
def test_fault_is_no_worse_than_promised_where_r2_only_charges(name: str) -> None:
    assert run(TROUBLES[name], CYCLE_DISCHARGING, CHARGE_ONLY).worse == ()


@pytest.mark.parametrize("pair", SELECTED_PAIRS, ids="+".join)
def test_two_faults_at_once_are_no_worse_than_promised(pair: tuple[str, str]) -> None:
    assert run_pair(pair, PROTECT_RESTING, LINE).worse == ()


@pytest.mark.parametrize("name", SHORT)
def test_real_processes_are_no_worse_than_promised(name: str) -> None:
    assert run_tale(name).worse == ()


def test_a_promise_that_is_not_held_is_told() -> None:
    cell = run(TROUBLES["mains_out"], PROTECT_RESTING, LINE)
    stricter = cell.promise._replace(noticed_s=-0.1, alarm_s=2.0, contacts_s=-0.1)
    assert lateness(stricter, cell.seen, 1.0, has_contacts=True) == [
        "fault:mains told after 0.0 s, promised -0.1 s",
        "mains_lost raised after 6.0 s, promised 2 s",
        "contacts both closed after 0.0 s, promised -0.1 s",
    ]
    assert strange_alarms(cell.seen, (stricter._replace(alarm=""),)) == ["false alarms: mains_lost"]
    assert 0.02 < cell.seen.dark_s < 0.03, "a look 17.5 ms later, and the relay"


def test_every_fault_has_a_promise_wherever_it_is_tried() -> None:
    assert set(PROMISES) == set(TROUBLES)
    for name, trouble in TROUBLES.items():
        used = {promise_of(name, situation, wiring) for situation in trouble.where for wiring in trouble.wirings}
        assert used == set(PROMISES[name].values()), f"{name}: a promise is for no situation it is tried in"


def test_every_kind_of_fault_the_plant_knows_is_tried() -> None:
    tried = {fault.kind for trouble in TROUBLES.values() for fault in trouble.faults}
    assert tried | STUCK_IN_A_RELAY == set(FaultKind)


def test_every_mode_and_wiring_is_tried_with_a_lost_mains() -> None:
    assert TROUBLES["mains_out"].where == EVERYWHERE
    assert TROUBLES["mains_out"].wirings == (LINE, CHARGE_ONLY)


def test_page_says_what_is_promised_and_that_it_held() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "every promise held" in text, "run make faults"
    sections = dict(section.split(":", 1) for section in text.split("### ")[1:])
    assert set(sections) == {f"`{name}`" for name in TROUBLES}
    for name, lines in PROMISES.items():
        for promise in lines.values():
            for said in promised(promise):
                assert said in sections[f"`{name}`"], f"{name}: run make faults"
            assert promise.because in sections[f"`{name}`"]
    assert all(f"`{name}`: {tale.title} | {tale.promised}" in text for name, tale in TALES.items())
    assert all(f"{first} + {second}" in text for first, second in pairs())
    assert len(DOZEN) == 12


def test_nothing_is_missing_in_ci() -> None:
    if os.environ.get("CI") == "true":
        assert can_mount(), "CI must be able to mount the disks that fail"


def test_every_mode_meets_the_faults() -> None:
    ordered = {order["mode"] for situation in EVERYWHERE for order in situation.orders if "mode" in order}
    met = {situation.mode.name.lower() for situation in EVERYWHERE} | ordered
    assert {spec.name for spec in SPECS} <= met, "add situations to tests/faults/situations.py"
