"""The change of an alarm as an event, with its codec: what a restart goes on from, and what messages are made of."""

import math
from collections.abc import Mapping
from typing import NamedTuple, Self

from vigie.control.alarms.catalogue import Standing
from vigie.control.alarms.engine import Change
from vigie.telemetry.events import EventData
from vigie.telemetry.records import Event, EventKind, is_instant


class AlarmMoved(NamedTuple):
    """An alarm moved; how it stands then. NaN or None is not known, or not so."""

    alarm: str
    """Its lower-case name."""
    before: Standing
    after: Standing
    change: Change
    who: str
    """Who did it, or says it."""
    why: str
    severity: str
    raised_utc_ms: int | None
    returned_utc_ms: int | None
    value: float | None
    """The worst as pages show it."""
    limit: float | None
    unit: str
    protection: str
    shelved_until_utc_ms: int | None
    times: int
    """How often it was raised since it was at rest."""
    detail: tuple[str, ...]
    """What it is about."""
    is_present: bool
    is_first_out: bool
    raw: float
    """The worst as the engine counts it."""
    readings: Mapping[str, float]
    """What was read then, by the names of ``wording.readings``."""

    def event(self, utc_ms: int) -> Event:
        told: dict[str, float | int | str | None] = {
            "severity": self.severity,
            "raised_utc_ms": self.raised_utc_ms,
            "returned_utc_ms": self.returned_utc_ms,
            "value": self.value,
            "limit": self.limit,
            "unit": self.unit,
            "protection": self.protection,
            "shelved_until_utc_ms": self.shelved_until_utc_ms,
            "times": self.times,
            "detail": ",".join(self.detail),
            "is_present": int(self.is_present),
            "first_out": int(self.is_first_out),
            "raw": self.raw if math.isfinite(self.raw) else None,
            **self.readings,
        }
        data: EventData = {name: value for name, value in told.items() if value is not None}
        return Event(
            utc_ms,
            EventKind.ALARM,
            self.alarm,
            self.before.name.lower(),
            self.after.name.lower(),
            self.change.name.lower(),
            self.who,
            self.why,
            data,
        )

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return what an event tells; of its readings nothing is taken up.

        Raises:
            KeyError: there is no such standing.
            ValueError, TypeError, OverflowError: a number of it cannot be.
        """
        data = event.data

        def instant(name: str) -> int | None:
            value = data.get(name)
            if value is not None and not is_instant(float(value)):
                raise ValueError(f"{name} = {value!r}")
            return None if value is None else int(value)

        def number(name: str) -> float | None:
            value = data.get(name)
            return None if value is None else float(value)

        raw, times = float(data.get("raw", math.nan)), int(data.get("times", 1))
        if times < 0:
            raise ValueError(f"times = {times}")
        return cls(
            event.subject,
            Standing.__members__.get(event.before.upper(), Standing.NORMAL),
            Standing[event.after.upper()],
            Change.__members__.get(event.reason.upper(), Change.NONE),
            event.who,
            event.text,
            str(data.get("severity", "")),
            instant("raised_utc_ms"),
            instant("returned_utc_ms"),
            number("value"),
            number("limit"),
            str(data.get("unit", "")),
            str(data.get("protection", "")),
            instant("shelved_until_utc_ms"),
            times,
            tuple(name for name in str(data.get("detail", "")).split(",") if name),
            bool(data.get("is_present")),
            bool(data.get("first_out")),
            raw if math.isfinite(raw) else math.nan,
            {},
        )
