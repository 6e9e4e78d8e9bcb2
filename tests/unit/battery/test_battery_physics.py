"""What must hold for any battery, fitted or not."""

import math
import random
from collections.abc import Callable
from types import FunctionType

import numba
import pytest
from numba.extending import register_jitable

from vigie.battery import charge, side_reactions, step, thermal, voltage, wells
from vigie.battery.charge import Charger
from vigie.battery.parameters import NEW, SOURCES, Battery, BatteryParameters, BatteryWear, agm
from vigie.battery.runtime import runtime_s
from vigie.battery.step import BatteryState, BatteryStep, load_current_a, resting, step_at_current, step_on_charger
from vigie.battery.voltage import emf_v
from vigie.battery.wells import Wells, charge_when_full_ah, state_of_charge

SEVEN_AH = Battery(agm(7.0), NEW)
STEPS_S = (0.01, 1.0, 60.0, 600.0)


def soc(battery: Battery, state: BatteryState) -> float:
    return state_of_charge(state.wells, battery.parameters.available_share)


def test_every_parameter_names_its_source() -> None:
    assert set(SOURCES) == set(BatteryParameters._fields)


@pytest.mark.parametrize("c20_ah", [0.8, 7.0, 100.0, 200.0])
@pytest.mark.parametrize("dt_s", STEPS_S)
def test_any_step_length_is_stable_from_empty_to_float(c20_ah: float, dt_s: float) -> None:
    battery = Battery(agm(c20_ah), NEW)
    charger = Charger(14.4, 0.2 * c20_ah, 0.0)
    for start_soc in (0.0, 0.3, 0.97):
        state = resting(start_soc, 25.0)
        last_v = 0.0
        for _ in range(300):
            result = step_on_charger(battery, state, charger, 25.0, dt_s)
            assert result.voltage_v >= last_v - 1e-6, "the voltage on a charger only rises"
            assert 0.0 <= result.state.wells.x1 < 1.003
            assert -result.current_a <= charger.limit_a + 1e-9
            assert result.voltage_v <= charger.set_v + 1e-6
            state, last_v = result.state, result.voltage_v


def test_step_lengths_agree_on_a_day_of_use() -> None:
    def after(dt_s: float) -> tuple[float, float]:
        state = resting(1.0, 25.0)
        for _ in range(int(4 * 3600 / dt_s)):
            state = step_at_current(SEVEN_AH, state, 0.7, 25.0, dt_s).state
        for _ in range(int(20 * 3600 / dt_s)):
            state = step_on_charger(SEVEN_AH, state, Charger(13.6, 1.4, 0.15), 25.0, dt_s).state
        return soc(SEVEN_AH, state), emf_v(SEVEN_AH.parameters, state.wells.x1)

    fine, coarse = after(10.0), after(600.0)
    assert coarse[0] == pytest.approx(fine[0], abs=0.003)
    assert coarse[1] == pytest.approx(fine[1], abs=0.005)


@pytest.mark.parametrize("dt_s", STEPS_S)
def test_charge_balance_closes(dt_s: float) -> None:
    """V9: what went in is in the wells, gassed or self-discharged, within 0.1 % of what was moved."""
    state = resting(0.8, 25.0)
    charge_ah = charge_when_full_ah(SEVEN_AH.parameters, NEW, 25.0)
    kept_at_25_c = 25.0
    balance_ah = moved_ah = 0.0
    draw = random.Random(3)
    for _ in range(400):
        if draw.random() < 0.5:
            result = step_on_charger(SEVEN_AH, state, Charger(14.4, 1.4, 0.1), 25.0, dt_s)
        else:
            result = step_at_current(SEVEN_AH, state, draw.uniform(0.0, 2.0), 25.0, dt_s)
        hours = dt_s / 3600.0
        balance_ah += (-result.current_a - result.gassing_a - result.self_discharge_a) * hours
        moved_ah += abs(result.current_a) * hours
        state = result.state._replace(temperature_c=kept_at_25_c)
    stored_ah = (soc(SEVEN_AH, state) - 0.8) * charge_ah
    assert stored_ah == pytest.approx(balance_ah, abs=1e-3 * moved_ah)
    assert moved_ah > 0.001


