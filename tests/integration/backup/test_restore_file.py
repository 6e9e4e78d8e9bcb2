"""A backup put back: what comes back, what is set aside, and everything that is refused before anything is touched."""

import errno
import gzip
import io
import os
import random
import socket
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.process.installations import vigie
from vigie.assembly import backup, restore
from vigie.assembly.backup_format import FORMAT
from vigie.config import Config
from vigie.controller.lock import ControllerLock
from vigie.errors import AlreadyRunning, VigieError
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.schema import MIGRATIONS

from .at_rest import count, installation, repacked, settings, silent, with_file, with_manifest


@pytest.fixture
def made(tmp_path: Path) -> tuple[Config, Path]:
    """An installation and its backup."""
    config = installation(tmp_path / "site")
    backup.write_file(config, tmp_path / "b.tar.gz", silent)
    return config, tmp_path / "b.tar.gz"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".lock"}


def restored(config: Config, file: Path) -> restore.Restored:
    with file.open("rb") as opened:
        return restore.restore(config, opened, silent)


def test_an_empty_machine_gets_everything_back(made: tuple[Config, Path], tmp_path: Path) -> None:
    _, file = made
    (tmp_path / "new").mkdir()
    config = settings(tmp_path / "new")
    done = restored(config, file)
    assert done.set_aside is None
    data = config.data_directory
    assert (count(data / "journal.sqlite"), count(data / "users.sqlite", "user")) == (200, 1)
    assert count(data / "imported" / "log-of-2025.sqlite") == 1
    assert (data / "link.token").read_text() == "a-secret-of-this-installation\n"
    assert (data / "emulated-lines.bin").read_bytes() == bytes(54)
    assert done.settings is not None
    assert 'name = "Relais du Nord"' in done.settings.read_text()
    assert all(path.stat().st_mode & 0o077 == 0 for path in data.iterdir() if path.name != "controller.lock")
    with closing(JournalReader(data / "journal.sqlite")) as reader:
        assert reader.switching_counts() == {"R2": 1}


def test_what_was_there_is_set_aside_whole(made: tuple[Config, Path]) -> None:
    config, file = made
    data = config.data_directory
    (data / "link.token").write_text("a-later-secret\n")
    (data / "notes.txt").write_text("not ours")
    before = contents(data)
    done = restored(config, file)
    assert done.set_aside is not None
    assert done.set_aside.parent == data
    assert contents(done.set_aside) == {name: kept for name, kept in before.items() if name != "notes.txt"}
    assert (data / "link.token").read_text() == "a-secret-of-this-installation\n"
    assert (data / "notes.txt").read_text() == "not ours"


def test_a_running_controller_is_named(made: tuple[Config, Path]) -> None:
    config, file = made
    before = contents(config.data_directory)
    with (
        closing(ControllerLock(config.data_directory / "controller.lock")),
        pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"),
    ):
        restored(config, file)
    assert contents(config.data_directory) == before


