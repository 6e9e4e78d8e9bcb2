"""Outages, drills and charger faults: when a record begins and ends, and what it says."""

import math
from typing import Any

import pytest

from tests.unit.control.process_images import (
    CHARGE_ONLY,
    CLOSED,
    LINE,
    OPEN,
    Panel,
    configured,
    contact_order,
    measured,
    mode_order,
)
from vigie.control.commands import Mode
from vigie.control.mains import MainsSettings
from vigie.control.outages import (
    Outage,
    OutageKind,
    OutageLogSettings,
    OutageState,
    follow,
    initial_outages,
    outage_rules,
    resumed_outages,
)
from vigie.control.signals import Contact, Relay, Wiring
from vigie.control.supervisor import step

SETTINGS = outage_rules(OutageLogSettings(), MainsSettings())
HEALTHY = {"battery_v": 13.0, "charge_v": 13.0, "charge_a": 0.5, "load_v": 13.6}
CARRYING = {"battery_v": 12.6, "charge_v": 12.6, "charge_a": -0.5, "load_v": 12.4}
PAST_V2 = CARRYING | {"charge_a": 0.0}
DARK = {"battery_v": 12.0, "charge_v": 12.0, "charge_a": 0.0, "load_v": 0.0}
NO_CHARGE = {"battery_v": 12.5, "charge_v": 12.5, "charge_a": 0.0, "load_v": 13.6}


class Site:
    """A supervisor whose contacts do what they are told, and the log that follows it."""

    def __init__(self, wiring: Wiring = LINE, state: OutageState | None = None) -> None:
        self.panel = Panel(configured(wiring), now_s=1000.0)
        self.state = state or initial_outages(1000.0)
        self.told: list[tuple[str, Outage]] = []

    def sees(self, readings: dict[str, Any], seconds: float = 1.0, period_s: float = 1.0) -> "Site":
        panel = self.panel
        for _ in range(round(seconds / period_s)):
            panel.now_s += period_s
            relays = panel.state.relays
            lines: dict[str, Any] = {"r1": relays.r1.contact, "r2": relays.r2.contact}
            image = measured(panel.now_s, **(lines | readings))
            panel.state, decision = step(panel.state, image, panel.settings)
            self.state, began, ended, outage = follow(self.state, panel.state, decision, image, SETTINGS)
            if ended:
                self.told.append(("ended", outage))
            if began:
                self.told.append(("began", self.state.outage))
        return self

    def opens(self, relay: Relay, contact: Contact = OPEN) -> "Site":
        self.panel.order(mode_order(Mode.MANUAL, 7200.0))
        self.panel.order(contact_order(relay, contact))
        return self

    @property
    def words(self) -> list[str]:
        return [f"{outage.kind.name.lower()} {what}" for what, outage in self.told]

    @property
    def ended(self) -> Outage:
        what, outage = self.told[-1]
        assert what == "ended"
        return outage


def test_an_outage_is_recorded_from_the_period_that_shows_it_to_the_one_that_brings_the_mains_back() -> None:
    site = Site().sees(HEALTHY, 10.0).sees(CARRYING, 3600.0)
    assert site.words == ["outage began"]
    assert site.state.outage.began_s == 1011.0
    assert math.isnan(site.state.outage.ended_s)
    site.sees(HEALTHY, 10.0)
    assert site.words == ["outage began"]
    site.sees(HEALTHY)
    assert site.words == ["outage began", "outage ended"]
    assert site.ended.ended_s == 1000.0 + 10.0 + 3600.0 + 1.0


def test_the_record_says_what_the_battery_gave() -> None:
    outage = Site().sees(HEALTHY, 10.0).sees(CARRYING, 1800.0).sees(CARRYING | {"battery_v": 12.3}, 1800.0)
    ended = outage.sees(HEALTHY, 11.0).ended
    assert ended.charge_out_ah == pytest.approx(0.5)
    assert ended.energy_out_wh == pytest.approx(0.5 * 12.6)
    assert (ended.lowest_v, ended.end_v) == (12.3, 12.3)
    assert ended.dark_s == 0.0
    assert ended.was_enough


def test_past_v2_the_loads_current_is_what_the_battery_gives() -> None:
    site = Site(CHARGE_ONLY).sees(HEALTHY, 10.0).sees(PAST_V2, 3600.0).sees(HEALTHY, 11.0)
    assert site.ended.charge_out_ah == pytest.approx(0.5)


def test_loads_that_went_dark_were_not_backed_enough() -> None:
    ended = Site().sees(HEALTHY, 10.0).sees(CARRYING, 60.0).sees(DARK, 30.0).sees(HEALTHY, 11.0).ended
    assert ended.dark_s == pytest.approx(30.0)
    assert not ended.was_enough


def test_mains_that_flickers_is_one_outage() -> None:
    site = Site().sees(HEALTHY, 10.0)
    for _ in range(5):
        site.sees(CARRYING, 20.0).sees(HEALTHY, 5.0)
    site.sees(HEALTHY, 20.0)
    assert site.words == ["outage began", "outage ended"]
    assert site.ended.charge_out_ah == pytest.approx(0.5 * 100 / 3600, rel=0.05)


def test_an_open_r1_is_a_drill_from_the_instant_it_opened() -> None:
    site = Site().sees(HEALTHY, 10.0).opens(Relay.R1).sees(HEALTHY)
    assert site.words == []
    site.sees(CARRYING, 600.0).opens(Relay.R1, CLOSED).sees(CARRYING, 4.0).sees(HEALTHY, 11.0)
    assert site.words == ["drill began", "drill ended"]
    assert site.ended.began_s == 1011.0
    assert site.ended.ended_s == 1000.0 + 11.0 + 604.0 + 1.0


