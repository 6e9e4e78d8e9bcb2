"""The snapshot of a period, as the link sends it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vigie.control.commands import Reason, Verdict
from vigie.control.filtering import ChannelsSettings
from vigie.control.modes.table import SPECS, is_by_hand
from vigie.control.signals import Channel, ChannelMean, Relay, Status
from vigie.control.supervisor import Decision, SupervisorSettings
from vigie.controller.chronicle import mean_of, status_names
from vigie.controller.estimate_report import estimate_report
from vigie.errors import VigieError
from vigie.link.judgement import raised_verdict
from vigie.link.messages import ChannelState, JournalState, RelayState, Snapshot
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.report import AlarmReport, HostReport, Period


class Labels(NamedTuple):
    """Names and calibration states the user gave, in channel and relay order."""

    site: str
    battery: str
    channels: tuple[str, ...]
    calibrations: tuple[str, ...]
    relays: tuple[str, ...]


def rounded(value: float, digits: int) -> float | None:
    """Return the value for the wire, None when there is none."""
    return round(value, digits) if math.isfinite(value) else None


def channel_state(
    channel: Channel, mean: ChannelMean, is_fitted: bool, labels: Labels, error: VigieError | None
) -> ChannelState:
    """Return one channel's part of the snapshot; a channel that is not valid has no values."""
    is_valid = mean.is_valid
    return {
        "channel": channel.name.lower(),
        "label": labels.channels[channel],
        "is_fitted": is_fitted,
        "bus_v": rounded(mean.bus_v, 4) if is_valid else None,
        "bus_spread_v": rounded(mean.bus_spread_v, 5) if is_valid else None,
        "shunt_v": rounded(mean.shunt_v, 7) if is_valid else None,
        "current_a": rounded(mean.current_a, 5) if is_valid else None,
        "power_w": rounded(mean.power_w, 4) if is_valid else None,
        "good": mean.good,
        "rejected": mean.rejected,
        "status": status_names(mean.status),
        "calibration": labels.calibrations[channel],
        "error": None if error is None else str(error),
    }


def thresholds(settings: SupervisorSettings) -> dict[str, float]:
    """Return the limits the pages draw; those of a mode under its name and the setting's."""
    of_modes = {
        spec.limit(threshold): getattr(getattr(settings.modes, spec.name), threshold.setting)
        for spec in SPECS
        for threshold in spec.thresholds
    }
    return {
        **of_modes,
        "floor_v": settings.interlocks.floor_v,
        "temperature_limit_c": settings.interlocks.temperature_limit_c,
        "temperature_release_c": settings.interlocks.temperature_limit_c - settings.interlocks.temperature_release_k,
    }


class Calendar(NamedTuple):
    """Where the monotonic axis stands on the plant's calendar."""

    now_s: float
    utc_s: float

    def utc_ms(self, at_s: float) -> int:
        """Return the calendar instant of a monotonic one, in milliseconds."""
        return round((self.utc_s + at_s - self.now_s) * 1_000)


def relay_states(period: Period, labels: Labels, calendar: Calendar) -> list[RelayState]:
    """Return the relays' part of the snapshot; since and reason are those of the last movement."""
    decision = period.decision
    refusals = (decision.r1_refusal, decision.r2_refusal, Reason.NONE, Reason.NONE)
    return [
        {
            "relay": relay.name,
            "label": labels.relays[relay],
            "contact": period.contacts[relay].name.lower(),
            "commanded": decision.contacts[relay].name.lower(),
            "reason": period.state.relays[relay].reason.name.lower(),
            "since_utc_ms": calendar.utc_ms(period.state.relays[relay].since_s),
            "switchings": period.counters.switchings[relay],
            "refusal_to_open": None if refusals[relay] == Reason.NONE else refusals[relay].name.lower(),
            "opens_in_s": round(decision.hold_off_s, 1) if relay == Relay.R2 and decision.hold_off_s > 0.0 else None,
            "truth": period.contact_reports[relay].truth.name.lower(),
            "fault": period.contact_reports[relay].fault.name.lower(),
            "wear_share": period.contact_reports[relay].wear_share,
            "switched_a": period.contact_reports[relay].switched_a,
        }
        for relay in Relay
    ]


