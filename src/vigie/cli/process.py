"""What the controller and the web process share: their arguments, their signals, their end.

These entry points import neither typer nor rich: the controller process stays small.
"""

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from vigie.cli import logs
from vigie.cli.exit_codes import Exit, exit_code
from vigie.config import Config, load
from vigie.errors import VigieError
from vigie.memory import share_one_heap


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
    """Read the settings file ``config`` (None: the demonstration) with the options over it.

    Raises:
        BadSettings: the settings have faults.
    """
    laid: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        if value is not None:
            section, key, _ = _SETTINGS[name]
            laid.setdefault(section, {})[key] = value
    return load(config, laid)


def arguments(config: Path | None, **given: Unpack[Given]) -> list[str]:
    """Return the same as arguments for :func:`parsed`."""
    every = {"config": config, **given}
    return [part for name, value in every.items() if value is not None for part in (f"--{name}", str(value))]


def parsed(argv: Sequence[str]) -> Config:
    """Read the settings named by a process's arguments.

    Raises:
        BadSettings: the settings have faults.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    for name, (_, _, kind) in _SETTINGS.items():
        parser.add_argument(f"--{name}", type=kind)
    return settings(**vars(parser.parse_args(argv)))


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def run(body: Callable[[Config], None], argv: Sequence[str]) -> int:
    """Run a process body on the settings in ``argv``; turn its errors into a message and an exit status."""
    share_one_heap()
    logs.configure()
    try:
        body(parsed(argv))
    except VigieError as error:
        sys.stderr.write(f"{error}\n")
        return exit_code(error)
    except Exception:
        traceback.print_exc()  # and let the caller end the process, whatever its threads do
        return Exit.FAILED
    return Exit.OK


def end(status: int) -> None:
    """Leave at once: a thread stuck in a dead bus or socket must not hold the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
