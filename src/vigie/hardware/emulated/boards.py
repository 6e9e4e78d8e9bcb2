"""The emulated boards of one installation: a four-channel meter, a relay header, a thermometer."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from vigie.errors import TemperatureError
from vigie.hardware.emulated.chip import BuildChip, Pins
from vigie.hardware.emulated.gpio import EmulatedGpioChip
from vigie.hardware.emulated.i2c import EmulatedI2cBus
from vigie.hardware.emulated.ina219 import EmulatedIna219

ADDRESSES = (0x40, 0x41, 0x42, 0x43)
"""Waveshare Current/Power Monitor HAT, channels 1..4."""


class EmulatedBoards(NamedTuple):
    """What stands below the drivers instead of a Raspberry Pi's boards."""

    bus: EmulatedI2cBus
    gpio: EmulatedGpioChip


def build_emulated_boards(
    pins: Sequence[Pins],
    build_chip: BuildChip = EmulatedIna219,
    *,
    levels_file: Path | None = None,
    on_level_change: Callable[[str, bool], None] | None = None,
    monotonic_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> EmulatedBoards:
    """Build the boards.

    Args:
        pins: one per meter channel, returns (bus, shunt) in volts at that chip's inputs.
        build_chip: makes each of the meter's chips.
        levels_file: keeps the relay lines' levels through the end of the process.
        on_level_change: called with (line name, is_high) when a line moves.
        monotonic_s: time of the chips' conversions and of the recorded movements.
        sleep: how a stalled bus waits.
    """
    chips = [build_chip(address, pin, monotonic_s) for address, pin in zip(ADDRESSES, pins, strict=True)]
    gpio = EmulatedGpioChip(levels_file=levels_file, on_level_change=on_level_change, monotonic_s=monotonic_s)
    return EmulatedBoards(EmulatedI2cBus(chips, sleep), gpio)


class EmulatedThermometer:
    """A thermometer that shows ``celsius()``, or is lost when told so."""

    def __init__(self, celsius: Callable[[], float]) -> None:
        self.celsius = celsius
        self.is_lost = False
        """Fault: the sensor's cable is off."""

    def read(self) -> float:
        """Return the temperature in degrees Celsius.

        Raises:
            TemperatureError: the sensor is lost.
        """
        if self.is_lost:
            raise TemperatureError("emulated thermometer is disconnected; check its cable")
        return self.celsius()

    def close(self) -> None:
        """Nothing is held."""
