"""Readings that contradict each other: V1 and V2 at rest, a battery's thermometer and the air's.

Which of the two is wrong nobody can say, so neither decides: the period counts as a failed measurement.
"""

import math
from enum import IntEnum
from typing import NamedTuple

from vigie.control.signals import ChannelMean, Status, Temperature
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

WIRE_OHM = 0.1
"""Wires, fuse and terminals between V2 and the battery's poles lose no more than this at V2's current."""
AGREED = 0.75
"""Within this share of the limit two voltages agree again."""
LASTING_S = 30.0
"""A contradiction, or the agreement after it, must last so long."""
LONGEST_S = SECONDS_PER_DAY
"""The doubling of the time that an agreement must last ends here."""
MOVED_K = 0.3
"""A thermometer that has gone so far has moved: more than its last bit, less than a battery goes in the time."""


class Doubt(IntEnum):
    """Bit numbers of what contradicts what; see :attr:`Measurement.doubt`."""

    V1_AGAINST_V2 = 0
    BATTERY_AGAINST_AIR = 1


class ContradictionLimits(NamedTuple):
    """From here on two readings contradict each other."""

    apart_v: float
    """0: not watched."""
    warmer_k: float
    warmer_kh: float
    """0: not watched."""


class Voltages(NamedTuple):
    """What is remembered of V1 against V2."""

    is_doubted: bool
    changing_s: float
    """Since when the readings have said the opposite; NaN while they say the same."""
    agreement_s: float
    """So long they must agree to be believed again."""


class Warmth(NamedTuple):
    """What is remembered of the battery's thermometer against the air's."""

    anchor_c: float
    """Where it stood when it last moved; NaN before the first reading."""
    excess_ks: float
    """By how much the air has been too warm since, summed over time (K s)."""
    last_s: float


class Doubts(NamedTuple):
    """What is remembered from period to period."""

    voltages: Voltages
    warmth: Warmth


def no_doubts() -> Doubts:
    """Return the memory of a watch that has seen nothing."""
    return Doubts(Voltages(False, math.nan, LASTING_S), Warmth(math.nan, 0.0, 0.0))


def compared_voltages(
    before: Voltages, battery: ChannelMean, charge: ChannelMean, now_s: float, limits: ContradictionLimits
) -> Voltages:
    """Return what is thought of V1 and V2 after a period.

    Both stand at the battery's poles, but for what a wire loses. They contradict each other beyond the limit and that
    loss; they agree again within :data:`AGREED` of the limit, whatever current flows. A loss under charge can make
    good for an error and look like agreement, so each further contradiction asks for twice the agreement.

    Args:
        before: of the period before.
        battery: V1.
        charge: V2.
        now_s: monotonic plant time.
        limits: in volts.
    """
    if limits.apart_v <= 0.0:
        return Voltages(False, math.nan, LASTING_S)
    if not (battery.is_valid and charge.is_valid):
        return Voltages(before.is_doubted, math.nan, before.agreement_s)
    apart_v = abs(charge.bus_v - battery.bus_v)
    if before.is_doubted:
        is_opposite = apart_v <= AGREED * limits.apart_v
        lasting_s = before.agreement_s
    else:
        is_opposite = apart_v > limits.apart_v + WIRE_OHM * abs(charge.current_a)
        lasting_s = LASTING_S
    if not is_opposite:
        return Voltages(before.is_doubted, math.nan, before.agreement_s)
    since_s = now_s if math.isnan(before.changing_s) else before.changing_s
    if now_s - since_s < lasting_s:
        return Voltages(before.is_doubted, since_s, before.agreement_s)
    if before.is_doubted:
        return Voltages(False, math.nan, min(2.0 * before.agreement_s, LONGEST_S))
    return Voltages(True, math.nan, before.agreement_s)


def compared_warmth(
    before: Warmth, battery: Temperature, air: Temperature, now_s: float, limits: ContradictionLimits
) -> Warmth:
    """Return what is thought of the battery's thermometer after a period.

    Args:
        before: of the period before.
        battery: its temperature, plausible or without a value.
        air: the same of the air around it.
        now_s: monotonic plant time.
        limits: in K, and in K h.
    """
    if battery.status != Status.GOOD:
        return Warmth(before.anchor_c, before.excess_ks, now_s)
    if not abs(battery.celsius - before.anchor_c) < MOVED_K:
        return Warmth(battery.celsius, 0.0, now_s)
    excess_k = 0.0
    if air.status == Status.GOOD:
        excess_k = max(air.celsius - battery.celsius - limits.warmer_k, 0.0)
    return Warmth(before.anchor_c, before.excess_ks + excess_k * (now_s - before.last_s), now_s)


def is_stuck(warmth: Warmth, limits: ContradictionLimits) -> bool:
    """Return whether the thermometer has stood still where no battery can.

    >>> limits = ContradictionLimits(0.2, 10.0, 12.0)
    >>> at_65 = 65.0 - 26.0 - 10.0
    >>> is_stuck(Warmth(26.0, at_65 * 1200.0, 0.0), limits), is_stuck(Warmth(26.0, at_65 * 1500.0, 0.0), limits)
    (False, True)
    """
    return limits.warmer_kh > 0.0 and warmth.excess_ks >= limits.warmer_kh * SECONDS_PER_HOUR


def doubted(
    before: Doubts,
    battery: ChannelMean,
    charge: ChannelMean,
    warm: Temperature,
    air: Temperature,
    now_s: float,
    limits: ContradictionLimits,
) -> tuple[Doubts, int]:
    """Compare a period's readings.

    Args:
        before: what is remembered.
        battery: V1.
        charge: V2.
        warm: the battery's temperature.
        air: the air's.
        now_s: monotonic plant time.
        limits: from the settings.

    Returns:
        What is to be remembered, and the bits of :class:`Doubt`.
    """
    voltages = compared_voltages(before.voltages, battery, charge, now_s, limits)
    warmth = compared_warmth(before.warmth, warm, air, now_s, limits)
    bits = 1 if voltages.is_doubted else 0
    if is_stuck(warmth, limits):
        bits |= 2
    return Doubts(voltages, warmth), bits
