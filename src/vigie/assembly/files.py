"""The files of an installation, all in its data folder."""

import contextlib
import os
import secrets
import threading
from pathlib import Path
from typing import NamedTuple

from vigie.config import Config
from vigie.controller.lock import CANNOT_WRITE
from vigie.errors import VigieError
from vigie.unfinished import gone_if_it_fails
from vigie.wording.dialogue import spoken, technical

SHORTEST_TOKEN = 8


class Files(NamedTuple):
    """Paths in the data folder."""

    directory: Path
    journal: Path
    lock: Path
    token: Path
    """The secret of programs that use the API."""
    link: Path
    """Where the web process listens for the controller."""
    world: Path
    """The twin's battery and contacts, which outlive the process like real ones."""
    levels: Path
    """The emulated boards' line levels, which outlive the process like a Raspberry Pi's."""
    snapshot: Path
    plant: Path
    """Which plant the folder belongs to."""


def files(config: Config) -> Files:
    """Return the paths of a configuration's files; makes the folder, for its owner alone.

    Raises:
        VigieError: the folder cannot be made.
    """
    directory = config.data_directory
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise VigieError(
            spoken(
                "data folder {folder} cannot be made: {why}; choose another with --data or site.data",
                folder=directory,
                why=technical(error.strerror),
            )
        ) from error
    return files_in(directory)


def files_in(directory: Path) -> Files:
    """Return the paths in a data folder, which may be missing."""
    return Files(
        directory,
        directory / "journal.sqlite",
        directory / "controller.lock",
        directory / "link.token",
        directory / "link.sock",
        directory / "twin.json",
        directory / "emulated-lines.bin",
        directory / "last-snapshot.json",
        directory / "plant.json",
    )


def link_token(path: Path) -> str:
    """Return the secret of programs that use the API; whoever comes first makes it, readable by the owner only.

    A file that holds none (empty, damaged, under 8 printable ASCII characters) is made anew.

    Raises:
        VigieError: the file cannot be read or made.
    """
    try:
        token = path.read_bytes().strip() if path.exists() else b""
    except OSError as error:
        raise VigieError(
            spoken(
                "cannot read {path}: {why}; both processes must run as the same user",
                path=path,
                why=technical(error.strerror),
            )
        ) from error
    if token.isascii() and token.decode("ascii").isprintable() and len(token) >= SHORTEST_TOKEN:
        return token.decode("ascii")
    _make_token(path)
    return link_token(path)


def _make_token(path: Path) -> None:
    """Write a new secret, whole or not at all."""
    complete = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with gone_if_it_fails(complete):
            descriptor = os.open(complete, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                complete.replace(path)
                return
            with contextlib.suppress(FileExistsError):  # another process was first: its token counts
                os.link(complete, path)
            complete.unlink()
    except OSError as error:
        raise VigieError(spoken(CANNOT_WRITE, path=path, why=technical(error.strerror))) from error
