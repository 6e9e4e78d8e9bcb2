"""Orders, adoption, manual mode and the one word for the installation."""

import math
from typing import Any

import pytest

from tests.unit.control.process_images import (
    ACKNOWLEDGE,
    CHARGE_ONLY,
    CLOSED,
    OPEN,
    Panel,
    configured,
    contact_order,
    contacts,
    found,
    measured,
    mode_order,
    moved,
)
from vigie.control.commands import Mains, Mode, Phase, Reason, Verdict
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.signals import Contact, Contacts, Relay
from vigie.control.supervisor import obey, overruled, step


@pytest.mark.parametrize("r1", [OPEN, CLOSED])
@pytest.mark.parametrize("r2", [OPEN, CLOSED])
@pytest.mark.parametrize("mode", list(Mode))
def test_adoption_takes_the_contacts_as_they_are(mode: Mode, r1: Contact, r2: Contact) -> None:
    relays = found(Contacts(r1, r2, OPEN, CLOSED), mode, 5.0).relays
    assert [relay.contact for relay in relays] == [r1, r2, OPEN, CLOSED]
    assert {relay.reason for relay in relays} == {Reason.ADOPTED}
    assert {relay.since_s for relay in relays} == {5.0}


@pytest.mark.parametrize(
    ("mode", "r1", "r2", "phase"),
    [
        (Mode.OBSERVE, OPEN, OPEN, Phase.STEADY),
        (Mode.MANUAL, OPEN, CLOSED, Phase.STEADY),
        (Mode.PROTECT, CLOSED, CLOSED, Phase.CHARGE),
        (Mode.PROTECT, CLOSED, OPEN, Phase.REST),
        (Mode.CYCLE, CLOSED, CLOSED, Phase.CHARGE),
        (Mode.CYCLE, CLOSED, OPEN, Phase.REST),
        (Mode.CYCLE, OPEN, CLOSED, Phase.DISCHARGE),
        (Mode.CYCLE, OPEN, OPEN, Phase.DISCHARGE),
    ],
)
def test_a_restart_goes_on_where_the_contacts_say_it_was(mode: Mode, r1: Contact, r2: Contact, phase: Phase) -> None:
    assert found(contacts(r1, r2), mode).plan.phase == phase


def test_a_restart_never_begins_a_discharge() -> None:
    panel = Panel(configured(), Mode.CYCLE)
    assert moved(panel.after(battery_v=12.8)) == (CLOSED, CLOSED)


def test_a_restart_in_manual_mode_observes() -> None:
    panel = Panel(configured(), Mode.MANUAL, r2=OPEN)
    assert moved(panel.after(charge_a=0.0)) == (CLOSED, CLOSED)
    assert panel.state.plan.mode == Mode.OBSERVE


@pytest.mark.parametrize("mode", list(Mode))
def test_choosing_a_mode_moves_no_contact_before_the_next_decision(mode: Mode) -> None:
    state = found(contacts(CLOSED, OPEN), Mode.PROTECT)
    after, answer = obey(state, mode_order(mode), configured(), 1.0)
    assert answer == Reason.DONE
    assert after.relays == state.relays
    assert after.plan.mode == mode


def test_choosing_the_mode_that_runs_does_not_begin_it_anew() -> None:
    panel = Panel()
    panel.order(mode_order(Mode.CYCLE))
    panel.after()
    panel.after(battery_v=12.3)
    before = panel.state
    panel.order(mode_order(Mode.CYCLE))
    assert panel.state == before


@pytest.mark.parametrize(("r2", "phase"), [(CLOSED, Phase.CHARGE), (OPEN, Phase.REST)])
def test_protect_begins_where_r2_is(r2: Contact, phase: Phase) -> None:
    state, _ = obey(found(contacts(CLOSED, r2)), mode_order(Mode.PROTECT), configured(), 1.0)
    assert state.plan.phase == phase


