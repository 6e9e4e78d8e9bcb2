"""The interlocks have the last word: each fires, in the same period, in both wirings, and says why."""

from typing import Any

import pytest

from tests.unit.control.process_images import (
    ACKNOWLEDGE,
    CHARGE_ONLY,
    CLOSED,
    LINE,
    OPEN,
    TRUSTED,
    Panel,
    configured,
    contact_order,
    contacts,
    mean,
    measured,
    mode_order,
    moved,
)
from vigie.control.commands import Mains, Mode, Phase, Reason, Verdict
from vigie.control.interlocks import InterlockSettings, Latch, lowest_battery_v, next_latch
from vigie.control.signals import Contact, Relay, Status, Temperature, Wiring
from vigie.control.supervisor import adopted, step

BOTH = pytest.mark.parametrize("wiring", [LINE, CHARGE_ONLY], ids=["line", "charge_only"])
DRILL = {"charge_a": -0.5, "load_v": 12.3}
"""What the meter sees while the battery carries the loads."""


def by_hand(wiring: Wiring = LINE, **settings: Any) -> Panel:
    panel = Panel(configured(wiring, **settings))
    panel.order(mode_order(Mode.MANUAL, 7200.0))
    return panel


def in_drill(wiring: Wiring = LINE, **settings: Any) -> Panel:
    panel = by_hand(wiring, **settings)
    panel.order(contact_order(Relay.R1, OPEN))
    assert moved(panel.after()) == (OPEN, CLOSED)
    return panel


def at_rest(wiring: Wiring = LINE) -> Panel:
    panel = by_hand(wiring)
    panel.order(contact_order(Relay.R2, OPEN))
    assert moved(panel.after()) == (CLOSED, OPEN)
    return panel


# 1: never both open with LINE


def test_1_r1_does_not_open_while_r2_is_open() -> None:
    panel = at_rest()
    panel.order(contact_order(Relay.R1, OPEN))
    decision = panel.after(charge_a=0.0)
    assert moved(decision) == (CLOSED, OPEN)
    assert decision.r1_reason == decision.r1_refusal == Reason.BOTH_OPEN


def test_1_r2_does_not_open_while_r1_is_open() -> None:
    panel = in_drill()
    panel.order(contact_order(Relay.R2, OPEN))
    decision = panel.after(**DRILL)
    assert moved(decision) == (OPEN, CLOSED)
    assert decision.r2_reason == decision.r2_refusal == Reason.BOTH_OPEN


def test_1_of_two_wishes_in_one_period_not_both_come_true() -> None:
    panel = by_hand()
    panel.order(contact_order(Relay.R1, OPEN))
    panel.order(contact_order(Relay.R2, OPEN))
    assert moved(panel.after()) == (OPEN, CLOSED)


def test_1_contacts_found_both_open_are_closed_by_the_first_decision() -> None:
    panel = Panel(configured(), Mode.CYCLE, r1=OPEN, r2=OPEN)
    assert moved(panel.after(charge_a=0.0, load_v=0.0)) == (CLOSED, CLOSED)


def test_1_a_contact_that_reads_back_open_counts_as_open_whatever_it_was_told() -> None:
    panel = by_hand()
    panel.order(contact_order(Relay.R1, OPEN))
    decision = panel.after(r2=OPEN, charge_a=0.0)
    assert (decision.contacts.r1, decision.r1_reason) == (CLOSED, Reason.BOTH_OPEN)
    panel.order(contact_order(Relay.R2, OPEN))
    assert panel.after(r1=OPEN, **DRILL).contacts.r2 == CLOSED


def test_1_with_charge_only_both_may_be_open() -> None:
    panel = in_drill(CHARGE_ONLY)
    panel.after(10.0, charge_a=0.0, load_v=12.3)
    panel.order(contact_order(Relay.R2, OPEN))
    assert moved(panel.after(charge_a=0.0, load_v=12.3)) == (OPEN, OPEN)


