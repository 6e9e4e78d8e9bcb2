"""The twin against batteries that exist: data sheets, a logged battery, makers' curves (docs/twin.md)."""

import csv
import os
import statistics
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from math import exp, log, sqrt
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.battery.least_squares import fitted
from vigie.battery.catalogue import BBOXX_17AH, DATA_SHEETS
from vigie.battery.charge import Charger
from vigie.battery.parameters import NEW, Battery, BatteryParameters, agm
from vigie.battery.runtime import filling_after, runtime_s
from vigie.battery.step import resting, step_at_current, step_on_charger
from vigie.battery.voltage import discharge_ohm, emf_v
from vigie.battery.wells import charge_when_full_ah, state_of_charge

DATA = Path(os.environ.get("VIGIE_DATA_SETS", Path(__file__).parents[4] / "shared" / "data"))
SHEETS = DATA / "datasheets" / "agm_constant_current.csv"
BBOXX = next(iter(sorted((DATA / "bboxx").glob("*.csv"))), DATA / "bboxx" / "none.csv")
needs_sheets = pytest.mark.skipif(not SHEETS.exists(), reason=f"no data sheets at {SHEETS}; set VIGIE_DATA_SETS")
needs_bboxx = pytest.mark.skipif(not BBOXX.exists(), reason=f"no log under {DATA}/bboxx; set VIGIE_DATA_SETS")

USL12_7_2 = {5: 22.8, 10: 15.8, 15: 12.7, 30: 7.32, 60: 4.25, 120: 2.47, 180: 1.82, 300: 1.26, 600: 0.717}
"""Minutes and amperes to 1.75 V a cell, 20 degC (Ultracell USL12-7.2 data sheet); 20 h at 0.386 A apart."""


class Discharge(NamedTuple):
    end_v: float
    time_s: float
    current_a: float


def sheets() -> dict[tuple[str, float], list[Discharge]]:
    by_model = defaultdict(list)
    with SHEETS.open(newline="") as file:
        for row in csv.DictReader(file):
            point = Discharge(
                6 * float(row["end_voltage_v_per_cell"]), 60 * float(row["minutes"]), float(row["current_a"])
            )
            by_model[row["battery"], float(row["c20_ah"])].append(point)
    return by_model


def time_errors(parameters: BatteryParameters, points: list[Discharge]) -> list[float]:
    """Logarithms of predicted over listed time; the sheet's own temperature is the reference."""
    battery = Battery(parameters, NEW)
    full = resting(1.0, 25.0)
    return [log(max(runtime_s(battery, full, p.current_a, p.end_v), 1.0) / p.time_s) for p in points]


def rms(values: list[float]) -> float:
    return sqrt(statistics.fmean(v * v for v in values))


@needs_sheets
def test_v1_prior_alone_predicts_nine_data_sheets() -> None:
    errors = {model: rms(time_errors(agm(c20_ah), points)) for (model, c20_ah), points in sheets().items()}
    assert len(errors) == 9
    assert max(errors.values()) <= 0.25
    assert statistics.median(errors.values()) <= 0.10


@needs_sheets
def test_v1_fitted_parameters_hold_each_data_sheet() -> None:
    for (model, _), points in sheets().items():
        assert rms(time_errors(DATA_SHEETS[model], points)) <= 0.07, model


@needs_sheets
@pytest.mark.slow
def test_v1_catalogue_is_what_the_fit_gives() -> None:
    for (model, c20_ah), points in sheets().items():

        def residuals(x: Sequence[float], c20_ah: float = c20_ah, points: list[Discharge] = points) -> list[float]:
            q, c, k, r = (exp(v) for v in x)
            parameters = agm(c20_ah)._replace(
                capacity_ratio=q, available_share=c, diffusion_per_h=k, resistance_ohm_ah=r
            )
            return time_errors(parameters, points)

        _, best = fitted(residuals, [log(v) for v in (1.07, 0.39, 1.4, 0.6)])
        assert rms(time_errors(DATA_SHEETS[model], points)) == pytest.approx(best, abs=5e-4), model


def test_v2_fitted_usl12_7_2_holds_every_time() -> None:
    points = [Discharge(10.5, 60.0 * minutes, a) for minutes, a in USL12_7_2.items()]
    points.append(Discharge(10.5, 20 * 3600.0, 0.386))
    errors = [exp(e) - 1 for e in time_errors(DATA_SHEETS["USL12-7.2"], points)]
    assert abs(errors[0]) <= 0.15
    assert max(abs(e) for e in errors[1:]) <= 0.10


