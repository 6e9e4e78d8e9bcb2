"""The interlock statements 1 to 7 by name, judged from what was measured, ordered and decided.

Each statement has a memory of its own (:class:`Memory`): a control that forgets its latch or its clock is found out.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from tests.property.witness import mains_as_measured
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control.commands import Reason, Verdict
from vigie.control.signals import Measurement, Status, Wiring
from vigie.control.supervisor import Action, Decision, Order, SupervisorSettings


class Memory(NamedTuple):
    """What a bystander remembers: what was told, since how many periods R1 stays, whether the battery was too hot."""

    r1: int
    """A :class:`Contact`, as a plain int: there are many of these."""
    r2: int
    r1_age: int
    is_latched: bool
    is_acknowledged: bool


class Property(NamedTuple):
    """One statement that no period may break."""

    name: str
    text: str


BOTH = Property("1 never both open", "With R2 in the line, R1 and R2 are never open together.")
OPENS_ON_PROOF = Property(
    "2 R2 opens on proof",
    "R2 opens only while the mains is proven present; in the line by V2 and V3, in the last sweep of the period too.",
)
CLOSES_ON_LOSS = Property(
    "2 R2 closes on loss", "R2 does not stay open in a period that does not prove the mains (but for 4, while unknown)."
)
NO_BLACKOUT = Property("2 no blackout risk", "R2 never opens where that could leave the site dark for good.")
DRILL_BEGINS = Property(
    "3 R1 opens on proof", "R1 opens only with the mains present and a battery that shows that it can carry the loads."
)
DRILL_GOES_ON = Property(
    "3 R1 closes in time",
    "R1 closes in the period that sees the battery under its floor, the loads not carried, or the drill too long.",
)
DRILL_COOL = Property("3 no hot drill", "R1 is never open with a battery that was too hot and is not released.")
HOT_STOPS_CHARGE = Property(
    "4 heat stops the charge",
    "R2 opens when the battery is too hot and the mains proven; latched until acknowledged and cool.",
)
HOT_KEEPS_BACKUP = Property("4 heat spares the backup", "A hot battery's R2 closes when the mains is absent.")
LOST_IS_SAFE = Property(
    "5 lost readings close", "Without a valid measurement R1 is closed, and R2 too unless the latch of 4 holds it."
)
LATCH_LASTS = Property("4 the latch lasts", "Only an acknowledgement and a cooled battery release the latch.")
ONLY_ORDERS = Property(
    "6 nothing moves by itself", "R3 and R4 move by order only; starts and orders alone move nothing."
)
NOTICED = Property(
    "7 a dead contact is noticed",
    "A drill whose loads are dark, or whose R2 reads open, ends in the same period and says why.",
)
HONEST = Property("the word is honest", "Never 'all is well' with a latched, blind or empty installation.")


def told(memory: Memory, orders: tuple[Order, ...]) -> Memory:
    """Return the memory after the orders of a period."""
    is_acknowledging = any(order.action == Action.ACKNOWLEDGE for order in orders)
    if is_acknowledging and memory.is_latched:
        return memory._replace(is_acknowledged=True)
    return memory


def felt(memory: Memory, image: Measurement, settings: SupervisorSettings) -> Memory:
    """Return the memory after the period's temperature."""
    limits = settings.interlocks
    if image.temperature.status != Status.GOOD:
        return memory
    if image.temperature.celsius > limits.temperature_limit_c:
        return memory._replace(is_latched=True, is_acknowledged=memory.is_acknowledged and memory.is_latched)
    if memory.is_acknowledged and image.temperature.celsius < limits.temperature_limit_c - limits.temperature_release_k:
        return memory._replace(is_latched=False, is_acknowledged=False)
    return memory


def judged(
    memory: Memory, image: Measurement, decision: Decision, latch_is_set: bool, settings: SupervisorSettings
) -> tuple[Memory, Property | None]:
    """Return the memory after a period and the statement that its decision breaks, if any."""
    memory = felt(memory, image, settings)
    for check in _CHECKS:
        broken = check(memory, image, decision, settings)
        if broken is not None:
            return memory, broken
    if memory.is_latched != latch_is_set:
        return memory, LATCH_LASTS
    is_moved = decision.contacts.r1 != memory.r1
    after = memory._replace(
        r1=int(decision.contacts.r1),
        r2=int(decision.contacts.r2),
        r1_age=0 if is_moved else memory.r1_age,
    )
    return after, None


