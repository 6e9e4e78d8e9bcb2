"""What happens, one type a kind, with its codec: ``event`` makes the journal's row, ``of`` reads it back."""

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol, Self

from vigie.control.commands import Mode, Reason
from vigie.control.outages import OutageKind
from vigie.control.signals import Contact, Contacts, Relay
from vigie.telemetry.records import Event, EventKind, is_instant, iso_utc

EventData = dict[str, float | int | str]
CONTROLLER = "controller"
"""Who says what nobody in particular did; also the subject of a start and a stop."""
OVER_TEMPERATURE = "over_temperature"
MAINS = "mains"
IMPORT = "import"


class Happening(Protocol):
    """One thing that happened."""

    def event(self, utc_ms: int) -> Event:
        """Return it as the journal keeps it."""
        ...


class FaultFacts(Protocol):
    """What a fault is told with."""

    def data(self) -> EventData:
        """Return them as an event's data."""
        ...


class HoldOff(NamedTuple):
    """How long the mains must stand after its last loss, as a loss, its end and a start tell it."""

    seconds: float

    def data(self) -> EventData:
        return {"hold_off_s": self.seconds}

    @classmethod
    def of(cls, event: Event) -> Self | None:
        """Return what an event tells, None when it tells none.

        Raises:
            ValueError, TypeError: it cannot be.
        """
        if "hold_off_s" not in event.data:
            return None
        seconds = float(event.data["hold_off_s"])
        if not (math.isfinite(seconds) and seconds >= 0.0 and is_instant(event.utc_ms)):
            raise ValueError(f"a hold-off of {seconds} s at {event.utc_ms} ms cannot be")
        return cls(seconds)


class ChannelFacts(NamedTuple):
    """How a channel's period went; the means are None without a good sweep."""

    good: int
    rejected: int
    bus_v: float | None
    current_a: float | None

    def data(self) -> EventData:
        means = _rounded(("bus_v", self.bus_v, 4), ("current_a", self.current_a, 5))
        return {"good": self.good, "rejected": self.rejected, **means}


class FaultCause(NamedTuple):
    """What a check found."""

    verdict: str

    def data(self) -> EventData:
        return {"cause": self.verdict}


class ControllerStarted(NamedTuple):
    """The loop begins, with the contacts it found."""

    plant: str
    mode: Mode
    contacts: Contacts
    hold_off: HoldOff

    def event(self, utc_ms: int) -> Event:
        found = {relay.name: self.contacts[relay].name.lower() for relay in Relay}
        data: EventData = {"plant": self.plant, **found, **self.hold_off.data()}
        mode = self.mode.name.lower()
        return Event(utc_ms, EventKind.START, CONTROLLER, "", mode, "adopted", CONTROLLER, "", data)


class ControllerStopped(NamedTuple):
    """The loop ends on purpose."""

    mode: Mode

    def event(self, utc_ms: int) -> Event:
        return Event(utc_ms, EventKind.STOP, CONTROLLER, self.mode.name.lower(), "", "", CONTROLLER, "", {})


class ModeMoved(NamedTuple):
    """Another mode is in force."""

    before: Mode
    after: Mode
    reason: Reason
    who: str

    def event(self, utc_ms: int) -> Event:
        before, after = self.before.name.lower(), self.after.name.lower()
        return Event(utc_ms, EventKind.MODE, "mode", before, after, self.reason.name.lower(), self.who, "", {})


class ContactMoved(NamedTuple):
    """A contact has moved; the readings that decided it, None where one was not valid."""

    relay: Relay
    before: Contact
    after: Contact
    reason: Reason
    who: str
    switched_a: float | None
    """The current it switched; None where no meter sees it."""
    battery_v: float | None
    charge_a: float | None
    load_v: float | None
    temperature_c: float | None

    def event(self, utc_ms: int) -> Event:
        before, after = self.before.name.lower(), self.after.name.lower()
        data = _rounded(
            ("switched_a", self.switched_a, 5),
            ("battery_v", self.battery_v, 4),
            ("charge_a", self.charge_a, 5),
            ("load_v", self.load_v, 4),
            ("temperature_c", self.temperature_c, 2),
        )
        reason = self.reason.name.lower()
        return Event(utc_ms, EventKind.SWITCHING, self.relay.name, before, after, reason, self.who, "", data)