def test_v2_prior_alone_holds_from_ten_minutes_to_two_hours_and_beyond_five() -> None:
    """The prior misses 5 min (27 % short) and 3 h (11 % long): see docs/twin.md."""
    held = [m for m in USL12_7_2 if m not in (5, 180)]
    points = [Discharge(10.5, 60.0 * m, USL12_7_2[m]) for m in held] + [Discharge(10.5, 20 * 3600.0, 0.386)]
    assert max(abs(exp(e) - 1) for e in time_errors(agm(7.56), points)) <= 0.10


class Run(NamedTuple):
    current_a: float
    points: list[tuple[float, float]]
    to_10_8_v_s: float
    rest_v: float | None


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    """The seven discharges to 10.8 V in the BBOXX log, and the voltage two hours after each."""
    rows = []
    with BBOXX.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["voltage"]:
                moment = datetime.fromisoformat(row["time"] + "+00:00").timestamp()
                rows.append((moment, float(row["voltage"]), float(row["current"])))
    rows.sort()
    found: list[list[tuple[float, float, float]]] = []
    for row in rows:
        if row[2] > 0.4:
            if not found or row[0] - found[-1][-1][0] > 900:
                found.append([])
            found[-1].append(row)
    result = []
    for run in found:
        begin_s, end_s = run[0][0], run[-1][0]
        if run[-1][1] > 10.85 or end_s - begin_s < 4 * 3600:
            continue
        current_a = statistics.median(a for _, _, a in run)
        points = [(t - begin_s, v) for t, v, a in run if abs(a - current_a) < 0.05 * current_a][3:]
        to_end_s = next(t for t, v in points if v <= 10.8 and t > 7200)
        rest = [v for t, v, a in rows if abs(t - end_s - 7200) < 700 and abs(a) < 0.1]
        result.append(Run(current_a, points, to_end_s, rest[-1] if rest else None))
    return result


def modelled_v(battery: Battery, soc: float, current_a: float, time_s: float) -> float:
    x1 = max(filling_after(battery, resting(soc, 25.0), current_a, time_s), 0.0)
    return emf_v(battery.parameters, x1) - current_a * discharge_ohm(battery.parameters, battery.wear, 25.0)


def start_soc(battery: Battery, run: Run) -> float:
    """The start state of charge that hits the logged time to 10.8 V best beside the voltages."""

    def residuals(x: Sequence[float]) -> list[float]:
        volts = [modelled_v(battery, x[0], run.current_a, t) - v for t, v in run.points[::15] if v >= 10.8]
        seconds = runtime_s(battery, resting(x[0], 25.0), run.current_a, 10.8)
        return [*volts, 25 * log(max(seconds, 1.0) / run.to_10_8_v_s)]

    return fitted(residuals, [0.95])[0][0]


def judged(battery: Battery, runs: list[Run]) -> tuple[float, list[float], list[float]]:
    """Return voltage rms, time errors and errors of the voltage after two hours of rest."""
    volts, times, rests = [], [], []
    for run in runs:
        soc = start_soc(battery, run)
        volts += [modelled_v(battery, soc, run.current_a, t) - v for t, v in run.points if v >= 10.8]
        times.append(runtime_s(battery, resting(soc, 25.0), run.current_a, 10.8) / run.to_10_8_v_s - 1)
        if run.rest_v is not None:
            state = resting(soc, 25.0)
            for _ in range(int(run.points[-1][0] / 60)):
                state = step_at_current(battery, state, run.current_a, 25.0, 60.0).state
            for _ in range(120):
                rested = step_at_current(battery, state, 0.0, 25.0, 60.0)
                state = rested.state
            rests.append(rested.voltage_v - run.rest_v)
    return rms(volts), times, rests


@needs_bboxx
def test_v3_fitted_battery_follows_the_logged_discharges(runs: list[Run]) -> None:
    volts, times, rests = judged(Battery(BBOXX_17AH, NEW), runs)
    assert len(runs) == 7
    assert len(rests) == 6
    assert volts <= 0.045, "the bar of a fitted electromotive force, held with the fixed one"
    assert max(map(abs, times)) <= 0.02
    assert max(map(abs, rests)) <= 0.060


