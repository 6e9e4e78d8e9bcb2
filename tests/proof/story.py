"""A way to a broken statement, told line by line so that a person can follow it."""

import math
from collections.abc import Iterable

from tests.proof import darkness, explore
from tests.proof.darkness import Died, Lived, Restarted, Waited, Weather
from tests.proof.explore import Period, Restart
from tests.proof.properties import Property
from tests.proof.readings import Circuit, Heat, Lines, Load
from tests.proof.states import LONG, Control, Ordered
from tests.proof.world import Site, Truth, are_fed, is_supplied
from vigie.control.commands import Reason
from vigie.control.signals import Contact, Status
from vigie.control.supervisor import Action, Decision
from vigie.wording.words import describe


def _words(member: object) -> str:
    return describe(member, str)  # type: ignore[arg-type]


def told(
    control: Control,
    broken: tuple[Property, Iterable[explore.Restart | explore.Period | darkness.Event]],
    site: Site | None,
) -> str:
    """Return the story in numbered lines, the broken statement last."""
    prop, events = broken
    lines = [_beginning(control, site)]
    lines += [_event(control, event, site) for event in events]
    lines.append(f"BROKEN: {prop.name}. {prop.text}")
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _beginning(control: Control, site: Site | None) -> str:
    wiring = _words(control.settings.wiring)
    where = "" if site is None else f" {described(site)}."
    return f"A program that starts for the first time: mode Observe, R1 and R2 closed; {wiring}.{where}"


def described(site: Site) -> str:
    """Return how a site is built."""
    if not site.lives_on_loads:
        return "The controller has a supply of its own"
    r1, r2 = (("NO", "NC")[contact] for contact in (site.r1_at_rest, site.r2_at_rest))
    accepted = ", the blackout accepted" if site.is_risk_accepted else ""
    return f"The controller lives on the loads, R1 wired {r1}, R2 wired {r2}{accepted}"


def _event(control: Control, event: explore.Restart | explore.Period | darkness.Event, site: Site | None) -> str:
    if isinstance(event, Restart):
        r1, r2, latch = _words(event.r1), _words(event.r2), "latched for heat" if event.is_latched else "not latched"
        return f"The program is killed and starts again: mode {_words(event.mode)}, {latch}; it finds R1 {r1}, R2 {r2}."
    if isinstance(event, Period):
        return _period(control, event)
    assert site is not None
    if isinstance(event, Restarted):
        memory = "" if event.has_journal else " without its journal"
        return f"The program is killed and starts again{memory}: mode {_words(event.mode)}; no contact moves."
    if isinstance(event, Died):
        dead = f"The loads are dark and the controller dies: {_rest(event.after)}."
        return f"{_world(event.weather, event.seen)} {dead} {_loads(event.after, site)}"
    if isinstance(event, Waited):
        start = " The controller starts." if event.has_started else " The controller is without power."
        return f"{_world(event.weather, event.after)} {_loads(event.after, site)}{start}"
    return _lived(control, event, site)


def _period(control: Control, event: Period) -> str:
    readings = control.image.first(event.masks)
    before = control.kepts[event.number]
    moved = (before.r1, before.r2)
    held = "" if event.masks[4] & 1 else "The mains has still to prove itself. "
    return (
        f"{_later(event.elapsed)}{_orders(event.orders)}{_readings(*readings)} {held}"
        f"{_decision(event.leaf.decision, moved)}"
    )


def _lived(control: Control, event: Lived, site: Site) -> str:
    readings = control.image.first(event.way.masks)
    before = control.kepts[event.before.number]
    stuck = [name for name, is_stuck in zip(("R1", "R2"), event.stuck, strict=True) if is_stuck]
    follow = f" {' and '.join(stuck)} does not follow." if stuck else ""
    dies = site.lives_on_loads and not are_fed(event.after, site.wiring)
    ends = f" {_loads(event.after, site)}" + (" The controller dies and its coils let go." if dies else "")
    world = _world(event.weather, event.before.truth)
    return (
        f"{_later(event.elapsed)}{world} {_orders(event.orders)}{_readings(*readings)} "
        f"{_decision(event.way.leaf.decision, (before.r1, before.r2))}{follow}{ends}"
    )


