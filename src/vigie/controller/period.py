"""Who is told of every period and event, and what the loop knows of the time before its start."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from vigie.control.commands import Mode
from vigie.telemetry.records import Event
from vigie.telemetry.report import Period


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
    full_utc_s: float | None
    """When R2 last opened because the battery had shown itself full, and is open since; None when it did not."""
    alarms: Mapping[str, Event]
    """The newest event of each alarm, by its name."""
    switched_a: tuple[float, ...]
    """Sum of the currents switched so far, by relay."""
    outage: Event | None
    """The last outage event (``OutageMoved``)."""
    charge: Event | None
    """The last charge event (``ChargeMoved``)."""
    was_stopped: bool
    """The last run ended on purpose, or there was none."""
    hold_off_s: float
    """How long the mains had to stand after its last loss or the last start; 0 when the journal does not know."""
    hold_off_utc_s: float
    """When that was told, on the plant's calendar."""
    seen_utc_s: float
    """End of the latest period the journal holds, on the plant's calendar; 0 when it holds none."""


NO_PAST = Past(
    Mode.OBSERVE, "start", (0, 0, 0, 0), False, None, None, {}, (0.0, 0.0, 0.0, 0.0), None, None, True, 0.0, 0.0, 0.0
)


class Witness(Protocol):
    """Somebody who is told of every period and event; must neither block nor raise."""

    def period(self, period: Period) -> None: ...

    def event(self, event: Event) -> None: ...
