"""After a loss the mains must stand before R2 opens again: in every mode, by hand, and for a hot battery."""

import pytest

from tests.unit.control.process_images import (
    CHARGE_ONLY,
    CLOSED,
    LINE,
    LITERAL,
    OPEN,
    Panel,
    configured,
    contact_order,
    mode_order,
    moved,
)
from vigie.control.commands import Mode, Reason
from vigie.control.mains import MainsSettings
from vigie.control.signals import Relay, Wiring
from vigie.control.steadiness import MainsStanding, at_start
from vigie.control.supervisor import SupervisorSettings, overruled

MAINS = MainsSettings(steady_s=10.0, longest_steady_s=100.0)
FULL = {"battery_v": 13.0}
AWAY = {"battery_v": 12.6, "charge_a": -0.5, "load_v": 12.5}


def settings(wiring: Wiring = LINE) -> SupervisorSettings:
    return configured(wiring, mains=MAINS, times=LITERAL)


def lost_once(wiring: Wiring = LINE, mode: Mode = Mode.PROTECT) -> Panel:
    """Return a panel whose mains has failed and come back in the period before."""
    panel = Panel(settings(wiring), mode)
    panel.after(**AWAY)
    panel.after(battery_v=12.6)
    return panel


def seconds_until_open(panel: Panel, **readings: float) -> int:
    for second in range(1, 500):
        if panel.after(**readings).contacts.r2 == OPEN:
            return second
    raise AssertionError("never")


@pytest.mark.parametrize("wiring", Wiring)
def test_r2_opens_once_the_mains_has_stood_for_the_hold_off(wiring: Wiring) -> None:
    panel = lost_once(wiring)
    refused = panel.after(9.0, **FULL)
    assert (refused.contacts.r2, refused.r2_reason, refused.hold_off_s) == (CLOSED, Reason.MAINS_NOT_STEADY, 1.0)
    assert panel.after(**FULL).contacts.r2 == OPEN


def test_a_mains_that_was_never_lost_need_not_prove_itself() -> None:
    decision = Panel(settings(), Mode.PROTECT).after(**FULL)
    assert (decision.contacts.r2, decision.hold_off_s) == (OPEN, 0.0)


def test_by_hand_it_is_refused_with_the_seconds_that_are_missing() -> None:
    panel = lost_once(mode=Mode.OBSERVE)
    panel.order(mode_order(Mode.MANUAL))
    order = contact_order(Relay.R2, OPEN)
    panel.order(order)
    decision = panel.after(4.0)
    assert overruled(order, decision) == Reason.MAINS_NOT_STEADY
    assert (decision.r2_refusal, decision.hold_off_s) == (Reason.MAINS_NOT_STEADY, 6.0)
    panel.after(10.0)
    panel.order(order)
    assert panel.after().contacts.r2 == OPEN


def test_a_hot_battery_waits_for_it_too() -> None:
    panel = lost_once(mode=Mode.OBSERVE)
    assert seconds_until_open(panel, celsius=55.0) == 10


def test_each_loss_while_it_flickers_doubles_it_up_to_the_longest() -> None:
    panel = Panel(settings(), Mode.PROTECT)
    for needed_s in (10.0, 20.0, 40.0, 80.0, 100.0, 100.0):
        panel.after(**AWAY)
        assert panel.after(**FULL).hold_off_s == needed_s


def test_it_falls_back_once_the_mains_has_stood_for_the_longest_time() -> None:
    panel = Panel(settings(), Mode.PROTECT)
    for _ in range(3):
        panel.after(**AWAY)
        panel.after()
    panel.after(99.0)
    panel.after(**AWAY)
    assert panel.after().hold_off_s == 80.0
    panel.after(100.0)
    panel.after(**AWAY)
    assert panel.after().hold_off_s == 10.0


def test_an_outage_that_lasts_and_is_lost_from_sight_counts_once() -> None:
    panel = Panel(settings(), Mode.PROTECT)
    for readings in (AWAY, AWAY, {"load_v": None, "charge_a": None, "is_valid": False}, AWAY):
        panel.after(**readings)
    assert panel.after().hold_off_s == 10.0


def test_a_reading_lost_makes_it_stand_from_the_beginning() -> None:
    panel = lost_once()
    panel.after(8.0, load_v=None, charge_a=None, is_valid=False)
    assert panel.after(**FULL).hold_off_s == 10.0


def test_one_low_sweep_of_v3_closes_an_open_r2_and_counts_as_a_loss() -> None:
    panel = Panel(settings(), Mode.PROTECT)
    panel.after(**FULL)
    assert panel.after(battery_v=12.8, charge_a=0.0, lowest_load_v=0.0).contacts.r2 == CLOSED
    assert panel.after(**FULL).r2_reason == Reason.MAINS_NOT_STEADY


def test_an_open_r2_that_stays_open_is_not_concerned() -> None:
    panel = lost_once()
    panel.after(20.0, **FULL)
    assert panel.after(battery_v=12.8, charge_a=0.0, load_v=13.6).contacts.r2 == OPEN


@pytest.mark.parametrize("ends_in_an_outage", [False, True])
def test_a_drill_is_no_loss_and_an_outage_that_it_ends_into_is_one(ends_in_an_outage: bool) -> None:
    panel = Panel(settings(), Mode.CYCLE)
    panel.order(mode_order(Mode.OBSERVE))
    panel.after()
    panel.order(mode_order(Mode.CYCLE))
    assert moved(panel.after()) == (OPEN, CLOSED)
    assert moved(panel.after(battery_v=12.3, charge_a=-0.5, load_v=12.2)) == (CLOSED, CLOSED)
    panel.after(5.0, **AWAY)  # the supply takes its time
    if ends_in_an_outage:
        panel.after(5.0, **AWAY)
    assert panel.after().hold_off_s == (10.0 if ends_in_an_outage else 0.0)


def test_a_drill_of_a_charge_only_installation_opens_r2_whatever_the_mains_has_proven() -> None:
    panel = lost_once(CHARGE_ONLY, Mode.OBSERVE)
    panel.order(mode_order(Mode.CYCLE))
    panel.after()
    panel.after()
    assert moved(panel.after(10.0, charge_a=0.0, load_v=12.3)) == (OPEN, OPEN)


@pytest.mark.parametrize(
    ("known_s", "age_s", "was_stopped", "needed_s"),
    [
        (0.0, 0.0, True, 10.0),  # nothing on record
        (40.0, 50.0, True, 40.0),  # stopped on purpose: as before
        (40.0, 50.0, False, 80.0),  # it may have died of a loss
        (100.0, 50.0, False, 100.0),
        (40.0, 101.0, False, 10.0),  # long ago
        (40.0, -1e6, False, 80.0),  # a calendar that is behind proves nothing
    ],
)
def test_a_start_begins_as_after_a_loss(known_s: float, age_s: float, was_stopped: bool, needed_s: float) -> None:
    known = at_start(known_s, age_s, was_stopped, MAINS)
    assert (known.standing, known.hold_off_s) == (MainsStanding.LOST, needed_s)


def test_switched_off_r2_opens_at_once() -> None:
    panel = Panel(configured(mains=MainsSettings(steady_s=0.0)), Mode.PROTECT)
    panel.after(**AWAY)
    assert panel.after(**FULL).contacts.r2 == OPEN
    assert at_start(40.0, 0.0, False, MainsSettings(steady_s=0.0)).hold_off_s == 0.0
