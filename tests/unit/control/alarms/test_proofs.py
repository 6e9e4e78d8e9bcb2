"""What readings prove of the wiring, of the bypass diode, and of a hot battery whose charge goes on."""

import math

import pytest

from tests.unit.control.process_images import CHARGE_ONLY, CLOSED, LINE, OPEN, contacts, found, measured
from vigie.control.alarms.proofs import (
    ProofSettings,
    diode_fault,
    followed_hot_charge,
    hot_charge,
    no_hot_charge,
    wiring_fault,
)
from vigie.control.commands import Mains
from vigie.control.interlocks import Latch
from vigie.control.mains import MainsSettings
from vigie.control.signals import Contact, Measurement, Wiring

MAINS = MainsSettings()


def settings(wiring: Wiring = LINE, *, has_diode: bool = False) -> ProofSettings:
    return ProofSettings(wiring, has_diode, MAINS)


@pytest.mark.parametrize(
    ("charge_a", "load_v", "mains", "wiring", "says"),
    [
        (-0.45, 12.6, Mains.CUT, CHARGE_ONLY, 1.0),
        (-0.45, 12.6, Mains.ABSENT, CHARGE_ONLY, 1.0),
        (-0.06, 12.6, Mains.CUT, CHARGE_ONLY, 0.0),  # a charger that draws a little back
        (0.0, 12.6, Mains.CUT, CHARGE_ONLY, 0.0),
        (-0.45, 12.6, Mains.CUT, LINE, 0.0),
        (0.3, 13.6, Mains.PRESENT, CHARGE_ONLY, math.nan),
        (0.0, 13.3, Mains.CUT, CHARGE_ONLY, math.nan),
    ],
)
def test_the_loads_current_through_v2_says_what_r2_cuts(
    charge_a: float, load_v: float, mains: Mains, wiring: Wiring, says: float
) -> None:
    image = measured(charge_a=charge_a, load_v=load_v, battery_v=12.7)
    assert wiring_fault(image, mains, settings(wiring)) == pytest.approx(says, nan_ok=True)


def test_loads_that_are_dark_with_both_open_say_it_too() -> None:
    image = measured(charge_a=0.0, load_v=0.0, battery_v=12.7, r1=OPEN, r2=OPEN)
    assert wiring_fault(image, Mains.CUT, settings(CHARGE_ONLY)) == 1.0


def lost(lowest_v: float, lowest_a: float, r2: Contact = OPEN) -> Measurement:
    """Return a period in which the mains went."""
    image = measured(battery_v=12.7, charge_a=0.0, load_v=13.2, lowest_load_v=lowest_v, r2=r2)
    return image._replace(charge=image.charge._replace(lowest_a=lowest_a))


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (lost(12.3, -0.5), 0.0),
        (lost(12.3, 0.0), math.nan),  # a supply that sinks, or loads too small to be seen
        (lost(0.0, 0.0), 1.0),
        (lost(9.0, 0.0), 1.0),
        (lost(13.5, 0.0), math.nan),  # the mains is there
        (lost(12.3, -0.5, CLOSED), math.nan),
        (lost(12.65, -0.5), math.nan),  # no diode's drop: through a contact
    ],
)
def test_the_first_loss_with_r2_open_proves_the_diode_or_that_it_is_missing(image: Measurement, says: float) -> None:
    assert diode_fault(image, settings(has_diode=True)) == pytest.approx(says, nan_ok=True)


def test_nobody_asks_for_a_diode_that_is_not_set() -> None:
    assert diode_fault(lost(0.0, 0.0), settings()) == 0.0
    assert diode_fault(lost(0.0, 0.0), settings(CHARGE_ONLY, has_diode=True)) == 0.0


def hot_for(seconds: int, charge_a: float, charge_v: float, r2: Contact) -> float:
    """Let a hot battery that was charged at 13.6 V be so for a while, R2 told ``r2`` at 0 s."""
    state = found(contacts(CLOSED, r2))._replace(latch=Latch(True, False, 0))
    before = measured(-1.0, charge_a=0.4, charge_v=13.6)
    watch = followed_hot_charge(no_hot_charge(), found(contacts()), before, Mains.PRESENT, settings())
    for now_s in range(seconds):
        image = measured(float(now_s), charge_a=charge_a, charge_v=charge_v, celsius=55.0, r2=r2)
        watch = followed_hot_charge(watch, state, image, Mains.PRESENT, settings())
    return hot_charge(watch, state, image, settings())


@pytest.mark.parametrize(
    ("seconds", "charge_a", "charge_v", "r2", "says"),
    [
        (10, 0.4, 13.6, OPEN, 0.0),
        (11, 0.4, 13.6, OPEN, 1.0),  # welded
        (600, 0.01, 13.58, OPEN, 0.0),
        (601, 0.01, 13.58, OPEN, 1.0),  # welded, with a battery that is full
        (7200, 0.0, 13.3, OPEN, 0.0),  # open
        (300, 0.0, 13.6, CLOSED, 0.0),
        (301, 0.0, 13.6, CLOSED, 1.0),  # it could not be opened
    ],
)
def test_a_hot_battery_whose_charge_goes_on_is_told(
    seconds: int, charge_a: float, charge_v: float, r2: Contact, says: float
) -> None:
    assert hot_for(seconds, charge_a, charge_v, r2) == says


def test_a_cool_battery_may_be_charged() -> None:
    image = measured(charge_a=0.4, charge_v=13.6)
    assert hot_charge(no_hot_charge(), found(contacts()), image, settings()) == 0.0
