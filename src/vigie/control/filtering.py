"""From raw sweeps to the measurement of a period: calibrate, reject, average, judge."""

import math
from typing import Annotated, NamedTuple

from vigie.control.averaging import averaged
from vigie.control.contradictions import ContradictionLimits, Doubt, Doubts, doubted, no_doubts
from vigie.control.signals import (
    Channel,
    ChannelMean,
    Contacts,
    Measurement,
    Reading,
    Status,
    Sweep,
    Temperature,
)
from vigie.control.temperature import believed, remembered_c
from vigie.units import setting

UNUSABLE = (
    Status.ABSENT
    | Status.FAILED
    | Status.OVERFLOW
    | Status.STALE
    | Status.SATURATED
    | Status.RESET
    | Status.IMPLAUSIBLE
)
"""A reading with any of these bits is never averaged in."""

ODD_V = 0.02
"""A bus voltage nearer to the median of its period is not odd: five steps of the meter."""

ODD_SHUNT_V = 50e-6
"""The same of a shunt voltage."""

LEAST_TIMES = 9
"""Two long periods have the same mean by chance; so many in a row do not."""

DARK_V = 1.0
"""A channel below this is without supply; it may well read the same for hours."""


class ChannelSettings(NamedTuple):
    """One meter channel: where it stands, its calibration, what it can plausibly read."""

    is_fitted: bool
    gain: float
    offset_v: float
    sign: float
    shunt_ohm: float
    current_offset_a: float
    plausible_min_v: float
    plausible_max_v: float
    plausible_max_a: float


class FilterSettings(NamedTuple):
    """How a period's sweeps become one measurement."""

    sweeps: Annotated[int, setting("Sweeps of all channels per period", ge=1, le=100)] = 10
    least_good: Annotated[
        int,
        setting("Good sweeps a needed channel must have, or the period is a failed measurement", ge=1, le=100),
    ] = 6
    sweep_interval_s: float = 0.0
    """Time from one sweep to the next; 0 spreads them evenly over the whole period. A constant: with any other value
    a flicker of the mains could hide between two periods. Tests and recordings with a rhythm of their own differ."""
    frozen_after_s: Annotated[
        float,
        setting(
            "A channel that reads exactly the same for this long is frozen and not used; at least 60, or 0 for none",
            unit="s",
            ge=0,
            le=2_592_000,
        ),
    ] = 21_600.0
    contradiction_v: Annotated[
        float,
        setting(
            "V1 and V2 further apart than this (and than a wire loses) contradict each other, and no mode rests on "
            "them; 0 switches it off",
            unit="V",
            ge=0,
            le=2,
        ),
    ] = 0.2
    air_warmer_k: float = 10.0
    """Air warmer than the battery by more than this must warm it up. With ``air_warmer_kh`` a constant of physics: a
    block of any size follows the air within hours (decision 15)."""
    air_warmer_kh: float = 12.0
    """K h: summed up to this, the excess over ``air_warmer_k`` proves that a thermometer which has not moved is stuck;
    0 switches it off."""
    temperature_min_c: float = -30.0
    """Battery temperatures below are implausible: a standby battery is not used there."""
    temperature_max_c: float = 90.0
    """Battery temperatures above are implausible. 20 K over the highest ``interlocks.temperature_limit_c``, so that a
    battery that is too hot is never taken for a broken thermometer and charged on."""


class ChannelsSettings(NamedTuple):
    """The four channels as control needs them."""

    battery: ChannelSettings
    charge: ChannelSettings
    load: ChannelSettings
    spare: ChannelSettings


class Stillness(NamedTuple):
    """Since when a channel has read exactly the same raw values."""

    bus_v: float
    shunt_v: float
    since_s: float
    times: int
    """Periods that have repeated it."""


class FilterState(NamedTuple):
    """What the filter remembers from period to period."""

    battery: Stillness
    charge: Stillness
    load: Stillness
    spare: Stillness
    temperature_c: float
    """Of the battery, as last believed; NaN when never."""
    ambient_c: float
    doubts: Doubts


