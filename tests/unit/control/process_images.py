"""Builds the values the tests of control speak about: a healthy installation, with what a test changes."""

import math
from typing import Any

from vigie.control.commands import Mode, Reason
from vigie.control.interlocks import InterlockSettings, Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.cycle import CycleSettings
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.table import SPECS, ModeSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.signals import (
    NO_SENSOR,
    ChannelMean,
    Contact,
    Contacts,
    Measurement,
    Relay,
    Status,
    Temperature,
    Wiring,
)
from vigie.control.steadiness import MainsStanding, Steadiness
from vigie.control.supervisor import Action, Decision, Order, State, SupervisorSettings, adopted, obey, step

OPEN = Contact.OPEN
CLOSED = Contact.CLOSED
LINE = Wiring.LINE
CHARGE_ONLY = Wiring.CHARGE_ONLY
LITERAL = MinimumTimes(0.0, 0.0, 0.0)
"""No minimum times: the literal text of the modes."""
AT_ONCE = MainsSettings(steady_s=0.0)
"""A mains that is back is believed at once."""
TRUSTED = Steadiness(MainsStanding.UNPROVEN, 0.0, 0.0)
"""Of a mains that was never lost."""


def contacts(r1: Contact = CLOSED, r2: Contact = CLOSED) -> Contacts:
    return Contacts(r1, r2, CLOSED, OPEN)


def mean(bus_v: float, current_a: float) -> ChannelMean:
    power_w = bus_v * current_a
    return ChannelMean(bus_v, 0.0, current_a * 0.1, current_a, 0.0, power_w, 10, 0, 0, True, bus_v, current_a)


def lost() -> ChannelMean:
    nan = math.nan
    return ChannelMean(nan, nan, nan, nan, nan, nan, 0, 10, int(Status.FAILED), False)


def _load(load_v: float | None, lowest_v: float | None) -> ChannelMean:
    if load_v is None:
        return lost()
    load = mean(load_v, 0.5)
    return load if lowest_v is None else load._replace(lowest_v=lowest_v)


def measured(
    now_s: float = 1000.0,
    *,
    battery_v: float = 12.8,
    charge_a: float | None = 0.3,
    charge_v: float = 13.0,
    load_v: float | None = 13.6,
    lowest_load_v: float | None = None,
    celsius: float | None = 25.0,
    ambient_c: float | None = None,
    r1: Contact = CLOSED,
    r2: Contact = CLOSED,
    is_valid: bool = True,
    full_age_s: float = math.inf,
) -> Measurement:
    """Return a period's image; None loses that reading (say ``is_valid=False`` too when it is a needed one)."""
    return Measurement(
        now_s,
        mean(battery_v, 0.0),
        lost() if charge_a is None else mean(charge_v, charge_a),
        _load(load_v, lowest_load_v),
        lost(),
        Temperature(math.nan, int(Status.FAILED)) if celsius is None else Temperature(celsius, 0),
        NO_SENSOR if ambient_c is None else Temperature(ambient_c, 0),
        contacts(r1, r2),
        is_valid,
        full_age_s=full_age_s,
    )


def mode_settings(**given: Any) -> ModeSettings:
    """Return the settings of all modes: the given sections, and the defaults of the others."""
    defaults = {spec.name: spec.settings() for spec in SPECS if spec.settings is not None}
    return ModeSettings(**{**defaults, **given})


def configured(
    wiring: Wiring = LINE,
    *,
    blackout: bool = False,
    mains: MainsSettings | None = None,
    times: MinimumTimes = LITERAL,
    manual: ManualSettings | None = None,
) -> SupervisorSettings:
    return SupervisorSettings(
        wiring,
        blackout,
        mains or AT_ONCE,
        InterlockSettings(hot_periods=1),
        mode_settings(cycle=CycleSettings(settle_s=0.0), manual=manual or ManualSettings()),
        times,
    )


def mode_order(mode: Mode, manual_s: float = 0.0) -> Order:
    return Order(Action.SET_MODE, mode, Relay.R1, CLOSED, manual_s)


def contact_order(relay: Relay, contact: Contact) -> Order:
    return Order(Action.SET_CONTACT, Mode.OBSERVE, relay, contact, 0.0)


ACKNOWLEDGE = Order(Action.ACKNOWLEDGE, Mode.OBSERVE, Relay.R1, CLOSED, 0.0)


def found(contacts: Contacts, mode: Mode = Mode.OBSERVE, now_s: float = 0.0) -> State:
    """Return the state of a supervisor that finds ``contacts``, with nothing left over from before the stop."""
    return adopted(contacts, mode, now_s, 0.0, Latch(False, False, 0), TRUSTED)


class Panel:
    """A supervisor whose contacts do what they are told, period after period."""

    def __init__(
        self,
        settings: SupervisorSettings | None = None,
        mode: Mode = Mode.OBSERVE,
        r1: Contact = CLOSED,
        r2: Contact = CLOSED,
        now_s: float = 0.0,
    ) -> None:
        self.settings = settings or configured()
        self.now_s = now_s
        self.state: State = found(contacts(r1, r2), mode, now_s)
        self.decision: Decision

    def order(self, order: Order) -> Reason:
        self.state, answer = obey(self.state, order, self.settings, self.now_s)
        return answer

    def after(self, seconds: float = 1.0, **readings: Any) -> Decision:
        """Let a period of ``seconds`` pass and return what it decided."""
        self.now_s += seconds
        relays = self.state.relays
        readings = {"r1": relays.r1.contact, "r2": relays.r2.contact} | readings
        image = measured(self.now_s, **readings)
        self.state, self.decision = step(self.state, image, self.settings)
        return self.decision


def moved(decision: Decision) -> tuple[Contact, Contact]:
    """Return R1 and R2 as decided."""
    return decision.contacts.r1, decision.contacts.r2
