"""A meter that stands alone for the mains and has not moved by one bit for half a minute counts as lost."""

from typing import Any

import pytest

from tests.unit.control.process_images import CHARGE_ONLY, CLOSED, LINE, OPEN, Panel, configured, measured, moved
from vigie.control.commands import Mains, Mode, Reason
from vigie.control.interlocks import Latch
from vigie.control.mains import MainsSettings, evidence
from vigie.control.signals import Measurement, Wiring
from vigie.control.supervisor import Decision, State, step

SETTINGS = MainsSettings(steady_s=0.0)
STILL_S = SETTINGS.alone_still_s


def still(image: Measurement, **still_s: float) -> Measurement:
    """Return the image with channels that have been still for so long."""
    return image._replace(**{name: getattr(image, name)._replace(still_s=value) for name, value in still_s.items()})


def period(panel: Panel, load_still_s: float, **readings: Any) -> Decision:
    panel.now_s += 1.0
    relays = panel.state.relays
    image = measured(panel.now_s, **({"r1": relays.r1.contact, "r2": relays.r2.contact, "charge_a": 0.0} | readings))
    panel.state, panel.decision = step(panel.state, still(image, load=load_still_s), panel.settings)
    return panel.decision


@pytest.mark.parametrize("wiring", [LINE, CHARGE_ONLY])
def test_an_open_r2_closes_when_v3_stands_still(wiring: Wiring) -> None:
    panel = Panel(configured(wiring), Mode.PROTECT)
    assert moved(period(panel, 0.0, battery_v=13.0)) == (CLOSED, OPEN)
    assert moved(period(panel, STILL_S - 1.0)) == (CLOSED, OPEN)
    decision = period(panel, STILL_S)
    assert moved(decision) == (CLOSED, CLOSED)
    assert decision.r2_reason == Reason.METER_STANDS_STILL


def test_r2_does_not_open_again_before_v3_has_moved() -> None:
    panel = Panel(configured(), Mode.PROTECT)
    assert moved(period(panel, 100.0, battery_v=13.0)) == (CLOSED, CLOSED)
    assert panel.decision.r2_refusal == Reason.METER_STANDS_STILL
    assert moved(period(panel, 0.0, battery_v=13.0)) == (CLOSED, OPEN)


def test_a_hot_battery_is_no_reason_to_believe_a_v3_that_stands_still() -> None:
    panel = Panel(configured())
    state: State = panel.state
    panel.state = state._replace(latch=Latch(True, False, 0))
    assert moved(period(panel, 0.0, celsius=55.0)) == (CLOSED, OPEN)
    assert moved(period(panel, STILL_S, celsius=55.0)) == (CLOSED, CLOSED)


@pytest.mark.parametrize(
    ("charge_a", "load_v", "still_s", "says"),
    [
        (0.3, 12.6, 0.0, Mains.PRESENT),  # a charger that pulls a weak supply down
        (0.3, 12.6, STILL_S, Mains.ABSENT),
        (0.3, 13.6, STILL_S, Mains.PRESENT),
        (-0.4, 13.6, 0.0, Mains.ABSENT),  # surface charge
        (-0.4, 13.6, STILL_S, Mains.PRESENT),
        (-0.4, 12.6, STILL_S, Mains.ABSENT),
        (0.3, None, STILL_S, Mains.UNKNOWN),
    ],
)
def test_a_v2_that_stands_still_is_not_heard_where_v3_does_not_agree(
    charge_a: float, load_v: float | None, still_s: float, says: Mains
) -> None:
    image = still(measured(charge_a=charge_a, load_v=load_v), charge=still_s)
    assert evidence(image, SETTINGS) == says


def test_zero_switches_it_off() -> None:
    image = still(measured(charge_a=0.3, load_v=12.6), charge=1e6)
    assert evidence(image, SETTINGS._replace(alone_still_s=0.0)) == Mains.PRESENT


CARRIED = {"load_v": 12.7, "battery_v": 12.8, "charge_v": 12.8}


def drilled(charge_a: float) -> Panel:
    """Begin a drill with charge_only and let it last, with ``charge_a`` through V2."""
    panel = Panel(configured(CHARGE_ONLY), Mode.OBSERVE)
    panel.after()
    panel.state = panel.state._replace(plan=panel.state.plan._replace(mode=Mode.CYCLE, phase=3))  # type: ignore[arg-type]
    assert moved(panel.after()) == (OPEN, CLOSED)
    assert panel.decision.r2_reason == Reason.WIRING_NOT_PROVEN
    for _ in range(12):
        panel.after(charge_a=charge_a, **CARRIED)
    return panel


def test_r2_opens_in_a_drill_once_the_battery_is_seen_to_feed_the_loads_past_it() -> None:
    assert moved(drilled(0.0).decision) == (OPEN, OPEN)


def test_r2_stays_closed_in_a_drill_whose_current_comes_through_it() -> None:
    panel = drilled(-0.5)
    assert moved(panel.decision) == (OPEN, CLOSED)
    assert panel.decision.r2_reason == Reason.WIRING_NOT_PROVEN


def test_surface_charge_that_looks_like_the_supply_proves_no_wiring() -> None:
    panel = drilled(-0.5)
    assert moved(panel.after(charge_a=0.0, load_v=13.3, battery_v=12.8)) == (OPEN, CLOSED)


def test_r1_opens_only_with_r2_closed_whatever_r2_cuts() -> None:
    panel = Panel(configured(CHARGE_ONLY), Mode.PROTECT)
    assert moved(panel.after(battery_v=13.0)) == (CLOSED, OPEN)
    panel.state = panel.state._replace(plan=panel.state.plan._replace(mode=Mode.CYCLE, phase=3))  # type: ignore[arg-type]
    assert moved(panel.after()) == (CLOSED, CLOSED)
    assert panel.decision.r1_refusal == Reason.WIRING_NOT_PROVEN
    assert moved(panel.after()) == (OPEN, CLOSED)
