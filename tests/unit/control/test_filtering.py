"""From raw sweeps to a measurement."""

import math
import statistics
from collections.abc import Iterable
from typing import Any

import pytest

from tests.unit.control.process_images import contacts
from vigie.control.filtering import (
    ChannelSettings,
    ChannelsSettings,
    FilterSettings,
    FilterState,
    initial_filter_state,
    summarise,
)
from vigie.control.signals import NO_SENSOR, Measurement, Reading, Status, Sweep, Temperature

CHANNEL = ChannelSettings(True, 1.0, 0.0, 1.0, 0.1, 0.0, 0.0, 20.0, 3.2)
BATTERY = CHANNEL._replace(plausible_min_v=8.0, plausible_max_v=15.5)
CHANNELS = ChannelsSettings(BATTERY, CHANNEL, CHANNEL, CHANNEL)
DEFAULTS = FilterSettings()
WARM = Temperature(25.0, 0)
GOOD = Reading(12.8, 0.01, 0)
LOST = Reading(math.nan, math.nan, int(Status.FAILED))


def sweep(**channels: Reading) -> Sweep:
    return Sweep(GOOD, GOOD, GOOD, GOOD)._replace(**channels)


def period(
    sweeps: Iterable[Sweep],
    *,
    state: FilterState | None = None,
    temperature: Temperature = WARM,
    now_s: float = 1000.0,
    channels: ChannelsSettings = CHANNELS,
    settings: FilterSettings = DEFAULTS,
    is_hurried: bool = False,
) -> tuple[FilterState, Measurement]:
    before = state or initial_filter_state()
    return summarise(before, tuple(sweeps), temperature, NO_SENSOR, contacts(), now_s, channels, settings, is_hurried)


def measurement(sweeps: Iterable[Sweep], **changes: Any) -> Measurement:
    return period(sweeps, **changes)[1]


def test_gain_and_offset_turn_the_reading_behind_the_sense_resistor_into_the_battery_voltage() -> None:
    v1 = BATTERY._replace(gain=1.03125, offset_v=0.4)
    battery = measurement([sweep(battery=Reading(12.0, 0.0, 0))] * 10, channels=CHANNELS._replace(battery=v1)).battery
    assert battery.bus_v == pytest.approx(12.775)


def test_sign_shunt_and_offset_turn_the_shunt_voltage_into_current_and_power() -> None:
    v2 = CHANNEL._replace(sign=-1.0, shunt_ohm=0.05, current_offset_a=0.02)
    charge = measurement([sweep(charge=Reading(13.0, 0.05, 0))] * 10, channels=CHANNELS._replace(charge=v2)).charge
    assert charge.current_a == pytest.approx(-0.98)
    assert charge.power_w == pytest.approx(-12.74)
    assert charge.shunt_v == pytest.approx(0.05), "stays as the meter saw it"


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in {Status.GOOD, Status.FROZEN, Status.ODD}], ids=lambda s: s.name.lower()
)
def test_a_reading_with_any_fault_is_counted_and_never_averaged_in(status: Status) -> None:
    wrong = sweep(battery=Reading(9.0, 0.3, int(status)))
    battery = measurement([sweep()] * 9 + [wrong]).battery
    assert battery.bus_v == 12.8
    assert battery.current_a == pytest.approx(0.1)
    assert (battery.good, battery.rejected, battery.status, battery.is_valid) == (9, 1, int(status), True)


def test_one_implausible_spike_is_not_averaged_and_is_told() -> None:
    battery = measurement([sweep()] * 5 + [sweep(battery=Reading(15.9, 0.01, 0))] + [sweep()] * 4).battery
    assert battery.bus_v == 12.8
    assert battery.status == Status.IMPLAUSIBLE


@pytest.mark.parametrize("reading", [Reading(math.nan, 0.0, 0), Reading(12.8, math.nan, 0), Reading(math.inf, 0.0, 0)])
def test_a_number_that_is_none_is_implausible(reading: Reading) -> None:
    assert measurement([sweep(battery=reading)] * 10).battery.status == Status.IMPLAUSIBLE