def test_energy_balance_closes() -> None:
    """V9: electrical energy in is stored, levelled out between the wells, or heat."""
    parameters = SEVEN_AH.parameters
    share, dt_s = parameters.available_share, 1.0
    charge_ah = charge_when_full_ah(parameters, NEW, 25.0)

    def stored_wh(x: float) -> float:
        y = x + 1e-4
        linear = (parameters.emf_full_v - parameters.emf_slope_v) * x + parameters.emf_slope_v * x * x / 2
        return linear + parameters.emf_log_v * (y * math.log(y / 1.0001) - y)

    def whole_wh(state: BatteryState) -> float:
        one, two = state.wells
        return charge_ah * (share * stored_wh(one) + (1 - share) * stored_wh(two))

    def levelled_w(state: BatteryState) -> float:
        one, two = state.wells
        flow_a = charge_ah * parameters.diffusion_per_h * share * (1 - share) * (one - two)
        return flow_a * (emf_v(parameters, one) - emf_v(parameters, two))

    state = resting(0.9, 25.0)
    begin_wh, in_wh, out_wh, lost_wh = whole_wh(state), 0.0, 0.0, 0.0
    surface_wh = 0.0
    for second in range(8 * 3600):
        if second < 3600:
            result = step_at_current(SEVEN_AH, state, 1.4, 25.0, dt_s)
            out_wh += result.voltage_v * result.current_a / 3600.0
            surface_wh += state.surface_v * result.current_a / 3600.0
        else:
            result = step_on_charger(SEVEN_AH, state, Charger(14.1, 1.0, 0.0), 25.0, dt_s)
            in_wh -= result.voltage_v * result.current_a / 3600.0
        lost_wh += (result.heat_w + levelled_w(state)) / 3600.0
        lost_wh += result.self_discharge_a * emf_v(parameters, state.wells.x1) / 3600.0
        state = result.state._replace(temperature_c=25.0)
    gained_wh = whole_wh(state) - begin_wh
    assert surface_wh == 0.0
    assert in_wh - out_wh - lost_wh == pytest.approx(gained_wh, abs=1e-3 * (in_wh + out_wh))


def test_an_exhausted_battery_gives_what_it_has_and_says_so() -> None:
    result = step_at_current(SEVEN_AH, resting(0.02, 25.0), 7.0, 25.0, 600.0)
    assert result.is_exhausted
    assert result.voltage_v == 0.0
    assert 0.0 < result.current_a < 7.0
    assert result.state.wells.x1 == pytest.approx(0.0, abs=1e-12)
    again = step_at_current(SEVEN_AH, result.state, 0.0, 25.0, 3600.0)
    assert again.voltage_v > 10.5, "the bound well brings the voltage back at rest"


def test_voltage_falls_with_current_temperature_and_discharge() -> None:
    volts = [step_at_current(SEVEN_AH, resting(0.8, 25.0), a, 25.0, 1.0).voltage_v for a in (0.0, 0.7, 1.4)]
    assert volts == sorted(volts, reverse=True)
    cold = step_at_current(SEVEN_AH, resting(0.8, 0.0), 0.7, 0.0, 1.0).voltage_v
    assert cold < volts[1]


def test_a_battery_above_the_set_point_rests() -> None:
    result = step_on_charger(SEVEN_AH, resting(1.0, 25.0), Charger(12.5, 1.0, 0.0), 25.0, 1.0)
    assert result.current_a == 0.0
    assert result.voltage_v == pytest.approx(12.95, abs=1e-3)


def test_line_resistance_is_between_charger_and_battery() -> None:
    result = step_on_charger(SEVEN_AH, resting(0.9, 25.0), Charger(13.6, 5.0, 0.5), 25.0, 1.0)
    assert result.voltage_v - result.current_a * 0.5 == pytest.approx(13.6, abs=1e-6)


def test_a_constant_power_is_taken_at_the_load() -> None:
    current_a = load_current_a(SEVEN_AH, resting(0.9, 25.0), 0.1, 12.0, 0.2)
    result = step_at_current(SEVEN_AH, resting(0.9, 25.0), current_a, 25.0, 0.01)
    at_load_v = result.voltage_v - 0.2 * current_a
    assert (current_a - 0.1) * at_load_v == pytest.approx(12.0, rel=1e-3)


def test_more_power_than_there_is_pulls_the_voltage_to_half() -> None:
    current_a = load_current_a(SEVEN_AH, resting(0.9, 25.0), 0.0, 5000.0, 0.0)
    assert step_at_current(SEVEN_AH, resting(0.9, 25.0), current_a, 25.0, 0.01).voltage_v < 6.5


def test_surface_charge_fades_at_rest_and_under_load() -> None:
    state = resting(0.9, 25.0)
    for _ in range(60):
        state = step_on_charger(SEVEN_AH, state, Charger(13.6, 1.4, 0.0), 25.0, 60.0).state
    assert 0.05 < state.surface_v < 0.3
    rested = step_at_current(SEVEN_AH, state, 0.0, 25.0, 600.0).state.surface_v
    loaded = step_at_current(SEVEN_AH, state, 0.7, 25.0, 600.0).state.surface_v
    assert loaded < rested < state.surface_v


def test_wear_takes_capacity_and_adds_resistance() -> None:
    worn = Battery(agm(7.0), BatteryWear(1.0, 0.1, 0.02, 0.05))
    assert charge_when_full_ah(worn.parameters, worn.wear, 25.0) == pytest.approx(7.49 * 0.62)
    assert runtime_s(worn, resting(1.0, 25.0), 0.7, 10.8) < 0.65 * runtime_s(SEVEN_AH, resting(1.0, 25.0), 0.7, 10.8)


