"""What comes back by itself after a mains failure: asked of every state that the exploration reached."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.proof.darkness import Alive, Lived, Node, Weather, World
from tests.proof.story import described
from tests.proof.world import Site, Truth, are_fed, is_supplied
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control.signals import Status

QUIET_PERIODS = 8
"""Longer than any of the small times; what is dark then stays dark."""

CALM = Weather("", "")
FAILS = Weather("before", "")
COLLAPSES = Weather("", "before")

NEVER = "never dark"
REACTION = "dark less than a period"
MOMENT = "dark while the controller starts"
UNTIL_MAINS = "dark until the mains returns"
FOR_GOOD = "dark until somebody comes"
UNREACHED = "does not happen"


class Returns(NamedTuple):
    """What happens to the loads of one site, in the worst of all reachable states."""

    site: Site
    r2_closed: str
    """The mains fails while R1 and R2 are closed."""
    r2_open: str
    """The mains fails while the program holds R2 open."""
    drill: str
    """The mains fails in a drill, and then R1 closes."""
    collapse: str
    """The battery gives out in a drill, the mains there behind R1."""
    empty: str
    """The battery is empty before the mains returns."""


def row(back: Returns) -> str:
    """Return the line of the table in the documentation."""
    site, *outcomes = back
    return f"| {site.wiring.name.lower()} | {described(site)} | {' | '.join(outcomes)} |"


def returns(world: World) -> Returns:
    """Return what comes back by itself in the site of an explored world."""
    return _Asked(world).returns()


class _Asked:
    """An explored world in quiet weather: good readings, no orders, contacts that follow."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wiring = world.site.wiring
        self.healthy = _healthy(world)
        self._memo: dict[tuple[Node, Weather], tuple[set[Node], bool, bool]] = {}

    def returns(self) -> Returns:
        able = [node for node in self.world.parents if node.truth.has_mains and node.truth.is_able]
        calm, _, _ = self.later([node for node in able if isinstance(node, Alive)], CALM)

        def at(r1: int, r2s: tuple[int, ...]) -> list[Node]:
            return [n for n in calm if isinstance(n, Alive) and n.truth.r1 == r1 and n.truth.r2 in r2s]

        return Returns(
            self.world.site,
            self.after_failure(at(CLOSED, (CLOSED,)), is_emptied=False),
            self.after_failure(at(CLOSED, (OPEN,)), is_emptied=False),
            self.after_failure(at(OPEN, (OPEN, CLOSED)), is_emptied=False),
            self.after_collapse(at(OPEN, (OPEN, CLOSED))),
            self.after_failure(at(CLOSED, (CLOSED,)), is_emptied=True),
        )

    def after_failure(self, nodes: list[Node], *, is_emptied: bool) -> str:
        """Return the worst that a mains failure brings from any of these states, and whether it passes by itself."""
        if not nodes:
            return UNREACHED
        reached, was_dark, has_died = self.meanwhile(nodes, FAILS)
        if is_emptied:
            reached, _, _ = self.later(reached, COLLAPSES)
        is_still_dark = self.stays_dark(reached)
        reached, _, _ = self.later(reached, FAILS)  # it changes: it returns
        if self.stays_dark(reached):
            return FOR_GOOD
        if is_still_dark:
            return UNTIL_MAINS
        return _passing(was_dark, has_died)

    def after_collapse(self, nodes: list[Node]) -> str:
        """Return the worst that a battery which gives out in a drill brings."""
        if not nodes:
            return UNREACHED
        reached, was_dark, has_died = self.meanwhile(nodes, COLLAPSES)
        return FOR_GOOD if self.stays_dark(reached) else _passing(was_dark, has_died)

    def meanwhile(self, nodes: list[Node], weather: Weather) -> tuple[set[Node], bool, bool]:
        """Return what a change and some quiet periods lead to, whether it was dark, and whether a controller died."""
        reached, was_dark, has_died = self.later(nodes, weather)
        for _ in range(QUIET_PERIODS):
            reached, is_dark, dies = self.later(reached, CALM)
            was_dark, has_died = was_dark or is_dark, has_died or dies
        return reached, was_dark, has_died

    def stays_dark(self, nodes: Iterable[Node]) -> bool:
        """Return whether from any of these states the loads can be dark without end."""
        dark = self.dark(nodes)
        for _ in range(QUIET_PERIODS):
            dark = self.dark(self.later(dark, CALM)[0])
        return bool(dark)

    def dark(self, nodes: Iterable[Node]) -> set[Node]:
        return {node for node in nodes if not are_fed(node.truth, self.wiring)}

    def later(self, nodes: Iterable[Node], weather: Weather) -> tuple[set[Node], bool, bool]:
        """Return the states one period later, whether the loads were dark in it, and whether a controller died."""
        reached: set[Node] = set()
        was_dark = has_died = False
        for node in nodes:
            after, is_dark, dies = self._one(node, weather)
            reached |= after
            was_dark, has_died = was_dark or is_dark, has_died or dies
        return reached, was_dark, has_died

    def _one(self, node: Node, weather: Weather) -> tuple[set[Node], bool, bool]:
        key = (node, weather)
        if key not in self._memo:
            reached: set[Node] = set()
            was_dark = has_died = False
            for after, event in self.world.in_weather(node, weather):
                if isinstance(event, Lived) and not self._is_quiet(event):
                    continue
                reached.add(after)
                has_died = has_died or (isinstance(node, Alive) and not isinstance(after, Alive))
                seen = event.before.truth if isinstance(event, Lived) else after.truth
                was_dark = was_dark or not are_fed(seen, self.wiring)
            self._memo[key] = (reached, was_dark, has_died)
        return self._memo[key]

    def _is_quiet(self, event: Lived) -> bool:
        healthy = self.healthy(event.before.truth)
        return not any(event.stuck) and all(a & b for a, b in zip(event.way.masks, healthy, strict=True))


def _passing(was_dark: bool, has_died: bool) -> str:
    if has_died:
        return MOMENT
    return REACTION if was_dark else NEVER


def after_breaking(site: Site, *, has_mains: bool) -> str:
    """Return what becomes of the loads when the controller loses its power for good."""
    rest = Truth(has_mains, True, int(site.r1_at_rest), int(site.r2_at_rest))
    if are_fed(rest, site.wiring):
        return NEVER
    returned = rest._replace(has_mains=True)
    return UNTIL_MAINS if are_fed(returned, site.wiring) else FOR_GOOD


def _healthy(world: World) -> Callable[[Truth], tuple[int, ...]]:
    """Return what good readings of a truth are: every channel valid, the lines readable, the supply at its voltage."""
    image, mains = world.control.image, world.control.settings.mains
    valid = image.mask(0, lambda c: c.is_battery_valid and c.is_charge_valid)
    not_discharging = image.mask(
        0, lambda c: c.is_battery_valid and c.is_charge_valid and c.lowest_a > -mains.discharging_a
    )
    any_load = image.mask(1, lambda v: v.is_valid)
    supplied = image.mask(1, lambda v: v.is_valid and v.lowest_v >= mains.supply_present_v)
    heat = image.mask(2, lambda t: t.status in (Status.GOOD, Status.ABSENT))
    lines = image.mask(3, lambda line: line.is_readable)

    def masks(truth: Truth) -> tuple[int, ...]:
        if is_supplied(truth):
            return not_discharging, supplied, heat, lines
        return valid, any_load, heat, lines

    return masks