def initial_filter_state() -> FilterState:
    """Return the state of a filter that has seen nothing."""
    unseen = Stillness(math.nan, math.nan, 0.0, 0)
    return FilterState(unseen, unseen, unseen, unseen, math.nan, math.nan, no_doubts())


def sweep_interval_s(settings: FilterSettings, period_s: float) -> float:
    """Return the time from one sweep to the next."""
    return settings.sweep_interval_s if settings.sweep_interval_s > 0.0 else period_s / settings.sweeps


def calibrated_voltage_v(bus_v: float, channel: ChannelSettings) -> float:
    """Return the voltage at the measured point, in volts: ``gain * bus_v + offset_v``.

    A 10 kOhm series resistor at V1, typical input currents (INA219 data sheet SBOS448G, 6.5):

    >>> v1 = ChannelSettings(True, 1.03125, 0.4, 1.0, 0.1, 0.0, 8.0, 15.5, 3.2)
    >>> round(calibrated_voltage_v(12.02, v1), 2)
    12.8
    """
    return channel.gain * bus_v + channel.offset_v


def calibrated_current_a(shunt_v: float, channel: ChannelSettings) -> float:
    """Return the current in amperes with the product's sign: ``sign * shunt_v / shunt_ohm + current_offset_a``.

    >>> v2 = ChannelSettings(True, 1.0, 0.0, -1.0, 0.1, 0.0, 0.0, 20.0, 3.2)
    >>> calibrated_current_a(0.05, v2)
    -0.5
    """
    return channel.sign * shunt_v / channel.shunt_ohm + channel.current_offset_a


def judged(reading: Reading, channel: ChannelSettings) -> int:
    """Return the reading's status bits with IMPLAUSIBLE added when its calibrated values cannot be true."""
    status = reading.status
    if status & UNUSABLE:
        return status
    bus_v = calibrated_voltage_v(reading.bus_v, channel)
    current_a = calibrated_current_a(reading.shunt_v, channel)
    if not channel.plausible_min_v <= bus_v <= channel.plausible_max_v:
        return status | Status.IMPLAUSIBLE
    if not abs(current_a) <= channel.plausible_max_a:
        return status | Status.IMPLAUSIBLE
    return status


def still(before: Stillness, bus_v: float, shunt_v: float, now_s: float, is_hurried: bool) -> Stillness:
    """Return since when the raw means have been exactly these."""
    if bus_v == before.bus_v and shunt_v == before.shunt_v and bus_v >= DARK_V:
        return Stillness(bus_v, shunt_v, before.since_s, before.times + (0 if is_hurried else 1))
    return Stillness(bus_v, shunt_v, now_s, 0)


def is_frozen(stillness: Stillness, now_s: float, frozen_after_s: float) -> bool:
    """Return whether a channel has been still for too long to be alive."""
    return frozen_after_s > 0.0 and now_s - stillness.since_s >= frozen_after_s


def summarise_channel(
    sweeps: tuple[Sweep, ...],
    index: int,
    channel: ChannelSettings,
    before: Stillness,
    now_s: float,
    settings: FilterSettings,
    is_hurried: bool,
) -> tuple[ChannelMean, Stillness]:
    """Average the readings of one channel (``index``, a :class:`Channel`) over a period."""
    nan = math.nan
    if not channel.is_fitted:
        return ChannelMean(nan, nan, nan, nan, nan, nan, 0, 0, int(Status.ABSENT), False, nan, nan, 0.0), before
    status = 0
    buses = []
    shunts = []
    for sweep in sweeps:
        reading = sweep[index]
        verdict = judged(reading, channel)
        status |= verdict
        if not verdict & UNUSABLE:
            buses.append(reading.bus_v)
            shunts.append(reading.shunt_v)
    good = len(buses)
    rejected = len(sweeps) - good
    if good == 0:
        return ChannelMean(nan, nan, nan, nan, nan, nan, 0, rejected, status, False, nan, nan, 0.0), before
    bus = averaged(buses, ODD_V)
    shunt = averaged(shunts, ODD_SHUNT_V)
    if bus.odd > 0 or shunt.odd > 0:
        status |= Status.ODD
    stillness = still(before, bus.mean, shunt.mean, now_s, is_hurried)
    if is_frozen(stillness, now_s, settings.frozen_after_s):
        status |= Status.FROZEN
    bus_v = calibrated_voltage_v(bus.mean, channel)
    current_a = calibrated_current_a(shunt.mean, channel)
    mean = ChannelMean(
        bus_v,
        channel.gain * bus.spread,
        shunt.mean,
        current_a,
        shunt.spread / channel.shunt_ohm,
        bus_v * current_a,
        good,
        rejected,
        status,
        good >= settings.least_good and (status & Status.FROZEN) == 0,
        calibrated_voltage_v(bus.lowest, channel),
        min(calibrated_current_a(shunt.lowest, channel), calibrated_current_a(shunt.highest, channel)),
        now_s - stillness.since_s if stillness.times >= LEAST_TIMES else 0.0,
    )
    return mean, stillness


