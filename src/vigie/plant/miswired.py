"""How a simulated installation is wired in truth, for commissioning to find; by default as ``[rig]`` says."""

from enum import IntEnum
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from vigie.control.signals import Channel
from vigie.hardware.emulated.boards import ADDRESSES
from vigie.units import by_name, setting


class TrueContact(IntEnum):
    """Which contact of a relay the simulated circuit really goes over."""

    AS_SET = -1
    """The one that ``[rig]`` says."""
    NO = 0
    NC = 1


class TruePolarity(IntEnum):
    """Which level of a line really energises a coil."""

    AS_SET = -1
    """The one that ``[rig]`` says."""
    LOW = 0
    HIGH = 1


def _each_once(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    if sorted(channels) != list(Channel):
        raise ValueError(f"must name each of {', '.join(channel.name.lower() for channel in Channel)} once")
    return channels


_ByName = Annotated[Channel, *by_name(Channel)]
ChannelOrder = tuple[_ByName, _ByName, _ByName, _ByName]


class MiswiringSettings(NamedTuple):
    """How the simulated installation differs from what is usual or set. Only emulated boards show it."""

    charge_reversed: Annotated[bool, setting("V2 is wired the other way round: IN+ and IN- exchanged")] = False
    load_reversed: Annotated[bool, setting("V3 is wired the other way round")] = False
    relays_swapped: Annotated[bool, setting("The board's first relay moves R2, its second one R1")] = False
    r1_contact: Annotated[
        TrueContact, *by_name(TrueContact), setting("Contact R1 really uses: as_set (what [rig] says), no or nc")
    ] = TrueContact.AS_SET
    r2_contact: Annotated[TrueContact, *by_name(TrueContact), setting("Contact R2 really uses")] = TrueContact.AS_SET
    relays_active: Annotated[
        TruePolarity, *by_name(TruePolarity), setting("Level that really energises a coil: as_set, low or high")
    ] = TruePolarity.AS_SET
    channels: Annotated[
        ChannelOrder, AfterValidator(_each_once), setting("What the chips at 0x40, 0x41, 0x42, 0x43 really measure")
    ] = (Channel.BATTERY, Channel.CHARGE, Channel.LOAD, Channel.SPARE)
    absent_address: Annotated[int, setting("Chip that does not answer, 0 for none", ge=0, le=ADDRESSES[-1])] = 0
    sense_is_load: Annotated[
        bool, setting("The resistor at V1 lies from IN- to ground, a load, instead of in series")
    ] = False
