"""Alarms in the words a person reads: what it is, what to do, what the program did, and the value that raised it."""

import math
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum

from vigie.control.alarms.catalogue import Alarm, Protection, Severity, Standing
from vigie.control.alarms.engine import Change
from vigie.wording.words import mark

Translate = Callable[[str], str]

_TITLES: Mapping[IntEnum, str] = {
    Alarm.BATTERY_TOO_HOT: mark("Battery too hot"),
    Alarm.LOADS_DARK: mark("Loads without voltage"),
    Alarm.R1_DISOBEYED: mark("Mains contact R1 did not do what it was told"),
    Alarm.R2_DISOBEYED: mark("Battery contact R2 did not do what it was told"),
    Alarm.RELAY_LINE_FAILED: mark("Relay line does not follow"),
    Alarm.METER_BUS_LOST: mark("Meters do not answer"),
    Alarm.SENSOR_LOST: mark("Sensor lost"),
    Alarm.SENSOR_IMPLAUSIBLE: mark("Sensor reads the impossible"),
    Alarm.SENSOR_FROZEN: mark("Sensor reads the same for hours"),
    Alarm.BATTERY_OVER_VOLTAGE: mark("Battery voltage too high"),
    Alarm.BATTERY_UNDER_VOLTAGE: mark("Battery voltage too low"),
    Alarm.CONTROLLER_LOST: mark("Controller lost"),
    Alarm.JOURNAL_GAP: mark("Measurements not kept"),
    Alarm.MAINS_LOST: mark("Mains lost"),
    Alarm.CHARGER_ABSENT: mark("No charge although the mains is there"),
    Alarm.CHARGER_SET_POINT: mark("Charger holds a wrong voltage"),
    Alarm.CHARGE_NOT_RISING: mark("Charge does not raise the voltage"),
    Alarm.CHARGE_NOT_TAPERING: mark("Charge current does not fall"),
    Alarm.BATTERY_WARM: mark("Battery warm"),
    Alarm.BATTERY_OVER_AMBIENT: mark("Battery much warmer than the air"),
    Alarm.LOADS_OVER_RANGE: mark("Current beyond the meter's range"),
    Alarm.UNDERCHARGE: mark("Battery not charged for long"),
    Alarm.SWITCHING_OFTEN: mark("Contacts switch too often"),
    Alarm.R1_WORN: mark("Mains contact R1 worn"),
    Alarm.R2_WORN: mark("Battery contact R2 worn"),
    Alarm.METER_RESET: mark("Meter was reset"),
    Alarm.PI_UNDER_VOLTAGE: mark("Raspberry Pi short of voltage"),
    Alarm.PI_THROTTLED: mark("Raspberry Pi throttled"),
    Alarm.CLOCK_NOT_SYNCHRONISED: mark("Clock not synchronised"),
    Alarm.DISK_NEARLY_FULL: mark("Disk nearly full"),
    Alarm.MAIL_REFUSED: mark("Mail refused"),
    Alarm.WATCHDOG_RESTART: mark("Controller restarted by itself"),
    Alarm.DELIVERY_FAILED: mark("Central store takes no measurements"),
    Alarm.BATTERY_EMPTIED: mark("Battery was emptied"),
    Alarm.JOURNAL_DAMAGED: mark("Journal damaged"),
    Alarm.SETTINGS_REFUSED: mark("Settings file refused"),
    Alarm.READINGS_CONTRADICT: mark("Readings contradict each other"),
    Alarm.WIRING_CONTRADICTED: mark("R2 carries the backup, and the settings say charge_only"),
    Alarm.DIODE_MISSING: mark("Bypass diode missing"),
    Alarm.CHARGE_NOT_STOPPED: mark("Battery too hot and still being charged"),
}

