"""What a backup holds, and that nothing half is ever left lying."""

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.integration.process.installations import VIGIE, vigie
from tests.integration.telemetry.samples import record
from tests.small_disk import small_disk
from vigie.assembly import backup, restore
from vigie.errors import JournalError, VigieError
from vigie.telemetry import snapshot_copy
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.store import Store

from .at_rest import count, installation, silent


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_backup_holds_everything_that_is_kept_and_its_manifest_describes_it(tmp_path: Path) -> None:
    config = installation(tmp_path / "site")
    manifest = backup.write_file(config, tmp_path / "b.tar.gz", silent)
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        members = {member.name: member for member in archive}
    assert next(iter(members)) == "manifest.json"
    assert set(members) == {
        "manifest.json", "data/journal.sqlite", "data/users.sqlite", "data/link.token", "data/twin.json",
        "data/emulated-lines.bin", "data/imported/log-of-2025.sqlite", "settings.toml",
    }  # fmt: skip
    assert {name: members[name].size for name in manifest.files} == {n: e.bytes for n, e in manifest.files.items()}
    assert (manifest.site, manifest.battery, manifest.periods) == ("Relais du Nord", "1", "all")
    assert manifest.files["data/users.sqlite"].schema_version == 1
    assert all(member.mode == 0o600 for member in members.values())


def test_only_its_owner_can_read_a_backup_whatever_the_umask(tmp_path: Path) -> None:
    config = installation(tmp_path / "site")
    before = os.umask(0)
    try:
        backup.write_file(config, tmp_path / "b.tar.gz", silent)
    finally:
        os.umask(before)
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == {"site", "b.tar.gz"}


def test_what_exists_is_not_overwritten(tmp_path: Path) -> None:
    config = installation(tmp_path / "site")
    (tmp_path / "b.tar.gz").write_text("precious")
    with pytest.raises(VigieError, match="exists already and is not overwritten"):
        backup.write_file(config, tmp_path / "b.tar.gz", silent)
    assert (tmp_path / "b.tar.gz").read_text() == "precious"


def test_what_appears_while_the_backup_is_made_is_not_overwritten_either(tmp_path: Path) -> None:
    config = installation(tmp_path / "site")
    target = tmp_path / "b.tar.gz"
    with pytest.raises(VigieError, match="exists already"):
        backup.write_file(config, target, lambda *_: target.write_text("precious") and None)
    assert target.read_text() == "precious"
    assert names(tmp_path) == {"site", "b.tar.gz"}


def test_a_folder_in_which_no_program_has_run_is_named(tmp_path: Path) -> None:
    told = vigie("backup", "--data", str(tmp_path / "nowhere"), str(tmp_path / "b.tar.gz"))
    assert told.returncode == 1
    assert f"no data folder {tmp_path / 'nowhere'}" in told.stderr
    (tmp_path / "empty").mkdir()
    told = vigie("backup", "--data", str(tmp_path / "empty"), str(tmp_path / "b.tar.gz"))
    assert told.returncode == 1
    assert "nothing to back up" in told.stderr
    assert names(tmp_path) == {"empty"}


@pytest.mark.parametrize("is_begun", [False, True], ids=["none", "empty"])
def test_a_folder_without_a_journal_makes_no_backup_unless_asked_for(tmp_path: Path, is_begun: bool) -> None:
    folder, file = tmp_path / "data", tmp_path / "b.tar.gz"
    folder.mkdir()
    if is_begun:
        (folder / "journal.sqlite").touch()
    (folder / "link.token").write_text("a-secret-of-this-installation\n")
    told = vigie("backup", str(file), "--data", str(folder))
    assert told.returncode == 1
    for part in (f"no journal in {folder}", "--data", "--without-journal"):
        assert part in told.stderr
    assert vigie("backup", "-", "--data", str(folder)).stdout == ""
    assert names(tmp_path) == {"data"}
    told = vigie("backup", str(file), "--data", str(folder), "--without-journal")
    assert told.returncode == 0, told.stderr
    assert "1 files" in told.stdout
    assert "NO JOURNAL" in told.stdout


def test_a_folder_that_is_not_there_is_no_file_name(tmp_path: Path) -> None:
    config = installation(tmp_path / "site")
    told = vigie("backup", str(tmp_path / "usb"), "--config", config.source)
    assert told.returncode == 1
    assert f"{tmp_path / 'usb'} is to be a folder, make or mount it first" in told.stderr
    (tmp_path / "usb").mkdir()
    assert vigie("backup", str(tmp_path / "usb"), "--config", config.source).returncode == 0
    (made,) = (tmp_path / "usb").iterdir()
    assert made.name.startswith("vigie-relais-du-nord-")
    assert "is a folder: name the backup in it" in vigie("restore", str(tmp_path / "usb")).stderr


def test_a_disk_that_is_too_small_is_told_before_anything_is_copied(tmp_path: Path) -> None:
    config = installation(tmp_path / "site", periods=20_000)
    with small_disk(tmp_path / "disk", "1M") as disk:
        with pytest.raises(VigieError, match=r"no backup was made: .*MB are needed, .* MB are free"):
            backup.write_file(config, disk / "b.tar.gz", silent)
        assert names(disk) == set()


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_half(tmp_path: Path) -> None:
    config = installation(tmp_path / "site", periods=20_000)
    with small_disk(tmp_path / "disk", "6M") as disk:

        def fill(what: str, _done: int, _total: int) -> None:
            if what == "packing" and not (disk / "other").exists():
                with (disk / "other").open("wb", buffering=0) as file, suppress(OSError):
                    while True:
                        file.write(bytes(4096))

        with pytest.raises(VigieError, match=r"no backup was made: .*No space left on device"):
            backup.write_file(config, disk / "b.tar.gz", fill)
        assert names(disk) == {"other"}


