"""What the readings after a switching prove about the contact, case by case."""

import math
from typing import Any

import pytest

from tests.unit.control.process_images import CHARGE_ONLY, CLOSED, LINE, OPEN, contacts, measured
from vigie.control.contact_findings import Finding, fault_of
from vigie.control.contact_truth import (
    ContactFault,
    Truth,
    TruthSettings,
    check,
    initial_truth,
    resumed_truth,
)
from vigie.control.mains import MainsSettings, evidence
from vigie.control.signals import Contact, Wiring

SETTINGS = TruthSettings()
CHARGING = {"battery_v": 12.8, "charge_v": 12.8, "charge_a": 1.0, "load_v": 13.6}
RESTING = {"battery_v": 12.7, "charge_v": 12.7, "charge_a": 0.0, "load_v": 13.6}
ON_FLOAT = {"battery_v": 13.5, "charge_v": 13.5, "charge_a": 0.01, "load_v": 13.6}
CARRYING = {"battery_v": 12.5, "charge_v": 12.5, "charge_a": -0.5, "load_v": 12.3}
PAST_V2 = {"battery_v": 12.5, "charge_v": 12.5, "charge_a": 0.0, "load_v": 12.3}
DARK = {"battery_v": 12.7, "charge_v": 12.7, "charge_a": 0.0, "load_v": 0.0}


class Watch:
    """Two contacts told what to do, and readings a test invents."""

    def __init__(self, wiring: Wiring = LINE, r1: Contact = CLOSED, r2: Contact = CLOSED) -> None:
        self.wiring = wiring
        self.told = contacts(r1, r2)
        self.now_s = 1000.0
        self.state = initial_truth()

    def sees(self, readings: dict[str, Any], seconds: float = 10.0, period_s: float = 1.0, **lines: Contact) -> "Watch":
        """Let periods pass with these readings; ``r1`` and ``r2`` are what the lines read, if not what was told."""
        for _ in range(round(seconds / period_s)):
            self._period(readings, self.told.r1, self.told.r2, period_s, lines)
        return self

    def tells(self, readings: dict[str, Any], r1: Contact = CLOSED, r2: Contact = CLOSED) -> "Watch":
        """Let a period pass with these readings that ends with an order."""
        self._period(readings, r1, r2, 1.0, {})
        return self

    def _period(
        self, readings: dict[str, Any], r1: Contact, r2: Contact, period_s: float, lines: dict[str, Contact]
    ) -> None:
        self.now_s += period_s
        image = measured(self.now_s, **({"r1": self.told.r1, "r2": self.told.r2} | lines | readings))
        mains = evidence(image, MainsSettings())
        after = contacts(r1, r2)
        self.state = check(self.state, self.told, after, image, mains, self.wiring, SETTINGS)
        self.told = after

    @property
    def r1(self) -> tuple[Truth, ContactFault]:
        return self.state.r1.verdict, self.state.r1.fault

    @property
    def r2(self) -> tuple[Truth, ContactFault]:
        return self.state.r2.verdict, self.state.r2.fault


OBEYED = (Truth.OBEYED, ContactFault.NONE)
SILENT = (Truth.CANNOT_TELL, ContactFault.NONE)
BOTH = pytest.mark.parametrize("wiring", [LINE, CHARGE_ONLY])


@BOTH
def test_charge_that_stops_when_r2_opens_is_an_order_obeyed(wiring: Wiring) -> None:
    assert Watch(wiring).sees(CHARGING).tells(CHARGING, r2=OPEN).sees(RESTING).r2 == OBEYED


@BOTH
def test_charge_that_goes_on_through_an_open_r2_is_a_welded_contact(wiring: Wiring) -> None:
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r2=OPEN).sees(CHARGING)
    assert watch.r2 == (Truth.NO_EFFECT, ContactFault.WELDED)
    assert watch.state.r1.fault == ContactFault.NONE
    assert watch.state.r2.since_s == pytest.approx(watch.now_s, abs=5.0)


@BOTH
def test_r2_opened_on_float_shows_nothing(wiring: Wiring) -> None:
    watch = Watch(wiring).sees(ON_FLOAT).tells(ON_FLOAT, r2=OPEN).sees(ON_FLOAT, 50.0)
    assert watch.r2 == (Truth.UNKNOWN, ContactFault.NONE)
    assert watch.sees(ON_FLOAT, 20.0).r2 == SILENT


@BOTH
def test_no_charge_after_r2_closed_may_be_the_charger_too_and_gets_no_name(wiring: Wiring) -> None:
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r2=OPEN).sees(RESTING).tells(RESTING).sees(RESTING, 25.0)
    assert watch.r2 == (Truth.UNKNOWN, ContactFault.NONE)
    assert watch.sees(RESTING, 15.0).r2 == (Truth.NO_EFFECT, ContactFault.NO_EFFECT)
    assert watch.sees(CHARGING).r2 == OBEYED


