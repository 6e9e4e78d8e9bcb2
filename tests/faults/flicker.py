"""A mains that flickers for hours: how often, and for how long, are the loads dark?

The real filter and supervisor run over the plainest circuit that can show it: mains, supply, battery, R2 in the line.
Whatever the mode, it wants R2 open all the time; only the interlocks keep it closed.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from tests.property.sequences import UNCALIBRATED
from tests.unit.control.process_images import mode_settings
from vigie.control import supervisor
from vigie.control.commands import Mode
from vigie.control.filtering import ChannelsSettings, FilterSettings, initial_filter_state, summarise
from vigie.control.interlocks import InterlockSettings, Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.signals import NO_SENSOR, Contact, Contacts, Reading, Relay, Status, Sweep, Temperature, Wiring
from vigie.control.steadiness import MainsStanding, Steadiness
from vigie.control.supervisor import Action, Order, State, SupervisorSettings
from vigie.plant.port import LOOK_EVERY_S

HOUR_S = 3600
PERIOD_S = 1.0
MOST_MOMENTS = 2
"""Dark moments in any hour, whatever the flicker."""
LONGEST_MOMENT_S = 0.05
"""Each ends with the next decision, which a look has begun; the relay's time is not in it."""
SWEEP_S = 1.5e-3
"""Of four chips at 400 kHz."""
OPEN, CLOSED = Contact.OPEN, Contact.CLOSED
FITTED = ChannelsSettings(UNCALIBRATED, UNCALIBRATED, UNCALIBRATED, UNCALIBRATED._replace(is_fitted=False))
NOTHING = Reading(math.nan, math.nan, int(Status.ABSENT))
BY_HAND = Order(Action.SET_MODE, Mode.MANUAL, Relay.R2, OPEN, 7200.0)
OPEN_R2 = Order(Action.SET_CONTACT, Mode.MANUAL, Relay.R2, OPEN, 0.0)


class Flicker(NamedTuple):
    """A mains that goes and comes by turns, from ``begins_s`` on."""

    away_s: float
    there_s: float
    begins_s: float = 11.0

    def is_there(self, at_s: float) -> bool:
        return at_s < self.begins_s or (at_s - self.begins_s) % (self.away_s + self.there_s) >= self.away_s

    def away(self, from_s: float, to_s: float) -> Iterator[tuple[float, float]]:
        """Yield the stretches without mains between two instants."""
        turn_s = self.away_s + self.there_s
        turn = max(math.floor((from_s - self.begins_s) / turn_s), 0)
        while (start_s := self.begins_s + turn * turn_s) < to_s:
            if start_s + self.away_s > from_s:
                yield max(start_s, from_s), min(start_s + self.away_s, to_s)
            turn += 1


class Where(NamedTuple):
    """What opens R2."""

    mode: Mode
    is_hot: bool

    @property
    def name(self) -> str:
        return self.mode.name.lower() + (", hot" if self.is_hot else "")


class Darkness(NamedTuple):
    """What the loads went through in one hour; gaps shorter than a period do not part two dark moments."""

    moments: int
    longest_s: float
    total_s: float


EQUAL_S = (0.1, 0.13, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.7, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 65.0,
           100.0, 150.0, 200.0, 299.0, 301.0, 350.0, 450.0, 600.0)  # fmt: skip
UNEQUAL_S = ((0.1, 0.9), (0.1, 1.9), (0.2, 30.0), (0.5, 400.0), (0.9, 0.1), (3.0, 310.0), (20.0, 590.0), (400.0, 2.0))
FLICKERS = (*(Flicker(turn_s, turn_s) for turn_s in EQUAL_S), *(Flicker(*turns) for turns in UNEQUAL_S))
PLACES = (
    Where(Mode.PROTECT, False),
    Where(Mode.CYCLE, False),
    Where(Mode.MANUAL, False),
    Where(Mode.MAINTAIN, False),
    *(Where(mode, True) for mode in Mode),
)
BEGINNINGS_S = (11.0, 11.03, 11.57, 11.93)
"""Within a period: the first sweep is at .0, the decision at .9."""


def configured(mains: MainsSettings) -> SupervisorSettings:
    """Return the defaults, with a manual mode that lasts and no minimum time to hide behind."""
    times = MinimumTimes(0.0, 0.0, 0.0)
    modes = mode_settings(manual=ManualSettings(7200.0, 7200.0))
    return SupervisorSettings(Wiring.LINE, False, mains, InterlockSettings(), modes, times)


