"""Breadth first through every state that the supervisor can reach in a hostile world.

Hostile: every period may measure anything on every channel, every line may read anything, anybody may order anything,
the program may hang for as long as it likes, or be killed and started again with or without a memory. No statement of
:mod:`tests.proof.properties` may be broken there.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.proof.hostile_steadiness import Hold
from tests.proof.parts import OF_JUDGE
from tests.proof.properties import Memory, Property, judged, told
from tests.proof.states import LONG, Ages, Control, Leaf, Ordered, passed, renewed, settled
from tests.proof.undecided import Path
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control.commands import Mode
from vigie.control.signals import Contact

ELAPSED = (1, LONG)


class Node(NamedTuple):
    """Everything that decides the future: the supervisor's state and the bystander's memory."""

    number: int
    ages: Ages
    memory: Memory


class Restart(NamedTuple):
    """The program is killed and started again."""

    mode: Mode
    r1: Contact
    r2: Contact
    r1_age: int
    is_latched: bool


class Period(NamedTuple):
    """One period: how long after the one before, what was ordered, what was read, what came of it."""

    elapsed: int
    orders: tuple[Ordered, ...]
    number: int
    """Of the state before the step, the orders taken in."""
    ages: Ages
    masks: tuple[int, ...]
    leaf: Leaf


class Broken(NamedTuple):
    """A statement that does not hold, and the shortest way there."""

    prop: Property
    events: tuple[Restart | Period, ...]


class Found(NamedTuple):
    """What an exploration saw."""

    states: int
    transitions: int
    paths: int
    """Through the real step, over all states kept."""
    broken: Broken | None
    """The first statement broken, by a shortest story."""


class _Group(NamedTuple):
    """Leaves that lead the same way for the supervisor and the bystander."""

    leaf: Leaf
    masks: tuple[int, ...]
    memory: Memory
    prop: Property | None
    leaves: int
    strangeness: float

    def joined(self, other: "_Group | None") -> "_Group":
        """Return both as one, shown by the more ordinary readings."""
        if other is None:
            return self
        shown = self if self.strangeness < other.strangeness else other
        return shown._replace(leaves=self.leaves + other.leaves)


class Hostile:
    """The exploration of one control in the hostile world."""

    def __init__(self, control: Control, elapsed: tuple[int, ...] = ELAPSED) -> None:
        self.control = control
        self.elapsed = elapsed
        self.parents: dict[Node, tuple[Node | None, Restart | Period | None]] = {}
        self._groups: dict[tuple[int, Memory], list[_Group]] = {}
        self._seen: set[Node] = set()
        self._transitions = 0

    def root(self) -> Node:
        """Return the state of a program that starts for the first time."""
        number, ages = self.control.adopted(Mode.OBSERVE, CLOSED, CLOSED, 0, False)
        return Node(number, ages, Memory(CLOSED, CLOSED, 0, False, False, (), False))

    def explore(self) -> Found:
        """Visit every state once; stop at the first statement broken."""
        root = self.root()
        self.parents[root] = (None, None)
        frontier = [root]
        broken = None
        while frontier and broken is None:
            ahead: list[Node] = []
            for node in frontier:
                broken = self._expand(node, ahead)
                if broken is not None:
                    break
            frontier = ahead
        paths = sum(self.control.paths(number) for number in {node.number for node in self._seen})
        return Found(len(self.parents), self._transitions, paths, broken)

    def _expand(self, node: Node, ahead: list[Node]) -> Broken | None:
        for elapsed in self.elapsed:
            for before, orders in self._ordered(self.later(node, elapsed)):
                for group in self.judged(before):
                    if not group.leaf.takes(before.ages):
                        continue
                    self._transitions += group.leaves
                    period = Period(elapsed, orders, before.number, before.ages, group.masks, group.leaf)
                    if group.prop is not None:
                        return Broken(group.prop, (*self.story(node), period))
                    self._reach(self._after(before, group), node, period, ahead)
        for restart in self._restarts(node):
            self._transitions += 1
            number, ages = self.control.adopted(*restart)
            memory = Memory(restart.r1, restart.r2, ages.r1, restart.is_latched, False, (), False)
            self._reach(Node(number, ages, memory), node, restart, ahead)
        return None

    def _reach(self, node: Node, before: Node, event: Restart | Period, ahead: list[Node]) -> None:
        if node not in self.parents:
            self.parents[node] = (before, event)
            ahead.append(node)

    def later(self, node: Node, elapsed: int) -> Node:
        """Return a state some periods later."""
        ages = passed(self.control.kepts[node.number], node.ages, elapsed, self.control.longest)
        r1_age = min(node.memory.r1_age + elapsed, self.control.longest.r1)
        return Node(node.number, ages, node.memory._replace(r1_age=r1_age))

    def _after(self, before: Node, group: _Group) -> Node:
        kept = self.control.kepts[group.leaf.after]
        ages = settled(kept, renewed(before.ages, group.leaf.moved), self.control.longest)
        memory = group.memory
        longest = self.control.longest.r1
        is_asked = memory.r1 == OPEN or memory.awaits_supply
        r1_age = memory.r1_age if is_asked and memory.r1_age < longest - 1 else longest
        return Node(group.leaf.after, ages, memory._replace(r1_age=r1_age))

    def _ordered(self, start: Node) -> Iterator[tuple[Node, tuple[Ordered, ...]]]:
        """Yield what any orders make of a state; each such state once in the exploration, by the fewest orders."""
        if start in self._seen:
            return
        self._seen.add(start)
        waiting: list[tuple[Node, tuple[Ordered, ...]]] = [(start, ())]
        for before, orders in waiting:
            yield before, orders
            for node, ordered in self.obeyed(before):
                if node not in self._seen:
                    self._seen.add(node)
                    waiting.append((node, (*orders, ordered)))

    def obeyed(self, before: Node) -> Iterator[tuple[Node, Ordered]]:
        """Yield the state after each order that can be given."""
        for ordered in self.control.ordered(before.number):
            memory = told(before.memory, (ordered.order,))
            yield Node(ordered.after, renewed(before.ages, ordered.moved), memory), ordered

    def judged(self, before: Node) -> list[_Group]:
        """Return the ways on from a state after its orders, whatever the ages, with the statements judged."""
        key = (before.number, before.memory)
        if key not in self._groups:
            grouped: dict[object, _Group] = {}
            leaves = self.control.leaves(before.number)
            with self.control.parts.used(OF_JUDGE):
                for leaf in leaves:
                    for masks, (memory, prop) in self._outcomes(leaf, before.memory):
                        same = (leaf.r1_ages, leaf.r2_ages, leaf.manual_ages, leaf.after, leaf.moved, memory, prop)
                        strangeness = self.control.image.strangeness(masks)
                        group = _Group(leaf, (*masks[:4], masks[7]), memory, prop, 1, strangeness)
                        grouped[same] = group.joined(grouped.get(same))
            self._groups[key] = list(grouped.values())
        return self._groups[key]

    def _outcomes(self, leaf: Leaf, memory: Memory) -> list[Path]:
        control = self.control
        is_set = control.kepts[leaf.after].is_latched
        everything = control.draw.everything()
        hold: Any = Hold(control.hold_off_s, leaf.shown)  # type: ignore[arg-type]
        return control.draw.paths(
            lambda: judged(memory, control.image.measurement, leaf.decision, is_set, hold, control.settings),
            (*leaf.masks, *everything[4:7], leaf.holds),
        )

    def _restarts(self, node: Node) -> Iterator[Restart]:
        kept = self.control.kepts[node.number]
        longest_s = int(self.control.settings.interlocks.longest_drill_s)
        for r1, r2 in ((r1, r2) for r1 in (CLOSED, OPEN) for r2 in (CLOSED, OPEN)):
            for r1_age in {0 if r1 == CLOSED else longest_s, node.ages.r1 if r1 == OPEN and kept.r1 == OPEN else 0}:
                for is_latched in {False, kept.is_latched}:
                    for mode in (Mode.OBSERVE, Mode.PROTECT, Mode.CYCLE, Mode.MAINTAIN):
                        yield Restart(mode, r1, r2, r1_age, is_latched)

    def story(self, node: Node) -> tuple[Restart | Period, ...]:
        """Return the shortest way to a state, oldest event first."""
        events: list[Restart | Period] = []
        before, event = self.parents[node]
        while before is not None and event is not None:
            events.append(event)
            before, event = self.parents[before]
        return tuple(reversed(events))