def test_a_current_beyond_the_meter_is_implausible_in_both_directions() -> None:
    for shunt_v in (0.321, -0.321):
        assert measurement([sweep(charge=Reading(12.8, shunt_v, 0))] * 10).charge.status == Status.IMPLAUSIBLE


def test_the_limits_of_plausibility_are_plausible() -> None:
    for volts in (8.0, 15.5):
        assert measurement([sweep(battery=Reading(volts, 0.0, 0))] * 10).battery.is_valid


def test_plausibility_is_judged_after_calibration() -> None:
    v1 = BATTERY._replace(gain=2.0)
    battery = measurement([sweep(battery=Reading(6.4, 0.0, 0))] * 10, channels=CHANNELS._replace(battery=v1)).battery
    assert battery.is_valid
    assert battery.bus_v == 12.8


def test_spread_is_the_sample_standard_deviation_of_the_calibrated_values() -> None:
    volts = [12.800, 12.804, 12.796, 12.808, 12.800, 12.792, 12.804, 12.800, 12.812, 12.796]
    shunts = [0.010, 0.011, 0.009, 0.012, 0.010, 0.008, 0.011, 0.010, 0.013, 0.009]
    v1 = BATTERY._replace(gain=1.03, offset_v=0.2, shunt_ohm=0.05)
    readings = [sweep(battery=Reading(v, s, 0)) for v, s in zip(volts, shunts, strict=True)]
    battery = measurement(readings, channels=CHANNELS._replace(battery=v1)).battery
    assert battery.bus_v == pytest.approx(statistics.fmean(1.03 * v + 0.2 for v in volts))
    assert battery.bus_spread_v == pytest.approx(statistics.stdev(1.03 * v + 0.2 for v in volts))
    assert battery.current_spread_a == pytest.approx(statistics.stdev(s / 0.05 for s in shunts))


def test_a_single_sweep_has_no_spread() -> None:
    battery = measurement([sweep()], settings=FilterSettings(sweeps=1, least_good=1)).battery
    assert (battery.bus_spread_v, battery.is_valid) == (0.0, True)


def test_least_good_sweeps_are_enough_and_one_less_is_a_failed_measurement() -> None:
    lost = sweep(battery=LOST)
    enough = measurement([sweep()] * 6 + [lost] * 4)
    too_few = measurement([sweep()] * 5 + [lost] * 5)
    assert enough.is_valid
    assert not too_few.battery.is_valid
    assert not too_few.is_valid


def test_a_channel_without_one_good_sweep_is_no_number() -> None:
    battery = measurement([sweep(battery=LOST)] * 10).battery
    assert all(math.isnan(value) for value in battery[:6])
    assert (battery.good, battery.rejected, battery.status) == (0, 10, Status.FAILED)


@pytest.mark.parametrize("needed", ["battery", "charge", "load"])
def test_each_needed_channel_can_fail_the_measurement(needed: str) -> None:
    assert not measurement([sweep(**{needed: LOST})] * 10).is_valid


def test_the_spare_channel_is_reported_and_never_needed() -> None:
    with_lost_spare = measurement([sweep(spare=LOST)] * 10)
    assert with_lost_spare.is_valid
    assert not with_lost_spare.spare.is_valid


@pytest.mark.parametrize("channel", ["charge", "load"])
def test_a_channel_that_is_not_fitted_is_not_needed(channel: str) -> None:
    absent = Reading(math.nan, math.nan, int(Status.ABSENT))
    unfitted = CHANNELS._replace(**{channel: CHANNEL._replace(is_fitted=False)})
    assert measurement([sweep(**{channel: absent})] * 10, channels=unfitted).is_valid
    assert not measurement([sweep(**{channel: absent})] * 10).is_valid


def test_what_a_chip_says_on_a_channel_that_is_not_fitted_is_not_heard() -> None:
    unfitted = CHANNELS._replace(load=CHANNEL._replace(is_fitted=False))
    load = measurement([sweep(load=Reading(0.0, 0.0, 0))] * 10, channels=unfitted).load
    assert (load.status, load.is_valid) == (Status.ABSENT, False)
    assert math.isnan(load.bus_v)


