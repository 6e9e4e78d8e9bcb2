"""While R2 is open in wiring ``line`` a reading that falls begins the next period at once."""

import math
import threading
from itertools import pairwise

import pytest

from tests.unit.controller.scripted_plant import CHANNELS, CLOSED, CONTROL, OPEN, Notes, ScriptedPlant, lookout
from vigie.clock import SimulatedClock
from vigie.control.between_periods import has_fallen, is_watched
from vigie.control.commands import Mode, Reason
from vigie.control.filtering import FilterSettings
from vigie.control.mains import MainsSettings
from vigie.control.signals import NO_SENSOR, Reading, Status, Sweep, Temperature, Wiring
from vigie.control.steadiness import MainsStanding
from vigie.controller.bus import MOST_HURRIED
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop, LoopSettings
from vigie.controller.period import NO_PAST
from vigie.errors import BusError
from vigie.plant.port import LOOK_EVERY_S, HasFallen

FAILED = Reading(math.nan, math.nan, int(Status.FAILED))
STANDS, CHARGES = Reading(13.6, 0.05, 0), Reading(12.8, 0.0, 0)


@pytest.mark.parametrize(
    ("charge", "load", "expected"),
    [
        (CHARGES, STANDS, False),
        (CHARGES, Reading(13.19, 0.05, 0), True),
        (CHARGES, Reading(0.0, 0.0, 0), True),
        (Reading(12.7, -0.0051, 0), STANDS, True),
        (Reading(12.7, -0.0049, 0), STANDS, False),
        (FAILED, FAILED, True),
        (FAILED, STANDS, False),
        (CHARGES, Reading(0.0, 0.0, int(Status.OVERFLOW)), False),
        (Reading(12.7, -0.2, int(Status.SATURATED)), STANDS, False),
    ],
)
def test_what_the_decision_would_call_a_loss_has_fallen(charge: Reading, load: Reading, expected: bool) -> None:
    assert has_fallen(charge, load, CHANNELS, MainsSettings()) is expected


def test_a_channel_that_is_not_fitted_never_falls() -> None:
    absent = CHANNELS._replace(charge=CHANNELS.charge._replace(is_fitted=False))
    assert not has_fallen(Reading(0.0, -0.3, 0), STANDS, absent, MainsSettings())


def test_only_an_open_r2_in_the_line_is_watched() -> None:
    watched = {(r2, wiring) for r2 in (OPEN, CLOSED) for wiring in Wiring if is_watched(r2, wiring)}
    assert watched == {(OPEN, Wiring.LINE)}


class FallingPlant(ScriptedPlant):
    """The supply falls at an instant; odd looks come when a test says so."""

    def __init__(self, clock: SimulatedClock, falls_s: float = math.inf) -> None:
        super().__init__(CLOSED, OPEN)
        self.clock: SimulatedClock = clock
        self.falls_s = falls_s
        self.odd_s: set[int] = set()
        """Milliseconds of the clock whose look is odd."""
        self.always_odd = False
        self.looked_s: list[float] = []
        self.swept_s: list[float] = []
        self.watchful: list[bool] = []

    def set_watchful(self, is_watchful: bool) -> None:
        self.watchful.append(is_watchful)

    def read_sweep(self) -> Sweep:
        self.swept_s.append(self.clock.now_s())
        self.load_v = 13.6 if self.clock.now_s() < self.falls_s or self.contacts[1] == CLOSED else 0.0
        return super().read_sweep()

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        while self.clock.now_s() + LOOK_EVERY_S < until_s:
            self.clock.sleep_until(self.clock.now_s() + LOOK_EVERY_S)
            self.looked_s.append(self.clock.now_s())
            is_odd = self.always_odd or any(abs(self.clock.now_s() - odd_s) < LOOK_EVERY_S for odd_s in self.odd_s)
            is_dark = self.clock.now_s() >= self.falls_s and self.contacts[1] == OPEN
            self.odd_s = set() if is_odd else self.odd_s
            if has_fallen(CHARGES, Reading(0.0 if is_odd or is_dark else 13.6, 0.0, 0)):
                return True
        self.clock.sleep_until(until_s)
        return False


class Story(Notes):
    """Stops the loop after some periods."""

    def __init__(self, stop: threading.Event, periods: int) -> None:
        super().__init__()
        self.stop, self.left = stop, periods

    def period(self, period: object) -> None:
        super().period(period)  # type: ignore[arg-type]
        self.left -= 1
        if self.left == 0:
            self.stop.set()


def run(plant: FallingPlant, periods: int, wiring: Wiring = Wiring.LINE) -> Story:
    stop = threading.Event()
    story = Story(stop, periods)
    heat_counts = CONTROL.interlocks._replace(hot_periods=3)
    loop = Loop(
        plant,
        plant.clock,
        Inbox(),
        [story],
        channels=CHANNELS,
        filtering=FilterSettings(),
        lookout=lookout(CONTROL._replace(wiring=wiring, mains=MainsSettings(), interlocks=heat_counts)),
        rhythm=LoopSettings(),
        past=NO_PAST._replace(mode=Mode.PROTECT),
    )
    loop.run(stop)
    return story


