"""Dark time after a mains loss with R2 open, on emulated boards at 1x, and what watching costs.

Run with a priority over whatever else this machine does, where that is allowed; four installations at a time, in one
process.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from statistics import median
from unittest.mock import patch

from smbus2 import SMBus
from tests.faults.reaction import BUSES, Bus, Reaction, react, undisturbed

from vigie.clock import MachineClock
from vigie.control.between_periods import has_fallen
from vigie.control.filtering import ChannelSettings, ChannelsSettings
from vigie.control.mains import MainsSettings
from vigie.control.signals import Reading
from vigie.hardware.i2c import I2cBus
from vigie.hardware.ina219 import Ina219
from vigie.hardware.meter import Averaging
from vigie.plant.meter_board import MeterBoard
from vigie.plant.port import LOOK_EVERY_S

from .timing import ADDRESSES, at_once

Row = tuple[str, float, str, float | None]
LOSSES = 200
AT_ONCE = 4
WATCHED_S = 10.0
CHANNEL = ChannelSettings(True, 1.0, 0.0, 1.0, 0.1, 0.0, -1.0, 20.0, 3.3)


def rows() -> list[Row]:
    """Lose the mains 200 times for each speed of the bus, then watch a meter that costs nothing."""
    found: list[Row] = []
    for bus in BUSES:
        dark_ms = [dark_s * 1e3 for dark_s in _dark_s(bus)]
        at = f"dark after a mains loss, R2 open, bus at {bus.name}"
        found += [
            (f"{at}: median of {LOSSES}", median(dark_ms), "ms", None),
            (f"{at}: longest (relay 10 ms included)", max(dark_ms), "ms", (bus.promised_s + 0.01) * 1e3),
        ]
    looks, share = _watching()
    return [
        *found,
        (f"50 looks at two chips, one every {LOOK_EVERY_S * 1e3:g} ms", 50.0 / looks, "s", 1.0),
        ("share of one core while R2 is open, the kernel's answer taken away", share * 100.0, "%", 1.0),
    ]


def _dark_s(bus: Bus) -> list[float]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts: list[Reaction] = list(pool.map(react, [bus] * AT_ONCE, [LOSSES // AT_ONCE] * AT_ONCE, range(AT_ONCE)))
    return list(chain.from_iterable(part.dark_s for part in parts))


def _watching() -> tuple[float, float]:
    """Return looks a second, and the share of a core that they take."""
    channels = ChannelsSettings(CHANNEL, CHANNEL, CHANNEL, CHANNEL)
    looks = 0

    def fallen(charge: Reading, load: Reading) -> bool:
        nonlocal looks
        looks += 1
        has_fallen(charge, load, channels, MainsSettings())
        return False

    with patch("smbus2.smbus2.ioctl", at_once), undisturbed():
        adapter = SMBus()
        adapter.fd = 0
        bus = I2cBus(open_adapter=lambda: adapter)
        board = MeterBoard([Ina219(bus, address) for address in ADDRESSES], MachineClock(), Averaging.TIMES_32, 1.0)
        board.set_watchful(True)
        began_s, began_cpu_s = time.monotonic(), time.thread_time()
        board.watch(began_s + WATCHED_S, fallen)
        cpu_s, took_s = time.thread_time() - began_cpu_s, time.monotonic() - began_s
    return looks / took_s, cpu_s / took_s


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:75} {value:8.3g} {unit:3}" + (f" (at most {limit:g})" if limit is not None else ""))
