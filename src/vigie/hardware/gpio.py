"""GPIO lines: the only door to gpiod (libgpiod 2).

Lines are found by name (``GPIO19``) over every chip, because the number of the header's chip changes between
kernels. Adopting a line never moves it, and this module never turns an output into an input: whether the
level then outlives the process is the kernel's doing (the Raspberry Pi's keeps it).
"""

import contextlib
import errno
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import gpiod
from gpiod.line import Direction, Value

from vigie.errors import RelayError
from vigie.hardware.permission import who_may_open

__all__ = [
    "PULLED_UP_AT_BOOT",
    "Chip",
    "Direction",
    "GpioLines",
    "LineInfo",
    "Request",
    "Value",
    "open_kernel_chips",
    "outputs_persist",
]

CONSUMER = "vigie"
DEVICES = Path("/dev")
HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Chips whose line offsets are the BCM numbers of the 40-pin header (Raspberry Pi 5, 4, 3 and older)."""

PULLED_UP_AT_BOOT = tuple(f"GPIO{number}" for number in range(9))
"""A Raspberry Pi starts with these lines as inputs with a pull-up; the rest of the header is pulled down."""

_BCM = re.compile(r"GPIO(\d+)")


class LineInfo(Protocol):
    """What the kernel tells of a line (``gpiod.LineInfo``)."""

    @property
    def name(self) -> str: ...
    @property
    def used(self) -> bool: ...
    @property
    def consumer(self) -> str: ...


class ChipInfo(Protocol):
    """What the kernel tells of a chip (``gpiod.ChipInfo``)."""

    @property
    def label(self) -> str: ...
    @property
    def num_lines(self) -> int: ...


class Request(Protocol):
    """Lines held by this process (``gpiod.LineRequest``)."""

    def get_values(self, lines: Iterable[int | str] | None = None) -> list[Value]: ...
    def set_values(self, values: dict[int | str, Value]) -> None: ...
    def reconfigure_lines(self, config: dict[Any, Any]) -> None: ...
    def release(self) -> None: ...


class Chip(Protocol):
    """A GPIO chip (``gpiod.Chip``), or an emulated one."""

    @property
    def path(self) -> str: ...
    def get_info(self) -> ChipInfo: ...
    def get_line_info(self, line: int | str) -> LineInfo: ...
    def request_lines(self, config: dict[Any, Any], consumer: str | None = None) -> Request: ...
    def close(self) -> None: ...


class GpioLines:
    """A few output lines of one chip, held together. Not thread-safe."""

    def __init__(self, names: Sequence[str], open_chips: Callable[[], Sequence[Chip]] | None = None) -> None:
        """Find the lines called ``names``, claim them and keep every level as it is.

        Args:
            names: line names; ``GPIO<n>`` also means line n of the Raspberry Pi's header chip where the
                kernel does not name its lines.
            open_chips: gives other chips than the kernel's (emulated ones).

        Raises:
            RelayError: no GPIO chip, a line not found, taken by another program, or not permitted.
        """
        self.names = tuple(names)
        chips, refused = (open_chips(), []) if open_chips else _kernel_chips()
        try:
            self._chip, self._offsets = _locate(self.names, chips, refused)
            self._request = _adopt(self._chip, self._offsets)
        except BaseException:
            _close_all(chips)
            raise
        self._chips = chips

    def read(self) -> tuple[bool, ...]:
        """Return the levels, in the order of the names; true is high.

        Raises:
            RelayError: the kernel does not answer for the lines.
        """
        try:
            return tuple(value is Value.ACTIVE for value in self._request.get_values(self._offsets))
        except OSError as error:
            raise RelayError(f"GPIO lines {', '.join(self.names)} cannot be read: {error.strerror}") from error

    def write(self, index: int, is_high: bool) -> None:
        """Set the level of the line at ``index`` of the names.

        Raises:
            RelayError: the kernel refused.
        """
        try:
            self._request.set_values({self._offsets[index]: Value.ACTIVE if is_high else Value.INACTIVE})
        except OSError as error:
            raise RelayError(f"GPIO line {self.names[index]} cannot be set: {error.strerror}") from error

    def close(self) -> None:
        """Give the lines back without touching a level."""
        with contextlib.suppress(OSError):
            self._request.release()
        _close_all(self._chips)


def open_kernel_chips() -> list[gpiod.Chip]:
    """Open every GPIO chip of this machine once (chips may also be reachable through symbolic links).

    One that cannot be opened is passed over: the relays may hang on another.

    Raises:
        RelayError: there is none, or none can be opened.
    """
    return _kernel_chips()[0]


def _kernel_chips() -> tuple[list[gpiod.Chip], list[str]]:
    """Return the chips that could be opened, and why the others could not."""
    chips: list[gpiod.Chip] = []
    refused: list[str] = []
    for path in sorted({str(found.resolve()) for found in DEVICES.glob("gpiochip*")}):
        try:
            chips.append(gpiod.Chip(path))
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                refused.append(f"GPIO chip {path} may not be opened: {who_may_open(path)}")
            else:
                refused.append(f"GPIO chip {path} cannot be opened: {error.strerror}")
    if refused and not chips:
        raise RelayError("; ".join(refused))
    if not chips:
        raise RelayError("no /dev/gpiochip*: this machine offers no GPIO; in a container, pass the device on")
    return chips, refused


def outputs_persist(sysfs: Path = Path("/sys")) -> bool | None:
    """Tell whether this kernel keeps an output's level when the program that set it ends.

    False on a Raspberry Pi started with ``dtparam=strict_gpiod``: there every restart drops the relays.
    None where the kernel does not say.
    """
    for parameter in sorted(sysfs.glob("module/pinctrl_*/parameters/persist_gpio_outputs")):
        with contextlib.suppress(OSError):
            return parameter.read_text().strip() in ("Y", "1")
    return None


def _locate(names: Sequence[str], chips: Sequence[Chip], refused: Sequence[str]) -> tuple[Chip, list[int]]:
    """Return the one chip that has all ``names``; a header chip goes before any other.

    ``refused`` tells of chips that could not be opened: one of them may be the one looked for.
    """
    by_header = sorted(chips, key=lambda chip: chip.get_info().label not in HEADER_LABELS)
    for chip in by_header:
        offsets = _offsets_by_name(chip)
        if all(name in offsets for name in names):
            return chip, [offsets[name] for name in names]
    for chip in by_header:
        info = chip.get_info()
        numbers = [int(match[1]) for name in names if (match := _BCM.fullmatch(name))]
        if info.label in HEADER_LABELS and len(numbers) == len(names) and max(numbers) < info.num_lines:
            return chip, numbers
    there = "; ".join(f"{chip.path} [{chip.get_info().label}] {_summary(chip)}" for chip in chips)
    cure = "; ".join(refused) or "correct the relays' lines"
    raise RelayError(f"no GPIO chip has the lines {', '.join(names)} (found: {there}); {cure}")


def _adopt(chip: Chip, offsets: list[int]) -> Request:
    """Claim lines for output without moving one.

    The order matters: requested AS_IS the kernel leaves direction and level alone; then the level is read;
    then the direction becomes output with that very level, which the drivers write before the direction.
    """
    try:
        request = chip.request_lines(dict.fromkeys(offsets, gpiod.LineSettings()), consumer=CONSUMER)
        levels = request.get_values(offsets)
        request.reconfigure_lines(
            {
                offset: gpiod.LineSettings(direction=Direction.OUTPUT, output_value=level)
                for offset, level in zip(offsets, levels, strict=True)
            }
        )
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise RelayError(f"{_who_holds(chip, offsets)}; stop that program or free the line") from error
        raise RelayError(f"lines {offsets} of {chip.path} cannot be claimed: {error.strerror}") from error
    return request


def _who_holds(chip: Chip, offsets: Sequence[int]) -> str:
    taken = ((offset, chip.get_line_info(offset)) for offset in offsets)
    holders = [f"{info.name or offset} is taken by '{info.consumer}'" for offset, info in taken if info.used]
    return f"GPIO line {', '.join(holders)}" if holders else "a GPIO line is taken by another program"


def _offsets_by_name(chip: Chip) -> dict[str, int]:
    lines = chip.get_info().num_lines
    return {chip.get_line_info(offset).name: offset for offset in reversed(range(lines))}


def _summary(chip: Chip) -> str:
    named = [name for name in reversed(_offsets_by_name(chip)) if name]
    return f"{named[0]}..{named[-1]}" if named else "lines without names"


def _close_all(chips: Iterable[Chip]) -> None:
    for chip in chips:
        chip.close()
