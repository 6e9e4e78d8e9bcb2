"""Read one INA219 with Vigie's driver in a project of your own.

python read_ina219.py            real chip at 0x40 on /dev/i2c-1
python read_ina219.py --emulated a chip emulated at register level, no hardware needed
"""

# ruff: noqa: T201
import sys
import time

from vigie.errors import HardwareError
from vigie.hardware.emulated import build_emulated_boards
from vigie.hardware.i2c import I2cBus
from vigie.hardware.ina219 import Ina219
from vigie.hardware.meter import Flag

SHUNT_OHM = 0.1


def open_bus(is_emulated: bool) -> I2cBus:
    """Open the real bus, or one with four emulated chips that see 12.8 V and 50 mV."""
    if not is_emulated:
        return I2cBus("/dev/i2c-1")
    boards = build_emulated_boards([lambda: (12.8, 0.05)] * 4)
    return I2cBus("emulated", open_adapter=boards.bus.open)


def main() -> int:
    """Print three readings."""
    meter = Ina219(open_bus("--emulated" in sys.argv), 0x40)
    try:
        meter.verify()  # sets the chip up when it is not
        for _ in range(3):
            time.sleep(meter.conversion_s)
            reading = meter.read()
            faults = Flag(reading.flags).name or "good"
            print(f"{reading.bus_v:.3f} V  {reading.shunt_v / SHUNT_OHM:+.4f} A  {faults.lower()}")
    except HardwareError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