@pytest.mark.parametrize("name", ["journal.sqlite", "users.sqlite"])
def test_an_idle_program_that_has_a_database_open_is_noticed(made: tuple[Config, Path], name: str) -> None:
    config, file = made
    with closing(sqlite3.connect(config.data_directory / name)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("SELECT * FROM sqlite_schema").fetchall()
        with pytest.raises(AlreadyRunning, match=f"{name} is in use by another program"):
            restored(config, file)
    assert restored(config, file).set_aside is not None


def test_what_listens_on_the_port_of_the_pages_is_taken_for_the_pages(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = installation(tmp_path / "site", port=listening.getsockname()[1])
        backup.write_file(config, tmp_path / "b.tar.gz", silent)
        with pytest.raises(AlreadyRunning, match="something listens on"):
            restored(config, tmp_path / "b.tar.gz")
    assert restored(config, tmp_path / "b.tar.gz").set_aside is not None


def test_a_backup_cut_anywhere_is_refused_and_nothing_is_touched(made: tuple[Config, Path]) -> None:
    config, file = made
    whole, before = file.read_bytes(), contents(config.data_directory)
    for length in (0, 1, 20, 300, len(whole) // 3, len(whole) // 2, len(whole) - 2000, len(whole) - 500):
        with pytest.raises(VigieError, match=r"not a complete backup|cannot be used"):
            restore.restore(config, io.BytesIO(whole[:length]), silent)
    assert contents(config.data_directory) == before
    assert not [path for path in config.data_directory.iterdir() if path.name.startswith((".", "before"))]


def test_a_flipped_byte_is_never_restored(made: tuple[Config, Path]) -> None:
    """Either it is refused, or it was in what gzip and tar do not need and every file is as it was."""
    config, file = made
    whole, before = file.read_bytes(), contents(config.data_directory)
    choice = random.Random(4)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[choice.randrange(len(damaged))] ^= 1 << choice.randrange(8)
        try:
            restore.check(io.BytesIO(bytes(damaged)), config.data_directory, silent)
        except VigieError:
            refused += 1
    assert refused >= 50
    assert contents(config.data_directory) == before


def link(name: str, kind: bytes, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


Change = Callable[[dict[str, bytes]], dict[str, bytes | tarfile.TarInfo]]
HOSTILE: dict[str, tuple[Change, str]] = {
    "a path that climbs": (lambda m: {**m, "../evil": b"x"}, "'../evil' is not what its manifest"),
    "an absolute path": (lambda m: {**m, "/tmp/evil": b"x"}, "'/tmp/evil' is not what its manifest"),
    "a path the manifest knows that climbs": (
        lambda m: {**with_file(m, "data/../../evil", b"x")},
        "names a file that no backup",
    ),
    "a symbolic link": (
        lambda m: {**m, "data/link.token": link("data/link.token", tarfile.SYMTYPE, "/etc/passwd")},
        "'data/link.token' is not what its manifest",
    ),
    "a hard link": (
        lambda m: {**m, "data/twin.json": link("data/twin.json", tarfile.LNKTYPE, "data/link.token")},
        "'data/twin.json' is not what its manifest",
    ),
    "a device": (
        lambda m: {**m, "data/twin.json": link("data/twin.json", tarfile.CHRTYPE, "")},
        "'data/twin.json' is not what its manifest",
    ),
    "an imported log that climbs": (
        lambda m: {**with_file(m, "data/imported/../../evil.sqlite", b"x")},
        "names a file that no backup",
    ),
    "another file": (lambda m: {**with_file(m, "data/more.bin", b"x")}, "names a file that no backup"),
    "a file of another length": (lambda m: {**m, "data/twin.json": b"{ }"}, "is not what its manifest"),
    "a file of another content": (lambda m: {**m, "data/twin.json": b"[]"}, "its SHA-256 is not that of the manifest"),
    "a missing file": (lambda m: {n: c for n, c in m.items() if n != "data/twin.json"}, "data/twin.json is missing"),
    "a later format": (
        lambda m: {**with_manifest(m, lambda told: told.update(format=FORMAT + 1, version="9.0"))},
        f"it has format {FORMAT + 1}, this program knows {FORMAT}: use Vigie 9.0 or later",
    ),
    "a manifest with more in it": (
        lambda m: {**with_manifest(m, lambda told: told.update(run="rm"))}, "manifest.json cannot be used: run",
    ),
    "no manifest": (lambda m: {n: c for n, c in m.items() if n != "manifest.json"}, "does not begin with a manifest"),
    "a token of 20 MB": (lambda m: {**with_file(m, "data/link.token", bytes(20_000_000))}, "is 20000000 bytes long"),
    "a journal that is none": (
        lambda m: {**with_file(m, "data/journal.sqlite", b"x" * 9000)},
        "journal.sqlite is damaged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_an_archive_made_by_somebody_else_is_refused_before_anything_is_touched(
    made: tuple[Config, Path], tmp_path: Path, what: str
) -> None:
    config, file = made
    change, message = HOSTILE[what]
    before = contents(config.data_directory)
    hostile = repacked(file, tmp_path / "hostile.tar.gz", change)
    with pytest.raises(VigieError) as refused:
        restored(config, hostile)
    assert message in str(refused.value)
    assert contents(config.data_directory) == before
    assert {path.name for path in tmp_path.iterdir()} == {"site", "b.tar.gz", "hostile.tar.gz"}
    assert not Path("/tmp/evil").exists()


def test_a_member_given_twice_is_refused(made: tuple[Config, Path], tmp_path: Path) -> None:
    config, file = made

    def twice(members: dict[str, bytes]) -> dict[str, bytes | tarfile.TarInfo]:
        again = tarfile.TarInfo("data/emulated-lines.bin")
        again.size = 0
        return {**members, "again": again}

    with pytest.raises(VigieError, match=r"'data/emulated-lines\.bin' is not what"):
        restored(config, repacked(file, tmp_path / "twice.tar.gz", twice))


def test_two_backups_in_one_file_are_refused(made: tuple[Config, Path], tmp_path: Path) -> None:
    config, file = made
    before = contents(config.data_directory)
    for follows in (file.read_bytes(), b"and some more", gzip.compress(b"a note")):
        (tmp_path / "glued.tar.gz").write_bytes(file.read_bytes() + follows)
        with pytest.raises(VigieError, match=r"something follows its end|not a complete backup"):
            restored(config, tmp_path / "glued.tar.gz")
        with (tmp_path / "glued.tar.gz").open("rb") as source, pytest.raises(VigieError):
            restore.check(source, tmp_path, silent)
    assert contents(config.data_directory) == before
    (tmp_path / "padded.tar.gz").write_bytes(file.read_bytes() + bytes(512))
    assert restored(config, tmp_path / "padded.tar.gz").set_aside is not None


def test_a_journal_of_a_newer_program_is_refused(made: tuple[Config, Path], tmp_path: Path) -> None:
    config, file = made
    newer = tmp_path / "newer.sqlite"
    newer.write_bytes((config.data_directory / "journal.sqlite").read_bytes())
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    hostile = repacked(
        file, tmp_path / "n.tar.gz", lambda m: {**with_file(m, "data/journal.sqlite", newer.read_bytes())}
    )
    with pytest.raises(VigieError, match=rf"version {len(MIGRATIONS) + 1}, this program knows up to {len(MIGRATIONS)}"):
        restored(config, hostile)


def test_users_of_a_newer_program_are_refused(made: tuple[Config, Path], tmp_path: Path) -> None:
    config, _ = made
    with closing(sqlite3.connect(config.data_directory / "users.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    backup.write_file(config, tmp_path / "newer.tar.gz", silent)
    with pytest.raises(VigieError, match=r"users\.sqlite has version 99, this program knows up to"):
        restored(config, tmp_path / "newer.tar.gz")


def test_a_disk_without_room_for_it_is_told_first(made: tuple[Config, Path], tmp_path: Path) -> None:
    config, file = made
    huge = repacked(
        file, tmp_path / "h.tar.gz",
        lambda m: {**with_manifest(m, lambda told: told["files"]["data/journal.sqlite"].update(bytes=10**15))},
    )  # fmt: skip
    with pytest.raises(VigieError, match=r"unpacked it takes 1000000000 MB, \d+ MB are free"):
        restored(config, huge)


def test_a_failure_in_the_middle_of_the_exchange_puts_everything_back(
    made: tuple[Config, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, file = made
    before = contents(config.data_directory)
    rename, calls = Path.rename, [0]

    def failing(self: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == fails_at:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    for fails_at in range(1, 11):
        calls[0] = 0
        with pytest.raises(VigieError, match=r"nothing was restored: .*Input/output error"):
            restored(config, file)
        assert contents(config.data_directory) == before, f"failure at move {fails_at}"
        assert [path.name for path in config.data_directory.iterdir() if path.is_dir()] == ["imported"]


def test_the_command_tells_where_things_went_and_its_status_says_what_was_wrong(made: tuple[Config, Path]) -> None:
    config, file = made
    options = ("--config", config.source)
    told = vigie("restore", str(file), *options)
    assert told.returncode == 0, told.stderr
    assert f"Restored into {config.data_directory}." in told.stdout
    assert f"What was there before is in {config.data_directory}/before-restore-20" in told.stdout
    assert "settings in force were not changed" in told.stdout
    assert (
        vigie("restore", "nowhere.tar.gz", *options).stderr
        == "nowhere.tar.gz cannot be read: No such file or directory\n"
    )
    with closing(ControllerLock(config.data_directory / "controller.lock")):
        assert vigie("restore", str(file), *options).returncode == 4
        assert vigie("restore", "--check", str(file), *options).returncode == 0


def test_what_root_restores_belongs_to_the_owner_of_the_folder(made: tuple[Config, Path]) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: sudo make test")
    config, file = made
    os.chown(config.data_directory, 54321, 54321)
    restored(config, file)
    made_by_root = {path.stat().st_uid for path in config.data_directory.rglob("*") if "before-" not in str(path)}
    assert made_by_root == {54321}
