"""What a sweep costs with other INA219 libraries; prints JSON, the microseconds by row.

Runs in a virtual environment that holds only them (``make bench`` makes it), as a child of bench_driver.py.
Their bus code runs as on a Raspberry Pi, on a device that accepts everything and an ``ioctl`` that answers at once.
"""

import io
import json
import os
from collections.abc import Callable
from importlib.metadata import version

import adafruit_ina219
import busio
import ina219
from adafruit_blinka.microcontroller.generic_linux import i2c as linux
from Adafruit_PureIO import smbus
from timing import ADDRESSES, at_once, cost_us

SHUNT_OHM = 0.1


class AcceptingBus(smbus.SMBus):
    """The bus below both libraries, without its device."""

    def open(self, _bus: int) -> None:
        self._device = io.FileIO(os.devnull, "r+")


class BlinkaI2c(busio.I2C):
    """Blinka's bus for Linux boards, without the search for this board's pins."""

    def __init__(self) -> None:
        self._i2c = linux.I2C(1)


def sweeps() -> dict[str, Callable[[], object]]:
    """Return what a user of each library calls to sweep four chips, by what the row shall say of it."""
    bus = BlinkaI2c()
    adafruit = [adafruit_ina219.INA219(bus, address) for address in ADDRESSES]
    pi = [ina219.INA219(SHUNT_OHM, busnum=1, address=address) for address in ADDRESSES]
    for meter in pi:
        meter.configure()
    of_adafruit = f"adafruit-circuitpython-ina219 {version('adafruit-circuitpython-ina219')}"
    of_pi = f"pi-ina219 {version('pi-ina219')}"
    return {
        f"{of_adafruit}, bus_voltage + shunt_voltage": lambda: [(m.bus_voltage, m.shunt_voltage) for m in adafruit],
        f"{of_adafruit}, bus_voltage + current (calibrates)": lambda: [(m.bus_voltage, m.current) for m in adafruit],
        f"{of_pi}, voltage + shunt_voltage (checks overflow)": lambda: [(m.voltage(), m.shunt_voltage()) for m in pi],
        f"{of_pi}, voltage + current (checks overflow)": lambda: [(m.voltage(), m.current()) for m in pi],
    }


if __name__ == "__main__":
    smbus.ioctl = at_once
    smbus.SMBus = AcceptingBus
    print(json.dumps({name: cost_us(sweep) for name, sweep in sweeps().items()}))
