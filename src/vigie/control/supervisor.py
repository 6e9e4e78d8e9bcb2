"""One period of control: ``step(state, measurement, settings) -> (state, decision)``. Pure; runs live and in the lab.

The supervisor knows modes and interlocks, not boards, clocks or files. Orders from people come through ``obey``
before the step of the same period.
"""

from enum import IntEnum
from typing import NamedTuple

from vigie.control import interlocks, steadiness
from vigie.control.commands import Mains, Mode, Phase, Reason, Verdict
from vigie.control.interlocks import InterlockSettings, Latch, Ruling, Situation
from vigie.control.mains import MainsSettings, evidence
from vigie.control.modes import plan as plans
from vigie.control.modes import table
from vigie.control.modes.chosen import wanted
from vigie.control.modes.plan import Plan
from vigie.control.modes.table import ModeSettings
from vigie.control.modes.wish import Hands, MinimumTimes, Passing, Wish
from vigie.control.signals import Contact, Contacts, Measurement, Relay, Wiring
from vigie.control.steadiness import Steadiness


class SupervisorSettings(NamedTuple):
    """All settings the supervisor reads, already checked."""

    wiring: Wiring
    r2_may_black_out: bool
    mains: MainsSettings
    interlocks: InterlockSettings
    modes: ModeSettings
    minimum_times: MinimumTimes


class ContactState(NamedTuple):
    """A contact as last commanded."""

    contact: Contact
    since_s: float
    reason: Reason


class Supply(NamedTuple):
    """The mains as last seen."""

    mains: Mains
    since_s: float
    is_after_drill: bool
    """R1 closed after a drill and the mains has not shown itself since."""
    steadiness: Steadiness


class Relays(NamedTuple):
    """The four contacts as last commanded."""

    r1: ContactState
    r2: ContactState
    r3: ContactState
    r4: ContactState


class State(NamedTuple):
    """Everything the supervisor remembers from period to period."""

    plan: Plan
    supply: Supply
    relays: Relays
    latch: Latch


class Decision(NamedTuple):
    """What the period decided. The loop switches what differs from the lines."""

    contacts: Contacts
    r1_reason: Reason
    r2_reason: Reason
    r1_refusal: Reason
    """Why R1 could not be opened now; NONE when it could."""
    r2_refusal: Reason
    mains: Mains
    hold_off_s: float
    """How long the mains must still stand, after it was lost, before R2 may open; 0 when it has."""
    verdict: Verdict
    verdict_reason: Reason


class Action(IntEnum):
    """What an order asks for."""

    SET_MODE = 0
    SET_CONTACT = 1
    ACKNOWLEDGE = 2


class Order(NamedTuple):
    """An order in the supervisor's own terms; fields that the action does not use are ignored."""

    action: Action
    mode: Mode
    relay: Relay
    contact: Contact
    manual_s: float


def adopted(contacts: Contacts, mode: Mode, now_s: float, r1_open_s: float, latch: Latch, known: Steadiness) -> State:
    """Return the state of a supervisor that finds ``contacts`` at start and has decided nothing yet.

    A mode goes on where its contacts say it was: a restart never begins a discharge, never lengthens one, and never
    releases the over-temperature latch.

    Args:
        contacts: as the lines read.
        mode: to resume.
        now_s: monotonic plant time.
        r1_open_s: how long R1 has been open already; 0 when it is closed.
        latch: as it stood before the stop.
        known: of the mains before the stop, see :func:`vigie.control.steadiness.at_start`.
    """
    relays = Relays(
        ContactState(contacts.r1, now_s - r1_open_s, Reason.ADOPTED),
        ContactState(contacts.r2, now_s, Reason.ADOPTED),
        ContactState(contacts.r3, now_s, Reason.ADOPTED),
        ContactState(contacts.r4, now_s, Reason.ADOPTED),
    )
    hands = Hands(contacts.r1, contacts.r2, now_s)
    plan = plans.begun(mode, table.resumed_phase(mode, contacts), hands, now_s)
    return State(plan, Supply(Mains.UNKNOWN, now_s, False, known), relays, latch)


def entered(state: State, mode: Mode, hands: Hands, now_s: float) -> State:
    """Return the state with ``mode`` chosen; contacts do not move before the next step decides."""
    plan = plans.begun(mode, table.first_phase(mode, state.relays.r2.contact), hands, now_s)
    return State(plan, state.supply, state.relays, state.latch)


