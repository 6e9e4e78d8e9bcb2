import math

import pytest

from tests.unit.control.estimation.batteries import Believer, rules_for
from vigie.control.estimation.estimated import UnknownWhy
from vigie.control.estimation.resistance import PER_K, ResistanceState, followed_steps, no_resistance, resistance_ohm

LOW = {"battery_v": 12.40, "charge_v": 12.40, "charge_a": -0.5, "load_v": 12.3}
HIGH = {"battery_v": 12.30, "charge_v": 12.30, "charge_a": -1.5, "load_v": 12.2}
"""0.1 V at 1 A more: 0.1 ohm."""


def stepped(state: ResistanceState, *, ohm: float = 0.1, celsius: float = 25.0, is_fit: bool = True) -> ResistanceState:
    """Let a load of 1 A come and go."""
    for current_a in (0.0, 0.0, 0.0, -0.4, -1.0, -1.0, 0.0, 0.0):
        volts = 12.5 + ohm * current_a
        state = followed_steps(state, current_a, volts, celsius, 1.0, is_fit)
    return state


def test_a_step_of_the_load_shows_a_tenth_of_an_ohm() -> None:
    assert resistance_ohm(stepped(no_resistance())).value == pytest.approx(0.1)


def test_the_period_of_the_step_itself_is_left_out() -> None:
    assert stepped(no_resistance()).newest_ohm[0] == pytest.approx(0.1)


def test_it_is_told_at_25_degrees() -> None:
    assert resistance_ohm(stepped(no_resistance(), celsius=5.0)).value == pytest.approx(0.1 / (1 + 20 * PER_K))
    assert resistance_ohm(stepped(no_resistance(), celsius=math.nan)).value == pytest.approx(0.1)


def test_the_median_of_the_newest_five_counts_and_their_spread() -> None:
    state = no_resistance()
    for ohm in (0.9, 0.10, 0.12, 0.50, 0.11, 0.10):
        state = stepped(state, ohm=ohm)
    told = resistance_ohm(state)
    assert told.value == pytest.approx(0.11)
    assert told.high - told.low == pytest.approx(0.4)


@pytest.mark.parametrize("changes", [{"is_fit": False}, {"ohm": -0.1}, {"ohm": 0.0}, {"ohm": 9.0}])
def test_what_cannot_show_it_is_left_out(changes: dict[str, float]) -> None:
    assert resistance_ohm(stepped(no_resistance(), **changes)).why == UnknownWhy.NO_STEP_YET  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("current_a", "volts", "elapsed_s"), [(math.nan, 12.0, 1.0), (0.0, math.nan, 1.0), (0, 12, 60)]
)
def test_a_lost_reading_or_a_slow_period_begins_anew(current_a: float, volts: float, elapsed_s: float) -> None:
    state = no_resistance()
    for _ in range(3):
        state = followed_steps(state, 0.0, 12.5, 25.0, 1.0, True)
    state = followed_steps(state, current_a, volts, 25.0, elapsed_s, True)
    assert state.before_n == 0


def test_right_after_a_float_no_step_counts_and_deep_in_a_discharge_it_does() -> None:
    believer = Believer(rules_for(1.0))
    for _ in range(5):
        believer.see(battery_v=13.6, charge_v=13.6, charge_a=0.01)
    for _ in range(5):
        believer.see(load_a=0.5, **LOW)
    for _ in range(5):
        believer.see(load_a=1.5, **HIGH)
    assert believer.told.resistance_ohm.why == UnknownWhy.NO_STEP_YET
    for _ in range(400):
        believer.see(load_a=0.5, **LOW)
    for _ in range(15):
        believer.see(load_a=1.5, **HIGH)
    assert believer.told.resistance_ohm.value == pytest.approx(0.1)