_ADVICE: Mapping[IntEnum, str] = {
    Alarm.BATTERY_TOO_HOT: mark(
        "Do not touch or open the battery; air the room. Look for a swollen case, a smell of acid, a charger set too "
        "high. Acknowledge once it has cooled: only then the charge starts again."
    ),
    Alarm.LOADS_DARK: mark(
        "Check the mains, the fuses and the battery's terminals. With the mains away the battery is empty or cut off: "
        "bring the mains back or another source."
    ),
    Alarm.R1_DISOBEYED: mark(
        "Look at the relay and its wires: welded, dead, or R1 and R2 exchanged. Stay in observe until it is repaired."
    ),
    Alarm.R2_DISOBEYED: mark(
        "Look at the relay and its wires: welded, dead, or R1 and R2 exchanged. A welded R2 cannot stop a charge: "
        "switch the charger off by hand if the battery is hot."
    ),
    Alarm.RELAY_LINE_FAILED: mark(
        "Check that no other program uses the relay board's pins and that the board sits well; then restart the "
        "controller."
    ),
    Alarm.METER_BUS_LOST: mark(
        "Check the meter board's seat and the I2C wires. Nothing is measured until it answers: watch the battery by "
        "hand."
    ),
    Alarm.SENSOR_LOST: mark("Check the named chip's or thermometer's wires and address."),
    Alarm.SENSOR_IMPLAUSIBLE: mark(
        "Compare with a multimeter or thermometer. Check the wires, the ground terminal and the channel's calibration."
    ),
    Alarm.SENSOR_FROZEN: mark("Compare with a multimeter; switch the meter board off and on."),
    Alarm.BATTERY_OVER_VOLTAGE: mark(
        "Measure the battery with a multimeter. If it is true, switch the charger off and have its voltage set: the "
        "battery loses water and heats up."
    ),
    Alarm.BATTERY_UNDER_VOLTAGE: mark(
        "The battery is nearly empty: switch off what can be spared and bring the mains back. Charge within a day; "
        "a battery left empty is spoilt."
    ),
    Alarm.CONTROLLER_LOST: mark(
        "The contacts stay as they are, and nothing watches. Look at the controller's service and its messages, and "
        "start it again."
    ),
    Alarm.JOURNAL_GAP: mark("Check that the disk is there, not full and not read-only; read the journal's message."),
    Alarm.MAINS_LOST: mark(
        "The battery carries the loads. Check the breaker and the supply. Under 12.0 V a lead-acid battery is nearly "
        "empty."
    ),
    Alarm.CHARGER_ABSENT: mark("Check the charger, its fuse, its mains plug and its wires to the battery."),
    Alarm.CHARGER_SET_POINT: mark(
        "Measure the charger's voltage with a multimeter and set it as the battery's label says, or correct "
        "alarms.charger_v."
    ),
    Alarm.CHARGE_NOT_RISING: mark(
        "The charger is too weak, set too low, or feeds something else; or a cell is shorted. Measure the battery's "
        "voltage at rest after some hours."
    ),
    Alarm.CHARGE_NOT_TAPERING: mark(
        "Check with a thermometer whether the battery is warm: a shorted cell or the beginning of thermal runaway. "
        "Stop the charge if it warms up, and have the battery tested."
    ),
    Alarm.BATTERY_WARM: mark(
        "Air or cool the room and keep heat away from the battery: ten degrees more halve its life. At the limit the "
        "charge is stopped."
    ),
    Alarm.BATTERY_OVER_AMBIENT: mark(
        "The battery makes its own heat, as in thermal runaway. Stop the charge, let it cool and have it tested."
    ),
    Alarm.LOADS_OVER_RANGE: mark(
        "The true current is larger than what is shown. Take load off the channel, or fit a smaller shunt and set "
        "shunt_ohm."
    ),
    Alarm.UNDERCHARGE: mark(
        "A battery that is not charged sulfates. Choose observe for two days so that it charges fully, or raise the "
        "voltages of the mode."
    ),
    Alarm.SWITCHING_OFTEN: mark(
        "Widen the distance between the mode's two voltages or lengthen the minimum times: contacts wear out, and such "
        "short charges do not fill the battery."
    ),
    Alarm.R1_WORN: mark("Plan to replace the relay board, then set its count of operations back."),
    Alarm.R2_WORN: mark("Plan to replace the relay board, then set its count of operations back."),
    Alarm.METER_RESET: mark(
        "The chip was configured again and measures. If it comes back, look at the board's supply and at interference "
        "when relays switch."
    ),
    Alarm.PI_UNDER_VOLTAGE: mark("Use the supply made for the Raspberry Pi and a short, thick cable."),
    Alarm.PI_THROTTLED: mark("Give the Raspberry Pi air or a fan, and check its supply."),
    Alarm.CLOCK_NOT_SYNCHRONISED: mark(
        "Dates may be wrong; control does not depend on them. Connect a network with a time server, or fit the "
        "clock's battery."
    ),
    Alarm.DISK_NEARLY_FULL: mark("Free some space, or shorten how long the journal keeps measurements."),
    Alarm.MAIL_REFUSED: mark("Messages do not reach anybody. Read the server's answer and check the mail settings."),
    Alarm.WATCHDOG_RESTART: mark(
        "It had stopped without being asked: power, crash or hang. Read the messages from before the restart."
    ),
    Alarm.DELIVERY_FAILED: mark(
        "The journal keeps the measurements and they are sent when the store takes them. `vigie delivery show` says "
        "what it answered, `vigie delivery test` tries it. What it can never take (refused, or of a wrong calendar) is "
        "set aside: `vigie delivery forget` gives it up and ends the alarm."
    ),
    Alarm.BATTERY_EMPTIED: mark(
        "It carries little until it is charged again, which takes a day or more: leave charger and contacts as they "
        "are. A battery taken under 10.5 V, or left empty for days, may have lost capacity: have it tested."
    ),
    Alarm.JOURNAL_DAMAGED: mark(
        "A damaged file is kept, and a new one written. `vigie journal salvage` brings back what can still be read of "
        "it. Suspect the memory card: make a `vigie backup`, and replace the card soon."
    ),
    Alarm.SETTINGS_REFUSED: mark(
        "The settings file has faults, and the last settings that worked are in force; where there were none, the file "
        "without what has faults. `vigie config check` names the faults and the difference. Correct the file: it is "
        "taken over within seconds."
    ),
    Alarm.READINGS_CONTRADICT: mark(
        "Measure the battery with a multimeter and a thermometer: V1, V2 or the thermometer is wrong. Check its wires, "
        "terminals and calibration (`vigie commission`). Until they agree no mode opens a contact."
    ),
    Alarm.WIRING_CONTRADICTED: mark(
        "The loads' current came through V2 while the battery fed them: open, R2 cuts the backup off. Set "
        'wiring.battery_contact = "line", or run `vigie commission`.'
    ),
    Alarm.DIODE_MISSING: mark(
        "The mains failed with R2 open, and the loads were dark until R2 closed. Test the diode across R2 with the "
        "installation dead as the install guide says: anode to the battery, and not burnt out. Or set "
        "wiring.bypass_diode = false."
    ),
    Alarm.CHARGE_NOT_STOPPED: mark(
        "Stop the charge by hand, now: switch the charger off at the distribution board (Q0), or pull its mains plug "
        "if that is away from the battery. Do not touch the cabinet or the battery, air the room and go out; fuses "
        "only once it is cold. Then look at R2: it is welded, or could not be opened."
    ),
}

