import math

import pytest

from tests.unit.control.estimation.batteries import END_V, HOUR_S, Believer, Discharge, rules_for
from tests.unit.control.process_images import OPEN, lost
from vigie.battery.catalogue import DATA_SHEETS
from vigie.battery.parameters import NEW, Battery, agm
from vigie.battery.runtime import believed_runtime_s, runtime_s
from vigie.battery.step import resting
from vigie.control.estimation.belief import LABEL_SHARE
from vigie.control.estimation.estimated import UnknownWhy
from vigie.control.signals import Measurement

FLOAT = {"battery_v": 13.6, "charge_v": 13.6, "charge_a": 0.01}
OUTAGE = {"battery_v": 12.4, "charge_v": 12.4, "charge_a": -0.5, "load_v": 12.3}


def test_a_new_block_is_believed_as_the_closed_form_says() -> None:
    battery = Battery(agm(7.0), NEW)
    wanted_s = runtime_s(battery, resting(0.8, 20.0), 0.5, END_V)
    assert believed_runtime_s(battery.parameters, 0.8, 0.0, 1.0, 0.5, END_V, 20.0) == pytest.approx(wanted_s)


def test_wells_that_have_not_levelled_out_are_believed_too() -> None:
    battery = Battery(agm(7.0), NEW)
    state = resting(0.8, 25.0)
    uneven = state._replace(wells=state.wells._replace(x1=0.6))
    difference_ah = -0.2 * 1.07 * 7.0
    wanted_s = runtime_s(battery, uneven, 0.5, END_V)
    assert believed_runtime_s(agm(7.0), 0.6, difference_ah, 1.0, 0.5, END_V, 25.0) == pytest.approx(wanted_s)


def test_on_the_mains_it_is_what_the_loads_power_would_draw_from_the_battery() -> None:
    """12.2 W are 1 A at the mean voltage of a discharge; the label counts for 85 %."""
    told = Believer(soc=1.0).see(load_a=12.2 / 13.6, celsius=25.0, **FLOAT)
    wanted_s = believed_runtime_s(agm(7.0), 1.0, 0.0, LABEL_SHARE, 1.0, END_V, 25.0)
    assert told.remaining_s.value == pytest.approx(wanted_s, rel=1e-3)
    assert told.load_w == pytest.approx(12.2)
    assert told.remaining_s.low < 0.8 * wanted_s
    assert told.remaining_s.high > 1.2 * wanted_s


@pytest.mark.parametrize(
    ("believer", "readings", "why"),
    [
        (Believer(rules_for(0.0), soc=1.0), {"load_a": 0.5}, UnknownWhy.CAPACITY_NOT_SET),
        (Believer(), {"load_a": 0.5}, UnknownWhy.CHARGE_NOT_KNOWN),
        (Believer(soc=1.0), {"load_v": None}, UnknownWhy.LOAD_NOT_READ),
        (Believer(soc=1.0), {"load_a": 0.0}, UnknownWhy.NOTHING_DRAWN),
    ],
)
def test_what_cannot_be_said_is_unknown_and_says_why(
    believer: Believer, readings: dict[str, float | None], why: UnknownWhy
) -> None:
    told = believer.see(**(FLOAT | readings)).remaining_s
    assert told.why == why
    assert all(math.isnan(number) for number in told[:3])


def test_a_charge_of_an_hour_without_current_makes_it_known() -> None:
    believer = Believer()
    assert believer.see(**FLOAT).soc.why == UnknownWhy.CHARGE_NOT_KNOWN
    assert believer.see_for(HOUR_S + 120.0, **FLOAT).soc.value == pytest.approx(1.0, abs=1e-4)


def test_a_settled_rest_makes_it_known() -> None:
    """12.2 V is half full by the electromotive force of the prior."""
    told = Believer().see_for(5 * HOUR_S, battery_v=12.2, charge_v=12.2, charge_a=0.0, r2=OPEN)
    assert told.soc.value == pytest.approx(0.5, abs=0.01)
    assert told.soc.high - told.soc.value == pytest.approx(0.06, abs=0.01)


def test_from_an_unknown_start_the_discharge_itself_shows_it() -> None:
    discharge = Discharge(Believer(), 0.7, soc=0.6, capacity_share=0.8)
    assert discharge.at(0.02)[0].remaining_s.why == UnknownWhy.CHARGE_NOT_KNOWN
    told, left_s = discharge.at(0.5)
    assert told.remaining_s.low <= left_s <= told.remaining_s.high
    assert told.remaining_s.value == pytest.approx(left_s, rel=0.05)