def is_answered(mean: ChannelMean, channel: ChannelSettings) -> bool:
    """Return whether a channel is valid, or not part of this installation."""
    return mean.is_valid or not channel.is_fitted


def summarise(
    state: FilterState,
    sweeps: tuple[Sweep, ...],
    temperature: Temperature,
    ambient: Temperature,
    contacts: Contacts,
    now_s: float,
    channels: ChannelsSettings,
    settings: FilterSettings,
    is_hurried: bool = False,
) -> tuple[FilterState, Measurement]:
    """Turn a period's sweeps into its measurement.

    The measurement is valid when battery, charge and load channel (those that are fitted, the battery
    always) each have ``least_good`` good sweeps and are not frozen, the temperature is either good or
    not part of the installation, and no readings contradict each other. Spare channel and ambient temperature
    are reported; the measurement needs neither.

    Args:
        state: what the filter remembers.
        sweeps: one or more, oldest first; a homogeneous tuple.
        temperature: of the battery, as the plant gave it.
        ambient: of the air around it.
        contacts: read back at the start of the period.
        now_s: monotonic plant time at the end of the last sweep.
        channels: calibration and plausibility per channel.
        settings: of the filter.
        is_hurried: a reading that fell has begun the period, and its sweeps followed each other at once.

    Returns:
        The next state and the measurement.
    """
    battery, battery_still = summarise_channel(
        sweeps, Channel.BATTERY, channels.battery, state.battery, now_s, settings, is_hurried
    )
    charge, charge_still = summarise_channel(
        sweeps, Channel.CHARGE, channels.charge, state.charge, now_s, settings, is_hurried
    )
    load, load_still = summarise_channel(sweeps, Channel.LOAD, channels.load, state.load, now_s, settings, is_hurried)
    spare, spare_still = summarise_channel(
        sweeps, Channel.SPARE, channels.spare, state.spare, now_s, settings, is_hurried
    )
    lowest_c = settings.temperature_min_c
    highest_c = settings.temperature_max_c
    judged_t = believed(temperature, state.temperature_c, lowest_c, highest_c)
    judged_ambient = believed(ambient, state.ambient_c, lowest_c, highest_c)
    limits = ContradictionLimits(settings.contradiction_v, settings.air_warmer_k, settings.air_warmer_kh)
    doubts, doubt = doubted(state.doubts, battery, charge, judged_t, judged_ambient, now_s, limits)
    if doubt & 1 << Doubt.BATTERY_AGAINST_AIR:
        judged_t = Temperature(math.nan, int(Status.FROZEN))
    is_valid = (
        doubt == 0
        and battery.is_valid
        and is_answered(charge, channels.charge)
        and is_answered(load, channels.load)
        and (judged_t.status == Status.GOOD or judged_t.status == Status.ABSENT)
    )
    measurement = Measurement(
        now_s, battery, charge, load, spare, judged_t, judged_ambient, contacts, is_valid, doubt, is_hurried, math.inf
    )
    after = FilterState(
        battery_still,
        charge_still,
        load_still,
        spare_still,
        remembered_c(judged_t, state.temperature_c),
        remembered_c(judged_ambient, state.ambient_c),
        doubts,
    )
    return after, measurement
