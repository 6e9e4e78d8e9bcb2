"""What the loop tells of a period, who is told, and what it knows of the time before its start."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from vigie.control.commands import Mode
from vigie.control.estimation.estimate import BatteryEstimate
from vigie.control.signals import Channel, Contacts, Measurement, Relay
from vigie.control.supervisor import Decision, State
from vigie.errors import VigieError
from vigie.telemetry.records import Event


class Counters(NamedTuple):
    """What the loop counts since it started."""

    periods: int
    failed_periods: int
    overruns: int
    cpu_ms: float
    rejected: tuple[int, int, int, int]
    """Rejected sweeps by channel."""
    switchings: tuple[int, ...]


class Past(NamedTuple):
    """What the journal knows of the time before a start."""

    mode: Mode
    """To resume; a restart never resumes MANUAL (nobody may be there)."""
    mode_by: str
    switchings: tuple[int, ...]
    """Movements counted so far, by relay."""
    is_over_temperature: bool
    """The latch was set."""
    r1_opened_utc_s: float | None
    """Plant's calendar; None when the journal does not know."""
    alarms: Mapping[str, Event]
    """The newest event of each alarm, by its name."""
    switched_a: tuple[float, ...]
    """Sum of the currents switched so far, by relay."""
    outage: Event | None
    """The last outage event."""
    charge: Event | None
    """The last charge event."""
    was_stopped: bool
    """The last run ended on purpose, or there was none."""
    hold_off_s: float
    """How long the mains had to stand after its last loss or the last start; 0 when the journal does not know."""
    hold_off_utc_s: float
    """When that was told, on the plant's calendar."""
    seen_utc_s: float
    """End of the latest period the journal holds, on the plant's calendar; 0 when it holds none."""


NO_PAST = Past(
    Mode.OBSERVE, "start", (0, 0, 0, 0), False, None, {}, (0.0, 0.0, 0.0, 0.0), None, None, True, 0.0, 0.0, 0.0
)
CHARGED, LEFT = "charged", "left"
BEGAN, ENDED = "began", "ended"
"""What charge and outage events say became of it."""
HOLD_OFF = "hold_off_s"
"""In the data of the events that tell of the mains and of a start."""


class Period(NamedTuple):
    """One finished period, for everybody who wants to know."""

    utc_s: float
    measurement: Measurement
    contacts: Contacts
    """As the lines read at the end of the period."""
    state: State
    decision: Decision
    disobeyed: tuple[Relay, ...]
    """Relays whose line does not read what it was told."""
    errors: Mapping[Channel, VigieError]
    mode_by: str
    is_overrun: bool
    counters: Counters
    alarms: Sequence[Mapping[str, Any]]
    """Fields of ``AlarmReport``, most urgent first."""
    outage: Mapping[str, Any] | None
    """Fields of ``OutageReport``."""
    contact_reports: Sequence[Mapping[str, Any]]
    """What is known of each contact, fields of ``RelayState``."""
    estimate: BatteryEstimate
    """What is believed of the battery."""


class Witness(Protocol):
    """Somebody who is told of every period and event; must neither block nor raise."""

    def period(self, period: Period) -> None: ...

    def event(self, event: Event) -> None: ...
