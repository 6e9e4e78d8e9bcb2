"""A broken interlock is found, by a shortest story that the real functions live again and a person can read."""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.proof.breakages import BREAKAGES, broken_on_purpose
from tests.proof.darkness import DARK, World
from tests.proof.explore import Broken, Hostile, Node, Period
from tests.proof.properties import Property
from tests.proof.reactions import Reactions
from tests.proof.replay import replayed
from tests.proof.states import Control
from tests.proof.story import told
from tests.proof.variants import controls, small
from tests.proof.world import Site
from tests.unit.control.process_images import CLOSED
from vigie.control.signals import Wiring

BY_NAME = {breakage.name: breakage for breakage in BREAKAGES}


@cache
def searched(name: str) -> tuple[Control, Broken]:
    """Return the control that a breakage was found in, and how."""
    breakage = BY_NAME[name]
    with broken_on_purpose(breakage):
        control = Control(dict(controls())[breakage.shows_in])
        found = Hostile(control).explore()
    assert found.broken is not None, f"not found: {name}"
    return control, found.broken


@pytest.mark.parametrize(
    "name", [pytest.param(one.name, marks=[pytest.mark.long] if one.is_deep else []) for one in BREAKAGES]
)
def test_every_broken_interlock_is_found_and_lives_again(name: str) -> None:
    control, broken = searched(name)
    with broken_on_purpose(BY_NAME[name]):
        again = replayed(control, broken.events)
    assert again.broken == broken.prop
    assert list(again.decisions) == [event.leaf.decision for event in broken.events if isinstance(event, Period)]


@pytest.mark.parametrize("name", ["heat holds what never opened", "a drill leaves the loads dark"])
def test_no_shorter_story_exists(name: str) -> None:
    control, broken = searched(name)
    assert len(broken.events) == 2
    with broken_on_purpose(BY_NAME[name]):
        assert not any(prop is not None for prop in one_period(control))


def one_period(control: Control) -> Iterator[Property | None]:
    """Yield what every single period breaks, whatever is ordered before it: no parents, no set of visited states."""
    hostile = Hostile(control)
    root = hostile.root()
    for elapsed in hostile.elapsed:
        start = hostile.later(root, elapsed)
        for orders in range(4):
            for before in ordered_times(hostile, start, orders):
                yield from (group.prop for group in hostile.judged(before) if group.leaf.takes(before.ages))


def ordered_times(hostile: Hostile, start: Node, orders: int) -> Iterator[Node]:
    if orders == 0:
        yield start
        return
    for before in set(ordered_times(hostile, start, orders - 1)):
        yield from (node for node, _ in hostile.obeyed(before))


GOLDEN = {
    "R2 opens beside an open R1": """\
1. A program that starts for the first time: mode Observe, R1 and R2 closed; R2 cuts the charge and the backup.
2. Ordered: mode Manual, R1 open, R2 open. Read: V1 12.80 V, V2 12.80 V +0.55 A, V3 13.60 V, 25.0 °C, \
lines R1 closed, R2 closed. Decided with the mains present: R1 goes open (set by hand), R2 goes open (set by hand).
3. BROKEN: 1 never both open. With R2 in the line, R1 and R2 are never open together.""",
    "heat holds what never opened": """\
1. A program that starts for the first time: mode Observe, R1 and R2 closed; R2 cuts the charge and the backup.
2. Read: V1 12.80 V, V2 12.80 V +0.55 A, V3 13.60 V, 70.0 °C, lines R1 closed, R2 closed. Decided with the mains \
present: R1 stays closed (observation: both contacts closed), R2 goes open (battery too hot: the charge is stopped).
3. Read: V1 12.80 V, V2 12.80 V +0.00 A, V3 frozen at 13.60 V, 25.0 °C, lines R1 closed, R2 closed. Decided with the \
mains unknown: R1 stays closed (a needed reading is lost or implausible), R2 stays open (battery too hot: the charge \
is stopped).
4. BROKEN: 2 R2 opens on proof. R2 opens only while the mains is proven present; in the line by V2 and V3, in the last \
sweep of the period too.""",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_story_can_be_read(name: str) -> None:
    control, broken = searched(name)
    assert told(control, broken, None) == GOLDEN[name]


@pytest.mark.parametrize(
    ("name", "periods"),
    [
        ("R2 may always open", 1),
        ("R1 may always open", 2),
        ("R2 opens on V3's word alone", 1),
        ("R2 stays open in an outage", 1),
        ("heat holds what never opened", 2),
        ("a drill leaves the loads dark", 2),
        ("the mains always seems present", 3),
    ],
)
def test_a_broken_interlock_makes_the_loads_dark(name: str, periods: int) -> None:
    site = Site(Wiring.LINE, False, CLOSED, CLOSED, False)
    with broken_on_purpose(BY_NAME[name]):
        world = World(Reactions(Control(small(site.wiring, site.r2_may_black_out))), site)
        broken = world.explore().broken
        assert broken is not None
        assert (broken[0], len(broken[1])) == (DARK, periods), told(world.control, broken, site)
