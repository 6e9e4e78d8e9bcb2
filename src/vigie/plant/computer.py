"""The computer of a simulated controller that lives on the loads: how it dies with them and comes back."""

from enum import IntEnum
from math import inf, isinf
from typing import NamedTuple

from vigie.plant.site import InstallationSettings

VISITOR_STAYS_S = 60.0
"""Somebody who came lets go of the contacts when the computer has run this long."""


class ComputerPhase(IntEnum):
    """Where the computer is."""

    RUNNING = 0
    ON_CAPACITORS = 1
    """Without power, not for long enough to die."""
    DARK = 2
    """Dead: the coils have dropped."""
    BOOTING = 3


class Computer(NamedTuple):
    """The computer, in the world's seconds."""

    phase: ComputerPhase
    since_s: float
    deaths: int
    """How often its power was cut since the world began."""
    died_s: float
    """The last time; 0 before the first."""
    is_bridged: bool
    """Somebody has come and bridges R1 and R2 until the program runs."""

    @property
    def is_up(self) -> bool:
        """A program can run on it."""
        return self.phase in (ComputerPhase.RUNNING, ComputerPhase.ON_CAPACITORS)


ALWAYS_UP = Computer(ComputerPhase.RUNNING, 0.0, 0, 0.0, False)


class Darkness(NamedTuple):
    """A computer that is not up."""

    is_booting: bool
    lasted_s: float
    """Since its power was cut."""
    ends_in_s: float
    """Until it has booted; infinite when it never does by itself."""
    why: str
    """What keeps the loads dark, empty while it boots."""

    def __str__(self) -> str:
        """Say it to a person."""
        said = f"the computer lost its power {_span(self.lasted_s)} ago"
        if self.is_booting:
            return f"{said} and boots: {_span(self.ends_in_s)} to go"
        if isinf(self.ends_in_s):
            return (
                f"{said}: dark until somebody comes ({self.why}); twin.installation.visit_after_s sends somebody, "
                "deleting the world's file begins anew"
            )
        return f"{said} ({self.why}): up again in {_span(self.ends_in_s)}"


def follow(computer: Computer, is_powered: bool, now_s: float, settings: InstallationSettings) -> Computer:
    """Return the computer at ``now_s``, one change at most: call again until nothing changes."""
    if _visitor_changes_s(computer, settings) <= now_s:
        return computer._replace(is_bridged=not computer.is_bridged)
    if computer.phase == ComputerPhase.RUNNING and not is_powered:
        return computer._replace(phase=ComputerPhase.ON_CAPACITORS, since_s=now_s)
    if computer.phase == ComputerPhase.ON_CAPACITORS and is_powered:
        return computer._replace(phase=ComputerPhase.RUNNING, since_s=now_s)
    if computer.phase == ComputerPhase.ON_CAPACITORS and now_s >= computer.since_s + settings.hold_up_s:
        return computer._replace(phase=ComputerPhase.DARK, since_s=now_s, deaths=computer.deaths + 1, died_s=now_s)
    if computer.phase == ComputerPhase.DARK and is_powered:
        return computer._replace(phase=ComputerPhase.BOOTING, since_s=now_s)
    if computer.phase == ComputerPhase.BOOTING and not is_powered:
        return computer._replace(phase=ComputerPhase.DARK, since_s=now_s)
    if computer.phase == ComputerPhase.BOOTING and now_s >= computer.since_s + settings.boot_s:
        return computer._replace(phase=ComputerPhase.RUNNING, since_s=now_s)
    return computer


def next_change_s(computer: Computer, settings: InstallationSettings) -> float:
    """Return when something changes by the mere passing of time; infinite when never."""
    changes_s = _visitor_changes_s(computer, settings)
    if computer.phase == ComputerPhase.ON_CAPACITORS:
        return min(changes_s, computer.since_s + settings.hold_up_s)
    if computer.phase == ComputerPhase.BOOTING:
        return min(changes_s, computer.since_s + settings.boot_s)
    return changes_s


def _visitor_changes_s(computer: Computer, settings: InstallationSettings) -> float:
    """Return when somebody comes or goes."""
    if computer.is_bridged:
        return computer.since_s + VISITOR_STAYS_S if computer.phase == ComputerPhase.RUNNING else inf
    if computer.phase == ComputerPhase.DARK and settings.visit_after_s > 0.0:
        return computer.since_s + settings.visit_after_s
    return inf


def _span(seconds: float) -> str:
    """Return a length of time as hours, minutes and seconds.

    >>> _span(3725.0)
    '1:02:05'
    """
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
