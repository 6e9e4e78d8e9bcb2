import math
from typing import Any

import pytest

from tests.unit.control.process_images import OPEN, TRUSTED, configured, found, lost, measured
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.charge import SETTLED_S
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.alarms.table import TABLE
from vigie.control.alarms.values import AlarmValues, Place
from vigie.control.alarms.watch import (
    STARTING_S,
    TOLD_S,
    Surroundings,
    initial_watch,
    observe,
    watch_settings,
)
from vigie.control.commands import Mode
from vigie.control.estimation.charge import (
    EMPTY_S,
    FLOATING_S,
    followed_charge,
    followed_emptying,
    resumed_charge,
)
from vigie.control.estimation.timing import BLIND_S
from vigie.control.interlocks import Latch
from vigie.control.signals import ChannelMean, Contact, Measurement, Status, Temperature
from vigie.control.supervisor import State, adopted, step
from vigie.control.temperature import believed

HOUR_S = 3600.0
ALARMS = AlarmSettings()
SUPERVISOR = configured()
SETTINGS = watch_settings(ALARMS, SUPERVISOR.interlocks, SUPERVISOR.mains)
QUIET = Surroundings(0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.0, 0.0, 0.0)
FLOATING: dict[str, Any] = {"battery_v": 13.6, "charge_v": 13.6, "charge_a": 0.01}
CHARGING: dict[str, Any] = {"battery_v": 12.9, "charge_v": 12.9, "charge_a": 1.4}
RESTING: dict[str, Any] = {"battery_v": 12.8, "charge_v": 12.8, "charge_a": 0.0, "r2": OPEN}
DEAD: dict[str, Any] = {"battery_v": 12.9, "charge_v": 12.9, "charge_a": 0.0}
OUTAGE: dict[str, Any] = {"battery_v": 12.5, "charge_v": 12.5, "charge_a": -0.5, "load_v": 12.3}


class Watched:
    """A watch that sees one period after the other; the supervisor decides as it would."""

    def __init__(self, **changes: Any) -> None:
        self.now_s = 0.0
        self.surroundings = QUIET
        rules = {name: value for name, value in changes.items() if name in SETTINGS.charge._fields}
        others = {name: value for name, value in changes.items() if name not in rules}
        self.settings = SETTINGS._replace(charge=SETTINGS.charge._replace(**rules), **others)
        self.watch = initial_watch(0.0)
        self.charge = resumed_charge(0.0, 0.0, math.nan)
        self.state: State = found(measured(0.0).contacts)
        self.values: AlarmValues | None = None

    def see(self, seconds: float = 1.0, **readings: Any) -> "Watched":
        self.now_s += seconds
        return self.look(measured(self.now_s, **readings))

    def see_for(self, lasting_s: float, period_s: float = 60.0, **readings: Any) -> "Watched":
        for _ in range(round(lasting_s / period_s)):
            self.see(period_s, **readings)
        return self

    def look(self, image: Measurement) -> "Watched":
        self.state, decision = step(self.state, image, SUPERVISOR)
        rules = self.settings.charge
        self.charge = followed_charge(self.charge, decision.mains, image, rules)
        self.charge = followed_emptying(self.charge, image, rules)
        self.watch, self.values = observe(
            self.watch, self.charge, self.state, decision, image, self.surroundings, self.settings
        )
        return self

    def __getitem__(self, alarm: Alarm) -> float:
        assert self.values is not None
        return float(getattr(self.values, alarm.name.lower()))


def bits(*places: Place) -> float:
    return float(sum(1 << place for place in places))


def spoilt(status: Status, *, is_valid: bool) -> ChannelMean:
    return measured().battery._replace(status=int(status), is_valid=is_valid)


def test_every_alarm_of_the_controller_has_a_value_by_its_name() -> None:
    assert AlarmValues._fields == tuple(row.name for row in TABLE), (
        "control/alarms/values.py: AlarmValues has one field for each row of the controller, in the order of Alarm; "
        "watch.observe computes it"
    )


