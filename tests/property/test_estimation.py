"""What holds of every estimate: no charge comes from nowhere, bands hold their values, and machine code agrees."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.test_compiled_agrees import bits
from tests.unit.control.estimation.batteries import END_V, rules_for
from tests.unit.control.process_images import CLOSED, OPEN, mean, measured
from vigie.battery.parameters import agm
from vigie.battery.runtime import believed_runtime_s
from vigie.control.estimation.estimate import BatteryEstimate, EstimationState, estimate, initial_estimation
from vigie.control.estimation.estimated import Estimated, UnknownWhy
from vigie.control.signals import Measurement
from vigie.simulation.compiled import compiled

RULES = rules_for()


class Passage(NamedTuple):
    """A stretch of like periods."""

    periods: int
    elapsed_s: float
    kind: str
    current_a: float
    volts: float
    celsius: float | None


PASSAGES = st.lists(
    st.builds(
        Passage,
        st.integers(1, 12),
        st.sampled_from([0.0, 0.5, 1.0, 1.0, 10.0, 60.0, 119.0, 400.0, 20_000.0, -5.0]),
        st.sampled_from(["outage", "outage", "charge", "float", "rest", "drill", "lost", "dead"]),
        st.floats(0.0, 3.0),
        st.floats(9.0, 13.6),
        st.sampled_from([25.0, 5.0, 42.0, None]),
    ),
    min_size=1,
    max_size=12,
)


def image(passage: Passage, now_s: float) -> Measurement:
    """Return what the meters show in a period of a passage."""
    amps, volts = passage.current_a, passage.volts
    readings: dict[str, Any] = {
        "outage": {"battery_v": volts, "charge_v": volts, "charge_a": -amps, "load_v": volts - 0.1},
        "drill": {"battery_v": volts, "charge_v": volts, "charge_a": -amps, "load_v": volts - 0.1, "r1": OPEN},
        "charge": {"battery_v": volts, "charge_v": volts, "charge_a": amps},
        "float": {"battery_v": 13.6, "charge_v": 13.6, "charge_a": 0.01},
        "rest": {"battery_v": volts, "charge_v": volts, "charge_a": 0.0, "r2": OPEN},
        "lost": {"charge_a": None, "load_v": None, "is_valid": False},
        "dead": {"battery_v": volts, "charge_v": volts, "charge_a": 0.0, "load_v": 0.0},
    }[passage.kind]
    seen = measured(now_s, celsius=passage.celsius, **({"r1": CLOSED, "r2": CLOSED} | readings))
    return seen._replace(load=mean(seen.load.bus_v, amps)) if seen.load.is_valid else seen


def images(passages: list[Passage]) -> list[Measurement]:
    now_s, seen = 0.0, []
    for passage in passages:
        for _ in range(passage.periods):
            now_s += passage.elapsed_s
            seen.append(image(passage, now_s))
    return seen


def lived(
    start: Callable[..., Any], follow: Callable[..., Any], seen: list[Measurement]
) -> list[tuple[EstimationState, BatteryEstimate]]:
    state = start(0.0)
    outcomes = []
    for one in seen:
        state, told = follow(state, one, RULES)
        outcomes.append((state, told))
    return outcomes


def estimates_of(told: BatteryEstimate) -> list[Estimated]:
    return [value for value in told if isinstance(value, Estimated)]


@given(PASSAGES)
def test_every_band_holds_its_value_and_what_is_unknown_says_why(passages: list[Passage]) -> None:
    for _, told in lived(initial_estimation, estimate, images(passages)):
        assert len(estimates_of(told)) == 8
        for value in estimates_of(told):
            if value.why == UnknownWhy.NONE:
                assert value.low <= value.value <= value.high
                assert value.high < math.inf
            else:
                assert all(math.isnan(number) for number in value[:3])


@given(PASSAGES)
def test_no_charge_is_created(passages: list[Passage]) -> None:
    """What was drawn and returned is never more than current times time; a charge full is the most there is."""
    moved_ah, most_ah = 0.0, 0.0
    last_s = 0.0
    state = initial_estimation(0.0)
    for one in images(passages):
        elapsed_s, last_s = max(one.now_s - last_s, 0.0), one.now_s
        amps = max(
            abs(one.charge.current_a) if one.charge.is_valid else 0.0, one.load.current_a if one.load.is_valid else 0.0
        )
        most_ah += amps * elapsed_s / 3600.0
        state, told = estimate(state, one, RULES)
        moved_ah = state.drawn.out_ah + state.drawn.back_ah
        assert moved_ah <= most_ah + 1e-9
        assert not told.soc.value > 1.0
        assert not told.soc.value < 0.0


@given(PASSAGES)
def test_what_passed_the_state_is_all_that_counts(passages: list[Passage]) -> None:
    """Stopping after any period and going on from its state is the same as never stopping."""
    seen = images(passages)
    whole = lived(initial_estimation, estimate, seen)
    middle = len(seen) // 2
    state = whole[middle][0]
    for number in range(middle + 1, len(seen)):
        state, told = estimate(EstimationState(*state), seen[number], RULES)
        assert bits((state, told)) == bits(whole[number])


@settings(max_examples=60)
@given(st.floats(0.02, 1.0), st.floats(-4.0, 0.5), st.floats(0.3, 1.2), st.floats(0.02, 3.0), st.floats(-15.0, 45.0))
def test_the_time_left_falls_with_the_load_and_rises_with_charge_and_capacity(
    x1: float, difference_ah: float, share: float, current_a: float, celsius: float
) -> None:
    block = agm(7.0)

    def left_s(x1: float, share: float, current_a: float) -> float:
        return believed_runtime_s(block, x1, difference_ah, share, current_a, END_V, celsius)

    middle_s = left_s(x1, share, current_a)
    slack_s = 1e-6 * middle_s + 1e-6
    assert 0.0 <= middle_s < math.inf
    assert left_s(x1, share, 1.1 * current_a) <= middle_s + slack_s
    assert left_s(min(1.05 * x1, 1.0), share, current_a) >= middle_s - slack_s
    assert left_s(x1, 1.05 * share, current_a) >= middle_s - slack_s


@pytest.mark.long
@settings(max_examples=60)
@given(PASSAGES)
def test_compiled_and_plain_estimates_agree_bit_for_bit(passages: list[Passage]) -> None:
    seen = images(passages)
    plain = lived(initial_estimation, estimate, seen)
    machine = lived(compiled(initial_estimation), compiled(estimate), seen)
    for period, (one, other) in enumerate(zip(plain, machine, strict=True)):
        assert bits(one) == bits(other), f"period {period}"
