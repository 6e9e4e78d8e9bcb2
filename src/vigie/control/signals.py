"""The values control works on: plain numbers and enums, no behaviour, compilable by numba.

Sign of every current: positive INTO the battery on the battery and charge channels, positive into
the loads on the load channel.
"""

import math
from enum import IntEnum
from typing import NamedTuple


class Channel(IntEnum):
    """The four meter channels by role (the client's V1..V4)."""

    BATTERY = 0
    CHARGE = 1
    LOAD = 2
    SPARE = 3


class Relay(IntEnum):
    """The four relays (R1 the mains contact, R2 the battery contact, R3 and R4 named by the user)."""

    R1 = 0
    R2 = 1
    R3 = 2
    R4 = 3


class Contact(IntEnum):
    """Open: circuit cut. Closed: circuit connected. Says nothing about the coil."""

    OPEN = 0
    CLOSED = 1


class Wiring(IntEnum):
    """What R2 cuts: LINE the charge and the backup, CHARGE_ONLY only the charging path."""

    LINE = 0
    CHARGE_ONLY = 1


class Status(IntEnum):
    """Bits that say what is wrong with a reading; 0 is a good one. Several may be set."""

    GOOD = 0
    ABSENT = 1
    """Not part of this installation (switched off in the settings, not in the recording)."""
    FAILED = 2
    """The chip did not answer."""
    OVERFLOW = 4
    """OVF: the chip's arithmetic overflowed; the values mean nothing."""
    STALE = 8
    """No new conversion since the last read (CNVR not set)."""
    SATURATED = 16
    """Shunt voltage at full scale: the true current is larger than the meter's range."""
    RESET = 32
    """The chip was found reset and was configured again; this reading predates it."""
    IMPLAUSIBLE = 64
    """Outside the plausible range of the settings."""
    FROZEN = 128
    """Exactly the same value for longer than a real one can stay."""
    ODD = 256
    """A sweep or two differed from all the others and were left out of the mean."""


class Reading(NamedTuple):
    """One channel in one sweep, as the meter sees it (before calibration)."""

    bus_v: float
    """Voltage from IN- to ground; NaN when ``status`` has FAILED or ABSENT."""
    shunt_v: float
    """Voltage over the shunt, signed IN+ to IN-; NaN when ``status`` has FAILED or ABSENT."""
    status: int
    """Bits of :class:`Status`."""


class Sweep(NamedTuple):
    """All channels read once."""

    battery: Reading
    charge: Reading
    load: Reading
    spare: Reading


class Temperature(NamedTuple):
    """A temperature: of the battery, or of the air around it."""

    celsius: float
    """NaN when ``status`` is not GOOD."""
    status: int
    """ABSENT when no sensor belongs to the installation, FAILED when one does and was lost."""


NO_SENSOR = Temperature(math.nan, int(Status.ABSENT))
"""The temperature of a place where none is measured."""


class Contacts(NamedTuple):
    """What the four contacts are, read back from the lines."""

    r1: Contact
    r2: Contact
    r3: Contact
    r4: Contact


class ChannelMean(NamedTuple):
    """One channel averaged over the good sweeps of a period, calibrated."""

    bus_v: float
    """NaN when ``is_valid`` is false."""
    bus_spread_v: float
    """Sample standard deviation over the sweeps averaged in."""
    shunt_v: float
    current_a: float
    current_spread_a: float
    power_w: float
    good: int
    """Sweeps with a usable reading; all are averaged in but the odd ones."""
    rejected: int
    """Sweeps kept out (failed, overflowed, stale, saturated, implausible)."""
    status: int
    """All :class:`Status` bits seen in the period, also those of rejected sweeps."""
    is_valid: bool
    """Enough good sweeps, not frozen: the means may be used."""
    lowest_v: float = math.nan
    """Of all good sweeps, the odd ones too: here shows a mains that failed in the last one. Not in the journal."""
    lowest_a: float = math.nan
    still_s: float = 0.0
    """How long the raw means have been the same to the last bit; 0 until ten periods show it. Not in the journal."""


class Measurement(NamedTuple):
    """The process image of one period: read once, never changed within the period."""

    now_s: float
    """Monotonic plant time at the end of the last sweep."""
    battery: ChannelMean
    charge: ChannelMean
    load: ChannelMean
    spare: ChannelMean
    temperature: Temperature
    """Of the battery."""
    ambient: Temperature
    """Of the air around it; told and kept, never needed by control."""
    contacts: Contacts
    is_valid: bool
    """Every reading control needs is there, plausible and in no doubt; false makes the contacts safe."""
    doubt: int = 0
    """Readings that contradict each other: bits of :class:`~vigie.control.contradictions.Doubt`. Not in the journal."""
    is_hurried: bool = False
    """A reading that fell began it: what is counted in periods does not count this one. Not in the journal."""
    full_age_s: float = math.inf
    """How long ago the charge current last showed the battery full: 0 in a period that shows it, infinite where nobody
    knows. An estimate, not a reading. Not in the journal."""