# 2: R2 opens only while the mains is proven


@BOTH
@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ({"charge_a": -0.5, "load_v": 12.4}, Reason.MAINS_LOST),
        ({"charge_a": 0.0, "load_v": 12.4}, Reason.MAINS_LOST),
        ({"charge_a": None, "load_v": None}, Reason.MAINS_NOT_PROVEN),
        ({"r1": OPEN}, Reason.MAINS_NOT_PROVEN),
    ],
)
def test_2_r2_does_not_open_while_the_mains_is_not_proven(
    wiring: Wiring, readings: dict[str, Any], reason: Reason
) -> None:
    panel = by_hand(wiring)
    panel.order(contact_order(Relay.R2, OPEN))
    decision = panel.after(**readings)
    assert (decision.contacts.r2, decision.r2_reason) == (CLOSED, reason)


@pytest.mark.parametrize(("wiring", "r2"), [(LINE, CLOSED), (CHARGE_ONLY, OPEN)], ids=["line", "charge_only"])
def test_2_without_v3_r2_opens_only_where_the_loads_do_not_depend_on_it(wiring: Wiring, r2: Contact) -> None:
    panel = by_hand(wiring)
    panel.order(contact_order(Relay.R2, OPEN))
    assert panel.after(charge_a=0.3, load_v=None).contacts.r2 == r2


def test_2_r2_does_not_open_in_the_period_in_which_v3_sinks() -> None:
    panel = by_hand()
    panel.order(contact_order(Relay.R2, OPEN))
    panel.now_s += 1.0
    image = measured(panel.now_s)._replace(load=mean(13.52, 0.5)._replace(lowest_v=12.8))
    assert step(panel.state, image, panel.settings)[1].r2_reason == Reason.MAINS_NOT_PROVEN


@BOTH
def test_2_r2_closes_in_the_period_in_which_the_mains_fails(wiring: Wiring) -> None:
    panel = at_rest(wiring)
    decision = panel.after(charge_a=0.0, load_v=0.0 if wiring == LINE else 12.6)
    assert moved(decision) == (CLOSED, CLOSED)
    assert (decision.mains, decision.r2_reason) == (Mains.ABSENT, Reason.MAINS_LOST)
    assert (decision.verdict, decision.verdict_reason) == (Verdict.ATTENTION, Reason.MAINS_LOST)


@BOTH
def test_2_a_mode_that_goes_on_wishing_opens_r2_only_when_the_mains_is_back(wiring: Wiring) -> None:
    panel = Panel(configured(wiring), Mode.PROTECT)
    assert panel.after(battery_v=13.0, charge_a=-0.5, load_v=12.9).contacts.r2 == CLOSED
    assert panel.after(battery_v=13.0).contacts.r2 == OPEN


def test_2_blackout_risk_refuses_every_opening_of_r2_and_explains() -> None:
    panel = by_hand(blackout=True)
    panel.order(contact_order(Relay.R2, OPEN))
    decision = panel.after()
    assert (decision.contacts.r2, decision.r2_reason) == (CLOSED, Reason.BLACKOUT_RISK)
    assert (decision.verdict, decision.verdict_reason) == (Verdict.ATTENTION, Reason.BLACKOUT_RISK)


@pytest.mark.parametrize("mode", [Mode.PROTECT, Mode.CYCLE])
def test_2_blackout_risk_refuses_the_modes_too(mode: Mode) -> None:
    panel = Panel(configured(blackout=True), mode)
    decision = panel.after(battery_v=13.1)
    assert (decision.contacts.r2, decision.r2_reason) == (CLOSED, Reason.BLACKOUT_RISK)


def test_2_blackout_risk_refuses_even_over_temperature() -> None:
    decision = Panel(configured(blackout=True)).after(celsius=60.0)
    assert (decision.contacts.r2, decision.r2_reason) == (CLOSED, Reason.BLACKOUT_RISK)
    assert (decision.verdict, decision.verdict_reason) == (Verdict.ALARM, Reason.OVER_TEMPERATURE)


