"""Calendars that are wrong, step, or run ahead: what their dates may do to a store."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.telemetry.samples import START_MS
from tests.waiting import wait_for
from vigie.delivery.dates import MachineCalendar
from vigie.delivery.wire import SeriesBlock

from .conftest import Delivery
from .histories import write
from .stores import Reply, Samples, ToldStore, journalled

SITE = "mill"
HOUR_S = 3600


class Computer:
    """A calendar that is wrong by a number of seconds, and what the kernel knows of it."""

    def __init__(self, wrong_by_s: float = 0.0, uptime_s: float = 1e6, *, is_synchronised: bool = False) -> None:
        self.wrong_by_s = wrong_by_s
        self.is_synchronised = is_synchronised
        self.machine = MachineCalendar(
            lambda: self.is_synchronised, lambda: uptime_s, lambda: time.time() + self.wrong_by_s
        )

    def now(self) -> int:
        """Return the second its calendar shows, as the histories count them."""
        return int(self.machine.utc_s() - START_MS / 1000)


def up_to(samples: Samples, last_s: float, first_s: float = 0) -> Samples:
    span = range(START_MS + round(first_s * 1000), START_MS + round(last_s * 1000))
    found = {name: {at: value for at, value in series.items() if at in span} for name, series in samples.items()}
    return {name: series for name, series in found.items() if series}


def newest_s(store: ToldStore) -> float:
    return max((at for series in store.samples.values() for at in series), default=START_MS) / 1000 - START_MS / 1000


def like_prometheus_3(blocks: list[SeriesBlock], _number: int) -> Reply:
    limit_ms = (time.time() + 600) * 1000
    if max((block.times_ms[-1] for block in blocks), default=0.0) > limit_ms:
        return Reply(400, "out of bounds: timestamp is too far in the future")
    return Reply()


@pytest.fixture
def store() -> Iterator[ToldStore]:
    store = ToldStore()
    yield store
    store.close()


@pytest.mark.parametrize("wrong_by_s", [2 * HOUR_S, 20 * 60])
def test_a_calendar_ahead_at_boot_and_then_set_right_is_followed_at_once(
    path: Path, store: ToldStore, deliver: Callable[..., Delivery], wrong_by_s: int
) -> None:
    computer = Computer(wrong_by_s)
    ahead = computer.now()
    write(path, range(ahead, ahead + 16))
    delivery = deliver(store.url, is_real_time=True, machine=computer.machine)
    wait_for(lambda: "s ahead of the store's clock: set the wrong one right" in delivery.state().last_error)
    assert (delivery.state().set_aside, delivery.state().waiting_periods, store.samples) == (0, 16, {})
    computer.wrong_by_s = 0.0
    right = computer.now()
    write(path, range(right, right + 30))
    state = delivery.finish()
    assert store.samples == up_to(journalled(path, SITE), right + 30)
    assert (state.last_error, state.set_aside) == ("", 1)


def test_measurements_that_are_ahead_wait_until_the_store_takes_them(
    path: Path, store: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    now = Computer().now()
    write(path, range(now + 560, now + 580))
    store.answer = like_prometheus_3
    state = deliver(store.url, is_real_time=True).finish(60)
    assert store.samples == journalled(path, SITE)
    assert (state.set_aside, state.last_error) == (0, "")


def test_a_calendar_behind_at_boot_and_then_set_right_is_followed_at_once(
    path: Path, store: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    computer = Computer(-2 * HOUR_S, is_synchronised=True)
    behind = computer.now()
    write(path, range(behind, behind + 10))
    delivery = deliver(store.url, is_real_time=True, machine=computer.machine)
    wait_for(lambda: newest_s(store) == behind + 9)
    computer.wrong_by_s = 0.0
    right = computer.now()
    write(path, range(right, right + 10))
    assert delivery.finish().set_aside == 0
    assert store.samples == journalled(path, SITE)


def test_dates_of_a_computer_that_has_just_booted_wait_for_its_time_server(
    path: Path, store: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    computer = Computer(uptime_s=20.0)
    now = computer.now()
    write(path, range(now - 20, now))
    delivery = deliver(store.url, is_real_time=True, machine=computer.machine)
    wait_for(lambda: "no time server has set its calendar yet" in delivery.state().last_error)
    assert (delivery.state().waiting_periods, store.samples) == (20, {})
    computer.is_synchronised = True
    assert delivery.finish().last_error == ""
    assert store.samples == journalled(path, SITE)


def test_dates_of_a_computer_without_a_time_server_are_sent_once_it_has_run_a_while(
    path: Path, store: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    computer = Computer(uptime_s=299.0)
    now = computer.now()
    write(path, range(now - 20, now))
    assert deliver(store.url, is_real_time=True, machine=computer.machine).finish().last_error == ""
    assert store.samples == journalled(path, SITE)


def test_a_calendar_set_by_months_waits_for_its_proof(path: Path, deliver: Callable[..., Delivery]) -> None:
    """The store lives on the same computer: its clock steps too and proves nothing."""
    computer = Computer(is_synchronised=True)
    store = ToldStore()
    try:
        now = computer.now()
        write(path, range(now - 10, now))
        delivery = deliver(store.url, is_real_time=True, machine=computer.machine)
        wait_for(lambda: newest_s(store) == now - 1)
        before = dict(store.samples)
        computer.is_synchronised, computer.wrong_by_s = False, -400 * 24 * HOUR_S
        wrong = computer.now()
        write(path, range(wrong, wrong + 10))
        wait_for(lambda: "set by -9600.0 h and no time server has confirmed it" in delivery.state().last_error)
        assert store.samples == before
    finally:
        store.close()


def test_a_twin_ahead_of_its_store_is_told_and_loses_nothing(
    path: Path, store: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    now = Computer().now()
    write(path, range(now - 200, now + 2 * HOUR_S, 20))
    store.answer = like_prometheus_3
    delivery = deliver(store.url)
    wait_for(lambda: "the simulated calendar is " in delivery.state().last_error)
    assert "run the twin with plant.speed = 1" in delivery.state().last_error
    assert delivery.state().set_aside == 0
    wait_for(lambda: store.samples != {})
    assert up_to(store.samples, now + 500) == up_to(journalled(path, SITE), now + 500)
    assert newest_s(store) < now + 1200
