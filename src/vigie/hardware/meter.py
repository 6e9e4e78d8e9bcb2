"""What meter chips have in common: their readings, what can be wrong with one, and what a chip can do."""

from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import NamedTuple


class Averaging(IntEnum):
    """How long a chip averages, by 12-bit conversions of an INA219; other chips take about as long."""

    BITS_12 = 1
    TIMES_32 = 32
    TIMES_64 = 64
    TIMES_128 = 128


class Flag(IntFlag):
    """What is wrong with a reading; 0 is a good one."""

    OVERFLOW = 1
    """The chip's own arithmetic overflowed."""
    STALE = 2
    """No conversion has ended since the last read."""
    SATURATED = 4
    """The shunt voltage is at full scale; the true current is larger."""
    RESET = 8
    """The chip was found reset and was configured again just before this reading."""


OVERFLOW, STALE, SATURATED, RESET = (int(flag) for flag in Flag)  # IntFlag's | is slow


class MeterReading(NamedTuple):
    """One reading of one chip."""

    bus_v: float
    """Voltage to GND, in the chip's steps."""
    shunt_v: float
    """Voltage from IN- to IN+, signed, in the chip's steps."""
    flags: int
    """Bits of :class:`Flag`."""


class Capability(NamedTuple):
    """What a chip can measure, by its data sheet."""

    name: str
    addresses: range
    """What its address pins can make of it."""
    bus_full_scale_v: float
    """What the pins bear; the register may go on."""
    bus_step_v: float
    shunt_full_scale_v: float
    """Either way."""
    shunt_step_v: float
    conversion_s: Mapping[Averaging, float]
    """Longest time between two fresh readings: shunt and bus convert in turn."""
    input_ohm: float
    """Resistance of the bus input to GND."""
    bias_a: float
    """What IN+ and IN- take together, typical."""
    shunt_offset_v: float
    """What the shunt shows without a current, as fine as it can be read."""
