"""What a page may claim, given the newest snapshot and its age. ``static/js/state.js`` ages it and judges nothing."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask_babel import gettext

from vigie.control.alarms.catalogue import Severity
from vigie.link.hub import LinkState
from vigie.link.judgement import acting, raised_verdict
from vigie.link.messages import Snapshot, stale_after_ms
from vigie.telemetry.report import AlarmReport
from vigie.translatable import mark
from vigie.web.formats import FLOW_A, duration
from vigie.wording.alarms import title
from vigie.wording.languages import languages
from vigie.wording.words import describe_name, translator

DEAD_V = 5.0
"""A conductor under this voltage is drawn dead."""

SEVERITIES = tuple(severity.name.lower() for severity in Severity)
ASKING = ("unacknowledged", "returned", "latched")
"""Standings of an alarm that wait for somebody to take note."""
MOST_NAMED = 3

Values = Mapping[str, Any]


class Wire(NamedTuple):
    """How one conductor of the diagram is drawn."""

    state: str
    """``flow``, ``live`` (voltage, no current), ``dead`` or ``unknown``."""
    direction: str = "forward"
    """``forward`` is away from the mains."""
    speed: str = "1"


class Look(NamedTuple):
    """One page's view of the installation."""

    snapshot: Snapshot | None
    age_ms: float | None
    link: str
    is_fresh: bool
    verdict: str
    why: str
    since_utc_ms: int | None
    wires: Mapping[str, Wire]
    alarms: list[AlarmReport]
    """Those of the controller and of the web process, the worst that is present first."""
    values: Values
    """What a page may show by path: the snapshot, with all alarms and the number that wait for somebody."""


def look_up(snapshot: Snapshot | Values | None, path: str) -> Any:  # noqa: ANN401 - any field of a snapshot
    """Return the field ``path`` names ("mode", "channels.battery.bus_v", "relays.R2.contact"), None without one."""
    value: Any = snapshot
    for step in path.split("."):
        if isinstance(value, list):
            value = next((entry for entry in value if step in map(entry.get, ("channel", "relay", "alarm"))), None)
        elif value is not None:
            value = value.get(step)
    return value


def look_at(state: LinkState) -> Look:
    """Judge the hub's ``state``: never "ok" from a lost link or an old snapshot."""
    snapshot, age_ms, link = state["snapshot"], state["age_ms"], state["link"]
    alarms = alarms_of(state)
    values = {**(snapshot or {}), "alarms": alarms, "alarm_count": sum(is_asking(alarm) for alarm in alarms)}
    is_fresh = (
        snapshot is not None and link == "connected" and age_ms is not None and age_ms <= stale_after_ms(snapshot)
    )
    if not snapshot or not is_fresh:
        why, wires = _why_unknown(snapshot, age_ms), dict.fromkeys(WIRES, Wire("unknown"))
        return Look(snapshot, age_ms, link, False, "unknown", why, None, wires, alarms, values)
    standing = acting(alarms)
    verdict = raised_verdict(snapshot["verdict"], alarms)
    why, since = _why(snapshot, standing, gettext), _since(snapshot, standing)
    return Look(snapshot, age_ms, link, True, verdict, why, since, wires_of(snapshot), alarms, values)


def judged(state: LinkState) -> dict[str, Any]:
    """Return the hub's ``state`` with what is judged of it while it is fresh, for whoever ages it (``look``).

    ``why`` in every language, ``alarms`` as names in the order of :func:`alarms_of`, ``stale_after_ms``: the oldest age
    at which all of it may be said.
    """
    snapshot, alarms = state["snapshot"], alarms_of(state)
    look: dict[str, Any] = {
        "verdict": "unknown",
        "why": {},
        "since_utc_ms": None,
        "wires": {name: Wire("unknown")._asdict() for name in WIRES},
        "alarms": [alarm["alarm"] for alarm in alarms],
        "alarm_count": sum(is_asking(alarm) for alarm in alarms),
        "stale_after_ms": 0,
    }
    if snapshot:
        standing = acting(alarms)
        look |= {
            "verdict": raised_verdict(snapshot["verdict"], alarms),
            "why": {code: _why(snapshot, standing, translator(code)) for code in languages()},
            "since_utc_ms": _since(snapshot, standing),
            "wires": {name: wire._asdict() for name, wire in wires_of(snapshot).items()},
            "stale_after_ms": stale_after_ms(snapshot),
        }
    return {**state, "look": look}