def obey(state: State, order: Order, settings: SupervisorSettings, now_s: float) -> tuple[State, Reason]:
    """Take an order into the state.

    Returns:
        The next state, and DONE, ACKNOWLEDGED, or the reason why the order is refused. An order to move R1 or R2 is
        only a wish: the step of the same period decides (:func:`overruled`), and an overruled wish is forgotten.
    """
    if order.action == Action.SET_MODE:
        return _obey_mode(state, order, settings, now_s), Reason.DONE
    if order.action == Action.ACKNOWLEDGE:
        if not state.latch.is_set:
            return state, Reason.NOT_LATCHED
        return State(state.plan, state.supply, state.relays, Latch(True, True, 0)), Reason.ACKNOWLEDGED
    return _obey_contact(state, order, now_s)


def _obey_mode(state: State, order: Order, settings: SupervisorSettings, now_s: float) -> State:
    if table.is_by_hand(order.mode):
        manual = settings.modes.manual
        lasts_s = order.manual_s if order.manual_s > 0.0 else manual.default_s
        until_s = now_s + min(lasts_s, manual.longest_s)
        if state.plan.mode == order.mode:
            return _with_hands(state, Hands(state.plan.hands.r1, state.plan.hands.r2, until_s))
        hands = Hands(state.relays.r1.contact, state.relays.r2.contact, until_s)
        return entered(state, order.mode, hands, now_s)
    if order.mode == state.plan.mode:
        return state
    return entered(state, order.mode, state.plan.hands, now_s)


def _obey_contact(state: State, order: Order, now_s: float) -> tuple[State, Reason]:
    relays = state.relays
    if order.relay == Relay.R3:
        r3 = _moved(relays.r3, order.contact, Reason.SET_BY_USER, now_s)
        return State(state.plan, state.supply, Relays(relays.r1, relays.r2, r3, relays.r4), state.latch), Reason.DONE
    if order.relay == Relay.R4:
        r4 = _moved(relays.r4, order.contact, Reason.SET_BY_USER, now_s)
        return State(state.plan, state.supply, Relays(relays.r1, relays.r2, relays.r3, r4), state.latch), Reason.DONE
    if not table.is_by_hand(state.plan.mode):
        return state, Reason.NOT_MANUAL
    hands = state.plan.hands
    if order.relay == Relay.R1:
        return _with_hands(state, Hands(order.contact, hands.r2, hands.until_s)), Reason.DONE
    return _with_hands(state, Hands(hands.r1, order.contact, hands.until_s)), Reason.DONE


def overruled(order: Order, decision: Decision) -> Reason:
    """Return why an order to move R1 or R2 did not come true in the step after it; NONE when it did."""
    if order.action != Action.SET_CONTACT:
        return Reason.NONE
    if order.relay == Relay.R1 and decision.contacts.r1 != order.contact:
        return decision.r1_reason
    if order.relay == Relay.R2 and decision.contacts.r2 != order.contact:
        return decision.r2_reason
    return Reason.NONE


def step(state: State, measurement: Measurement, settings: SupervisorSettings) -> tuple[State, Decision]:
    """Decide one period.

    Args:
        state: from the period before (or :func:`adopted`).
        measurement: this period's process image.
        settings: checked settings.

    Returns:
        The next state and the decision. Both depend on nothing but the arguments.
    """
    now_s = measurement.now_s
    has_expired = False
    if table.is_by_hand(state.plan.mode) and now_s >= state.plan.hands.until_s:
        state = entered(state, Mode.OBSERVE, state.plan.hands, now_s)
        has_expired = True
    mains = evidence(measurement, settings.mains)
    latch = interlocks.next_latch(state.latch, measurement, settings.interlocks)
    shown = steadiness.seen(measurement, mains, is_settling(state, now_s, settings.mains), settings.mains)
    proof = steadiness.followed(state.supply.steadiness, shown, settings.mains, now_s)
    hold_off_s = steadiness.remaining_s(proof, now_s)
    r1 = state.relays.r1
    r1_open_s = now_s - r1.since_s if r1.contact == Contact.OPEN else -1.0
    wish, passing = wanted(state.plan, r1_open_s, measurement, settings.wiring, settings.modes, settings.minimum_times)
    if has_expired:
        wish = Wish(wish.phase, wish.r1, wish.r2, Reason.MANUAL_EXPIRED, Reason.MANUAL_EXPIRED)
    wish = _with_minimum_times(wish, state, settings.minimum_times, now_s)
    situation = Situation(
        mains,
        r1.contact,
        state.relays.r2.contact,
        max(r1_open_s, 0.0),
        latch.is_set,
        settings.wiring,
        settings.r2_may_black_out,
        hold_off_s,
    )
    ruling = interlocks.apply(wish, situation, measurement, settings.interlocks, settings.mains)
    after = _after(state, wish, passing, ruling, mains, proof, latch, now_s)
    verdict, verdict_reason = judge(after, measurement, ruling, settings)
    contacts = Contacts(ruling.r1, ruling.r2, after.relays.r3.contact, after.relays.r4.contact)
    decision = Decision(
        contacts,
        ruling.r1_reason,
        ruling.r2_reason,
        ruling.r1_refusal,
        ruling.r2_refusal,
        mains,
        hold_off_s,
        verdict,
        verdict_reason,
    )
    return after, decision