def _both(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    if settings.wiring != Wiring.LINE:
        return None
    r1, r2 = decision.contacts[:2]
    if r1 == OPEN and (r2 == OPEN or image.contacts.r2 == OPEN):
        return BOTH
    if r2 == OPEN and image.contacts.r1 == OPEN:
        return BOTH
    return None


def _open_r2(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    if decision.contacts.r2 == CLOSED:
        return None
    if settings.r2_may_black_out:
        return NO_BLACKOUT
    is_line = settings.wiring == Wiring.LINE
    if not is_line and decision.contacts.r1 == OPEN:
        return None  # a drill: the battery feeds the loads past R2, and the supply is cut by us
    mains = mains_as_measured(image, settings)
    if memory.r2 == CLOSED or image.contacts.r2 == CLOSED:  # what reads closed is opening, whatever was told before
        if mains != "present":
            return OPENS_ON_PROOF
        if is_line and not image.charge.is_valid:
            return OPENS_ON_PROOF
        is_sinking = is_line and image.load.is_valid and not _lowest_v(image) >= settings.mains.supply_present_v
        return OPENS_ON_PROOF if is_sinking else None
    if not memory.is_latched:
        return None if mains == "present" else CLOSES_ON_LOSS
    held = ("present", "unknown") if is_line else ("present", "unknown", "cut")
    if mains not in held:
        return HOT_KEEPS_BACKUP if mains == "absent" else CLOSES_ON_LOSS
    return None


def _lowest_v(image: Measurement) -> float:
    """Return a bound that no sweep of the period lies under."""
    return image.load.bus_v - image.load.bus_spread_v * math.sqrt(image.load.good)


def _open_r1(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    if decision.contacts.r1 == CLOSED:
        return None
    limits = settings.interlocks
    if not image.is_valid:
        return LOST_IS_SAFE
    if memory.is_latched:
        return DRILL_COOL
    if memory.r1 == OPEN:
        is_low = image.battery.bus_v < limits.floor_v or (image.charge.is_valid and image.charge.bus_v < limits.floor_v)
        is_dark = image.load.is_valid and image.load.bus_v < limits.load_floor_v
        is_too_long = memory.r1_age >= limits.longest_drill_s
        return DRILL_GOES_ON if is_low or is_dark or is_too_long else None
    if mains_as_measured(image, settings) != "present" or image.battery.bus_v < limits.proof_v:
        return DRILL_BEGINS
    if image.charge.is_valid and image.charge.bus_v < limits.proof_v:
        return DRILL_BEGINS
    return None


def _heat(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    if not memory.is_latched:
        return None
    mains = mains_as_measured(image, settings)
    if mains == "absent":
        return HOT_KEEPS_BACKUP if decision.contacts.r2 == OPEN else None
    if mains != "present" or settings.r2_may_black_out or decision.contacts.r2 == OPEN:
        return None
    is_watched = settings.mains.present_unless_discharging
    if image.load.is_valid:
        is_watched = image.load.bus_spread_v == 0.0 and image.load.bus_v >= settings.mains.supply_present_v
    is_free = settings.wiring == Wiring.CHARGE_ONLY or (memory.r2 == OPEN and image.contacts.r2 == OPEN)
    is_proven = is_watched and image.charge.is_valid
    return HOT_STOPS_CHARGE if is_free or is_proven else None


def _lost(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    if decision.contacts[:2] == (CLOSED, CLOSED) or image.is_valid:
        return None
    if decision.contacts.r1 == OPEN or not memory.is_latched:
        return LOST_IS_SAFE
    return None


def _spares(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    return None if decision.contacts[2:] == (CLOSED, OPEN) else ONLY_ORDERS


def _noticed(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    if memory.r1 == CLOSED or decision.contacts.r1 == OPEN or not image.is_valid:
        return None
    ordinary = (Reason.DISCHARGED, Reason.NONE)
    if memory.is_latched or decision.r1_refusal not in ordinary:
        return None
    is_apart = settings.wiring == Wiring.LINE and image.contacts.r2 == OPEN
    is_dark = image.load.is_valid and image.load.bus_v < settings.interlocks.load_floor_v
    return NOTICED if is_apart or is_dark else None


def _honest(memory: Memory, image: Measurement, decision: Decision, settings: SupervisorSettings) -> Property | None:
    if decision.verdict != Verdict.OK:
        return None
    if memory.is_latched or not image.is_valid or image.battery.bus_v < settings.interlocks.floor_v:
        return HONEST
    return None


_CHECKS: tuple[Callable[[Memory, Measurement, Decision, SupervisorSettings], Property | None], ...] = (
    _both,
    _open_r2,
    _open_r1,
    _heat,
    _lost,
    _spares,
    _noticed,
    _honest,
)
PROPERTIES = (
    BOTH,
    OPENS_ON_PROOF,
    CLOSES_ON_LOSS,
    NO_BLACKOUT,
    DRILL_BEGINS,
    DRILL_GOES_ON,
    DRILL_COOL,
    HOT_STOPS_CHARGE,
    HOT_KEEPS_BACKUP,
    LATCH_LASTS,
    LOST_IS_SAFE,
    ONLY_ORDERS,
    NOTICED,
    HONEST,
)
