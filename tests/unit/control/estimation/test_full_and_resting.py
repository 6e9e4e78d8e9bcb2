import math

import pytest

from tests.unit.control.estimation.batteries import HOUR_S, Believer, rules_for
from tests.unit.control.process_images import OPEN
from vigie.control.estimation.estimated import UnknownWhy
from vigie.control.estimation.fullness import Fullness
from vigie.control.estimation.resting import SETTLED_S

FLOAT = {"battery_v": 13.6, "charge_v": 13.6}
BULK = {"battery_v": 12.9, "charge_v": 12.9, "charge_a": 1.4}
REST = {"battery_v": 12.8, "charge_v": 12.8, "charge_a": 0.0, "r2": OPEN}
OUTAGE = {"battery_v": 12.4, "charge_v": 12.4, "charge_a": -0.5, "load_v": 12.3}
DAY_S = 24 * HOUR_S


def test_at_the_start_nobody_knows_whether_it_is_full() -> None:
    assert Believer().see(charge_a=0.01, **FLOAT).fullness == Fullness.UNKNOWN


def test_a_small_current_for_48_hours_is_full() -> None:
    """C20/100 of 7 Ah is 70 mA."""
    believer = Believer()
    assert believer.see_for(2 * DAY_S, charge_a=0.069, **FLOAT).fullness == Fullness.UNKNOWN
    told = believer.see(60.0, charge_a=0.069, **FLOAT)
    assert told.fullness == Fullness.FULL
    assert told.full_since_s == told.last_full_s == believer.now_s


def test_a_current_that_has_not_fallen_for_48_hours_is_full_whatever_it_is() -> None:
    believer = Believer()
    believer.see_for(DAY_S, charge_a=0.3, **FLOAT)
    assert believer.see_for(2 * DAY_S + 4 * HOUR_S, charge_a=0.2, **FLOAT).fullness == Fullness.FULL


def test_a_current_that_still_falls_is_not_full() -> None:
    believer = Believer()
    for hour in range(100):
        believer.see_for(HOUR_S, charge_a=0.9 * 0.98**hour, **FLOAT)
    assert believer.told.fullness == Fullness.UNKNOWN


def test_without_the_label_only_the_fall_of_the_current_tells() -> None:
    believer = Believer(rules_for(0.0))
    assert believer.see_for(2 * DAY_S + 60.0, charge_a=-0.001, **FLOAT).fullness == Fullness.FULL
    assert believer.rules.full_below_a == 0.0


def test_a_full_battery_stays_full_at_rest_and_until_something_is_drawn() -> None:
    believer = Believer()
    full_s = believer.see_for(2 * DAY_S + 60.0, charge_a=0.01, **FLOAT).full_since_s
    told = believer.see_for(DAY_S, **REST)
    assert (told.fullness, told.full_since_s) == (Fullness.FULL, full_s)
    told = believer.see(**OUTAGE)
    assert told.fullness == Fullness.NOT_FULL
    assert math.isnan(told.full_since_s)
    assert told.last_full_s == full_s


def test_a_bulk_charge_says_not_full() -> None:
    assert Believer().see(**BULK).fullness == Fullness.NOT_FULL


def test_a_gap_begins_the_48_hours_anew_and_a_lost_reading_does_not() -> None:
    believer = Believer()
    believer.see_for(DAY_S, charge_a=0.01, **FLOAT)
    believer.see_for(240.0, charge_a=None, is_valid=False)
    assert believer.see_for(DAY_S, charge_a=0.01, **FLOAT).fullness == Fullness.FULL
    believer = Believer()
    believer.see_for(DAY_S, charge_a=0.01, **FLOAT)
    believer.see(HOUR_S, charge_a=0.01, **FLOAT)
    assert believer.see_for(DAY_S, charge_a=0.01, **FLOAT).fullness == Fullness.UNKNOWN


def test_a_rest_settles_after_four_hours() -> None:
    believer = Believer()
    assert believer.see(charge_a=0.01, **FLOAT).rest_v.why == UnknownWhy.NOT_AT_REST
    began_s = believer.see(60.0, **REST).rest_since_s
    assert began_s == believer.now_s
    assert believer.see_for(SETTLED_S - 60.0, **REST).rest_v.why == UnknownWhy.REST_TOO_SHORT
    told = believer.see(60.0, **REST)
    assert told.rest_since_s == began_s
    assert told.rest_v.value == pytest.approx(12.8)
    assert told.rest_v.low < 12.8 < told.rest_v.high


def test_a_charge_or_an_outage_ends_the_rest() -> None:
    for readings in (BULK, OUTAGE | {"r2": OPEN}):
        believer = Believer()
        believer.see_for(5 * HOUR_S, **REST)
        assert believer.see(**readings).rest_v.why == UnknownWhy.NOT_AT_REST


def test_a_gap_begins_the_rest_anew() -> None:
    believer = Believer()
    believer.see_for(5 * HOUR_S, **REST)
    believer.see(HOUR_S, **REST)
    assert believer.told.rest_since_s == believer.now_s