def plant_falling(falls_s: float = math.inf) -> FallingPlant:
    return FallingPlant(SimulatedClock(math.inf, 1_000_000.0), falls_s)


@pytest.mark.parametrize("falls_s", [3.003, 3.25, 3.3, 3.899, 3.901, 3.95, 3.999])
def test_a_loss_is_decided_on_after_one_look_whenever_it_comes(falls_s: float) -> None:
    plant = plant_falling(falls_s)
    story = run(plant, 6)
    closing = next(period for period in story.periods if period.decision.contacts.r2 == CLOSED)
    assert plant.moves == [(1, CLOSED)]
    assert 0.0 < closing.measurement.now_s - falls_s <= LOOK_EVERY_S + 0.001
    assert closing.state.relays.r2.reason == Reason.MAINS_LOST
    assert closing.measurement.load.bus_v == 0.0
    assert closing.measurement.load.good == 10, "the sweeps before the fall are dropped"
    steadiness = closing.state.supply.steadiness
    assert (steadiness.standing, steadiness.hold_off_s) == (MainsStanding.LOST, 600.0), (
        "the start counts as one already"
    )


def test_after_the_loss_periods_keep_their_length_and_nobody_looks() -> None:
    plant = plant_falling(3.25)
    story = run(plant, 8)
    ended_s = [period.measurement.now_s for period in story.periods]
    assert [round(later - earlier, 3) for earlier, later in pairwise(ended_s)][-3:] == [1.0] * 3
    assert max(later - earlier for earlier, later in pairwise(plant.swept_s)) <= 0.1001, "no gap that nobody reads"
    assert max(plant.looked_s) < 3.3
    assert plant.watchful[-1] is False
    assert story.periods[-1].counters.overruns == 0


def test_an_odd_look_begins_a_period_and_moves_nothing() -> None:
    plant = plant_falling()
    plant.odd_s = {3}
    story = run(plant, 6)
    assert plant.moves == []
    assert all(period.measurement.load.bus_v == 13.6 and period.measurement.is_valid for period in story.periods)
    ended_s = [period.measurement.now_s for period in story.periods]
    lengths = [round(later - earlier, 3) for earlier, later in pairwise(ended_s)]
    assert sum(length < 0.2 for length in lengths) == 1
    assert not [event for event in story.events if event.subject == "mains"]


def test_a_chip_that_errs_all_the_time_is_not_followed_all_the_time() -> None:
    plant = plant_falling()
    plant.always_odd = True
    story = run(plant, 20)
    assert plant.moves == []
    took_s = story.periods[-1].measurement.now_s - story.periods[0].measurement.now_s
    assert took_s > 20 / (MOST_HURRIED + 1) * 0.8
    assert all(period.measurement.is_valid for period in story.periods)


def test_one_hot_reading_of_a_thermometer_is_not_counted_once_for_each_hurried_period() -> None:
    plant = plant_falling()
    plant.always_odd = True
    plant.read_temperature = lambda: Temperature(  # type: ignore[method-assign]
        60.0 if 3.0 <= plant.clock.now_s() < 4.0 else 25.0, 0
    )
    story = run(plant, 20)
    hot = [period for period in story.periods if period.measurement.temperature.celsius == 60.0]
    assert sum(period.measurement.is_hurried for period in hot) >= 3
    assert not any(period.state.latch.is_set for period in story.periods)


def test_a_v3_that_stands_still_closes_r2_however_often_a_look_is_odd() -> None:
    plant = plant_falling()
    plant.always_odd = True
    story = run(plant, 200)
    closing = next(period for period in story.periods if period.decision.contacts.r2 == CLOSED)
    assert closing.decision.r2_reason == Reason.METER_STANDS_STILL
    assert MainsSettings().alone_still_s <= closing.measurement.now_s - story.periods[0].measurement.now_s <= 32.0


def test_with_r2_that_only_charges_nobody_looks() -> None:
    plant = plant_falling(3.25)
    run(plant, 6, Wiring.CHARGE_ONLY)
    assert plant.looked_s == []
    assert not any(plant.watchful)


def test_with_r2_closed_nobody_looks() -> None:
    plant = plant_falling()
    plant.contacts[1] = CLOSED
    plant.battery_v = 12.5
    run(plant, 6)
    assert plant.looked_s == []
    assert not any(plant.watchful)


def test_a_bus_that_goes_while_it_is_watched_makes_the_contacts_safe_with_the_next_period() -> None:
    plant = plant_falling()

    def broken(until_s: float, has_fallen: HasFallen) -> bool:
        raise BusError("cable off")

    plant.watch = broken  # type: ignore[method-assign]
    story = run(plant, 3)
    assert plant.contacts[1] == CLOSED
    assert next(event.text for event in story.events if event.subject == "bus") == "cable off"


def test_a_temperature_that_is_not_there_keeps_nobody_from_looking() -> None:
    plant = plant_falling(3.25)
    plant.read_temperature = lambda: NO_SENSOR  # type: ignore[method-assign]
    run(plant, 6)
    assert plant.contacts[1] == CLOSED
