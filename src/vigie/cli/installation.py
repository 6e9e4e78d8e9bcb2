"""Which installation a command is about: the one that is named, else the one that runs here, else the usual folder."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Unpack

from vigie.cli import process
from vigie.cli.starting import MODULES
from vigie.config import Config, load
from vigie.config.sections import USUAL_FOLDER
from vigie.errors import VigieError
from vigie.wording.dialogue import spoken
from vigie.wording.service_commands import ServiceManager

_PROC = Path("/proc")
_LOCK = "controller.lock"
_MODULES = [MODULES[name] for name in ("web", "run", "controller")]
"""Any of these makes an installation a running one; a later one knows its settings better."""


class Running(NamedTuple):
    """An installation, by one of its processes: the controller, or while that starts again its supervisor or pages."""

    pid: int
    folder: Path
    config: Path | None
    argv: list[str]
    """Arguments that mean the same from any folder."""
    is_usual: bool
    """Whether a command that names no folder means this one: of the same user, with the same home."""


def settings(config: Path | None, *, url: str | None = None, **given: Unpack[process.Given]) -> Config:
    """Return the settings of the installation that a command is about; a ``url`` names it already.

    Where its file has faults they are said, and those that are in force are taken.

    Raises:
        BadSettings: the settings have faults, and none are in force.
        VigieError: several run, and none is named.
    """
    return process.usable(process.arguments(config, **given) if url else arguments(config, **given))


def with_folder(config: Path | None, **given: Unpack[process.Given]) -> Config:
    """Return the same for a command that works on the files of an installation; say which one was found running.

    Raises:
        BadSettings: the settings have faults.
        VigieError: there is no such folder; or several run, and none is named.
    """
    named, argv = process.arguments(config, **given), arguments(config, **given)
    found = process.usable(argv)
    if not found.data_directory.is_dir():
        raise VigieError(
            spoken(
                "no data folder {folder}: start an installation (vigie run), or name its folder with --data",
                folder=found.data_directory,
            )
        )
    if argv != named and _named_folder(named) is None and found.data_directory != Path(USUAL_FOLDER).expanduser():
        sys.stderr.write(
            spoken("data folder of the installation that runs: {folder}", folder=found.data_directory) + "\n"
        )
    return found


def arguments(
    config: Path | None, service_of: ServiceManager | None = None, **given: Unpack[process.Given]
) -> list[str]:
    """Return those settings as arguments for :func:`vigie.cli.process.usable`; a service's own say everything.

    The arguments of the installation that runs are taken: in the folder that ``--data``, $VIGIE_DATA or ``site.data``
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
        if (one.is_usual if folder is None else one.folder == folder)
        and (wanted is None or one.config == wanted)
        and (port is None or process.usable(one.argv, is_quiet=True).web.port == port)
    ]
    if len(found) > 1:
        listed = ", ".join(spoken("{name} (process {pid})", name=one.folder, pid=one.pid) for one in found)
        raise VigieError(
            spoken(
                "{count} installations run: {listed}; name one of these folders with --data",
                count=len(found),
                listed=listed,
            )
        )
    return [*found[0].argv, *named] if found else named


def _named_folder(argv: list[str]) -> Path | None:
    folder = process.usable(argv, is_quiet=True).site.data
    return Path(folder).expanduser().resolve() if folder else None


def running() -> list[Running]:
    """Return the installations that run here, one per data folder, by folder: those of this user, and of its owner.

    The process table knows them: nothing is written for it, and nothing stays behind when one is killed.
    """
    by_folder = {one.folder: one for one in _processes()}
    return [by_folder[folder] for folder in sorted(by_folder)]


def is_watched(folder: Path) -> bool:
    """Tell whether a controller runs in a folder and a ``vigie run`` watches it."""
    return any(one.folder == folder and is_run(_parent(one.pid)) for one in running())


def is_run(pid: int) -> bool:
    """Tell whether a process is a ``vigie run``."""
    with suppress(OSError, ValueError):
        return _words(_PROC / str(pid))[1:3] == ["-m", MODULES["run"]]
    return False


def _parent(pid: int) -> int:
    """Return the process that started another one, 0 where that has gone."""
    with suppress(OSError, ValueError):
        return int((_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0


def _words(entry: Path) -> list[str]:
    return (entry / "cmdline").read_text(encoding="utf-8").split("\0")[:-1]


def _processes() -> Iterator[Running]:
    found: list[tuple[int, Running]] = []
    for entry in _PROC.glob("[0-9]*"):
        with suppress(OSError, SystemExit, ValueError, LookupError, VigieError):  # gone, not ours, unlike ours
            words = _words(entry)
            if words[1:2] == ["-m"] and words[2] in _MODULES:
                one = _described(entry, words[2], words[3:])
                if entry.stat().st_uid in {os.geteuid(), one.folder.stat().st_uid}:
                    found.append((_MODULES.index(words[2]), one))
    return (one for _, one in sorted(found, key=lambda ranked: ranked[0]))


def _described(entry: Path, module: str, argv: list[str]) -> Running:
    """Return what a process tells of its installation.

    Raises:
        OSError: it has gone, or is another user's.
        LookupError: it is a controller that has no folder yet.
    """
    there, environment = (entry / "cwd").readlink(), _environment(entry)
    watched: dict[str, Any] = json.loads(argv[0]) if module == MODULES["run"] else {"arguments": argv}
    given = process.given(watched["arguments"])
    given |= {name: str(there / given[name]) for name in ("config", "recording") if given[name]}
    config, _ = given.pop("config"), given.pop("service_of")
    path = Path(config).resolve() if config else None
    if module == MODULES["controller"]:
        folder = _locked_folder(entry)
    else:
        said = watched.get("data") or given["data"] or environment.get("VIGIE_DATA")
        folder = _meant_folder(path, said, there, environment.get("HOME", ""))
    given["data"] = str(folder)
    is_usual = entry.stat().st_uid == os.geteuid() and environment.get("HOME") == os.environ.get("HOME")
    return Running(int(entry.name), folder, path, process.arguments(path, **given), is_usual)


def _environment(entry: Path) -> Mapping[str, str]:
    parts = os.fsdecode((entry / "environ").read_bytes()).split("\0")
    return dict(part.split("=", 1) for part in parts if "=" in part)


def _meant_folder(config: Path | None, said: str | None, there: Path, home: str) -> Path:
    """Return the folder of a process that holds no lock in it, from what it was started with."""
    data = said or load(config).site.data or USUAL_FOLDER
    return (there / (home + data[1:] if data.startswith("~/") else data)).resolve()


def _locked_folder(entry: Path) -> Path:
    """Return the folder whose lock a controller holds.

    Raises:
        LookupError: it does not have it yet.
    """
    for descriptor in (entry / "fd").iterdir():
        with suppress(OSError):
            lock = descriptor.readlink()
            if lock.name == _LOCK and lock.samefile(descriptor):
                return lock.parent
    raise LookupError
