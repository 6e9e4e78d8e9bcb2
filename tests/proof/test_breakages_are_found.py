"""A broken interlock is found, by a shortest story that the real functions live again and a person can read."""

import pytest

from tests.proof.breakages import BREAKAGES, Breakage
from tests.proof.explore import Broken, Hostile
from tests.proof.replay import replayed
from tests.proof.states import Control
from tests.proof.story import told
from tests.proof.variants import controls


def searched(breakage: Breakage) -> tuple[Control, Broken]:
    """Return the control that the breakage was found in, and how."""
    control = Control(dict(controls())[breakage.shows_in])
    found = Hostile(control).explore()
    assert found.broken is not None, f"not found: {breakage.name}"
    return control, found.broken


@pytest.mark.parametrize("breakage", BREAKAGES, ids=[b.name.replace(" ", "-") for b in BREAKAGES])
def test_every_broken_interlock_is_found_and_lives_again(monkeypatch: pytest.MonkeyPatch, breakage: Breakage) -> None:
    monkeypatch.setattr(breakage.module, breakage.function, breakage.broken)
    control, broken = searched(breakage)
    print(len(broken.events), told(control, broken, None), sep="\n")
    again = replayed(control, broken.events)
    assert again.broken == broken.prop
    expected = [event.leaf.decision for event in broken.events if hasattr(event, "leaf")]
    assert list(again.decisions) == expected
