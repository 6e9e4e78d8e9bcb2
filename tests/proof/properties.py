"""The interlock statements 1 to 7 by name, judged from what was measured, ordered and decided.

Each statement has a memory of its own (:class:`Memory`): a control that forgets its latch or its clock is found out.
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.proof.hostile_steadiness import Hold
from tests.property.witness import is_fed_past_r2, is_still, mains_as_measured
from tests.unit.control.process_images import CLOSED, OPEN
from vigie.control.commands import Reason, Verdict
from vigie.control.signals import Measurement, Status, Wiring
from vigie.control.steadiness import MainsStanding
from vigie.control.supervisor import Action, Decision, Order, SupervisorSettings


class Memory(NamedTuple):
    """What a bystander remembers: what was told, since how many periods R1 stays, whether the battery was too hot."""

    r1: int
    """A :class:`Contact`, as a plain int: there are many of these."""
    r2: int
    r1_age: int
    is_latched: bool
    is_acknowledged: bool
    recent_heat: tuple[bool, ...]
    """The last periods while it is not latched, from the oldest over the limit."""
    awaits_supply: bool
    """R1 has closed after a drill, and the supply has not been seen since."""


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
    "2 R2 closes on loss",
    "R2 does not stay open in a period that does not prove the mains (but for 4, while unknown); in the line, nor in "
    "one with a sweep of V3 under the supply's voltage. A V3 that stands still proves nothing.",
)
PROVES_ITSELF = Property(
    "2 the mains proves itself",
    "R2 does not open before the mains has stood for its hold-off, in any mode, hot or not.",
)
LOSS_IS_SEEN = Property(
    "2 a loss is seen",
    "The hold-off learns of every loss and of every period in which the mains stands, and takes no drill for a loss.",
)
NO_BLACKOUT = Property("2 no blackout risk", "R2 never opens where that could leave the site dark for good.")
DRILL_BEGINS = Property(
    "3 R1 opens on proof",
    "R1 opens only with the mains present and a battery that shows that it can carry the loads, and R2 closed.",
)
DRILL_PROVES_WIRING = Property(
    "3 R2 opens past proof",
    "With charge_only R2 opens in a drill only once V3 shows no supply and V2 that nothing comes through R2.",
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
    if image.temperature.status != Status.GOOD or image.is_hurried:
        return memory
    is_over = image.temperature.celsius > limits.temperature_limit_c
    if not memory.is_latched:
        heats = [*memory.recent_heat, bool(is_over)][-5:]
        if sum(heats) >= limits.hot_periods:
            return memory._replace(is_latched=True, is_acknowledged=False, recent_heat=())
        return memory._replace(recent_heat=tuple(heats[heats.index(True) :]) if True in heats else ())
    if memory.is_acknowledged and image.temperature.celsius < limits.temperature_limit_c - limits.temperature_release_k:
        return memory._replace(is_latched=False, is_acknowledged=False)
    return memory


def judged(
    memory: Memory, image: Measurement, decision: Decision, latch_is_set: bool, hold: Hold, settings: SupervisorSettings
) -> tuple[Memory, Property | None]:
    """Return the memory after a period and the statement that its decision breaks, if any."""
    memory = felt(memory, image, settings)
    for check in _CHECKS:
        broken = check(memory, image, decision, hold, settings)
        if broken is not None:
            return memory, broken
    if memory.is_latched != latch_is_set:
        return memory, LATCH_LASTS
    is_moved = decision.contacts.r1 != memory.r1
    awaits_supply = memory.awaits_supply or (is_moved and decision.contacts.r1 == CLOSED)
    after = memory._replace(
        r1=int(decision.contacts.r1),
        r2=int(decision.contacts.r2),
        r1_age=0 if is_moved else memory.r1_age,
        awaits_supply=awaits_supply and mains_as_measured(image, settings) != "present",
    )
    return after, None


def _both(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    if settings.wiring != Wiring.LINE:
        return None
    r1, r2 = decision.contacts[:2]
    if r1 == OPEN and (r2 == OPEN or image.contacts.r2 == OPEN):
        return BOTH
    if r2 == OPEN and image.contacts.r1 == OPEN:
        return BOTH
    return None


def _open_r2(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    if decision.contacts.r2 == CLOSED:
        return None
    if settings.r2_may_black_out:
        return NO_BLACKOUT
    is_line = settings.wiring == Wiring.LINE
    if not is_line and decision.contacts.r1 == OPEN:
        is_opening = memory.r2 == CLOSED or image.contacts.r2 == CLOSED
        is_settled = memory.r1_age >= settings.mains.settling_s
        is_proven = not is_opening or (is_settled and is_fed_past_r2(image, settings))
        return None if is_proven else DRILL_PROVES_WIRING  # the battery feeds the loads past R2
    mains = mains_as_measured(image, settings)
    if mains == "present" and image.load.is_valid and is_still(image.load, settings):
        return CLOSES_ON_LOSS
    stands = not is_line or _stands(image, settings)
    if memory.r2 == CLOSED or image.contacts.r2 == CLOSED:  # what reads closed is opening, whatever was told before
        gives = is_line and not (image.charge.is_valid and image.charge.lowest_a > -settings.mains.discharging_a)
        if mains != "present" or gives or not stands:
            return OPENS_ON_PROOF
        return PROVES_ITSELF if hold.remaining_s > 0.0 else None
    if mains == "present":
        return None if stands else CLOSES_ON_LOSS
    if not memory.is_latched:
        return CLOSES_ON_LOSS
    held = ("unknown",) if is_line else ("unknown", "cut")
    if mains not in held:
        return HOT_KEEPS_BACKUP if mains == "absent" else CLOSES_ON_LOSS
    return None


def _stands(image: Measurement, settings: SupervisorSettings) -> bool:
    """Return whether V3 shows the supply in every sweep."""
    if not image.load.is_valid:
        return settings.mains.present_unless_discharging
    return image.load.lowest_v >= settings.mains.supply_present_v


def _seen(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    mains = mains_as_measured(image, settings)
    right = MainsStanding.UNPROVEN
    if mains == "absent":
        is_settling = memory.awaits_supply and memory.r1_age < settings.mains.settling_s
        right = MainsStanding.UNPROVEN if is_settling else MainsStanding.LOST
    if mains == "present" and _stands(image, settings):
        right = MainsStanding.STANDS
    elif mains == "present" and image.load.is_valid and image.contacts.r2 == OPEN:
        right = MainsStanding.LOST
    return None if hold.shown == right else LOSS_IS_SEEN


def _open_r1(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
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
    if memory.r2 == OPEN or image.contacts.r2 == OPEN:
        return DRILL_BEGINS
    if mains_as_measured(image, settings) != "present" or image.battery.bus_v < limits.proof_v:
        return DRILL_BEGINS
    if image.charge.is_valid and image.charge.bus_v < limits.proof_v:
        return DRILL_BEGINS
    return None


def _heat(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    if not memory.is_latched:
        return None
    mains = mains_as_measured(image, settings)
    if mains == "absent":
        return HOT_KEEPS_BACKUP if decision.contacts.r2 == OPEN else None
    if mains != "present" or settings.r2_may_black_out or decision.contacts.r2 == OPEN:
        return None
    is_line = settings.wiring == Wiring.LINE
    is_opening = memory.r2 == CLOSED or image.contacts.r2 == CLOSED
    if is_line and not _stands(image, settings):
        return None
    if image.load.is_valid and is_still(image.load, settings):
        return None
    if is_line and is_opening and not (image.charge.is_valid and image.charge.lowest_a > -settings.mains.discharging_a):
        return None
    return None if is_opening and hold.remaining_s > 0.0 else HOT_STOPS_CHARGE


def _lost(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    if decision.contacts[:2] == (CLOSED, CLOSED) or image.is_valid:
        return None
    if decision.contacts.r1 == OPEN or not memory.is_latched:
        return LOST_IS_SAFE
    return None


def _spares(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    return None if decision.contacts[2:] == (CLOSED, OPEN) else ONLY_ORDERS


def _noticed(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    if memory.r1 == CLOSED or decision.contacts.r1 == OPEN or not image.is_valid:
        return None
    ordinary = (Reason.DISCHARGED, Reason.NONE)
    if memory.is_latched or decision.r1_refusal not in ordinary:
        return None
    is_apart = settings.wiring == Wiring.LINE and image.contacts.r2 == OPEN
    is_dark = image.load.is_valid and image.load.bus_v < settings.interlocks.load_floor_v
    return NOTICED if is_apart or is_dark else None


def _honest(
    memory: Memory, image: Measurement, decision: Decision, hold: Hold, settings: SupervisorSettings
) -> Property | None:
    if decision.verdict != Verdict.OK:
        return None
    if memory.is_latched or not image.is_valid or image.battery.bus_v < settings.interlocks.floor_v:
        return HONEST
    return None


_CHECKS: tuple[Callable[[Memory, Measurement, Decision, Hold, SupervisorSettings], Property | None], ...] = (
    _both,
    _open_r2,
    _open_r1,
    _heat,
    _lost,
    _spares,
    _noticed,
    _honest,
    _seen,
)
PROPERTIES = (
    BOTH,
    OPENS_ON_PROOF,
    CLOSES_ON_LOSS,
    PROVES_ITSELF,
    LOSS_IS_SEEN,
    NO_BLACKOUT,
    DRILL_BEGINS,
    DRILL_PROVES_WIRING,
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
