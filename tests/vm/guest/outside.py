"""The other end of the wires: what the chips feel, and what the kernel's modules saw of the lines."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

CHIPS = Path("/sys/module/i2c_vigie/parameters")
HEADER = Path("/sys/kernel/debug/pinctrl_vigie")
PERSIST = Path("/sys/module/pinctrl_vigie/parameters/persist_gpio_outputs")
RELAY_OF = {"GPIO19": "R1", "GPIO13": "R2", "GPIO6": "R3", "GPIO5": "R4"}
BATTERY, CHARGE, LOAD, SPARE = range(4)

AT_REST = {
    "bus_mv": (13000, 13004, 13600, 0),
    "shunt_uv": (2000, 2000, 40000, 0),
    "nack": (0, 0, 0, 0),
    "nack_next": (0, 0, 0, 0),
    "stall_ms": (0, 0, 0, 0),
    "hang_ms": (0, 0, 0, 0),
}
"""Mains present, battery above protect's upper threshold, every chip healthy."""


def feel(**values: tuple[int, ...]) -> None:
    """Set parameters of all four chips."""
    for name, each in values.items():
        (CHIPS / name).write_text(",".join(map(str, each)))


def feel_at(name: str, chip: int, value: int) -> None:
    """Set a parameter of one chip."""
    now = [int(word) for word in (CHIPS / name).read_text().split(",")]
    now[chip] = value
    (CHIPS / name).write_text(",".join(map(str, now)))


def heal() -> None:
    """Put every chip back at rest."""
    feel(**AT_REST)
    (CHIPS / "jitter").write_text("1")


def cut_power(chip: int) -> None:
    (CHIPS / "power_cut").write_text(str(chip))


def transfers() -> list[int]:
    return [int(word) for word in (CHIPS / "transfers").read_text().split(",")]


class Entry(NamedTuple):
    """One line of the kernel's log."""

    number: int
    ns: int
    line: str
    what: str

    def told(self, from_ns: int) -> str:
        relay = RELAY_OF.get(self.line, "")
        return f"{(self.ns - from_ns) / 1e9:10.6f} s  {self.line:7}{relay:3} {self.what}"


def log(after: int = -1) -> list[Entry]:
    """Return the kernel's log of lines, oldest first, from the entry after ``after``."""
    rows = (line.split(" ", 3) for line in (HEADER / "log").read_text().splitlines())
    entries = [Entry(int(row[0]), int(row[1]), row[2], row[3]) for row in rows]
    return [entry for entry in entries if entry.number > after]


def mark(word: str) -> int:
    """Write a word into the kernel's log; return its number there."""
    (HEADER / "mark").write_text(word)
    return log()[-1].number


def moved(after: int) -> list[Entry]:
    """Return the changes of level since a mark."""
    return [entry for entry in log(after) if entry.what.startswith("LEVEL")]


def levels() -> dict[str, str]:
    """Return ``out high`` and the like of the relays' lines."""
    rows = (line.split(" ", 1) for line in (HEADER / "levels").read_text().splitlines())
    return {line: what for line, what in rows if line in RELAY_OF}


def latch(line: str, *, is_high: bool) -> None:
    """Leave a line as an output at a level, as firmware or an earlier program does."""
    _write("latch", line, is_high)


def pull(line: str, *, is_high: bool) -> None:
    """Pull a line, which is its level while it is an input."""
    _write("pulls", line, is_high)


def power_on_header() -> None:
    """Make every line an input with its pull, as after power-on; nobody may hold one."""
    (HEADER / "reset").write_text("1")


def _write(file: str, line: str, is_high: bool) -> None:
    number = re.sub(r"\D", "", line)
    (HEADER / file).write_text(f"{number} {int(is_high)}")


@contextmanager
def outputs_fall_to_input() -> Iterator[None]:
    """Let released lines become inputs, as mainline and ``dtparam=strict_gpiod`` do."""
    PERSIST.write_text("0")
    try:
        yield
    finally:
        PERSIST.write_text("1")


def now_ns() -> int:
    """Return the clock of the kernel's log."""
    return time.monotonic_ns()
