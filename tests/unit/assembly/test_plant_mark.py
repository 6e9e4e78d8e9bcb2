"""A data folder bears one plant; the mark keeps records apart and never the real rig from running."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from vigie.assembly.files import Files, files
from vigie.assembly.plant_mark import PlantMark, claim, mark_of
from vigie.config import load
from vigie.config.sections import PLANTS
from vigie.errors import SettingsError

RIG, EMULATED, TWIN = PlantMark("rig"), PlantMark("emulated"), PlantMark("twin")
LOG = PlantMark("recorded", "cellar.csv", 1_500_000_000_000)
OTHER_LOG = PlantMark("recorded", "attic.csv", 1_400_000_000_000)
EVERY = (RIG, EMULATED, TWIN, LOG, OTHER_LOG)


@pytest.fixture
def paths(tmp_path: Path) -> Files:
    return files(load(None, {"site": {"data": str(tmp_path)}}))


@pytest.mark.parametrize("second", EVERY)
@pytest.mark.parametrize("first", EVERY)
def test_only_the_first_plant_of_a_folder_runs_in_it(paths: Files, first: PlantMark, second: PlantMark) -> None:
    assert claim(paths, first) == ""
    kept = paths.plant.read_bytes()
    if first == second:
        assert claim(paths, second) == ""
    else:
        with pytest.raises(SettingsError) as told:
            claim(paths, second)
        for part in (str(paths.directory), str(first), str(second), "--data"):
            assert part in str(told.value)
    assert paths.plant.read_bytes() == kept
    assert [path.name for path in paths.directory.iterdir()] == ["plant.json"]


def test_a_log_is_known_by_its_first_row_whatever_its_name(paths: Files) -> None:
    claim(paths, LOG)
    assert claim(paths, LOG._replace(recording="moved.csv")) == ""


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"[]", b"\xff\xfe", b'{"format": 1}', b'{"format": 9, "plant": "twin"}',
        b'{"format": 1, "plant": "attic"}', b'{"format": 1, "plant": []}',
    ],
)  # fmt: skip
def test_a_damaged_mark_keeps_nobody_away_is_told_and_mended(paths: Files, damage: bytes) -> None:
    for mine in (RIG, EMULATED, TWIN, LOG):
        paths.plant.write_bytes(damage)
        assert str(paths.plant) in claim(paths, mine)
        assert claim(paths, mine) == ""


def test_a_mark_that_is_a_folder_keeps_nobody_away_and_is_told(paths: Files) -> None:
    paths.plant.mkdir()
    for mine in (RIG, TWIN):
        assert "cannot be written" in claim(paths, mine)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_keeps_nobody_away_and_is_told(paths: Files) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", paths.directory], check=True)
    try:
        (paths.directory / "filler").write_bytes(bytes(4096))
        for mine in (RIG, TWIN):
            assert "No space left on device" in claim(paths, mine)
        assert [path.name for path in paths.directory.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", paths.directory], check=True)


def snapshot_of(plant: str, paths: Files) -> None:
    paths.journal.touch()
    paths.snapshot.write_text(json.dumps({"snapshot": {"plant": plant}}))


def test_the_files_of_an_earlier_version_refuse_a_simulated_plant(paths: Files) -> None:
    snapshot_of("rig", paths)
    for mine in (TWIN, EMULATED, LOG):
        with pytest.raises(SettingsError, match="belongs to the rig"):
            claim(paths, mine)
    assert not paths.plant.exists()
    assert claim(paths, RIG) == ""


def test_a_simulated_plant_is_refused_on_a_rig_s_files_although_the_mark_is_damaged(paths: Files) -> None:
    snapshot_of("rig", paths)
    paths.plant.write_text("{")
    with pytest.raises(SettingsError, match="belongs to the rig"):
        claim(paths, TWIN)


def test_the_files_of_an_earlier_version_never_refuse_the_real_rig(paths: Files) -> None:
    snapshot_of("twin", paths)
    told = claim(paths, RIG)
    assert "its files look like those of the twin (simulated)" in told
    assert claim(paths, RIG) == ""


@pytest.mark.parametrize(
    ("snapshot", "others", "bears"),
    [
        ("twin", (), TWIN), ("recorded", (), OTHER_LOG), ("rig", ("levels",), EMULATED),
        ("nonsense", ("world",), TWIN), ("", ("world", "levels"), TWIN), ("", ("levels",), EMULATED),
    ],
)  # fmt: skip
def test_the_files_of_an_earlier_version_are_understood(
    paths: Files, snapshot: str, others: tuple[str, ...], bears: PlantMark
) -> None:
    paths.journal.touch()
    if snapshot:
        snapshot_of(snapshot, paths)
    for name in others:
        getattr(paths, name).touch()
    for other in {EMULATED, TWIN, LOG} - {bears, *([LOG] if bears == OTHER_LOG else [])}:
        with pytest.raises(SettingsError):
            claim(paths, other)
    assert claim(paths, bears) == ""


def test_files_without_a_journal_bind_nobody(paths: Files) -> None:
    paths.levels.touch()  # a commissioning on emulated boards leaves this
    assert claim(paths, TWIN) == ""


def test_the_settings_name_the_plant() -> None:
    boards = {"r1_contact": "nc", "r2_contact": "nc"}
    rig = {"plant": {"kind": "rig"}, "wiring": {"controller_supply": "independent"}}
    assert mark_of(load(None), 5.0) == TWIN
    assert mark_of(load(None, {**rig, "rig": boards}), 5.0) == RIG
    assert mark_of(load(None, {**rig, "rig": {**boards, "boards": "emulated"}}), 5.0) == EMULATED
    recorded = load(None, {"plant": {"kind": "recorded"}, "recorded": {"path": "/logs/cellar.csv"}})
    assert mark_of(recorded, 1.5e9) == LOG
    assert {mark.plant for mark in EVERY} == set(PLANTS)
