"""The table of meter chips: a row is all the rig, the bench and the checks know of one."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

from vigie.control.signals import Reading, Status
from vigie.hardware.emulated import EmulatedIna219, EmulatedIna226
from vigie.hardware.emulated.chip import BuildChip
from vigie.hardware.i2c import I2cBus
from vigie.hardware.ina219 import Ina219
from vigie.hardware.ina226 import Ina226
from vigie.hardware.meter import Averaging, Capability, Flag, MeterReading
from vigie.plant.instruments import Meter


class MeterModel(IntEnum):
    """Meter chips, as ``rig.meter`` names them."""

    INA219 = 219
    INA226 = 226


class MeterChip(NamedTuple):
    """One kind of chip."""

    driver: Callable[[I2cBus, int, Averaging], Meter]
    emulation: BuildChip
    capability: Capability


METER_CHIPS: Mapping[MeterModel, MeterChip] = {
    MeterModel.INA219: MeterChip(Ina219, EmulatedIna219, Ina219.capability),
    MeterModel.INA226: MeterChip(Ina226, EmulatedIna226, Ina226.capability),
}
USUAL_METER = MeterModel.INA219
"""That of the four-channel HAT, for whose shunts and range the channels' defaults are."""
ADDRESSES = sorted({address for chip in METER_CHIPS.values() for address in chip.capability.addresses})

_GOOD = int(Status.GOOD)
_STATUS_OF_FLAG = (
    (Flag.OVERFLOW, Status.OVERFLOW),
    (Flag.STALE, Status.STALE),
    (Flag.SATURATED, Status.SATURATED),
    (Flag.RESET, Status.RESET),
)


def as_reading(read: MeterReading) -> Reading:
    """Return a chip's reading as a channel's, its flags as :class:`Status` bits."""
    status = _GOOD
    if read.flags:
        status = sum(int(status) for flag, status in _STATUS_OF_FLAG if read.flags & flag)
    return Reading(read.bus_v, read.shunt_v, status)
