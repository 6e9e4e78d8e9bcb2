"""How long the mains must prove itself: every reachable state, beside a bystander that remembers by itself."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import pytest

from tests.property.witness import Steadiness as Bystander
from tests.unit.control.process_images import configured
from vigie.control import steadiness
from vigie.control.mains import MainsSettings
from vigie.control.signals import Wiring
from vigie.control.steadiness import MainsStanding, Steadiness, at_start

SETTINGS = MainsSettings(steady_s=2.0, longest_steady_s=7.0)
"""Three hold-offs: 2, 4 and, at the longest, 7 periods."""
ELAPSED_S = (1.0, 99.0)
WORDS = {MainsStanding.LOST: "lost", MainsStanding.UNPROVEN: "neither", MainsStanding.STANDS: "stands"}


class Node(NamedTuple):
    """The control's memory and the bystander's, their instants as ages."""

    standing: MainsStanding
    age_s: float
    hold_off_s: float
    needed_s: float
    is_away: bool
    stood_s: float | None


def started(hold_off_s: float, record_age_s: float, *, was_stopped: bool, settings: MainsSettings) -> Node:
    """Return the memories after a start; the bystander's is what decision 0012 says in words."""
    known = at_start(hold_off_s, record_age_s, was_stopped, settings)
    needed_s = settings.steady_s
    if hold_off_s > 0.0 and record_age_s <= settings.longest_steady_s:
        needed_s = hold_off_s if was_stopped else min(2.0 * hold_off_s, settings.longest_steady_s)
    return Node(known.standing, 0.0, known.hold_off_s, needed_s, True, None)


def later(node: Node, elapsed_s: float, shown: MainsStanding, settings: MainsSettings) -> tuple[Node, bool, bool]:
    """Return the memories after a period, and whether R2 may open: for the control, and for the bystander."""
    now_s = 1000.0
    before_s = now_s - elapsed_s
    known = Steadiness(node.standing, before_s - node.age_s, node.hold_off_s)
    known = steadiness.followed(known, shown, settings, now_s)
    bystander = Bystander(configured(Wiring.LINE, mains=settings), node.needed_s, node.is_away)
    bystander.stands_since_s = None if node.stood_s is None else before_s - node.stood_s
    bystander.see(now_s, WORDS[shown])
    since_s, longest_s = bystander.stands_since_s, settings.longest_steady_s
    stands = known.standing == MainsStanding.STANDS
    after = Node(
        known.standing,
        min(now_s - known.since_s, longest_s) if stands else 0.0,
        known.hold_off_s,
        bystander.needed_s,
        bystander.is_away,
        None if since_s is None else min(now_s - since_s, longest_s),
    )
    return after, steadiness.remaining_s(known, now_s) == 0.0, bystander.has_proven(now_s)


def starts(hold_off_s: float, settings: MainsSettings) -> Iterator[Node]:
    for record_age_s, was_stopped in product((0.0, settings.longest_steady_s, 99.0), (True, False)):
        yield started(hold_off_s, record_age_s, was_stopped=was_stopped, settings=settings)


def explored(settings: MainsSettings) -> set[Node]:
    """Visit every state; fail at the first in which control and bystander differ."""
    seen = set(starts(0.0, settings))
    frontier = list(seen)
    for node in frontier:
        assert node.hold_off_s == node.needed_s, node
        ahead = set(starts(node.hold_off_s, settings))
        for elapsed_s, shown in product(ELAPSED_S, MainsStanding):
            after, may_open, has_proven = later(node, elapsed_s, shown, settings)
            assert may_open == has_proven, (node, elapsed_s, shown)
            ahead.add(after)
        frontier += ahead - seen
        seen |= ahead
    return seen


def test_every_state_of_the_hold_off_agrees_with_the_bystander() -> None:
    seen = explored(SETTINGS)
    assert {node.hold_off_s for node in seen} == {0.0, 2.0, 4.0, 7.0}
    assert len(seen) > 20


@pytest.mark.parametrize(
    ("function", "broken"),
    [
        ("after_a_loss", lambda hold_off_s, settings: settings.steady_s),
        ("after_a_loss", lambda hold_off_s, settings: 2.0 * hold_off_s),
        ("longest_s", lambda settings: settings.longest_steady_s - 1.0),
        ("remaining_s", lambda known, now_s: max(known.hold_off_s - (now_s - known.since_s), 0.0)),
        ("followed", lambda before, now, settings, now_s: Steadiness(now, now_s, before.hold_off_s)),
        (
            "followed",
            lambda before, now, settings, now_s: (
                before if now == MainsStanding.UNPROVEN else _followed(before, now, now_s)
            ),
        ),
    ],
    ids=["never doubles", "has no first", "forgets too soon", "runs while lost", "begins anew", "survives a doubt"],
)
def test_a_broken_hold_off_is_found(monkeypatch: pytest.MonkeyPatch, function: str, broken: Callable[..., Any]) -> None:
    monkeypatch.setattr(steadiness, function, broken)
    with pytest.raises(AssertionError):
        explored(SETTINGS)


_whole = steadiness.followed


def _followed(before: Steadiness, now: MainsStanding, now_s: float) -> Steadiness:
    return _whole(before, now, SETTINGS, now_s)


def test_switched_off_nothing_has_to_be_proven() -> None:
    assert {node.hold_off_s for node in explored(MainsSettings(steady_s=0.0, longest_steady_s=7.0))} == {0.0}
