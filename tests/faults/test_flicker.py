"""No flicker makes the loads dark more than twice an hour; the whole sweep is in ``make faults``."""

from pathlib import Path

import pytest

from vigie.control.commands import Mode
from vigie.control.mains import MainsSettings

from .flicker import FLICKERS, LONGEST_MOMENT_S, MOST_MOMENTS, PLACES, Flicker, Where, lived

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
PROTECT, HOT = Where(Mode.PROTECT, False), Where(Mode.OBSERVE, True)
MANUAL, MAINTAIN = Where(Mode.MANUAL, False), Where(Mode.MAINTAIN, False)
SELECTED = (
    (Flicker(0.1, 0.1), PROTECT),
    (Flicker(0.5, 0.5), HOT),
    (Flicker(0.1, 0.9), PROTECT),
    (Flicker(3.0, 3.0), MANUAL),
    (Flicker(65.0, 65.0), HOT),
    (Flicker(301.0, 301.0), PROTECT),
    (Flicker(20.0, 590.0), MANUAL),
    (Flicker(301.0, 301.0), MAINTAIN),
    (Flicker(600.0, 600.0), PROTECT),
)


@pytest.mark.parametrize(("flicker", "where"), SELECTED, ids=lambda one: str(getattr(one, "away_s", one)))
def test_a_flicker_darkens_the_loads_twice_an_hour_at_most(flicker: Flicker, where: Where) -> None:
    seen = lived(flicker, where, MainsSettings())
    assert 1 <= seen.moments <= MOST_MOMENTS
    assert seen.longest_s <= LONGEST_MOMENT_S


def test_without_the_hold_off_it_darkens_them_far_more_often() -> None:
    assert lived(Flicker(3.0, 3.0), PROTECT, MainsSettings(steady_s=0.0), 600).moments > 50


def test_the_page_says_that_it_held_everywhere() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## A mains that flickers for an hour")[1].split("\n## ")[0]
    assert f"at most {MOST_MOMENTS} dark moments of at most" in section, "run make faults"
    rows = [line for line in section.splitlines() if line.endswith("| held |")]
    assert [row.split("|")[1].strip() for row in rows] == [where.name for where in PLACES]


def test_every_mode_is_swept_hot_too() -> None:
    assert {where.mode for where in PLACES if where.is_hot} == set(Mode)
    assert {where.mode for where in PLACES if not where.is_hot} == set(Mode) - {Mode.OBSERVE}
    assert min(flicker.away_s for flicker in FLICKERS) == 0.1
    assert max(flicker.away_s for flicker in FLICKERS) == 600.0
