"""One time step of the battery under a current, a load or a charger.

Current is positive on DISCHARGE here; the product's own sign (positive into the battery) begins in
``vigie.plant.installation``. Any step from 0.01 s to 600 s is stable; voltages hold at its end,
currents are its mean.
"""

from math import sqrt
from typing import NamedTuple

from vigie.battery.charge import Charger, ChargeStep, charge_point
from vigie.battery.parameters import Battery
from vigie.battery.side_reactions import self_discharge_a
from vigie.battery.thermal import temperature_after_c
from vigie.battery.voltage import (
    SURFACE_SHARE,
    charge_scale_ohm,
    discharge_ohm,
    emf_v,
    surface_keep_on_charge,
    surface_v_off_charge,
)
from vigie.battery.wells import Wells, WellStep, charge_when_full_ah, drawn, well_step

_NO_SET_POINT_V = 1e9


class BatteryState(NamedTuple):
    """Everything that moves within hours."""

    wells: Wells
    surface_v: float
    """Surface charge, 0 or above."""
    temperature_c: float


class BatteryStep(NamedTuple):
    """The battery after a step, and what happened in it."""

    state: BatteryState
    voltage_v: float
    """At the battery's terminals, end of the step; 0 when exhausted."""
    current_a: float
    """Mean, positive on discharge. Less than asked for when exhausted."""
    gassing_a: float
    """Part of the charging current that is not stored, 0 or above."""
    self_discharge_a: float
    heat_w: float
    is_limited: bool
    """The charger held its current limit (constant current), not its set-point."""
    is_exhausted: bool
    """The available well ran empty: the voltage collapsed and the current asked for was not given."""


def resting(soc: float, temperature_c: float) -> BatteryState:
    """Return a long-rested battery at ``soc`` 0..1.

    >>> resting(0.5, 20.0).wells.x1
    0.5
    """
    return BatteryState(Wells(soc, soc), 0.0, temperature_c)


def _at_rest(battery: Battery, state: BatteryState, dt_s: float) -> tuple[WellStep, float]:
    """Return the step's straight lines, and the self-discharge, which an empty well ends."""
    charge_ah = charge_when_full_ah(battery.parameters, battery.wear, state.temperature_c)
    lines = well_step(state.wells, battery.parameters, charge_ah, dt_s)
    wanted_a = self_discharge_a(battery.parameters, charge_ah, state.temperature_c)
    return lines, max(min(wanted_a, lines.x1_at_rest / lines.x1_per_a), 0.0)


def _drained(battery: Battery, state: BatteryState, current_a: float, ambient_c: float, dt_s: float) -> BatteryStep:
    """Rest or discharge: ``current_a`` >= 0."""
    lines, lost_a = _at_rest(battery, state, dt_s)
    most_a = max(lines.x1_at_rest / lines.x1_per_a - lost_a, 0.0)
    is_exhausted = current_a > most_a
    given_a = most_a if is_exhausted else current_a
    wells = drawn(lines, given_a + lost_a)
    wells = Wells(max(wells.x1, 0.0), max(wells.x2, 0.0))
    surface_v = surface_v_off_charge(state.surface_v, given_a, battery.parameters.c20_ah, dt_s)
    ohm = discharge_ohm(battery.parameters, battery.wear, state.temperature_c)
    voltage_v = 0.0 if is_exhausted else max(emf_v(battery.parameters, wells.x1) + surface_v - given_a * ohm, 0.0)
    heat_w = given_a * given_a * ohm
    temperature_c = temperature_after_c(battery.parameters, state.temperature_c, heat_w, ambient_c, dt_s)
    after = BatteryState(wells, surface_v, temperature_c)
    return BatteryStep(after, voltage_v, given_a, 0.0, lost_a, heat_w, False, is_exhausted)


