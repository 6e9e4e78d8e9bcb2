"""The thresholds of each mode, exactly as the specification words them, and the times between switchings."""

import math

import pytest

from tests.unit.control.process_images import CHARGE_ONLY, CLOSED, LINE, OPEN, Panel, configured, mode_order, moved
from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes import cycle, manual, observe, protect
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.protect import ProtectSettings
from vigie.control.modes.wish import Hands, MinimumTimes, ModeInputs, Wish
from vigie.control.signals import Contact, Wiring
from vigie.control.supervisor import SupervisorSettings

BOTH = pytest.mark.parametrize("wiring", [LINE, CHARGE_ONLY], ids=["line", "charge_only"])


def wanted(phase: Phase, r1: Contact, r2: Contact, reason: Reason) -> Wish:
    return Wish(phase, r1, r2, reason, reason)


UNTOUCHED = Hands(CLOSED, CLOSED, 0.0)


def seen(
    phase: Phase = Phase.STEADY,
    battery_v: float = 12.8,
    wiring: Wiring = LINE,
    *,
    hands: Hands = UNTOUCHED,
    full_age_s: float = math.inf,
) -> ModeInputs:
    """Return what a mode sees of a period, R1 closed."""
    return ModeInputs(0.0, phase, 0.0, battery_v, -1.0, hands, wiring, full_age_s)


RESTING = wanted(Phase.REST, CLOSED, OPEN, Reason.UPPER_VOLTAGE_REACHED)
CHARGING = wanted(Phase.CHARGE, CLOSED, CLOSED, Reason.CHARGING)
RECHARGING = wanted(Phase.CHARGE, CLOSED, CLOSED, Reason.LOWER_VOLTAGE_REACHED)


def test_observe_wants_both_contacts_closed() -> None:
    assert observe.wish(seen()) == wanted(Phase.STEADY, CLOSED, CLOSED, Reason.OBSERVING)


def test_manual_wants_what_the_person_wants() -> None:
    assert manual.wish(seen(hands=Hands(OPEN, CLOSED, 60.0))) == wanted(Phase.STEADY, OPEN, CLOSED, Reason.MANUAL_WISH)


@pytest.mark.parametrize(
    ("phase", "battery_v", "expected"),
    [
        (Phase.CHARGE, 12.2, CHARGING),
        (Phase.CHARGE, 12.9, CHARGING),
        (Phase.CHARGE, 12.9001, RESTING),
        (Phase.REST, 12.9001, RESTING),
        (Phase.REST, 12.7, RESTING),
        (Phase.REST, 12.6999, RECHARGING),
    ],
)
def test_protect_rests_above_12v9_and_charges_again_below_12v7(phase: Phase, battery_v: float, expected: Wish) -> None:
    assert protect.wish(seen(phase, battery_v), ProtectSettings()) == expected


@BOTH
@pytest.mark.parametrize(
    ("phase", "battery_v", "expected"),
    [
        (Phase.DISCHARGE, 12.3999, wanted(Phase.CHARGE, CLOSED, CLOSED, Reason.DISCHARGED)),
        (Phase.CHARGE, 12.2, CHARGING),
        (Phase.CHARGE, 12.9, CHARGING),
        (Phase.CHARGE, 12.9001, RESTING),
        (Phase.REST, 12.4, RESTING),
        (Phase.REST, 12.3999, RECHARGING),
    ],
)
def test_cycle_charges_to_12v9_rests_to_12v4_and_charges_again(
    wiring: Wiring, phase: Phase, battery_v: float, expected: Wish
) -> None:
    assert cycle.wish(seen(phase, battery_v, wiring), CycleSettings()) == expected


@pytest.mark.parametrize(("wiring", "r2"), [(LINE, CLOSED), (CHARGE_ONLY, OPEN)], ids=["line", "charge_only"])
def test_cycle_discharges_down_to_12v4_with_r2_open_only_where_the_battery_still_feeds_the_loads(
    wiring: Wiring, r2: Contact
) -> None:
    expected = wanted(Phase.DISCHARGE, OPEN, r2, Reason.DISCHARGING)
    assert cycle.wish(seen(Phase.DISCHARGE, 12.4, wiring), CycleSettings()) == expected


def test_thresholds_are_settings() -> None:
    assert protect.wish(seen(Phase.CHARGE, 13.9), ProtectSettings(14.0, 13.0)) == CHARGING
    assert cycle.wish(seen(Phase.REST, 12.55), CycleSettings(12.0, 13.0, 12.6)) == RECHARGING