def test_2_blackout_risk_closes_an_r2_found_open() -> None:
    assert Panel(configured(blackout=True), Mode.PROTECT, r2=OPEN).after(charge_a=0.0).contacts.r2 == CLOSED


def test_2_blackout_risk_says_so_before_anybody_asks() -> None:
    assert Panel(configured(blackout=True)).after().r2_refusal == Reason.BLACKOUT_RISK


# 3: R1 opens only on a proven battery, and closes when it is one no more


@BOTH
@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ({"battery_v": 12.49}, Reason.BATTERY_NOT_PROVEN),
        ({"charge_v": 12.49}, Reason.BATTERY_NOT_PROVEN),
        ({"charge_a": -0.5, "load_v": 12.4}, Reason.MAINS_NOT_PROVEN),
        ({"charge_a": None, "load_v": None}, Reason.MAINS_NOT_PROVEN),
        ({"celsius": 50.1}, Reason.OVER_TEMPERATURE),
        ({"is_valid": False}, Reason.MEASUREMENT_LOST),
    ],
)
def test_3_r1_does_not_open_on_a_battery_that_is_not_proven(
    wiring: Wiring, readings: dict[str, Any], reason: Reason
) -> None:
    panel = by_hand(wiring)
    panel.order(contact_order(Relay.R1, OPEN))
    decision = panel.after(**readings)
    assert (decision.contacts.r1, decision.r1_reason, decision.r1_refusal) == (CLOSED, reason, reason)


@BOTH
def test_3_r1_opens_at_the_proof_voltage(wiring: Wiring) -> None:
    panel = by_hand(wiring)
    panel.order(contact_order(Relay.R1, OPEN))
    assert panel.after(battery_v=12.5, charge_v=12.5).contacts.r1 == OPEN


@BOTH
@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ({"battery_v": 11.79}, Reason.BATTERY_UNDER_FLOOR),
        ({"charge_v": 11.79}, Reason.BATTERY_UNDER_FLOOR),
        ({"load_v": 10.49}, Reason.LOADS_NOT_CARRIED),
        ({"load_v": 0.0}, Reason.LOADS_NOT_CARRIED),
        ({"celsius": 50.1}, Reason.OVER_TEMPERATURE),
        ({"celsius": None, "is_valid": False}, Reason.MEASUREMENT_LOST),
        ({"load_v": None, "is_valid": False}, Reason.MEASUREMENT_LOST),
    ],
)
def test_3_r1_closes_in_the_same_period(wiring: Wiring, readings: dict[str, Any], reason: Reason) -> None:
    panel = in_drill(wiring)
    assert moved(panel.after(**DRILL | {"battery_v": 11.8})) == (OPEN, CLOSED)
    decision = panel.after(**DRILL | readings)
    assert (*moved(decision), decision.r1_reason) == (CLOSED, CLOSED, reason)


def test_3_r1_closes_when_r2_turns_out_to_be_open() -> None:
    decision = in_drill().after(**DRILL, r2=OPEN)
    assert (*moved(decision), decision.r1_reason) == (CLOSED, CLOSED, Reason.BOTH_OPEN)


@BOTH
def test_3_a_drill_ends_at_its_longest_time(wiring: Wiring) -> None:
    panel = in_drill(wiring, manual=None)
    panel.settings = panel.settings._replace(interlocks=InterlockSettings(longest_drill_s=600.0))
    assert panel.after(599.0, **DRILL).contacts.r1 == OPEN
    decision = panel.after(1.0, **DRILL)
    assert (decision.contacts.r1, decision.r1_reason) == (CLOSED, Reason.DRILL_TOO_LONG)


def test_3_a_drill_goes_on_with_v3_lost_where_it_is_not_fitted_or_not_watched() -> None:
    assert in_drill().after(charge_a=-0.5, load_v=None).contacts.r1 == OPEN
    panel = in_drill()
    panel.settings = panel.settings._replace(interlocks=InterlockSettings(load_floor_v=0.0))
    assert panel.after(charge_a=-0.5, load_v=0.0).contacts.r1 == OPEN


