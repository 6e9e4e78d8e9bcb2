"""``vigie backup`` and ``vigie restore``."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vigie.assembly import backup, restore
from vigie.assembly.backup import Content, Told
from vigie.assembly.backup_format import Manifest
from vigie.cli import screen, targets
from vigie.config import Config
from vigie.errors import VigieError
from vigie.wording.dialogue import spoken, technical
from vigie.wording.figures import decimal
from vigie.wording.words import mark

STREAM = "-"
_SUFFIXES = (".tar.gz", ".tgz")


def write(config: Config, target: str | None, content: Content, *, as_json: bool) -> None:
    """Write a backup to a file or, for ``-``, to standard output.

    Raises:
        VigieError: it cannot be written, or there is no journal and nobody said so; nothing is left behind.
        JournalError: the journal cannot be read.
        ReaderGone: nobody reads standard output any more.
    """
    _end_orderly()
    if target == STREAM:
        if sys.stdout.isatty():
            raise VigieError(spoken("a backup is no text for a terminal: redirect it, vigie backup - > FILE"))
        with _bar() as told:
            manifest = backup.write_stream(config, sys.stdout.buffer, told, content)
        sys.stderr.write(f"{_summary(manifest)}\n")
        return
    path = targets.new_file(mark("the backup"), Path(target or "."), _SUFFIXES, backup.default_name(config))
    with _bar() as told:
        manifest = backup.write_file(config, path, told, content)
    if as_json:
        sys.stdout.write(json.dumps({"file": str(path), **manifest.told()}, indent=2) + "\n")
        return
    size = decimal(path.stat().st_size / 1e6, 1)
    secret = spoken("It holds password hashes and the installation's secret token: keep it where only you can read it.")
    sys.stdout.write(f"{path}: {size} MB\n{_summary(manifest)}\n{secret}\n")


def read(config: Config, source: str, *, only_check: bool, as_json: bool) -> None:
    """Judge a backup and, unless ``only_check``, put it in the place of what the data folder holds.

    Raises:
        AlreadyRunning: the installation runs.
        VigieError: the backup cannot be used; nothing was changed.
    """
    _end_orderly()
    with _opened(source) as file, _bar() as told:
        if only_check:
            with tempfile.TemporaryDirectory(prefix="vigie-check-", dir=_roomy(config)) as folder:
                manifest = restore.check(file, Path(folder), told)
            done = None
        else:
            done = restore.restore(config, file, told)
            manifest = done.manifest
    if as_json:
        aside = done and done.set_aside and str(done.set_aside)
        settings = done and done.settings and str(done.settings)
        facts = {"restored": done is not None, "set_aside": aside, "settings": settings, **manifest.told()}
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        return
    sys.stdout.write(f"{_summary(manifest)}\n")
    if done is None:
        sys.stdout.write(spoken("The backup is complete and sound.") + "\n")
        return
    sys.stdout.write(spoken("Restored into {folder}.", folder=config.data_directory) + "\n")
    if done.set_aside is not None:
        said = spoken("What was there before is in {folder}; delete it when all is well.", folder=done.set_aside)
        sys.stdout.write(said + "\n")
    if done.settings is not None:
        said = spoken(
            "The backup's settings are in {file}; the settings in force were not changed. Compare them with {source} "
            "and copy what you want.",
            file=done.settings,
            source=config.source or spoken("yours"),
        )
        sys.stdout.write(said + "\n")


def _summary(manifest: Manifest) -> str:
    journal = manifest.files.get("data/journal.sqlite")
    size = sum(entry.bytes for entry in manifest.files.values())
    what = ", " + (
        spoken("NO JOURNAL")
        if journal is None
        else spoken("journal of schema {version}", version=journal.schema_version)
    )
    what += "" if manifest.periods == "all" else ", " + spoken("single periods of the last day only")
    told = spoken(
        "Backup of {site} (battery {battery}), {instant}, by Vigie {version}: {count} files, {size} MB",
        site=manifest.site,
        battery=manifest.battery,
        instant=manifest.created_utc,
        version=manifest.version,
        count=len(manifest.files),
        size=decimal(size / 1e6, 1),
    )
    return told + what


def _roomy(config: Config) -> Path | None:
    """Return where a backup can be unpacked for a look: the data folder when it can be written, /tmp otherwise."""
    folder = config.data_directory
    return folder if folder.is_dir() and os.access(folder, os.W_OK) else None


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if source == STREAM:
        yield sys.stdin.buffer
        return
    if Path(source).is_dir():
        example = f"{source}/vigie-20261122T220000Z.tar.gz"
        raise VigieError(
            spoken("{folder} is a folder: name the backup in it, such as {example}", folder=source, example=example)
        )
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise VigieError(spoken("{file} cannot be read: {why}", file=source, why=technical(error.strerror))) from error
    with os.fdopen(descriptor, "rb") as file:
        yield file


@contextmanager
def _bar() -> Iterator[Told]:
    """Show a bar on the terminal; nothing where there is none."""
    with screen.bar() as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)


def _end_orderly() -> None:
    """Let SIGTERM unwind, so that nothing half is left lying."""

    def on_signal(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one must not cut the clearing up short
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, on_signal)
