"""A lost mains must prove itself: how long it must stand before R2 may open again, and how long it has stood.

The first loss asks for ``mains.steady_s``, each further one for twice as long, up to ``mains.longest_steady_s``. Once
the mains has stood for that longest time, all losses are forgotten.
"""

from enum import IntEnum
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.mains import MainsSettings, is_steady
from vigie.control.signals import Contact, Measurement


class MainsStanding(IntEnum):
    """What a period shows of the mains' steadiness, and what is made of it."""

    LOST = 0
    """It failed, or the supply's voltage fell in a sweep while R2 was open; it has not stood since."""
    UNPROVEN = 1
    """Nothing is proven: cut by our own drill, or not to be read. No loss, but it does not count as standing."""
    STANDS = 2
    """Present, in every sweep."""


class Steadiness(NamedTuple):
    """What is remembered of the mains."""

    standing: MainsStanding
    since_s: float
    """Since when it stands; without meaning while it does not."""
    hold_off_s: float
    """How long it must stand before R2 opens; 0 when no loss is remembered."""


def at_start(hold_off_s: float, age_s: float, was_stopped: bool, settings: MainsSettings) -> Steadiness:
    """Return what a program that starts remembers: nobody has watched, so the mains counts as lost just now.

    Args:
        hold_off_s: the newest one on record; 0 when there is none.
        age_s: of that record.
        was_stopped: the program was stopped on purpose; else a loss of the mains may have ended it, a further one.
        settings: of the mains.
    """
    if hold_off_s <= 0.0 or age_s > settings.longest_steady_s:
        needed_s = settings.steady_s
    elif was_stopped:
        needed_s = min(hold_off_s, longest_s(settings))
    else:
        needed_s = after_a_loss(hold_off_s, settings)
    return Steadiness(MainsStanding.LOST, 0.0, needed_s if settings.steady_s > 0.0 else 0.0)


def longest_s(settings: MainsSettings) -> float:
    """Return the longest hold-off."""
    return max(settings.longest_steady_s, settings.steady_s)


def after_a_loss(hold_off_s: float, settings: MainsSettings) -> float:
    """Return the hold-off after one more loss."""
    if settings.steady_s <= 0.0:
        return 0.0
    return min(max(2.0 * hold_off_s, settings.steady_s), longest_s(settings))


def seen(measurement: Measurement, mains: Mains, is_settling: bool, settings: MainsSettings) -> MainsStanding:
    """Return what this period shows.

    Args:
        measurement: the period's process image.
        mains: what it proves.
        is_settling: a drill has just ended, and the supply may take its time to come back.
        settings: of the mains.
    """
    if mains == Mains.ABSENT:
        return MainsStanding.UNPROVEN if is_settling else MainsStanding.LOST
    if mains != Mains.PRESENT:
        return MainsStanding.UNPROVEN
    if is_steady(measurement, settings):
        return MainsStanding.STANDS
    has_fallen = measurement.load.is_valid and measurement.contacts.r2 == Contact.OPEN
    return MainsStanding.LOST if has_fallen else MainsStanding.UNPROVEN


def followed(before: Steadiness, now: MainsStanding, settings: MainsSettings, now_s: float) -> Steadiness:
    """Return what is remembered after a period that showed ``now``; an outage counts once, however it is read."""
    if now == MainsStanding.STANDS:
        if before.standing != MainsStanding.STANDS:
            return Steadiness(MainsStanding.STANDS, now_s, before.hold_off_s)
        if now_s - before.since_s >= longest_s(settings):
            return Steadiness(MainsStanding.STANDS, before.since_s, 0.0)
        return before
    if before.standing == MainsStanding.LOST:
        return before
    if now == MainsStanding.UNPROVEN:
        return Steadiness(MainsStanding.UNPROVEN, before.since_s, before.hold_off_s)
    return Steadiness(MainsStanding.LOST, before.since_s, after_a_loss(before.hold_off_s, settings))


def remaining_s(steadiness: Steadiness, now_s: float) -> float:
    """Return how long the mains must still stand before R2 may open."""
    if steadiness.standing != MainsStanding.STANDS:
        return steadiness.hold_off_s
    return max(steadiness.hold_off_s - (now_s - steadiness.since_s), 0.0)
