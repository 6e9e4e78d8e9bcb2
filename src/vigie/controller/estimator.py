"""The estimation from period to period, and what a restart takes up of it from the journal."""

import math

from vigie.control.estimation.belief import (
    CHARGED_ERROR,
    COUNTED_ERROR,
    LABEL_SHARE,
    MOST_ERROR,
    UNSEEN_PER_H,
    full_ah,
)
from vigie.control.estimation.charge import ChargeState, resumed_charge
from vigie.control.estimation.drawn import DrawnState, no_discharge, resumed_discharge
from vigie.control.estimation.estimate import BatteryEstimate, estimate, resumed_estimation
from vigie.control.estimation.settings import EstimationRules
from vigie.control.outages import OutageKind
from vigie.control.signals import Measurement
from vigie.controller.period import BEGAN, CHARGED, Past
from vigie.telemetry.alarm_book import Instant
from vigie.telemetry.records import Event
from vigie.units import SECONDS_PER_HOUR

SAME_MS = 60_000
"""A charge that ended within this of an outage's beginning was ended by it."""


class Estimator:
    """Keeps what is believed of the battery. One thread, the loop's, calls it."""

    def __init__(self, rules: EstimationRules, past: Past, at: Instant, emptied_v: float = math.nan) -> None:
        """Go on where the journal left off.

        Args:
            rules: checked.
            past: what the journal knows of the time before.
            at: the start, on both axes.
            emptied_v: lowest voltage of a battery that was emptied and not charged since; NaN when it was not.
        """
        self._rules = rules
        charged_s = at.now_s
        if past.charge is not None and past.charge.after != CHARGED:
            charged_s = min(at.monotonic_s(past.charge.utc_ms), at.now_s)
        soc, soc_error = _resumed_soc(past, at, rules)
        charge = resumed_charge(at.now_s, charged_s, emptied_v)
        self._state = resumed_estimation(at.now_s, charge, _resumed_discharge(past.outage, at), soc, soc_error)

    @property
    def charge(self) -> ChargeState:
        """The charge as followed through the last period."""
        return self._state.charge

    def period(self, measurement: Measurement) -> BatteryEstimate:
        """Take a period in; return what is believed after it."""
        self._state, told = estimate(self._state, measurement, self._rules)
        return told


def _resumed_discharge(event: Event | None, at: Instant) -> DrawnState:
    """Return the last outage or drill on record; an open one may have gone on since it was written down."""
    if event is None or event.subject.upper() not in (OutageKind.OUTAGE.name, OutageKind.DRILL.name):
        return no_discharge()
    is_open = event.after == BEGAN
    names = ("began_utc_ms", "ended_utc_ms", "charge_out_ah", "energy_out_wh")
    numbers = [_number(event, name, event.utc_ms if name.endswith("_ms") else 0.0) for name in names]
    if not all(math.isfinite(number) and number >= 0.0 for number in numbers):
        return no_discharge()
    began_s, ended_s = at.monotonic_s(numbers[0]), math.nan if is_open else at.monotonic_s(numbers[1])
    missed_s = max(at.now_s - at.monotonic_s(event.utc_ms), 0.0) if is_open else 0.0
    return resumed_discharge(began_s, ended_s, numbers[2], numbers[3], missed_s)


def _resumed_soc(past: Past, at: Instant, rules: EstimationRules) -> tuple[float, float]:
    """Return the state of charge the records prove, and its error; NaN where they prove none."""
    unseen_h = max(at.utc_ms / 1_000 - past.seen_utc_s, 0.0) / SECONDS_PER_HOUR
    charge, outage = past.charge, past.outage
    soc, error = math.nan, UNSEEN_PER_H * unseen_h
    if charge is None or rules.block.c20_ah <= 0.0:
        return soc, error
    if charge.after == CHARGED and (outage is None or outage.utc_ms <= charge.utc_ms):
        soc, error = 1.0, error + CHARGED_ERROR
    elif outage is not None and outage.after == BEGAN:
        began_utc_ms = _number(outage, "began_utc_ms", outage.utc_ms)
        if charge.after == CHARGED or abs(charge.utc_ms - began_utc_ms) <= SAME_MS:
            soc = 1.0 - _number(outage, "charge_out_ah", 0.0) / full_ah(rules.block, LABEL_SHARE)
            error += COUNTED_ERROR
    return (soc, error) if 0.0 <= soc <= 1.0 and error <= MOST_ERROR else (math.nan, error)


def _number(event: Event, name: str, otherwise: float) -> float:
    """Return a number of a record, NaN where what stands there is none."""
    try:
        return float(event.data.get(name, otherwise))
    except (ValueError, TypeError, OverflowError):
        return math.nan