def test_3_a_restart_does_not_lengthen_a_drill() -> None:
    state = adopted(contacts(OPEN, CLOSED), Mode.CYCLE, 0.0, 14_399.0, Latch(False, False, 0), TRUSTED)
    assert step(state, measured(0.9, r1=OPEN, **DRILL), configured())[1].contacts.r1 == OPEN
    assert step(state, measured(1.0, r1=OPEN, **DRILL), configured())[1].r1_reason == Reason.DRILL_TOO_LONG


def test_3_a_drill_that_was_broken_off_is_not_begun_again() -> None:
    panel = Panel()
    panel.order(mode_order(Mode.CYCLE))
    assert panel.after().contacts.r1 == OPEN
    assert panel.after(**DRILL, celsius=None, is_valid=False).contacts.r1 == CLOSED
    assert panel.after().contacts.r1 == CLOSED
    assert panel.after(battery_v=12.85).contacts.r1 == CLOSED


def test_3_a_refused_discharge_charges_until_the_battery_has_proven_itself() -> None:
    panel = Panel(configured(CHARGE_ONLY))
    panel.order(mode_order(Mode.CYCLE))
    assert moved(panel.after(battery_v=12.45)) == (CLOSED, CLOSED)
    assert moved(panel.after(battery_v=12.5)) == (OPEN, CLOSED)
    assert moved(panel.after(10.0, charge_a=0.0, load_v=12.3)) == (OPEN, OPEN)


def test_the_lower_of_v1_and_v2_is_believed() -> None:
    assert lowest_battery_v(measured(battery_v=12.8, charge_v=12.6)) == 12.6
    assert lowest_battery_v(measured(battery_v=12.0, charge_v=12.6)) == 12.0
    assert lowest_battery_v(measured(battery_v=12.8, charge_a=None)) == 12.8


# 4: over-temperature


@BOTH
@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PROTECT])
def test_4_r2_opens_over_the_limit_and_not_at_it(wiring: Wiring, mode: Mode) -> None:
    panel = Panel(configured(wiring), mode)
    assert moved(panel.after(celsius=50.0)) == (CLOSED, CLOSED)
    decision = panel.after(celsius=50.1)
    assert (*moved(decision), decision.r2_reason) == (CLOSED, OPEN, Reason.OVER_TEMPERATURE)
    assert (decision.verdict, decision.verdict_reason) == (Verdict.ALARM, Reason.OVER_TEMPERATURE)


@BOTH
@pytest.mark.parametrize("readings", [{"charge_a": -0.5, "load_v": 12.4}, {"charge_a": None, "load_v": None}])
def test_4_r2_does_not_open_without_mains_however_hot(wiring: Wiring, readings: dict[str, Any]) -> None:
    assert Panel(configured(wiring)).after(celsius=70.0, **readings).contacts.r2 == CLOSED


@BOTH
def test_4_the_latch_gives_the_battery_back_when_the_mains_fails_and_stops_the_charge_when_it_returns(
    wiring: Wiring,
) -> None:
    panel = Panel(configured(wiring))
    panel.after(celsius=51.0)
    decision = panel.after(celsius=51.0, charge_a=0.0, load_v=0.0)
    assert (decision.contacts.r2, decision.r2_reason) == (CLOSED, Reason.MAINS_LOST)
    assert panel.after(celsius=51.0).contacts.r2 == OPEN


@BOTH
def test_4_a_lost_reading_leaves_a_latched_r2_open(wiring: Wiring) -> None:
    panel = Panel(configured(wiring))
    panel.after(celsius=51.0)
    blind = panel.after(celsius=51.0, charge_a=None, load_v=None, is_valid=False)
    assert moved(blind) == (CLOSED, OPEN)
    without_thermometer = panel.after(celsius=None, charge_a=0.0, is_valid=False)
    assert moved(without_thermometer) == (CLOSED, OPEN)


