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
from vigie.control.estimation.fullness import full_age_s
from vigie.control.estimation.settings import EstimationRules
from vigie.control.outages import OutageKind
from vigie.control.signals import Measurement
from vigie.controller.period import Past
from vigie.telemetry.alarm_book import Instant
from vigie.telemetry.events import ChargeMoved, OutageMoved
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
        if past.charge is not None and not ChargeMoved.of(past.charge).is_charged:
            charged_s = min(at.monotonic_s(past.charge.utc_ms), at.now_s)
        soc, soc_error = _resumed_soc(past, at, rules)
        charge = resumed_charge(at.now_s, charged_s, emptied_v)
        full_s = math.nan
        if past.full_utc_s is not None:  # on a calendar that went back it would be now, or still to come
            full_s = min(at.monotonic_s(round(past.full_utc_s * 1_000)), at.now_s - 1.0)
        self._state = resumed_estimation(at.now_s, charge, _resumed_discharge(past, at), soc, soc_error, full_s)

    @property
    def charge(self) -> ChargeState:
        """The charge as followed through the last period."""
        return self._state.charge

    def period(self, measurement: Measurement) -> tuple[Measurement, BatteryEstimate]:
        """Take a period in; return it with what control asks of the estimates, and all that is believed after it."""
        self._state, told = estimate(self._state, measurement, self._rules)
        age_s = full_age_s(self._state.fullness, measurement.now_s)
        return measurement._replace(full_age_s=age_s), told


def _readable(event: Event | None) -> OutageMoved | None:
    """Return the record of the last outage; None where there is none or a number of it cannot be."""
    try:
        record = None if event is None else OutageMoved.of(event)
    except (ValueError, TypeError, OverflowError):
        return None
    if record is None or not (record.charge_out_ah >= 0.0 and record.energy_out_wh >= 0.0):
        return None
    return record


def _resumed_discharge(past: Past, at: Instant) -> DrawnState:
    """Return the last outage or drill on record; an open one may have gone on since it was written down."""
    record = _readable(past.outage)
    if past.outage is None or record is None or record.kind == OutageKind.CHARGER_FAULT:
        return no_discharge()
    ended_s, missed_s = math.nan, 0.0
    if record.ended_utc_ms is not None:
        ended_s = at.monotonic_s(record.ended_utc_ms)
    else:
        missed_s = max(at.now_s - at.monotonic_s(past.outage.utc_ms), 0.0)
    began_s = at.monotonic_s(record.began_utc_ms)
    return resumed_discharge(began_s, ended_s, record.charge_out_ah, record.energy_out_wh, missed_s)


def _resumed_soc(past: Past, at: Instant, rules: EstimationRules) -> tuple[float, float]:
    """Return the state of charge the records prove, and its error; NaN where they prove none."""
    unseen_h = max(at.utc_ms / 1_000 - past.seen_utc_s, 0.0) / SECONDS_PER_HOUR
    charge, outage, record = past.charge, past.outage, _readable(past.outage)
    soc, error = math.nan, UNSEEN_PER_H * unseen_h
    if charge is None or rules.block.c20_ah <= 0.0:
        return soc, error
    is_charged = ChargeMoved.of(charge).is_charged
    if is_charged and (outage is None or outage.utc_ms <= charge.utc_ms):
        soc, error = 1.0, error + CHARGED_ERROR
    elif record is not None and _began_charged(record, charge):
        soc = 1.0 - record.charge_out_ah / full_ah(rules.block, LABEL_SHARE)
        error += COUNTED_ERROR
    return (soc, error) if 0.0 <= soc <= 1.0 and error <= MOST_ERROR else (math.nan, error)


def _began_charged(record: OutageMoved, charge: Event) -> bool:
    """Return whether an outage lasts that found the battery charged."""
    was_charged = ChargeMoved.of(charge).is_charged or abs(charge.utc_ms - record.began_utc_ms) <= SAME_MS
    return record.ended_utc_ms is None and was_charged
