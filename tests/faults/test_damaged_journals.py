"""A selection of the damaged journals for every test run; 20,000 of them: ``make faults``."""

from .damaged_journals import KINDS, damages, start_on_each, untold


def test_a_start_on_a_damaged_journal_controls_closes_r2_writes_again_and_tells_it() -> None:
    starts = start_on_each(120, 1, 0)
    assert [one for one in starts if one.wrong] == []
    assert {one.damage.kind for one in starts if one.is_lost} == set(KINDS), "every kind must have cost something"
    assert len(untold(starts)) <= 1, untold(starts)


def test_each_damage_can_be_repeated() -> None:
    whole = bytes(range(256)) * 64
    assert [one.done_to(whole) for one in damages(30)] == [one.done_to(whole) for one in damages(30)]
    assert all(one.done_to(whole) != whole for one in damages(30) if one.kind == "bit")
