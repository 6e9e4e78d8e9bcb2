"""Breadth first through every state of an installation: are the loads ever dark while a source could feed them?

The mains comes and goes, before or between the sweeps; the battery gives out and is charged again; every channel, the
thermometer and the lines may be lost in any period; contacts may not follow; the program is killed and started again;
where the controller lives on the loads, it dies with them, its coils let go, and it starts again when they are fed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.proof.properties import Property
from tests.proof.reactions import Reactions, Way
from tests.proof.states import LONG, Ages, Ordered, passed, renewed, settled
from tests.proof.world import Site, Truth, are_fed, could_be_fed, has_path, is_supplied
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control.commands import Mode
from vigie.control.signals import Contact

DARK = Property(
    "8 never dark through our doing",
    "At the end of every period whose sweeps all saw the world as it is, the loads are fed, if any position of the "
    "contacts that can be set would feed them.",
)
DEAD = Property(
    "9 the dying controller lets the loads live",
    "A controller that dies with the loads does not leave them dark while a source could feed them.",
)


class Alive(NamedTuple):
    """The controller runs."""

    truth: Truth
    number: int
    ages: Ages


class Dead(NamedTuple):
    """The controller has no power; the contacts are at rest. The journal keeps mode and latch."""

    truth: Truth
    mode: Mode
    is_latched: bool


Node = Alive | Dead


class Weather(NamedTuple):
    """What changes in a period, and when: "" not, "before" its sweeps, "between" them."""

    mains: str
    battery: str


class Lived(NamedTuple):
    """A period of a controller that runs."""

    elapsed: int
    weather: Weather
    orders: tuple[Ordered, ...]
    before: "Alive"
    """The orders taken in, the truth as in the last sweep."""
    way: Way
    stuck: tuple[bool, bool]
    """Contacts that were told to move and did not."""
    after: Truth
    """Before the coils let go, should the controller die of it."""


class Died(NamedTuple):
    """The loads went dark before the controller could decide."""

    elapsed: int
    weather: Weather
    seen: Truth
    after: Truth


class Waited(NamedTuple):
    """A period without a controller; it starts when the loads are fed."""

    weather: Weather
    after: Truth
    has_started: bool


class Restarted(NamedTuple):
    """The program was killed and started again; no contact moved."""

    mode: Mode
    is_latched: bool
    has_journal: bool


Event = Lived | Died | Waited | Restarted


Story = tuple[Property, tuple[Event, ...]]
"""A statement that does not hold, and the shortest way there."""


class Limit(NamedTuple):
    """Darkness that is known and accepted, and why."""

    name: str
    text: str


HOT_AND_BLIND = Limit(
    "hot and blind",
    "The battery is too hot, its R2 open, and V3 is lost: a mains failure cannot be seen, R2 stays open for the heat.",
)
RISK_ACCEPTED = Limit(
    "blackout accepted",
    "R2 is wired NO in the line of a controller that lives on the loads, and the settings accept the blackout.",
)
R1_NO = Limit(
    "R1 wired NO",
    "R1 is wired NO and the controller lives on the loads: when they go dark, in a drill or at the end of an outage, "
    "the mains cannot come back without it. The configuration warns.",
)


class Seen(NamedTuple):
    """What an exploration saw."""

    states: int
    transitions: int
    broken: Story | None
    limits: dict[Limit, Story]
    """Accepted darkness that was reached, each by a shortest story."""


WEATHERS = tuple(
    Weather(mains, battery) for mains in ("", "before", "between") for battery in ("", "before", "between")
)


class World:
    """The exploration of one installation."""

    def __init__(self, reactions: Reactions, site: Site, elapsed: tuple[int, ...] = (1, LONG)) -> None:
        control = reactions.control
        assert control.settings.r2_may_black_out == site.r2_may_black_out
        assert control.settings.wiring == site.wiring
        self.control = control
        self.site = site
        self.elapsed = elapsed
        self._reactions = reactions
        self.parents: dict[Node, tuple[Node | None, Event | None]] = {}
        self.limits: dict[Limit, Story] = {}
        self._seen: set[tuple[Alive, bool]] = set()
        self._transitions = 0

    def root(self) -> Alive:
        """Return a healthy site where the program has just started for the first time."""
        number, ages = self.control.adopted(Mode.OBSERVE, CLOSED, CLOSED, 0, False)
        return Alive(Truth(True, True, int(CLOSED), int(CLOSED)), number, ages)

    def explore(self) -> Seen:
        """Visit every state once; stop at the first darkness that need not be."""
        root = self.root()
        self.parents[root] = (None, None)
        frontier: list[Node] = [root]
        broken = None
        while frontier and broken is None:
            ahead: list[Node] = []
            for node in frontier:
                for after, event in self.ways_on(node):
                    self._transitions += 1
                    prop, limit = self._judged(node, after, event)
                    if prop is not None and limit is None:
                        broken = prop, (*self.story(node), event)
                        break
                    if prop is not None and limit is not None and limit not in self.limits:
                        self.limits[limit] = prop, (*self.story(node), event)
                    if after not in self.parents:
                        self.parents[after] = (node, event)
                        ahead.append(after)
                if broken is not None:
                    break
            frontier = ahead
        return Seen(len(self.parents), self._transitions, broken, self.limits)

    def story(self, node: Node) -> tuple[Event, ...]:
        """Return the shortest way to a state, oldest event first."""
        events: list[Event] = []
        before, event = self.parents[node]
        while before is not None and event is not None:
            events.append(event)
            before, event = self.parents[before]
        return tuple(reversed(events))

    def ways_on(self, node: Node) -> Iterator[tuple[Node, Event]]:
        """Yield every state one event later."""
        if isinstance(node, Dead):
            yield from self._waited(node)
            return
        for elapsed in self.elapsed:
            for weather in WEATHERS:
                for first, last in self._weathered(node.truth, weather):
                    yield from self._period(node, elapsed, weather, first, last)
        yield from self._restarted(node)

    def _weathered(self, truth: Truth, weather: Weather) -> Iterator[tuple[Truth, Truth]]:
        """Yield the truth in the first and after the last sweep; a battery recovers only by being charged."""
        first = Truth(
            truth.has_mains ^ (weather.mains == "before"),
            truth.is_able ^ (weather.battery == "before"),
            truth.r1,
            truth.r2,
        )
        last = Truth(
            first.has_mains ^ (weather.mains == "between"),
            first.is_able ^ (weather.battery == "between"),
            truth.r1,
            truth.r2,
        )
        is_charging = is_supplied(first) and truth.r2 == CLOSED
        if truth.is_able or is_charging or not weather.battery:
            yield first, last

    def _period(
        self, node: Alive, elapsed: int, weather: Weather, first: Truth, last: Truth
    ) -> Iterator[tuple[Node, Event]]:
        start = self._begun(node, elapsed, weather, first, last)
        if not isinstance(start, Alive):
            yield start
            return
        for before, orders in self._ordered(start, first != last):
            yield from self._decided(before, elapsed, weather, orders, is_changing=first != last)

    def _begun(
        self, node: Alive, elapsed: int, weather: Weather, first: Truth, last: Truth
    ) -> Alive | tuple[Node, Event]:
        """Return the state before the step, or the death of a controller whose loads are dark."""
        wiring = self.site.wiring
        if self.site.lives_on_loads and not (are_fed(first, wiring) and are_fed(last, wiring)):
            dead = self._dead(last, node.number)
            return dead, Died(elapsed, weather, last, dead.truth)
        ages = passed(self.control.kepts[node.number], node.ages, elapsed, self.control.longest)
        return Alive(last, node.number, ages)

    def in_weather(self, node: Node, weather: Weather) -> Iterator[tuple[Node, Event]]:
        """Yield every state one period later, nothing ordered, in one weather."""
        for first, last in self._weathered(node.truth, weather):
            if isinstance(node, Dead):
                yield from self._started(node, weather, last)
                continue
            start = self._begun(node, 1, weather, first, last)
            if isinstance(start, Alive):
                yield from self._decided(start, 1, weather, (), is_changing=first != last)
            else:
                yield start

    def _decided(
        self, before: Alive, elapsed: int, weather: Weather, orders: tuple[Ordered, ...], *, is_changing: bool
    ) -> Iterator[tuple[Node, Event]]:
        """Yield what becomes of every decision: each contact that was told to move does so or not."""
        site = self.site
        for way in self._reactions.ways(before.number, before.truth, is_changing):
            leaf = way.leaf
            if not leaf.takes(before.ages):
                continue
            ages = settled(self.control.kepts[leaf.after], renewed(before.ages, leaf.moved), self.control.longest)
            for stuck, after in _switched(way, before.truth):
                lived = Lived(elapsed, weather, orders, before, way, stuck, after)
                if site.lives_on_loads and not are_fed(after, site.wiring):
                    yield self._dead(after, leaf.after), lived
                else:
                    yield Alive(after, leaf.after, ages), lived

    def _dead(self, truth: Truth, number: int) -> Dead:
        kept = self.control.kepts[number]
        at_rest = truth._replace(r1=int(self.site.r1_at_rest), r2=int(self.site.r2_at_rest))
        return Dead(at_rest, _resumed(kept.mode), kept.is_latched)

    def _ordered(self, start: Alive, is_changing: bool) -> Iterator[tuple[Alive, tuple[Ordered, ...]]]:
        if (start, is_changing) in self._seen:
            return
        self._seen.add((start, is_changing))
        waiting: list[tuple[Alive, tuple[Ordered, ...]]] = [(start, ())]
        for before, orders in waiting:
            yield before, orders
            for ordered in self.control.ordered(before.number):
                node = Alive(before.truth, ordered.after, renewed(before.ages, ordered.moved))
                if (node, is_changing) not in self._seen:
                    self._seen.add((node, is_changing))
                    waiting.append((node, (*orders, ordered)))

    def _waited(self, node: Dead) -> Iterator[tuple[Node, Event]]:
        for weather in WEATHERS:
            for _, truth in self._weathered(node.truth, weather):
                yield from self._started(node, weather, truth)

    def _started(self, node: Dead, weather: Weather, truth: Truth) -> Iterator[tuple[Node, Event]]:
        if not are_fed(truth, self.site.wiring):
            yield node._replace(truth=truth), Waited(weather, truth, False)
            return
        for r1_age in (0, int(self.control.settings.interlocks.longest_drill_s)):
            r1, r2 = Contact(truth.r1), Contact(truth.r2)
            number, ages = self.control.adopted(node.mode, r1, r2, r1_age, node.is_latched)
            yield Alive(truth, number, ages), Waited(weather, truth, True)

    def _restarted(self, node: Alive) -> Iterator[tuple[Node, Event]]:
        kept, truth = self.control.kepts[node.number], node.truth
        longest = int(self.control.settings.interlocks.longest_drill_s)
        known_age = node.ages.r1 if kept.r1 == OPEN else longest
        for has_journal in (True, False):
            mode = _resumed(kept.mode) if has_journal else Mode.OBSERVE
            is_latched = kept.is_latched and has_journal
            r1_age = (known_age if has_journal else longest) if truth.r1 == OPEN else 0
            number, ages = self.control.adopted(mode, Contact(truth.r1), Contact(truth.r2), r1_age, is_latched)
            yield Alive(truth, number, ages), Restarted(mode, is_latched, has_journal)

    def _judged(self, node: Node, after: Node, event: Event) -> tuple[Property | None, Limit | None]:
        """Return the statement that an event breaks, and the known limit that excuses it."""
        wiring = self.site.wiring
        if isinstance(after, Dead):
            is_needless = not are_fed(after.truth, wiring) and could_be_fed(after.truth, wiring, (True, True))
            return (DEAD, self._dead_limit(after.truth)) if is_needless else (None, None)
        if not isinstance(event, Lived) or are_fed(event.after, wiring):
            return None, None
        if "between" in event.weather:
            return None, None  # the next period sees it
        seen, line = event.before.truth, event.way.lines
        can_set = (
            not event.stuck[0] and (line.is_readable or line.r1 == seen.r1),
            not event.stuck[1] and (line.is_readable or line.r2 == seen.r2),
        )
        if not could_be_fed(seen, wiring, can_set):
            return None, None
        if self._is_first_try(event):
            return None, None
        return DARK, self._blind_limit(event)

    def _is_first_try(self, event: Lived) -> bool:
        """Return whether this period began a drill on a battery of which only the drill can show that it is unable."""
        is_beginning = is_supplied(event.before.truth) and event.after.r1 == OPEN
        return is_beginning and has_path(event.after, self.site.wiring) and not event.after.is_able

    def _blind_limit(self, event: Lived) -> Limit | None:
        is_latched = self.control.kepts[event.way.leaf.after].is_latched
        return HOT_AND_BLIND if is_latched and event.way.is_blind and event.before.truth.r2 == OPEN else None

    def _dead_limit(self, truth: Truth) -> Limit | None:
        if truth.is_able:  # the battery is left unused
            return RISK_ACCEPTED if self.site.is_risk_accepted else None
        return R1_NO if self.site.r1_at_rest == OPEN else None


def _resumed(mode: Mode) -> Mode:
    return Mode.OBSERVE if mode == Mode.MANUAL else mode


def _switched(way: Way, truth: Truth) -> Iterator[tuple[tuple[bool, bool], Truth]]:
    wanted = way.leaf.decision.contacts
    moves_r1 = wanted.r1 != way.lines.r1
    moves_r2 = wanted.r2 != way.lines.r2
    for is_r1_stuck in (False, True) if moves_r1 else (False,):
        for is_r2_stuck in (False, True) if moves_r2 else (False,):
            r1 = int(wanted.r1) if moves_r1 and not is_r1_stuck else truth.r1
            r2 = int(wanted.r2) if moves_r2 and not is_r2_stuck else truth.r2
            yield (is_r1_stuck, is_r2_stuck), Truth(truth.has_mains, truth.is_able, r1, r2)
