"""From raw sweeps to the measurement of a period: calibrate, reject, average, judge."""

import math
from typing import Annotated, NamedTuple

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
    sweep_interval_s: Annotated[
        float,
        setting("Time from one sweep to the next; longer than the meter's conversion time", unit="s", ge=0, le=10),
    ] = 0.05
    frozen_after_s: Annotated[
        float,
        setting(
            "A channel that reads exactly the same for this long is frozen and not used; at least 60, or 0 for none",
            unit="s",
            ge=0,
            le=2_592_000,
        ),
    ] = 21_600.0
    temperature_min_c: Annotated[
        float, setting("Battery temperatures below are implausible", unit="degC", ge=-60, le=0)
    ] = -30.0
    temperature_max_c: Annotated[
        float, setting("Battery temperatures above are implausible", unit="degC", ge=60, le=150)
    ] = 90.0


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


class FilterState(NamedTuple):
    """What the filter remembers from period to period."""

    battery: Stillness
    charge: Stillness
    load: Stillness
    spare: Stillness


def initial_filter_state() -> FilterState:
    """Return the state of a filter that has seen nothing."""
    unseen = Stillness(math.nan, math.nan, 0.0)
    return FilterState(unseen, unseen, unseen, unseen)


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


def still(before: Stillness, bus_v: float, shunt_v: float, now_s: float) -> Stillness:
    """Return since when the raw means have been exactly these."""
    if bus_v == before.bus_v and shunt_v == before.shunt_v and bus_v >= DARK_V:
        return before
    return Stillness(bus_v, shunt_v, now_s)


def is_frozen(stillness: Stillness, now_s: float, frozen_after_s: float) -> bool:
    """Return whether a channel has been still for too long to be alive."""
    return frozen_after_s > 0.0 and now_s - stillness.since_s >= frozen_after_s


def _spread(square_sum: float, total: float, count: int) -> float:
    if count < 2:
        return 0.0
    variance = (square_sum - total * total / count) / (count - 1)
    return math.sqrt(variance) if variance > 0.0 else 0.0


def summarise_channel(
    sweeps: tuple[Sweep, ...],
    index: int,
    channel: ChannelSettings,
    before: Stillness,
    now_s: float,
    settings: FilterSettings,
) -> tuple[ChannelMean, Stillness]:
    """Average the readings of one channel (``index``, a :class:`Channel`) over a period.

    Sums are taken of the differences to the first good reading, so that millivolts are not lost in volts.
    """
    nan = math.nan
    if not channel.is_fitted:
        return ChannelMean(nan, nan, nan, nan, nan, nan, 0, 0, int(Status.ABSENT), False), before
    good = 0
    status = 0
    first_bus_v = 0.0
    first_shunt_v = 0.0
    bus_sum = 0.0
    bus_squares = 0.0
    shunt_sum = 0.0
    shunt_squares = 0.0
    for sweep in sweeps:
        reading = sweep[index]
        verdict = judged(reading, channel)
        status |= verdict
        if verdict & UNUSABLE:
            continue
        if good == 0:
            first_bus_v = reading.bus_v
            first_shunt_v = reading.shunt_v
        good += 1
        bus_sum += reading.bus_v - first_bus_v
        bus_squares += (reading.bus_v - first_bus_v) * (reading.bus_v - first_bus_v)
        shunt_sum += reading.shunt_v - first_shunt_v
        shunt_squares += (reading.shunt_v - first_shunt_v) * (reading.shunt_v - first_shunt_v)
    rejected = len(sweeps) - good
    if good == 0:
        return ChannelMean(nan, nan, nan, nan, nan, nan, 0, rejected, status, False), before
    raw_bus_v = first_bus_v + bus_sum / good
    shunt_v = first_shunt_v + shunt_sum / good
    stillness = still(before, raw_bus_v, shunt_v, now_s)
    if is_frozen(stillness, now_s, settings.frozen_after_s):
        status |= Status.FROZEN
    bus_v = calibrated_voltage_v(raw_bus_v, channel)
    current_a = calibrated_current_a(shunt_v, channel)
    mean = ChannelMean(
        bus_v,
        channel.gain * _spread(bus_squares, bus_sum, good),
        shunt_v,
        current_a,
        _spread(shunt_squares, shunt_sum, good) / channel.shunt_ohm,
        bus_v * current_a,
        good,
        rejected,
        status,
        good >= settings.least_good and (status & Status.FROZEN) == 0,
    )
    return mean, stillness


def judged_temperature(temperature: Temperature, settings: FilterSettings) -> Temperature:
    """Return the temperature, marked IMPLAUSIBLE and without value outside the plausible range."""
    if temperature.status != Status.GOOD:
        return Temperature(math.nan, temperature.status)
    if settings.temperature_min_c <= temperature.celsius <= settings.temperature_max_c:
        return temperature
    return Temperature(math.nan, int(Status.IMPLAUSIBLE))


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
) -> tuple[FilterState, Measurement]:
    """Turn a period's sweeps into its measurement.

    The measurement is valid when battery, charge and load channel (those that are fitted, the battery
    always) each have ``least_good`` good sweeps and are not frozen, and the temperature is either good or
    not part of the installation. Spare channel and ambient temperature are reported and never needed.

    Args:
        state: what the filter remembers.
        sweeps: one or more, oldest first; a homogeneous tuple.
        temperature: of the battery, as the plant gave it.
        ambient: of the air around it.
        contacts: read back at the start of the period.
        now_s: monotonic plant time at the end of the last sweep.
        channels: calibration and plausibility per channel.
        settings: of the filter.

    Returns:
        The next state and the measurement.
    """
    battery, battery_still = summarise_channel(
        sweeps, Channel.BATTERY, channels.battery, state.battery, now_s, settings
    )
    charge, charge_still = summarise_channel(sweeps, Channel.CHARGE, channels.charge, state.charge, now_s, settings)
    load, load_still = summarise_channel(sweeps, Channel.LOAD, channels.load, state.load, now_s, settings)
    spare, spare_still = summarise_channel(sweeps, Channel.SPARE, channels.spare, state.spare, now_s, settings)
    judged_t = judged_temperature(temperature, settings)
    judged_ambient = judged_temperature(ambient, settings)
    is_valid = (
        battery.is_valid
        and is_answered(charge, channels.charge)
        and is_answered(load, channels.load)
        and (judged_t.status == Status.GOOD or judged_t.status == Status.ABSENT)
    )
    measurement = Measurement(now_s, battery, charge, load, spare, judged_t, judged_ambient, contacts, is_valid)
    return FilterState(battery_still, charge_still, load_still, spare_still), measurement
