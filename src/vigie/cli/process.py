"""What the controller and the web process share: their arguments, their signals, their end.

These entry points import neither typer nor rich: the controller process stays small.
"""

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypedDict, Unpack, get_args

from vigie import streams
from vigie.cli.exit_codes import Exit, exit_code
from vigie.config import BadSettings, Config, UnfitSettings, demand_plant, difference_to, in_place_of, load
from vigie.errors import VigieError
from vigie.hardware.systemd import Notifier
from vigie.memory import share_one_heap
from vigie.wording.dialogue import spoken
from vigie.wording.service_commands import SERVICE_COMMANDS, ServiceCommands, ServiceManager
from vigie.wording.words import mark

_MEANWHILE = mark(
    "Until the file is corrected the last settings that worked are in force; where there were none, the file without "
    "what has faults."
)
LOOK_EVERY_S = 1.0
"""How often a service that waits for its settings looks at them."""
NAME_WHILE_WAITING = "vigie-waits"
"""What `ps` and the container's health probe call it meanwhile."""


class Given(TypedDict, total=False):
    """Options of the command line that lie over the settings file; None like absent."""

    plant: str | None
    scenario: str | None
    speed: float | None
    port: int | None
    data: str | None
    recording: str | None
    login: str | None


_SETTINGS: Mapping[str, tuple[str, str, type]] = {
    "plant": ("plant", "kind", str),
    "scenario": ("plant", "scenario", str),
    "speed": ("plant", "speed", float),
    "port": ("web", "port", int),
    "data": ("site", "data", str),
    "recording": ("recorded", "path", str),
    "login": ("access", "login", str),
}
"""Which setting an option stands for."""


def settings(config: Path | None, **given: Unpack[Given]) -> Config:
    """Read the settings file ``config`` (None: the demonstration) with the options and $VIGIE_DATA over it.

    Raises:
        BadSettings: the settings have faults.
    """
    return load(config, _laid(given))


