"""How far delivery counts as come: nothing a store forgot is left out, and nothing is sent again for ever."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigie.delivery.progress import MOST_GOINGS_BACK, OVERLAP_S, BatchOutcome, DeliveryProgress, Taken, step
from vigie.telemetry.delivery_log import START, Cursor

BEGINNING = DeliveryProgress(START, START)


def at(key: int) -> Cursor:
    return Cursor(0, key)


def taken(end: int, at_s: float, *, is_all: bool = False, was_away: bool = False) -> BatchOutcome:
    return BatchOutcome(at(end), True, is_all, was_away, at_s)


def after(progress: DeliveryProgress, outcomes: Sequence[BatchOutcome]) -> DeliveryProgress:
    for outcome in outcomes:
        progress = step(progress, outcome)
    return progress


def test_a_batch_that_was_taken_is_settled_and_kept_behind_for_a_restart() -> None:
    assert step(BEGINNING, taken(10, 100.0)) == DeliveryProgress(at(10), at(10), True, (Taken(100.0, START),), 100.0, 0)


def test_without_anything_to_send_it_only_learns_whether_more_waits() -> None:
    before = after(BEGINNING, [taken(10, 100.0)])
    assert step(before, BatchOutcome(at(10), False, True, False, 500.0)) == before._replace(is_behind=False)


def test_a_pass_without_rows_is_left_behind() -> None:
    before = after(BEGINNING, [taken(10, 100.0)])
    later = Cursor(1, 0)
    assert step(before, BatchOutcome(later, False, False, False, 101.0)) == before._replace(
        cursor=later, furthest=later
    )


@pytest.mark.parametrize(
    ("last_s", "safe"), [(100.0 + OVERLAP_S, START), (100.0 + OVERLAP_S + 0.001, at(10))], ids=["a minute", "longer"]
)
def test_what_was_taken_a_minute_before_the_last_yes_is_safe(last_s: float, safe: Cursor) -> None:
    assert after(BEGINNING, [taken(10, 100.0), taken(20, last_s)]).safe == safe


def test_a_long_silence_makes_nothing_safe_that_no_later_yes_has_proven() -> None:
    before = after(BEGINNING, [taken(10, 100.0), taken(20, 101.0)])
    assert step(before, BatchOutcome(at(20), False, True, False, 9_999.0)).safe == START


def test_a_store_that_was_away_gets_the_last_minute_again() -> None:
    before = after(BEGINNING, [taken(10, 0.0), taken(20, 50.0), taken(30, 100.0, is_all=True)])
    back = step(before, taken(40, 500.0, is_all=True, was_away=True))
    assert back == DeliveryProgress(at(10), at(40), True, (), 500.0, 0)
    assert not step(back, taken(40, 501.0, is_all=True)).is_behind


def test_one_that_was_away_before_it_took_anything_has_nothing_to_forget() -> None:
    assert step(BEGINNING, taken(10, 1.0, was_away=True)).cursor == at(10)


def test_a_store_that_is_away_all_the_time_holds_delivery_for_some_batches_only() -> None:
    progress = after(BEGINNING, [taken(10, 0.0), taken(20, 1.0)])
    ends = []
    for turn in range(2 * MOST_GOINGS_BACK + 1):
        progress = step(progress, taken(20, 2.0 + turn, was_away=True))
        ends.append(progress.cursor.key)
    assert ends == [START.key, 20, START.key, 20, START.key, 20, 20]


def test_getting_further_lets_it_go_back_again() -> None:
    tired = after(BEGINNING, [taken(10, 0.0)])._replace(goings_back=MOST_GOINGS_BACK)
    assert step(tired, taken(10, 1.0, was_away=True)).cursor == at(10)
    assert step(tired, taken(20, 1.0)).goings_back == 0
    assert step(tired, taken(9, 1.0)).goings_back == MOST_GOINGS_BACK


def test_another_file_begins_at_what_it_keeps() -> None:
    before = after(BEGINNING, [taken(10, 0.0), taken(20, 1.0)])
    assert before.reopened(at(3), at(5)) == before._replace(cursor=at(3), furthest=at(5), taken=())


class Event(NamedTuple):
    """What happens next: some rows are offered after a time; the store, or we, may be killed before that."""

    rows: int
    waits_s: float
    store_dies: bool
    we_die: bool


EVENTS = st.builds(
    Event, st.integers(0, 6), st.sampled_from([0.0, 0.5, 20.0, OVERLAP_S, 90.0]), st.booleans(), st.booleans()
)


ON_DISK = -math.inf
"""Instant of what no kill takes away any more."""


class World:
    """A journal of whole numbers, and a store that forgets what it took within ``OVERLAP_S`` before its last yes.

    What it still has after a kill it has on its disk: the next one costs it none of that. It is killed no more often
    without getting any further than delivery goes back for.
    """

    def __init__(self) -> None:
        self.progress = BEGINNING
        self.saved = START
        self.store: dict[int, float] = {}
        self.written = 0
        self.now_s = 0.0
        self.is_cut_off = False
        self.deaths_here = 0

    def kill_store(self) -> None:
        if self.deaths_here == MOST_GOINGS_BACK:
            return
        self.deaths_here += 1
        newest_s = max(self.store.values(), default=ON_DISK)
        kept = (key for key, at_s in self.store.items() if at_s == ON_DISK or at_s < newest_s - OVERLAP_S)
        self.store = dict.fromkeys(kept, ON_DISK)
        self.is_cut_off = True

    def kill_us(self) -> None:
        self.progress = BEGINNING.reopened(self.saved, self.progress.furthest)

    def deliver(self, most: int) -> None:
        first = max(self.progress.cursor.key, -1) + 1
        rows = range(first, min(first + most, self.written))
        self.store.update(dict.fromkeys(rows, self.now_s))
        end = at(rows[-1]) if rows else self.progress.cursor
        is_all = end.key == self.written - 1
        was_away = self.is_cut_off and bool(rows)
        self.is_cut_off = self.is_cut_off and not rows
        before = self.progress
        self.progress = step(before, BatchOutcome(end, bool(rows), is_all, was_away, self.now_s))
        assert self.progress.safe <= self.progress.cursor <= self.progress.furthest
        assert before.furthest <= self.progress.furthest
        self.deaths_here = self.deaths_here if before.furthest == self.progress.furthest else 0
        assert self.progress.goings_back <= MOST_GOINGS_BACK
        self.saved = self.progress.safe


@given(st.lists(EVENTS, max_size=30))
@example([Event(1, 0.0, False, False), Event(1, 90.0, False, False), *[Event(0, 0.0, True, False)] * 2])
def test_whoever_is_killed_the_store_has_everything_in_the_end(events: list[Event]) -> None:
    world = World()
    for event in events:
        world.now_s += event.waits_s
        world.written += event.rows
        if event.store_dies:
            world.kill_store()
        if event.we_die:
            world.kill_us()
        world.deliver(4)
    world.written += 1  # only a batch that reaches it tells that a store was away
    for _ in range(2 * world.written + 10):
        world.deliver(4)
    assert set(world.store) == set(range(world.written))
    assert not world.progress.is_behind
