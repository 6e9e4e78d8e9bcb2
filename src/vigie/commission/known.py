"""What is known so far, and what a step may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from vigie.control.signals import Channel, Relay, Wiring
from vigie.errors import CommandRefused
from vigie.hardware.meter import Capability
from vigie.plant.bench import Sensed
from vigie.plant.meter_chips import METER_CHIPS, USUAL_METER


class CommissioningRefused(CommandRefused):
    """The commissioning will not go on: the loads could go dark, or the readings make no sense."""


class Limits(NamedTuple):
    """What the settings say about the installation before it is known."""

    supply_v: float
    """V3 at or above this can only come from the supply."""
    proof_v: float
    """Battery voltage that proves that it can carry the loads."""
    floor_v: float
    """Battery voltage under load at which a drill ends."""
    load_floor_v: float
    """Voltage at which a move is undone at once."""
    settling_s: float
    """Time the supply may take to come back."""
    shunt_ohm: float = 0.1
    meter: Capability = METER_CHIPS[USUAL_METER].capability


class SenseKind(IntEnum):
    """The resistor at V1."""

    NONE = 0
    SERIES = 1
    LOAD = 2


class Calibrated(NamedTuple):
    """Volts = gain * reading + offset_v."""

    gain: float
    offset_v: float
    is_two_point: bool


class CommissioningFinding(NamedTuple):
    """One thing found."""

    subject: str
    text: str
    evidence: tuple[str, ...] = ()
    is_weak: bool = False
    """Found, but worth a second look."""


@dataclass
class Known:
    """Everything found so far; what a later step needs has been found by an earlier one."""

    findings: list[CommissioningFinding] = field(default_factory=list)
    lives_on_loads: bool = False
    has_diode: bool = False
    """A person says that a bypass diode stands across R2."""
    is_polarity_reversed: bool = False
    """The board energises a coil at the other level than the settings say."""
    capacity_ah: float = 0.0
    chips: tuple[int, ...] = ()
    channels: dict[Channel, int] = field(default_factory=dict)
    """Address of each channel that is there."""
    signs: dict[Channel, int] = field(default_factory=dict)
    wiring: Wiring | None = None
    sense: SenseKind | None = None
    sense_ohm: float = 0.0
    points: dict[Channel, list[tuple[float, float]]] = field(default_factory=dict)
    """Raw reading and multimeter, in volts."""
    calibrations: dict[Channel, Calibrated] = field(default_factory=dict)
    thermometer: Sensed | None = None
    proving_v: float | None = None
    """What V3 must show to prove the mains, where the settings ask for more than the supply gives."""


class Contactor(NamedTuple):
    """A relay found: its coil and what closes its contact."""

    coil: int
    closes_energised: bool
    """True: wired over NO; false: over NC."""


Contactors = Mapping[Relay, Contactor]