def test_temperature_and_its_distance_to_the_air() -> None:
    seen = Watched().see(celsius=31.0, ambient_c=22.5)
    assert (seen[Alarm.BATTERY_WARM], seen[Alarm.BATTERY_OVER_AMBIENT]) == (31.0, 8.5)


def test_without_a_room_thermometer_the_distance_cannot_be_told() -> None:
    assert math.isnan(Watched().see(celsius=31.0)[Alarm.BATTERY_OVER_AMBIENT])


def test_the_hot_battery_is_the_interlocks_latch_not_a_second_opinion() -> None:
    watched = Watched()
    assert watched.see(celsius=50.0)[Alarm.BATTERY_TOO_HOT] == 0.0
    assert watched.see(celsius=52.0)[Alarm.BATTERY_TOO_HOT] == 52.0
    assert watched.see(celsius=20.0)[Alarm.BATTERY_TOO_HOT] == SETTINGS.temperature_limit_c  # cooled, not acknowledged
    assert watched.see(celsius=None, is_valid=False)[Alarm.BATTERY_TOO_HOT] == SETTINGS.temperature_limit_c
    watched.state = adopted(measured().contacts, Mode.OBSERVE, 0.0, 0.0, Latch(True, True, 0), TRUSTED)
    assert watched.see(celsius=20.0)[Alarm.BATTERY_TOO_HOT] == 0.0


def test_voltages_that_are_not_valid_cannot_be_told() -> None:
    image = measured(1.0, load_v=None)._replace(battery=lost(), is_valid=False)
    seen = Watched().look(image)
    assert math.isnan(seen[Alarm.BATTERY_OVER_VOLTAGE])
    assert math.isnan(seen[Alarm.LOADS_DARK])
    assert Watched().see(battery_v=12.7, load_v=13.6)[Alarm.LOADS_DARK] == 13.6


def test_the_mains_is_lost_in_an_outage_only() -> None:
    assert Watched().see(**FLOATING)[Alarm.MAINS_LOST] == 0.0
    assert Watched().see(**OUTAGE)[Alarm.MAINS_LOST] == 1.0
    assert math.isnan(Watched().see(r1=OPEN, **OUTAGE)[Alarm.MAINS_LOST])  # a drill
    assert math.isnan(Watched().see(charge_a=None, load_v=None, is_valid=False)[Alarm.MAINS_LOST])


def test_after_a_drill_the_supply_has_its_time_to_come_back() -> None:
    watched = Watched()
    watched.state = found(measured(0.0, r1=OPEN).contacts)
    watched.see(r1=OPEN, **OUTAGE)
    assert watched.state.relays.r1.contact == Contact.CLOSED
    assert math.isnan(watched.see(**OUTAGE)[Alarm.MAINS_LOST])
    assert watched.see(SETTINGS.settling_s, **OUTAGE)[Alarm.MAINS_LOST] == 1.0


def test_a_charger_is_missed_by_voltage_and_current_together() -> None:
    assert Watched().see_for(HOUR_S, **DEAD)[Alarm.CHARGER_ABSENT] == HOUR_S - 60.0
    assert Watched().see_for(HOUR_S, **FLOATING)[Alarm.CHARGER_ABSENT] == 0.0
    assert Watched().see_for(HOUR_S, **CHARGING)[Alarm.CHARGER_ABSENT] == 0.0


@pytest.mark.parametrize("readings", [RESTING, OUTAGE, {"charge_a": None, "is_valid": False}])
def test_a_charger_is_not_missed_where_it_cannot_charge(readings: dict[str, Any]) -> None:
    watched = Watched().see_for(HOUR_S, **DEAD)
    watched.see_for(HOUR_S, **readings)
    assert math.isnan(watched[Alarm.CHARGER_ABSENT])


def test_the_chargers_time_begins_when_r2_closes() -> None:
    watched = Watched().see_for(HOUR_S, **DEAD).see(**RESTING)
    assert watched.see(**DEAD)[Alarm.CHARGER_ABSENT] == 0.0


def test_an_uncalibrated_v1_misses_no_charger() -> None:
    assert Watched().see_for(HOUR_S, battery_v=12.8, charge_v=13.6, charge_a=0.0)[Alarm.CHARGER_ABSENT] == 0.0