def alarms_of(state: LinkState) -> list[AlarmReport]:
    """Return the controller's alarms and the web's own: what is now before what is over, the worst first."""
    alarms = [*(state["snapshot"]["alarms"] if state["snapshot"] else ()), *state["web_alarms"]]
    return sorted(
        alarms, key=lambda alarm: (not stands(alarm), -SEVERITIES.index(alarm["severity"]), not is_asking(alarm))
    )


def stands(alarm: AlarmReport) -> bool:
    """Return whether what an alarm tells of is so now, or holds until somebody acknowledges it."""
    return bool(alarm["is_present"]) or alarm["standing"] == "latched"


def is_asking(alarm: AlarmReport) -> bool:
    """Return whether an alarm waits for somebody to take note."""
    return alarm["standing"] in ASKING


def _why_unknown(snapshot: Snapshot | None, age_ms: float | None) -> str:
    if snapshot is None:
        return gettext("No measurement has arrived yet.")
    if age_ms is None:
        return gettext("The controller is not connected; these values are old.")
    return gettext("The controller has been silent for {age}.").format(age=duration(age_ms / 1000))


def _why(snapshot: Snapshot, standing: list[AlarmReport], translate: Callable[[str], str]) -> str:
    told = [describe_name("reason", name, translate) for name in snapshot["verdict_reasons"]]
    told = told or [title(alarm["alarm"], translate) for alarm in standing[:MOST_NAMED]]
    if told:
        text = " · ".join(told)
        return text[0].upper() + text[1:]
    return translate(mark("Mode {mode}, mains {mains}")).format(
        mode=describe_name("mode", snapshot["mode"], translate),
        mains=describe_name("mains", snapshot["mains"], translate),
    )


def _since(snapshot: Snapshot, standing: list[AlarmReport]) -> int | None:
    """Return when the present verdict began, as far as the snapshot can prove it."""
    if not snapshot["verdict_reasons"]:
        raised = [alarm["raised_utc_ms"] for alarm in standing]
        return int(min(raised) if raised else max(snapshot["phase_since_utc_ms"], snapshot["mains_since_utc_ms"]))
    reason = snapshot["verdict_reasons"][0]
    if reason in {"mains_lost", "not_back_after_drill"}:
        return int(snapshot["mains_since_utc_ms"])
    movements = [relay["since_utc_ms"] for relay in snapshot["relays"] if relay["reason"] == reason]
    return int(max(movements)) if movements else None


WIRES = ("mains", "supply", "output", "load", "charge", "battery")
"""Mains to R1, R1 to supply, supply to the junction, from there to the loads and to R2, R2 to battery."""


def wires_of(snapshot: Snapshot) -> dict[str, Wire]:
    """Return how each conductor of the single-line diagram is drawn."""
    charge_a, load_a = look_up(snapshot, "channels.charge.current_a"), look_up(snapshot, "channels.load.current_a")
    has_mains, r1_closed = snapshot["mains"] == "present", look_up(snapshot, "relays.R1.contact") == "closed"
    r2_closed = look_up(snapshot, "relays.R2.contact") == "closed"
    battery, load = look_up(snapshot, "channels.battery.bus_v"), look_up(snapshot, "channels.load.bus_v")
    fed = has_mains and r1_closed
    mains = "unknown" if snapshot["mains"] in {"unknown", "cut"} else "flow" if fed else "dead"
    has_charger = has_mains or r2_closed
    return {
        "mains": Wire("live" if has_mains and not r1_closed else mains, speed="2"),
        "supply": Wire("flow" if fed else "unknown" if mains == "unknown" and r1_closed else "dead", speed="2"),
        "output": _direct(None if load_a is None or charge_a is None else load_a + charge_a, load),
        "load": _direct(load_a, load),
        "charge": _direct(charge_a, 13.0 if has_charger else 0.0),
        "battery": _direct(charge_a, battery),
    }


def _direct(current_a: float | None, bus_v: float | None) -> Wire:
    if current_a is not None and abs(current_a) >= FLOW_A:
        speed = "1" if abs(current_a) < 0.3 else "2" if abs(current_a) < 1.5 else "3"
        return Wire("flow", "forward" if current_a > 0 else "back", speed)
    if bus_v is not None and bus_v <= DEAD_V:
        return Wire("dead")
    return Wire("unknown" if current_a is None or bus_v is None else "live")