def _later(elapsed: int) -> str:
    return "A long time later. " if elapsed == LONG else ""


def _world(weather: Weather, truth: Truth) -> str:
    """Return what changed, so that it is as ``truth`` says now."""
    words = {"": "", "before": "", "between": " while the sweeps are taken"}
    changes = []
    if weather.mains:
        changes.append(f"the mains {'returns' if truth.has_mains else 'fails'}{words[weather.mains]}")
    if weather.battery:
        changes.append(f"the battery {'recovers' if truth.is_able else 'gives out'}{words[weather.battery]}")
    return f"{' and '.join(changes).capitalize()}." if changes else "The world stays as it is."


def _rest(truth: Truth) -> str:
    return f"without power R1 is {_words(Contact(truth.r1))}, R2 {_words(Contact(truth.r2))}"


def _loads(truth: Truth, site: Site) -> str:
    mains = "mains there" if truth.has_mains else "no mains"
    battery = "battery able" if truth.is_able else "battery unable"
    fed = "DARK"
    if are_fed(truth, site.wiring):
        fed = "fed by the supply" if is_supplied(truth) else "fed by the battery"
    return f"({mains}, {battery}, R1 {_words(Contact(truth.r1))}, R2 {_words(Contact(truth.r2))}: loads {fed}.)"


def _orders(orders: tuple[Ordered, ...]) -> str:
    if not orders:
        return ""
    return "Ordered: " + ", ".join(_order(ordered) for ordered in orders) + ". "


def _order(ordered: Ordered) -> str:
    order = ordered.order
    if order.action == Action.SET_MODE:
        words = f"mode {_words(order.mode)}"
    elif order.action == Action.SET_CONTACT:
        words = f"{order.relay.name} {_words(order.contact)}"
    else:
        words = "acknowledge the heat"
    return (
        words
        if ordered.answer in (Reason.DONE, Reason.ACKNOWLEDGED)
        else f"{words} (refused: {_words(ordered.answer)})"
    )


def _readings(circuit: Circuit, load: Load, heat: Heat, line: Lines) -> str:
    v1 = _volts(circuit.battery_v, circuit.is_battery_valid)
    v2 = _volts(circuit.charge_v, circuit.is_charge_valid)
    if circuit.is_charge_valid:
        v2 += f" {circuit.charge_a:+.2f} A"
    v3 = _volts(load.bus_v, load.is_valid)
    if load.is_valid and load.lowest_v < load.bus_v:
        v3 += " unsteady"
    v2 = v2 if circuit.is_charge_fitted else "not fitted"
    v3 = v3 if load.is_fitted else "not fitted"
    hot = f"{heat.celsius:.1f} °C" if heat.status == Status.GOOD else f"temperature {_words(Status(heat.status))}"
    hot += " (hurried)" if heat.is_hurried else ""
    lines = f"R1 {_words(line.r1)}, R2 {_words(line.r2)}" if line.is_readable else "not readable"
    return f"Read: V1 {v1}, V2 {v2}, V3 {v3}, {hot}, lines {lines}."


def _volts(volts: float, is_valid: bool) -> str:
    if math.isnan(volts):
        return "lost"
    return f"{volts:.2f} V" if is_valid else f"frozen at {volts:.2f} V"


def _decision(decision: Decision, before: tuple[Contact, Contact]) -> str:
    moves = []
    reasons = (decision.r1_reason, decision.r2_reason)
    for name, contact, was, reason in zip(("R1", "R2"), decision.contacts, before, reasons, strict=False):
        verb = "stays" if contact == was else "goes"
        moves.append(f"{name} {verb} {_words(Contact(contact))} ({_words(Reason(reason))})")
    return f"Decided with the mains {_words(decision.mains)}: {', '.join(moves)}."
