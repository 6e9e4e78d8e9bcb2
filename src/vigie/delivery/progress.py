"""How far delivery has come: what the store said of one batch makes of one position the next. Pure, whatever the store.

A store that was away may have forgotten what it took shortly before, and one that is killed with its computer too: what
it took within ``OVERLAP_S`` before its last yes is sent again. Again costs next to nothing and changes nothing.
"""

import math
from typing import NamedTuple

from vigie.telemetry.delivery_log import Cursor

OVERLAP_S = 60.0
"""What a store takes it may keep in memory for seconds."""
MOST_GOINGS_BACK = 3
"""Without getting any further: a store that is away again and again must not keep delivery where it is."""


class Taken(NamedTuple):
    """A batch the store has taken."""

    at_s: float
    """Monotonic."""
    began: Cursor
    """What was delivered before it."""


class DeliveryProgress(NamedTuple):
    """Where delivery stands between two batches."""

    cursor: Cursor
    """The next batch follows it."""
    furthest: Cursor
    """As far as it ever came; what lies before that is sent once more, and no news."""
    is_behind: bool = True
    """More waits already."""
    taken: tuple[Taken, ...] = ()
    """The batches taken within ``OVERLAP_S`` before the last, oldest first; none from before a going back."""
    yes_s: float = -math.inf
    """Monotonic instant of the store's last yes to a batch."""
    goings_back: int = 0
    """Since it last came further than ever."""

    @property
    def safe(self) -> Cursor:
        """The cursor before everything the store may forget: what to keep for a restart."""
        return self.taken[0].began if self.taken else self.cursor

    def reopened(self, saved: Cursor, furthest: Cursor) -> "DeliveryProgress":
        """Return where it stands in another file of the journal, from which ``saved`` was read."""
        return self._replace(cursor=saved, furthest=furthest, taken=())


class BatchOutcome(NamedTuple):
    """What became of the batch that followed the cursor."""

    end: Cursor
    """Everything up to here is settled: taken, or refused for good."""
    has_rows: bool
    is_all: bool
    """Nothing waited behind it."""
    was_away: bool
    """The store could not be reached, or its connection was cut, since the batch before."""
    at_s: float
    """Monotonic, once it was settled."""


def step(progress: DeliveryProgress, outcome: BatchOutcome) -> DeliveryProgress:
    """Return where delivery stands after a batch."""
    goes_back = outcome.was_away and bool(progress.taken) and progress.goings_back < MOST_GOINGS_BACK
    yes_s = outcome.at_s if outcome.has_rows else progress.yes_s
    taken = progress.taken
    if outcome.has_rows:
        taken = (*taken, Taken(outcome.at_s, progress.cursor))
    is_further = outcome.end > progress.furthest
    return DeliveryProgress(
        cursor=progress.safe if goes_back else outcome.end,
        furthest=outcome.end if is_further else progress.furthest,
        is_behind=goes_back or not outcome.is_all,
        taken=() if goes_back else tuple(one for one in taken if one.at_s >= yes_s - OVERLAP_S),
        yes_s=yes_s,
        goings_back=0 if is_further else progress.goings_back + goes_back,
    )
