"""The one word for an installation, in the light of its alarms."""

from collections.abc import Sequence

from vigie.telemetry.report import AlarmReport


def acting(alarms: Sequence[AlarmReport]) -> list[AlarmReport]:
    """Return the alarms that speak against "all is well": present or latched, but information and what is shelved."""
    return [
        alarm
        for alarm in alarms
        if alarm["severity"] != "info"
        and alarm["standing"] != "shelved"
        and (alarm["is_present"] or alarm["standing"] == "latched")
    ]


def raised_verdict(verdict: str, alarms: Sequence[AlarmReport]) -> str:
    """Return a verdict, raised to what the alarms demand.

    >>> warm = {"severity": "warning", "standing": "acknowledged", "is_present": True}
    >>> raised_verdict("ok", [warm]), raised_verdict("ok", [warm | {"severity": "critical"}]), raised_verdict("ok", [])
    ('attention', 'alarm', 'ok')
    """
    standing = acting(alarms)
    if any(alarm["severity"] == "critical" and alarm["is_present"] for alarm in standing):
        return "alarm"
    return "attention" if standing and verdict == "ok" else verdict