def step_at_current(
    battery: Battery,
    state: BatteryState,
    current_a: float,
    ambient_c: float,
    dt_s: float,
) -> BatteryStep:
    """Advance by ``dt_s`` > 0 at a given current: positive discharges, 0 rests, negative charges.

    An empty available well gives no more than diffusion brings: the current falls short, the
    voltage collapses to 0 and ``is_exhausted`` says so.

    >>> from vigie.battery.parameters import NEW, Battery, agm
    >>> hour = step_at_current(Battery(agm(7.0), NEW), resting(1.0, 25.0), 0.7, 25.0, 3600.0)
    >>> round(hour.voltage_v, 2)
    12.64
    >>> over = step_at_current(Battery(agm(7.0), NEW), resting(0.02, 25.0), 7.0, 25.0, 600.0)
    >>> over.is_exhausted, over.voltage_v, round(over.current_a, 3)
    (True, 0.0, 0.375)
    """
    if current_a < 0.0:
        charger = Charger(_NO_SET_POINT_V, -current_a, 0.0)
        return step_on_charger(battery, state, charger, ambient_c, dt_s)
    return _drained(battery, state, current_a, ambient_c, dt_s)


def load_current_a(
    battery: Battery,
    state: BatteryState,
    load_a: float,
    load_w: float,
    line_ohm: float,
    drop_v: float = 0.0,
) -> float:
    """Return the discharge current of a load of ``load_a`` plus ``load_w`` behind ``line_ohm`` and ``drop_v``.

    The power is taken at the load. More power than the battery can give draws the current of the
    most power it can: half the voltage, where equipment drops out.

    >>> from vigie.battery.parameters import NEW, Battery, agm
    >>> round(load_current_a(Battery(agm(7.0), NEW), resting(1.0, 25.0), 0.0, 12.0, 0.0), 3)
    0.932
    """
    ohm = discharge_ohm(battery.parameters, battery.wear, state.temperature_c) + line_ohm
    open_v = emf_v(battery.parameters, state.wells.x1) + state.surface_v - load_a * ohm - drop_v
    if load_w <= 0.0 or open_v <= 0.0:
        return load_a
    root_v2 = open_v * open_v - 4.0 * load_w * ohm
    at_load_v = 0.5 * (open_v + sqrt(max(root_v2, 0.0)))
    return load_a + min(load_w / at_load_v, open_v / (2.0 * ohm))


def step_on_charger(
    battery: Battery,
    state: BatteryState,
    charger: Charger,
    ambient_c: float,
    dt_s: float,
) -> BatteryStep:
    """Advance by ``dt_s`` > 0 on a charger that holds its limit first, its set-point after.

    A battery above the set-point rests (0 A).

    >>> from vigie.battery.parameters import NEW, Battery, agm
    >>> start = step_on_charger(Battery(agm(7.0), NEW), resting(0.5, 25.0), Charger(13.6, 0.7, 0.0), 25.0, 1.0)
    >>> start.current_a, start.is_limited, round(start.voltage_v, 2)
    (-0.7, True, 12.28)
    """
    lines, lost_a = _at_rest(battery, state, dt_s)
    rested = drawn(lines, lost_a)
    keep = surface_keep_on_charge(dt_s)
    scale_ohm = charge_scale_ohm(battery.parameters, battery.wear)
    ohmic_ohm = battery.parameters.ohmic_ohm_ah / battery.parameters.c20_ah
    unknown = ChargeStep(
        max(rested.x1, 0.0),
        lines.x1_per_a,
        state.surface_v * keep,
        keep,
        scale_ohm,
        ohmic_ohm,
        state.temperature_c,
    )
    point = charge_point(battery.parameters, battery.wear, unknown, charger)
    if point.stored_a <= 0.0:
        return _drained(battery, state, 0.0, ambient_c, dt_s)
    wells = drawn(lines, lost_a - point.stored_a)
    over_v = point.voltage_v - emf_v(battery.parameters, wells.x1)
    surface_v = state.surface_v * keep + SURFACE_SHARE * over_v * (1.0 - keep)
    heat_w = point.stored_a * over_v + point.voltage_v * point.gassing_a
    temperature_c = temperature_after_c(battery.parameters, state.temperature_c, heat_w, ambient_c, dt_s)
    after = BatteryState(wells, surface_v, temperature_c)
    current_a = -(point.stored_a + point.gassing_a)
    return BatteryStep(after, point.voltage_v, current_a, point.gassing_a, lost_a, heat_w, point.is_limited, False)
