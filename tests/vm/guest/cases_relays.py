"""The relays: gpiod over the kernel's /dev/gpiochip*, judged by the kernel module's own log of the lines."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import outside
from report import See, refusal, shown

from vigie.errors import RelayError
from vigie.hardware.gpio import GpioLines, outputs_persist
from vigie.hardware.relay_board import PIRELAY_V2, ContactKind, RelayBoard, RelayWiring

FOREIGN = """
import sys, time, gpiod
chip = gpiod.Chip("/dev/gpiochip1")
request = chip.request_lines(consumer="fan-control", config={"GPIO13": gpiod.LineSettings()})
print("held", flush=True)
sys.stdin.read()
"""
WIRING = [RelayWiring(f"R{n + 1}", line, ContactKind.NO) for n, line in enumerate(PIRELAY_V2)]


@contextmanager
def another_program_holds_gpio13() -> Iterator[None]:
    holder = subprocess.Popen([sys.executable, "-c", FOREIGN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        holder.communicate("")


def board() -> RelayBoard:
    return RelayBoard(WIRING, GpioLines(PIRELAY_V2))


def lines_are_adopted_and_given_back_without_a_change_of_level(see: See) -> None:
    """An output that is high, one that is low, an input pulled up, one pulled down."""
    outside.power_on_header()
    outside.latch("GPIO19", is_high=True)
    outside.latch("GPIO13", is_high=False)
    outside.pull("GPIO6", is_high=True)
    outside.pull("GPIO5", is_high=False)
    see(f"before: {outside.levels()}")
    assert sorted(outside.levels().values()) == ["in high", "in low", "out high", "out low"]
    start = outside.mark("adopting")
    adopted = board()
    closed = adopted.read_closed()
    adopted.close()
    board().close()
    see(f"read:   closed {closed}; after: {outside.levels()}")
    shown(outside.log(start - 1), see, "the kernel's log")
    assert closed == (True, False, True, False)
    assert outside.moved(start) == []
    assert {line: what.split()[1] for line, what in outside.levels().items()} == {
        "GPIO19": "high", "GPIO13": "low", "GPIO6": "high", "GPIO5": "low",
    }  # fmt: skip
    assert {what.split()[0] for what in outside.levels().values()} == {"out"}


def the_header_is_found_by_its_line_names_not_by_its_number(see: See) -> None:
    lines = GpioLines(PIRELAY_V2)
    try:
        see(f"took {lines._chip.path} [{lines._chip.get_info().label}]; gpiochip0 is a decoy without names")
        assert lines._chip.path == "/dev/gpiochip1"
    finally:
        lines.close()


def switching_moves_that_line_alone_and_reads_it_back(see: See) -> None:
    outside.power_on_header()
    relays = board()
    start = outside.mark("switching")
    try:
        for relay in range(4):
            for closed in (False, True, True, False):
                relays.switch(relay, closed=closed)
                assert relays.read_closed()[relay] is closed
    finally:
        relays.close()
    moves = [(entry.line, entry.what) for entry in outside.moved(start)]
    see(f"{len(moves)} changes of level for 16 orders: " + ", ".join(f"{line} {what[6:]}" for line, what in moves))
    expected = []
    for line in PIRELAY_V2:
        was_high = line in ("GPIO6", "GPIO5")  # pulled up at power-on
        expected += [(line, "LEVEL high->low")] * was_high
        expected += [(line, "LEVEL low->high"), (line, "LEVEL high->low")]
    assert moves == expected


def a_line_held_by_another_program_is_an_error_that_names_it(see: See) -> None:
    start = outside.mark("taken")
    with another_program_holds_gpio13():
        said = refusal(RelayError, board)
    see(said)
    assert "GPIO13 is taken by 'fan-control'" in said
    assert outside.moved(start) == []
    board().close()
    assert outside.moved(start) == []


def a_line_that_does_not_exist_is_an_error_that_lists_what_there_is(see: See) -> None:
    start = outside.mark("missing")
    said = refusal(RelayError, lambda: GpioLines(["GPIO19", "GPIO77"]))
    see(said)
    assert "GPIO19, GPIO77" in said
    assert "/dev/gpiochip1 [pinctrl-rp1] GPIO0..GPIO53" in said
    assert outside.log(start) == [], "no line was claimed on the way"


def a_kernel_that_drops_released_outputs_is_told_apart(see: See) -> None:
    """Also shows that the log would have seen a line that moves."""
    relays = board()
    relays.switch(0, closed=True)
    assert outputs_persist() is True
    start = outside.mark("strict")
    with outside.outputs_fall_to_input():
        assert outputs_persist() is False
        relays.close()
    shown(outside.log(start - 1), see, "persist_gpio_outputs=0")
    moves = [(entry.line, entry.what) for entry in outside.moved(start)]
    assert ("GPIO19", "LEVEL high->low") in moves


CASES = (
    lines_are_adopted_and_given_back_without_a_change_of_level,
    the_header_is_found_by_its_line_names_not_by_its_number,
    switching_moves_that_line_alone_and_reads_it_back,
    a_line_held_by_another_program_is_an_error_that_names_it,
    a_line_that_does_not_exist_is_an_error_that_lists_what_there_is,
    a_kernel_that_drops_released_outputs_is_told_apart,
)