@pytest.mark.parametrize("celsius", [5.0, 20.0, 35.0])
@pytest.mark.parametrize("capacity_share", [0.65, 0.8, 1.0])
@pytest.mark.parametrize("rate_h", [5.0, 10.0, 20.0])
def test_from_40_percent_depth_a_discharge_of_the_prior_is_told_within_its_claim(
    celsius: float, capacity_share: float, rate_h: float
) -> None:
    """The claim is 7 % of the capacity: of the whole time, whatever the age, from full to empty."""
    discharge = Discharge(
        Believer(soc=1.0), 7.0 * capacity_share / rate_h, capacity_share=capacity_share, celsius=celsius
    )
    for share in (0.45, 0.55, 0.7, 0.9):
        told, left_s = discharge.at(share)
        assert abs(told.remaining_s.value - left_s) <= 0.07 * discharge.lasted_s
        assert told.remaining_s.low <= left_s <= told.remaining_s.high


@pytest.mark.parametrize("model", DATA_SHEETS)
def test_other_makers_blocks_are_told_within_a_tenth_of_the_whole_from_half_on(model: str) -> None:
    """Their share, rate and resistance differ from the prior's: further off than the prior's own claim."""
    block = DATA_SHEETS[model]
    discharge = Discharge(Believer(rules_for(block.c20_ah), soc=1.0), block.c20_ah / 10.0, block=block)
    for share in (0.5, 0.7, 0.9):
        told, left_s = discharge.at(share)
        assert abs(told.remaining_s.value - left_s) <= 0.1 * discharge.lasted_s


def test_the_capacity_is_told_from_20_percent_depth_on_and_kept_for_the_next_discharge() -> None:
    believer = Believer(soc=1.0)
    discharge = Discharge(believer, 0.5, capacity_share=0.7)
    assert discharge.at(0.1)[0].capacity_ah.why == UnknownWhy.TOO_SHALLOW
    indication = discharge.at(0.27)[0].capacity_ah
    assert indication.high / indication.value == pytest.approx(1.2)
    told = discharge.told[-1].capacity_ah
    assert told.value == pytest.approx(0.7 * 7.0, rel=0.05)
    assert told.high / told.value == pytest.approx(1.07)
    believer.see_for(HOUR_S, **FLOAT)
    assert believer.told.capacity_ah.value == pytest.approx(told.value)
    believer.see_for(2 * HOUR_S, load_a=0.5, **FLOAT)
    assert believer.told.remaining_s.high / believer.told.remaining_s.low < 1.6


def test_the_band_is_wide_before_the_battery_has_shown_anything() -> None:
    told = Discharge(Believer(soc=1.0), 0.7).at(0.02)[0].remaining_s
    assert told.high / told.low > 1.6


def test_lost_readings_in_a_discharge_leave_it_almost_as_it_was() -> None:
    def spoil(number: int, image: Measurement) -> Measurement:
        is_lost = 300 <= number < 306
        return image._replace(charge=lost(), load=lost(), is_valid=False) if is_lost else image

    told, left_s = Discharge(Believer(soc=1.0), 0.7, spoil=spoil).at(0.6)
    assert told.remaining_s.value == pytest.approx(left_s, rel=0.05)


def test_after_a_gap_the_discharge_is_begun_anew_with_less_certainty() -> None:
    believer = Believer(soc=1.0)
    believer.see_for(2 * HOUR_S, load_a=0.5, **OUTAGE)
    assert believer.state.belief.drawn_c20 > 0.1
    believer.see(3 * HOUR_S, load_a=0.5, **OUTAGE)
    assert believer.state.belief.drawn_c20 == 0.0
    assert believer.told.soc.why == UnknownWhy.CHARGE_NOT_KNOWN


def test_without_a_thermometer_it_is_still_told() -> None:
    told = Believer(soc=1.0).see(load_a=0.5, celsius=None, **FLOAT)
    assert told.remaining_s.why == UnknownWhy.NONE


def test_it_is_reckoned_every_ten_seconds_and_when_the_mains_goes() -> None:
    believer = Believer(soc=1.0)
    first = believer.see(load_a=0.5, **FLOAT).remaining_s
    assert believer.see(load_a=1.0, **FLOAT).remaining_s is first
    assert believer.see(load_a=1.0, **OUTAGE).remaining_s is not first
    second = believer.told.remaining_s
    assert believer.see(10.0, load_a=1.0, **OUTAGE).remaining_s is not second