def test_v3b_taper_at_14_4_v_follows_the_log() -> None:
    """Charging line of 0.5 ohm, fitted to this taper; the current before it was limited to 2 A here."""
    battery = Battery(BBOXX_17AH, NEW)
    logged = {0.25: 1.77, 0.5: 1.69, 1.0: 1.33, 1.5: 1.05, 2.0: 0.79, 3.0: 0.55, 4.0: 0.40}
    state, seconds, taper_from_s = resting(0.1, 25.0), 0.0, None
    taken = {}
    while len(taken) < len(logged):
        result = step_on_charger(battery, state, Charger(14.4, 2.0, 0.5), 25.0, 30.0)
        state, seconds = result.state, seconds + 30.0
        if taper_from_s is None and not result.is_limited:
            taper_from_s = seconds
        if taper_from_s is not None and (seconds - taper_from_s) / 3600.0 in logged:
            taken[(seconds - taper_from_s) / 3600.0] = -result.current_a
    for hours, current_a in logged.items():
        assert taken[hours] == pytest.approx(current_a, abs=0.25)


def after_storage(temperature_c: float, months: int) -> float:
    battery = Battery(agm(7.0), NEW)
    state = resting(1.0, temperature_c)
    for _ in range(int(months * 730.5)):
        state = step_at_current(battery, state, 0.0, temperature_c, 3600.0).state
    return state_of_charge(state.wells, battery.parameters.available_share)


def test_v7_storage_follows_the_makers_curve_and_doubles_per_ten_degrees() -> None:
    for months, left in ((3, 0.91), (6, 0.82), (12, 0.64)):
        assert after_storage(25.0, months) == pytest.approx(left, abs=0.04)
    lost = [1 - after_storage(t, 3) for t in (15.0, 25.0, 35.0)]
    assert lost[1] / lost[0] == pytest.approx(2.0, abs=0.05)
    assert lost[2] / lost[1] == pytest.approx(2.0, abs=0.05)


def float_current_a(set_v: float, temperature_c: float) -> float:
    battery = Battery(agm(100.0), NEW)
    state = resting(1.0, temperature_c)
    for _ in range(10 * 144):
        result = step_on_charger(battery, state, Charger(set_v, 20.0, 0.0), temperature_c, 600.0)
        state = result.state._replace(temperature_c=temperature_c)
    return -result.current_a


def test_v8_settled_float_current_and_its_slopes() -> None:
    at_25_c = float_current_a(13.65, 25.0)
    assert 0.1e-3 <= at_25_c / 100.0 <= 0.4e-3
    assert float_current_a(13.65, 35.0) / at_25_c == pytest.approx(1.8, abs=0.2)
    assert float_current_a(13.95, 25.0) / at_25_c == pytest.approx(1.7, abs=0.2)


@pytest.mark.parametrize("c20_ah", [7.0, 100.0])
def test_v11_peukert_exponent(c20_ah: float) -> None:
    """Least squares of ln(time) on ln(current) between 15 minutes and 20 hours, 1.75 V a cell."""
    battery = Battery(agm(c20_ah), NEW)
    currents = [c20_ah * share for share in (0.05, 0.1, 0.17, 0.25, 0.6, 1.0, 1.6)]
    x = [log(a) for a in currents]
    y = [log(runtime_s(battery, resting(1.0, 25.0), a, 10.5)) for a in currents]
    exponent = -statistics.linear_regression(x, y).slope
    assert 1.25 <= exponent <= 1.45


def test_expected_charge_of_the_clients_battery_up_to_the_knee() -> None:
    """Flat until about 3.5 h, 70 % returned there, 110 % by 22 h. The tail is lower than charted: docs/twin.md."""
    battery = Battery(agm(7.0), NEW)
    state, returned_ah, flat_until_h = resting(0.0, 25.0), 0.0, 0.0
    at: dict[float, tuple[float, float, float]] = {}
    for n in range(1, 22 * 360 + 1):
        result = step_on_charger(battery, state, Charger(14.4, 1.4, 0.0), 25.0, 10.0)
        state = result.state._replace(temperature_c=25.0)
        returned_ah -= result.current_a * 10.0 / 3600.0
        if result.is_limited:
            flat_until_h = n / 360
        at[n / 360] = (-result.current_a / 7.0, result.voltage_v, returned_ah / 7.0)
    assert flat_until_h == pytest.approx(3.5, abs=0.4)
    assert at[3.5][2] == pytest.approx(0.70, abs=0.01)
    assert at[4.5][0] == pytest.approx(0.13, abs=0.03)
    assert at[6.0][0] == pytest.approx(0.08, abs=0.03)
    assert at[8.0][0] == pytest.approx(0.05, abs=0.03)
    assert at[9.0][2] == pytest.approx(1.00, abs=0.06)
    assert at[22.0][2] == pytest.approx(1.10, abs=0.02)
    full_ah = charge_when_full_ah(battery.parameters, NEW, 25.0)
    assert state_of_charge(state.wells, 0.39) * full_ah / 7.0 == pytest.approx(1.07, abs=0.01)
