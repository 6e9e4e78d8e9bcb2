"""A backup judged, and put in the place of what an installation has."""

import gzip
import hashlib
import os
import shutil
import socket
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from vigie.access import schema as users_schema
from vigie.assembly.backup import Told
from vigie.assembly.backup_format import (
    DATA,
    DATABASES,
    IMPORTED,
    LARGEST_MANIFEST_BYTES,
    LARGEST_PLAIN_BYTES,
    MANIFEST,
    PLAIN_FILES,
    SETTINGS,
    Manifest,
    is_database,
    is_journal,
    parsed_manifest,
)
from vigie.assembly.files import files
from vigie.assembly.scratch import scratch_folder
from vigie.clock import machine_utc_s
from vigie.config import Config
from vigie.controller.lock import ControllerLock
from vigie.errors import AlreadyRunning, VigieError
from vigie.telemetry import snapshot_copy

_CHUNK_BYTES = 1_048_576
_KNOCK_S = 1.0
_SIDE_FILES = ("-wal", "-shm", "-journal")
_OF_AN_INSTALLATION = (*DATABASES, *PLAIN_FILES, "last-snapshot.json", IMPORTED)


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Restored(NamedTuple):
    """What a restore did."""

    manifest: Manifest
    set_aside: Path | None
    """Folder that holds what was there before; None when there was nothing."""
    settings: Path | None
    """Settings of the backup, in the data folder; None when it holds none."""


def check(source: BinaryIO, folder: Path, told: Told) -> Manifest:
    """Judge a backup without using it; ``folder`` has room to unpack it.

    Raises:
        VigieError: it is no backup, is damaged, or of a newer program; the text says which.
    """
    with _workshop(folder) as workshop:
        return _unpacked(source, workshop, told)


def restore(config: Config, source: BinaryIO, told: Told) -> Restored:
    """Put a backup into the data folder; what was there is kept in a dated folder in it.

    Everything is unpacked and judged before anything is touched.

    Raises:
        AlreadyRunning: a controller or web pages use the data folder.
        VigieError: the backup cannot be used, or the disk is full; the data folder is as it was.
    """
    paths = files(config)
    had_lock = paths.lock.exists()
    with closing(ControllerLock(paths.lock)), _workshop(paths.directory) as workshop:
        if not had_lock:
            _as_folder(paths.lock)
        _demand_rest(config)
        manifest = _unpacked(source, workshop, told)
        _demand_rest(config)
        aside = _exchange(paths.directory, workshop)
        settings = paths.directory / "settings-from-backup.toml"
        is_with_settings = SETTINGS in manifest.files
        if is_with_settings:
            (workshop / SETTINGS).replace(settings)
            _as_folder(settings)
        _sync(paths.directory)
        return Restored(manifest, aside, settings if is_with_settings else None)


def _unpacked(source: BinaryIO, workshop: Path, told: Told) -> Manifest:
    """Unpack a backup into ``workshop`` and return its manifest, if everything is as the manifest says."""
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as plain:
            return _unpack(plain, workshop, told)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise VigieError(f"not a complete backup: {error}") from error
    except OSError as error:
        raise VigieError(f"nothing was restored: {error.filename or workshop.parent}: {error.strerror}") from error
    except VigieError as error:
        raise VigieError(f"this backup cannot be used: {error}") from error


def _unpack(plain: gzip.GzipFile, workshop: Path, told: Told) -> Manifest:
    with tarfile.open(fileobj=plain, mode="r|") as archive:
        manifest = _unpack_members(archive, workshop, told)
    if any(chunk.strip(b"\0") for chunk in iter(lambda: plain.read(_CHUNK_BYTES), b"")):
        raise VigieError("something follows its end, such as a second backup")
    _judge_databases(workshop, manifest, told)
    return manifest


