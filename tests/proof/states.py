"""The supervisor's states without calendar: what it remembers, and how long ago, as far as it can ever matter.

``Kept`` is what the supervisor decides by; ``Ages`` is how many periods ago each remembered instant lies, no further
back than the longest time it is compared with. The other instants are put into the real state as :class:`Unasked`, so
that a control that begins to look at them fails the proof instead of escaping it. Not kept are the last evidence of the
mains and the last reasons: the supervisor only hands them on, which the long random run would notice.
"""

from typing import Any, NamedTuple

from tests.proof.hostile_steadiness import answering
from tests.proof.parts import OF_STEP, Summaries
from tests.proof.readings import Image
from tests.proof.undecided import Draw, Unasked, Undecided
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control import supervisor
from vigie.control.commands import Mains, Mode, Phase, Reason
from vigie.control.interlocks import Latch
from vigie.control.modes.plan import Plan
from vigie.control.modes.wish import Hands, Passing
from vigie.control.signals import Contact, Contacts, Relay
from vigie.control.steadiness import MainsStanding
from vigie.control.supervisor import Action, ContactState, Decision, Order, Relays, State, Supply

NOW_S = 1000.0
LONG = 99
"""Periods that outlast every time setting: a program that hung, or a quiet day."""
SPARE = ContactState(CLOSED, 0.0, Reason.ADOPTED), ContactState(OPEN, 0.0, Reason.ADOPTED)


STEADINESS: Any = Unasked("what is remembered of the mains; it is explored apart")


class Kept(NamedTuple):
    """What the supervisor remembers and decides by, instants apart. Hands are None outside manual mode."""

    mode: Mode
    phase: Phase
    hand_r1: Contact | None
    hand_r2: Contact | None
    r1: Contact
    r2: Contact
    is_after_drill: bool
    is_latched: bool
    is_acknowledged: bool
    recent_heat: int


class Ages(NamedTuple):
    """In periods: since R1 and R2 moved, and until manual mode ends (0 outside it)."""

    r1: int
    r2: int
    manual: int


class Times(NamedTuple):
    """The longest ages that can matter, in periods."""

    r1: int
    r2: int
    manual: int


def times(settings: supervisor.SupervisorSettings) -> Times:
    """Return the longest time each instant is compared with; for R1 one period more, so that one too long is seen."""
    return Times(
        int(max(settings.interlocks.longest_drill_s, settings.mains.settling_s, settings.modes.cycle.settle_s)) + 1,
        int(max(settings.minimum_times.closed_s, settings.minimum_times.open_s)),
        int(max(settings.modes.manual.longest_s, settings.modes.manual.default_s)),
    )


def passed(kept: Kept, ages: Ages, periods: int, longest: Times) -> Ages:
    """Return the ages some periods later."""
    manual = max(ages.manual - periods, 0) if kept.mode == Mode.MANUAL else 0
    return Ages(min(ages.r1 + periods, longest.r1), min(ages.r2 + periods, longest.r2), manual)


def settled(kept: Kept, ages: Ages, longest: Times) -> Ages:
    """Return the ages without the differences that can never matter.

    The next period is at least one later: an age one under the longest is as good as the longest. How long R1 has been
    closed is asked only after a drill.
    """
    is_r1_asked = kept.r1 == OPEN or kept.is_after_drill
    r1 = ages.r1 if is_r1_asked and ages.r1 < longest.r1 - 1 else longest.r1
    r2 = ages.r2 if ages.r2 < longest.r2 - 1 else longest.r2
    return Ages(r1, r2, max(ages.manual, 1) if kept.mode == Mode.MANUAL else 0)


Moved = tuple[int | None, int | None, int | None]
"""Ages that were set anew; None where the instant was kept."""


def renewed(ages: Ages, moved: Moved) -> Ages:
    """Return the ages with those that were set anew."""
    r1, r2, manual = moved
    return Ages(ages.r1 if r1 is None else r1, ages.r2 if r2 is None else r2, ages.manual if manual is None else manual)


