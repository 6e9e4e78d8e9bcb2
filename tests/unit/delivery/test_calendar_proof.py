"""When a calendar counts as proven, and what waits for the store's clock instead of being set aside."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.delivery.calendar_proof import (
    AGREES_S,
    AHEAD_LIMIT_S,
    BOOT_S,
    LEAST_LIMIT_S,
    SETTLED_S,
    STEP_S,
    CalendarProof,
    ClockReading,
    ahead_s,
    ahead_words,
    first,
    sendable,
    step,
)
from vigie.telemetry.delivery_log import START, Chunk, Cursor
from vigie.telemetry.rows import Row
from vigie.telemetry.schema import KEYS_PER_MS

NOON_S = 1_800_000_000.0
PROVEN = CalendarProof(True, AHEAD_LIMIT_S, NOON_S, -math.inf, has_asked=True)
TWIN = first(ClockReading(0.0, NOON_S, None, None), 1e6, is_real_time=False)


def at(
    at_s: float,
    wrong_by_s: float = 0.0,
    *,
    store_wrong_by_s: float | None = None,
    is_synchronised: bool | None = False,
    has_answered: bool = False,
) -> ClockReading:
    store_s = None if store_wrong_by_s is None else NOON_S + at_s + store_wrong_by_s
    return ClockReading(at_s, NOON_S + at_s + wrong_by_s, store_s, is_synchronised, has_answered)


def booted(wrong_by_s: float = 0.0, uptime_s: float = 20.0) -> CalendarProof:
    return first(at(0.0, wrong_by_s), uptime_s, is_real_time=True)


def row(at_utc_s: float) -> Row:
    return (round(at_utc_s * 1000) * KEYS_PER_MS,)


def chunk(*at_utc_s: float) -> Chunk:
    rows = tuple(row(one) for one in at_utc_s)
    return Chunk(None, (), rows, Cursor(0, rows[-1][0] or 0) if rows else START, is_all=True)


def test_a_computer_that_has_just_booted_is_doubted_until_its_time_server_speaks() -> None:
    proof = step(booted(), at(1.0))
    assert "has booted and no time server has set its calendar yet" in proof.doubt(1.0)
    assert step(proof, at(2.0, is_synchronised=True)).doubt(2.0) == ""


@pytest.mark.parametrize("said", [False, None], ids=["not synchronised", "says nothing"])
def test_a_computer_without_a_time_server_counts_once_it_has_run_a_while(said: bool | None) -> None:
    proof = step(booted(uptime_s=20.0), at(1.0, is_synchronised=said))
    assert proof.doubt(BOOT_S - 20.0 - 0.001) != ""
    assert proof.doubt(BOOT_S - 20.0) == ""


def test_a_process_that_starts_long_after_the_boot_doubts_nothing() -> None:
    assert booted(uptime_s=BOOT_S).doubt(0.0) == ""


@pytest.mark.parametrize("jump_s", [STEP_S + 1.0, -STEP_S - 1.0, 400 * 86_400.0])
def test_a_calendar_that_steps_has_to_prove_itself_anew(jump_s: float) -> None:
    proof = step(PROVEN, at(10.0, jump_s))
    assert f"the calendar was set by {jump_s / 3600:+.1f} h" in proof.doubt(10.0)
    assert step(proof, at(11.0, jump_s)).doubt(10.0 + SETTLED_S - 0.001) != ""
    assert step(proof, at(11.0, jump_s)).doubt(10.0 + SETTLED_S) == ""
    assert step(proof, at(11.0, jump_s, is_synchronised=True)).doubt(11.0) == ""


def test_a_time_server_that_sets_it_at_boot_proves_it_in_the_same_look() -> None:
    assert step(booted(-2 * STEP_S), at(5.0, 0.0, is_synchronised=True)).doubt(5.0) == ""


@given(st.floats(-STEP_S, STEP_S))
def test_a_clock_that_is_set_by_less_than_an_hour_stays_proven(jump_s: float) -> None:
    assert step(PROVEN, at(10.0, jump_s)).doubt(10.0) == ""


def test_many_small_steps_are_no_large_one() -> None:
    proof = PROVEN
    for number in range(1, 10):
        proof = step(proof, at(float(number), number * 0.9 * STEP_S))
    assert proof.doubt(9.0) == ""


def test_a_store_with_a_clock_of_its_own_that_agrees_later_is_a_proof() -> None:
    proof = step(booted(-7200.0), at(1.0, -7200.0, store_wrong_by_s=0.0, has_answered=True))
    assert proof.has_own_clock
    assert proof.doubt(1.0) != ""
    assert step(proof, at(2.0, 0.0, store_wrong_by_s=0.0, has_answered=True)).doubt(2.0) == ""


def test_a_store_on_the_same_computer_proves_nothing() -> None:
    """Its clock is this computer's: it has agreed all along."""
    proof = step(booted(-7200.0), at(1.0, -7200.0, store_wrong_by_s=-7200.0, has_answered=True))
    assert not proof.has_own_clock
    assert step(proof, at(2.0, 0.0, store_wrong_by_s=0.0, has_answered=True)).doubt(2.0) != ""


