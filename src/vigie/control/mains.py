"""Is the 230 V there? What V2 and V3 say, in one place."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Mains
from vigie.control.signals import ChannelMean, Contact, Measurement
from vigie.units import setting


class MainsSettings(NamedTuple):
    """How the mains is recognised."""

    supply_present_v: Annotated[
        float,
        setting("V3 at or above this can only come from the 13.6 V supply", unit="V", ge=12.9, le=15),
    ] = 13.2
    charging_a: Annotated[float, setting("V2 at or above this is a charger that works", unit="A", ge=0.005, le=0.5)] = (
        0.05
    )
    discharging_a: Annotated[
        float, setting("V2 at or below minus this is a battery that feeds the loads", unit="A", ge=0.005, le=0.5)
    ] = 0.05
    settling_s: Annotated[
        float,
        setting("Time the supply may take to come back after R1 closes", unit="s", ge=0, le=300),
    ] = 10.0
    steady_s: Annotated[
        float,
        setting(
            "After a loss the mains must have stood for this long before R2 opens again; each further loss doubles it. "
            "0 switches it off",
            unit="s",
            ge=0,
            le=3600,
        ),
    ] = 300.0
    longest_steady_s: Annotated[
        float,
        setting(
            "The doubling of steady_s ends here; a mains that has stood for this long has its losses forgotten",
            unit="s",
            ge=1,
            le=86_400,
        ),
    ] = 3600.0
    alone_still_s: Annotated[
        float,
        setting(
            "A meter that stands alone for the mains and has not moved by one bit for this long counts as lost; 0 "
            "switches it off",
            unit="s",
            ge=0,
            le=3600,
        ),
    ] = 30.0
    present_unless_discharging: Annotated[
        bool,
        setting(
            "Take the mains as present whenever the battery does not discharge. Only for recordings of a "
            "battery alone, without V3; refused on a rig"
        ),
    ] = False


def evidence(measurement: Measurement, settings: MainsSettings) -> Mains:
    """Return what this period's readings prove about the mains.

    V2 has the first word: a battery that discharges proves it absent (its surface charge can hold V3 above the
    supply's threshold for a while), one that is charged proves it present, but only while R2 is closed: a current
    through an open contact is an offset, not a charger. A V2 that repeats itself is not heard where V3 does not
    agree. Then V3's voltage decides.
    """
    if measurement.contacts.r1 == Contact.OPEN:
        return Mains.CUT
    if measurement.charge.is_valid and not repeats_itself(measurement, settings):
        if measurement.charge.current_a <= -settings.discharging_a:
            return Mains.ABSENT
        if measurement.contacts.r2 == Contact.CLOSED and measurement.charge.current_a >= settings.charging_a:
            return Mains.PRESENT
        if settings.present_unless_discharging and not measurement.load.is_valid:
            return Mains.PRESENT
    if measurement.load.is_valid:
        if measurement.load.bus_v >= settings.supply_present_v:
            return Mains.PRESENT
        return Mains.ABSENT
    return Mains.UNKNOWN


def is_still(mean: ChannelMean, settings: MainsSettings) -> bool:
    """Return whether a meter has not moved by one bit for so long that it may not stand alone."""
    return settings.alone_still_s > 0.0 and mean.still_s >= settings.alone_still_s


def repeats_itself(measurement: Measurement, settings: MainsSettings) -> bool:
    """Return whether V2 stands alone, a current that V3's voltage does not confirm, and has not moved for long."""
    charge = measurement.charge
    load = measurement.load
    if not charge.is_valid or not is_still(charge, settings):
        return False
    if charge.current_a >= settings.charging_a:
        return not (load.is_valid and load.bus_v >= settings.supply_present_v)
    if charge.current_a <= -settings.discharging_a:
        return not (load.is_valid and load.bus_v < settings.supply_present_v)
    return False


def can_stand_alone(measurement: Measurement, settings: MainsSettings) -> bool:
    """Return whether V3 still moves: with R2 open nothing else tells of the mains."""
    return not (measurement.load.is_valid and is_still(measurement.load, settings))


def is_steady(measurement: Measurement, settings: MainsSettings) -> bool:
    """Return whether V3 stood at the supply's voltage in every sweep of the period, the odd ones too."""
    if not measurement.load.is_valid:
        return settings.present_unless_discharging
    return measurement.load.lowest_v >= settings.supply_present_v


def gives_nothing(measurement: Measurement, settings: MainsSettings) -> bool:
    """Return whether V2 is there and showed no discharge in any sweep of the period."""
    return measurement.charge.is_valid and measurement.charge.lowest_a > -settings.discharging_a