def test_leaving_a_cycle_ends_its_drill() -> None:
    panel = Panel(configured(CHARGE_ONLY))
    panel.order(mode_order(Mode.CYCLE))
    panel.after()
    assert moved(panel.after(10.0, charge_a=0.0, load_v=12.3)) == (OPEN, OPEN)
    panel.order(mode_order(Mode.OBSERVE))
    assert moved(panel.after(charge_a=0.0, load_v=12.3)) == (CLOSED, CLOSED)


@pytest.mark.parametrize("relay", [Relay.R1, Relay.R2])
@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PROTECT, Mode.CYCLE])
def test_r1_and_r2_are_set_by_hand_in_manual_mode_only(relay: Relay, mode: Mode) -> None:
    panel = Panel(mode=mode)
    before = panel.state
    assert panel.order(contact_order(relay, OPEN)) == Reason.NOT_MANUAL
    assert panel.state == before


@pytest.mark.parametrize("mode", list(Mode))
def test_spare_relays_follow_the_user_in_every_mode_and_nothing_else(mode: Mode) -> None:
    panel = Panel(configured(), mode)
    assert panel.order(contact_order(Relay.R3, OPEN)) == Reason.DONE
    assert panel.order(contact_order(Relay.R4, CLOSED)) == Reason.DONE
    for readings in ({}, {"is_valid": False}, {"celsius": 60.0}, {"load_v": 0.0}):
        decision = panel.after(**readings)
        assert (decision.contacts.r3, decision.contacts.r4) == (OPEN, CLOSED)
    assert panel.state.relays.r3.reason == Reason.SET_BY_USER


def test_spare_relays_stay_as_adopted_until_somebody_asks() -> None:
    panel = Panel()
    decision = panel.after()
    assert (decision.contacts.r3, decision.contacts.r4) == (CLOSED, OPEN)


def test_manual_begins_with_the_contacts_as_they_are() -> None:
    panel = Panel(configured(), Mode.PROTECT)
    panel.after(battery_v=13.0)
    panel.order(mode_order(Mode.MANUAL))
    assert moved(panel.after(charge_a=0.0)) == (CLOSED, OPEN)


@pytest.mark.parametrize(
    ("asked_s", "lasts_s"), [(300.0, 300.0), (0.0, 1800.0), (1e9, 7200.0), (math.inf, 7200.0), (math.nan, 1800.0)]
)
def test_manual_lasts_as_long_as_asked_but_never_longer_than_the_longest(asked_s: float, lasts_s: float) -> None:
    panel = Panel(now_s=50.0)
    panel.order(mode_order(Mode.MANUAL, asked_s))
    assert panel.state.plan.hands.until_s == 50.0 + lasts_s


def test_a_default_longer_than_the_longest_is_cut() -> None:
    panel = Panel(configured(manual=ManualSettings(86_400.0, 60.0)))
    panel.order(mode_order(Mode.MANUAL))
    assert panel.state.plan.hands.until_s == 60.0


def test_manual_expires_back_to_observe_at_its_time() -> None:
    panel = Panel()
    panel.order(mode_order(Mode.MANUAL, 100.0))
    panel.order(contact_order(Relay.R2, OPEN))
    assert moved(panel.after(99.0)) == (CLOSED, OPEN)
    decision = panel.after(1.0, charge_a=0.0)
    assert (*moved(decision), decision.r2_reason) == (CLOSED, CLOSED, Reason.MANUAL_EXPIRED)
    assert panel.state.plan.mode == Mode.OBSERVE
    assert panel.after().r2_reason == Reason.OBSERVING


def test_asking_for_manual_again_prolongs_it_and_keeps_the_hands() -> None:
    panel = Panel()
    panel.order(mode_order(Mode.MANUAL, 100.0))
    panel.order(contact_order(Relay.R2, OPEN))
    panel.after(90.0)
    panel.order(mode_order(Mode.MANUAL, 100.0))
    assert moved(panel.after(90.0, charge_a=0.0)) == (CLOSED, OPEN)


