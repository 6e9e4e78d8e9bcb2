"""What one control does with all that can be read of a truth."""

from functools import cache
from typing import NamedTuple

from tests.proof.readings import Lines
from tests.proof.states import Control, Leaf
from tests.proof.variants import small
from tests.proof.world import Cube, Sight, Truth
from vigie.control.signals import Wiring


class Way(NamedTuple):
    """A way on from a state under what can be seen."""

    leaf: Leaf
    masks: tuple[int, ...]
    lines: Lines
    is_blind: bool
    """V3 is lost or frozen."""
    strangeness: float


class Reactions:
    """What one control does with all that can be read of a truth; shared by the installations it may run."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.sight = Sight(control.image, control.settings)
        self._ways: dict[tuple[int, Truth, bool], list[Way]] = {}

    def ways(self, number: int, truth: Truth, is_changing: bool) -> list[Way]:
        """Return what may come of a period, whatever the ages."""
        key = (number, truth, is_changing)
        if key not in self._ways:
            kept = self.control.kepts[number]
            ways: dict[object, Way] = {}
            for leaf in self.control.leaves(number):
                for cube in self.sight.cubes(truth, is_changing, kept.r1, kept.r2):
                    way = self._way(leaf, cube)
                    if way is None:
                        continue
                    same = (leaf[1:6], leaf.decision.contacts[:2], way.lines[:3], way.is_blind)
                    known = ways.get(same)
                    if known is None or way.strangeness < known.strangeness:
                        ways[same] = way
            self._ways[key] = list(ways.values())
        return self._ways[key]

    def _way(self, leaf: Leaf, cube: Cube) -> Way | None:
        circuit, load, heat, line = leaf.masks
        if not line & cube.masks[3] or not load & cube.masks[1] or not heat & cube.masks[2]:
            return None
        masks = (circuit & cube.masks[0], load & cube.masks[1], heat & cube.masks[2], line & cube.masks[3])
        if not masks[0]:
            return None
        _, v3, _, lines = self.control.image.first(masks)
        return Way(leaf, masks, lines, not v3.is_valid, self.control.image.strangeness(masks))


@cache
def shared(wiring: Wiring, blackout: bool) -> Reactions:
    """Return the reactions under the small settings, asked once for all tests."""
    return Reactions(Control(small(wiring, blackout)))
