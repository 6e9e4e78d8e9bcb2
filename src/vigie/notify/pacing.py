"""How many messages a receiver gets how soon: one by one, then as a summary, never more than the cap. Pure."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from vigie.control.alarms.catalogue import Severity
from vigie.notify.policy import ABOUT_ONE_ALARM, URGENT, Kind
from vigie.notify.settings import MailSettings
from vigie.telemetry.outbox import Letter
from vigie.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

DIGEST_WINDOW_S = 10 * SECONDS_PER_MINUTE
LONGEST_PAUSE_S = SECONDS_PER_HOUR
GIVE_UP_S = 48 * SECONDS_PER_HOUR
LEAST_TRIES = 24
"""A clock set forward by days must not make 48 hours of one minute: so often it is tried at least."""


class Handed(NamedTuple):
    """One message a receiver got."""

    at_s: float
    """Machine's monotonic seconds."""
    kind: str
    alarm: str


class Plan(NamedTuple):
    """What a receiver gets now."""

    singles: tuple[Letter, ...]
    digest: tuple[Letter, ...]
    """Messages to fold into one."""


NOTHING = Plan((), ())


def plan(waiting: Sequence[Letter], history: Sequence[Handed], settings: MailSettings, now_s: float) -> Plan:
    """Return what a receiver gets of what waits for him.

    Args:
        waiting: for this receiver, oldest first, all due.
        history: what he got, at least of the last hour.
        settings: cap and threshold.
        now_s: machine's monotonic seconds.
    """
    if not waiting:
        return NOTHING
    in_hour = sum(1 for one in history if now_s - one.at_s < SECONDS_PER_HOUR)
    room = settings.hourly_cap - in_hour
    is_urgent = any(_is_urgent(letter, history, now_s) for letter in waiting)
    if not is_urgent:
        room -= settings.hourly_cap // 5  # a flood of small things must leave room for a critical alarm
    if room <= 0:
        return NOTHING
    foldable = [letter for letter in waiting if letter.kind in ABOUT_ONE_ALARM]
    others = [letter for letter in waiting if letter.kind not in ABOUT_ONE_ALARM]
    recent = [
        one for one in history if now_s - one.at_s < DIGEST_WINDOW_S and one.kind in {*ABOUT_ONE_ALARM, Kind.DIGEST}
    ]
    if len(recent) + len(foldable) <= settings.digest_after and len(waiting) <= room:
        return Plan(tuple(waiting), ())
    is_digest_due = is_urgent or all(one.kind != Kind.DIGEST for one in recent)
    singles = tuple(others[: room - 1])
    if not foldable or not is_digest_due:
        return Plan(tuple(others[:room]), ())
    if len(foldable) == 1:
        return Plan((*singles, foldable[0]), ())
    return Plan(singles, tuple(foldable))


def _is_urgent(letter: Letter, history: Sequence[Handed], now_s: float) -> bool:
    """Return whether a message is of a critical alarm that he was not told of in the last minutes."""
    if letter.kind not in URGENT or letter.severity < Severity.CRITICAL:
        return False
    return all(one.alarm != letter.alarm or now_s - one.at_s >= DIGEST_WINDOW_S for one in history)


def pause_s(tries: int, chance: float | None = None) -> float:
    """Return how long to wait after ``tries`` failures: 1 min, 2 min .. 1 h, and up to a fifth more or less.

    ``chance`` 0..1 stands in for the throw of the dice.

    >>> pause_s(1, 0.5), pause_s(3, 0.5), pause_s(30, 0.5)
    (60.0, 240.0, 3600.0)
    """
    thrown = random.random() if chance is None else chance  # noqa: S311 - no secret
    base_s = min(SECONDS_PER_MINUTE * 2.0 ** min(tries - 1, 10), LONGEST_PAUSE_S)
    return base_s * (0.8 + 0.4 * thrown)