def test_4_surface_charge_on_v3_alone_does_not_open_a_hot_battery_that_may_carry_the_loads() -> None:
    """V2 is lost in the period in which the mains fails: V3 at 13.3 V may be the battery's surface charge."""
    panel = Panel(configured(LINE))
    assert panel.after(celsius=51.0, charge_a=None, load_v=13.3, is_valid=False).contacts.r2 == CLOSED
    assert Panel(configured(CHARGE_ONLY)).after(celsius=51.0, charge_a=None, is_valid=False).contacts.r2 == OPEN


def test_4_r2_whose_line_still_reads_closed_needs_the_proof_again() -> None:
    panel = Panel(configured(LINE))
    assert panel.after(celsius=51.0).contacts.r2 == OPEN
    blind = panel.after(celsius=51.0, charge_a=0.0, load_v=None, r2=CLOSED, is_valid=False)
    assert blind.contacts.r2 == CLOSED


def test_4_stays_latched_when_cool_until_acknowledged() -> None:
    panel = Panel()
    panel.after(celsius=51.0)
    assert panel.after(86_400.0, celsius=20.0, charge_a=0.0).contacts.r2 == OPEN
    assert panel.order(ACKNOWLEDGE) == Reason.ACKNOWLEDGED
    assert panel.after(celsius=20.0, charge_a=0.0).contacts.r2 == CLOSED


def test_4_stays_latched_when_acknowledged_until_cooled_down_under_the_release() -> None:
    panel = Panel()
    panel.after(celsius=51.0)
    panel.order(ACKNOWLEDGE)
    for celsius in (52.0, 49.0, 45.0):
        assert panel.after(celsius=celsius, charge_a=0.0).contacts.r2 == OPEN
    assert panel.after(celsius=44.9, charge_a=0.0).contacts.r2 == CLOSED


def test_4_a_new_over_temperature_wants_a_new_acknowledgement() -> None:
    panel = Panel()
    for celsius in (51.0, 40.0):
        panel.after(celsius=celsius)
        panel.order(ACKNOWLEDGE)
    assert panel.after(celsius=40.0).contacts.r2 == CLOSED
    panel.after(celsius=51.0)
    assert panel.after(celsius=40.0, charge_a=0.0).contacts.r2 == OPEN


@pytest.mark.parametrize("latch", [Latch(False, False, 0), Latch(True, False, 0), Latch(True, True, 0)])
def test_4_a_lost_temperature_neither_sets_nor_releases_the_latch(latch: Latch) -> None:
    for status in (Status.FAILED, Status.ABSENT, Status.IMPLAUSIBLE):
        image = measured()._replace(temperature=Temperature(99.0, int(status)))
        assert next_latch(latch, image, InterlockSettings()) == latch


def test_4_a_restart_does_not_release_the_latch() -> None:
    state = adopted(contacts(CLOSED, OPEN), Mode.OBSERVE, 0.0, 0.0, Latch(True, False, 0), TRUSTED)
    decision = step(state, measured(1.0, celsius=30.0, r2=OPEN, charge_a=0.0), configured())[1]
    assert (decision.contacts.r2, decision.r2_reason) == (OPEN, Reason.OVER_TEMPERATURE)


def test_4_a_drill_that_gets_hot_ends_without_charging_the_hot_battery() -> None:
    panel = in_drill(CHARGE_ONLY)
    panel.after(10.0, charge_a=0.0, load_v=12.3)
    panel.order(contact_order(Relay.R2, OPEN))
    panel.after(charge_a=0.0, load_v=12.3)
    assert moved(panel.after(charge_a=0.0, load_v=12.3, celsius=51.0)) == (CLOSED, OPEN)


def test_4_nothing_to_acknowledge_is_said() -> None:
    assert Panel().order(ACKNOWLEDGE) == Reason.NOT_LATCHED


