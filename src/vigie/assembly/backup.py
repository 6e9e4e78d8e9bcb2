"""One file that holds a whole installation, made while it runs."""

import contextlib
import errno
import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from vigie import __version__
from vigie.assembly.backup_format import (
    DATA,
    DATABASES,
    FORMAT,
    IMPORTED,
    MANIFEST,
    PLAIN_FILES,
    SETTINGS,
    Entry,
    Manifest,
    is_database,
    is_member,
)
from vigie.assembly.scratch import scratch_folder
from vigie.clock import machine_utc_s
from vigie.config import Config
from vigie.errors import VigieError
from vigie.telemetry import snapshot_copy

_COMPRESSION = 6
_PREFIX = ".vigie-backup-"
_JOURNAL = DATA + DATABASES[0]

Told = Callable[[str, int, int], None]
"""Told (what is being done, done, of how many)."""


class Content(NamedTuple):
    """What goes into a backup besides users, token and settings."""

    with_periods: bool = True
    """All single periods, not those of the last day alone."""
    demands_journal: bool = True
    """Make no backup where there is no journal."""


WHOLE = Content()


def default_name(config: Config) -> str:
    """Return a file name that says of what and of when the backup is."""
    plain = unicodedata.normalize("NFKD", config.site.name).encode("ascii", "ignore").decode()
    site = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower() or "vigie"
    prefix = "" if site == "vigie" else "vigie-"
    return f"{prefix}{site}-{datetime.fromtimestamp(machine_utc_s(), UTC):%Y%m%dT%H%M%SZ}.tar.gz"


def write_file(config: Config, target: Path, told: Told, content: Content = WHOLE) -> Manifest:
    """Write a backup to a new file, readable by its owner alone.

    Raises:
        VigieError: the file exists, its disk is full, or there is no data folder or no journal; nothing is left behind.
        JournalError: the journal cannot be read.
    """
    if target.exists():
        raise VigieError(f"{target} exists already and is not overwritten: name another file")
    if not target.parent.is_dir():
        raise VigieError(f"{target.parent} is no folder: make it first, or name another file")
    with _told_by(target.parent), scratch_folder(target.parent, _PREFIX) as workshop:
        complete = workshop / "backup"
        with os.fdopen(os.open(complete, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            manifest = _write(config, file, workshop, told, content)
            file.flush()
            os.fsync(file.fileno())
        _give_name(complete, target)
    return manifest


def write_stream(config: Config, output: BinaryIO, told: Told, content: Content = WHOLE) -> Manifest:
    """Write a backup to a stream; the copies it is made from lie in the data folder meanwhile.

    Raises:
        VigieError: the data folder's disk is full, or there is no data folder or no journal.
        JournalError: the journal cannot be read.
    """
    folder = _data_folder(config)
    with _told_by(folder), scratch_folder(folder, _PREFIX) as workshop:
        manifest = _write(config, output, workshop, told, content)
        output.flush()
    return manifest


def _write(config: Config, output: BinaryIO, workshop: Path, told: Told, content: Content) -> Manifest:
    folder = _data_folder(config)
    sources = {DATA + name: folder / name for name in (*DATABASES, *PLAIN_FILES) if (folder / name).exists()}
    if not sources:
        raise VigieError(f"nothing to back up in {folder}: no program has run there; name the folder with --data")
    imported = {f"{DATA}{IMPORTED}/{path.name}": path for path in sorted((folder / IMPORTED).glob("*.sqlite"))}
    sources |= {name: path for name, path in imported.items() if is_member(name)}
    if config.source and Path(config.source).is_file():
        sources[SETTINGS] = Path(config.source)
    _demand_space(workshop, [source for name, source in sources.items() if is_database(name)])
    copies = _copied(sources, workshop, told)
    if _JOURNAL not in copies and content.demands_journal:
        raise VigieError(
            f"no journal in {folder}: no controller has run there. Name the right folder with --data; to back up what "
            "else is there, say --without-journal"
        )
    if _JOURNAL in copies and not content.with_periods:
        told("leaving out old periods", 0, 1)
        snapshot_copy.keep_last_day_of_periods(copies[_JOURNAL])
    manifest = Manifest(
        format=FORMAT,
        version=__version__,
        created_utc=f"{datetime.fromtimestamp(machine_utc_s(), UTC):%Y-%m-%dT%H:%M:%SZ}",
        site=config.site.name,
        battery=config.site.battery,
        periods="all" if content.with_periods else "last_day",
        files={
            name: Entry(
                bytes=copy.stat().st_size,
                sha256=_digest(copy),
                schema_version=snapshot_copy.schema_version(copy) if is_database(name) else None,
            )
            for name, copy in copies.items()
        },
    )
    _pack(manifest, copies, output, told)
    return manifest


def _copied(sources: dict[str, Path], workshop: Path, told: Told) -> dict[str, Path]:
    """Copy every file; a journal in which there is nothing yet, as a first start on a full disk leaves it, is none."""
    copies = {name: workshop / name.replace("/", "-") for name in sources}
    for name, source in sources.items():
        if is_database(name):
            snapshot_copy.copy_database(source, copies[name], _about(told, f"copying {source.name}"))
        else:
            copies[name].write_bytes(source.read_bytes())
    if _JOURNAL in copies and snapshot_copy.is_blank(copies[_JOURNAL]):
        copies.pop(_JOURNAL).unlink()
    return copies


def _pack(manifest: Manifest, copies: dict[str, Path], output: BinaryIO, told: Told) -> None:
    total = sum(entry.bytes for entry in manifest.files.values())
    done = 0
    with (
        gzip.GzipFile("", "wb", _COMPRESSION, output) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        text = manifest.model_dump_json(indent=2).encode()
        archive.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
        for name, copy in copies.items():
            with copy.open("rb") as file:
                archive.addfile(_member(name, manifest.files[name].bytes), _Counted(file, total, done, told))
            done += manifest.files[name].bytes
            copy.unlink()  # makes room as it goes


class _Counted:
    """A file that tells how far it has been read."""

    def __init__(self, file: BinaryIO, total: int, done: int, told: Told) -> None:
        self._file, self._total, self._done, self._told = file, total, done, told

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._done += len(chunk)
        self._told("packing", self._done, self._total)
        return chunk


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, round(machine_utc_s())
    return member


def _about(told: Told, what: str) -> snapshot_copy.Progress:
    return lambda done, total: told(what, done, total)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _data_folder(config: Config) -> Path:
    folder = config.data_directory
    if not folder.is_dir():
        raise VigieError(f"no data folder {folder}: name the right one with --data or --config")
    return folder


def _demand_space(workshop: Path, databases: list[Path]) -> None:
    """Say before much is copied that it cannot end well."""
    needed = sum(part.stat().st_size for path in databases for part in path.parent.glob(path.name + "*"))
    free = shutil.disk_usage(workshop).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free")


@contextmanager
def _told_by(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into words."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise VigieError(
            f"no backup was made: {where}: {error.strerror}; free some space or choose another folder"
        ) from error


def _give_name(complete: Path, target: Path) -> None:
    """Let the finished file appear under its name, but never in the place of another."""
    try:
        os.link(complete, target)
    except FileExistsError:
        raise VigieError(f"{target} exists already and is not overwritten: name another file") from None
    except OSError:  # a file system without hard links, such as that of a USB stick
        if target.exists():
            raise VigieError(f"{target} exists already and is not overwritten: name another file") from None
        complete.rename(target)
    with contextlib.suppress(OSError):
        descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
