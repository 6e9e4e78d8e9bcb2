"""What the alarms look at: one value an alarm, by the alarm's name."""

from enum import IntEnum
from typing import NamedTuple


class Place(IntEnum):
    """Bit numbers of what can be lost, implausible, frozen, reset or saturated."""

    BATTERY = 0
    CHARGE = 1
    LOAD = 2
    SPARE = 3
    THERMOMETER = 4
    AMBIENT = 5


class AlarmValues(NamedTuple):
    """A period's value of each alarm the controller raises, which ``watch.observe`` gives; NaN: cannot be told now.

    A field has its alarm's name; the alarm's row says what it is and in which unit. Questions are answered with 1.0 or
    0.0, lists with the bits the row names.
    """

    battery_too_hot: float
    loads_dark: float
    r1_disobeyed: float
    r2_disobeyed: float
    relay_line_failed: float
    meter_bus_lost: float
    sensor_lost: float
    sensor_implausible: float
    sensor_frozen: float
    battery_over_voltage: float
    battery_under_voltage: float
    journal_gap: float
    mains_lost: float
    charger_absent: float
    charger_set_point: float
    charge_not_rising: float
    charge_not_tapering: float
    battery_warm: float
    battery_over_ambient: float
    loads_over_range: float
    undercharge: float
    switching_often: float
    r1_worn: float
    r2_worn: float
    meter_reset: float
    pi_under_voltage: float
    pi_throttled: float
    clock_not_synchronised: float
    disk_nearly_full: float
    watchdog_restart: float
    battery_emptied: float
    journal_damaged: float
    settings_refused: float
    readings_contradict: float
    wiring_contradicted: float
    diode_missing: float
    charge_not_stopped: float
    weak_cell: float