def test_closed_form_runtime_is_what_the_steps_do() -> None:
    state, seconds = resting(0.95, 25.0), 0.0
    expected_s = runtime_s(SEVEN_AH, state, 1.0, 11.0)
    while True:
        result = step_at_current(SEVEN_AH, state, 1.0, 25.0, 10.0)
        if result.voltage_v < 11.0:
            break
        state = result.state._replace(temperature_c=25.0)
        seconds += 10.0
    assert seconds == pytest.approx(expected_s, rel=0.005)


def test_thermal_runaway_emerges_by_itself_when_cooling_is_too_weak() -> None:
    hot_box = Battery(agm(7.0)._replace(thermal_resistance_k_per_w=60.0), BatteryWear(0.0, 0.0, 1.0, 0.0))
    good_box = Battery(agm(7.0), NEW)

    def settled_c(battery: Battery) -> float:
        state = resting(1.0, 45.0)
        for _ in range(24 * 60):
            state = step_on_charger(battery, state, Charger(14.7, 1.4, 0.0), 45.0, 600.0).state
        return state.temperature_c

    assert settled_c(good_box) < 50.0
    assert settled_c(hot_box) > 70.0


@pytest.fixture(scope="module")
def compiled_steps() -> tuple[Callable[..., BatteryStep], Callable[..., BatteryStep]]:
    for module in (wells, voltage, side_reactions, thermal, charge, step):
        for function in vars(module).values():
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                register_jitable(function)

    @numba.njit
    def on_charger(
        battery: Battery, state: BatteryState, charger: Charger, ambient_c: float, dt_s: float
    ) -> BatteryStep:
        return step.step_on_charger(battery, state, charger, ambient_c, dt_s)

    @numba.njit
    def at_load(
        battery: Battery, state: BatteryState, load_a: float, load_w: float, ambient_c: float, dt_s: float
    ) -> BatteryStep:
        current_a = step.load_current_a(battery, state, load_a, load_w, 0.2)
        return step.step_at_current(battery, state, current_a, ambient_c, dt_s)

    return on_charger, at_load


@pytest.mark.slow
def test_compiled_steps_are_the_plain_ones_bit_for_bit(
    compiled_steps: tuple[Callable[..., BatteryStep], Callable[..., BatteryStep]],
) -> None:
    on_charger, at_load = compiled_steps
    draw = random.Random(11)
    battery = Battery(agm(7.0), BatteryWear(0.1, 0.02, 0.01, 0.03))
    state = BatteryState(Wells(0.7, 0.75), 0.05, 28.0)
    for _ in range(400):
        dt_s, ambient_c = draw.choice(STEPS_S), draw.uniform(-10.0, 45.0)
        if draw.random() < 0.6:
            charger = Charger(draw.uniform(12.0, 14.8), draw.uniform(0.1, 3.0), draw.uniform(0.0, 0.3))
            plain = step.step_on_charger(battery, state, charger, ambient_c, dt_s)
            compiled = on_charger(battery, state, charger, ambient_c, dt_s)
        else:
            load_a, load_w = draw.uniform(0.0, 1.5), draw.uniform(0.0, 10.0)
            current_a = step.load_current_a(battery, state, load_a, load_w, 0.2)
            plain = step.step_at_current(battery, state, current_a, ambient_c, dt_s)
            compiled = at_load(battery, state, load_a, load_w, ambient_c, dt_s)
        assert compiled == plain
        state = plain.state


def test_charger_equation_is_met_from_any_state() -> None:
    draw = random.Random(1)
    charged = 0
    for _ in range(5000):
        c20_ah = draw.choice([0.8, 7.0, 100.0, 200.0])
        x1 = draw.choice([draw.uniform(0.0, 1.0029), 1.0029, 1e-6, 0.0])
        state = BatteryState(Wells(x1, draw.uniform(0.0, 1.0029)), draw.uniform(0.0, 0.5), draw.uniform(-20.0, 60.0))
        limit_a = c20_ah * draw.choice([1e-4, 0.01, 0.2, 1.0, 5.0])
        charger = Charger(draw.choice([draw.uniform(11.0, 16.0), 1e9]), limit_a, draw.choice([0.0, 0.1, 0.5]))
        result = step_on_charger(Battery(agm(c20_ah), NEW), state, charger, 25.0, draw.choice(STEPS_S))
        if result.current_a < 0.0:
            charged += 1
            over_v = result.voltage_v - charger.line_ohm * result.current_a - charger.set_v
            assert max(over_v, -result.current_a - limit_a) == pytest.approx(0.0, abs=1e-6)
    assert charged > 2000
