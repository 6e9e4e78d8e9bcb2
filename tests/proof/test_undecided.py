"""Whatever the control asks is followed on both sides, and what was not foreseen stops the proof."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.proof.states import Control
from tests.proof.undecided import Draw, NotForeseenError, Undecided
from tests.proof.variants import small
from vigie.control import interlocks, supervisor
from vigie.control.commands import Mode
from vigie.control.signals import Contact, Measurement, Wiring


def test_every_answer_is_followed_with_just_the_values_that_give_it() -> None:
    draw = Draw()
    cuts = frozenset([12.0, 13.0])
    volts = Undecided(draw, draw.group(5), "volts", (11.5, 12.0, 12.5, 13.0, 13.5), cuts)

    def band() -> str:
        if volts < 12.0:
            return "low"
        return "high" if volts > 13.0 else "middle"

    assert sorted(draw.paths(band, draw.everything())) == [
        ((0b00001,), "low"),
        ((0b01110,), "middle"),
        ((0b10000,), "high"),
    ]


def test_an_answer_that_follows_from_earlier_ones_does_not_fork() -> None:
    draw = Draw()
    volts = Undecided(draw, draw.group(3), "volts", (11.0, 12.0, 13.0), frozenset([12.0]))
    paths = draw.paths(lambda: (volts > 12.0, volts <= 12.0), draw.everything())
    assert [outcome for _, outcome in paths] == [(True, False), (False, True)]


def two_groups() -> tuple[Draw, Undecided, Undecided]:
    draw = Draw()
    volts = Undecided(draw, draw.group(3), "volts", (11.0, 12.0, 13.0), frozenset([12.0]))
    flag = Undecided(draw, draw.group(2), "a flag", (True, False), None)
    return draw, volts, flag


def asked_for_nothing(flag: Undecided) -> bool:
    return bool(flag) or True


def test_paths_to_one_outcome_are_joined_where_they_differ_in_one_group_alone() -> None:
    draw, volts, flag = two_groups()

    def asked() -> str:
        if volts > 12.0:
            return "high" if asked_for_nothing(flag) else "dark"
        return "low" if flag else "lost"

    paths = draw.paths(asked, draw.everything())
    assert len(paths) == 4
    assert sorted(draw.joined(paths)) == [((0b011, 0b01), "low"), ((0b011, 0b10), "lost"), ((0b100, 0b11), "high")]


def test_a_part_that_is_summarised_gives_what_it_gives_when_it_is_followed() -> None:
    draw, volts, flag = two_groups()
    runs = []

    def part(limit_v: float) -> str:
        runs.append(limit_v)
        if volts < limit_v:
            return "under" if flag else "under, lost"
        return "over" if asked_for_nothing(flag) else "dark"

    known = draw.summarised(part)

    def whole(asked: Callable[[float], str]) -> tuple[str, bool, str]:
        return asked(12.0), bool(flag), asked(12.0)

    followed = draw.joined(draw.paths(lambda: whole(part), draw.everything()))
    del runs[:]
    paths = draw.paths(lambda: whole(known), draw.everything())
    assert sorted(draw.joined(paths)) == sorted(followed)
    assert len(runs) == 4, "each of its paths once"


def test_what_is_still_possible_decides_which_outcomes_of_a_known_part_are_taken() -> None:
    draw, volts, flag = two_groups()
    known = draw.summarised(lambda: (volts > 12.0, bool(flag)))
    paths = draw.paths(lambda: known() if flag else None, draw.everything())
    assert [outcome for _, outcome in paths] == [(True, True), (False, True), None]


def asked_with(monkeypatch: pytest.MonkeyPatch, lowest_v: Callable[[Measurement], Any]) -> None:
    monkeypatch.setattr(interlocks, "lowest_battery_v", lowest_v)
    control = Control(small(Wiring.LINE, False))
    number, _ = control.adopted(Mode.OBSERVE, Contact.CLOSED, Contact.CLOSED, 0, False)
    control.leaves(number)


def test_a_threshold_that_is_not_among_the_classes_stops_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def picky(measurement: Measurement) -> float:
        return 12.0 if measurement.battery.bus_v < 12.65 else 13.0

    with pytest.raises(NotForeseenError, match=r"V1's voltage with 12\.65"):
        asked_with(monkeypatch, picky)


def test_a_computed_threshold_that_nothing_straddles_stops_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotForeseenError, match="V1's voltage"):
        asked_with(monkeypatch, lambda measurement: measurement.battery.bus_v + 99.0)


@pytest.mark.parametrize("field", ["spare", "battery.current_a", "load.current_a", "charge.status"])
def test_a_look_at_what_is_not_varied_stops_the_proof(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    def curious(measurement: Any) -> float:
        for name in field.split("."):
            measurement = getattr(measurement, name)
        return 12.0 if measurement > 0.0 else 13.0

    with pytest.raises(NotForeseenError, match=field.rsplit(".", maxsplit=1)[-1]):
        asked_with(monkeypatch, curious)


def test_a_look_at_an_instant_kept_for_display_stops_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = supervisor.judge

    def nostalgic(state: supervisor.State, *rest: Any) -> Any:
        assert state.plan.phase_since_s >= 0.0
        return whole(state, *rest)

    monkeypatch.setattr(supervisor, "judge", nostalgic)
    control = Control(small(Wiring.LINE, False))
    number, _ = control.adopted(Mode.OBSERVE, Contact.CLOSED, Contact.CLOSED, 0, False)
    with pytest.raises(NotForeseenError, match="kept for display"):
        control.leaves(number)