def _unpack_members(archive: tarfile.TarFile, workshop: Path, told: Told) -> Manifest:
    members = iter(archive)
    first = next(members, None)
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > LARGEST_MANIFEST_BYTES:
        raise VigieError(f"it does not begin with a {MANIFEST}")
    manifest = parsed_manifest(_content(archive, first).read())
    total = sum(entry.bytes for entry in manifest.files.values())
    free = shutil.disk_usage(workshop).free
    if total > free:
        raise VigieError(f"unpacked it takes {total / 1e6:.0f} MB, {free / 1e6:.0f} MB are free in {workshop.parent}")
    done = 0
    seen = set()
    for member in members:
        entry = manifest.files.get(member.name)
        # Names come from a closed list, so no path can lead elsewhere; and only plain files are files.
        if entry is None or member.name in seen or not member.isreg() or member.size != entry.bytes:
            raise VigieError(f"{member.name!r} is not what its {MANIFEST} says")
        if not is_database(member.name) and member.size > LARGEST_PLAIN_BYTES:
            raise VigieError(f"{member.name} is {member.size} bytes long, more than {LARGEST_PLAIN_BYTES}")
        seen.add(member.name)
        target = workshop / member.name.removeprefix(DATA)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if _written(_content(archive, member), target, lambda n: told("unpacking", n, total), done) != entry.sha256:
            raise VigieError(f"{member.name} is damaged: its SHA-256 is not that of the {MANIFEST}")
        done += member.size
    missing = sorted(set(manifest.files) - seen)
    if missing:
        raise VigieError(f"{missing[0]} is missing")
    return manifest


def _judge_databases(workshop: Path, manifest: Manifest, told: Told) -> None:
    for name in filter(is_database, manifest.files):
        database = workshop / name.removeprefix(DATA)
        told(f"checking {database.name}", 0, 1)
        snapshot_copy.check_database(database)
        if is_journal(name):
            snapshot_copy.check_is_readable_journal(database)
        elif (version := snapshot_copy.schema_version(database)) > len(users_schema.MIGRATIONS):
            known = len(users_schema.MIGRATIONS)
            raise VigieError(
                f"{database.name} has version {version}, this program knows up to {known}: use a newer one"
            )


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> _Readable:
    content = archive.extractfile(member)
    if content is None:
        raise VigieError(f"{member.name!r} is no file")
    return content


def _written(content: _Readable, target: Path, told: "_TellsBytes", done: int) -> str:
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
            done += len(chunk)
            told(done)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


class _TellsBytes(Protocol):
    def __call__(self, done: int, /) -> None: ...


def _demand_rest(config: Config) -> None:
    """Refuse while the web pages run: on their port, or with the journal or the users open."""
    paths = files(config)
    hint = "stop the program first (systemctl stop vigie-web vigie-delivery vigie-controller, or docker compose stop)"
    for name in DATABASES:
        if snapshot_copy.is_in_use(paths.directory / name):
            raise AlreadyRunning(f"{paths.directory / name} is in use by another program: {hint}")
    if config.web.port == 0:
        return
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(config.web.host, config.web.host)  # noqa: S104
    with suppress(OSError), socket.create_connection((host, config.web.port), timeout=_KNOCK_S):
        raise AlreadyRunning(
            f"something listens on {host}:{config.web.port}, where these settings have the pages: {hint}"
        )


def _exchange(folder: Path, workshop: Path) -> Path | None:
    """Move what is there into a dated folder, and the unpacked files into its place; undo all of it on a failure."""
    aside = folder / f"before-restore-{datetime.fromtimestamp(machine_utc_s(), UTC):%Y%m%dT%H%M%SZ}"
    names = [name + side for name in _OF_AN_INSTALLATION for side in ("", *_SIDE_FILES)]
    there = [name for name in names if (folder / name).exists()]
    moved: list[tuple[Path, Path]] = []

    def move(source: Path, target: Path) -> None:
        source.rename(target)
        moved.append((source, target))

    try:
        if there:
            aside.mkdir(mode=0o700)
            _as_folder(aside)
        for name in there:
            move(folder / name, aside / name)
        for new in sorted(path for path in workshop.iterdir() if path.name != SETTINGS):
            move(new, folder / new.name)
            for part in (folder / new.name, *(folder / new.name).glob("*")):
                _as_folder(part)
    except OSError as error:
        for source, target in reversed(moved):
            target.rename(source)
        with suppress(OSError):
            aside.rmdir()
        raise VigieError(f"nothing was restored: {error.filename}: {error.strerror}") from error
    return aside if there else None


def _as_folder(path: Path) -> None:
    """Give what root made to whom the folder around it belongs."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Lend a folder in ``folder`` to unpack into; say so when nothing can be written there."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(scratch_folder(folder, ".vigie-restore-"))
        except OSError as error:
            raise VigieError(f"cannot write in {folder}: {error.strerror}") from error
        yield made