def test_the_battery_channel_is_needed_even_when_the_settings_say_it_is_not_fitted() -> None:
    unfitted = CHANNELS._replace(battery=BATTERY._replace(is_fitted=False))
    assert not measurement([sweep()] * 10, channels=unfitted).is_valid


def test_a_channel_that_reads_exactly_the_same_for_too_long_is_frozen_until_it_moves() -> None:
    state = initial_filter_state()
    settings = FilterSettings(frozen_after_s=100.0)
    for now_s, is_frozen in ((0.0, False), (99.0, False), (100.0, True), (200.0, True)):
        state, image = period([sweep()] * 10, state=state, now_s=now_s, settings=settings)
        assert bool(image.battery.status & Status.FROZEN) is is_frozen
        assert image.is_valid is not is_frozen
    state, image = period([sweep(battery=Reading(12.804, 0.01, 0))] * 10, state=state, now_s=201.0, settings=settings)
    assert image.battery.is_valid


def test_one_sweep_of_ten_that_moves_is_life() -> None:
    state = initial_filter_state()
    settings = FilterSettings(frozen_after_s=100.0)
    for now_s, shunt_v in ((0.0, 0.01), (60.0, 0.01001), (120.0, 0.01)):
        sweeps = [sweep()] * 9 + [sweep(battery=Reading(12.8, shunt_v, 0))]
        state, image = period(sweeps, state=state, now_s=now_s, settings=settings)
    assert image.battery.is_valid


def test_a_meter_is_still_once_ten_periods_show_it_and_a_hurried_one_is_none_of_them() -> None:
    state, image = period([sweep()] * 10, now_s=0.0)
    for now_s in range(1, 9):
        state, image = period([sweep()] * 10, state=state, now_s=float(now_s))
        state, image = period([sweep()] * 10, state=state, now_s=now_s + 0.1, is_hurried=True)
        assert image.load.still_s == 0.0
    _, image = period([sweep()] * 10, state=state, now_s=9.0)
    assert image.load.still_s == 9.0


def test_a_hurried_period_in_which_a_meter_moves_says_that_it_moves() -> None:
    state, _ = period([sweep()] * 10, now_s=0.0)
    for now_s in range(1, 12):
        state, image = period([sweep()] * 10, state=state, now_s=float(now_s))
    assert image.load.still_s == 11.0
    moved = sweep(load=GOOD._replace(bus_v=GOOD.bus_v + 0.004))
    _, image = period([moved] * 10, state=state, now_s=11.1, is_hurried=True)
    assert image.load.still_s == 0.0


def test_a_dark_channel_is_never_frozen() -> None:
    dark = sweep(load=Reading(0.0, 0.0, 0))
    state = initial_filter_state()
    for now_s in (0.0, 1e6):
        state, image = period([dark] * 10, state=state, now_s=now_s, settings=FilterSettings(frozen_after_s=10.0))
    assert image.load.is_valid


def test_the_watch_for_frozen_channels_can_be_switched_off() -> None:
    state = initial_filter_state()
    for now_s in (0.0, 1e9):
        state, image = period([sweep()] * 10, state=state, now_s=now_s, settings=FilterSettings(frozen_after_s=0.0))
    assert image.is_valid


@pytest.mark.parametrize("celsius", [-30.1, 90.1, math.nan, math.inf])
def test_an_implausible_temperature_has_no_value_and_fails_the_measurement(celsius: float) -> None:
    image = measurement([sweep()] * 10, temperature=Temperature(celsius, 0))
    assert math.isnan(image.temperature.celsius)
    assert image.temperature.status == Status.IMPLAUSIBLE
    assert not image.is_valid


@pytest.mark.parametrize("celsius", [-30.0, 90.0])
def test_the_limits_of_plausible_temperatures_are_plausible(celsius: float) -> None:
    assert measurement([sweep()] * 10, temperature=Temperature(celsius, 0)).is_valid


