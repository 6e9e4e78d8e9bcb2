"""How many messages a receiver gets how soon: one by one, then as a summary, never more than the cap. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from vigie.control.alarms.catalogue import Severity
from vigie.notify.policy import ABOUT_ONE_ALARM, URGENT, MessageKind
from vigie.notify.settings import MailSettings
from vigie.pauses import GrowingPause
from vigie.telemetry.outbox import Letter
from vigie.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

DIGEST_WINDOW_S = 10 * SECONDS_PER_MINUTE
PAUSE = GrowingPause(SECONDS_PER_MINUTE, SECONDS_PER_HOUR, spread=0.2)
"""Between two tries of a message, and of a way out."""
GIVE_UP_S = 48 * SECONDS_PER_HOUR
LEAST_TRIES = 24
"""A clock set forward by days must not make 48 hours of one minute: so often it is tried at least."""


class Handed(NamedTuple):
    """One message a receiver got."""

    at_s: float
    """Machine's monotonic seconds."""
    kind: str
    alarm: str


class SendingPlan(NamedTuple):
    """What a receiver gets now."""

    singles: tuple[Letter, ...]
    digest: tuple[Letter, ...]
    """Messages to fold into one."""


NOTHING = SendingPlan((), ())
_ABOUT_ALARMS = frozenset({*ABOUT_ONE_ALARM, MessageKind.DIGEST})


def plan(waiting: Sequence[Letter], history: Sequence[Handed], settings: MailSettings, now_s: float) -> SendingPlan:
    """Return what a receiver gets of what waits for him.

    Nothing waits longer than :func:`longest_wait_s`: with many messages one leaves that often at least, a summary of
    all that wait or the only one there is. Only more critical alarms in an hour than the cap can hold that up.

    Args:
        waiting: for this receiver, oldest first, all due.
        history: what he got, at least of the last hour.
        settings: cap and threshold.
        now_s: machine's monotonic seconds.
    """
    in_hour = sum(1 for one in history if now_s - one.at_s < SECONDS_PER_HOUR)
    room = settings.hourly_cap - in_hour
    if not waiting or room <= 0:
        return NOTHING
    foldable = [letter for letter in waiting if letter.kind in ABOUT_ONE_ALARM]
    others = tuple(letter for letter in waiting if letter.kind not in ABOUT_ONE_ALARM)
    told = [one for one in history if one.kind in _ABOUT_ALARMS]
    in_window = sum(1 for one in told if now_s - one.at_s < DIGEST_WINDOW_S)
    one_by_one = settings.hourly_cap - _urgent_in_hour(settings) - _paced_in_hour(settings)
    is_few = in_window + len(foldable) <= settings.digest_after and in_hour + len(waiting) <= one_by_one
    if is_few:
        return SendingPlan(tuple(waiting), ())
    pause_s = longest_wait_s(settings)
    is_due = (
        any(_is_urgent(letter, history, now_s) for letter in foldable)
        or all(now_s - one.at_s >= pause_s for one in told)
        or (len(foldable) > 1 and in_hour < one_by_one and not _had_digest(told, now_s - pause_s))
    )
    if not foldable or not is_due:
        return SendingPlan(others[:room], ())
    if len(foldable) == 1:
        return SendingPlan((*others[: room - 1], *foldable), ())
    return SendingPlan(others[: room - 1], tuple(foldable))


def longest_wait_s(settings: MailSettings) -> float:
    """Return how long a message waits at most while the way out is open: 10 minutes, longer with a low cap.

    >>> longest_wait_s(MailSettings()), longest_wait_s(MailSettings(hourly_cap=6))
    (600.0, 1800.0)
    """
    return SECONDS_PER_HOUR / _paced_in_hour(settings)


def _urgent_in_hour(settings: MailSettings) -> int:
    """Return how many messages of the cap a flood of small things leaves to critical alarms."""
    return max(1, settings.hourly_cap // 5)


def _paced_in_hour(settings: MailSettings) -> int:
    """Return how many messages of the cap are left to those that come one pause after the other."""
    room = settings.hourly_cap - _urgent_in_hour(settings)
    return max(1, min(room // 2, int(SECONDS_PER_HOUR / DIGEST_WINDOW_S)))


def _had_digest(told: Sequence[Handed], since_s: float) -> bool:
    return any(one.kind == MessageKind.DIGEST and one.at_s > since_s for one in told)


def _is_urgent(letter: Letter, history: Sequence[Handed], now_s: float) -> bool:
    """Return whether a message is of a critical alarm that he was not told of in the last minutes."""
    if letter.kind not in URGENT or letter.severity < Severity.CRITICAL:
        return False
    return all(one.alarm != letter.alarm or now_s - one.at_s >= DIGEST_WINDOW_S for one in history)
