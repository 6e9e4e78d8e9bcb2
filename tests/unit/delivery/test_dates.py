"""Whether dates may be sent, and when the store has to be asked for its clock first."""

import pytest

from vigie.delivery.calendar_proof import AHEAD_LIMIT_S, BOOT_S
from vigie.delivery.dates import MachineCalendar, SendableDates
from vigie.telemetry.delivery_log import START, Chunk, Cursor
from vigie.telemetry.schema import KEYS_PER_MS

NOON_S = 1_800_000_000.0


class World:
    """A computer, its calendar and a store, each with its clock."""

    def __init__(self, uptime_s: float = BOOT_S, *, is_synchronised: bool = True) -> None:
        self.at_s = 0.0
        self.wrong_by_s = 0.0
        self.store_wrong_by_s = 0.0
        self.asked = 0
        self.is_synchronised = is_synchronised
        machine = MachineCalendar(
            lambda: self.is_synchronised,
            lambda: uptime_s,
            lambda: NOON_S + self.at_s + self.wrong_by_s,
            lambda: self.at_s,
        )
        self.dates = SendableDates(machine, self.store_utc_s, self.ask, is_real_time=True)

    def store_utc_s(self) -> float | None:
        """Return the store's clock, which is known once it was asked."""
        return NOON_S + self.at_s + self.store_wrong_by_s if self.asked else None

    def ask(self) -> None:
        """Let the store answer."""
        self.asked += 1

    def sent(self, *ahead_s: float, was_set_back: bool = False) -> int:
        """Return how many of the rows that lie so far ahead may be sent."""
        rows = tuple((round((NOON_S + ahead) * 1000) * KEYS_PER_MS,) for ahead in ahead_s)
        chunk = Chunk(None, (), rows, Cursor(0, 1), is_all=True)
        return len(self.dates.sendable(chunk, START, lambda _: was_set_back).chunk.rows)


def test_the_store_is_asked_once_and_again_only_before_something_is_held_back() -> None:
    world = World()
    assert world.sent(0.0) == 1
    assert world.sent(0.0) == 1
    assert world.asked == 1
    assert world.sent(0.0, AHEAD_LIMIT_S + 1.0) == 1
    assert world.asked > 1


@pytest.mark.parametrize(("was_set_back", "sent"), [(False, 1), (True, 2)])
def test_what_lies_ahead_waits_unless_its_calendar_was_set_back(was_set_back: bool, sent: int) -> None:
    assert World().sent(0.0, AHEAD_LIMIT_S + 1.0, was_set_back=was_set_back) == sent


def test_nothing_is_sent_in_doubt_and_the_store_is_asked_each_time() -> None:
    world = World(uptime_s=0.0, is_synchronised=False)
    assert world.sent(0.0) == 0
    assert world.asked == 1
    world.is_synchronised = True
    assert world.sent(0.0) == 1


def test_a_store_with_a_clock_of_its_own_proves_the_calendar_once_they_agree() -> None:
    world = World(uptime_s=0.0, is_synchronised=False)
    world.wrong_by_s = -1000.0
    assert world.sent(0.0) == 0
    world.wrong_by_s = 0.0
    assert world.sent(0.0) == 1


def test_a_limit_that_was_refused_is_narrowed_down_to_a_second() -> None:
    world = World()
    narrowed = 0
    while world.dates.narrow():
        narrowed += 1
    assert narrowed == 10  # 570 s halved to less than one
    assert world.dates.limit_ms(0) == (NOON_S + AHEAD_LIMIT_S / 2**10) * 1000


def test_how_far_something_is_ahead_is_by_the_stores_clock() -> None:
    world = World()
    world.ask()
    world.store_wrong_by_s = -60.0
    assert world.dates.ahead_s(round(NOON_S * 1000)) == pytest.approx(60.0)
