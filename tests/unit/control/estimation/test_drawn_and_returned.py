import math

import pytest

from tests.unit.control.estimation.batteries import HOUR_S, Believer
from tests.unit.control.process_images import OPEN
from vigie.control.estimation.drawn import GAIN_ERROR, ZERO_ERROR_A, no_discharge, resumed_discharge
from vigie.control.estimation.estimated import UnknownWhy

OUTAGE = {"battery_v": 12.0, "charge_v": 12.0, "charge_a": -0.5, "load_v": 11.9}
CHARGE = {"battery_v": 13.0, "charge_v": 13.0, "charge_a": 1.0}


def test_nothing_is_said_before_a_discharge() -> None:
    told = Believer().see(**CHARGE)
    assert told.drawn_ah.why == told.returned_ah.why == UnknownWhy.NO_DISCHARGE_YET
    assert math.isnan(told.drawn_ah.value)


def test_an_hour_at_half_an_ampere_is_half_an_ampere_hour_and_six_watt_hours() -> None:
    told = Believer().see_for(HOUR_S, **OUTAGE)
    assert told.is_discharging
    assert told.drawn_ah.value == pytest.approx(0.5)
    assert told.drawn_wh.value == pytest.approx(6.0)
    assert told.drawn_ah.high - told.drawn_ah.value == pytest.approx(GAIN_ERROR * 0.5 + ZERO_ERROR_A)
    assert told.drawn_ah.low == pytest.approx(2 * told.drawn_ah.value - told.drawn_ah.high)


def test_what_is_returned_counts_from_the_end_of_the_discharge() -> None:
    believer = Believer()
    believer.see_for(HOUR_S, **OUTAGE)
    told = believer.see_for(HOUR_S / 2, **CHARGE)
    assert not told.is_discharging
    assert told.returned_ah.value == pytest.approx(0.5)
    assert told.drawn_ah.value == pytest.approx(0.5)


def test_the_next_discharge_begins_anew() -> None:
    believer = Believer()
    believer.see_for(HOUR_S, **OUTAGE)
    believer.see_for(HOUR_S, **CHARGE)
    told = believer.see_for(600.0, **OUTAGE)
    assert told.drawn_ah.value == pytest.approx(0.5 / 6)
    assert told.returned_ah.value == 0.0


def test_a_mains_that_is_back_for_seconds_ends_no_discharge() -> None:
    believer = Believer()
    believer.see_for(HOUR_S, **OUTAGE)
    believer.see(5.0, **CHARGE)
    told = believer.see_for(HOUR_S, **OUTAGE)
    assert told.drawn_ah.value == pytest.approx(1.0)


def test_a_drill_counts_like_an_outage() -> None:
    assert Believer().see_for(HOUR_S, r1=OPEN, **OUTAGE).drawn_ah.value == pytest.approx(0.5)


def test_a_gap_is_not_counted_and_widens_the_band_upwards() -> None:
    believer = Believer()
    before = believer.see_for(HOUR_S, **OUTAGE).drawn_ah
    after = believer.see(HOUR_S, **OUTAGE).drawn_ah
    assert after.value == before.value
    assert after.low == before.low
    assert after.high == pytest.approx(before.high + 0.5)


def test_lost_meters_are_not_counted_and_widen_the_band() -> None:
    believer = Believer()
    before = believer.see_for(HOUR_S, **OUTAGE).drawn_ah
    believer.see_for(600.0, charge_a=None, load_v=None, is_valid=False)
    after = believer.see(**OUTAGE).drawn_ah
    assert after.value == pytest.approx(before.value, abs=2e-4)
    assert after.high == pytest.approx(before.high + 0.5 / 6, abs=2e-4)


def test_a_clock_that_goes_back_counts_nothing() -> None:
    believer = Believer(now_s=1000.0)
    believer.see_for(600.0, **OUTAGE)
    drawn_ah = believer.told.drawn_ah.value
    assert believer.see(-500.0, **OUTAGE).drawn_ah.value == drawn_ah


def test_past_an_r2_that_only_charges_the_loads_meter_counts() -> None:
    told = Believer().see_for(HOUR_S, load_a=0.8, battery_v=12.0, charge_a=0.0, charge_v=12.0, load_v=11.9)
    assert told.drawn_ah.value == pytest.approx(0.8)


def test_a_record_of_an_open_outage_goes_on_and_its_unseen_time_widens_it() -> None:
    believer = Believer()
    drawn = resumed_discharge(-7200.0, math.nan, 1.0, 12.0, 3600.0)
    believer.state = believer.state._replace(drawn=drawn)
    told = believer.see(**OUTAGE)
    assert told.discharge_began_s == -7200.0
    assert told.drawn_ah.value == pytest.approx(1.0, abs=1e-3)
    assert told.drawn_ah.high == pytest.approx(1.53, abs=1e-2)


def test_what_came_back_before_the_start_is_unknown() -> None:
    believer = Believer()
    believer.state = believer.state._replace(drawn=resumed_discharge(-7200.0, -3600.0, 1.0, 12.0, 0.0))
    assert believer.see(**CHARGE).returned_ah.why == UnknownWhy.STARTED_SINCE
    assert believer.told.drawn_ah.value == 1.0


def test_no_discharge_has_no_beginning() -> None:
    assert math.isnan(no_discharge().began_s)