class CommandAnswered(NamedTuple):
    """A command, and what became of it."""

    action: str
    id: str
    is_accepted: bool
    reason: str
    who: str
    why: str
    asked: Mapping[str, float | str]
    """What it named: mode, relay, contact, manual_s, alarm, shelve_s."""

    def event(self, utc_ms: int) -> Event:
        outcome = "accepted" if self.is_accepted else "refused"
        data: EventData = {**self.asked, "id": self.id}
        return Event(utc_ms, EventKind.COMMAND, self.action, "", outcome, self.reason, self.who, self.why, data)


class FaultBegan(NamedTuple):
    """Something is wrong, or wrong in another way than before."""

    subject: str
    before: str
    fault: str
    text: str
    facts: FaultFacts | None = None
    who: str = CONTROLLER

    def event(self, utc_ms: int) -> Event:
        data = {} if self.facts is None else self.facts.data()
        return Event(utc_ms, EventKind.FAULT, self.subject, self.before, self.fault, "", self.who, self.text, data)


class FaultEnded(NamedTuple):
    """What was wrong is good again."""

    subject: str
    fault: str
    facts: FaultFacts | None = None

    def event(self, utc_ms: int) -> Event:
        data = {} if self.facts is None else self.facts.data()
        return Event(utc_ms, EventKind.FAULT_CLEARED, self.subject, self.fault, "good", "", CONTROLLER, "", data)


LATCH_KINDS = (EventKind.LATCH, EventKind.FAULT, EventKind.FAULT_CLEARED)
"""What the latch is told by: its own kind; before it had one, a fault that began and ended."""


