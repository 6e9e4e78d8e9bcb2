"""Chips emulated at register level, to stand under the very drivers that run on real ones. Chosen by name only."""

from vigie.hardware.emulated.boards import EmulatedBoards, EmulatedThermometer, build_emulated_boards
from vigie.hardware.emulated.gpio import EmulatedGpioChip, LevelChange
from vigie.hardware.emulated.i2c import EmulatedI2cBus
from vigie.hardware.emulated.ina219 import EmulatedIna219
from vigie.hardware.emulated.ina226 import EmulatedIna226

__all__ = [
    "EmulatedBoards",
    "EmulatedGpioChip",
    "EmulatedI2cBus",
    "EmulatedIna219",
    "EmulatedIna226",
    "EmulatedThermometer",
    "LevelChange",
    "build_emulated_boards",
]
