import errno
import grp
import inspect
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import gpiod
import pytest

from vigie.errors import RelayError
from vigie.hardware import gpio
from vigie.hardware.emulated.gpio import EmulatedGpioChip, EmulatedRequest
from vigie.hardware.gpio import GpioLines, open_kernel_chips, outputs_persist
from vigie.hardware.relay_board import PIRELAY_V1, PIRELAY_V2, ContactKind, RelayBoard, RelayWiring

NO, NC = ContactKind.NO, ContactKind.NC
OPEN, CLOSED = False, True


def board_on(
    chip: EmulatedGpioChip,
    contacts: Sequence[ContactKind] = (NO, NO, NO, NO),
    lines: Sequence[str] = PIRELAY_V2,
    *,
    is_active_high: bool = True,
) -> RelayBoard:
    wiring = [RelayWiring(f"R{n}", line, kind) for n, (line, kind) in enumerate(zip(lines, contacts, strict=True), 1)]
    held = GpioLines([line for line in lines if line], lambda: [chip])
    return RelayBoard(wiring, held, is_active_high=is_active_high)


@pytest.mark.parametrize("lines", [PIRELAY_V1, PIRELAY_V2])
@pytest.mark.parametrize("kind", [NO, NC])
@pytest.mark.parametrize("is_active_high", [True, False])
def test_closing_energises_the_coil_only_when_wired_normally_open(
    lines: Sequence[str], kind: ContactKind, is_active_high: bool
) -> None:
    chip = EmulatedGpioChip()
    board = board_on(chip, (kind,) * 4, lines, is_active_high=is_active_high)
    for relay in range(4):
        board.switch(relay, closed=CLOSED)
        assert chip.is_high(lines[relay]) == ((kind is NO) == is_active_high)
        assert board.read_closed()[relay] is CLOSED
        board.switch(relay, closed=OPEN)
        assert chip.is_high(lines[relay]) == ((kind is NC) == is_active_high)
        assert board.read_closed()[relay] is OPEN


def test_switching_one_relay_leaves_the_others_alone() -> None:
    chip = EmulatedGpioChip()
    board = board_on(chip)
    before = board.read_closed()
    board.switch(1, closed=CLOSED)
    after = board.read_closed()
    assert after[1] is CLOSED
    assert after[0] == before[0]
    assert after[2:] == before[2:]


def test_switching_to_where_it_is_moves_nothing() -> None:
    chip = EmulatedGpioChip()
    board = board_on(chip)
    board.switch(0, closed=CLOSED)
    moves = len(chip.changes)
    board.switch(0, closed=CLOSED)
    assert len(chip.changes) == moves


@pytest.mark.parametrize("high", [(), ("GPIO19",), ("GPIO13", "GPIO6"), PIRELAY_V2])
def test_adopting_moves_no_line_whatever_is_there(high: Sequence[str], tmp_path: Path) -> None:
    levels = tmp_path / "levels"
    first = board_on(EmulatedGpioChip(levels_file=levels))
    for index, line in enumerate(PIRELAY_V2):
        first.switch(index, closed=line in high)
    found = EmulatedGpioChip(levels_file=levels)
    adopted = board_on(found)
    assert found.changes == []
    assert adopted.read_closed() == tuple(line in high for line in PIRELAY_V2)
    adopted.close()
    assert found.changes == []


def test_after_boot_the_pulls_are_kept_and_the_lines_driven() -> None:
    chip = EmulatedGpioChip()
    board = board_on(chip)
    assert chip.changes == []
    assert board.read_closed() == (OPEN, OPEN, CLOSED, CLOSED)  # GPIO6 and GPIO5 are pulled up
    assert all(chip.is_output(line) for line in PIRELAY_V2)


