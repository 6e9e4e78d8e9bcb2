"""What no mode may override: the interlocks 1 to 5 of the specification. They have the last word.

Each ``…_block`` function answers one question, "may this contact open (or stay open) now?", with NONE or the reason
why not. ``apply`` asks them; the pages show the same answers.
"""

from typing import Annotated, NamedTuple

from vigie.control.commands import Mains, Phase, Reason
from vigie.control.mains import MainsSettings, can_stand_alone, gives_nothing, is_steady
from vigie.control.modes.wish import Wish
from vigie.control.signals import Contact, Measurement, Status, Wiring
from vigie.units import setting


class InterlockSettings(NamedTuple):
    """Limits no mode may override."""

    floor_v: Annotated[
        float, setting("R1 closes when the battery falls under this in a drill", unit="V", ge=10.5, le=12.6)
    ] = 11.8
    load_floor_v: Annotated[
        float,
        setting("R1 closes when the loads get less than this in a drill; 0 switches it off", unit="V", ge=0, le=12),
    ] = 10.5
    proof_v: Annotated[
        float,
        setting("R1 opens only with the battery at or above this", unit="V", ge=11.5, le=13.6),
    ] = 12.5
    longest_drill_s: Annotated[float, setting("R1 never stays open longer", unit="s", ge=10, le=259_200)] = 14_400.0
    temperature_limit_c: Annotated[
        float,
        setting("Battery temperature that stops the charge (R2 opens, latched)", unit="degC", ge=30, le=70),
    ] = 50.0
    temperature_release_k: Annotated[
        float,
        setting("The latch can be released this far under the limit", unit="K", ge=1, le=30),
    ] = 5.0
    hot_periods: Annotated[
        int,
        setting("Periods over temperature_limit_c, of the last five that measured one, that make heat", ge=1, le=5),
    ] = 3


RECENT = 0b11111
"""The periods that heat is looked for in: the last five."""


class Latch(NamedTuple):
    """The over-temperature latch of interlock 4: released when acknowledged AND cooled down."""

    is_set: bool
    is_acknowledged: bool
    recent: int
    """The last periods while it is not set, the newest in the lowest bit: 1 over the limit, 0 not."""


class Situation(NamedTuple):
    """What the interlocks look at, all of it from this period or remembered by the supervisor."""

    mains: Mains
    r1: Contact
    """Commanded before this period."""
    r2: Contact
    r1_open_s: float
    """How long R1 has been open, 0 when it is closed."""
    is_hot: bool
    """The over-temperature latch is set."""
    wiring: Wiring
    r2_may_black_out: bool
    """This controller lives on the loads and R2 is wired NO: opening it could leave the site dark for good."""
    hold_off_s: float
    """How long the mains must still stand before R2 may open."""


class Ruling(NamedTuple):
    """The contacts after the interlocks, and why each is as it is."""

    r1: Contact
    r2: Contact
    r1_reason: Reason
    r2_reason: Reason
    r1_refusal: Reason
    """Why R1 may not be open now; NONE when it may."""
    r2_refusal: Reason


def next_latch(latch: Latch, measurement: Measurement, settings: InterlockSettings) -> Latch:
    """Return the latch after this period's temperature; a lost temperature neither sets nor releases it.

    Nor does a hurried period, which would count one reading of the thermometer twice.
    """
    temperature = measurement.temperature
    if temperature.status != Status.GOOD or measurement.is_hurried:
        return latch
    is_over = temperature.celsius > settings.temperature_limit_c
    if not latch.is_set:
        recent = (latch.recent << 1 & RECENT) | (1 if is_over else 0)
        if periods_in(recent) >= settings.hot_periods:
            return Latch(True, False, 0)
        return Latch(False, False, recent)
    has_cooled = temperature.celsius < settings.temperature_limit_c - settings.temperature_release_k
    if latch.is_acknowledged and has_cooled:
        return Latch(False, False, 0)
    return latch


def periods_in(recent: int) -> int:
    """Return how many of the last five periods are marked.

    >>> periods_in(0b10101)
    3
    """
    return (recent & 1) + (recent >> 1 & 1) + (recent >> 2 & 1) + (recent >> 3 & 1) + (recent >> 4 & 1)


def lowest_battery_v(measurement: Measurement) -> float:
    """Return the lower of what V1 and V2 say of the battery; an uncalibrated V1 reads low, which is the safe side."""
    if measurement.charge.is_valid and measurement.charge.bus_v < measurement.battery.bus_v:
        return measurement.charge.bus_v
    return measurement.battery.bus_v


def r1_block(situation: Situation, measurement: Measurement, settings: InterlockSettings) -> Reason:
    """Interlock 3: return why R1 may not open, or not stay open; NONE when it may."""
    if not measurement.is_valid:
        return why_lost(measurement)
    if situation.is_hot:
        return Reason.OVER_TEMPERATURE
    if situation.wiring == Wiring.LINE and (situation.r2 == Contact.OPEN or measurement.contacts.r2 == Contact.OPEN):
        return Reason.BOTH_OPEN
    if situation.r1 == Contact.CLOSED and (situation.r2 == Contact.OPEN or measurement.contacts.r2 == Contact.OPEN):
        return Reason.WIRING_NOT_PROVEN
    if situation.r1 == Contact.OPEN:
        if lowest_battery_v(measurement) < settings.floor_v:
            return Reason.BATTERY_UNDER_FLOOR
        if measurement.load.is_valid and measurement.load.bus_v < settings.load_floor_v:
            return Reason.LOADS_NOT_CARRIED
        if situation.r1_open_s >= settings.longest_drill_s:
            return Reason.DRILL_TOO_LONG
        return Reason.NONE
    if situation.mains != Mains.PRESENT:
        return Reason.MAINS_NOT_PROVEN
    if lowest_battery_v(measurement) < settings.proof_v:
        return Reason.BATTERY_NOT_PROVEN
    return Reason.NONE