def test_a_charger_set_too_high_shows_at_once() -> None:
    assert Watched().see(battery_v=14.2, charge_v=14.2, charge_a=0.3)[Alarm.CHARGER_SET_POINT] == pytest.approx(0.6)


def test_a_charger_set_too_low_shows_once_the_surface_charge_is_gone() -> None:
    low = {"battery_v": 13.05, "charge_v": 13.05, "charge_a": 0.0}
    watched = Watched().see_for(SETTLED_S, **low)
    assert watched[Alarm.CHARGER_SET_POINT] == 0.0
    assert watched.see(60.0, **low)[Alarm.CHARGER_SET_POINT] == pytest.approx(0.55)
    assert watched.see(60.0, **DEAD)[Alarm.CHARGER_SET_POINT] == 0.0  # no charger at all is another alarm


def test_a_charge_that_does_not_rise_counts_its_hours() -> None:
    watched = Watched().see_for(5 * HOUR_S, **CHARGING)
    assert watched[Alarm.CHARGE_NOT_RISING] == pytest.approx(5.0, abs=0.02)
    assert watched.see(**FLOATING)[Alarm.CHARGE_NOT_RISING] == 0.0


def test_a_charge_current_that_never_falls_counts_its_hours() -> None:
    full = {"battery_v": 13.6, "charge_v": 13.6}
    watched = Watched().see(**CHARGING).see_for(5 * HOUR_S, charge_a=0.4, **full)
    assert watched[Alarm.CHARGE_NOT_TAPERING] == pytest.approx(5.0, abs=0.02)
    assert watched.see(charge_a=0.34, **full)[Alarm.CHARGE_NOT_TAPERING] == 0.0


def test_a_current_that_rises_again_at_float_is_counted() -> None:
    full = {"battery_v": 13.6, "charge_v": 13.6}
    watched = Watched().see(**CHARGING).see_for(HOUR_S, charge_a=0.01, **full)
    watched.see_for(2 * HOUR_S, charge_a=0.5, **full)
    assert watched[Alarm.CHARGE_NOT_TAPERING] == pytest.approx(2.0, abs=0.02)


def test_a_float_current_is_not_blamed_after_a_restart_that_saw_no_charge_begin() -> None:
    """A large or old battery floats at more than a small one's whole charge current."""
    watched = Watched().see_for(72 * HOUR_S, 300.0, battery_v=13.6, charge_v=13.6, charge_a=0.2)
    assert watched[Alarm.CHARGE_NOT_TAPERING] == 0.0


def undercharge_after(watched: Watched) -> float:
    return watched[Alarm.UNDERCHARGE] * 24.0


def test_one_long_rest_counts() -> None:
    assert undercharge_after(Watched().see_for(240 * HOUR_S, 600.0, **RESTING)) == 240.0


def test_short_closures_do_not_end_an_undercharge() -> None:
    watched = Watched()
    for _ in range(20):
        watched.see_for(10 * HOUR_S, 300.0, **RESTING).see_for(0.25 * HOUR_S, **(FLOATING | {"charge_a": 0.5}))
    assert undercharge_after(watched) == pytest.approx(205.0)


def test_charging_under_the_chargers_voltage_does_not_end_an_undercharge() -> None:
    watched = Watched()
    for _ in range(20):
        watched.see_for(HOUR_S, **RESTING).see_for(HOUR_S, **CHARGING)
    assert undercharge_after(watched) == pytest.approx(40.0)


def test_hours_at_the_chargers_voltage_end_an_undercharge() -> None:
    watched = Watched().see_for(240 * HOUR_S, 600.0, **RESTING)
    taking = FLOATING | {"charge_a": 0.3}
    watched.see_for(ALARMS.recharged_h * HOUR_S - 60.0, **taking)
    assert undercharge_after(watched) > 240.0
    watched.see_for(120.0, **taking)
    assert undercharge_after(watched) == 0.0