_OVER = mark("It is over. Find out what caused it, and acknowledge it.")

_ACTED: Mapping[IntEnum, str] = {
    Protection.NONE: mark("The program only tells."),
    Protection.R2_OPENED: mark("The charge is stopped: R2 is open while the mains is there."),
    Protection.R2_CLOSED: mark("The battery is kept connected: R2 is closed."),
    Protection.CONTACTS_CLOSED: mark("While a needed reading is missing R1 and R2 are closed."),
    Protection.R1_CLOSED: mark("R1 is closed; a discharge test is broken off."),
}

_WORDS: Mapping[type[IntEnum], Mapping[IntEnum, str]] = {
    Severity: {
        Severity.INFO: mark("Information"),
        Severity.WARNING: mark("Warning"),
        Severity.CRITICAL: mark("Critical"),
    },
    Standing: {
        Standing.NORMAL: mark("normal"),
        Standing.UNACKNOWLEDGED: mark("present, not acknowledged"),
        Standing.ACKNOWLEDGED: mark("present, acknowledged"),
        Standing.RETURNED: mark("over, not acknowledged"),
        Standing.LATCHED: mark("over, kept until acknowledged"),
        Standing.SHELVED: mark("shelved"),
    },
    Change: {
        Change.NONE: mark("nothing happened"),
        Change.RAISED: mark("raised"),
        Change.RETRIGGERED: mark("raised again"),
        Change.ESCALATED: mark("got worse"),
        Change.RETURNED: mark("over"),
        Change.LATCHED: mark("over, kept until acknowledged"),
        Change.CLEARED: mark("cleared"),
        Change.ACKNOWLEDGED: mark("acknowledged"),
        Change.SHELVED: mark("shelved"),
        Change.UNSHELVED: mark("taken off the shelf"),
        Change.SHELF_ENDED: mark("the time on the shelf is over"),
        Change.CHATTERING: mark("comes and goes"),
    },
}