class Leaf(NamedTuple):
    """One outcome of the real ``step``: readings and ages that lead to it, every combination of them."""

    masks: tuple[int, ...]
    """Readings by group."""
    r1_ages: int
    """Mask of the ages that lead here."""
    r2_ages: int
    manual_ages: int
    after: int
    """Number of the state that is kept."""
    moved: Moved
    decision: Decision
    """Without the rest of the hold-off."""
    shown: MainsStanding
    """What the hold-off was shown."""
    holds: int
    """Mask of hold-offs: over, still running."""

    def takes(self, ages: Ages) -> bool:
        return bool(self.r1_ages >> ages.r1 & self.r2_ages >> ages.r2 & self.manual_ages >> ages.manual & 1)


class Ordered(NamedTuple):
    """What an order makes of a state, before the step of its period."""

    order: Order
    answer: Reason
    after: int
    moved: Moved


def orders() -> tuple[Order, ...]:
    """Return every order that differs for the supervisor (R3 and R4 touch nothing else)."""
    short, lasting = 0.0, 86_400.0
    modes = [Order(Action.SET_MODE, mode, Relay.R1, CLOSED, short) for mode in Mode]
    modes.append(Order(Action.SET_MODE, Mode.MANUAL, Relay.R1, CLOSED, lasting))
    moves = [
        Order(Action.SET_CONTACT, Mode.OBSERVE, relay, contact, 0.0)
        for relay in (Relay.R1, Relay.R2)
        for contact in Contact
    ]
    return (*modes, *moves, Order(Action.ACKNOWLEDGE, Mode.OBSERVE, Relay.R1, CLOSED, 0.0))


