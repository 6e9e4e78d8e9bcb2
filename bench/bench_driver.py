"""What reading the four-channel meter costs in Python, with the kernel's answer taken away.

The driver and the real smbus2 run as on a Raspberry Pi; only ``ioctl`` returns at once. So the figures are what
the drivers add to the time on the wire (about 1.5 ms per chip at 100 kHz). The other libraries run over the same
``ioctl`` in a virtual environment of their own, which ``make bench`` makes.
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import smbus2.smbus2

sys.path.insert(0, str(Path(__file__).parent))

from timing import ADDRESSES, at_once, cost_us

from vigie.hardware.i2c import I2cBus, RegisterReads
from vigie.hardware.ina219 import Ina219
from vigie.hardware.register_meter import BUS, POWER, SHUNT

PEERS_VENV = Path(__file__).resolve().parent.parent / ".venv-bench"
PEERS = ("adafruit-circuitpython-ina219", "pi-ina219")
SWEEP_LIMIT_US = 40.0
CHIP_LIMIT_US = 10.0
LOST_LIMIT_PERCENT = 20.0
SWEEPS_PER_S = {100: 265.0, 400: 1061.0}
"""What the wire allows by kHz for the shunt and bus registers of four chips, 47 bits a register."""
WIRE_OF_THREE_REGISTERS = 3 / 2

Row = tuple[str, float, str, float | None]


@contextmanager
def _kernel_that_answers_at_once() -> Iterator[None]:
    kept: Any = smbus2.smbus2
    original = kept.ioctl
    kept.ioctl = at_once
    try:
        yield
    finally:
        kept.ioctl = original


class _AcceptingAdapter(smbus2.SMBus):
    """The real smbus2 on a device that accepts everything."""

    def __init__(self) -> None:
        super().__init__()
        self.fd = os.open(os.devnull, os.O_RDWR)
        self.funcs = smbus2.I2cFunc(0)


def rows() -> list[Row]:
    """Measure; return (name, value, unit, limit or None) rows; NaN is what is not installed."""
    with _kernel_that_answers_at_once():
        adapter = _AcceptingAdapter()
        bus = I2cBus(os.devnull, open_adapter=lambda: adapter)
        meters = [Ina219(bus, address) for address in ADDRESSES]
        for meter in meters:
            meter.verify()
        two = [RegisterReads(address, (SHUNT, BUS), ">hH") for address in ADDRESSES]
        three = [RegisterReads(address, (SHUNT, BUS, POWER), ">hHH") for address in ADDRESSES]

        def transfers(reads: list[RegisterReads]) -> None:
            for read in reads:
                bus.transfer(read.messages)
                read.words()

        def words_one_by_one() -> None:
            for address in ADDRESSES:
                adapter.read_word_data(address, SHUNT)
                adapter.read_word_data(address, BUS)

        sweep_us = cost_us(lambda: [meter.read() for meter in meters])
        words_us = cost_us(words_one_by_one)
        two_us, three_us = cost_us(lambda: transfers(two)), cost_us(lambda: transfers(three))
        adapter.close()
    return [
        ("sweep of 4 chips, flags and freshness", sweep_us, "us", SWEEP_LIMIT_US),
        (f"smbus2 read_word_data, 2 words x 4 chips, raw ({words_us / sweep_us:.2f} x ours)", words_us, "us", None),
        *_peers(sweep_us),
        ("one chip, flags and freshness", sweep_us / len(meters), "us", CHIP_LIMIT_US),
        ("transfers only, shunt + bus", two_us, "us", None),
        ("transfers only, shunt + bus + power (clears CNVR)", three_us, "us", None),
        *_shares_of_the_wire(sweep_us),
    ]


def _peers(sweep_us: float) -> list[Row]:
    if not (PEERS_VENV / "bench.stamp").exists():
        return [(name, math.nan, "(not installed)", None) for name in PEERS]
    command = [PEERS_VENV / "bin" / "python", Path(__file__).with_name("peers.py")]
    measured = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout)
    return [(f"{name} ({us / sweep_us:.2f} x ours)", us, "us", None) for name, us in measured.items()]


def _shares_of_the_wire(sweep_us: float) -> list[Row]:
    result: list[Row] = []
    for khz, allowed in SWEEPS_PER_S.items():
        wire_us = 1e6 / allowed
        lost_percent = 100 * sweep_us / (wire_us + sweep_us)
        three = 1e6 / (wire_us * WIRE_OF_THREE_REGISTERS + sweep_us)
        result += [
            (f"computed: of {allowed:g} sweeps/s at {khz} kHz, lost to Python", lost_percent, "%", LOST_LIMIT_PERCENT),
            (
                f"computed: as the driver reads, power register too ({100 * three / allowed:.0f} % of {allowed:g})",
                three,
                "sweeps/s",
                None,
            ),
        ]
    return result


def main() -> None:
    """Print the table."""
    for name, value, unit, limit in rows():
        measured = "not installed" if math.isnan(value) else f"{value:8.2f} {unit}"
        print(f"{name:90} {measured}" + (f"   limit {limit:g} {unit}" if limit else ""))


if __name__ == "__main__":
    main()