def _laid(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the options as section -> key -> value."""
    laid: dict[str, dict[str, Any]] = {}
    for name, value in {**given, "data": given.get("data") or os.environ.get("VIGIE_DATA")}.items():
        if value is not None:
            section, key, _ = _SETTINGS[name]
            laid.setdefault(section, {})[key] = value
    return laid


def arguments(config: Path | None, service_of: ServiceManager | None = None, **given: Unpack[Given]) -> list[str]:
    """Return the same as arguments for :func:`parsed`."""
    every = {"config": config, "service-of": service_of, **given}
    return [part for name, value in every.items() if value is not None for part in (f"--{name}", str(value))]


class _Started(NamedTuple):
    """What a process was started with."""

    config: Path | None
    service_of: ServiceManager | None
    overrides: Mapping[str, Mapping[str, Any]]

    @property
    def is_service(self) -> bool:
        return self.service_of is not None

    def settings(self) -> Config:
        config = load(self.config, self.overrides, is_service=self.is_service)
        if self.config is not None:
            demand_plant(self.config, config, self.overrides)
        return config

    def usable(self, *, is_quiet: bool) -> Config:
        """Return the settings, or what takes the place of a file with faults (:func:`in_place_of`), and say so."""
        try:
            return self.settings()
        except BadSettings as error:
            good = self.config and in_place_of(self.config, self.overrides, error, is_service=self.is_service)
            if not good:
                raise
            if not is_quiet:
                sys.stderr.write(f"{error}\n{spoken(_MEANWHILE)}\n")
            return good


def parsed(argv: Sequence[str]) -> Config:
    """Read the settings named by a process's arguments.

    Raises:
        BadSettings: the settings have faults.
    """
    return _started(argv).settings()


def differing(argv: Sequence[str]) -> list[str]:
    """Return, a line each, what the settings file says otherwise than what is in force; empty where nothing is."""
    started = _started(argv)
    return difference_to(started.config, started.overrides) if started.config is not None else []


def usable(argv: Sequence[str], *, is_quiet: bool = False) -> Config:
    """Read the settings named by a process's arguments, or what takes the place of a file with faults, and say so.

    Raises:
        BadSettings: the settings have faults, no good ones are known, and contacts depend on the faults.
    """
    return _started(argv).usable(is_quiet=is_quiet)


def _started(argv: Sequence[str]) -> _Started:
    found = given(argv)
    return _Started(found.pop("config"), found.pop("service_of"), _laid(found))


def given(argv: Sequence[str]) -> dict[str, Any]:
    """Return a process's arguments by the names of :class:`Given`, ``config`` and ``service_of``; None when absent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--service-of", choices=get_args(ServiceManager))
    for name, (_, _, kind) in _SETTINGS.items():
        parser.add_argument(f"--{name}", type=kind)
    return vars(parser.parse_args(argv))


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def wait_quietly(unfit: UnfitSettings, commands: ServiceCommands) -> None:
    """Do nothing, alive in the service manager's eyes, until the settings fit or a signal comes; say what changes."""
    stop, notifier = stop_on_signals(), Notifier()
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(NAME_WHILE_WAITING, encoding="ascii")
    notifier.ready(f"waits for settings: {unfit.error}")
    told = str(unfit.error)
    while not stop.wait(LOOK_EVERY_S) and not unfit.fit_now():
        notifier.alive()
        if str(unfit.error) != told:
            told = str(unfit.error)
            sys.stderr.write(_told(unfit.error, commands))


def _told(error: BadSettings, commands: ServiceCommands) -> str:
    """Return what the log says of settings that do not fit."""
    steps, what = (
        (commands.commission, "Nothing is commissioned yet.")
        if error.is_uncommissioned
        else (commands.mend, "The settings have faults.")
    )
    lines = [str(error), f"{what} This service waits and starts by itself when they fit. No contact moves. What to do:"]
    lines += [f"  {command}" for step in steps for command in step.commands]
    return "\n".join(lines) + "\n"


def run(
    body: Callable[[Config], None],
    argv: Sequence[str],
    wait: Callable[[UnfitSettings, ServiceCommands], None] = wait_quietly,
) -> int:
    """Run a process body on the settings in ``argv``; turn its errors into a message and an exit status.

    ``wait`` holds a service whose settings do not fit until they do; then it ends, to be started again.
    """
    share_one_heap()
    streams.outlive_log_reader()
    from vigie.cli import logs  # noqa: PLC0415 - a command has nothing to log, and it takes time

    logs.configure()
    try:
        config = _awaited(argv, wait)
        if config is not None:
            body(config)
    except VigieError as error:
        sys.stderr.write(f"{error}\n")
        return exit_code(error)
    except Exception:
        traceback.print_exc()  # and let the caller end the process, whatever its threads do
        return Exit.FAILED
    return Exit.OK


def _awaited(argv: Sequence[str], wait: Callable[[UnfitSettings, ServiceCommands], None]) -> Config | None:
    """Return the settings; None after the wait for them."""
    started = _started(argv)
    try:
        config = started.usable(is_quiet=False)
    except BadSettings as error:
        if started.service_of is None or started.config is None:
            raise
        commands = SERVICE_COMMANDS[started.service_of]
        sys.stderr.write(_told(error, commands))
        wait(UnfitSettings(started.config, started.overrides, started.settings, error), commands)
        return None
    if config.refused:
        threading.Thread(target=_end_when_they_fit, args=(started,), name="settings", daemon=True).start()
    return config


def _end_when_they_fit(started: _Started) -> None:
    """End this process, to be started again, once the file has been corrected."""
    while True:
        time.sleep(LOOK_EVERY_S)
        with contextlib.suppress(BadSettings):
            started.settings()
            os.kill(os.getpid(), signal.SIGTERM)
            return


def end(status: int) -> None:
    """Leave at once: a thread stuck in a dead bus or socket must not hold the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
