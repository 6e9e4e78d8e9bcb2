"""A computer that lives on the loads: the whole program dies with them and comes back by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.process.installations import Site
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

ON_THE_LOADS = """
[plant]
kind = "twin"
scenario = "blackout"
speed = 120

[start]
mode = "protect"
"""


DARK_AT_ONCE = """
[plant]
kind = "twin"
scenario = "chatter"
speed = 100

[twin.installation]
controller_supply = "loads"
boot_s = 1.0

[twin.installation.load]
drop_out_v = 12.0
current_a = 3.0

[twin.installation.battery]
c20_ah = 0.5
start_soc = 0.0

[twin.installation.outages]
kind = "every"
first_s = 0.2
lasting_s = 400.0
every_s = 1e6
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    dark = Site(tmp_path, ON_THE_LOADS)
    dark.config.write_text(dark.config.read_text().replace('"independent"', '"loads"'))
    yield dark
    dark.end()


@pytest.mark.slow
def test_computer_that_dies_with_the_loads_finds_its_contacts_and_says_that_it_was_cut_off(site: Site) -> None:
    site.started()
    first = site.controller().pid
    wait_for(lambda: len(site.events(EventKind.START)) == 2, what="a second start", log=lambda: site.log)
    assert site.controller().pid != first
    assert site.events(EventKind.STOP) == []
    assert "lives on them" in site.log
    again = site.events(EventKind.START)[1]
    assert (again.data["R1"], again.data["R2"]) == ("closed", "closed")  # normally closed: they fell back
    wait_for(
        lambda: any(alarm["alarm"] == "watchdog_restart" for alarm in site.snapshot()["alarms"]),
        what="the restart told",
    )


def test_computer_that_dies_before_its_first_period_is_started_again_too(tmp_path: Path) -> None:
    site = Site(tmp_path, DARK_AT_ONCE)
    site.config.write_text(site.config.read_text().replace('"independent"', '"loads"'))
    site.start()
    try:
        wait_for(lambda: "lives on them" in site.log, what="a computer without power", log=lambda: site.log)
        site.wait_until_connected()
    finally:
        site.end()
