"""What reading the four-channel meter costs in Python, with the kernel's answer taken away.

The driver and the real smbus2 run as on a Raspberry Pi; only ``ioctl`` returns at once. So the figures are what
the drivers add to the time on the wire (about 1.5 ms per chip at 100 kHz).
"""

import importlib.util
import os
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import smbus2.smbus2

from vigie.hardware.i2c import I2cBus, RegisterReads
from vigie.hardware.ina219 import BUS, POWER, SHUNT, Ina219

ADDRESSES = (0x40, 0x41, 0x42, 0x43)
SWEEP_LIMIT_US = 40.0
CHIP_LIMIT_US = 10.0
_NUMBER = 2000
_REPEATS = 7

Row = tuple[str, float, str, float | None]


@contextmanager
def _kernel_that_answers_at_once() -> Iterator[None]:
    kept: Any = smbus2.smbus2
    original = kept.ioctl
    kept.ioctl = lambda _fd, _request, _argument=0: 0
    try:
        yield
    finally:
        kept.ioctl = original


def _cost_us(work: Callable[[], object]) -> float:
    """Return the microseconds one call takes: the best of several runs, which is the one least disturbed."""
    return min(timeit.repeat(work, number=_NUMBER, repeat=_REPEATS)) / _NUMBER * 1e6


class _AcceptingAdapter(smbus2.SMBus):
    """The real smbus2 on a device that accepts everything."""

    def __init__(self) -> None:
        super().__init__()
        self.fd = os.open(os.devnull, os.O_RDWR)
        self.funcs = smbus2.I2cFunc(0)


def rows() -> list[Row]:
    """Measure; return (name, value, unit, limit or None) rows."""
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

        sweep_us = _cost_us(lambda: [meter.read() for meter in meters])
        result: list[Row] = [
            ("sweep of 4 chips, flags and freshness", sweep_us, "us", SWEEP_LIMIT_US),
            ("one chip, flags and freshness", sweep_us / len(meters), "us", CHIP_LIMIT_US),
            ("transfers only, shunt + bus", _cost_us(lambda: transfers(two)), "us", None),
            ("transfers only, shunt + bus + power (clears CNVR)", _cost_us(lambda: transfers(three)), "us", None),
            ("smbus2 read_word_data, 2 words x 4 chips, raw", _cost_us(words_one_by_one), "us", None),
        ]
        adapter.close()
    return result


def main() -> None:
    """Print the table."""
    for name, value, unit, limit in rows():
        print(f"{name:52} {value:8.2f} {unit}" + (f"   limit {limit:g} {unit}" if limit else ""))
    for module in ("adafruit_ina219", "ina219"):
        if importlib.util.find_spec(module) is None:
            print(f"{module:52} not installed")


if __name__ == "__main__":
    main()
