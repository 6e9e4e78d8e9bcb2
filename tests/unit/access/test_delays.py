"""Wrong passwords cost time, more each time; nobody is locked out, and those who belong here get in."""

from hypothesis import given
from hypothesis import strategies as st

from vigie.access.delays import CROWD_FREE_TRIES, FREE_TRIES, MOST_KEPT, PAUSE, Delays, delay_s


class Clock:
    def __init__(self) -> None:
        self.now_s = 50_000.0

    def __call__(self) -> float:
        return self.now_s


def fail(delays: Delays, clock: Clock, times: int, name: str = "admin", address: str = "1.1.1.1") -> list[float]:
    """Try wrong passwords as fast as is heard; return the wait before each."""
    waits = []
    for _ in range(times):
        waited_s = delays.begin(name, address)
        if waited_s:
            clock.now_s += waited_s
            assert delays.begin(name, address) == 0.0
        waits.append(round(waited_s, 6))
    return waits


def test_the_first_three_are_free_then_each_waits_twice_as_long_up_to_a_minute() -> None:
    clock = Clock()
    assert fail(Delays(clock), clock, 11) == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_waiting_does_not_make_the_wait_longer() -> None:
    clock = Clock()
    delays = Delays(clock)
    fail(delays, clock, 5)
    assert [delays.begin("admin", "1.1.1.1") for _ in range(50)] == [4.0] * 50


def test_an_account_is_protected_from_many_addresses() -> None:
    clock = Clock()
    delays = Delays(clock)
    heard = 0
    for _ in range(600):  # ten minutes, each trying once a second
        heard += sum(delays.begin("admin", f"10.0.0.{number}") == 0 for number in range(100))
        clock.now_s += 1.0
    assert CROWD_FREE_TRIES <= heard <= CROWD_FREE_TRIES + 20


def test_twenty_addresses_that_guess_for_hours_do_not_hold_up_a_twenty_first() -> None:
    clock = Clock()
    delays = Delays(clock)
    for _ in range(3 * 3600):
        for number in range(20):
            delays.begin("admin", f"10.0.0.{number}")
        clock.now_s += 1.0
    assert [delays.begin("admin", "192.168.1.5") for _ in range(FREE_TRIES)] == [0.0] * FREE_TRIES


def test_all_addresses_of_one_ipv6_network_are_one() -> None:
    delays = Delays(Clock())
    assert [delays.begin("admin", f"2001:db8::{number}") for number in range(1, 5)] == [0, 0, 0, 1]
    assert delays.begin("admin", "2001:db8:0:1::1") == 0


def test_an_address_cannot_try_many_accounts() -> None:
    clock = Clock()
    delays = Delays(clock)
    assert [delays.begin(name, "1.1.1.1") for name in ("a", "b", "c", "d")] == [0, 0, 0, 1]


def test_a_known_browser_is_not_held_up_by_others_whatever_their_address() -> None:
    clock = Clock()
    delays = Delays(clock)
    fail(delays, clock, 9, "marie", "192.168.1.5")
    assert delays.begin("marie", "192.168.1.5", "browser 1") == 0
    assert delays.begin("marie", "192.168.1.5") > 0
    assert delays.begin("admin", "192.168.1.5") > 0


def test_a_known_browser_has_a_count_of_its_own_which_is_no_free_ride() -> None:
    delays = Delays(Clock())
    assert [delays.begin("marie", f"192.168.1.{number}", "browser 1") for number in range(4)] == [0, 0, 0, 1]
    assert delays.begin("marie", "192.168.1.5", "browser 2") == 0
    assert delays.begin("admin", "192.168.1.5", "browser 1") == 0


def test_a_right_password_ends_no_wait_but_its_own() -> None:
    clock = Clock()
    delays = Delays(clock)
    for number in range(12):
        fail(delays, clock, 4, "marie", f"10.0.0.{number}")
    assert delays.begin("marie", "192.168.1.5") == 0
    delays.succeeded("marie", "192.168.1.5")
    assert delays.begin("marie", "10.0.0.1") > 0


def test_the_right_password_ends_the_waiting() -> None:
    clock = Clock()
    delays = Delays(clock)
    fail(delays, clock, 3)
    clock.now_s += 1
    assert delays.begin("admin", "1.1.1.1") == 0
    delays.succeeded("admin", "1.1.1.1")
    assert fail(delays, clock, 3) == [0, 0, 0]


def test_tries_made_at_the_same_time_do_not_pass_together() -> None:
    delays = Delays(Clock())
    assert sum(delays.begin("admin", "1.1.1.1") == 0 for _ in range(64)) == 3


def test_an_hour_of_quiet_forgets() -> None:
    clock = Clock()
    delays = Delays(clock)
    fail(delays, clock, 8)
    clock.now_s += 3700
    assert fail(delays, clock, 4) == [0, 0, 0, 1]


def test_a_flood_of_names_and_addresses_is_not_kept_for_ever_and_keeps_the_worst() -> None:
    clock = Clock()
    delays = Delays(clock)
    fail(delays, clock, 9)
    for number in range(3 * MOST_KEPT):
        delays.begin(f"name-{number}", f"address-{number}")
    assert len(delays._tries) <= MOST_KEPT + 3
    assert delays.begin("admin", "1.1.1.1") > 0


@given(st.integers(0, 2000))
def test_no_wait_is_longer_than_a_minute(wrong: int) -> None:
    assert 0.0 <= delay_s(wrong) <= PAUSE.longest_s
