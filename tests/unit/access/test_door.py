"""Who is let in, for how long, and what ends it."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.access.conftest import Now
from vigie.access.door import Door, MustWait, WrongPassword, is_local
from vigie.access.people import GUEST, Refused, Role, Visitor
from vigie.access.settings import AccessSettings

HERE, AGENT = "192.168.1.20", "Mozilla/5.0 (X11; Linux) Firefox/140.0"
GOOD, OTHER = "correct horse battery", "staple of the day"


@pytest.fixture
def marie(door: Door) -> Door:
    door.users.add("admin", Role.ADMIN, "test", password="administers it all")
    door.users.add("marie", Role.OPERATOR, "test", password=GOOD)
    return door


def log_in(door: Door, password: str = GOOD) -> str:
    return door.log_in("marie", password, HERE, AGENT)


def seen(door: Door, token: str) -> Visitor:
    visitor = door.visitor(token, HERE)
    assert visitor is not None
    return visitor


def test_the_right_password_opens_and_says_who_it_is(marie: Door) -> None:
    visitor = seen(marie, log_in(marie))
    assert (visitor.name, visitor.role, visitor.must_change) == ("marie", Role.OPERATOR, False)
    assert visitor.session is not None
    assert (visitor.session.address, visitor.session.agent) == (HERE, AGENT)


@pytest.mark.parametrize(
    ("name", "password"), [("marie", "wrong password"), ("nobody", GOOD), ("", ""), ("MARIE", GOOD)]
)
def test_anything_else_does_not_and_says_the_same_of_both(marie: Door, name: str, password: str) -> None:
    with pytest.raises(WrongPassword, match="name or password is wrong"):
        marie.log_in(name, password, HERE, AGENT)


def test_a_monstrous_password_is_not_even_hashed(marie: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr("vigie.access.passwords.is_right", lambda known, password: bool(kept.append(known)))
    with pytest.raises(WrongPassword):
        log_in(marie, GOOD + "x" * 100_000)
    assert kept == [None]


def test_a_monstrous_name_is_not_kept_in_memory(marie: Door) -> None:
    with pytest.raises(WrongPassword):
        marie.log_in("x" * 60_000, GOOD, HERE, AGENT)
    assert max(len(name) for _, name, _ in marie._delays._tries) == 64


@pytest.mark.parametrize("token", [None, "", "x", "x" * 10_000, "\udcff", "a'; DROP TABLE session;--"])
def test_no_made_up_token_opens(marie: Door, token: str | None) -> None:
    log_in(marie)
    assert marie.visitor(token, HERE) is None


def test_the_file_holds_neither_token_nor_password(marie: Door, path: Path) -> None:
    token = log_in(marie)
    marie.close()
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert token.encode() not in content
    assert GOOD.encode() not in content
    assert b"$argon2id$" in content


def test_every_login_has_a_token_of_its_own(marie: Door) -> None:
    tokens = {log_in(marie) for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) >= 43 for token in tokens)
    assert len(marie.users.sessions()) == 3


def test_a_login_not_used_for_half_a_day_has_ended(marie: Door, now: Now) -> None:
    token = log_in(marie)
    for _ in range(5):
        now.utc_s += 11.9 * 3600
        assert marie.visitor(token, HERE)
    now.utc_s += 12.1 * 3600
    assert marie.visitor(token, HERE) is None


def test_a_login_ends_after_thirty_days_however_much_it_is_used(marie: Door, now: Now) -> None:
    token = log_in(marie)
    for _ in range(30 * 4 - 1):
        now.utc_s += 6 * 3600
        assert marie.visitor(token, HERE)
    now.utc_s += 6.1 * 3600
    assert marie.visitor(token, HERE) is None


def test_a_login_of_a_wrong_clock_far_ahead_does_not_last_for_years(marie: Door, now: Now) -> None:
    now.utc_s += 10 * 365 * 86_400
    token = log_in(marie)
    now.utc_s -= 10 * 365 * 86_400
    assert marie.visitor(token, HERE) is None


def test_the_last_use_is_written_at_most_once_a_minute(marie: Door, now: Now) -> None:
    token = log_in(marie)
    began_s = now.utc_s
    for _ in range(59):
        now.utc_s += 1
        marie.visitor(token, HERE)
    assert marie.users.sessions()[0].used_s == began_s
    now.utc_s += 2
    marie.visitor(token, HERE)
    assert marie.users.sessions()[0].used_s == now.utc_s


def test_logging_out_ends_this_login_and_no_other(marie: Door) -> None:
    first, second = log_in(marie), log_in(marie)
    told: list[str] = []
    marie.subscribe(lambda: told.append("ended"))
    marie.log_out(seen(marie, first), HERE)
    assert marie.visitor(first, HERE) is None
    assert marie.visitor(second, HERE)
    assert told == ["ended"]


def test_another_password_ends_all_logins_but_the_one_that_begins(marie: Door) -> None:
    first, second = log_in(marie), log_in(marie)
    third = marie.change_password(seen(marie, first), GOOD, OTHER, HERE, AGENT)
    assert [marie.visitor(token, HERE) is not None for token in (first, second, third)] == [False, False, True]
    with pytest.raises(WrongPassword):
        log_in(marie)
    assert log_in(marie, OTHER)


def test_one_s_own_password_is_changed_only_by_who_knows_it(marie: Door) -> None:
    visitor = seen(marie, log_in(marie))
    with pytest.raises(WrongPassword):
        marie.change_password(visitor, "not the old one", OTHER, HERE, AGENT)
    with pytest.raises(Refused, match="at least 10"):
        marie.change_password(visitor, GOOD, "short", HERE, AGENT)
    with pytest.raises(Refused, match="is the old one"):
        marie.change_password(visitor, GOOD, GOOD, HERE, AGENT)
    assert log_in(marie)


def test_another_role_ends_the_logins(marie: Door) -> None:
    token = log_in(marie)
    marie.users.set_role("marie", Role.VIEWER, "test")
    assert marie.visitor(token, HERE) is None
    assert seen(marie, log_in(marie)).role == Role.VIEWER


def test_a_removed_user_is_out_at_once(marie: Door) -> None:
    token = log_in(marie)
    marie.users.remove("marie", "test")
    assert marie.visitor(token, HERE) is None
    with pytest.raises(WrongPassword):
        log_in(marie)


def test_one_login_can_be_ended_by_an_admin(marie: Door) -> None:
    first, second = log_in(marie), log_in(marie)
    session = seen(marie, first).session
    assert session is not None
    marie.users.end_session(session.id, "admin")
    assert marie.visitor(first, HERE) is None
    assert marie.visitor(second, HERE)
    marie.users.end_sessions("marie", "admin")
    assert marie.visitor(second, HERE) is None


def test_what_another_program_changes_counts_at_once(marie: Door, path: Path, now: Now) -> None:
    token = log_in(marie)
    assert marie.visitor(token, HERE)
    other = Door(AccessSettings(), path, now)
    other.users.give_password("marie", "cli:pi", password=OTHER)
    other.close()
    assert marie.visitor(token, HERE) is None
    assert log_in(marie, OTHER)


def test_guessing_has_to_wait_and_even_the_right_password_is_not_looked_at(marie: Door) -> None:
    for _ in range(3):
        with pytest.raises(WrongPassword):
            log_in(marie, "wrong password")
    with pytest.raises(MustWait, match="wait 1 s") as refusal:
        log_in(marie)
    assert refusal.value.wait_s == 1


def test_confirming_guesses_no_faster_than_logging_in(marie: Door) -> None:
    visitor = seen(marie, log_in(marie))
    for _ in range(3):
        with pytest.raises(WrongPassword):
            marie.confirm(visitor, "wrong password", HERE)
    with pytest.raises(MustWait):
        marie.confirm(visitor, GOOD, HERE)


def test_a_password_typed_lately_allows_what_is_dangerous(marie: Door, now: Now) -> None:
    token = log_in(marie)
    assert marie.is_confirmed(seen(marie, token))
    now.utc_s += 301
    assert not marie.is_confirmed(seen(marie, token))
    marie.confirm(seen(marie, token), GOOD, HERE)
    assert marie.is_confirmed(seen(marie, token))


def test_a_password_typed_in_the_future_allows_nothing_until_it_is_typed_again(marie: Door, now: Now) -> None:
    token = log_in(marie)
    now.utc_s -= 1.0  # the calendar was set back
    assert not marie.is_confirmed(seen(marie, token))
    marie.confirm(seen(marie, token), GOOD, HERE)
    assert marie.is_confirmed(seen(marie, token))


def test_a_use_in_the_future_does_not_keep_a_login_from_growing_old(marie: Door, now: Now) -> None:
    token = log_in(marie)
    now.utc_s += 11 * 3600
    assert marie.visitor(token, HERE)
    now.utc_s -= 11 * 3600
    assert marie.visitor(token, HERE)
    now.utc_s += 12.1 * 3600
    assert marie.visitor(token, HERE) is None


def held_up(door: Door, proof: str = "", address: str = HERE) -> bool:
    """Return whether the right password is not even looked at."""
    try:
        door.log_in("marie", GOOD, address, AGENT, proof)
    except MustWait:
        return True
    return False


def guess(door: Door, address: str = HERE) -> None:
    for _ in range(4):
        with contextlib.suppress(WrongPassword, MustWait):
            door.log_in("marie", "wrong password", address, AGENT)


def test_a_browser_that_has_been_in_passes_those_who_guess_also_after_a_restart(marie: Door, path: Path) -> None:
    log_in(marie)
    proof = marie.proof("marie")
    guess(marie)
    assert held_up(marie)
    assert not held_up(marie, proof)
    restarted = Door(AccessSettings(), path)
    guess(restarted)
    assert held_up(restarted)
    assert not held_up(restarted, proof)
    restarted.close()


def test_the_proof_of_a_browser_stays_what_it_is_and_is_its_own(marie: Door) -> None:
    proof = marie.proof("marie")
    assert marie.proof("marie", proof) == proof
    assert marie.proof("marie") != proof
    assert marie.proof("admin", proof).partition(".")[0] != proof.partition(".")[0]
    assert marie.proof("nobody") == ""


@pytest.mark.parametrize("how", ["own", "given"])
def test_another_password_ends_the_proof(marie: Door, how: str) -> None:
    proof = marie.proof("marie")
    if how == "own":
        marie.change_password(seen(marie, log_in(marie)), GOOD, OTHER, HERE, AGENT)
        marie.users.give_password("marie", "test", password=GOOD)
    else:
        marie.users.give_password("marie", "test", password=GOOD)
    guess(marie)
    assert held_up(marie, proof)


@pytest.mark.parametrize(
    "forge",
    [
        lambda proof: proof[:-1] + ("0" if proof[-1] != "0" else "1"),
        lambda proof: ("A" if proof[0] != "A" else "B") + proof[1:],
        lambda proof: proof + "0",
        lambda proof: proof.partition(".")[0],
        lambda proof: "x" * 100_000,
        lambda proof: "\udcff.é",
    ],
)
def test_a_forged_proof_is_none(marie: Door, forge: Callable[[str], str]) -> None:
    forged = forge(marie.proof("marie"))
    guess(marie)
    assert held_up(marie, forged)


def test_the_proof_of_one_account_is_none_for_another(marie: Door) -> None:
    proof = marie.proof("admin")
    guess(marie)
    assert held_up(marie, proof)


def test_who_is_in_confirms_while_others_guess_from_the_same_address(marie: Door) -> None:
    visitor = seen(marie, log_in(marie))
    guess(marie)
    assert held_up(marie)
    marie.confirm(visitor, GOOD, HERE)
    assert marie.change_password(visitor, GOOD, OTHER, HERE, AGENT)


def test_a_program_needs_no_password_and_a_guest_never_has_one(door: Door) -> None:
    assert door.is_confirmed(Visitor("", Role.ADMIN, is_program=True))
    assert not door.is_confirmed(Visitor(GUEST, Role.VIEWER))


def test_whoever_is_on_the_local_network_looks_where_the_settings_say_so(path: Path) -> None:
    door = Door(AccessSettings(local_network_views=True), path)
    visitor = door.visitor(None, "192.168.1.77")
    assert visitor == Visitor(GUEST, Role.VIEWER)
    assert door.visitor("made up", "fe80::12%eth0") == visitor
    assert door.visitor(None, "203.0.113.9") is None
    assert door.visitor(None, "") is None
    door.close()
    door = Door(AccessSettings(), path)
    assert door.visitor(None, "192.168.1.77") is None
    door.close()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("::1", True),
        ("::ffff:192.168.1.1", True),
        ("::ffff:9.9.9.9", False),
        ("2001:4860::8888", False),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.1, 9.9.9.9", False),
        ("localhost", False),
    ],
)
def test_which_addresses_are_local(address: str, expected: bool) -> None:
    assert is_local(address) is expected


def test_the_record_says_who_came_and_what_changed(marie: Door) -> None:
    with pytest.raises(WrongPassword):
        log_in(marie, "wrong password")
    with pytest.raises(WrongPassword):
        marie.log_in("hunter2-typed-in-the-wrong-field", "x", HERE, AGENT)
    marie.log_out(seen(marie, log_in(marie)), HERE)
    told = [(entry.who, entry.address, entry.action, entry.user) for entry in marie.users.record(10)]
    assert told == [
        ("marie", HERE, "logout", "marie"),
        ("marie", HERE, "login", "marie"),
        ("?", HERE, "wrong password", "?"),
        ("?", HERE, "wrong password", "marie"),
        ("test", "", "added", "marie"),
        ("test", "", "added", "admin"),
    ]
