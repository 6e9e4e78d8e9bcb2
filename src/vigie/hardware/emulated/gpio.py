"""A GPIO chip with named lines, standing where ``gpiod.Chip`` stands.

Like the Raspberry Pi's kernel it keeps an output's level when the program that set it ends; with a levels
file it does so through ``kill -9`` of the process the emulation lives in.
"""

import errno
import os
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vigie.hardware.gpio import PULLED_UP_AT_BOOT, Direction, Value

_HIGH = 0b01
_OUTPUT = 0b10
HEADER_LINES = tuple(f"GPIO{number}" for number in range(28))


class LevelChange(NamedTuple):
    """One movement of a line."""

    at_s: float
    """Monotonic seconds."""
    line: str
    is_high: bool


class EmulatedChipInfo(NamedTuple):
    """What ``get_info`` returns."""

    name: str
    label: str
    num_lines: int


class EmulatedLineInfo(NamedTuple):
    """What ``get_line_info`` returns."""

    offset: int
    name: str
    used: bool
    consumer: str
    direction: Direction


class EmulatedGpioChip:
    """One chip. A fresh one has just booted: all lines are inputs at their pulls."""

    def __init__(
        self,
        names: Sequence[str] = HEADER_LINES,
        *,
        label: str = "pinctrl-rp1",
        path: str = "/dev/gpiochip0",
        levels_file: Path | None = None,
        keeps_outputs: bool = True,
        on_level_change: Callable[[str, bool], None] | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the chip.

        Args:
            names: one per line, empty for a line without a name.
            label: the driver's label.
            path: the device it pretends to be.
            levels_file: keeps levels and directions, read at start when it exists.
            keeps_outputs: false behaves like ``dtparam=strict_gpiod``: released lines become inputs.
            on_level_change: called with (line, is_high) at every movement, in the thread that caused it.
            monotonic_s: clock of the recorded movements.
        """
        self.path = path
        self.names = tuple(names)
        self.changes: list[LevelChange] = []
        """Every movement since this object was made."""
        self.stuck: set[str] = set()
        """Fault: lines that accept a level and keep the old one."""
        self.keeps_outputs = keeps_outputs
        self._label = label
        self._on_level_change = on_level_change
        self._monotonic_s = monotonic_s
        self._pulls = [_HIGH if self._boots_high(offset) else 0 for offset in range(len(self.names))]
        self._states = bytearray(self._pulls)
        self._consumers: dict[int, str] = {}
        self._file = None if levels_file is None else self._open_levels(levels_file)

    def take(self, line: str, consumer: str) -> None:
        """Fault: let another program hold ``line``."""
        self._consumers[self.names.index(line)] = consumer

    def is_high(self, line: str) -> bool:
        """Return the level of ``line``, as a meter on the pin would show it."""
        return bool(self._states[self.names.index(line)] & _HIGH)

    def is_output(self, line: str) -> bool:
        """Return whether ``line`` is driven."""
        return bool(self._states[self.names.index(line)] & _OUTPUT)

    def power_cycle(self) -> None:
        """Return all lines to what they are at boot and forget who held them."""
        self._consumers.clear()
        for offset, pull in enumerate(self._pulls):
            self._set_state(offset, pull)

    def get_info(self) -> EmulatedChipInfo:
        """Describe the chip."""
        return EmulatedChipInfo(Path(self.path).name, self._label, len(self.names))

    def get_line_info(self, line: int | str) -> EmulatedLineInfo:
        """Describe a line by offset or name."""
        offset = self._offset(line)
        consumer = self._consumers.get(offset)
        direction = Direction.OUTPUT if self._states[offset] & _OUTPUT else Direction.INPUT
        return EmulatedLineInfo(offset, self.names[offset], consumer is not None, consumer or "", direction)

    def request_lines(self, config: dict[Any, Any], consumer: str | None = None) -> "EmulatedRequest":
        """Hold lines; raises OSError EBUSY when one is held already."""
        offsets = [self._offset(line) for line in config]
        if any(offset in self._consumers for offset in offsets):
            raise OSError(errno.EBUSY, "Device or resource busy")
        self._consumers.update(dict.fromkeys(offsets, consumer or "?"))
        self.configure(config)
        return EmulatedRequest(self, offsets)

    def configure(self, config: dict[Any, Any]) -> None:
        """Apply line settings: AS_IS leaves a line alone, OUTPUT drives its level."""
        for line, settings in config.items():
            offset = self._offset(line)
            if settings.direction is Direction.OUTPUT:
                self.drive(offset, settings.output_value is Value.ACTIVE)
            elif settings.direction is Direction.INPUT:
                self._set_state(offset, self._pulls[offset])

    def drive(self, offset: int, is_high: bool) -> None:
        """Make a line an output with this level."""
        if self.names[offset] in self.stuck:
            is_high = bool(self._states[offset] & _HIGH)
        self._set_state(offset, _OUTPUT | (_HIGH if is_high else 0))

    def release(self, offsets: Iterable[int]) -> None:
        """Let lines go as the kernel does when their holder ends, however it ends."""
        for offset in offsets:
            self._consumers.pop(offset, None)
            if not self.keeps_outputs:
                self._set_state(offset, self._pulls[offset])

    def close(self) -> None:
        """Close the device; lines keep their levels."""

    def state(self, offset: int) -> int:
        """Return bit 0 level, bit 1 driven."""
        return self._states[offset]

    def _set_state(self, offset: int, state: int) -> None:
        before, self._states[offset] = self._states[offset], state
        if self._file is not None and before != state:
            os.pwrite(self._file, bytes([state]), offset)
        if (before ^ state) & _HIGH:
            is_high = bool(state & _HIGH)
            self.changes.append(LevelChange(self._monotonic_s(), self.names[offset], is_high))
            if self._on_level_change is not None:
                self._on_level_change(self.names[offset], is_high)

    def _offset(self, line: int | str) -> int:
        if isinstance(line, int):
            return line
        if line not in self.names:
            raise OSError(errno.ENOENT, "No such file or directory")
        return self.names.index(line)

    def _boots_high(self, offset: int) -> bool:
        return self.names[offset] in PULLED_UP_AT_BOOT

    def _open_levels(self, path: Path) -> int:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        weakref.finalize(self, os.close, file)
        kept = os.pread(file, len(self._states), 0)
        if len(kept) == len(self._states):
            self._states[:] = kept
        else:
            os.ftruncate(file, 0)
            os.pwrite(file, bytes(self._states), 0)
        return file


class EmulatedRequest:
    """Lines held, standing where ``gpiod.LineRequest`` stands."""

    def __init__(self, chip: EmulatedGpioChip, offsets: list[int]) -> None:
        self._chip = chip
        self._offsets = offsets

    def get_values(self, lines: Iterable[int | str] | None = None) -> list[Value]:
        """Return the levels of lines, all held ones by default."""
        wanted = self._offsets if lines is None else [self._held(line) for line in lines]
        return [Value.ACTIVE if self._chip.state(offset) & _HIGH else Value.INACTIVE for offset in wanted]

    def set_values(self, values: dict[int | str, Value]) -> None:
        """Set levels; raises OSError EPERM on a line that is not an output, as the kernel does."""
        for line, value in values.items():
            offset = self._held(line)
            if not self._chip.state(offset) & _OUTPUT:
                raise OSError(errno.EPERM, "Operation not permitted")
            self._chip.drive(offset, value is Value.ACTIVE)

    def reconfigure_lines(self, config: dict[Any, Any]) -> None:
        """Change directions of held lines."""
        self._chip.configure({self._held(line): settings for line, settings in config.items()})

    def release(self) -> None:
        """Give the lines back."""
        self._chip.release(self._offsets)
        self._offsets = []

    def _held(self, line: int | str) -> int:
        offset = line if isinstance(line, int) else self._chip.names.index(line)
        if offset not in self._offsets:
            raise OSError(errno.EINVAL, "Invalid argument")
        return offset
