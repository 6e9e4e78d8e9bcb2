"""What one period's readings prove about currents and the supply, whatever R1 and R2 were told."""

import math
from typing import NamedTuple

from vigie.control.commands import Mains
from vigie.control.signals import Contact, Contacts, Measurement, Wiring

DARK_V = 3.0
"""The loads have no voltage at all."""
CARRYING_V = 11.5
"""A battery at or above this would have lit the loads."""
LEAST_SWAPS = 3
"""The mains that goes when R2 opens and comes back when it closes: so often running is no coincidence."""


class Facts(NamedTuple):
    """What a period's readings prove; False is "not proven"."""

    is_supplied: bool
    """R1 conducts and the mains is there: loads or charger live on it."""
    is_unsupplied: bool
    is_charging: bool
    """Current runs through R2, from the charger."""
    is_through_r2: bool
    """Current runs through R2, either way."""
    is_still: bool
    """No current runs through V2."""
    takes_charge: bool
    """The battery is low enough to take current."""
    is_dark: bool
    """The loads have no voltage although the battery could give it, and it gives nothing."""


class SwapWatch(NamedTuple):
    """Whether the mains follows R2, as it would if the two contacts were exchanged."""

    is_armed: bool
    """R2 opened while the supply was there; nothing has shown since that it still is."""
    is_lost: bool
    """The mains went while R2 was open."""
    swaps: int
    """How often running it went with R2 and came back with R2."""


def facts_of(
    measurement: Measurement,
    mains: Mains,
    wiring: Wiring,
    r1: Contact,
    load_before_v: float,
    flows_a: float,
    clear_v: float,
    takes_charge_below_v: float,
) -> Facts:
    """Return what the readings prove. A reading that is lost is NaN here and proves nothing.

    Args:
        measurement: the period's process image.
        mains: the period's evidence.
        wiring: what R2 cuts.
        r1: as told while the readings were taken.
        load_before_v: V3 when R1 last opened, NaN when not known.
        flows_a: smallest current that is one.
        clear_v: least difference of two voltages that differ.
        takes_charge_below_v: a battery under it takes current.
    """
    charge_a = measurement.charge.current_a if measurement.charge.is_valid else math.nan
    load_v = measurement.load.bus_v if measurement.load.is_valid else math.nan
    load_a = measurement.load.current_a
    battery_v = _battery_v(measurement, clear_v)
    is_line = wiring == Wiring.LINE
    is_charging = charge_a >= flows_a
    is_discharging = charge_a <= -flows_a
    is_still = -0.5 * flows_a < charge_a < 0.5 * flows_a
    has_fallen = r1 == Contact.OPEN and load_v < load_before_v - clear_v
    is_not_fed_by_battery = is_line and load_v > DARK_V and load_a >= 2.0 * flows_a and charge_a > -0.5 * load_a
    is_above_battery = load_v > battery_v + clear_v and not is_discharging
    is_supplied = (is_charging or is_not_fed_by_battery or is_above_battery) and not has_fallen
    return Facts(
        is_supplied,
        not is_supplied and (is_discharging or has_fallen or mains == Mains.ABSENT),
        is_charging,
        is_charging or (is_line and is_discharging),
        is_still,
        battery_v < takes_charge_below_v,
        is_line and is_still and load_v < DARK_V and battery_v >= CARRYING_V,
    )


def _battery_v(measurement: Measurement, clear_v: float) -> float:
    """Return the higher of V1 and V2, NaN unless both are there and V2 is not far below: V1 alone may read low."""
    battery = measurement.battery
    charge = measurement.charge
    if not (battery.is_valid and charge.is_valid) or charge.bus_v < battery.bus_v - clear_v:
        return math.nan
    return max(battery.bus_v, charge.bus_v)


def is_backed(was_backed: bool, before: Contacts, facts: Facts) -> bool:
    """Return whether R2 was told closed while the supply was there, so that it has to take over from it.

    What has carried the loads once since then may drop them for want of charge.
    """
    if before.r2 == Contact.OPEN:
        return False
    if facts.is_supplied:
        return True
    return was_backed and not facts.is_through_r2


def watched(
    swap: SwapWatch,
    before: Contacts,
    facts: Facts,
    mains: Mains,
    wiring: Wiring,
    r2_for_s: float,
    for_s: float,
    settle_s: float,
    start_s: float,
) -> SwapWatch:
    """Return the watch after a period.

    A supply that is seen while R2 is told open, and has settled, acquits at once; so does a mains that goes while R2
    is closed. With LINE the battery must feed the loads through an R2 that is told open: no outage looks like that.

    Args:
        swap: from the period before.
        before: as told while the readings were taken.
        facts: of the period.
        mains: the period's evidence.
        wiring: what R2 cuts.
        r2_for_s: how long R2 has been told what it is.
        for_s: how long both contacts and the mains have been as they are.
        settle_s: readings count after it.
        start_s: the supply is back by then.
    """
    if before.r1 == Contact.OPEN:
        return swap
    if before.r2 == Contact.OPEN:
        if facts.is_supplied and r2_for_s >= settle_s:
            return SwapWatch(False, False, 0)
        is_losing = swap.is_armed and mains == Mains.ABSENT and (wiring == Wiring.CHARGE_ONLY or facts.is_through_r2)
        return SwapWatch(swap.is_armed, swap.is_lost or is_losing, swap.swaps)
    if not swap.is_lost:
        is_flickering = mains == Mains.ABSENT and swap.swaps < LEAST_SWAPS
        return SwapWatch(False, False, 0) if is_flickering else swap
    if mains == Mains.PRESENT and (for_s >= settle_s or wiring == Wiring.LINE):
        return SwapWatch(False, False, swap.swaps + 1)
    if r2_for_s > start_s:
        return SwapWatch(False, False, swap.swaps if swap.swaps >= LEAST_SWAPS else 0)  # an outage, whatever else
    return swap


def armed(swap: SwapWatch, before: Contacts, after: Contacts, facts: Facts) -> SwapWatch:
    """Return the watch after a switching: R2 opened by itself, with the supply there, is what it waits for."""
    if before.r1 == Contact.OPEN or after.r1 == Contact.OPEN:
        return SwapWatch(False, False, swap.swaps)
    if before.r2 == Contact.CLOSED and after.r2 == Contact.OPEN:
        return SwapWatch(facts.is_supplied, False, swap.swaps)
    return swap