def test_a_lost_thermometer_fails_the_measurement_and_an_absent_one_does_not() -> None:
    # A value beside a bad status must not be used: some sensors answer with their last one.
    failed = measurement([sweep()] * 10, temperature=Temperature(25.0, int(Status.FAILED)))
    absent = measurement([sweep()] * 10, temperature=Temperature(math.nan, int(Status.ABSENT)))
    assert math.isnan(failed.temperature.celsius)
    assert (failed.is_valid, absent.is_valid) == (False, True)


def test_the_image_carries_the_time_and_the_contacts_it_was_given() -> None:
    image = measurement([sweep()] * 10, now_s=77.0)
    assert (image.now_s, image.contacts) == (77.0, contacts())


def test_one_flipped_bit_in_one_sweep_is_left_out_and_told() -> None:
    odd = sweep(battery=Reading(12.8 + 2.048, 0.01, 0))
    battery = measurement([sweep()] * 4 + [odd] + [sweep()] * 5).battery
    assert (battery.bus_v, battery.bus_spread_v, battery.status) == (12.8, 0.0, Status.ODD)
    assert (battery.good, battery.rejected, battery.is_valid) == (10, 0, True)


def test_one_odd_sweep_fails_no_period_that_needs_them_all() -> None:
    odd = sweep(battery=Reading(12.9, 0.01, 0))
    assert measurement([sweep()] * 9 + [odd], settings=FilterSettings(least_good=10)).is_valid


def test_what_differs_in_more_than_a_quarter_of_the_sweeps_is_a_change() -> None:
    changed = sweep(battery=Reading(12.4, 0.01, 0))
    assert measurement([sweep()] * 8 + [changed] * 2).battery.bus_v == 12.8
    assert measurement([sweep()] * 7 + [changed] * 3).battery.bus_v == pytest.approx(12.68)


def test_noise_and_steps_of_the_converter_are_not_odd() -> None:
    noisy = [sweep(battery=Reading(12.8 + 0.004 * step, 0.01, 0)) for step in (0, 1, -1, 2, -2, 0, 1, -1, 3, 5)]
    assert measurement(noisy).battery.status == Status.GOOD


def test_a_mains_that_fails_in_the_last_sweep_shows_although_it_is_odd() -> None:
    failing = sweep(load=Reading(0.0, 0.0, 0), charge=Reading(12.7, -0.05, 0))
    image = measurement([sweep(load=Reading(13.6, 0.05, 0))] * 9 + [failing])
    assert (image.load.bus_v, image.load.lowest_v) == (13.6, 0.0)
    assert image.charge.current_a == pytest.approx(0.1)
    assert image.charge.lowest_a == pytest.approx(-0.5)


def test_the_lowest_current_is_the_lowest_whichever_way_the_shunt_is_wired() -> None:
    turned = CHANNELS._replace(charge=CHANNEL._replace(sign=-1.0))
    swept = [sweep(charge=Reading(12.7, shunt_v, 0)) for shunt_v in (0.01, 0.02, -0.03, 0.0)]
    charge = measurement(swept, channels=turned, settings=FilterSettings(least_good=1)).charge
    assert charge.lowest_a == pytest.approx(-0.2)


@pytest.mark.parametrize("celsius", [0.0, 85.0, -0.0625, -127.0, 127.9375, 255.9375])
def test_a_sensors_word_for_nothing_is_no_temperature(celsius: float) -> None:
    for first in ([], [21.0]):
        state = initial_filter_state()
        for value in first:
            state, _ = period([sweep()] * 10, state=state, temperature=Temperature(value, 0))
        for _ in range(3):
            state, image = period([sweep()] * 10, state=state, temperature=Temperature(celsius, 0))
            assert image.temperature.status == Status.IMPLAUSIBLE
            assert not image.is_valid


def test_a_battery_that_truly_freezes_is_believed() -> None:
    state = initial_filter_state()
    for celsius in (4.0, 0.5, 0.0, 0.0, -0.0625, -3.0):
        state, image = period([sweep()] * 10, state=state, temperature=Temperature(celsius, 0))
        assert image.temperature.celsius == celsius