def test_a_battery_that_takes_no_current_was_charged() -> None:
    watched = Watched().see_for(24 * HOUR_S, 300.0, **RESTING).see_for(FLOATING_S, **FLOATING)
    assert undercharge_after(watched) > 24.0
    assert undercharge_after(watched.see(60.0, **FLOATING)) == 0.0


def test_outages_now_and_then_leave_a_battery_on_charge_charged() -> None:
    watched = Watched()
    taking = FLOATING | {"charge_a": 0.3}
    for _ in range(100):
        watched.see_for(300.0, **OUTAGE).see_for(2100.0, **taking)
    assert undercharge_after(watched) < 1.0


@pytest.mark.parametrize(
    ("lasting_s", "period_s", "readings", "owed_s"),
    [
        (24 * HOUR_S, 300.0, RESTING, HOUR_S),
        (24 * HOUR_S, 300.0, CHARGING, HOUR_S),
        (600.0, 60.0, OUTAGE, 2400.0),
        (2400.0, 60.0, OUTAGE | {"r1": OPEN}, 9600.0),
        (240 * HOUR_S, 300.0, RESTING, ALARMS.recharged_h * HOUR_S),
    ],
)
def test_what_a_charged_battery_gave_is_owed(
    lasting_s: float, period_s: float, readings: dict[str, Any], owed_s: float
) -> None:
    taking = FLOATING | {"charge_a": 0.3}
    watched = Watched().see_for(ALARMS.recharged_h * HOUR_S, **taking)
    assert undercharge_after(watched) == 0.0
    watched.see_for(lasting_s, period_s, **readings).see_for(owed_s - 60.0, **taking)
    assert undercharge_after(watched) > 0.0
    assert undercharge_after(watched.see_for(120.0, **taking)) == 0.0


def test_time_without_readings_charges_nothing() -> None:
    taking = FLOATING | {"charge_a": 0.3}
    watched = Watched().see_for(24 * HOUR_S, 300.0, **RESTING).see(**taking)
    watched.see_for(ALARMS.recharged_h * HOUR_S, 300.0, charge_a=None, is_valid=False)
    assert undercharge_after(watched.see(60.0, **taking)) > 24.0


def test_a_restart_does_not_forget_an_undercharge() -> None:
    watched = Watched()
    watched.charge = resumed_charge(0.0, -20 * 86_400.0, math.nan)
    assert watched.see(**RESTING)[Alarm.UNDERCHARGE] == pytest.approx(20.0, abs=1e-4)


def test_times_are_forgotten_after_readings_were_away_for_long() -> None:
    watched = Watched().see_for(HOUR_S, **DEAD)
    watched.see_for(BLIND_S, charge_a=None, is_valid=False)
    assert watched.see(60.0, **DEAD)[Alarm.CHARGER_ABSENT] == 0.0
    watched = Watched().see_for(HOUR_S, **DEAD).see(charge_a=None, is_valid=False)
    assert watched.see(**DEAD)[Alarm.CHARGER_ABSENT] > HOUR_S - 60.0


@pytest.mark.parametrize(
    ("status", "alarm"),
    [
        (Status.FAILED, Alarm.SENSOR_LOST),
        (Status.STALE, Alarm.SENSOR_LOST),
        (Status.OVERFLOW, Alarm.SENSOR_LOST),
        (Status.IMPLAUSIBLE, Alarm.SENSOR_IMPLAUSIBLE),
        (Status.FROZEN, Alarm.SENSOR_FROZEN),
    ],
)
def test_a_channel_that_cannot_be_used_is_named(status: Status, alarm: Alarm) -> None:
    image = measured(1.0)._replace(spare=spoilt(status, is_valid=False))
    seen = Watched().look(image)
    assert seen[alarm] == bits(Place.SPARE)
    others = {Alarm.SENSOR_LOST, Alarm.SENSOR_IMPLAUSIBLE, Alarm.SENSOR_FROZEN} - {alarm}
    assert [seen[other] for other in others] == [0.0, 0.0]


