"""Pauses between tries: they grow, they end growing, and they never run away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.access.delays import PAUSE as AFTER_WRONG_PASSWORDS
from vigie.cli.child import PAUSE as BEFORE_A_RESTART
from vigie.delivery.courier import PAUSE as BEFORE_THE_STORE_IS_ASKED_AGAIN
from vigie.notify.pacing import PAUSE as BEFORE_A_MESSAGE_IS_TRIED_AGAIN
from vigie.pauses import GrowingPause

FIRST = st.floats(0.01, 100.0)
LONGEST = st.floats(100.0, 10_000.0)


@given(FIRST, LONGEST, st.integers(1, 100_000))
def test_a_pause_never_shrinks_and_never_passes_the_longest(first_s: float, longest_s: float, failures: int) -> None:
    pause = GrowingPause(first_s, longest_s)
    assert first_s <= pause.after_s(failures) <= pause.after_s(failures + 1) <= longest_s


@given(FIRST, LONGEST, st.integers(1, 2000), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_chance_moves_a_pause_within_its_spread(
    first_s: float, longest_s: float, failures: int, spread: float, chance: float
) -> None:
    middle_s = GrowingPause(first_s, longest_s).after_s(failures)
    moved_s = GrowingPause(first_s, longest_s, spread).after_s(failures, chance)
    assert (1 - spread) * middle_s - 1e-9 <= moved_s <= (1 + spread) * middle_s + 1e-9


def test_two_throws_of_the_dice_differ() -> None:
    assert len({GrowingPause(1.0, 20.0, spread=0.2).after_s(4) for _ in range(20)}) > 1


def test_one_without_spread_is_the_same_each_time() -> None:
    assert {GrowingPause(1.0, 30.0).after_s(4) for _ in range(20)} == {8.0}


@pytest.mark.parametrize(
    ("pause", "first_s", "longest_s"),
    [
        (AFTER_WRONG_PASSWORDS, 1.0, 60.0),
        (BEFORE_A_RESTART, 1.0, 30.0),
        (BEFORE_THE_STORE_IS_ASKED_AGAIN, 1.0, 20.0),
        (BEFORE_A_MESSAGE_IS_TRIED_AGAIN, 60.0, 3600.0),
    ],
    ids=["wrong passwords", "restarts", "store", "messages"],
)
def test_who_waits_how_long(pause: GrowingPause, first_s: float, longest_s: float) -> None:
    assert (pause.first_s, pause.longest_s) == (first_s, longest_s)
