"""What the controller and the web process share: their arguments, their signals, their end.

These entry points import neither typer nor rich: the controller process stays small.
"""

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vigie.cli import logs
from vigie.cli.exit_codes import Exit, exit_code
from vigie.config import Config, load
from vigie.errors import VigieError
from vigie.memory import share_one_heap

Overrides = dict[str, dict[str, Any]]


def overrides(
    plant: str | None,
    speed: float | None,
    port: int | None,
    data: str | None,
    recording: str | None = None,
    login: str | None = None,
) -> Overrides:
    """Return command line options as settings that lie over the file."""
    chosen = (
        ("plant", "kind", plant),
        ("plant", "speed", speed),
        ("web", "port", port),
        ("site", "data", data),
        ("recorded", "path", recording),
        ("access", "login", login),
    )
    laid: Overrides = {}
    for section, key, value in chosen:
        if value is not None:
            laid.setdefault(section, {})[key] = value
    return laid


def arguments(
    config: Path | None,
    plant: str | None,
    speed: float | None,
    port: int | None,
    data: str | None,
    recording: str | None = None,
    login: str | None = None,
) -> list[str]:
    """Return the same options as arguments for :func:`parsed`."""
    given = (
        ("--config", config),
        ("--plant", plant),
        ("--speed", speed),
        ("--port", port),
        ("--data", data),
        ("--recording", recording),
        ("--login", login),
    )
    return [part for name, value in given if value is not None for part in (name, str(value))]


def parsed(argv: Sequence[str]) -> Config:
    """Read the settings named by a process's arguments.

    Raises:
        BadSettings: the settings have faults.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--plant")
    parser.add_argument("--speed", type=float)
    parser.add_argument("--port", type=int)
    parser.add_argument("--data")
    parser.add_argument("--recording")
    parser.add_argument("--login")
    options = parser.parse_args(argv)
    laid = overrides(options.plant, options.speed, options.port, options.data, options.recording, options.login)
    return load(options.config, laid)


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
