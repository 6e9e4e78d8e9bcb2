"""Weeks of maintain on the twin, through the whole loop: two fillings, outages, restarts, and a cell that is weak."""

import math
from typing import Any

import pytest

from tests.unit.controller.scripted_plant import Notes
from vigie.clock import SimulatedClock
from vigie.config import check
from vigie.control.commands import Mode
from vigie.control.signals import Contact
from vigie.controller import beat
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop
from vigie.controller.period import NO_PAST, Past
from vigie.plant.installation import Installation
from vigie.plant.twin import Twin
from vigie.telemetry.records import Event, EventKind

PERIOD_S = 60.0
DAY_S = 86_400.0
FIRST_UTC_S = 1_700_000_000.0


class _Until:
    """Ends the loop at an instant, or once R2 is open."""

    def __init__(self, clock: SimulatedClock, end_s: float, notes: Notes, *, or_rest: bool = False) -> None:
        self._clock, self._end_s, self._notes, self._or_rest = clock, end_s, notes, or_rest

    def is_set(self) -> bool:
        rests = bool(self._notes.periods) and self._notes.periods[-1].contacts.r2 == Contact.OPEN
        return self._clock.now_s() >= self._end_s or (self._or_rest and rests)


class Site:
    """A twin that outlives the controllers that run on it."""

    def __init__(self, wiring: str, outages: list[list[float]], **maintain: float) -> None:
        tables: dict[str, dict[str, Any]] = {
            "plant": {"kind": "twin", "speed": 60.0},
            "loop": {"period_s": PERIOD_S},
            "filter": {"sweeps": 2, "least_good": 1},
            "wiring": {"battery_contact": wiring},
            "maintain": maintain,
            "twin": {"installation": {"outages": {"kind": "listed", "listed": outages}}},
        }
        self.config = check(tables, "weeks of maintain")
        self.clock, self.notes = SimulatedClock(math.inf, FIRST_UTC_S), Notes()
        self.twin = Twin(Installation(self.config.twin.installation), self.clock, self.config.twin)

    def lives(self, until_s: float, past: Past, *, or_rest: bool = False) -> None:
        """Run a controller that begins with what the journal knows, and dies at an instant (or at the first rest)."""
        loop = Loop(
            self.twin,
            self.clock,
            Inbox(),
            [self.notes],
            channels=self.config.channels_settings(),
            filtering=self.config.filter,
            lookout=self.config.lookout_settings(),
            rhythm=self.config.loop,
            past=past._replace(mode=Mode.MAINTAIN),
        )
        loop.run(_Until(self.clock, until_s, self.notes, or_rest=or_rest))  # type: ignore[arg-type]

    def movements(self) -> list[tuple[float, str, str]]:
        """Return the movements of R2: day, contact, reason."""
        return [
            ((event.utc_ms / 1_000 - FIRST_UTC_S) / DAY_S, event.after, event.reason)
            for event in self.notes.events
            if event.kind == EventKind.SWITCHING and event.subject == "R2"
        ]


@pytest.fixture(autouse=True)
def _slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat, "AT_SPEED_S", 60.0)  # however busy this machine is


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("wiring", ["line", "charge_only"])
def test_a_month_with_outages_rests_only_when_full_and_is_closed_in_every_outage(wiring: str) -> None:
    outages = [[1.0 * DAY_S, 1_800.0], [9.0 * DAY_S, 3_600.0], [20.0 * DAY_S, 600.0]]
    site = Site(wiring, outages)
    site.lives(30.0 * DAY_S, NO_PAST)
    moved = site.movements()
    assert [(after, reason) for _, after, reason in moved] == [
        ("open", "full"),
        ("closed", "mains_lost"),
        ("open", "full"),
        ("closed", "mains_lost"),
        ("open", "full"),
    ]
    days = [day for day, _, _ in moved]
    assert 3.0 < days[0] < 5.0, "two days at the charger's voltage, after the first outage"
    assert [days[1], days[3]] == pytest.approx([9.0, 20.0], abs=0.01)
    assert 11.0 < days[2] < 14.0
    assert all(period.measurement.load.bus_v > 11.0 for period in site.notes.periods), "never dark"


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_rest_goes_on_where_it_was_after_restarts_and_ends_after_its_longest_time() -> None:
    site = Site("line", [], longest_rest_days=1.0, weak_within_days=1.0)
    site.lives(6.0 * DAY_S, NO_PAST, or_rest=True)
    began: Event = [event for event in site.notes.events if event.after == "open"][-1]
    assert began.reason == "full"
    began_s = began.utc_ms / 1_000 - FIRST_UTC_S
    known = NO_PAST._replace(full_utc_s=began.utc_ms / 1_000)
    for hours in (5.0, 11.0, 26.0):
        site.lives(began_s + hours * 3_600.0, known)
    movements = [(after, reason) for _, after, reason in site.movements()]
    assert movements == [("open", "full"), ("closed", "rested_long")]
    assert site.movements()[-1][0] == pytest.approx(began_s / DAY_S + 1.0, abs=0.01)