@pytest.mark.parametrize("readings", [{"load_v": 0.0, "charge_a": 0.0}, {"is_valid": False}])
def test_an_overruled_wish_is_forgotten_and_does_not_come_true_later(readings: dict[str, Any]) -> None:
    panel = Panel()
    panel.order(mode_order(Mode.MANUAL, 7200.0))
    panel.order(contact_order(Relay.R2, OPEN))
    panel.after()
    assert panel.after(**readings).contacts.r2 == CLOSED
    assert panel.after().contacts.r2 == CLOSED


def test_an_overruled_order_is_answered_with_the_interlocks_reason() -> None:
    panel = Panel(configured(blackout=True))
    panel.order(mode_order(Mode.MANUAL))
    order = contact_order(Relay.R2, OPEN)
    assert panel.order(order) == Reason.DONE
    assert overruled(order, panel.after()) == Reason.BLACKOUT_RISK
    order = contact_order(Relay.R1, OPEN)
    panel.order(order)
    assert overruled(order, panel.after(battery_v=12.0)) == Reason.BATTERY_NOT_PROVEN


def test_an_order_that_came_true_is_not_overruled() -> None:
    panel = Panel()
    panel.order(mode_order(Mode.MANUAL))
    order = contact_order(Relay.R2, OPEN)
    panel.order(order)
    assert overruled(order, panel.after()) == Reason.NONE
    for other in (mode_order(Mode.CYCLE), ACKNOWLEDGE, contact_order(Relay.R3, CLOSED)):
        assert overruled(other, panel.decision) == Reason.NONE


def test_since_when_and_why_belong_to_a_contacts_last_movement() -> None:
    panel = Panel(configured(times=MinimumTimes(10.0, 10.0, 0.0)), Mode.PROTECT)
    panel.after(10.0, battery_v=13.0)
    panel.after(5.0, battery_v=12.8, charge_a=0.0)
    r2 = panel.state.relays.r2
    assert (r2.contact, r2.since_s, r2.reason) == (OPEN, 10.0, Reason.UPPER_VOLTAGE_REACHED)


def test_since_when_the_mains_is_what_it_is() -> None:
    panel = Panel()
    panel.after(1.0)
    panel.after(1.0)
    assert (panel.state.supply.mains, panel.state.supply.since_s) == (Mains.PRESENT, 1.0)
    panel.after(1.0, load_v=12.4, charge_a=-0.5)
    assert (panel.state.supply.mains, panel.state.supply.since_s) == (Mains.ABSENT, 3.0)


@pytest.mark.parametrize(
    ("readings", "verdict", "reason"),
    [
        ({}, Verdict.OK, Reason.NONE),
        ({"battery_v": 11.79, "charge_a": -0.5, "load_v": 11.5}, Verdict.ALARM, Reason.BATTERY_UNDER_FLOOR),
        ({"charge_a": -0.5, "load_v": 12.5}, Verdict.ATTENTION, Reason.MAINS_LOST),
        ({"is_valid": False}, Verdict.UNKNOWN, Reason.MEASUREMENT_LOST),
        ({"celsius": 51.0}, Verdict.ALARM, Reason.OVER_TEMPERATURE),
        ({"celsius": 51.0, "is_valid": False}, Verdict.ALARM, Reason.OVER_TEMPERATURE),
    ],
)
def test_the_verdict_is_the_most_serious_thing(readings: dict[str, Any], verdict: Verdict, reason: Reason) -> None:
    decision = Panel().after(**readings)
    assert (decision.verdict, decision.verdict_reason) == (verdict, reason)


def test_a_step_depends_on_nothing_but_its_arguments() -> None:
    state = found(contacts(), Mode.PROTECT)
    image = measured(battery_v=13.0)
    assert step(state, image, configured()) == step(state, image, configured())
