"""What is known of a mode besides its wish: the one description that settings, pages, metrics and journal go by."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

from vigie.control.commands import Mode, Phase
from vigie.control.modes.wish import Wish


class Crossing(IntEnum):
    """Which way the battery's voltage passes a threshold."""

    RISING = 0
    """Something ends above it: the charger must reach it, and the meter must read it."""
    FALLING = 1
    """Something ends below it: it lies under every rising one, and over the floor of a drill."""


class Threshold(NamedTuple):
    """A voltage of the battery at which a mode acts."""

    setting: str
    """Its name in the mode's section, with the unit: ``open_above_v``."""
    crossing: Crossing
    effect: str
    """What happens there, for the picture of a replay."""
    is_drawn: bool = True
    """It is a line in the charts of the pages while the mode is on."""


class Phases(NamedTuple):
    """Where a mode begins, and where it goes on."""

    first: Phase
    """When a person chooses it while R2 is closed."""
    first_at_rest: Phase
    """When R2 is open."""
    resumed: Phase
    """After a restart that finds both contacts closed."""
    resumed_at_rest: Phase
    """R2 open, R1 closed."""
    discharges: bool
    """R1 found open by a restart is its discharge, which goes on."""
    after_drill: Phase
    """After a discharge that was broken off: it is not begun again."""
    after_rest: Phase
    """After a rest that an outage ended."""


STEADY = Phases(Phase.STEADY, Phase.STEADY, Phase.STEADY, Phase.STEADY, False, Phase.STEADY, Phase.STEADY)
"""Of a mode that knows no phases."""


class ModeSpec(NamedTuple):
    """A mode. Its words are in :mod:`vigie.wording.modes`, its row in :mod:`vigie.control.modes.table`."""

    mode: Mode
    client_name: str
    """Its code in the client's enum, like ``au_ob``."""
    wish: Callable[..., Wish]
    """Takes what is seen of a period, and the mode's settings where it reads any in deciding."""
    phases: Phases
    decides_by_readings: bool
    """It closes both contacts while a measurement is lost, waits until a threshold has been passed for long enough, and
    keeps R2 where it is for the minimum times."""
    is_resumed: bool
    """A restart goes on with it; otherwise observe follows."""
    is_by_hand: bool
    """A person sets R1 and R2, for a time that is asked for; it takes the password, and nothing can be replayed."""
    settings: Any = None
    """NamedTuple of its settings; None when it has none."""
    thresholds: tuple[Threshold, ...] = ()
    ordered: tuple[tuple[str, str], ...] = ()
    """Pairs of its settings of which the first is at most the second."""

    @property
    def name(self) -> str:
        """As files, orders and the link call it; also the section of its settings."""
        return self.mode.name.lower()

    def limit(self, threshold: Threshold) -> str:
        """Return a threshold's name among those of all modes: ``protect_open_above_v``."""
        return f"{self.name}_{threshold.setting}"