def test_what_is_remembered_of_a_store_proves_nothing() -> None:
    proof = step(booted(), at(1.0, store_wrong_by_s=7200.0))
    assert not proof.has_own_clock
    knowing = proof._replace(has_own_clock=True)
    assert step(knowing, at(2.0, store_wrong_by_s=0.0)).doubt(2.0) != ""


@pytest.mark.parametrize(("off_s", "is_its_own"), [(AGREES_S, False), (AGREES_S + 1.0, True), (-AGREES_S - 1.0, True)])
def test_clocks_within_half_a_minute_agree(off_s: float, is_its_own: bool) -> None:
    proof = step(booted(), at(1.0, store_wrong_by_s=off_s, has_answered=True))
    assert proof.has_own_clock is is_its_own


def test_the_store_is_asked_once_at_least_and_before_anything_waits_for_its_clock() -> None:
    reading = at(0.0)
    fresh = booted(uptime_s=1e6)
    now_ms = round(reading.utc_s * 1000)
    assert fresh.must_ask(reading, now_ms)
    asked = step(fresh, at(0.0, has_answered=True))
    assert not asked.must_ask(reading, now_ms)
    assert not asked.must_ask(reading, round(asked.limit_ms(reading)))
    assert asked.must_ask(reading, round(asked.limit_ms(reading)) + 1)


def test_a_simulated_calendar_is_never_doubted_and_has_all_the_future_until_a_store_refuses_it() -> None:
    assert step(TWIN, at(1.0, 400 * STEP_S)).doubt(1.0) == ""
    assert TWIN.limit_ms(at(1.0)) == math.inf
    assert not TWIN.must_ask(at(1.0), round((NOON_S + 1e9) * 1000))
    assert TWIN.narrowed().limit_s == AHEAD_LIMIT_S


def test_what_a_store_refuses_as_too_new_halves_what_may_be_ahead_down_to_a_second() -> None:
    limits, proof = [], PROVEN
    while (narrower := proof.narrowed()) != proof:
        proof = narrower
        limits.append(proof.limit_s)
    assert limits == [AHEAD_LIMIT_S / 2**times for times in range(1, len(limits) + 1)]
    assert LEAST_LIMIT_S / 2 < limits[-1] <= LEAST_LIMIT_S


def test_a_store_whose_clock_is_behind_gets_what_it_takes_and_the_rest_waits() -> None:
    reading = at(1000.0, store_wrong_by_s=-700.0)
    whole = chunk(NOON_S + 800.0, NOON_S + 870.0, NOON_S + 871.0, NOON_S + 1000.0)
    found = sendable(PROVEN, reading, whole, START)
    assert found.chunk.rows == whole.rows[:2]
    assert found.chunk.end == Cursor(START.step_id, whole.rows[1][0] or 0)
    assert not found.chunk.is_all
    assert found.words == "this computer's calendar is 700 s ahead of the store's clock: set the wrong one right"


def test_a_store_whose_clock_is_ahead_holds_nothing_back() -> None:
    whole = chunk(NOON_S + 999.0, NOON_S + 1000.0)
    assert sendable(PROVEN, at(1000.0, store_wrong_by_s=9000.0), whole, START) == (whole, "")


def test_one_that_tells_no_time_is_taken_to_agree() -> None:
    whole = chunk(NOON_S + 1000.0 + AHEAD_LIMIT_S)
    assert sendable(PROVEN, at(1000.0), whole, START) == (whole, "")
    assert sendable(PROVEN, at(999.0), whole, START).chunk.rows == ()


def test_where_nothing_may_be_sent_the_cursor_stays() -> None:
    began = Cursor(3, 77)
    found = sendable(PROVEN, at(0.0), chunk(NOON_S + 2 * AHEAD_LIMIT_S), began)
    assert (found.chunk.rows, found.chunk.end, found.chunk.is_all) == ((), began, False)


def test_dates_known_to_be_wrong_do_not_wait() -> None:
    whole = chunk(NOON_S + 9000.0)
    assert sendable(PROVEN, at(0.0), whole, START, was_set_back=True) == (whole, "")


