"""What a look at V2 and V3 between the periods says: go on waiting, or begin the next period at once.

A look decides nothing: the period that it begins has sweeps of its own.
"""

from vigie.control.filtering import ChannelsSettings, calibrated_current_a, calibrated_voltage_v
from vigie.control.mains import MainsSettings
from vigie.control.signals import Contact, Reading, Status, Wiring

SPARE_SWEEPS = 4
"""A period that was begun at once takes so many sweeps more than it needs good ones."""


def is_watched(r2: Contact, wiring: Wiring) -> bool:
    """Return whether the loads hang on the supply alone, so that its end cannot wait for the next period."""
    return r2 == Contact.OPEN and wiring == Wiring.LINE


def has_fallen(charge: Reading, load: Reading, channels: ChannelsSettings, settings: MainsSettings) -> bool:
    """Return whether V3 is under the supply's voltage, or V2 shows a battery that discharges.

    The limits are those of the decision itself (:func:`vigie.control.mains.evidence`, ``is_steady``). A V3 that does
    not answer counts too: nobody sees the supply then. What is wrong otherwise is left to the next period.

    Args:
        charge: V2, as the meter sees it.
        load: V3.
        channels: their calibration.
        settings: of the mains.
    """
    if channels.load.is_fitted and load.status & Status.FAILED:
        return True
    is_load_known = channels.load.is_fitted and load.status == Status.GOOD
    if is_load_known and calibrated_voltage_v(load.bus_v, channels.load) < settings.supply_present_v:
        return True
    is_charge_known = channels.charge.is_fitted and charge.status == Status.GOOD
    return is_charge_known and calibrated_current_a(charge.shunt_v, channels.charge) <= -settings.discharging_a


def hurried_sweeps(sweeps: int, least_good: int) -> int:
    """Return the sweeps of a period that was begun at once.

    >>> hurried_sweeps(10, 6), hurried_sweeps(5, 4), hurried_sweeps(100, 6)
    (10, 5, 10)
    """
    return min(sweeps, least_good + SPARE_SWEEPS)
