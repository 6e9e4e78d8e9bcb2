"""A day of an installation's life, written through the real journal, for pages that show the past."""

import math
import random
import time
from pathlib import Path

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Temperature
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.records import Event, EventKind, PeriodRecord

STEP_S = 20
HOUR_S = 3600
CLOSED = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN)


def _mean(bus_v: float, current_a: float) -> ChannelMean:
    return ChannelMean(bus_v, 0.004, current_a * 0.1, current_a, 0.002, bus_v * current_a, 10, 0, 0, True)


def _record(utc_s: float, now_s: float, battery_v: float, charge_a: float, has_mains: bool) -> PeriodRecord:
    load_a = 0.85 + 0.1 * math.sin(now_s / 900) + random.gauss(0, 0.01)
    load_v = 13.55 if has_mains else battery_v - 0.1
    absent = ChannelMean(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 0, 0, 1, False)
    measurement = Measurement(
        now_s,
        _mean(battery_v, 0.0),
        _mean(battery_v + 0.02, charge_a if has_mains else -load_a),
        _mean(load_v, load_a),
        absent,
        Temperature(24.0, 0),
        Temperature(22.0, 0),
        CLOSED,
        True,
    )
    mains = Mains.PRESENT if has_mains else Mains.ABSENT
    return PeriodRecord(round(utc_s * 1000), measurement, Mode.OBSERVE, Phase.STEADY, mains, CLOSED, False)


def _ended(
    kind: str, began_s: float, minutes: float, lowest_v: float, charge_out_ah: float, dark_s: float = 0.0
) -> Event:
    ended_s = began_s + minutes * 60
    figures: dict[str, float | int] = {
        "began_utc_ms": round(began_s * 1000),
        "ended_utc_ms": round(ended_s * 1000),
        "duration_s": minutes * 60,
        "lowest_v": lowest_v,
        "end_v": lowest_v + 0.1,
        "charge_out_ah": charge_out_ah,
        "energy_out_wh": charge_out_ah * 12.2,
        "dark_s": dark_s,
        "was_enough": int(dark_s == 0.0),
    }
    return Event(round(ended_s * 1000), EventKind.OUTAGE, kind, "", "ended", "", "", "", figures)


def _alarm(utc_s: float, alarm: str, severity: str, reason: str, after: str, who: str = "", why: str = "") -> Event:
    is_warm = alarm == "battery_warm"
    value: dict[str, float | int | str] = {"value": 41.6, "limit": 40.0, "unit": "degC"} if is_warm else {"unit": ""}
    data = {"severity": severity, "detail": "", "protection": "none", **value}
    return Event(round(utc_s * 1000), EventKind.ALARM, alarm, "", after, reason, who, why, data)


def month(end_utc_s: float) -> list[Event]:
    """Return what a month left in the journal besides its last day: outages of every kind, alarms of every fate."""
    ago_s = {days: end_utc_s - days * 24 * HOUR_S for days in range(31)}
    return [
        _ended("outage", ago_s[24], 140, 11.6, 1.9, dark_s=420.0),
        _ended("outage", ago_s[17], 3, 12.7, 0.05),
        _ended("charger_fault", ago_s[12], 95, 12.8, 0.0),
        _ended("drill", ago_s[9], 55, 12.3, 0.8),
        _alarm(ago_s[5], "battery_warm", "warning", "raised", "unacknowledged"),
        _alarm(ago_s[5] + 900, "battery_warm", "warning", "acknowledged", "acknowledged", "marie"),
        _alarm(ago_s[5] + 7200, "battery_warm", "warning", "cleared", "normal"),
        _alarm(ago_s[3], "meter_reset", "info", "raised", "unacknowledged"),
        _alarm(ago_s[3] + 60, "meter_reset", "info", "shelved", "shelved", "marie", "en réparation"),
        _alarm(end_utc_s - 15 * HOUR_S, "mains_lost", "critical", "raised", "unacknowledged"),
        _ended("outage", end_utc_s - 15 * HOUR_S, 36, 12.1, 0.51),
        _alarm(end_utc_s - 14.4 * HOUR_S, "mains_lost", "critical", "returned", "returned"),
    ]


def write_day(path: Path, end_utc_s: float) -> None:
    """Write 24 h up to ``end_utc_s``: float charge, an outage of 35 minutes, half an hour without records."""
    random.seed(4)
    journal = Journal(path, JournalSettings())
    journal.start()
    battery_v, count = 13.55, 24 * HOUR_S // STEP_S
    for index in range(count):
        now_s = float(index * STEP_S)
        hour = now_s / HOUR_S
        has_mains = not 9.0 < hour < 9.6
        if 15.0 < hour < 15.5:
            continue
        goal_v = 13.58 if has_mains else 12.1
        battery_v += (goal_v - battery_v) * (0.02 if has_mains else 0.01) + random.gauss(0, 0.003)
        utc_s = end_utc_s - 24 * HOUR_S + now_s
        journal.record(_record(utc_s, now_s, battery_v, max(0.05, 13.6 - battery_v), has_mains))
        while journal.state().waiting_periods > 5000:
            time.sleep(0.05)
    for hours_ago, event in (
        (23.9, (EventKind.START, "controller", "", "", "", "", "")),
        (15.0, (EventKind.FAULT, "mains", "present", "absent", "mains_lost", "", "")),
        (14.4, (EventKind.FAULT_CLEARED, "mains", "absent", "present", "", "", "")),
        (6.0, (EventKind.MODE, "mode", "observe", "protect", "", "marie", "")),
        (5.9, (EventKind.SWITCHING, "R2", "closed", "open", "upper_voltage_reached", "protect", "")),
        (2.0, (EventKind.SWITCHING, "R2", "open", "closed", "lower_voltage_reached", "protect", "")),
        (1.0, (EventKind.MODE, "mode", "protect", "observe", "", "marie", "")),
    ):
        journal.note(Event(round((end_utc_s - hours_ago * HOUR_S) * 1000), *event, {}))
    for event in month(end_utc_s):
        journal.note(event)
    journal.close()
    assert journal.state().error is None, journal.state().error