def test_a_single_failed_sweep_is_no_lost_sensor() -> None:
    image = measured(1.0)._replace(
        battery=spoilt(Status.FAILED, is_valid=True), spare=spoilt(Status.GOOD, is_valid=True)
    )
    assert Watched().look(image)[Alarm.SENSOR_LOST] == 0.0


def test_both_thermometers_have_their_places() -> None:
    away, wrong = Temperature(math.nan, int(Status.FAILED)), believed(Temperature(99.0, 0), math.nan, -30.0, 90.0)
    image = measured(1.0)._replace(spare=spoilt(Status.ABSENT, is_valid=False))
    seen = Watched().look(image._replace(temperature=away, ambient=wrong, is_valid=False))
    assert seen[Alarm.SENSOR_LOST] == bits(Place.THERMOMETER)
    assert seen[Alarm.SENSOR_IMPLAUSIBLE] == bits(Place.AMBIENT)


def test_what_is_not_fitted_is_not_lost() -> None:
    nothing = Temperature(math.nan, int(Status.ABSENT))
    image = measured(1.0)._replace(temperature=nothing, ambient=nothing, spare=spoilt(Status.ABSENT, is_valid=False))
    assert Watched().look(image)[Alarm.SENSOR_LOST] == 0.0


def test_a_lost_bus_is_one_alarm_not_one_per_sensor() -> None:
    watched = Watched()
    watched.surroundings = QUIET._replace(bus_is_lost=1.0)
    seen = watched.see(charge_a=None, is_valid=False)
    assert seen[Alarm.METER_BUS_LOST] == 1.0
    assert math.isnan(seen[Alarm.SENSOR_LOST])


def test_saturation_is_told_even_when_enough_sweeps_were_good() -> None:
    image = measured(1.0)._replace(load=spoilt(Status.SATURATED, is_valid=True))
    assert Watched().look(image)[Alarm.LOADS_OVER_RANGE] == bits(Place.LOAD)


def test_a_reset_meter_is_told_but_not_at_the_start() -> None:
    watched = Watched()
    assert watched.look(measured(1.0)._replace(charge=spoilt(Status.RESET, is_valid=True)))[Alarm.METER_RESET] == 0.0
    image = measured(STARTING_S)._replace(charge=spoilt(Status.RESET, is_valid=True))
    assert watched.look(image)[Alarm.METER_RESET] == bits(Place.CHARGE)


def test_a_watchdogs_restart_is_told_for_an_hour() -> None:
    watched = Watched()
    watched.surroundings = QUIET._replace(watchdog_restart=1.0)
    assert watched.see()[Alarm.WATCHDOG_RESTART] == 1.0
    assert watched.see(TOLD_S)[Alarm.WATCHDOG_RESTART] == 0.0


def test_the_surroundings_arrive_where_the_rules_look() -> None:
    watched = Watched()
    watched.surroundings = Surroundings(
        3.0, 0.0, 5.0, 6.0, 7.0, 0.8, 9.0, 1.0, 11.0, 12.0, 0.13, 0.14, 15.0, 16.0, 17.0
    )
    seen = watched.see()
    names = {
        "relay_line_faults": Alarm.RELAY_LINE_FAILED,
        "bus_is_lost": Alarm.METER_BUS_LOST,
        "pi_under_voltage": Alarm.PI_UNDER_VOLTAGE,
        "pi_is_throttled": Alarm.PI_THROTTLED,
        "clock_unsynchronised": Alarm.CLOCK_NOT_SYNCHRONISED,
        "disk_used_share": Alarm.DISK_NEARLY_FULL,
        "journal_fault": Alarm.JOURNAL_GAP,
        "watchdog_restart": Alarm.WATCHDOG_RESTART,
        "r1_truth": Alarm.R1_DISOBEYED,
        "r2_truth": Alarm.R2_DISOBEYED,
        "r1_wear": Alarm.R1_WORN,
        "r2_wear": Alarm.R2_WORN,
        "switchings_last_hour": Alarm.SWITCHING_OFTEN,
        "journal_damage": Alarm.JOURNAL_DAMAGED,
        "settings_faults": Alarm.SETTINGS_REFUSED,
    }
    assert {name: seen[alarm] for name, alarm in names.items()} == watched.surroundings._asdict()


