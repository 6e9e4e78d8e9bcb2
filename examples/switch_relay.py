"""Close and open the second relay of a PiRelay-V2, without moving the others.

python switch_relay.py            real board
python switch_relay.py --emulated no hardware needed
"""

# ruff: noqa: T201
import sys
import time

from vigie.errors import HardwareError
from vigie.hardware.emulated import EmulatedGpioChip
from vigie.hardware.gpio import GpioLines
from vigie.hardware.relay_board import PIRELAY_V2, ContactKind, RelayBoard, RelayWiring


def open_board(is_emulated: bool) -> RelayBoard:
    """Claim the four lines as they are; relay 2 carries its load over the normally closed contact."""
    contacts = (ContactKind.NO, ContactKind.NC, ContactKind.NO, ContactKind.NO)
    wiring = [
        RelayWiring(f"R{number}", line, contact)
        for number, (line, contact) in enumerate(zip(PIRELAY_V2, contacts, strict=True), start=1)
    ]
    lines = GpioLines(PIRELAY_V2, (lambda: [EmulatedGpioChip()]) if is_emulated else None)
    return RelayBoard(wiring, lines)


def main() -> int:
    """Move relay 2 and show what the lines say."""
    try:
        board = open_board("--emulated" in sys.argv)
        for is_closed in (False, True):
            board.switch(1, closed=is_closed)
            print(*("closed" if found else "open" for found in board.read_closed()))
            time.sleep(0.5)
        board.close()
    except HardwareError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
