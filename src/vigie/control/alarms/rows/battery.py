"""Alarms about the battery itself."""

from vigie.control.alarms.catalogue import Alarm, Protection, Severity
from vigie.control.alarms.row import AlarmRow, Comparison
from vigie.translatable import mark

ROWS = (
    AlarmRow(
        Alarm.BATTERY_TOO_HOT,
        title=mark("Battery too hot"),
        advice=mark(
            "Do not touch or open the battery; air the room. Look for a swollen case, a smell of acid, a charger set "
            "too high. Acknowledge once it has cooled: only then the charge starts again."
        ),
        looks_at="battery temperature while the over-temperature latch is set, 0 while it is not",
        severity=Severity.CRITICAL,
        unit="degC",
        reading_of=Alarm.BATTERY_WARM,
        limit="interlocks.temperature_limit_c",
        is_latched=True,
        protection=Protection.R2_OPENED,
        worse_by=5,
    ),
    AlarmRow(
        Alarm.BATTERY_OVER_VOLTAGE,
        title=mark("Battery voltage too high"),
        advice=mark(
            "Measure the battery with a multimeter. If it is true, switch the charger off and have its voltage set: "
            "the battery loses water and heats up."
        ),
        looks_at="battery voltage (V1), less what a compensated charger adds in the cold",
        severity=Severity.CRITICAL,
        unit="V",
        limit="alarms.battery_over_v",
        hysteresis=0.2,
        delays_s=(60, 60),
        worse_by=0.3,
    ),
    AlarmRow(
        Alarm.BATTERY_UNDER_VOLTAGE,
        title=mark("Battery voltage too low"),
        advice=mark(
            "The battery is nearly empty: switch off what can be spared and bring the mains back. Charge within a "
            "day; a battery left empty is spoilt."
        ),
        looks_at="battery voltage (V1); one that rises without charge, because the loads are gone, counts for nothing",
        severity=Severity.CRITICAL,
        unit="V",
        comparison=Comparison.BELOW,
        limit="alarms.battery_under_v",
        hysteresis=0.3,
        delays_s=(10, 60),
        protection=Protection.R1_CLOSED,
        worse_by=0.5,
    ),
    AlarmRow(
        Alarm.BATTERY_WARM,
        title=mark("Battery warm"),
        advice=mark(
            "Air or cool the room and keep heat away from the battery: ten degrees more halve its life. At the limit "
            "the charge is stopped."
        ),
        looks_at="battery temperature",
        severity=Severity.WARNING,
        unit="degC",
        limit="alarms.battery_warm_c",
        hysteresis=2,
        delays_s=(60, 60),
        worse_by=5,
    ),
    AlarmRow(
        Alarm.BATTERY_OVER_AMBIENT,
        title=mark("Battery much warmer than the air"),
        advice=mark(
            "The battery makes its own heat, as in thermal runaway. Stop the charge, let it cool and have it tested."
        ),
        looks_at="battery temperature over that of the air around it",
        severity=Severity.CRITICAL,
        unit="K",
        limit="alarms.over_ambient_k",
        hysteresis=2,
        delays_s=(300, 300),
        worse_by=5,
    ),
    AlarmRow(
        Alarm.BATTERY_EMPTIED,
        title=mark("Battery was emptied"),
        advice=mark(
            "It carries little until it is charged again, which takes a day or more: leave charger and contacts as "
            "they are. A battery taken under 10.5 V, or left empty for days, may have lost capacity: have it tested."
        ),
        looks_at=(
            "lowest battery voltage of the last discharge, until the battery is charged again; told once the mains is "
            "back"
        ),
        severity=Severity.WARNING,
        unit="V",
        comparison=Comparison.BELOW,
        limit="alarms.battery_under_v",
        is_latched=True,
        worse_by=0.5,
    ),
    AlarmRow(
        Alarm.WEAK_CELL,
        title=mark("Battery loses its voltage at rest"),
        advice=mark(
            "It was full and could not hold its voltage at rest: a cell is probably weak. Test it under load, and plan "
            "its replacement: it may not carry the next outage."
        ),
        looks_at="mode maintain closed R2 because a full battery fell under maintain.close_below_v within days",
        severity=Severity.WARNING,
        is_latched=True,
    ),
    AlarmRow(
        Alarm.CHARGE_NOT_STOPPED,
        title=mark("Battery too hot and still being charged"),
        advice=mark(
            "Stop the charge by hand, now: switch the charger off at the distribution board (Q0), or pull its mains "
            "plug if that is away from the battery. Do not touch the cabinet or the battery, air the room and go out; "
            "fuses only once it is cold. Then look at R2: it is welded, or could not be opened."
        ),
        looks_at="the battery is too hot, and its charge goes on",
        severity=Severity.CRITICAL,
        delays_s=(0, 10),
    ),
)
