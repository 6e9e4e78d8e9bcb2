"""One installation at 60 times real time in protect: everything that looks at it says the same."""

import json
import socket
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

from .installations import TWIN, Site

PERIOD_MS = 1_000
MIB = 2**20
PROTECT = '\n[start]\nmode = "protect"\n\n[minimum_times]\npassed_s = 0\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start it and wait until R2 has opened, closed and opened again."""
    one = Site(tmp_path_factory.mktemp("protect"), TWIN + PROTECT, speed=60, soc=0.8)
    try:
        one.started()
        wait_for(lambda: one.relay("R2")["switchings"] >= 3, what="R2 opens, closes and opens again")
        yield one
    finally:
        one.end()


def settled(site: Site) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    """Return R2's movements in the journal and the page's counts of the same moment."""

    def both() -> tuple[list[tuple[str, str, str]], dict[str, int]] | None:
        before = {relay["relay"]: relay["switchings"] for relay in site.snapshot()["relays"]}
        moves = [(e.subject, e.after, e.reason) for e in site.events(EventKind.SWITCHING)]
        after = {relay["relay"]: relay["switchings"] for relay in site.snapshot()["relays"]}
        return (moves, after) if before == after and len(moves) == sum(after.values()) else None

    found: tuple[list[tuple[str, str, str]], dict[str, int]] = wait_for(both, what="journal and page count the same")
    return found


def test_r2_moves_by_the_thresholds_with_the_reasons_of_protect(site: Site) -> None:
    moves, _ = settled(site)
    assert {subject for subject, _, _ in moves} == {"R2"}
    for number, (_, contact, reason) in enumerate(moves):
        expected = ("closed", "lower_voltage_reached") if number % 2 else ("open", "upper_voltage_reached")
        assert (contact, reason) == expected


def test_each_movement_comes_within_one_period_of_its_threshold(site: Site) -> None:
    moves = [event for event in site.events(EventKind.SWITCHING) if event.subject == "R2"][:3]
    wait_for(lambda: int(site.periods()[-1]["utc_ms"]) > moves[-1].utc_ms, what="the journal has written them")
    periods = [(int(row["utc_ms"]), float(row["battery_bus_v"])) for row in site.periods() if row["battery_bus_v"]]
    since_ms = periods[0][0] - PERIOD_MS
    for move in moves:
        is_opening = move.after == "open"
        first_ms = next(
            utc_ms
            for utc_ms, battery_v in periods
            if utc_ms - since_ms >= 60_000 and (battery_v > 12.9 if is_opening else battery_v < 12.7)
        )
        assert abs(move.utc_ms - first_ms) <= PERIOD_MS, f"{move} although the threshold was crossed at {first_ms}"
        since_ms = move.utc_ms


def test_page_journal_metrics_and_command_line_count_the_same(site: Site) -> None:

    def all_of_them() -> bool:
        moves, page = settled(site)
        metrics = site.metrics()
        told = site.cli("status", "--json")
        assert told.returncode == 0, told.stderr
        status = json.loads(told.stdout)["snapshot"]["relays"]
        _, page_after = settled(site)
        if page != page_after:
            return False  # it moved in between: look again
        assert {relay["relay"]: relay["switchings"] for relay in status} == page
        assert {name: metrics[f'vigie_switchings_total{{relay="{name}"}}'] for name in page} == page
        assert sum(page.values()) == page["R2"] == len(moves)
        r2 = site.relay("R2")
        if r2["switchings"] != page["R2"]:
            return False
        assert (r2["contact"], r2["reason"]) == moves[-1][1:]
        assert metrics['rs_02{rs_02="starting"}'] == (r2["contact"] == "closed")
        assert metrics['rs_02{rs_02="stopped"}'] == (r2["contact"] == "open")
        assert (status[1]["contact"], status[1]["reason"]) == moves[-1][1:]
        return True

    wait_for(all_of_them, what="a moment in which nothing moves")


def test_first_period_after_the_start_is_a_good_measurement(site: Site) -> None:
    first = site.events(EventKind.START)[0]
    periods = site.periods()
    assert periods[0]["is_valid"] == "1"
    assert 0 < int(periods[0]["utc_ms"]) - first.utc_ms <= PERIOD_MS


def test_what_ran_can_be_exported_as_csv_and_parquet(site: Site, tmp_path: Path) -> None:
    span = ("--from", "2020-01-01", "--to", "2099-01-01")
    table, text = tmp_path / "all.parquet", tmp_path / "all.csv"
    assert site.cli("export", *span, "--format", "csv", "--output", str(text)).returncode == 0
    told = site.cli("export", *span, "--format", "parquet", "--output", str(table))
    assert told.returncode == 0, told.stderr
    read = pq.read_table(table)
    lines = text.read_text().splitlines()
    assert read.column_names == lines[0].split(",")
    assert read.num_rows >= len(lines) - 1 > 100


def test_orders_of_the_command_line_are_carried_out_and_kept(site: Site) -> None:
    told = site.cli("relay", "3", "closed", "--why", "garden lamp")
    assert told.returncode == 0, told.stderr
    wait_for(lambda: site.relay("R3")["contact"] == "closed")
    refused = site.cli("relay", "2", "open")
    assert refused.returncode == 7
    assert "manual" in refused.stderr.lower()
    nothing = site.cli("acknowledge")
    assert nothing.returncode == 7
    told = site.cli("mode", "observe", "--json")
    assert told.returncode == 0
    assert json.loads(told.stdout)["mode"] == "observe"
    assert site.cli("mode", "protect").returncode == 0
    kept = [(e.subject, e.after, e.text) for e in site.events(EventKind.COMMAND)]
    assert ("set_contact", "accepted", "garden lamp") in kept
    assert ("acknowledge", "refused", "") in kept


def test_killed_web_costs_the_controller_no_beat_and_comes_back(site: Site) -> None:
    controller, web = site.controller(), site.web()
    before = int(site.snapshot()["utc_ms"])
    web.kill()
    wait_for(lambda: site.state() is None, what="the page is away")
    site.wait_until_connected()
    assert site.controller().pid == controller.pid
    assert site.web().pid != web.pid
    after = int(site.snapshot()["utc_ms"])
    assert after > before
    wait_for(lambda: int(site.periods()[-1]["utc_ms"]) > after, what="the journal has them")
    instants = [int(row["utc_ms"]) for row in site.periods() if int(row["utc_ms"]) > before - 60_000]
    assert {later - earlier for earlier, later in pairwise(instants)} == {PERIOD_MS}


def test_web_whose_port_is_taken_for_a_moment_comes_back_too(site: Site) -> None:
    """Somebody else holds the port when the new one starts: not a reason to stop watching the battery."""
    controller, web = site.controller(), site.web()
    web.kill()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_for(lambda: _has_bound(squatter, site.web_port), what="a free port")
        squatter.listen()
        wait_for(lambda: "is taken by" in site.log, what="the port is still taken", log=lambda: site.log)
    wait_for(lambda: (site.state() or {}).get("link") == "connected", what="it came back", log=lambda: site.log)
    assert site.controller().pid == controller.pid


def _has_bound(squatter: socket.socket, port: int) -> bool:
    try:
        squatter.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_both_processes_stay_light(site: Site) -> None:
    controller = site.controller()
    wait_for(lambda: time.time() - controller.create_time() > 20)
    mapped = {Path(region.path).name for region in controller.memory_maps()}
    assert not [name for name in mapped if "numpy" in name or "numba" in name or "multiarray" in name]
    assert controller.memory_info().rss <= 50 * MIB
    assert site.web().memory_info().rss <= 70 * MIB
