"""The data folder's disk fills up while everything runs: control goes on, says so, and tells of the gap later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_disk import fill, small_disk
from tests.waiting import wait_for
from vigie.assembly.files import files_in, link_token
from vigie.assembly.plant_mark import PlantMark, claim
from vigie.battery.step import BatteryState
from vigie.battery.wells import Wells
from vigie.cli import settings_file
from vigie.config import load
from vigie.config.last_good import keep
from vigie.control.signals import Contact, Contacts
from vigie.errors import VigieError
from vigie.link.snapshot_file import SnapshotFile
from vigie.plant.computer import ALWAYS_UP
from vigie.plant.installation import WorldState
from vigie.plant.world_file import write_world
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
        measured = rig.snapshot()["loop"]
        assert measured["failed_periods"] < 0.2 * measured["periods"], (
            "a busy machine misses a bus deadline now and then"
        )
        ballast.unlink()
        wait_for(lambda: rig.snapshot()["journal"]["is_writing"], what="it writes again")
        gap = wait_for(lambda: rig.events(EventKind.GAP))[0]
        assert int(gap.data["periods"]) > 10
        assert [(e.subject, e.after) for e in rig.events(EventKind.SWITCHING)] == [("R2", "open")]
    finally:
        rig.end()


def test_what_cannot_be_written_leaves_no_file_behind(tmp_path: Path) -> None:
    contacts = Contacts(*[Contact.CLOSED] * 4)
    world = WorldState(0.0, BatteryState(Wells(0.5, 0.5), 0.0, 20.0), contacts, loads_dropped=False, computer=ALWAYS_UP)
    with small_disk(tmp_path / "disk", "1m") as disk:
        paths = files_in(disk)
        fill(disk)
        with pytest.raises(VigieError, match="No space left"):
            link_token(paths.token)
        with pytest.raises(OSError, match="No space left"):
            write_world(paths.world, world, 7.0)
        SnapshotFile(paths.snapshot).save({"site": "Tests"}, 0.0)
        config = load(None, {"site": {"data": str(disk)}})
        with pytest.raises(OSError, match="No space left"):
            keep(config._replace(source="vigie.toml"))
        assert "cannot be written: No space left" in claim(paths, PlantMark("twin"))
        with pytest.raises(VigieError, match="No space left"):
            settings_file.write(disk / "vigie.toml.found", "[site]")
        assert [path.name for path in disk.iterdir()] == ["ballast"]
