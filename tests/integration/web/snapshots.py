"""Valid snapshots for tests: one healthy installation, and whatever a test wants to change in it."""

from typing import Any

from vigie.link.messages import (
    ChannelState,
    EstimatedValue,
    EstimateReport,
    Figures,
    JournalState,
    LoopState,
    RelayState,
    Snapshot,
    validated_snapshot,
)
from vigie.telemetry.report import AlarmReport

UTC_MS = 1_790_000_000_000
"""The instant of an unchanged snapshot."""


def make_channel(channel: str, **changes: Any) -> ChannelState:
    """Return one healthy channel of a battery on float charge."""
    bus_v, current_a = {
        "battery": (13.58, 0.0),
        "charge": (13.60, 0.12),
        "load": (13.55, 0.85),
        "spare": (0.0, 0.0),
    }[channel]
    labels = {"battery": "V1", "charge": "V2", "load": "V3", "spare": "V4"}
    values: dict[str, Any] = {
        "channel": channel,
        "label": labels[channel],
        "is_fitted": channel != "spare",
        "bus_v": None if channel == "spare" else bus_v,
        "bus_spread_v": None if channel == "spare" else 0.004,
        "shunt_v": None if channel == "spare" else current_a * 0.1,
        "current_a": None if channel == "spare" else current_a,
        "power_w": None if channel == "spare" else bus_v * current_a,
        "good": 0 if channel == "spare" else 10,
        "rejected": 0,
        "status": ["absent"] if channel == "spare" else [],
        "calibration": "two_point" if channel == "battery" else "none",
        "error": None,
    }
    return ChannelState(**(values | changes))


def make_relay(relay: str, **changes: Any) -> RelayState:
    """Return one relay as observe mode leaves it: R1 and R2 closed, the spare ones open."""
    contact = "closed" if relay in {"R1", "R2"} else "open"
    values: dict[str, Any] = {
        "relay": relay,
        "label": {"R1": "Mains contact", "R2": "Battery contact", "R3": "Spare 1", "R4": "Spare 2"}[relay],
        "contact": contact,
        "commanded": contact,
        "reason": "observing" if relay in {"R1", "R2"} else "none",
        "since_utc_ms": UTC_MS - 3_600_000,
        "switchings": {"R1": 12, "R2": 341, "R3": 0, "R4": 0}[relay],
        "refusal_to_open": None,
        "opens_in_s": None,
        "fault": "none",
        "truth": "obeyed" if relay in {"R1", "R2"} else "unknown",
        "wear_share": {"R1": 0.0002, "R2": 0.0137, "R3": 0.0, "R4": 0.0}[relay],
        "switched_a": {"R1": 10.2, "R2": 289.9, "R3": 0.0, "R4": 0.0}[relay],
    }
    return RelayState(**(values | changes))


def make_alarm(alarm: str = "battery_warm", **changes: Any) -> AlarmReport:
    """Return an alarm that was just raised and that nobody has taken note of: by default a warm battery."""
    values: dict[str, Any] = {
        "alarm": alarm,
        "severity": "warning",
        "standing": "unacknowledged",
        "is_present": True,
        "is_chattering": False,
        "is_first_out": False,
        "raised_utc_ms": UTC_MS - 60_000,
        "returned_utc_ms": None,
        "value": 41.2 if alarm == "battery_warm" else None,
        "now": None,
        "limit": 40.0 if alarm == "battery_warm" else None,
        "unit": "degC" if alarm == "battery_warm" else "",
        "detail": [],
        "protection": "none",
        "shelved_until_utc_ms": None,
        "by": "",
        "why": "",
        "times": 1,
    }
    return AlarmReport(**(values | changes))


