"""What a contact has switched, against what it is built for."""

import math

import pytest

from vigie.control.wear import Wear, WearSettings, switched, worn

SETTINGS = WearSettings()


def test_each_movement_counts_as_one_operation_and_adds_its_current_whatever_its_sign() -> None:
    wear = worn(0, 0.0, SETTINGS)
    for current_a in (1.4, -0.5, 0.0):
        wear = switched(wear, current_a, SETTINGS)
    assert wear == Wear(3, pytest.approx(1.9), pytest.approx(3 / 100_000))


def test_a_current_nobody_measures_counts_the_operation_alone() -> None:
    assert switched(worn(7, 2.0, SETTINGS), math.nan, SETTINGS) == Wear(8, 2.0, 8 / 100_000)


def test_share_passes_one_when_the_rated_life_is_over() -> None:
    assert worn(150_000, 0.0, SETTINGS).share == 1.5


def test_a_mean_current_above_the_rated_one_shortens_life_and_one_below_does_not_lengthen_it() -> None:
    assert worn(1_000, 1_000 * 5.0, SETTINGS).share == 0.01
    assert worn(1_000, 1_000 * 30.0, SETTINGS).share == pytest.approx(0.03)


def test_wear_found_in_the_journal_goes_on_as_if_there_had_been_no_restart() -> None:
    through = switched(switched(worn(0, 0.0, SETTINGS), 12.0, SETTINGS), 14.0, SETTINGS)
    assert switched(worn(1, 12.0, SETTINGS), 14.0, SETTINGS) == through
