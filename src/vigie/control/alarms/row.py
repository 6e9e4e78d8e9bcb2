"""What one alarm is: a row of the table. Words and numbers for whoever asks; what decides gets the rule made of it."""

from enum import IntEnum
from typing import NamedTuple

from vigie.control.alarms.catalogue import Alarm, Protection, Severity


class Comparison(IntEnum):
    """When a value has reached the limit; the limit itself counts."""

    ABOVE = 0
    BELOW = 1
    BITS = 2
    """Any bit set; a new one announces the alarm again."""


class AlarmRow(NamedTuple):
    """One alarm: its words, what it looks at, when it is raised and returns. A setting is given by its name.

    A row without a limit is a question, answered with 1.0 or 0.0.
    """

    alarm: Alarm
    title: str
    """What it is, in a few words: a message id (``translatable.mark``)."""
    advice: str
    """What a person should do: a message id of one to three sentences."""
    looks_at: str
    """What its value is, for docs/alarms.md."""
    severity: Severity
    unit: str = ""
    bits: type[IntEnum] | None = None
    """What the bits of the value stand for."""
    kinds: type[IntEnum] | None = None
    """What the value itself stands for, 0 being nothing."""
    is_share: bool = False
    """The value is a share, 0..1, told in percent."""
    is_said_in_words: bool = False
    """The value counts things that only words can say, which come along with it."""
    reading_of: Alarm | None = None
    """The alarm whose value is the reading now, where this one's own is not a reading."""
    comparison: Comparison = Comparison.ABOVE
    limit: str | float = 1.0
    hysteresis: float = 0.0
    """To return, the value must be inside the limit by more than this."""
    delays_s: tuple[str | float, float] = (0.0, 0.0)
    """Before it is raised, before it returns."""
    is_latched: bool = False
    """Stays after its return until somebody acknowledges."""
    protection: Protection = Protection.NONE
    worse_by: float = 0.0
    """So much worse than acknowledged takes the acknowledgement back; 0: never."""
    is_of_web: bool = False
    """The web process raises it, not the controller."""

    @property
    def name(self) -> str:
        """The alarm's lower-case name: in settings, journal, link and metrics."""
        return self.alarm.name.lower()