def test_dark_loads_name_an_r2_that_brought_no_charge_dead() -> None:
    watch = Watch().sees(CHARGING).tells(CHARGING, r2=OPEN).sees(RESTING).tells(RESTING).sees(RESTING, 40.0)
    assert watch.sees(DARK, 1.0).r2 == (Truth.NO_EFFECT, ContactFault.DEAD)


def test_loads_that_go_dark_behind_an_r2_that_charged_accuse_the_battery_not_the_contact() -> None:
    watch = Watch().sees(CHARGING).tells(CHARGING, r2=OPEN).sees(RESTING).tells(RESTING).sees(CHARGING, 40.0)
    assert watch.sees(DARK, 60.0).r2 == OBEYED


@BOTH
def test_a_charger_that_fails_while_r2_stays_closed_accuses_nobody(wiring: Wiring) -> None:
    assert Watch(wiring).sees(CHARGING).sees(RESTING, 7200.0, period_s=10.0).r2 == OBEYED


@BOTH
def test_charge_only_when_told_open_is_a_reversed_contact(wiring: Wiring) -> None:
    watch = Watch(wiring).sees(RESTING, 40.0).tells(RESTING, r2=OPEN).sees(CHARGING)
    assert watch.r2 == (Truth.NO_EFFECT, ContactFault.NO_EFFECT)
    assert watch.tells(CHARGING).sees(RESTING, 40.0).r2 == (Truth.NO_EFFECT, ContactFault.REVERSED)


@BOTH
def test_an_r2_found_open_that_charges_and_stops_when_closed_is_reversed(wiring: Wiring) -> None:
    watch = Watch(wiring, r2=OPEN).tells(CHARGING).sees(RESTING, 40.0)
    assert watch.r2 == (Truth.NO_EFFECT, ContactFault.REVERSED)


@BOTH
def test_loads_that_fall_to_the_battery_when_r1_opens_are_an_order_obeyed(wiring: Wiring) -> None:
    carrying = CARRYING if wiring == LINE else PAST_V2
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r1=OPEN).sees(carrying)
    assert watch.r1 == OBEYED
    assert watch.tells(carrying).sees(CHARGING).r1 == OBEYED


@BOTH
def test_charge_that_goes_on_behind_an_open_r1_is_a_welded_contact(wiring: Wiring) -> None:
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r1=OPEN).sees(CHARGING)
    assert watch.r1 == (Truth.NO_EFFECT, ContactFault.WELDED)
    assert watch.state.r2.fault == ContactFault.NONE


def test_loads_the_battery_does_not_carry_behind_an_open_r1_have_no_name_on_float() -> None:
    watch = Watch().sees(ON_FLOAT).tells(ON_FLOAT, r1=OPEN).sees(ON_FLOAT)
    assert watch.r1 == (Truth.NO_EFFECT, ContactFault.NO_EFFECT)


def test_loads_above_a_battery_with_both_contacts_open_name_r1_welded() -> None:
    watch = Watch(CHARGE_ONLY).sees(CHARGING).tells(CHARGING, r1=OPEN, r2=OPEN).sees(RESTING)
    assert watch.r1 == (Truth.NO_EFFECT, ContactFault.WELDED)


@BOTH
def test_charge_that_stops_when_r1_opens_with_the_loads_still_supplied_is_a_swap(wiring: Wiring) -> None:
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r1=OPEN).sees(RESTING)
    assert watch.r1 == (Truth.NO_EFFECT, ContactFault.SWAPPED)
    assert watch.state.r2.fault == ContactFault.SWAPPED


@BOTH
def test_mains_that_follows_r2_three_times_running_is_a_swap(wiring: Wiring) -> None:
    carrying = CARRYING if wiring == LINE else PAST_V2
    watch = Watch(wiring).sees(CHARGING)
    for times in range(3):
        assert watch.state.r2.fault == ContactFault.NONE, times
        watch.tells(CHARGING, r2=OPEN).tells(carrying).sees(carrying, 2.0).sees(CHARGING, 60.0)
    assert watch.state.r2.fault == watch.state.r1.fault == ContactFault.SWAPPED


def test_one_opening_of_r2_that_leaves_the_supply_alone_acquits() -> None:
    watch = Watch().sees(CHARGING)
    for _ in range(2):
        watch.tells(CHARGING, r2=OPEN).tells(CARRYING).sees(CHARGING, 60.0)
    watch.tells(CHARGING, r2=OPEN).sees(RESTING, 60.0).tells(RESTING).sees(CHARGING, 60.0)
    watch.tells(CHARGING, r2=OPEN).tells(CARRYING).sees(CHARGING, 60.0)
    assert watch.state.r2.fault == ContactFault.NONE


