"""What flows into or out of the battery, from whichever meter sees it."""

import math

from vigie.control.commands import Mains
from vigie.control.signals import Contact, Measurement


def drawn_a(mains: Mains, measurement: Measurement, charging_a: float) -> float:
    """Return the current out of the battery: V2's, or the loads' where the battery feeds them past V2.

    0 with mains, and while V2 shows a charge; NaN without a meter that could show it.
    """
    if mains != Mains.ABSENT and mains != Mains.CUT:
        return 0.0
    charge = measurement.charge
    load = measurement.load
    if charge.is_valid and charge.current_a >= charging_a:
        return 0.0
    if not charge.is_valid and not load.is_valid:
        return math.nan
    out_a = 0.0
    if charge.is_valid:
        out_a = max(-charge.current_a, 0.0)
    if load.is_valid:
        out_a = max(out_a, load.current_a)
    return out_a


def battery_a(mains: Mains, measurement: Measurement, charging_a: float) -> float:
    """Return the current into the battery, below 0 out of it; NaN where no meter shows it.

    An open R2 lets nothing in, whatever offset V2 has.
    """
    if mains == Mains.UNKNOWN:
        return math.nan
    charge = measurement.charge
    if mains != Mains.PRESENT:
        if charge.is_valid and charge.current_a >= charging_a:
            return charge.current_a
        return 0.0 - drawn_a(mains, measurement, charging_a)
    if measurement.contacts.r2 == Contact.OPEN:
        return 0.0
    return charge.current_a if charge.is_valid else math.nan


def line_v(measurement: Measurement) -> float:
    """Return the battery's voltage with R2 closed: the higher of V1 and V2, for an uncalibrated V1 reads low."""
    return max(measurement.battery.bus_v, measurement.charge.bus_v)


def terminal_v(measurement: Measurement) -> float:
    """Return the battery's voltage by V1, or by V2 behind a closed R2 where that stands higher; NaN without V1."""
    if not measurement.battery.is_valid:
        return math.nan
    if measurement.contacts.r2 == Contact.CLOSED and measurement.charge.is_valid:
        return line_v(measurement)
    return measurement.battery.bus_v
