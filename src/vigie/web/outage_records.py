"""One outage, drill or charger fault as pages tell it, put together from its events."""

from collections.abc import Iterable
from typing import NamedTuple

from vigie.telemetry.records import Event
from vigie.telemetry.report import OutageReport


class RecordedOutage(NamedTuple):
    """One outage, drill or charger fault. What is not known is None."""

    kind: str
    began_utc_ms: int
    ended_utc_ms: int | None
    """None while it lasts, or when nobody was there to see the end."""
    lasts: bool
    lowest_v: float | None
    end_v: float | None
    charge_out_ah: float | None
    energy_out_wh: float | None
    dark_s: float | None
    rest_dark_s: float | None
    """How much of it R2 was open: our doing, not the battery's."""
    was_enough: bool | None

    @property
    def duration_s(self) -> float | None:
        """How long it was; None when the end is not known."""
        return None if self.ended_utc_ms is None else (self.ended_utc_ms - self.began_utc_ms) / 1000

    @property
    def weight(self) -> str:
        """How it is drawn: its kind, or ``failed`` when the battery let the loads go dark."""
        return "failed" if self.was_enough is False else self.kind


def records(events: Iterable[Event], now: OutageReport | None) -> Iterable[RecordedOutage]:
    """Return the outages, newest first: the one that lasts, those that ended, those whose end nobody saw."""
    if now is not None:
        yield _lasting(now)
    known = {} if now is None else {now["began_utc_ms"]: True}
    for event in events:
        began = int(event.data.get("began_utc_ms", event.utc_ms))
        if event.after == "ended" or began not in known:
            ended = int(event.data.get("ended_utc_ms", event.utc_ms)) if event.after == "ended" else None
            known[began] = True
            yield _recorded(event, began, ended)


def _lasting(now: OutageReport) -> RecordedOutage:
    is_dark = (now["dark_s"] or 0.0) > (now["rest_dark_s"] or 0.0)
    return RecordedOutage(
        now["kind"],
        now["began_utc_ms"],
        None,
        True,
        now["lowest_v"],
        None,
        now["charge_out_ah"],
        None,
        now["dark_s"],
        now["rest_dark_s"],
        False if is_dark else None,
    )


def _recorded(event: Event, began: int, ended: int | None) -> RecordedOutage:
    def number(name: str) -> float | None:
        value = event.data.get(name)
        return None if value is None or isinstance(value, str) else value

    enough = number("was_enough")
    return RecordedOutage(
        event.subject,
        began,
        ended,
        False,
        number("lowest_v"),
        number("end_v"),
        number("charge_out_ah"),
        number("energy_out_wh"),
        number("dark_s"),
        number("rest_dark_s"),
        None if enough is None else bool(enough),
    )
