"""Enum members in the words a person reads. English is the message id; catalogues hold the other languages."""

import gettext
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path

from vigie.control.commands import Mains, Mode, Phase, Reason, Verdict
from vigie.control.estimation.estimated import UnknownWhy
from vigie.control.signals import Channel, Contact, Relay, Status, Wiring
from vigie.translatable import mark as mark  # noqa: PLC0414 - passed on
from vigie.wording.languages import SOURCE_LANGUAGE as SOURCE_LANGUAGE  # noqa: PLC0414 - passed on
from vigie.wording.languages import languages as languages  # noqa: PLC0414 - passed on
from vigie.wording.modes import words_of

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
DOMAIN = "vigie"


_WORDS: Mapping[type[IntEnum], Mapping[IntEnum, str]] = {
    Verdict: {
        Verdict.UNKNOWN: mark("State unknown"),
        Verdict.OK: mark("All is well"),
        Verdict.ATTENTION: mark("Attention"),
        Verdict.ALARM: mark("Alarm"),
    },
    Mode: {mode: words_of(mode).name for mode in Mode},
    Phase: {
        Phase.STEADY: mark("steady"),
        Phase.CHARGE: mark("charging"),
        Phase.REST: mark("resting"),
        Phase.DISCHARGE: mark("discharging"),
    },
    Mains: {
        Mains.UNKNOWN: mark("unknown"),
        Mains.PRESENT: mark("present"),
        Mains.ABSENT: mark("absent"),
        Mains.CUT: mark("cut by R1"),
    },
    UnknownWhy: {
        UnknownWhy.NONE: mark("it is known"),
        UnknownWhy.CAPACITY_NOT_SET: mark("nobody has told the capacity on its label (battery.c20_ah)"),
        UnknownWhy.CHARGE_NOT_KNOWN: mark("no whole charge, long rest or long discharge was seen yet"),
        UnknownWhy.LOAD_NOT_READ: mark("the loads are not measured now"),
        UnknownWhy.NOTHING_DRAWN: mark("the loads draw nothing"),
        UnknownWhy.NO_DISCHARGE_YET: mark("no discharge was seen yet"),
        UnknownWhy.STARTED_SINCE: mark("the program started in the middle of it"),
        UnknownWhy.NOT_AT_REST: mark("the battery is not at rest"),
        UnknownWhy.REST_TOO_SHORT: mark("the battery has not rested for four hours yet"),
        UnknownWhy.NO_STEP_YET: mark("no step of the load has shown it yet"),
        UnknownWhy.TOO_SHALLOW: mark("no discharge was deep enough to show it"),
    },
    Contact: {Contact.OPEN: mark("open"), Contact.CLOSED: mark("closed")},
    Wiring: {
        Wiring.LINE: mark("R2 cuts the charge and the backup"),
        Wiring.CHARGE_ONLY: mark("R2 cuts the charge only"),
    },
    Channel: {
        Channel.BATTERY: mark("Battery"),
        Channel.CHARGE: mark("Charge circuit"),
        Channel.LOAD: mark("Loads"),
        Channel.SPARE: mark("Spare channel"),
    },
    Relay: {
        Relay.R1: mark("Mains contact"),
        Relay.R2: mark("Battery contact"),
        Relay.R3: mark("Spare relay R3"),
        Relay.R4: mark("Spare relay R4"),
    },
    Status: {
        Status.GOOD: mark("good"),
        Status.ABSENT: mark("not installed"),
        Status.FAILED: mark("the chip does not answer"),
        Status.OVERFLOW: mark("the chip overflowed"),
        Status.STALE: mark("no new conversion"),
        Status.SATURATED: mark("current beyond the meter's range"),
        Status.RESET: mark("the chip was reset"),
        Status.IMPLAUSIBLE: mark("implausible value"),
        Status.FROZEN: mark("frozen value"),
        Status.ODD: mark("an odd reading left out"),
    },
    Reason: {
        Reason.NONE: mark("no reason given"),
        Reason.ADOPTED: mark("found like this at start"),
        Reason.OBSERVING: mark("observation: both contacts closed"),
        Reason.CHARGING: mark("charging to the upper voltage"),
        Reason.UPPER_VOLTAGE_REACHED: mark("upper voltage reached"),
        Reason.LOWER_VOLTAGE_REACHED: mark("lower voltage reached"),
        Reason.DISCHARGING: mark("the battery carries the loads"),
        Reason.DISCHARGED: mark("discharge finished: mains and charger are back"),
        Reason.MANUAL_WISH: mark("set by hand"),
        Reason.MANUAL_EXPIRED: mark("the time of manual mode is over"),
        Reason.MODE_CHANGED: mark("change of mode"),
        Reason.MINIMUM_TIME: mark("the contact moved too recently"),
        Reason.FULL: mark("the battery has shown itself full, and rests"),
        Reason.FILLING: mark("charging until the battery has shown itself full"),
        Reason.RESTED_LONG: mark("the longest time of a rest is over"),
        Reason.WEAK_CELL: mark("the full battery lost its voltage at rest within days: a weak cell"),
        Reason.BOTH_OPEN: mark("R1 and R2 are never open together: the loads would go dark"),
        Reason.MAINS_NOT_PROVEN: mark("the mains is not proven present: no contact opens"),
        Reason.MAINS_LOST: mark("mains lost: the battery is needed"),
        Reason.BLACKOUT_RISK: mark("with this wiring a mains failure would leave the site dark"),
        Reason.MAINS_NOT_STEADY: mark("the mains failed and must stand for some time before R2 opens"),
        Reason.METER_STANDS_STILL: mark("V3 has not moved for too long: with R2 open it alone would show the mains"),
        Reason.WIRING_NOT_PROVEN: mark("R1 opens first, with R2 closed; R2 once the battery is seen to feed the loads"),
        Reason.BATTERY_NOT_PROVEN: mark("the battery has not shown that it can carry the loads"),
        Reason.BATTERY_UNDER_FLOOR: mark("the battery fell under its floor voltage"),
        Reason.DRILL_TOO_LONG: mark("the discharge took too long"),
        Reason.NOT_BACK_AFTER_DRILL: mark("the mains is not back after the discharge: a real outage"),
        Reason.LOADS_NOT_CARRIED: mark("the loads lost their voltage although the battery should carry them"),
        Reason.OVER_TEMPERATURE: mark("battery too hot: the charge is stopped"),
        Reason.MEASUREMENT_LOST: mark("a needed reading is lost or implausible"),
        Reason.READINGS_CONTRADICT: mark("readings contradict each other: no mode rests on them"),
        Reason.RELAY_FAILED: mark("the relay does not do what it is told"),
        Reason.DUPLICATE: mark("this order was already answered"),
        Reason.TOO_LATE: mark("the order came too late"),
        Reason.NOT_MANUAL: mark("contacts are set by hand in manual mode only"),
        Reason.UNKNOWN_COMMAND: mark("unknown order"),
        Reason.NOT_LATCHED: mark("there is nothing to acknowledge"),
        Reason.STILL_HOT: mark("the battery is still too hot"),
        Reason.ACKNOWLEDGED: mark("acknowledged"),
        Reason.SET_BY_USER: mark("set by the user"),
        Reason.DONE: mark("done"),
        Reason.NOT_SHELVED: mark("the alarm is not put aside"),
    },
}
_NAMES: Mapping[str, Mapping[str, str]] = {
    **{
        kind.__name__.lower(): {member.name.lower(): text for member, text in words.items()}
        for kind, words in _WORDS.items()
    },
    "outage": {
        "outage": mark("Mains outage"),
        "drill": mark("Drill"),
        "charger_fault": mark("No charge"),
    },
    "truth": {
        "unknown": mark("not judged yet"),
        "obeyed": mark("it did as ordered"),
        "no_effect": mark("nothing changed when it moved"),
        "cannot_tell": mark("they cannot show it now"),
    },
    "contact_fault": {
        "none": mark("no fault seen"),
        "no_effect": mark("no effect seen"),
        "welded": mark("welded: it conducts whatever it is told"),
        "dead": mark("dead: nothing goes through whatever it is told"),
        "swapped": mark("swapped: it does what the other one is told"),
        "reversed": mark("reversed: it does the opposite of what it is told"),
    },
    "plant": {
        "rig": mark("real boards"),
        "emulated": mark("simulated (emulated boards)"),
        "twin": mark("simulated"),
        "recorded": mark("recorded"),
    },
    "by": {
        "start": mark("the start of the controller"),
        "expiry": mark("the end of manual mode"),
        "controller": mark("the controller"),
        "web": mark("the web page"),
        **{mode.name.lower(): text for mode, text in _WORDS[Mode].items()},
    },
    "weight": {
        "failed": mark("outage, the backup was not enough"),
        "outage": mark("outage, the battery was enough"),
        "charger_fault": mark("no charge"),
        "drill": mark("drill (R1 opened on purpose)"),
        "none": mark("nothing happened"),
        "nothing": mark("nothing recorded"),
    },
    "letter": {
        "waiting": mark("waiting"),
        "sent": mark("sent"),
        "folded": mark("in a summary"),
        "refused": mark("refused"),
        "expired": mark("given up"),
    },
    "throttled": {
        "good": mark("healthy"),
        "under_voltage": mark("under-voltage now"),
        "frequency_capped": mark("frequency capped now"),
        "throttled": mark("throttled now"),
        "soft_temperature_limit": mark("temperature limit now"),
        "under_voltage_occurred": mark("under-voltage since start"),
        "frequency_capped_occurred": mark("frequency capped since start"),
        "throttled_occurred": mark("throttled since start"),
        "soft_temperature_limit_occurred": mark("temperature limit since start"),
    },
}
KINDS = tuple(_NAMES)
"""Kinds of names there are words for: the enums above, and what has names on the wire only."""


def describe(member: IntEnum, translate: Callable[[str], str]) -> str:
    """Return the words for an enum member, in the language of ``translate``.

    >>> describe(Contact.OPEN, str)
    'open'
    """
    return translate(_WORDS[type(member)][member])


def describe_name(kind: str, name: str, translate: Callable[[str], str]) -> str:
    """Return the words for a lower-case member name off the wire; a name this version does not know stays readable.

    >>> describe_name("reason", "mains_lost", str)
    'mains lost: the battery is needed'
    >>> describe_name("reason", "from_the_future", str)
    'from the future'
    """
    words = _NAMES[kind]
    return translate(words[name]) if name in words else name.replace("_", " ")


def vocabulary(translate: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Return all words by kind and lower-case name, for a page's script."""
    return {kind: {name: translate(text) for name, text in words.items()} for kind, words in _NAMES.items()}


def translator(language: str) -> Callable[[str], str]:
    """Return the function that turns message ids into ``language``; one without a catalogue gives English."""
    return gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True).gettext