def make_figures(**changes: Any) -> Figures:
    """Return the figures of a healthy Raspberry Pi 5."""
    values: dict[str, Any] = {
        "model": "Raspberry Pi 5 Model B Rev 1.0",
        "cpu_temp_c": 51.2,
        "cpu_usage_percent": 7.5,
        "cpu_v": 0.88,
        "cpu_hz": 1.5e9,
        "throttled": [],
        "ram_total_bytes": 8_000_000_000,
        "ram_used_bytes": 1_100_000_000,
        "ram_free_bytes": 6_900_000_000,
        "disk_total_bytes": 62_000_000_000,
        "disk_used_bytes": 9_000_000_000,
        "disk_free_bytes": 53_000_000_000,
        "uptime_s": 864_000.0,
        "clock_is_synchronised": True,
    }
    return Figures(**(values | changes))


def unknown_value(why: str) -> EstimatedValue:
    """Return a value that is not known."""
    return EstimatedValue(value=None, low=None, high=None, why=why)


def make_estimate(**changes: Any) -> EstimateReport:
    """Return what is believed of a battery on float charge that was never discharged."""
    no_discharge = unknown_value("no_discharge_yet")
    values: dict[str, Any] = {
        "fullness": "full",
        "full_since_utc_ms": UTC_MS - 86_400_000,
        "last_full_utc_ms": UTC_MS - 1_000,
        "is_discharging": False,
        "discharge_began_utc_ms": None,
        "drawn_ah": no_discharge,
        "drawn_wh": no_discharge,
        "returned_ah": no_discharge,
        "rest_since_utc_ms": None,
        "rest_v": unknown_value("not_at_rest"),
        "resistance_ohm": unknown_value("no_step_yet"),
        "soc": EstimatedValue(value=1.0, low=0.97, high=1.0, why="none"),
        "capacity_ah": unknown_value("too_shallow"),
        "load_w": 6.8,
        "remaining_s": EstimatedValue(value=25_200.0, low=14_400.0, high=32_400.0, why="none"),
    }
    return EstimateReport(**(values | changes))


def make_snapshot(**changes: Any) -> Snapshot:
    """Return a valid snapshot of a healthy installation in observe mode, with ``changes`` applied.

    Changes are fields of Snapshot, e.g. ``make_snapshot(seq=7, mode="protect", mains="absent")``.
    """
    values: dict[str, Any] = {
        "seq": 1,
        "version": "0.1.0",
        "site": "Test bench",
        "battery": "",
        "alarms": [],
        "outage": None,
        "plant": "twin",
        "speed": 1.0,
        "utc_ms": UTC_MS,
        "is_valid": True,
        "mode": "observe",
        "phase": "steady",
        "phase_since_utc_ms": UTC_MS - 3_600_000,
        "mode_since_utc_ms": UTC_MS - 3_600_000,
        "mode_by": "start",
        "manual_until_utc_ms": None,
        "wiring": "line",
        "mains": "present",
        "mains_since_utc_ms": UTC_MS - 7_200_000,
        "verdict": "ok",
        "verdict_reasons": [],
        "over_temperature_latched": False,
        "channels": [make_channel(name) for name in ("battery", "charge", "load", "spare")],
        "temperature_c": 24.1,
        "temperature_status": [],
        "ambient_c": 21.3,
        "relays": [make_relay(name) for name in ("R1", "R2", "R3", "R4")],
        "estimate": make_estimate(),
        "thresholds": {
            "protect_open_above_v": 12.9,
            "protect_close_below_v": 12.7,
            "cycle_discharge_to_v": 12.4,
            "cycle_charge_to_v": 12.9,
            "cycle_recharge_below_v": 12.4,
            "floor_v": 11.8,
            "temperature_limit_c": 50.0,
            "temperature_release_c": 45.0,
        },
        "loop": LoopState(
            periods=3600,
            failed_periods=2,
            overruns=1,
            period_s=1.0,
            cpu_ms=6.4,
            started_utc_ms=UTC_MS - 3_600_000,
        ),
        "journal": JournalState(
            path="/var/lib/vigie/journal.sqlite",
            bytes=1_234_567,
            is_writing=True,
            error=None,
            waiting_periods=0,
            lost_periods=0,
        ),
        "figures": make_figures(),
    }
    return validated_snapshot(values | changes)