def test_a_journal_copy_that_meets_a_full_disk_says_so(tmp_path: Path) -> None:
    config = installation(tmp_path / "site", periods=20_000)
    with small_disk(tmp_path / "disk", "1M") as disk:
        with pytest.raises(OSError, match="No space left"):
            snapshot_copy.copy_database(config.data_directory / "journal.sqlite", disk / "copy.sqlite")
        assert names(disk) == set()


def test_a_file_system_without_hard_links_takes_a_backup_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    config = installation(tmp_path / "site")
    monkeypatch.setattr(os, "link", refuse)
    backup.write_file(config, tmp_path / "b.tar.gz", silent)
    assert names(tmp_path) == {"site", "b.tar.gz"}


def test_a_damaged_journal_is_not_passed_off_as_a_backup(tmp_path: Path) -> None:
    config = installation(tmp_path / "site", periods=5_000)
    journal = config.data_directory / "journal.sqlite"
    with journal.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(JournalError, match=r"journal\.sqlite is damaged"):
        backup.write_file(config, tmp_path / "b.tar.gz", silent)
    assert names(tmp_path) == {"site"}


def test_without_old_periods_the_last_day_minutes_and_events_stay(tmp_path: Path) -> None:
    config = installation(tmp_path / "site", periods=2)
    journal = config.data_directory / "journal.sqlite"
    _lengthen(journal, days=3)
    whole, events, minutes = count(journal), count(journal, "event"), count(journal, "minute")
    backup.write_file(config, tmp_path / "b.tar.gz", silent, backup.Content(with_periods=False))
    assert count(journal) == whole, "the journal itself stays as it is"
    config.data_directory.rename(tmp_path / "site" / "old")
    with (tmp_path / "b.tar.gz").open("rb") as file:
        done = restore.restore(config, file, silent)
    assert done.manifest.periods == "last_day"
    assert count(journal) == 24 * 60 + 1
    assert (count(journal, "event"), count(journal, "minute")) == (events, minutes)


def _lengthen(journal: Path, days: int) -> None:
    """Fill a journal with a period a minute."""
    store = Store(journal, JournalSettings())
    store.write([record(60.0 * minute) for minute in range(1, days * 24 * 60)], [], is_stepped=False)
    store.close()


def test_the_command_streams_to_standard_output_and_checks_from_standard_input(tmp_path: Path) -> None:
    config = installation(tmp_path / "site")
    options = ("--config", config.source)
    streamed = subprocess.run([VIGIE, "backup", "-", *options], capture_output=True, check=True, timeout=30)
    assert streamed.stderr.startswith(b"Backup of Relais du Nord (battery 1)")
    assert restore.check(io.BytesIO(streamed.stdout), tmp_path, silent).site == "Relais du Nord"
    checked = subprocess.run(
        [VIGIE, "restore", "-", "--check", *options], input=streamed.stdout, capture_output=True, check=True, timeout=30
    )
    assert checked.stdout.endswith(b"The backup is complete and sound.\n")
    assert names(config.data_directory) == {
        "journal.sqlite", "users.sqlite", "link.token", "twin.json", "emulated-lines.bin", "imported"
    }  # fmt: skip


def test_a_reader_that_goes_away_ends_the_backup_which_leaves_nothing_lying(tmp_path: Path) -> None:
    config = installation(tmp_path / "site", periods=20_000)
    command = f"{VIGIE} backup - --config {config.source} | head -c 1000 > /dev/null; exit ${{PIPESTATUS[0]}}"
    told = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False)
    assert (told.returncode, told.stderr) == (141, "")
    assert not [name for name in names(config.data_directory) if name.startswith(".")]


def test_a_backup_that_is_told_to_stop_leaves_nothing_half(tmp_path: Path) -> None:
    config = installation(tmp_path / "site", periods=60_000)
    process = subprocess.Popen(
        [VIGIE, "backup", "b.tar.gz", "--config", config.source], cwd=tmp_path, stderr=subprocess.PIPE
    )
    deadline_s = time.monotonic() + 20
    while not any(name.startswith(".vigie-backup-") for name in names(tmp_path)):
        assert time.monotonic() < deadline_s
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 143
    assert names(tmp_path) == {"site"}


def test_the_command_names_its_file_after_site_and_time(tmp_path: Path) -> None:
    config = installation(tmp_path / "site")
    told = vigie("backup", str(tmp_path), "--config", config.source, "--json")
    assert told.returncode == 0, told.stderr
    facts = json.loads(told.stdout)
    assert Path(facts["file"]).name.startswith("vigie-relais-du-nord-20")
    assert facts["files"]["data/journal.sqlite"]["bytes"] > 0


def test_a_large_journal_needs_no_large_memory(tmp_path: Path) -> None:
    """The copy and the archive go through in pieces: 40 MB of journal in a process that takes 20 MB more at most."""
    config = installation(tmp_path / "site", periods=2)
    with closing(sqlite3.connect(config.data_directory / "journal.sqlite", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE ballast (content BLOB)")
        connection.executemany("INSERT INTO ballast VALUES (randomblob(1000000))", [()] * 40)
    code = f"""
import resource, sys
from pathlib import Path
from vigie.assembly import backup
from vigie.config import load
config = load(Path({config.source!r}), {{}})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
backup.write_file(config, Path({str(tmp_path / "b.tar.gz")!r}), lambda *_: None)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert int(told.stdout) < 20, f"{told.stdout} MB more"
    assert (tmp_path / "b.tar.gz").stat().st_size > 40e6
