"""Which installation a command is about: the one that is named, else the one that runs here, else the usual folder."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Unpack

from vigie.cli import process
from vigie.cli.starting import MODULES
from vigie.config import Config
from vigie.config.sections import USUAL_FOLDER
from vigie.errors import VigieError
from vigie.wording.service_commands import ServiceManager

_PROC = Path("/proc")
_LOCK = "controller.lock"


class Running(NamedTuple):
    """A controller that this user has started."""

    pid: int
    folder: Path
    config: Path | None
    argv: list[str]
    """Arguments that mean the same from any folder."""


def settings(config: Path | None, *, url: str | None = None, **given: Unpack[process.Given]) -> Config:
    """Return the settings of the installation that a command is about; a ``url`` names it already.

    Raises:
        BadSettings: the settings have faults.
        VigieError: several run, and none is named.
    """
    return process.parsed(process.arguments(config, **given) if url else arguments(config, **given))


def with_folder(config: Path | None, **given: Unpack[process.Given]) -> Config:
    """Return the same for a command that works on the files of an installation; say which one was found running.

    Raises:
        BadSettings: the settings have faults.
        VigieError: there is no such folder; or several run, and none is named.
    """
    named, argv = process.arguments(config, **given), arguments(config, **given)
    found = process.parsed(argv)
    if not found.data_directory.is_dir():
        raise VigieError(
            f"no data folder {found.data_directory}: start an installation (vigie run), or name its folder with --data"
        )
    if argv != named and _named_folder(named) is None and found.data_directory != Path(USUAL_FOLDER).expanduser():
        sys.stderr.write(f"data folder of the installation that runs: {found.data_directory}\n")
    return found


def arguments(
    config: Path | None, service_of: ServiceManager | None = None, **given: Unpack[process.Given]
) -> list[str]:
    """Return those settings as arguments for :func:`vigie.cli.process.parsed`; a service's own say everything.

    The arguments of the controller that runs are taken: in the folder that ``--data``, $VIGIE_DATA or ``site.data``
    names, and of the given settings file and port, where these are given.

    Raises:
        BadSettings: the settings have faults.
        VigieError: several run, and none is named.
    """
    named = process.arguments(config, service_of, **given)
    if service_of is not None:
        return named
    folder = _named_folder(named)
    wanted, port = config and config.resolve(), given.get("port")
    found = [
        one
        for one in running()
        if folder in {None, one.folder}
        and (wanted is None or one.config == wanted)
        and (port is None or process.parsed(one.argv).web.port == port)
    ]
    if len(found) > 1:
        listed = ", ".join(f"{one.folder} (process {one.pid})" for one in found)
        raise VigieError(f"{len(found)} installations run: {listed}; name one of these folders with --data")
    return [*found[0].argv, *named] if found else named


def _named_folder(argv: list[str]) -> Path | None:
    folder = process.parsed(argv).site.data
    return Path(folder).expanduser().resolve() if folder else None


def running() -> list[Running]:
    """Return the controllers of this user, one per data folder, by folder.

    The process table knows them: nothing is written for it, and nothing stays behind when one is killed.
    """
    by_folder = {one.folder: one for one in _controllers()}
    return [by_folder[folder] for folder in sorted(by_folder)]


def _controllers() -> Iterator[Running]:
    for entry in _PROC.glob("[0-9]*"):
        with suppress(OSError, SystemExit, ValueError):  # gone meanwhile, another user's, or not like ours
            if entry.stat().st_uid != os.geteuid():
                continue
            words = (entry / "cmdline").read_text(encoding="utf-8").split("\0")[:-1]
            if words[1:3] != ["-m", MODULES["controller"]] or not _shares_home(entry):
                continue
            folder = _locked_folder(entry)
            if folder is not None:
                yield _described(entry, folder, words[3:])


def _described(entry: Path, folder: Path, argv: list[str]) -> Running:
    there, given = (entry / "cwd").readlink(), process.given(argv)
    given |= {name: str(there / given[name]) for name in ("config", "recording") if given[name]}
    given["data"] = str(folder)
    config, _ = given.pop("config"), given.pop("service_of")
    path = Path(config).resolve() if config else None
    return Running(int(entry.name), folder, path, process.arguments(path, **given))


def _shares_home(entry: Path) -> bool:
    """Tell whether the usual folder is the same for that process."""
    home = next((part for part in (entry / "environ").read_bytes().split(b"\0") if part.startswith(b"HOME=")), b"")
    return home == b"HOME=" + os.environb.get(b"HOME", b"")


def _locked_folder(entry: Path) -> Path | None:
    """Return the folder whose lock a controller holds; None before it has it."""
    for descriptor in (entry / "fd").iterdir():
        with suppress(OSError):
            lock = descriptor.readlink()
            if lock.name == _LOCK and lock.samefile(descriptor):
                return lock.parent
    return None
