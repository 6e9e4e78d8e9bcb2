"""A refused request cut in halves until the offenders stand alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.delivery.answers import Offence, RefusedForGood
from vigie.delivery.feed import samples_in
from vigie.delivery.halving import HOPELESS_TRIES, MOST_TRIES, Blocks, Halving, cut, halves
from vigie.delivery.wire import SeriesBlock

Sample = tuple[str, int]


def block(name: str, times: range) -> SeriesBlock:
    return SeriesBlock((("__name__", name),), list(times), [float(time) for time in times])


def batch(series: int, times: int) -> Blocks:
    return [block(f"s{number}", range(times)) for number in range(series)]


def samples(blocks: Blocks) -> set[Sample]:
    return {(labels[0][1], time) for labels, times, _ in blocks for time in times}


class Picky:
    """A store that refuses every request with one of its bad samples in it."""

    def __init__(self, bad: set[Sample], offence: Offence = Offence.OTHER) -> None:
        self.bad, self.offence = bad, offence
        self.taken: list[Sample] = []
        self.requests = 0

    def send(self, blocks: Blocks) -> None:
        self.requests += 1
        if samples(blocks) & self.bad:
            raise RefusedForGood(400, "bad", self.offence)
        self.taken += samples(blocks)


def found_by(store: Picky, blocks: Blocks) -> set[Sample]:
    offenders = Halving(store.send).offenders(blocks, RefusedForGood(400, "bad", store.offence))
    aside = [sample for offender in offenders for sample in samples(offender.blocks)]
    assert len(aside) == len(set(aside))
    assert sorted([*aside, *store.taken]) == sorted(samples(blocks))  # each sample has one fate
    return set(aside)


def test_one_bad_sample_stands_alone() -> None:
    store = Picky({("s17", 311)})
    assert found_by(store, batch(39, 500)) == store.bad
    assert store.requests < 40


def test_one_bad_series_stands_alone() -> None:
    store = Picky({("s5", time) for time in range(500)})
    assert found_by(store, batch(39, 500)) == store.bad
    assert store.requests < 60


@given(bad=st.sets(st.tuples(st.sampled_from(["s0", "s3", "s6"]), st.integers(0, 19)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_every_sample_is_taken_or_set_aside_and_every_bad_one_is_aside(bad: set[Sample]) -> None:
    for offence in (Offence.OTHER, Offence.TOO_LARGE):
        store = Picky(bad, offence)
        assert found_by(store, batch(7, 20)) >= bad


@pytest.mark.parametrize("limit", [1, 2, 311, 499])
@pytest.mark.parametrize("offence", [Offence.TOO_OLD, Offence.TOO_NEW])
def test_a_limit_in_time_is_found_with_few_requests(limit: int, offence: Offence) -> None:
    is_bad = (lambda time: time < limit) if offence == Offence.TOO_OLD else (lambda time: time >= limit)
    blocks = batch(39, 500)
    store = Picky({sample for sample in samples(blocks) if is_bad(sample[1])}, offence)
    assert found_by(store, blocks) == store.bad
    assert store.requests <= 2 * 9


def test_a_batch_refused_throughout_is_one_offender() -> None:
    blocks = batch(39, 500)
    store = Picky(samples(blocks))
    (whole,) = Halving(store.send).offenders(blocks, RefusedForGood(400, "bad", Offence.OTHER))
    assert whole.blocks == blocks
    assert store.requests == HOPELESS_TRIES


def test_what_cannot_be_told_apart_in_reasonable_time_is_set_aside_in_larger_pieces() -> None:
    blocks = batch(39, 500)
    store = Picky({(name, time) for name, time in samples(blocks) if time % 7 == 0 and int(name[1:]) >= 20})
    aside = found_by(store, blocks)
    assert store.bad <= aside
    assert store.requests <= MOST_TRIES + 2
    assert len(store.taken) >= 20 * 500


def test_nothing_is_left_to_cut_of_one_sample() -> None:
    assert halves([block("a", range(1))], Offence.OTHER) is None
    assert halves(batch(3, 1), Offence.TOO_OLD) is None
    assert halves(batch(2, 1), Offence.TOO_LARGE) is not None


def test_a_cut_keeps_every_sample_and_leaves_out_empty_series() -> None:
    blocks = [block("a", range(10)), block("b", range(5, 10))]
    before, after = cut(blocks, 5)
    assert samples(before) | samples(after) == samples(blocks)
    assert samples_in(before) == 5
    assert [labels[0][1] for labels, _, _ in before] == ["a"]


def test_tries_that_are_used_up_leave_the_whole_aside() -> None:
    store = Picky({("s0", 0)})
    blocks = batch(2, 2)
    assert Halving(store.send, tries=0).offenders(blocks, RefusedForGood(400, "bad", Offence.OTHER))[0].blocks == blocks
    assert store.requests == 0


def test_halves_are_as_even_as_they_can_be() -> None:
    first, second = halves(batch(7, 1), Offence.OTHER) or ([], [])
    assert (len(first), len(second)) == (3, 4)
    first, second = halves(batch(7, 1), Offence.TOO_LARGE) or ([], [])
    assert (len(first), len(second)) == (3, 4)
    first, second = halves(batch(1, 7), Offence.OTHER) or ([], [])
    assert (samples_in(first), samples_in(second)) == (3, 4)


def test_a_cut_beyond_the_last_sample_leaves_nothing_after_it() -> None:
    assert cut([block("a", range(3))], 3) == ([block("a", range(3))], [])
    assert cut([block("a", range(3))], 0) == ([], [block("a", range(3))])