def swept(is_there: bool, r2: Contact, last_bit: int) -> Sweep:
    """Read the circuit once: charged above every upper threshold, resting above every lower one.

    Args:
        is_there: the mains.
        r2: as it conducts.
        last_bit: of V3, which moves as a real meter's does.
    """
    battery_v = 13.0 if r2 == CLOSED and is_there else 12.8
    charge_a = (1.0 if is_there else -0.8) if r2 == CLOSED else 0.0
    load_v = 13.6 + 0.004 * last_bit if is_there else (12.7 if r2 == CLOSED else 0.0)
    load_a = 0.8 if load_v else 0.0
    return Sweep(
        Reading(battery_v, 0.0, 0), Reading(battery_v, charge_a * 0.1, 0), Reading(load_v, load_a * 0.1, 0), NOTHING
    )


def lived(flicker: Flicker, where: Where, mains: MainsSettings, lasts_s: int = HOUR_S) -> Darkness:
    """Live through an hour that begins with R2 open on a mains that has stood for long."""
    settings, filtering = configured(mains), FilterSettings()
    celsius = Temperature(55.0 if where.is_hot else 25.0, 0)
    state = _resting(where, settings)
    filtered, r2 = initial_filter_state(), OPEN
    begins_s, decided_s, stretches = PERIOD_S, 0.0, list[tuple[float, float]]()
    last_bit = 0
    while begins_s < lasts_s:
        step_s = PERIOD_S / filtering.sweeps
        instants = [begins_s + sweep * step_s for sweep in range(filtering.sweeps)]
        begins_s += PERIOD_S
        fell_s = _looked(flicker, decided_s, instants[-1]) if r2 == OPEN else None
        if fell_s is not None:
            instants = [fell_s + (sweep + 1) * SWEEP_S for sweep in range(filtering.sweeps)]
            begins_s = instants[-1] + step_s
        now_s = instants[-1]
        if r2 == OPEN:
            stretches += flicker.away(decided_s, now_s)
        sweeps = tuple(swept(flicker.is_there(at_s), r2, last_bit) for at_s in instants)
        lines = Contacts(CLOSED, r2, CLOSED, OPEN)
        is_hurried = fell_s is not None
        filtered, image = summarise(filtered, sweeps, celsius, NO_SENSOR, lines, now_s, FITTED, filtering, is_hurried)
        if where.mode == Mode.MANUAL and r2 == CLOSED:
            for order in (BY_HAND, OPEN_R2):
                state, _ = supervisor.obey(state, order, settings, now_s)
        image = image._replace(full_age_s=0.0)  # believed full always: maintain rests as soon as it may
        state, decision = supervisor.step(state, image, settings)
        r2, decided_s, last_bit = decision.contacts.r2, now_s, 1 - last_bit
    return _counted(stretches)


def _looked(flicker: Flicker, from_s: float, to_s: float) -> float | None:
    """Return when a look finds the mains away before ``to_s``, as late as it comes at worst."""
    looks_s = (
        start_s + LOOK_EVERY_S for start_s, end_s in flicker.away(from_s, to_s) if start_s + LOOK_EVERY_S < end_s
    )
    return next(looks_s, None)


def _resting(where: Where, settings: SupervisorSettings) -> State:
    proven = Steadiness(MainsStanding.STANDS, 0.0, 0.0)
    latch = Latch(where.is_hot, False, 0)
    state = supervisor.adopted(Contacts(CLOSED, OPEN, CLOSED, OPEN), where.mode, 0.0, 0.0, latch, proven)
    if where.mode == Mode.MANUAL:
        state, _ = supervisor.obey(state, BY_HAND, settings, 0.0)
    return state


def _counted(stretches: list[tuple[float, float]]) -> Darkness:
    moments: list[tuple[float, float]] = []
    for start_s, end_s in stretches:
        if moments and start_s - moments[-1][1] < PERIOD_S:
            moments[-1] = (moments[-1][0], end_s)
        else:
            moments.append((start_s, end_s))
    lasted_s = [end_s - start_s for start_s, end_s in moments]
    dark_s = sum(end_s - start_s for start_s, end_s in stretches)
    return Darkness(len(moments), max(lasted_s, default=0.0), dark_s)


def worst(where: Where) -> Darkness:
    """Return the worst of every flicker in one place, however it begins."""
    seen = [
        lived(flicker._replace(begins_s=begins_s), where, MainsSettings())
        for flicker in FLICKERS
        for begins_s in BEGINNINGS_S
    ]
    return Darkness(*(max(column) for column in zip(*seen, strict=True)))
