"""The data folder's disk fills up while everything runs: control goes on, says so, and tells of the gap later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_disk import fill, small_disk
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

from .installations import RIG, Site


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "2m") as folder:
        yield folder


FAST_RHYTHM = """
[loop]
period_s = 0.2
bus_deadline_s = 0.15

[filter]
sweeps = 2
least_good = 1
"""


@pytest.mark.slow
def test_full_disk_stops_the_journal_only_and_the_gap_is_told_later(full_disk: Path, tmp_path: Path) -> None:
    rig = Site(tmp_path / "site", RIG.replace("[rig]", '[rig]\naveraging = "bits_12"') + FAST_RHYTHM, soc=0.8)
    settings = rig.config.read_text()
    rig.config.write_text(settings.replace("batch_s = 0.3", "batch_s = 0.3\nwaiting_periods = 60"))
    rig.data = full_disk
    try:
        rig.started()
        ballast = fill(full_disk)
        wait_for(lambda: rig.snapshot()["journal"]["error"], what="the page says so")
        assert "full" in rig.snapshot()["journal"]["error"]
        assert not rig.snapshot()["journal"]["is_writing"]
        assert rig.order(action="set_mode", mode="manual")["is_accepted"]
        assert rig.order(action="set_contact", relay="R2", contact="open")["is_accepted"]
        wait_for(lambda: rig.relay("R2")["contact"] == "open", what="control goes on")
        wait_for(lambda: rig.snapshot()["journal"]["lost_periods"] > 10, what="memory is full too")
        assert rig.snapshot()["loop"]["failed_periods"] == 0
        ballast.unlink()
        wait_for(lambda: rig.snapshot()["journal"]["is_writing"], what="it writes again")
        gap = wait_for(lambda: rig.events(EventKind.GAP))[0]
        assert int(gap.data["periods"]) > 10
        assert [(e.subject, e.after) for e in rig.events(EventKind.SWITCHING)] == [("R2", "open")]
    finally:
        rig.end()
