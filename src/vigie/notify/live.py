"""Alarms of the controller's live report that the journal does not tell of in time."""

from collections.abc import Mapping, Sequence

from vigie.telemetry.outbox import AlarmEvent, TrackedAlarm
from vigie.telemetry.report import AlarmReport

GRACE_S = 10.0
"""The journal's events come within a second; what is still missing then will not come soon."""


class LiveAlarms:
    """The newest report, and since when each alarm in it has been missing from the journal."""

    def __init__(self) -> None:
        self._reports: Sequence[AlarmReport] | None = None
        self._missing_since_s: dict[str, float] = {}
        self.readings: Mapping[str, float] = {}
        """Those of the newest snapshot."""

    def notice(self, reports: Sequence[AlarmReport], readings: Mapping[str, float]) -> None:
        """Take a new report, and what was read beside it."""
        self._reports, self.readings = reports, readings

    def missing(self, known: Mapping[str, TrackedAlarm], now_s: float, now_utc_ms: int) -> list[AlarmEvent]:
        """Return what the journal should have told by now, as events that stand in no journal."""
        if self._reports is None:
            return []
        reports, self._reports = self._reports, None
        standing = [one for one in reports if one["is_present"] and one["standing"] == "unacknowledged"]
        new = [one for one in standing if _is_untold(known.get(one["alarm"]))]
        self._missing_since_s = {one["alarm"]: self._missing_since_s.get(one["alarm"], now_s) for one in new}
        raised = [
            _event(one["alarm"], "unacknowledged", "raised", one["raised_utc_ms"], {**_data(one), **self.readings})
            for one in new
            if now_s - self._missing_since_s[one["alarm"]] >= GRACE_S
        ]
        present = {one["alarm"] for one in reports if one["is_present"]}
        over = [
            _event(name, "normal", "cleared", now_utc_ms, {**alarm.data, **self.readings})
            for name, alarm in known.items()
            if alarm.is_from_memory and not alarm.is_over and name not in present
        ]
        return [*raised, *over]


def _is_untold(known: TrackedAlarm | None) -> bool:
    return known is None or known.is_over


def _event(alarm: str, after: str, change: str, utc_ms: int, data: Mapping[str, float | int | str]) -> AlarmEvent:
    return AlarmEvent(0, utc_ms, alarm, "", after, change, "", "", data)


def _data(report: AlarmReport) -> dict[str, float | int | str]:
    told: dict[str, float | int | str | None] = {
        "severity": report["severity"],
        "value": report["value"],
        "limit": report["limit"],
        "unit": report["unit"],
        "protection": report["protection"],
        "raised_utc_ms": report["raised_utc_ms"],
        "times": report["times"],
    }
    data = {name: value for name, value in told.items() if value is not None}
    return {**data, "detail": ",".join(report["detail"])}
