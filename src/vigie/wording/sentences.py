"""What happened, in one sentence a person understands: the journal's events in words."""

from collections.abc import Callable

from vigie.wording import alarms
from vigie.wording.words import describe_name, mark

_SWITCHED = {"open": mark("%(subject)s opened"), "closed": mark("%(subject)s closed")}
_PLAIN = {
    "start": mark("The controller started"),
    "stop": mark("The controller stopped"),
    "gap": mark("Periods are missing from the journal"),
    "clock": mark("The clock was set"),
}
_SUBJECTS = {
    "battery": mark("battery"),
    "charge": mark("charge circuit"),
    "load": mark("loads"),
    "spare": mark("spare channel"),
    "mains": mark("mains"),
    "temperature": mark("temperature"),
    "over_temperature": mark("battery over-temperature"),
    "relays": mark("relay lines"),
    "journal": mark("journal"),
    "bus": mark("meter bus"),
    "controller": mark("controller"),
    "data_folder": mark("data folder"),
    "mode": mark("mode"),
    "plant": mark("the boards cannot be opened"),
    "metrics": mark("the metrics cannot be served for Prometheus"),
    "outputs": mark("outputs are lost at the end of the program"),
}
_ACTIONS = {
    "set_mode": mark("change of mode"),
    "set_contact": mark("order to a contact"),
    "acknowledge": mark("acknowledgement"),
    "shelve": mark("an alarm is put on the shelf"),
    "unshelve": mark("an alarm is taken off the shelf"),
}
_TURNS = {
    ("outage", "outage", "began"): mark("Outage began"),
    ("outage", "outage", "ended"): mark("Outage over"),
    ("outage", "drill", "began"): mark("Drill began"),
    ("outage", "drill", "ended"): mark("Drill over"),
    ("outage", "charger_fault", "began"): mark("Charger fault began"),
    ("outage", "charger_fault", "ended"): mark("Charger fault over"),
    ("charge", "battery", "charged"): mark("Battery charged"),
    ("charge", "battery", "left"): mark("Battery no longer held charged"),
    ("latch", "over_temperature", "set"): mark("Battery too hot: charge stopped"),
    ("latch", "over_temperature", "released"): mark("Battery cooled and acknowledged: charge allowed again"),
}


def tell(
    kind: str,
    subject: str,
    before: str,
    after: str,
    translate: Callable[[str], str],
    reason: str = "",
) -> str:
    """Return what an event says, without who caused it; its reason is told of an alarm only, whose change it is.

    The arguments are the event's own lower-case names; what this version does not know is shown as it is.

    >>> tell("switching", "R2", "closed", "open", str)
    'R2 opened'
    >>> tell("mode", "mode", "observe", "protect", str)
    'Mode: Observe → Protect'
    >>> tell("alarm", "mains_lost", "normal", "unacknowledged", str, "raised")
    'Mains lost: raised'
    """
    if kind == "alarm":
        told = alarms.change(reason, translate) if reason else alarms.standing(after, translate)
        return translate(mark("%(subject)s: %(change)s")) % {
            "subject": alarms.title(subject, translate),
            "change": told,
        }
    if (kind, subject, after) in _TURNS:
        return translate(_TURNS[kind, subject, after])
    if kind == "switching" and after in _SWITCHED:
        return translate(_SWITCHED[after]) % {"subject": subject}
    if kind == "mode":
        change = " → ".join(describe_name("mode", name, translate) for name in (before, after) if name)
        return translate(mark("Mode: %(change)s")) % {"change": change}
    if kind in _PLAIN:
        return translate(_PLAIN[kind])
    patterns = {
        "fault": mark("Fault: %(subject)s"),
        "fault_cleared": mark("Fault gone: %(subject)s"),
        "command": mark("Order: %(subject)s"),
    }
    name = translate(_SUBJECTS[subject]) if subject in _SUBJECTS else subject
    if subject in _ACTIONS:
        name = translate(_ACTIONS[subject])
    return translate(patterns[kind]) % {"subject": name} if kind in patterns else f"{kind}: {name}"