def verdict_of(decision: Decision, has_disobeyed: bool, alarms: Sequence[AlarmReport]) -> tuple[str, list[str]]:
    """Return verdict and reasons, never better than the alarms.

    It is ``alarm`` only beside a critical one, put aside or not: alarms wait some seconds, and it waits with them. A
    hot battery's latch needs none. A line that does not obey outranks everything but that.
    """
    verdict = decision.verdict
    reasons = [] if decision.verdict_reason == Reason.NONE else [decision.verdict_reason.name.lower()]
    if has_disobeyed:
        verdict = Verdict.ALARM
        at = 1 if decision.verdict_reason == Reason.OVER_TEMPERATURE else 0
        reasons.insert(at, Reason.RELAY_FAILED.name.lower())
    is_told = any(alarm["severity"] == "critical" and _stands(alarm) for alarm in alarms)
    if verdict == Verdict.ALARM and not is_told and decision.verdict_reason != Reason.OVER_TEMPERATURE:
        verdict = Verdict.ATTENTION
    return raised_verdict(verdict.name.lower(), alarms), reasons


def _stands(alarm: AlarmReport) -> bool:
    return bool(alarm["is_present"] or alarm["standing"] == "latched")


class SnapshotParts(NamedTuple):
    """What stays the same, or comes from elsewhere, in every snapshot."""

    plant: str
    speed: float
    period_s: float
    started_utc_ms: int
    labels: Labels
    channels: ChannelsSettings
    supervisor: SupervisorSettings


def journal_state(status: JournalStatus) -> JournalState:
    """Return how the journal is doing as the link tells it."""
    return {
        "path": status.path,
        "bytes": status.bytes,
        "is_writing": status.is_writing,
        "error": status.error,
        "waiting_periods": status.waiting_periods,
        "lost_periods": status.lost_periods,
    }


def snapshot(parts: SnapshotParts, period: Period, host: HostReport) -> Snapshot:
    """Return the snapshot of a period.

    Args:
        parts: what stays the same.
        period: just finished.
        host: how computer and journal are doing.
    """
    state, measurement, counters = period.state, period.measurement, period.counters
    plan = state.plan
    calendar = Calendar(measurement.now_s, period.utc_s)
    verdict, reasons = verdict_of(period.decision, bool(period.disobeyed), period.alarms)
    has_temperature = measurement.temperature.status == Status.GOOD
    return {
        "seq": counters.periods,
        "version": host.version,
        "site": parts.labels.site,
        "battery": parts.labels.battery,
        "plant": parts.plant,
        "speed": parts.speed,
        "utc_ms": round(period.utc_s * 1_000),
        "is_valid": measurement.is_valid,
        "mode": plan.mode.name.lower(),
        "phase": plan.phase.name.lower(),
        "phase_since_utc_ms": calendar.utc_ms(plan.phase_since_s),
        "mode_since_utc_ms": calendar.utc_ms(plan.mode_since_s),
        "mode_by": period.mode_by,
        "manual_until_utc_ms": calendar.utc_ms(plan.hands.until_s) if is_by_hand(plan.mode) else None,
        "wiring": parts.supervisor.wiring.name.lower(),
        "mains": state.supply.mains.name.lower(),
        "mains_since_utc_ms": calendar.utc_ms(state.supply.since_s),
        "verdict": verdict,
        "verdict_reasons": reasons,
        "over_temperature_latched": state.latch.is_set,
        "channels": [
            channel_state(
                channel,
                mean_of(measurement, channel),
                parts.channels[channel].is_fitted,
                parts.labels,
                period.errors.get(channel),
            )
            for channel in Channel
        ],
        "temperature_c": round(measurement.temperature.celsius, 2) if has_temperature else None,
        "temperature_status": status_names(measurement.temperature.status),
        "ambient_c": rounded(measurement.ambient.celsius, 2) if measurement.ambient.status == Status.GOOD else None,
        "relays": relay_states(period, parts.labels, calendar),
        "alarms": list(period.alarms),
        "outage": period.outage,
        "estimate": estimate_report(period.estimate, calendar.utc_ms),
        "thresholds": thresholds(parts.supervisor),
        "loop": {
            "periods": counters.periods,
            "failed_periods": counters.failed_periods,
            "overruns": counters.overruns,
            "period_s": parts.period_s,
            "cpu_ms": round(counters.cpu_ms, 3),
            "started_utc_ms": parts.started_utc_ms,
        },
        "journal": journal_state(host.journal),
        "figures": host.figures,
    }