def r2_block(situation: Situation, r1: Contact, measurement: Measurement, mains: MainsSettings) -> Reason:
    """Interlocks 1 and 2: return why R2 may not be open with R1 as it will be; NONE when it may.

    With CHARGE_ONLY a drill may have R2 open: the battery feeds the loads past it, and the absent supply is our doing.
    It opens there once the readings show just that: the setting may be wrong.
    With LINE an R2 stays open only while V3 stands at the supply's voltage in every sweep, and an opening one needs V2
    too: a battery's surface charge can look like the supply on V3, and only V2 shows that it does not discharge. An
    opening R2 needs a mains that has proven itself since its last loss. A contact whose line still reads closed is
    opening, whatever it was told before.
    """
    if situation.r2_may_black_out:
        return Reason.BLACKOUT_RISK
    if r1 == Contact.OPEN:
        if situation.wiring == Wiring.LINE:
            return Reason.BOTH_OPEN
        is_open = situation.r2 == Contact.OPEN and measurement.contacts.r2 == Contact.OPEN
        return Reason.NONE if is_open or is_fed_past_r2(situation, measurement, mains) else Reason.WIRING_NOT_PROVEN
    if situation.mains == Mains.ABSENT:
        return Reason.MAINS_LOST
    if situation.mains != Mains.PRESENT:
        return Reason.MAINS_NOT_PROVEN
    if not can_stand_alone(measurement, mains):
        return Reason.METER_STANDS_STILL
    is_opening = situation.r2 == Contact.CLOSED or measurement.contacts.r2 == Contact.CLOSED
    if situation.wiring == Wiring.LINE:
        is_proven = is_steady(measurement, mains) and (not is_opening or gives_nothing(measurement, mains))
        if not is_proven:
            return Reason.MAINS_NOT_PROVEN
    if is_opening and situation.hold_off_s > 0.0:
        return Reason.MAINS_NOT_STEADY
    return Reason.NONE


def is_fed_past_r2(situation: Situation, measurement: Measurement, mains: MainsSettings) -> bool:
    """Return whether a drill shows that the battery feeds the loads past R2: no supply, and nothing through V2."""
    return (
        measurement.contacts.r1 == Contact.OPEN
        and situation.r1_open_s >= mains.settling_s
        and measurement.load.is_valid
        and measurement.load.bus_v < mains.supply_present_v
        and gives_nothing(measurement, mains)
    )


def why_lost(measurement: Measurement) -> Reason:
    """Return why a period's measurement is none."""
    return Reason.MEASUREMENT_LOST if measurement.doubt == 0 else Reason.READINGS_CONTRADICT


def hot_r2(situation: Situation, r1: Contact, r2_line: Contact, block: Reason) -> Contact:
    """Interlock 4: return R2 while the latch is set and R1 is (being) closed.

    It opens like any other time, only with the mains proven. Once open, its line too (``r2_line``), it stays so while
    the mains is merely unknown (a lost reading) or cut by the drill that ends, and closes when it is absent: there is
    no charge then, and the loads need the battery.
    """
    if block == Reason.NONE:
        return Contact.OPEN
    is_drill = situation.wiring == Wiring.CHARGE_ONLY and situation.mains == Mains.CUT
    is_held = (
        situation.r2 == Contact.OPEN
        and r2_line == Contact.OPEN
        and r1 == Contact.CLOSED
        and (situation.mains == Mains.UNKNOWN or is_drill)
        and not situation.r2_may_black_out
    )
    return Contact.OPEN if is_held else Contact.CLOSED


def apply(
    wish: Wish,
    situation: Situation,
    measurement: Measurement,
    settings: InterlockSettings,
    mains: MainsSettings,
) -> Ruling:
    """Return what a mode's wish becomes.

    Order: interlock 3 rules R1; then 1 and 2 rule R2 against the ruled R1; a set latch (4) takes R2 over; a lost
    measurement (5) closes both but for the latch.
    """
    r1_refusal = r1_block(situation, measurement, settings)
    r1 = wish.r1
    r1_reason = wish.r1_reason
    if r1 == Contact.OPEN and r1_refusal != Reason.NONE:
        r1 = Contact.CLOSED
        r1_reason = r1_refusal
    r2_refusal = r2_block(situation, r1, measurement, mains)
    r2 = wish.r2
    r2_reason = wish.r2_reason
    if wish.phase == Phase.DISCHARGE and r1 == Contact.CLOSED:
        r2 = Contact.CLOSED  # a refused discharge goes on charging, or the battery could never prove itself
        r2_reason = r1_reason
    if situation.is_hot:
        r2 = hot_r2(situation, r1, measurement.contacts.r2, r2_refusal)
        r2_reason = Reason.OVER_TEMPERATURE if r2 == Contact.OPEN else r2_refusal
    elif not measurement.is_valid:
        r2_refusal = why_lost(measurement)
        r2 = Contact.CLOSED
        r2_reason = r2_refusal
    elif r2 == Contact.OPEN and r2_refusal != Reason.NONE:
        r2 = Contact.CLOSED
        r2_reason = r2_refusal
    if not measurement.is_valid:
        r1_reason = why_lost(measurement)
    return Ruling(r1, r2, r1_reason, r2_reason, r1_refusal, r2_refusal)