def test_a_drill_after_which_the_mains_stays_away_ends_and_an_outage_begins_when_r1_closed() -> None:
    site = Site().sees(HEALTHY, 10.0).opens(Relay.R1).sees(HEALTHY).sees(CARRYING, 600.0)
    site.opens(Relay.R1, CLOSED).sees(CARRYING, 10.0)
    closed_s = site.panel.state.relays.r1.since_s
    assert site.words == ["drill began"]
    site.sees(CARRYING, 2.0)
    assert site.words == ["drill began", "drill ended", "outage began"]
    assert site.told[1][1].ended_s == site.state.outage.began_s == closed_s
    site.sees(CARRYING, 60.0).sees(HEALTHY, 11.0)
    assert site.words[-1] == "outage ended"


def test_a_drill_that_starts_while_the_mains_settles_ends_the_outage_where_the_mains_came_back() -> None:
    site = Site().sees(HEALTHY, 10.0).sees(CARRYING, 60.0).sees(HEALTHY, 3.0).opens(Relay.R1).sees(HEALTHY)
    back_s = 1000.0 + 10.0 + 60.0 + 1.0
    site.sees(CARRYING, 5.0)
    assert site.words == ["outage began", "outage ended", "drill began"]
    assert site.told[1][1].ended_s == back_s


def test_mains_without_charge_for_a_low_battery_becomes_a_charger_fault_that_ends_with_the_charge() -> None:
    site = Site().sees(HEALTHY, 10.0).sees(NO_CHARGE, 600.0)
    assert site.words == []
    site.sees(NO_CHARGE, 2.0)
    assert site.words == ["charger_fault began"]
    assert site.state.outage.began_s == 1011.0
    site.sees(NO_CHARGE, 3600.0).sees(HEALTHY)
    assert site.words == ["charger_fault began", "charger_fault ended"]
    assert site.ended.charge_out_ah == 0.0
    assert site.ended.was_enough


@pytest.mark.parametrize(
    "reason", [{"battery_v": 13.4, "charge_v": 13.4}, {"r2": OPEN}, {"load_v": None}, {"charge_a": 0.06}]
)
def test_what_is_no_proof_of_a_charger_fault(reason: dict[str, Any]) -> None:
    assert Site().sees(HEALTHY, 10.0).sees(NO_CHARGE | reason, 3600.0, period_s=10.0).words == []


def test_an_outage_during_a_charger_fault_is_told_as_one() -> None:
    site = Site().sees(HEALTHY, 10.0).sees(NO_CHARGE, 700.0).sees(CARRYING, 60.0)
    assert site.words == ["charger_fault began", "charger_fault ended", "outage began"]


def test_lost_readings_neither_begin_nor_end_a_record() -> None:
    lost = {"charge_a": None, "load_v": None, "is_valid": False}
    site = Site().sees(HEALTHY, 10.0).sees(lost, 60.0)
    assert site.words == []
    site.sees(CARRYING, 60.0).sees(lost, 60.0)
    assert site.words == ["outage began"]
    assert not math.isnan(site.state.outage.lowest_v)


def test_no_charge_is_counted_across_a_gap() -> None:
    site = Site().sees(HEALTHY, 10.0).sees(CARRYING, 60.0).sees(CARRYING, 7200.0, period_s=7200.0)
    assert site.state.outage.charge_out_ah == pytest.approx(0.5 * 60 / 3600)


def test_a_record_that_was_open_at_the_stop_goes_on() -> None:
    state = resumed_outages(OutageKind.OUTAGE, 400.0, 12.2, 1.5, 18.0, 0.0, 0.0, 12.3, 1000.0)
    site = Site(state=state).sees(CARRYING, 3600.0).sees(HEALTHY, 11.0)
    assert site.words == ["outage ended"]
    assert (site.ended.began_s, site.ended.lowest_v) == (400.0, 12.2)
    assert site.ended.charge_out_ah == pytest.approx(2.0)
    assert site.ended.was_enough


def test_a_record_that_was_open_at_the_stop_ends_with_the_start_when_the_mains_is_back() -> None:
    state = resumed_outages(OutageKind.OUTAGE, 400.0, 12.2, 1.5, 18.0, 25.0, 4.0, 12.3, 1000.0)
    ended = Site(state=state).sees(HEALTHY, 11.0).ended
    assert ended.ended_s == 1001.0
    assert (ended.end_v, ended.dark_s, ended.rest_dark_s, ended.was_enough) == (12.3, 25.0, 4.0, False)


def test_what_a_resting_r2_left_dark_is_not_laid_to_the_battery() -> None:
    site = Site().sees(HEALTHY, 10.0)
    site.sees(DARK | {"r2": OPEN}, 1.0).sees(CARRYING, 60.0).sees(HEALTHY, 20.0)
    assert (site.ended.dark_s, site.ended.rest_dark_s, site.ended.was_enough) == (1.0, 1.0, True)
    resumed = resumed_outages(OutageKind.OUTAGE, 400.0, 12.2, 1.5, 18.0, 1.0, 1.0, 12.3, 1000.0)
    assert resumed.outage.was_enough


def test_a_battery_that_gives_out_after_the_rest_was_not_enough() -> None:
    site = Site().sees(HEALTHY, 10.0)
    site.sees(DARK | {"r2": OPEN}, 1.0).sees(CARRYING, 60.0).sees(DARK, 5.0).sees(HEALTHY, 20.0)
    assert (site.ended.dark_s, site.ended.rest_dark_s, site.ended.was_enough) == (6.0, 1.0, False)