def test_an_r1_that_supplies_when_open_and_not_when_closed_is_reversed() -> None:
    watch = Watch(r1=OPEN).tells(CHARGING).sees(CARRYING, 10.0)
    assert watch.r1 == (Truth.NO_EFFECT, ContactFault.REVERSED)


@BOTH
def test_mains_that_stays_away_after_a_drill_is_an_outage_or_a_dead_r1_and_nobody_can_tell(wiring: Wiring) -> None:
    carrying = CARRYING if wiring == LINE else PAST_V2
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r1=OPEN).sees(carrying).tells(carrying)
    assert watch.sees(carrying, 3600.0).r1 == SILENT


@BOTH
def test_an_outage_in_the_very_period_of_opening_r2_accuses_nobody(wiring: Wiring) -> None:
    after = DARK if wiring == LINE else PAST_V2
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r2=OPEN).tells(after)
    watch.sees(CARRYING if wiring == LINE else PAST_V2, 600.0)
    assert watch.state.r1.fault == watch.state.r2.fault == ContactFault.NONE
    assert watch.state.r2.verdict == (Truth.OBEYED if wiring == LINE else Truth.CANNOT_TELL)


@BOTH
def test_an_outage_in_the_very_period_of_closing_r2_accuses_nobody(wiring: Wiring) -> None:
    after = CARRYING if wiring == LINE else PAST_V2
    watch = Watch(wiring).sees(CHARGING).tells(CHARGING, r2=OPEN).sees(RESTING).tells(RESTING)
    watch.sees(after, 600.0).sees(CHARGING, 60.0)
    assert watch.r2 == OBEYED
    assert watch.state.r1.fault == ContactFault.NONE


@pytest.mark.parametrize("lost", [{"charge_a": None}, {"charge_a": None, "load_v": None}, {"charge_v": 0.2}])
def test_lost_readings_prove_nothing(lost: dict[str, Any]) -> None:
    readings = RESTING | lost
    watch = Watch().sees(CHARGING).tells(CHARGING, r1=OPEN).sees(readings | {"load_v": None}, 300.0)
    assert watch.r1 == SILENT


def test_a_line_that_does_not_read_as_told_is_not_the_contacts_fault() -> None:
    watch = Watch().sees(CHARGING).tells(CHARGING, r2=OPEN).sees(CHARGING, 120.0, r2=CLOSED)
    assert watch.r2 == SILENT


def test_a_contradiction_of_four_seconds_is_not_believed() -> None:
    watch = Watch().sees(CHARGING).tells(CHARGING, r2=OPEN).sees(CHARGING, 6.0).sees(RESTING, 60.0)
    assert watch.r2 == OBEYED


def test_three_periods_are_asked_for_when_they_are_long() -> None:
    watch = Watch().sees(CHARGING, 300.0, period_s=60.0).tells(CHARGING, r2=OPEN)
    assert watch.sees(CHARGING, 120.0, period_s=60.0).state.r2.fault == ContactFault.NONE
    assert watch.sees(CHARGING, 60.0, period_s=60.0).state.r2.fault == ContactFault.WELDED


def test_a_weld_that_breaks_free_is_forgiven_when_it_opens() -> None:
    watch = Watch().sees(CHARGING).tells(CHARGING, r2=OPEN).sees(CHARGING).tells(CHARGING).sees(CHARGING, 60.0)
    assert watch.r2 == (Truth.OBEYED, ContactFault.WELDED)
    assert watch.tells(CHARGING, r2=OPEN).sees(RESTING).r2 == OBEYED


@pytest.mark.parametrize("fault", list(ContactFault))
def test_a_fault_told_before_a_restart_stands_until_it_is_disproved(fault: ContactFault) -> None:
    state = resumed_truth(fault, fault)
    assert (state.r1.fault, state.r2.fault) == (fault, fault)
    watch = Watch()
    watch.state = state
    watch.sees(ON_FLOAT, 3.0)
    assert watch.state.r2.fault == fault
    watch.sees(CHARGING).tells(CHARGING, r2=OPEN).sees(RESTING).tells(RESTING).sees(CHARGING)
    watch.tells(CHARGING, r1=OPEN).sees(CARRYING).tells(CARRYING).sees(CHARGING)
    assert (watch.state.r1.fault, watch.state.r2.fault) == (ContactFault.NONE, ContactFault.NONE)


def test_every_pair_of_findings_has_one_name() -> None:
    named = {fault_of(one, other, False) for one in Finding for other in Finding}
    assert named == set(ContactFault) - {ContactFault.SWAPPED}
    assert fault_of(Finding.BLOCKS, Finding.CONDUCTS, False) == ContactFault.NONE


def test_nothing_found_is_no_fault_and_no_time() -> None:
    state = initial_truth()
    assert state.r1.fault == ContactFault.NONE
    assert math.isnan(state.r1.since_s)
