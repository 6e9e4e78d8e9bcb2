"""The installation as it truly is: who feeds the loads, what can be seen of it, where contacts rest without power."""

from collections.abc import Callable
from typing import NamedTuple

from tests.proof.readings import CIRCUIT, LINES, LOAD, Circuit, Image, Load
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control.signals import Contact, Wiring
from vigie.control.supervisor import SupervisorSettings


class Site(NamedTuple):
    """What is screwed together, and what stands in the settings."""

    wiring: Wiring
    lives_on_loads: bool
    """The controller dies with the loads, and its coils let go."""
    r1_at_rest: Contact
    """Without power: OPEN when wired NO, CLOSED when NC."""
    r2_at_rest: Contact
    is_risk_accepted: bool

    @property
    def r2_may_black_out(self) -> bool:
        """As the configuration hands it to the supervisor."""
        is_risky = self.lives_on_loads and self.r2_at_rest == OPEN and self.wiring == Wiring.LINE
        return is_risky and not self.is_risk_accepted


class Truth(NamedTuple):
    """The world at one moment."""

    has_mains: bool
    is_able: bool
    """The battery, and the way from it, can carry the loads."""
    r1: int
    """Where the contact really is, a :class:`Contact` (a plain int: there are millions of these)."""
    r2: int


def has_path(truth: Truth, wiring: Wiring) -> bool:
    """Return whether the contacts let the battery feed the loads."""
    return wiring == Wiring.CHARGE_ONLY or truth.r2 == CLOSED


def is_supplied(truth: Truth) -> bool:
    return truth.has_mains and truth.r1 == CLOSED


def is_backed(truth: Truth, wiring: Wiring) -> bool:
    return truth.is_able and has_path(truth, wiring)


def are_fed(truth: Truth, wiring: Wiring) -> bool:
    """Return whether the loads have their voltage."""
    return is_supplied(truth) or is_backed(truth, wiring)


def could_be_fed(truth: Truth, wiring: Wiring, can_set: tuple[bool, bool]) -> bool:
    """Return whether a source could feed the loads with R1 and R2 anywhere they can be put."""
    r1s = (int(CLOSED), int(OPEN)) if can_set[0] else (truth.r1,)
    r2s = (int(CLOSED), int(OPEN)) if can_set[1] else (truth.r2,)
    return any(are_fed(truth._replace(r1=r1, r2=r2), wiring) for r1 in r1s for r2 in r2s)


class Cube(NamedTuple):
    """Readings that the truth allows: any member of each mask with any of the others."""

    masks: tuple[int, ...]
    is_readable: bool


class Sight:
    """What the meter may show of a truth. Any channel may be lost or frozen; what reads, reads true while it matters.

    While the supply feeds the loads any reading goes. Without it no charger pushes a current through a closed R2, and
    dark loads show on V3. A battery that feeds the loads through an R2 in the line shows on V2 as a discharge, with V3
    anywhere, also at the supply's voltage for its surface charge; or, when the loads draw too little for V2, on V3 as
    less than the supply's voltage.
    """

    def __init__(self, image: Image, settings: SupervisorSettings) -> None:
        mains, floor_v = settings.mains, settings.interlocks.load_floor_v
        self._image = image
        self._settings = settings
        self._heat = image.mask(2, lambda heat: True)
        self._circuits = {
            "any": self._circuit(lambda c: True),
            "no charge": self._circuit(lambda c: not c.is_charge_valid or c.charge_a < mains.charging_a),
            "discharge": self._circuit(lambda c: not c.is_charge_valid or c.charge_a <= -mains.discharging_a),
            "little": self._circuit(
                lambda c: c.is_charge_valid and -mains.discharging_a < c.charge_a < mains.charging_a
            ),
        }
        self._loads = {
            "any": self._load(lambda v: True),
            "fed": self._load(lambda v: v >= floor_v),
            "fed, no supply": self._load(lambda v: floor_v <= v < mains.supply_present_v),
            "dark": self._load(lambda v: v < floor_v),
        }
        self._cubes: dict[tuple[Truth, bool, int, int], list[Cube]] = {}

    def _circuit(self, condition: Callable[[Circuit], bool]) -> int:
        return self._image.mask(CIRCUIT, lambda member: member.is_charge_fitted and condition(member))

    def _load(self, condition: Callable[[float], bool]) -> int:
        def is_seen(member: Load) -> bool:
            return member.is_fitted and (not member.is_valid or condition(member.bus_v))

        return self._image.mask(LOAD, is_seen)

    def cubes(self, truth: Truth, is_changing: bool, told_r1: int, told_r2: int) -> list[Cube]:
        """Return all that may be read.

        Args:
            truth: during the sweeps.
            is_changing: the world changes between two sweeps, so the means lie anywhere.
            told_r1: what R1 counts as when the lines cannot be read.
            told_r2: the same of R2.
        """
        key = (truth, is_changing, told_r1, told_r2)
        if key not in self._cubes:
            pairs = [("any", "any")] if is_changing else self._pairs(truth)
            self._cubes[key] = [
                Cube((self._circuits[circuit], self._loads[load], self._heat, line), is_readable)
                for circuit, load in pairs
                for is_readable, line in (
                    (True, self._line(truth.r1, truth.r2, True)),
                    (False, self._line(told_r1, told_r2, False)),
                )
            ]
        return self._cubes[key]

    def _pairs(self, truth: Truth) -> list[tuple[str, str]]:
        wiring = self._settings.wiring
        if is_supplied(truth):
            return [("any", "any")]
        quiet = "no charge" if truth.r2 == CLOSED else "any"
        if not is_backed(truth, wiring):
            return [(quiet, "dark")]
        if wiring == Wiring.CHARGE_ONLY:
            return [(quiet, "fed")]
        return [("discharge", "fed"), ("little", "fed, no supply")]

    def _line(self, r1: int, r2: int, is_readable: bool) -> int:
        return self._image.mask(LINES, lambda line: line[:3] == (r1, r2, is_readable))