_DETAILS: Mapping[str, str] = {
    "battery": mark("battery meter"),
    "charge": mark("charge meter"),
    "load": mark("load meter"),
    "spare": mark("spare meter"),
    "thermometer": mark("battery thermometer"),
    "ambient": mark("room thermometer"),
    "r1": "R1",
    "r2": "R2",
    "r3": "R3",
    "r4": "R4",
    "no_effect": mark("no effect"),
    "welded": mark("welded"),
    "dead": mark("dead"),
    "swapped": mark("R1 and R2 exchanged"),
    "reversed": mark("open and closed exchanged"),
    "v1_against_v2": mark("V1 against V2"),
    "battery_against_air": mark("battery thermometer against the air's"),
}

_UNITS: Mapping[str, str] = {
    "degC": "°C",
    "d": mark("days"),
    "1/h": mark("movements in an hour"),
}
_SHARES = {"r1_worn", "r2_worn", "disk_nearly_full"}


def title(alarm: str, translate: Translate) -> str:
    """Return what an alarm is, in a few words; a name this version does not know stays readable.

    >>> title("mains_lost", str)
    'Mains lost'
    """
    return _of(_TITLES, Alarm, alarm, translate)


def advice(alarm: str, translate: Translate) -> str:
    """Return what a person should do about an alarm; nothing for a name this version does not know."""
    return _of(_ADVICE, Alarm, alarm, translate) if alarm.upper() in Alarm.__members__ else ""


def to_do(alarm: str, stands: str, is_present: bool, translate: Translate) -> str:
    """Return what a person should do about an alarm as it stands: once it is over, nobody acts on what was.

    One that is kept until acknowledged still says what must be looked at first.

    >>> to_do("mains_lost", "returned", False, str)
    'It is over. Find out what caused it, and acknowledge it.'
    """
    if is_present or stands == Standing.LATCHED.name.lower():
        return advice(alarm, translate)
    return translate(_OVER)


def acted(protection: str, translate: Translate) -> str:
    """Return what the program does by itself while the alarm's condition holds.

    >>> acted("r2_closed", str)
    'The battery is kept connected: R2 is closed.'
    """
    return _of(_ACTED, Protection, protection, translate)


def severity(name: str, translate: Translate) -> str:
    """Return the words for a severity's lower-case name."""
    return _of(_WORDS[Severity], Severity, name, translate)


def standing(name: str, translate: Translate) -> str:
    """Return the words for a standing's lower-case name."""
    return _of(_WORDS[Standing], Standing, name, translate)


def change(name: str, translate: Translate) -> str:
    """Return the words for a change's lower-case name.

    >>> change("retriggered", str)
    'raised again'
    """
    return _of(_WORDS[Change], Change, name, translate)


def describe_value(alarm: str, value: float | None, unit: str, detail: Sequence[str], translate: Translate) -> str:
    """Return an alarm's value in words: what it concerns, or number and unit; empty when the title says it all.

    >>> describe_value("sensor_lost", 18.0, "", ["charge", "thermometer"], str)
    'charge meter, battery thermometer'
    >>> describe_value("battery_warm", 41.25, "degC", [], str)
    '41.2 °C'
    >>> describe_value("disk_nearly_full", 0.934, "", [], str)
    '93 %'
    >>> describe_value("mains_lost", 1.0, "", [], str)
    ''
    """
    if detail:
        return ", ".join(translate(_DETAILS[name]) if name in _DETAILS else name for name in detail)
    if value is None or math.isnan(value):
        return ""
    if alarm in _SHARES:
        return f"{value:.0%}".replace("%", " %")
    if not unit:
        return ""
    if unit == "s":
        return _lasting(value)
    digits = {"V": 2, "degC": 1, "K": 1, "d": 1, "h": 1}.get(unit, 0)
    return f"{value:.{digits}f} {translate(_UNITS.get(unit, unit))}"


def vocabulary(translate: Translate) -> dict[str, dict[str, str]]:
    """Return all words by kind and lower-case name, for a page's script."""
    tables: Mapping[str, Mapping[IntEnum, str]] = {
        "alarm": _TITLES,
        "advice": _ADVICE,
        "acted": _ACTED,
        **{kind.__name__.lower(): words for kind, words in _WORDS.items()},
    }
    words = {kind: {member.name.lower(): translate(text) for member, text in t.items()} for kind, t in tables.items()}
    return words | {"detail": {name: translate(text) for name, text in _DETAILS.items()}}


def _of(words: Mapping[IntEnum, str], kind: type[IntEnum], name: str, translate: Translate) -> str:
    if name.upper() in kind.__members__:
        return translate(words[kind[name.upper()]])
    return name.replace("_", " ")


def _lasting(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} h"