def test_levels_survive_the_kill_of_the_process(tmp_path: Path) -> None:
    levels = tmp_path / "levels"
    program = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from vigie.hardware.emulated.gpio import EmulatedGpioChip
        from vigie.hardware.gpio import GpioLines
        lines = GpioLines({PIRELAY_V2!r}, lambda: [EmulatedGpioChip(levels_file=Path({str(levels)!r}))])
        lines.write(0, True)
        lines.write(2, False)
        print("set", flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "set\n"
        process.send_signal(signal.SIGKILL)
    chip = EmulatedGpioChip(levels_file=levels)
    assert board_on(chip).read_closed() == (CLOSED, OPEN, OPEN, CLOSED)
    assert chip.changes == []


def test_a_strict_kernel_drops_the_lines_when_they_are_given_back() -> None:
    chip = EmulatedGpioChip(keeps_outputs=False)
    board = board_on(chip)
    board.switch(0, closed=CLOSED)
    board.close()
    assert not chip.is_high("GPIO19")


def test_a_line_that_does_not_take_its_level_is_an_error() -> None:
    chip = EmulatedGpioChip()
    board = board_on(chip)
    chip.stuck.add("GPIO13")
    with pytest.raises(RelayError, match="R2 did not move: line GPIO13 was set high and reads low; check"):
        board.switch(1, closed=CLOSED)


def test_a_line_taken_by_another_program_names_that_program() -> None:
    chip = EmulatedGpioChip()
    chip.take("GPIO13", "gpio-fan")
    with pytest.raises(RelayError, match=r"GPIO line GPIO13 is taken by 'gpio-fan'; stop"):
        board_on(chip)
    assert chip.changes == []


def test_a_missing_line_lists_what_is_there() -> None:
    chip = EmulatedGpioChip(["PIN1", "PIN2"], label="other", path="/dev/gpiochip9")
    with pytest.raises(RelayError, match=r"lines GPIO19, .*found: /dev/gpiochip9 \[other\] PIN1\.\.PIN2"):
        board_on(chip)


def test_lines_are_found_on_whichever_chip_has_them() -> None:
    other = EmulatedGpioChip(["", "BT_ON"], label="brcmstb", path="/dev/gpiochip0")
    header = EmulatedGpioChip(path="/dev/gpiochip4")
    lines = GpioLines(PIRELAY_V2, lambda: [other, header])
    lines.write(0, True)
    assert header.is_high("GPIO19")


def test_the_header_chip_goes_before_another_with_the_same_names() -> None:
    double = EmulatedGpioChip(label="gpio-sim", path="/dev/gpiochip0")
    header = EmulatedGpioChip(path="/dev/gpiochip4")
    GpioLines(PIRELAY_V2, lambda: [double, header]).write(0, True)
    assert header.is_high("GPIO19")
    assert not double.is_high("GPIO19")


def test_a_header_chip_without_line_names_is_used_by_number() -> None:
    chip = EmulatedGpioChip([""] * 54)
    GpioLines(PIRELAY_V2, lambda: [chip]).write(0, True)
    assert [chip.state(offset) & 1 for offset in (19, 13, 6, 5)] == [1, 0, 0, 0]


def test_a_relay_without_a_line_reads_open_and_cannot_be_moved() -> None:
    board = board_on(EmulatedGpioChip(), lines=("GPIO19", "GPIO13", "", ""))
    assert board.read_closed()[2:] == (OPEN, OPEN)
    with pytest.raises(RelayError, match="R3 has no line"):
        board.switch(2, closed=CLOSED)


def test_a_board_over_the_wrong_lines_is_refused() -> None:
    wiring = [RelayWiring("R1", "GPIO19", NO)]
    with pytest.raises(ValueError, match="are not those of the relays"):
        RelayBoard(wiring, GpioLines(["GPIO13"], lambda: [EmulatedGpioChip()]))


def test_a_machine_without_gpio_says_so() -> None:
    if list(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has GPIO chips")
    with pytest.raises(RelayError, match="no /dev/gpiochip"):
        open_kernel_chips()


def open_some(chips: Mapping[str, EmulatedGpioChip]) -> Callable[[str], EmulatedGpioChip]:
    def open_chip(path: str) -> EmulatedGpioChip:
        if Path(path).name not in chips:
            raise PermissionError(errno.EACCES, "Permission denied")
        return chips[Path(path).name]

    return open_chip


@pytest.mark.parametrize("foreign", ["gpiochip0", "gpiochip11"])
def test_a_foreign_chip_that_may_not_be_opened_is_passed_over(
    foreign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = EmulatedGpioChip()
    for name in (foreign, "gpiochip4"):
        (tmp_path / name).touch()
    monkeypatch.setattr(gpio, "DEVICES", tmp_path)
    monkeypatch.setattr(gpio.gpiod, "Chip", open_some({"gpiochip4": header}))
    GpioLines(PIRELAY_V2).write(0, True)
    assert header.is_high("GPIO19")


@pytest.mark.parametrize("others", [{}, {"gpiochip1": EmulatedGpioChip(["BT_ON"], label="other")}])
def test_a_chip_that_may_not_be_opened_and_may_be_the_one_is_named_with_its_group(
    others: dict[str, EmulatedGpioChip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gpiochip0", *others):
        (tmp_path / name).touch()
    group = grp.getgrnam("dialout").gr_gid if os.geteuid() == 0 else os.getegid()
    os.chown(tmp_path / "gpiochip0", -1, group)
    monkeypatch.setattr(gpio, "DEVICES", tmp_path)
    monkeypatch.setattr(gpio.gpiod, "Chip", open_some(others))
    cure = f"gpiochip0 may not be opened: add the user to group {grp.getgrgid(group).gr_name} with 'sudo"
    with pytest.raises(RelayError, match=cure):
        GpioLines(PIRELAY_V2)


@pytest.mark.parametrize(("text", "answer"), [("Y\n", True), ("N\n", False)])
def test_the_kernels_word_on_keeping_outputs_is_read(tmp_path: Path, text: str, answer: bool) -> None:
    assert outputs_persist(tmp_path) is None
    parameter = tmp_path / "module/pinctrl_rp1/parameters/persist_gpio_outputs"
    parameter.parent.mkdir(parents=True)
    parameter.write_text(text)
    assert outputs_persist(tmp_path) is answer


@pytest.mark.parametrize(
    ("real", "emulated", "methods"),
    [
        (gpiod.Chip, EmulatedGpioChip, ["get_info", "get_line_info", "request_lines", "close"]),
        (gpiod.LineRequest, EmulatedRequest, ["get_values", "set_values", "reconfigure_lines", "release"]),
    ],
)
def test_the_emulated_chip_is_called_as_the_real_library_is(real: type, emulated: type, methods: list[str]) -> None:
    for method in methods:
        ours = inspect.signature(getattr(emulated, method)).parameters
        theirs = inspect.signature(getattr(real, method)).parameters
        assert list(ours) == list(theirs)[: len(ours)]
