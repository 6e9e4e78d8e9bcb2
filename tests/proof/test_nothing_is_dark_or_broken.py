"""The proof itself: every reachable state is visited and no statement is broken in any of them."""

import pytest

from tests.proof.__main__ import PAGE
from tests.proof.darkness import HOT_AND_BLIND, R1_NO, RISK_ACCEPTED, World
from tests.proof.explore import Hostile
from tests.proof.reactions import shared
from tests.proof.returns import returns, row
from tests.proof.story import described, told
from tests.proof.variants import controls, quick_sites
from tests.proof.world import Site
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control.signals import Wiring

pytestmark = pytest.mark.timeout(600)  # a minute of work alone, several on a busy machine


@pytest.mark.parametrize(("wiring", "blackout"), [(s.wiring, s.r2_may_black_out) for _, s in controls()])
def test_no_reachable_state_breaks_an_interlock(wiring: Wiring, blackout: bool) -> None:
    control = shared(wiring, blackout).control
    found = Hostile(control).explore()
    assert found.broken is None, told(control, found.broken, None)
    assert found.states > 100
    assert found.transitions > 100_000


@pytest.mark.parametrize(
    "site", quick_sites(), ids=lambda site: f"{site.wiring.name}: {described(site)}".replace(" ", "-")
)
def test_no_reachable_state_is_dark_while_a_source_could_feed_the_loads(site: Site) -> None:
    world = World(shared(site.wiring, site.r2_may_black_out), site)
    seen = world.explore()
    assert seen.broken is None, told(world.control, seen.broken, site)
    assert seen.states > 100, "an exploration that goes nowhere proves nothing"
    assert seen.transitions > 10_000
    assert set(seen.limits) == expected_limits(site)
    assert returns(world).r2_closed == "never dark"
    assert row(returns(world)) in PAGE.read_text(encoding="utf-8"), "make proof writes the page"


def expected_limits(site: Site) -> set[object]:
    """Return the darkness that is known, and nothing else may occur."""
    if not site.lives_on_loads:
        return {HOT_AND_BLIND} if site.wiring == Wiring.LINE else set()
    limits: set[object] = {R1_NO} if site.r1_at_rest == OPEN else set()
    return limits | {RISK_ACCEPTED} if site.is_risk_accepted else limits


def test_what_comes_back_by_itself_depends_on_the_contacts_at_rest() -> None:
    both_nc = Site(Wiring.LINE, True, CLOSED, CLOSED, False)
    r2_no = Site(Wiring.LINE, True, CLOSED, OPEN, True)
    both_no = Site(Wiring.LINE, True, OPEN, OPEN, True)
    outcomes = []
    for site in (both_nc, r2_no, both_no):
        world = World(shared(site.wiring, site.r2_may_black_out), site)
        world.explore()
        outcomes.append(returns(world).r2_open)
    assert outcomes == [
        "dark while the controller starts",
        "dark until the mains returns",
        "dark until somebody comes",
    ]