class LatchMoved(NamedTuple):
    """The over-temperature latch of interlock 4 was set or released; a restart takes it up from here."""

    is_set: bool
    temperature_c: float | None
    text: str

    def event(self, utc_ms: int) -> Event:
        before, after = ("released", "set") if self.is_set else ("set", "released")
        data: EventData = {"is_set": int(self.is_set), **_rounded(("temperature_c", self.temperature_c, 2))}
        return Event(utc_ms, EventKind.LATCH, OVER_TEMPERATURE, before, after, "", CONTROLLER, self.text, data)

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return what an event tells of the latch, in today's form or in the old one.

        Raises:
            ValueError: it does not say whether the latch is set.
        """
        celsius = event.data.get("temperature_c")
        temperature_c = celsius if isinstance(celsius, float) else None
        if event.kind != EventKind.LATCH:
            return cls(event.kind == EventKind.FAULT, temperature_c, event.text)
        is_set = event.data.get("is_set")
        if is_set not in {0, 1}:
            raise ValueError(f"is_set = {is_set!r}")
        return cls(bool(is_set), temperature_c, event.text)


class ChargeMoved(NamedTuple):
    """The battery is charged, or no longer held so."""

    is_charged: bool
    battery_v: float | None

    def event(self, utc_ms: int) -> Event:
        before, after = ("left", "charged") if self.is_charged else ("charged", "left")
        data = _rounded(("battery_v", self.battery_v, 4))
        return Event(utc_ms, EventKind.CHARGE, "battery", before, after, "", CONTROLLER, "", data)

    @classmethod
    def of(cls, event: Event) -> Self:
        battery_v = event.data.get("battery_v")
        return cls(event.after == "charged", battery_v if isinstance(battery_v, float) else None)


class OutageMoved(NamedTuple):
    """An outage, a drill or a charger fault began or ended: its record so far. NaN is not known."""

    kind: OutageKind
    began_utc_ms: int
    ended_utc_ms: int | None
    """None while it lasts."""
    duration_s: float
    """NaN while it lasts."""
    lowest_v: float
    end_v: float
    charge_out_ah: float
    energy_out_wh: float
    dark_s: float
    rest_dark_s: float
    was_enough: bool

    def data(self) -> EventData:
        """Return its record as the journal keeps it."""
        data = _rounded(
            ("lowest_v", self.lowest_v, 4),
            ("end_v", self.end_v, 4),
            ("charge_out_ah", self.charge_out_ah, 4),
            ("energy_out_wh", self.energy_out_wh, 4),
            ("dark_s", self.dark_s, 4),
            ("rest_dark_s", self.rest_dark_s, 4),
        )
        data |= {"began_utc_ms": self.began_utc_ms, "was_enough": int(self.was_enough)}
        if self.ended_utc_ms is not None:
            data |= {"ended_utc_ms": self.ended_utc_ms, "duration_s": round(self.duration_s, 1)}
        return data

    def event(self, utc_ms: int) -> Event:
        before, after = ("", "began") if self.ended_utc_ms is None else ("began", "ended")
        kind = self.kind.name.lower()
        return Event(utc_ms, EventKind.OUTAGE, kind, before, after, "", CONTROLLER, "", self.data())

    @classmethod
    def of(cls, event: Event) -> Self | None:
        """Return the record of one that lasts or has ended; None for any other event.

        Raises:
            ValueError, TypeError, OverflowError: a number of it cannot be.
        """
        if event.after not in {"began", "ended"} or event.subject.upper() not in OutageKind.__members__:
            return None

        def number(name: str, otherwise: float) -> float:
            value = float(event.data.get(name, otherwise))
            if math.isinf(value):
                raise ValueError(f"{name} = {value}")
            return value

        def instant(name: str) -> int:
            utc_ms = number(name, event.utc_ms)
            if not is_instant(utc_ms):
                raise ValueError(f"{name} = {utc_ms}")
            return int(utc_ms)

        return cls(
            OutageKind[event.subject.upper()],
            instant("began_utc_ms"),
            instant("ended_utc_ms") if event.after == "ended" else None,
            number("duration_s", math.nan),
            number("lowest_v", math.nan),
            number("end_v", math.nan),
            number("charge_out_ah", 0.0),
            number("energy_out_wh", 0.0),
            number("dark_s", 0.0),
            number("rest_dark_s", 0.0),
            bool(event.data.get("was_enough", 1)),
        )


class CalendarStepped(NamedTuple):
    """The calendar stepped against the monotonic clock; told at its later side."""

    before_utc_ms: int
    step_s: float

    def event(self, utc_ms: int) -> Event:
        text = f"the calendar stepped by {self.step_s:+.1f} s; rows on both sides are kept"
        before, after = iso_utc(self.before_utc_ms), iso_utc(utc_ms)
        data: EventData = {"step_s": round(self.step_s, 3)}
        return Event(utc_ms, EventKind.CLOCK, "calendar", before, after, "", "", text, data)


class DroppedRows(NamedTuple):
    """Rows that were dropped because the disk did not take them in time."""

    from_utc_ms: int
    to_utc_ms: int
    periods: int
    events: int

    def joined(self, other: "DroppedRows | None") -> "DroppedRows":
        """Return one gap that tells both."""
        if other is None:
            return self
        return DroppedRows(
            min(self.from_utc_ms, other.from_utc_ms),
            max(self.to_utc_ms, other.to_utc_ms),
            self.periods + other.periods,
            self.events + other.events,
        )

    def event(self, utc_ms: int) -> Event:
        text = f"{self.periods} periods and {self.events} events could not be kept"
        before, after = iso_utc(self.from_utc_ms), iso_utc(self.to_utc_ms)
        return Event(utc_ms, EventKind.GAP, "journal", before, after, "", "", text, self._asdict())


class LogImported(NamedTuple):
    """A foreign log was written into a file of its own; told at its first row."""

    file: str
    sha256: str
    columns: tuple[str, ...]
    rows: int
    left_out: int
    gap_ms: int
    imported_utc_ms: int

    def event(self, utc_ms: int) -> Event:
        data: EventData = {
            "sha256": self.sha256,
            "columns": ",".join(self.columns),
            "rows": self.rows,
            "left_out": self.left_out,
            "gap_ms": self.gap_ms,
            "imported_utc_ms": self.imported_utc_ms,
        }
        return Event(utc_ms, EventKind.START, IMPORT, "", "", "", "", self.file, data)

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return what an event tells.

        Raises:
            KeyError, ValueError: it lacks something, or a number of it cannot be.
        """
        data = event.data
        return cls(
            event.text,
            str(data["sha256"]),
            tuple(str(data["columns"]).split(",")),
            int(data["rows"]),
            int(data["left_out"]),
            int(data["gap_ms"]),
            int(data.get("imported_utc_ms", 0)),
        )


def _rounded(*named: tuple[str, float | None, int]) -> EventData:
    """Return the values that are known, rounded."""
    return {name: round(value, digits) for name, value, digits in named if value is not None and math.isfinite(value)}