LOW: dict[str, Any] = {"battery_v": 11.2, "charge_v": 11.2, "charge_a": -0.5, "load_v": 11.0}
RECOVERED: dict[str, Any] = {"battery_v": 12.3, "charge_v": 12.3, "charge_a": 0.0, "load_v": 0.0}


def test_a_voltage_that_recovers_without_charge_says_nothing() -> None:
    watched = Watched()
    assert watched.see(**LOW)[Alarm.BATTERY_UNDER_VOLTAGE] == 11.2
    assert math.isnan(watched.see(**RECOVERED)[Alarm.BATTERY_UNDER_VOLTAGE])
    assert watched.see(**CHARGING)[Alarm.BATTERY_UNDER_VOLTAGE] == 12.9
    assert watched.see(**FLOATING)[Alarm.BATTERY_UNDER_VOLTAGE] == 13.6


def test_an_emptied_battery_is_told_with_its_lowest_voltage_once_the_mains_is_back_and_until_it_is_charged() -> None:
    watched = Watched().see_for(HOUR_S, **LOW).see(60.0, **(LOW | {"battery_v": 10.0})).see(60.0, **RECOVERED)
    assert math.isnan(watched[Alarm.BATTERY_EMPTIED])
    assert watched.see(**CHARGING)[Alarm.BATTERY_EMPTIED] == 10.0
    assert watched.see_for(HOUR_S, **FLOATING)[Alarm.BATTERY_EMPTIED] == 10.0
    assert watched.see_for(ALARMS.recharged_h * HOUR_S, **FLOATING)[Alarm.BATTERY_EMPTIED] == 13.6


def test_a_load_that_starts_empties_no_battery() -> None:
    watched = Watched().see_for(EMPTY_S - 1.0, 1.0, **LOW).see(**OUTAGE)
    assert watched.see(**CHARGING)[Alarm.BATTERY_EMPTIED] == 12.9


def test_a_restart_does_not_forget_that_the_battery_was_emptied() -> None:
    watched = Watched()
    watched.charge = resumed_charge(0.0, 0.0, 10.4)
    assert watched.see(**CHARGING)[Alarm.BATTERY_EMPTIED] == 10.4


@pytest.mark.parametrize(
    ("celsius", "held_v", "off_v"),
    [
        (-10.0, 14.35, 0.0),  # follows the temperature
        (-10.0, 13.6, 0.0),  # does not
        (-10.0, 14.84, 0.4),
        (25.0, 14.0, 0.4),
        (40.0, 13.3, 0.0),
        (40.0, 14.0, 0.4),
        (None, 14.0, 0.4),  # no thermometer
    ],
)
def test_a_charger_may_follow_the_temperature(celsius: float | None, held_v: float, off_v: float) -> None:
    seen = Watched().see(celsius=celsius, battery_v=held_v, charge_v=held_v, charge_a=0.02)
    assert seen[Alarm.CHARGER_SET_POINT] == pytest.approx(off_v, abs=1e-9)
    shift_v = 0.0 if celsius is None else max(0.0, 0.024 * (25.0 - celsius))
    assert seen[Alarm.BATTERY_OVER_VOLTAGE] == pytest.approx(held_v - shift_v)


def test_a_battery_in_the_heat_is_charged_at_the_voltage_a_compensated_charger_holds_there() -> None:
    watched = Watched().see_for(24 * HOUR_S, 300.0, **RESTING)
    held = {"celsius": 45.0, "battery_v": 13.12, "charge_v": 13.12, "charge_a": 0.2}
    assert undercharge_after(watched.see_for(ALARMS.recharged_h * HOUR_S + 3600.0, 60.0, **held)) < 24.0


def test_a_charger_that_does_not_follow_the_temperature_is_held_to_its_voltage() -> None:
    watched = Watched(compensation_v_per_k=0.0)
    seen = watched.see(celsius=-10.0, battery_v=14.35, charge_v=14.35, charge_a=0.02)
    assert seen[Alarm.CHARGER_SET_POINT] == pytest.approx(0.75)