def is_settling(state: State, now_s: float, mains: MainsSettings) -> bool:
    """Return whether a drill has just ended, so that a supply that is not back yet is no loss."""
    return state.supply.is_after_drill and now_s - state.relays.r1.since_s < mains.settling_s


def _with_minimum_times(wish: Wish, state: State, times: MinimumTimes, now_s: float) -> Wish:
    """Hold R2, and the step into or out of REST, until it has stayed long enough, where readings decide."""
    if not table.decides_by_readings(state.plan.mode):
        return wish
    r2 = state.relays.r2
    if wish.r2 == r2.contact or wish.r2_reason == Reason.MEASUREMENT_LOST:
        return wish
    least_s = times.closed_s if r2.contact == Contact.CLOSED else times.open_s
    if now_s - r2.since_s >= least_s:
        return wish
    phase = wish.phase if state.plan.phase == Phase.DISCHARGE else state.plan.phase
    return Wish(phase, wish.r1, r2.contact, wish.r1_reason, Reason.MINIMUM_TIME)


def _after(
    state: State,
    wish: Wish,
    passing: Passing,
    ruling: Ruling,
    mains: Mains,
    proof: Steadiness,
    latch: Latch,
    now_s: float,
) -> State:
    plan = state.plan
    relays = state.relays
    has_ended_drill = relays.r1.contact == Contact.OPEN and ruling.r1 == Contact.CLOSED
    phase = wish.phase
    if phase == Phase.DISCHARGE and has_ended_drill:
        phase = table.after_broken_drill(plan.mode)
    if phase == Phase.REST and ruling.r2 == Contact.CLOSED:
        phase = table.after_broken_rest(plan.mode)
    if table.is_by_hand(plan.mode):
        # An overruled wish to open is forgotten: it must not come true later, when nobody expects it.
        r1 = ruling.r1 if wish.r1 == Contact.OPEN else Contact.CLOSED
        r2 = ruling.r2 if wish.r2 == Contact.OPEN else Contact.CLOSED
        plan = plans.with_hands(plan, Hands(r1, r2, plan.hands.until_s))
    supply = Supply(
        mains,
        state.supply.since_s if mains == state.supply.mains else now_s,
        (state.supply.is_after_drill or has_ended_drill) and mains != Mains.PRESENT,
        proof,
    )
    moved = Relays(
        _moved(relays.r1, ruling.r1, ruling.r1_reason, now_s),
        _moved(relays.r2, ruling.r2, ruling.r2_reason, now_s),
        relays.r3,
        relays.r4,
    )
    return State(plans.followed(plan, phase, passing, now_s), supply, moved, latch)


def judge(
    state: State, measurement: Measurement, ruling: Ruling, settings: SupervisorSettings
) -> tuple[Verdict, Reason]:
    """Return the one word for the installation and its most serious reason."""
    if state.latch.is_set:
        return Verdict.ALARM, Reason.OVER_TEMPERATURE
    if not measurement.is_valid:
        is_doubted = measurement.doubt != 0
        return Verdict.ATTENTION if is_doubted else Verdict.UNKNOWN, interlocks.why_lost(measurement)
    if interlocks.lowest_battery_v(measurement) < settings.interlocks.floor_v:
        return Verdict.ALARM, Reason.BATTERY_UNDER_FLOOR
    if state.supply.mains == Mains.ABSENT:
        if not state.supply.is_after_drill:
            return Verdict.ATTENTION, Reason.MAINS_LOST
        if not is_settling(state, measurement.now_s, settings.mains):
            return Verdict.ATTENTION, Reason.NOT_BACK_AFTER_DRILL
    if ruling.r2_reason == Reason.BLACKOUT_RISK:
        return Verdict.ATTENTION, Reason.BLACKOUT_RISK
    return Verdict.OK, Reason.NONE


def _moved(before: ContactState, contact: Contact, reason: Reason, now_s: float) -> ContactState:
    """Return the contact's state; since when and why belong to its last movement."""
    if contact == before.contact:
        return before
    return ContactState(contact, now_s, reason)


def _with_hands(state: State, hands: Hands) -> State:
    return State(plans.with_hands(state.plan, hands), state.supply, state.relays, state.latch)
