"""A loss that finds R2 open, in real time; two hundred of them: ``make bench``, fifty for each bus: ``make faults``."""

import time
from pathlib import Path

import pytest

from .reaction import BUSES, Bus, may_go_first, react, resting

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
LOSSES = 5


@pytest.mark.parametrize("bus", BUSES, ids=lambda bus: bus.name)
def test_the_loads_are_dark_no_longer_than_promised(bus: Bus) -> None:
    if not may_go_first():
        pytest.skip("needs a priority over what else runs here: sudo make test")
    seen = react(bus, LOSSES)
    assert min(seen.dark_s) > 0.0
    assert seen.middle_s <= seen.promised_s


def test_nobody_looks_at_the_meter_between_its_sweeps_while_r2_is_closed() -> None:
    with resting(BUSES[0]) as site:
        watched = site.transfers_a_second()
        site.cut(lasts_s=10.0)
        time.sleep(1.5)
        assert not site.is_resting()
        closed = site.transfers_a_second()
    assert watched > 100 + 40, "two chips at least 50 times a second"
    assert closed < 60, "ten sweeps of four chips, and their verification"


def test_the_page_says_that_it_held() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## The mains fails with R2 open, in real time")[1]
    rows = [line for line in section.split("\n## ")[0].splitlines() if line.endswith("| held |")]
    assert [row.split("|")[1].strip() for row in rows] == [bus.name for bus in BUSES], "run make faults"