class Control:
    """The real control under given settings, asked once per remembered state and for all readings and ages at once."""

    def __init__(self, settings: supervisor.SupervisorSettings) -> None:
        self.settings = settings
        self.longest = times(settings)
        self.draw = Draw()
        self.image = Image(self.draw, settings, NOW_S)
        self.r1_since = self._instant("since R1 moved", [NOW_S - age for age in range(self.longest.r1 + 1)])
        self.r2_since = self._instant("since R2 moved", [NOW_S - age for age in range(self.longest.r2 + 1)])
        self.until = self._instant("the end of manual mode", [NOW_S + age for age in range(self.longest.manual + 1)])
        rest = self.draw.group(2)
        self.hold_off_s = Undecided(self.draw, rest, "the rest of the hold-off", (0.0, 1.0), frozenset([0.0]))
        self.parts = Summaries(self.draw)
        self.kepts: list[Kept] = []
        self._numbers: dict[Kept, int] = {}
        self._paths: dict[int, int] = {}
        self._leaves: dict[int, list[Leaf]] = {}
        self._ordered: dict[int, list[Ordered]] = {}

    def _instant(self, name: str, instants: list[float]) -> Undecided:
        group = self.draw.group(len(instants))
        return Undecided(self.draw, group, name, tuple(instants), frozenset([NOW_S]))

    def state(self, kept: Kept) -> State:
        """Return the real state, its instants undecided, what is never asked marked so."""
        until: Any = self.until if kept.mode == Mode.MANUAL else Unasked("the end of a manual mode that is over")
        hand: Any = Unasked("hands outside manual mode")
        hands = Hands(
            hand if kept.hand_r1 is None else kept.hand_r1, hand if kept.hand_r2 is None else kept.hand_r2, until
        )
        since: Any = Unasked("an instant kept for display")
        r1_since: Any = self.r1_since
        r2_since: Any = self.r2_since
        return State(
            Plan(kept.mode, since, kept.phase, since, hands, Passing(False, since)),
            Supply(Mains.UNKNOWN, since, kept.is_after_drill, STEADINESS),
            Relays(
                ContactState(kept.r1, r1_since, Reason.ADOPTED), ContactState(kept.r2, r2_since, Reason.ADOPTED), *SPARE
            ),
            Latch(kept.is_latched, kept.is_acknowledged, kept.recent_heat),
        )

    def number(self, kept: Kept) -> int:
        """Return the number of a kept state; equal ones have equal numbers."""
        if kept not in self._numbers:
            self._numbers[kept] = len(self.kepts)
            self.kepts.append(kept)
        return self._numbers[kept]

    def kept(self, state: State) -> tuple[int, Moved]:
        """Return the number of what of a real state is kept, and which instants were set anew."""
        is_manual = state.plan.mode == Mode.MANUAL
        hands, relays = state.plan.hands, state.relays
        assert relays[2:] == SPARE, "R3 and R4 moved without an order"
        assert not state.plan.passing.is_passing, "a threshold waits although it need not be passed for any time"
        kept = Kept(
            Mode(state.plan.mode),
            Phase(state.plan.phase),
            Contact(hands.r1) if is_manual else None,
            Contact(hands.r2) if is_manual else None,
            Contact(relays.r1.contact),
            Contact(relays.r2.contact),
            bool(state.supply.is_after_drill),
            bool(state.latch.is_set),
            bool(state.latch.is_acknowledged),
            int(state.latch.recent),
        )
        return self.number(kept), (
            _anew(relays.r1.since_s, self.r1_since, -1, self.longest.r1),
            _anew(relays.r2.since_s, self.r2_since, -1, self.longest.r2),
            _anew(hands.until_s, self.until, 1, self.longest.manual) if is_manual else 0,
        )

    def leaves(self, number: int) -> list[Leaf]:
        """Return what comes of every path of the real ``supervisor.step`` from a state."""
        if number not in self._leaves:
            before = self.state(self.kepts[number])
            with answering(self.hold_off_s) as shown, self.parts.used(OF_STEP):
                paths = self.draw.paths(lambda: self._stepped(before, shown), self.draw.everything())
            self._paths[number] = len(paths)
            self._leaves[number] = [
                Leaf(masks[:4], masks[4], masks[5], masks[6], *outcome, masks[7])
                for masks, outcome in self.draw.joined(paths)
            ]
        return self._leaves[number]

    def paths(self, number: int) -> int:
        """Return how many paths the real ``step`` has from a state."""
        self.leaves(number)
        return self._paths[number]

    def _stepped(self, before: State, shown: list[MainsStanding]) -> tuple[int, Moved, Decision, MainsStanding]:
        state, decision = supervisor.step(before, self.image.measurement, self.settings)
        return (*self.kept(state), decision._replace(hold_off_s=0.0), shown[-1])

    def ordered(self, number: int) -> list[Ordered]:
        """Return what every order makes of a state; the real ``supervisor.obey``."""
        if number not in self._ordered:
            before = self.state(self.kepts[number])
            self._ordered[number] = []
            for order in orders():
                state, answer = supervisor.obey(before, order, self.settings, NOW_S)
                assert state.relays == before.relays, "an order alone moved a contact"
                self._ordered[number].append(Ordered(order, answer, *self.kept(state)))
        return self._ordered[number]

    def adopted(self, mode: Mode, r1: Contact, r2: Contact, r1_age: int, is_latched: bool) -> tuple[int, Ages]:
        """Return the state after a start that finds these contacts; the real ``supervisor.adopted``."""
        found = Contacts(r1, r2, SPARE[0].contact, SPARE[1].contact)
        state = supervisor.adopted(found, mode, NOW_S, float(r1_age), Latch(is_latched, False, 0), STEADINESS)
        assert tuple(relay.contact for relay in state.relays) == found, "a start moved a contact"
        spares = Relays(state.relays.r1, state.relays.r2, *SPARE)
        number, moved = self.kept(State(state.plan, state.supply, spares, state.latch))
        ages = Ages(moved[0] or 0, moved[1] or 0, moved[2] or 0)
        return number, settled(self.kepts[number], ages, self.longest)


def _anew(instant: Any, before: Undecided, direction: int, longest: int) -> int | None:
    if instant is before:
        return None
    return min(max(int((float(instant) - NOW_S) * direction), 0), longest)
