"""One data folder, one plant; and what is simulated says so wherever it is shown."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.backup.at_rest import count
from tests.waiting import wait_for
from vigie.telemetry.records import Event, EventKind

from .installations import RIG, TWIN, Site, vigie

REAL_RIG = RIG.replace('boards = "emulated"', 'i2c_bus = "/dev/no-such-bus"\nr1_line = "NO-SUCH-LINE"')
LOG = "time,voltage,current,temperature\n" + "".join(f"2017-05-01T00:00:{n:02d},12.{n:02d},0.1,20\n" for n in range(60))


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A twin's folder, at rest."""
    one = Site(tmp_path_factory.mktemp("twin"), TWIN, speed=10, soc=0.8).started()
    wait_for(lambda: one.events(EventKind.START), what="a journal", log=lambda: one.log)
    one.stop()
    yield one
    one.end()


def refused(folder: Path, *arguments: str) -> str:
    told = vigie("controller", "--data", str(folder), *arguments)
    assert told.returncode == 3, told.stdout + told.stderr
    assert "Traceback" not in told.stderr
    return told.stderr


def test_no_other_plant_runs_in_the_twin_s_folder(twin: Site, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    practice, real = Site(tmp_path / "practice", RIG, soc=0.8), Site(tmp_path / "real", REAL_RIG, soc=0.8)
    before = count(twin.data / "journal.sqlite"), count(twin.data / "journal.sqlite", "event")
    for arguments, plant in (
        (("--plant", "recorded", "--recording", str(tmp_path / "log.csv")), "the recording log.csv"),
        (("--config", str(practice.config)), "a rig over emulated boards (simulated)"),
        (("--config", str(real.config)), "the rig (real boards)"),
    ):
        said = refused(twin.data, *arguments)
        assert f"data folder {twin.data} belongs to the twin (simulated); {plant} does not run in it" in said
        assert "--data" in said
    assert (count(twin.data / "journal.sqlite"), count(twin.data / "journal.sqlite", "event")) == before
    assert not (twin.data / "emulated-lines.bin").exists()


def test_run_ends_at_once_and_commands_that_only_read_go_on(twin: Site, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    told = vigie("run", "--data", str(twin.data), "--plant", "recorded", "--recording", str(tmp_path / "log.csv"),
                 "--port", "0", "--login", "off")  # fmt: skip
    assert told.returncode == 3, told.stderr
    assert "belongs to the twin" in told.stderr
    assert vigie("export", "--data", str(twin.data)).returncode == 0
    assert vigie("backup", str(tmp_path / "b.tar.gz"), "--data", str(twin.data)).returncode == 0


def test_a_restored_folder_and_a_copied_one_bear_their_plant(twin: Site, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    assert vigie("backup", str(tmp_path / "b.tar.gz"), "--data", str(twin.data)).returncode == 0
    restored = tmp_path / "restored"
    told = vigie("restore", str(tmp_path / "b.tar.gz"), "--data", str(restored), "--port", "0")
    assert told.returncode == 0, told.stderr
    said = refused(restored, "--plant", "recorded", "--recording", str(tmp_path / "log.csv"))
    assert "belongs to the twin" in said
    again = Site(tmp_path / "again", TWIN, speed=10, soc=0.8)
    again.data = restored
    try:
        again.started()
        assert again.snapshot()["plant"] == "twin"
    finally:
        again.end()


def test_a_damaged_mark_does_not_stop_the_real_rig_and_is_told(tmp_path: Path) -> None:
    one = Site(tmp_path, REAL_RIG, soc=0.8)
    one.data.mkdir()
    (one.data / "plant.json").write_text('{"format"')
    told = vigie("controller", *one.options)
    assert told.returncode == 5, "past the mark: it is the boards that are missing here"
    assert "plant.json cannot be used" in told.stderr
    assert [event.subject for event in one.events(EventKind.FAULT)] == ["data_folder", "plant"]
    twin = Site(tmp_path / "twin", TWIN, speed=10, soc=0.8)
    assert "belongs to the rig (real boards)" in refused(one.data, "--config", str(twin.config))


def test_a_damaged_mark_is_mended_while_control_runs(site: Callable[..., Site]) -> None:
    one = site(RIG, soc=0.8)
    one.data.mkdir()
    (one.data / "plant.json").mkdir()
    one.started()

    def faults_of_the_folder() -> list[Event]:
        return [event for event in one.events(EventKind.FAULT) if event.subject == "data_folder"]

    wait_for(faults_of_the_folder, what="the fault in the journal", log=lambda: one.log)
    (fault,) = faults_of_the_folder()
    assert "plant.json cannot be written" in fault.text
    one.stop()
    (one.data / "plant.json").rmdir()
    one.started()
    assert '"plant": "emulated"' in (one.data / "plant.json").read_text()


def test_emulated_boards_are_simulated_wherever_the_plant_is_shown(site: Callable[..., Site]) -> None:
    one = site(RIG, soc=0.8).started()
    wait_for(lambda: one.events(EventKind.START), what="a journal", log=lambda: one.log)
    assert one.snapshot()["plant"] == "emulated"
    assert "watches a rig over emulated boards (simulated)" in one.log
    assert "simulated (emulated boards)" in one.cli("status").stdout
    page = requests.get(f"{one.url}/", timeout=10, headers={"Accept-Language": "en"}).text
    assert "banner-plant" in page
    assert "Simulated installation" in page
    about = requests.get(f"{one.url}/about", timeout=10, headers={"Accept-Language": "en"}).text
    assert "simulated (emulated boards)" in about
    assert any(name.startswith("vigie_build_info") and 'plant="emulated"' in name for name in one.metrics())
    assert one.events(EventKind.START)[0].data["plant"] == "emulated"
    shown = vigie("config", "show", "--config", str(one.config)).stdout
    assert "# These settings run a rig over emulated boards (simulated)." in shown
