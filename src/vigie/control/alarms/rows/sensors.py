"""Alarms about meters and thermometers."""

from vigie.control.alarms.catalogue import Alarm, Protection, Severity
from vigie.control.alarms.row import AlarmRow, Comparison
from vigie.control.alarms.values import Place
from vigie.control.contradictions import Doubt
from vigie.translatable import mark

ROWS = (
    AlarmRow(
        Alarm.METER_BUS_LOST,
        title=mark("Meters do not answer"),
        advice=mark(
            "Check the meter board's seat and the I2C wires. Nothing is measured until it answers: watch the battery "
            "by hand."
        ),
        looks_at="no meter answers",
        severity=Severity.CRITICAL,
        delays_s=(10, 10),
        protection=Protection.CONTACTS_CLOSED,
    ),
    AlarmRow(
        Alarm.SENSOR_LOST,
        title=mark("Sensor lost"),
        advice=mark("Check the named chip's or thermometer's wires and address."),
        looks_at="meters and thermometers that do not answer or do not convert",
        severity=Severity.WARNING,
        bits=Place,
        comparison=Comparison.BITS,
        delays_s=(10, 30),
        protection=Protection.CONTACTS_CLOSED,
    ),
    AlarmRow(
        Alarm.SENSOR_IMPLAUSIBLE,
        title=mark("Sensor reads the impossible"),
        advice=mark(
            "Compare with a multimeter or thermometer. Check the wires, the ground terminal and the channel's "
            "calibration."
        ),
        looks_at="meters and thermometers with values that cannot be",
        severity=Severity.WARNING,
        bits=Place,
        comparison=Comparison.BITS,
        delays_s=(10, 60),
        protection=Protection.CONTACTS_CLOSED,
    ),
    AlarmRow(
        Alarm.SENSOR_FROZEN,
        title=mark("Sensor reads the same for hours"),
        advice=mark("Compare with a multimeter; switch the meter board off and on."),
        looks_at=(
            "meters that read exactly the same for filter.frozen_after_s, or for mains.alone_still_s where the mains "
            "is judged by them alone"
        ),
        severity=Severity.WARNING,
        bits=Place,
        comparison=Comparison.BITS,
        delays_s=(0, 60),
        protection=Protection.CONTACTS_CLOSED,
    ),
    AlarmRow(
        Alarm.LOADS_OVER_RANGE,
        title=mark("Current beyond the meter's range"),
        advice=mark(
            "The true current is larger than what is shown. Take load off the channel, or fit a smaller shunt and set "
            "shunt_ohm."
        ),
        looks_at="meters at the end of their current range",
        severity=Severity.WARNING,
        bits=Place,
        comparison=Comparison.BITS,
        delays_s=(2, 60),
    ),
    AlarmRow(
        Alarm.METER_RESET,
        title=mark("Meter was reset"),
        advice=mark(
            "The chip was configured again and measures. If it comes back, look at the board's supply and at "
            "interference when relays switch."
        ),
        looks_at="meters that were found reset, but at the start",
        severity=Severity.INFO,
        bits=Place,
        comparison=Comparison.BITS,
        delays_s=(0, 600),
    ),
    AlarmRow(
        Alarm.READINGS_CONTRADICT,
        title=mark("Readings contradict each other"),
        advice=mark(
            "Measure the battery with a multimeter and a thermometer: V1, V2 or the thermometer is wrong. Check its "
            "wires, terminals and calibration (`vigie commission`). Until they agree no mode opens a contact."
        ),
        looks_at="readings that contradict each other",
        severity=Severity.WARNING,
        bits=Doubt,
        comparison=Comparison.BITS,
        protection=Protection.CONTACTS_CLOSED,
    ),
)