def test_4_r2_closed_by_hand_is_closed_again_when_the_latch_is_released() -> None:
    panel = by_hand()
    panel.after(celsius=51.0)
    panel.order(ACKNOWLEDGE)
    assert panel.after(celsius=20.0, charge_a=0.0).contacts.r2 == CLOSED


# 5: lost measurement


@BOTH
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(("r1", "r2"), [(CLOSED, CLOSED), (OPEN, CLOSED), (CLOSED, OPEN), (OPEN, OPEN)])
def test_5_a_lost_measurement_closes_both_in_every_mode(wiring: Wiring, mode: Mode, r1: Contact, r2: Contact) -> None:
    decision = Panel(configured(wiring), mode, r1, r2).after(is_valid=False)
    assert moved(decision) == (CLOSED, CLOSED)
    assert decision.r1_reason == decision.r2_reason == decision.r2_refusal == Reason.MEASUREMENT_LOST
    assert (decision.verdict, decision.verdict_reason) == (Verdict.UNKNOWN, Reason.MEASUREMENT_LOST)


def test_5_the_voltage_of_a_lost_measurement_moves_no_mode_on() -> None:
    panel = Panel(configured(), Mode.PROTECT)
    panel.after(battery_v=14.0, is_valid=False)
    assert panel.state.plan.phase == Phase.CHARGE


# 2 and 3 together: a drill told apart from an outage


def test_a_mains_that_comes_back_after_a_drill_was_a_drill() -> None:
    panel = in_drill()
    panel.order(contact_order(Relay.R1, CLOSED))
    assert panel.after(**DRILL).mains == Mains.CUT
    settling = panel.after(5.0, **DRILL)
    assert (settling.mains, settling.verdict) == (Mains.ABSENT, Verdict.OK)
    back = panel.after(4.0)
    assert (back.mains, back.verdict) == (Mains.PRESENT, Verdict.OK)
    assert panel.after(1.0, **DRILL).verdict_reason == Reason.MAINS_LOST, "the next failure is a real one"


def test_a_mains_that_does_not_come_back_after_a_drill_is_an_outage() -> None:
    panel = in_drill()
    panel.order(contact_order(Relay.R1, CLOSED))
    panel.after(**DRILL)
    assert panel.after(9.0, **DRILL).verdict == Verdict.OK
    decision = panel.after(1.0, **DRILL)
    assert (decision.verdict, decision.verdict_reason) == (Verdict.ATTENTION, Reason.NOT_BACK_AFTER_DRILL)


def test_an_outage_without_a_drill_is_told_at_once() -> None:
    assert Panel().after(**DRILL).verdict_reason == Reason.MAINS_LOST


@pytest.mark.parametrize(
    ("celsius", "is_latched"),
    [
        ((51.0, 25.0, 25.0, 25.0, 25.0, 51.0, 51.0), False),
        ((51.0, 51.0, 25.0, 25.0, 25.0, 51.0), False),
        ((51.0, 51.0, 51.0), True),
        ((51.0, 25.0, 51.0, 25.0, 51.0), True),
        ((51.0, 25.0, 51.0, 25.0, 25.0, 51.0), False),
        ((51.0, None, 51.0, None, 25.0, 51.0), True),
    ],
)
def test_4_heat_is_three_of_five_periods_that_measured_one(celsius: tuple[float | None, ...], is_latched: bool) -> None:
    latch = Latch(False, False, 0)
    for value in celsius:
        latch = next_latch(latch, measured(celsius=value), InterlockSettings())
    assert latch.is_set == is_latched


def test_4_a_latch_released_needs_three_hot_periods_again() -> None:
    latch = next_latch(Latch(True, True, 0), measured(celsius=25.0), InterlockSettings())
    for expected in (False, False, True):
        latch = next_latch(latch, measured(celsius=51.0), InterlockSettings())
        assert latch.is_set == expected
