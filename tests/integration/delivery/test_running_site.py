"""The whole product with a store: `vigie run` on the twin at speed, and what its delivery does to the others."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.process.installations import TWIN, VIGIE, Site, vigie
from tests.waiting import wait_for
from vigie.cli.exit_codes import Exit
from vigie.telemetry.delivery_log import DeliveryLog

from .stores import Prometheus, Store, ToldStore, VictoriaMetrics, counted, counts, journalled

NAME = "Tests [/bold]"
REMOTE = """
[remote_write]
url = "{url}"
interval_s = 0.5
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def make(url: str, speed: float = 60, more: str = "") -> Site:
        made.append(Site(tmp_path / "site", TWIN + REMOTE + more, url=url, speed=speed, soc=0.8))
        return made[-1]

    yield make
    for one in made:
        one.end()


def shown(site: Site) -> dict[str, Any]:
    told = site.cli("delivery", "show", "--json")
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout))


def agrees(store: Store, site: Site) -> None:
    journal = site.data / "journal.sqlite"
    expected = journalled(journal, NAME)
    end_ms = max(at for series in expected.values() for at in series) + 1
    there = store.samples(NAME, end_ms)
    assert there == expected
    assert counted(store, NAME, end_ms, expected) == counts(expected)


@pytest.mark.parametrize("kind", [Prometheus, pytest.param(VictoriaMetrics, marks=pytest.mark.long)])
def test_a_site_at_speed_loses_nothing_while_its_store_is_dead(
    kind: type[Store], tmp_path: Path, site: Callable[..., Site]
) -> None:
    store = kind(tmp_path / "store").start()
    try:
        mine = site(store.url, speed=200).started()
        wait_for(lambda: shown(mine)["last_ok_utc_ms"], what="the first delivery")
        store.kill()
        wait_for(lambda: waiting(mine) > 500, what="500 periods that wait")
        wait_for(lambda: "reachable from here?" in shown(mine)["last_error"], what="trouble told")
        wait_for(lambda: shown(mine)["waiting_periods"] > 500, what="delivery telling them")
        mine.controller().kill()  # the calendar goes on where it was
        mine.wait_until_connected()
        store.start()
        wait_for(lambda: shown(mine)["last_error"] == "", what="delivery going on")
        mine.stop()
        finish(mine)
        state = shown(mine)
        assert (state["set_aside"], state["lost_periods"], state["waiting_periods"]) == (0, 0, 0)
        agrees(store, mine)
    finally:
        store.kill()


def waiting(site: Site) -> int:
    """Return what waits by the journal itself, not by what delivery last said."""
    with closing(DeliveryLog(site.data / "journal.sqlite")) as log:
        return log.state(0).waiting_periods


def finish(site: Site) -> None:
    """Deliver what the journal got last, without a controller."""
    last = subprocess.Popen([VIGIE, "delivery", "run", *site.options], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: waiting(site) == 0, what="everything delivered")
    finally:
        last.terminate()
        last.wait(10)


def test_delivery_that_cannot_start_does_not_keep_the_controller_from_running(
    tmp_path: Path, site: Callable[..., Site]
) -> None:
    mine = site("http://127.0.0.1:1/api/v1/write", more=f'token_file = "{tmp_path}/none"\n')
    mine.data.mkdir(parents=True)
    (mine.data / "delivery.lock").mkdir()  # the delivery process ends with an error at its start
    mine.started()
    wait_for(lambda: "delivery.lock" in mine.log, what="why delivery does not start")
    controller = mine.controller().pid
    wait_for(lambda: mine.log.count("delivery.lock") >= 3, what="another try")
    assert mine.controller().pid == controller
    assert mine.run.poll() is None
    assert "watches the twin" in mine.log


def test_a_killed_delivery_is_started_again_and_has_a_low_priority(told: ToldStore, site: Callable[..., Site]) -> None:
    mine = site(told.url, speed=20).started()
    first = wait_for(lambda: mine.child("delivery_process"), what="a delivery process")
    wait_for(lambda: told.samples, what="samples")
    wait_for(lambda: first.nice() == 10, what="the low priority")
    assert first.memory_info().rss < 65e6
    first.kill()
    again = wait_for(lambda: other_than(mine, first), what="a second delivery process")
    count = told.requests
    wait_for(lambda: told.requests > count + 3, what="more requests")
    assert again.pid != first.pid


def other_than(site: Site, first: psutil.Process) -> psutil.Process | None:
    found = site.child("delivery_process")
    return found if found is not None and found.pid != first.pid else None


def test_two_deliveries_do_not_share_a_journal(told: ToldStore, site: Callable[..., Site]) -> None:
    mine = site(told.url).started()
    wait_for(lambda: told.samples, what="samples")
    second = mine.cli("delivery", "run")
    assert second.returncode == Exit.ALREADY_RUNNING
    assert "another delivery works on this journal already" in second.stderr


def test_a_site_without_a_store_has_no_delivery(tmp_path: Path, site: Callable[..., Site]) -> None:
    mine = site("").started()
    assert mine.child("delivery_process") is None
    ended = vigie("delivery", "run", *mine.options)
    assert ended.returncode == Exit.SETTINGS
    assert "remote_write.url is empty" in ended.stderr
    assert "none: set remote_write.url" in mine.cli("delivery", "show").stdout
