"""A small process that outlives a commissioning that was killed, and puts the contacts where they are safe.

Its parent tells it, line by line of JSON, which level every relay line should have if the parent died now. When the
pipe ends and the last line was not empty, the guard claims the lines (the kernel has freed them) and sets the levels.
"""

import argparse
import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from vigie.hardware.emulated.gpio import EmulatedGpioChip
from vigie.hardware.gpio import GpioLines
from vigie.wording.dialogue import language, speaking, spoken
from vigie.wording.words import SOURCE_LANGUAGE, mark

_LEVELS = {True: mark("{line} high"), False: mark("{line} low")}


class ContactGuard:
    """The parent's end: starts the guard and keeps it told."""

    def __init__(self, *, is_active_high: bool, levels_file: Path | None) -> None:
        """Start the guard, deaf to the terminal's signals.

        Args:
            is_active_high: a high line energises a coil.
            levels_file: that of emulated boards; None for the kernel's GPIO chips.
        """
        self._is_active_high = is_active_high
        emulated = [] if levels_file is None else ["--levels", str(levels_file)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vigie.cli.contact_guard", "--language", language(), *emulated],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def tell(self, states: Mapping[str, bool]) -> None:
        """Say which lines to energise (true) or release if this process dies, in the order of moving."""
        self._send({line: is_energised == self._is_active_high for line, is_energised in states.items()})

    def dismiss(self) -> None:
        """End the guard: the contacts are safe."""
        self._send({})
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait(timeout=10.0)

    def _send(self, levels: Mapping[str, bool]) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # without a guard the commissioning is as safe as any program
                self._process.stdin.write(json.dumps(levels).encode() + b"\n")
                self._process.stdin.flush()


def main(arguments: Sequence[str], told: IO[bytes]) -> int:
    """Wait for the parent's end; set the last levels it told, and say what was done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--levels", type=Path)
    parser.add_argument("--language", default=SOURCE_LANGUAGE)
    given = parser.parse_args(arguments)
    levels: dict[str, bool] = {}
    for line in told:
        with contextlib.suppress(ValueError):  # the last line may be half written
            levels = json.loads(line)
    if not levels:
        return 0
    chips = None if given.levels is None else (lambda: [EmulatedGpioChip(levels_file=given.levels)])
    lines = GpioLines(list(levels), chips)
    for index, is_high in enumerate(levels.values()):
        if lines.read()[index] != is_high:
            lines.write(index, is_high)
    lines.close()
    with speaking(given.language):
        said = ", ".join(spoken(_LEVELS[is_high], line=line) for line, is_high in levels.items())
        sys.stderr.write(spoken("the commissioning died; relay lines put back: {lines}", lines=said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.buffer))
