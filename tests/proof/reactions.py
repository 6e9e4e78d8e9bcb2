"""The controls under proof are asked once for all tests."""

from functools import cache

from tests.proof.darkness import Reactions
from tests.proof.states import Control
from tests.proof.variants import small
from vigie.control.signals import Wiring


@cache
def reactions(wiring: Wiring, blackout: bool) -> Reactions:
    return Reactions(Control(small(wiring, blackout)))
