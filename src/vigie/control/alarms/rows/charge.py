"""Alarms about the charge and the charger."""

from vigie.control.alarms.catalogue import Alarm, Severity
from vigie.control.alarms.row import AlarmRow
from vigie.translatable import mark

ROWS = (
    AlarmRow(
        Alarm.CHARGER_ABSENT,
        title=mark("No charge although the mains is there"),
        advice=mark("Check the charger, its fuse, its mains plug and its wires to the battery."),
        looks_at="time for which a charger that should charge has not, on a battery that stands low",
        severity=Severity.WARNING,
        unit="s",
        limit="alarms.charger_silent_s",
    ),
    AlarmRow(
        Alarm.CHARGER_SET_POINT,
        title=mark("Charger holds a wrong voltage"),
        advice=mark(
            "Measure the charger's voltage with a multimeter and set it as the battery's label says, or correct "
            "alarms.charger_v."
        ),
        looks_at="distance of the charger's voltage from what it should hold",
        severity=Severity.WARNING,
        unit="V",
        limit="alarms.charger_tolerance_v",
        hysteresis=0.1,
        delays_s=(600, 600),
        worse_by=0.3,
    ),
    AlarmRow(
        Alarm.CHARGE_NOT_RISING,
        title=mark("Charge does not raise the voltage"),
        advice=mark(
            "The charger is too weak, set too low, or feeds something else; or a cell is shorted. Measure the "
            "battery's voltage at rest after some hours."
        ),
        looks_at="time the battery has been charged without reaching the charger's voltage",
        severity=Severity.WARNING,
        unit="h",
        limit="alarms.charge_rising_h",
        delays_s=(0, 600),
        worse_by=24,
    ),
    AlarmRow(
        Alarm.CHARGE_NOT_TAPERING,
        title=mark("Charge current does not fall"),
        advice=mark(
            "Check with a thermometer whether the battery is warm: a shorted cell or the beginning of thermal "
            "runaway. Stop the charge if it warms up, and have the battery tested."
        ),
        looks_at="time at the charger's voltage without the current having fallen",
        severity=Severity.WARNING,
        unit="h",
        limit="alarms.charge_tapering_h",
        delays_s=(0, 600),
        worse_by=24,
    ),
    AlarmRow(
        Alarm.UNDERCHARGE,
        title=mark("Battery not charged for long"),
        advice=mark(
            "A battery that is not charged sulfates. Choose observe for two days so that it charges fully, or raise "
            "the voltages of the mode."
        ),
        looks_at="time since the battery was last seen charged",
        severity=Severity.WARNING,
        unit="d",
        limit="alarms.undercharge_days",
        worse_by=15,
    ),
)