@BOTH
def test_protect_runs_through_its_text(wiring: Wiring) -> None:
    panel = Panel(configured(wiring), Mode.PROTECT)
    assert moved(panel.after(battery_v=12.9)) == (CLOSED, CLOSED)
    assert moved(panel.after(battery_v=12.91)) == (CLOSED, OPEN)
    assert moved(panel.after(battery_v=12.8, charge_a=0.0)) == (CLOSED, OPEN)
    assert moved(panel.after(battery_v=12.69, charge_a=0.0)) == (CLOSED, CLOSED)
    assert moved(panel.after(battery_v=12.8)) == (CLOSED, CLOSED), "charges until 12.9 V, not 12.7 V"


@pytest.mark.parametrize(("wiring", "r2"), [(LINE, CLOSED), (CHARGE_ONLY, OPEN)], ids=["line", "charge_only"])
def test_cycle_runs_through_its_text(wiring: Wiring, r2: Contact) -> None:
    panel = Panel(configured(wiring))
    panel.order(mode_order(Mode.CYCLE))
    drill = {"charge_a": 0.0, "load_v": 12.3}
    assert moved(panel.after(battery_v=12.8)) == (OPEN, CLOSED)
    assert moved(panel.after(10.0, battery_v=12.4, **drill)) == (OPEN, r2)
    assert moved(panel.after(battery_v=12.39, **drill)) == (CLOSED, CLOSED)
    assert moved(panel.after(battery_v=12.9)) == (CLOSED, CLOSED)
    assert moved(panel.after(battery_v=12.91)) == (CLOSED, OPEN)
    assert moved(panel.after(battery_v=12.4, charge_a=0.0)) == (CLOSED, OPEN)
    assert moved(panel.after(battery_v=12.39, charge_a=0.0)) == (CLOSED, CLOSED)
    assert panel.state.plan.phase == Phase.CHARGE
    assert moved(panel.after(battery_v=12.85)) == (CLOSED, CLOSED), "one discharge, then charge and rest for ever"


def test_r2_stays_closed_for_its_least_time_and_the_phase_waits_with_it() -> None:
    panel = Panel(configured(times=MinimumTimes(60.0, 30.0, 0.0)), Mode.PROTECT)
    decision = panel.after(59.0, battery_v=13.0)
    assert (decision.contacts.r2, decision.r2_reason) == (CLOSED, Reason.MINIMUM_TIME)
    assert panel.state.plan.phase == Phase.CHARGE
    assert panel.after(1.0, battery_v=13.0).contacts.r2 == OPEN
    assert panel.state.plan.phase == Phase.REST


def test_r2_stays_open_for_its_least_time() -> None:
    panel = Panel(configured(times=MinimumTimes(60.0, 30.0, 0.0)), Mode.PROTECT, r2=OPEN)
    decision = panel.after(29.0, battery_v=12.6, charge_a=0.0)
    assert (decision.contacts.r2, decision.r2_reason) == (OPEN, Reason.MINIMUM_TIME)
    decision = panel.after(1.0, battery_v=12.6, charge_a=0.0)
    assert (decision.contacts.r2, decision.r2_reason) == (CLOSED, Reason.LOWER_VOLTAGE_REACHED)


def test_without_minimum_times_a_falling_voltage_makes_the_contact_chatter_as_the_text_says() -> None:
    panel = Panel(configured(), Mode.PROTECT)
    positions = [panel.after(battery_v=v).contacts.r2 for v in (12.95, 12.65, 12.95, 12.65)]
    assert positions == [OPEN, CLOSED, OPEN, CLOSED]


def test_minimum_times_hold_no_person() -> None:
    panel = Panel(configured(times=MinimumTimes(3600.0, 3600.0, 0.0)), Mode.PROTECT, r2=OPEN)
    panel.order(mode_order(Mode.OBSERVE))
    assert moved(panel.after(charge_a=0.0)) == (CLOSED, CLOSED)


def test_minimum_times_hold_no_interlock() -> None:
    panel = Panel(configured(times=MinimumTimes(3600.0, 3600.0, 0.0)), Mode.PROTECT, r2=OPEN)
    assert moved(panel.after(charge_a=0.0, load_v=0.0)) == (CLOSED, CLOSED)