def test_in_doubt_everything_waits_whatever_its_date() -> None:
    whole = chunk(NOON_S - 9000.0, NOON_S - 8999.0)
    found = sendable(booted(), at(0.0), whole, START, was_set_back=True)
    assert (found.chunk.rows, found.chunk.end, found.chunk.is_all) == ((), START, False)
    assert "what it dates waits" in found.words


def test_a_twin_is_told_what_to_do_about_its_future() -> None:
    reading = at(0.0)
    at_ms = round((NOON_S + 42.0) * 1000)
    assert ahead_s(reading, at_ms) == pytest.approx(42.0)
    assert "the simulated calendar is 42 s ahead of the store's clock" in ahead_words(TWIN, reading, at_ms)


@dataclass
class Site:
    """A journal dated by a calendar that a time server corrects, and a store with a clock of its own."""

    wrong_by_s: float
    store_wrong_by_s: float
    proof: CalendarProof
    now_s: float = 0.0
    cursor: Cursor = START

    def look(self, *, is_synchronised: bool) -> ClockReading:
        reading = at(
            self.now_s,
            self.wrong_by_s,
            store_wrong_by_s=self.store_wrong_by_s,
            is_synchronised=is_synchronised,
            has_answered=True,
        )
        self.proof = step(self.proof, reading)
        assert step(self.proof, reading) == self.proof, "a second look at the same clocks changes nothing"
        return reading


@given(
    store_wrong_by_s=st.floats(-2000.0, 2000.0),
    rows=st.lists(st.integers(-3000, 3000), min_size=1, max_size=30, unique=True),
    waits_s=st.lists(st.floats(0.0, 2000.0), max_size=8),
)
def test_whatever_the_clocks_every_row_is_sent_once_in_order_and_never_ahead_of_the_store(
    store_wrong_by_s: float, rows: list[int], waits_s: list[float]
) -> None:
    site = Site(0.0, store_wrong_by_s, PROVEN)
    written = sorted(NOON_S + one for one in rows)
    sent: list[Row] = []
    for wait_s in [*waits_s, 10_000.0]:
        site.now_s += wait_s
        reading = site.look(is_synchronised=True)
        waiting = chunk(*(one for one in written if (row(one)[0] or 0) > site.cursor.key))
        found = sendable(site.proof, reading, waiting, site.cursor)
        limit_ms = reading.store_now_s * 1000 + AHEAD_LIMIT_S * 1000
        assert all((one[0] or 0) // KEYS_PER_MS <= limit_ms for one in found.chunk.rows)
        assert bool(found.words) == (len(found.chunk.rows) < len(waiting.rows))
        sent += found.chunk.rows
        site.cursor = found.chunk.end if waiting.rows else site.cursor
    assert sent == [row(one) for one in written]


@given(
    wrong_by_s=st.floats(-1e7, 1e7),
    uptime_s=st.floats(0.0, BOOT_S - 100.0),
    set_after_s=st.floats(1.0, 90.0),
    has_time_server=st.booleans(),
)
def test_nothing_leaves_before_the_calendar_is_proven(
    wrong_by_s: float, uptime_s: float, set_after_s: float, has_time_server: bool
) -> None:
    """The store lives on the same computer, so that only a time server, or time itself, can prove anything."""
    site = Site(wrong_by_s, wrong_by_s, booted(wrong_by_s, uptime_s))
    site.now_s = set_after_s
    reading = site.look(is_synchronised=False)
    whole = chunk(NOON_S + wrong_by_s)
    assert sendable(site.proof, reading, whole, START).chunk.rows == ()
    site.now_s += 1.0
    site.wrong_by_s = site.store_wrong_by_s = 0.0
    reading = site.look(is_synchronised=has_time_server)
    waits = not has_time_server
    assert bool(site.proof.doubt(site.now_s)) is waits
    assert bool(sendable(site.proof, reading, chunk(NOON_S), START).words) is waits
    site.now_s += SETTLED_S
    assert sendable(site.proof, site.look(is_synchronised=False), chunk(NOON_S), START).words == ""


def test_the_calendar_at_the_start_is_no_step() -> None:
    proof = first(at(50.0), 20.0, is_real_time=True)
    assert step(proof, at(51.0)).jump_s == 0.0


def test_a_step_is_what_is_more_than_an_hour() -> None:
    assert step(PROVEN, at(0.0, STEP_S)).doubt(0.0) == ""
    assert step(PROVEN, at(0.0, STEP_S + 1.0)).doubt(0.0) != ""
