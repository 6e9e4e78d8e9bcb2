"""The hold-off after a loss, taken out of the exploration: in every period it may still run, or be over.

That is more than can happen, so what holds here holds. How long it truly runs is explored apart (``test_hold_off.py``),
with what the control shows it, which this module writes down.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from vigie.control import steadiness
from vigie.control.steadiness import MainsStanding


class Hold(NamedTuple):
    """What a period knew of the hold-off, and showed it."""

    remaining_s: float
    shown: MainsStanding


@contextmanager
def answering(remaining_s: Any) -> Iterator[list[MainsStanding]]:
    """Let the hold-off last ``remaining_s`` more in every period; yield the list of what it is shown."""
    shown: list[MainsStanding] = []

    def followed(before: Any, now: MainsStanding, *_: Any) -> Any:
        shown.append(now)
        return before

    whole = steadiness.followed, steadiness.remaining_s
    steadiness.followed, steadiness.remaining_s = followed, lambda *_: remaining_s
    try:
        yield shown
    finally:
        steadiness.followed, steadiness.remaining_s = whole
