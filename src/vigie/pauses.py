"""How long to wait before the next try: pauses that double up to a longest one. Only here is it known how they grow.

tenacity does the tries where a call is repeated until it is taken (``delivery.courier``) and asks :class:`GrowingPause`
how long to wait. The others have no such call to hand over: the supervisor and the messages look round many times
between two tries, and a wrong password is tried by a person. tenacity would also cost each process 5 MB and the
supervisor its rule to import nothing but the standard library.
"""

import random
from typing import NamedTuple

_MOST_DOUBLINGS = 60


class GrowingPause(NamedTuple):
    """Pauses of ``first_s``, twice that, four times that, up to ``longest_s``."""

    first_s: float
    """0 or more."""
    longest_s: float
    spread: float = 0.0
    """0..1: so much more or less by chance, so that many do not try again in the same second."""

    def after_s(self, failures: int, chance: float | None = None) -> float:
        """Return how long to wait after the ``failures``-th failure in a row; 0 before the first.

        ``chance`` 0..1 stands in for the throw of the dice.

        >>> pause = GrowingPause(60.0, 3600.0, spread=0.2)
        >>> [pause.after_s(failures, 0.5) for failures in (0, 1, 2, 3, 7, 10_000)]
        [0.0, 60.0, 120.0, 240.0, 3600.0, 3600.0]
        >>> pause.after_s(1, 0.0), pause.after_s(1, 1.0)
        (48.0, 72.0)
        """
        if failures < 1:
            return 0.0
        middle_s = min(self.first_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), self.longest_s)
        if not self.spread:
            return middle_s
        thrown = random.random() if chance is None else chance  # noqa: S311 - no secret
        return middle_s * (1.0 + self.spread * (2.0 * thrown - 1.0))