def test_minimum_times_do_not_hold_r1() -> None:
    panel = Panel(configured(times=MinimumTimes(3600.0, 3600.0, 0.0)))
    panel.order(mode_order(Mode.CYCLE))
    assert moved(panel.after()) == (OPEN, CLOSED)
    assert moved(panel.after(battery_v=12.3)) == (CLOSED, CLOSED)


def test_what_moves_r1_is_told_while_r2_waits_for_its_least_time() -> None:
    panel = Panel(configured(CHARGE_ONLY, times=MinimumTimes(60.0, 60.0, 0.0)))
    panel.order(mode_order(Mode.CYCLE))
    decision = panel.after()
    assert moved(decision) == (OPEN, CLOSED)
    assert (decision.r1_reason, decision.r2_reason) == (Reason.DISCHARGING, Reason.MINIMUM_TIME)


def test_a_rest_that_an_outage_ended_is_not_taken_up_before_the_battery_is_charged_again() -> None:
    panel = Panel(configured(), Mode.PROTECT, r2=OPEN)
    assert moved(panel.after(battery_v=12.85, charge_a=0.0)) == (CLOSED, OPEN)
    assert moved(panel.after(battery_v=12.85, charge_a=0.0, load_v=0.0)) == (CLOSED, CLOSED)
    panel.after(3600.0, battery_v=12.72, charge_a=-0.5, load_v=12.4)
    assert moved(panel.after(battery_v=12.8)) == (CLOSED, CLOSED)
    assert panel.state.plan.phase == Phase.CHARGE


def held_for(seconds: float, settle_s: float = 0.0) -> SupervisorSettings:
    settings = configured(times=MinimumTimes(0.0, 0.0, seconds))
    modes = settings.modes._replace(cycle=settings.modes.cycle._replace(settle_s=settle_s))
    return settings._replace(modes=modes)


def test_a_threshold_counts_once_it_has_been_passed_for_its_time() -> None:
    panel = Panel(held_for(5.0), Mode.PROTECT)
    decisions = [panel.after(battery_v=13.0).contacts.r2 for _ in range(6)]
    assert decisions == [CLOSED] * 5 + [OPEN]


def test_one_period_under_the_threshold_makes_it_wait_again() -> None:
    panel = Panel(held_for(5.0), Mode.PROTECT)
    for battery_v in (13.0, 13.0, 13.0, 13.0, 12.85, 13.0, 13.0, 13.0, 13.0, 13.0):
        assert panel.after(battery_v=battery_v).contacts.r2 == CLOSED
    assert panel.after(battery_v=13.0).contacts.r2 == OPEN


def test_a_period_that_measures_nothing_makes_it_wait_again() -> None:
    panel = Panel(held_for(2.0), Mode.PROTECT)
    for is_valid in (True, True, False, True, True):
        assert panel.after(battery_v=13.0, is_valid=is_valid).contacts.r2 == CLOSED
    assert panel.after(battery_v=13.0).contacts.r2 == OPEN


def test_one_sample_after_a_long_silence_decides_nothing() -> None:
    panel = Panel(held_for(5.0), Mode.PROTECT)
    panel.after()
    assert panel.after(3600.0, battery_v=13.0).contacts.r2 == CLOSED


def test_the_first_minutes_of_a_discharge_do_not_end_it_but_the_floor_does() -> None:
    panel = Panel(held_for(0.0, settle_s=300.0))
    panel.order(mode_order(Mode.CYCLE))
    panel.after()
    assert panel.after(299.0, battery_v=12.3, charge_a=-0.5, load_v=12.2).contacts.r1 == OPEN
    assert panel.after(1.0, battery_v=12.3, charge_a=-0.5, load_v=12.2).r1_reason == Reason.DISCHARGED
    panel = Panel(held_for(5.0, settle_s=300.0))
    panel.order(mode_order(Mode.CYCLE))
    panel.after()
    assert panel.after(battery_v=11.7, charge_a=-0.5, load_v=11.6).r1_reason == Reason.BATTERY_UNDER_FLOOR


def test_a_low_battery_that_never_began_its_discharge_is_charged_first() -> None:
    panel = Panel(held_for(0.0, settle_s=300.0))
    panel.order(mode_order(Mode.CYCLE))
    panel.after(battery_v=12.3)
    assert panel.state.plan.phase == Phase.CHARGE
