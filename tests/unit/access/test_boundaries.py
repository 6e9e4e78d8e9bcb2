"""The edges of the door: the last instant that counts, the first that does not, and what each leaves behind."""

from pathlib import Path

import pytest

from tests.unit.access.conftest import Now
from vigie.access import passwords
from vigie.access.delays import FORGOTTEN_AFTER_S, FREE_TRIES, MOST_KEPT, Delays
from vigie.access.door import CLOCK_ERROR_S, TOUCH_S, Door, MustWait
from vigie.access.people import Refused, Role, Session, Visitor
from vigie.access.settings import AccessSettings
from vigie.access.store import Act

HERE, GOOD = "192.168.1.20", "correct horse battery"


@pytest.fixture
def marie(door: Door) -> Door:
    door.users.add("marie", Role.OPERATOR, "test", password=GOOD)
    return door


def log_in(door: Door) -> str:
    return door.log_in("marie", GOOD, HERE, "")


def seen(door: Door, token: str) -> Visitor:
    visitor = door.visitor(token, HERE)
    assert visitor is not None
    return visitor


def used_s(door: Door) -> float:
    (session,) = door.users.sessions()
    return session.used_s


def test_a_session_stands_to_the_last_second_of_its_hours_and_days(path: Path, now: Now) -> None:
    door = Door(AccessSettings(idle_hours=1, longest_days=1), path, now, monotonic_s=now)
    door.users.add("marie", Role.OPERATOR, "test", password=GOOD)
    token, began_s = log_in(door), now.utc_s
    now.utc_s = began_s + 3_600.0
    assert seen(door, token)
    now.utc_s += 3_600.5
    assert door.visitor(token, HERE) is None, "nobody used it for more than an hour"
    token, began_s = log_in(door), now.utc_s
    while now.utc_s < began_s + 86_400.0:
        now.utc_s = min(now.utc_s + 3_000.0, began_s + 86_400.0)
        assert seen(door, token)
    now.utc_s += 0.5
    assert door.visitor(token, HERE) is None, "it has lasted for more than a day"
    door.close()


def test_a_calendar_that_goes_back_a_little_ends_no_session(marie: Door, now: Now) -> None:
    token = log_in(marie)
    now.utc_s -= CLOCK_ERROR_S
    assert seen(marie, token)
    now.utc_s -= 1.0
    assert marie.visitor(token, HERE) is None


def test_the_use_of_a_session_is_noted_once_in_a_while(marie: Door, now: Now) -> None:
    token, began_s = log_in(marie), now.utc_s
    now.utc_s = began_s + TOUCH_S - 0.5
    seen(marie, token)
    assert used_s(marie) == began_s
    now.utc_s = began_s + TOUCH_S
    seen(marie, token)
    assert used_s(marie) == now.utc_s
    now.utc_s += 0.5
    seen(marie, token)
    assert used_s(marie) == began_s + TOUCH_S


def test_a_password_counts_as_typed_lately_to_the_last_second(marie: Door, now: Now) -> None:
    visitor = seen(marie, log_in(marie))
    assert marie.is_confirmed(visitor)
    now.utc_s += marie.settings.confirm_minutes * 60.0
    assert marie.is_confirmed(visitor)
    now.utc_s += 0.5
    assert not marie.is_confirmed(visitor)


def test_who_listens_is_told_of_another_password(marie: Door) -> None:
    told: list[int] = []
    visitor = seen(marie, log_in(marie))
    marie.subscribe(lambda: told.append(1))
    marie.change_password(visitor, GOOD, "another horse, same battery", HERE, "")
    assert told == [1]


def test_a_login_keeps_the_password_in_todays_way_and_forgets_sessions_that_have_ended(
    marie: Door, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(marie)
    now.utc_s += 400 * 86_400.0
    monkeypatch.setattr(passwords, "is_outdated", lambda _kept: True)
    before = marie._file.user("marie")
    token = log_in(marie)
    after = marie._file.user("marie")
    assert before is not None
    assert after is not None
    assert before[1] != after[1]
    assert len(marie.users.sessions()) == 1
    assert len(token) == 43, "32 random bytes"


def test_a_login_with_a_password_that_was_changed_meanwhile_is_none(marie: Door) -> None:
    kept = marie._file.user("marie")
    assert kept is not None
    stale = Session(0, "marie", 1.0, 1.0, 1.0, HERE, "")
    act = Act(1.0, "marie", HERE, "login", "marie", "")
    assert not marie._file.begin_session(b"token", stale, "the hash of before", act)
    assert marie.users.sessions() == []
    assert marie._file.begin_session(b"token", stale, kept[1], act)


def test_who_is_removed_has_no_session_left(marie: Door) -> None:
    marie.users.add("paul", Role.ADMIN, "test", password="paul has one too")
    log_in(marie)
    marie.users.remove("marie", "paul")
    assert marie.users.sessions() == []


def test_whatever_hash_stands_in_for_a_user_who_does_not_exist_opens_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Yes:
        def verify(self, _kept: str, _password: bytes) -> bool:
            return True

    monkeypatch.setattr(passwords, "_HASHER", Yes())
    assert passwords.is_right("kept", "any")
    assert not passwords.is_right(None, "any")


def test_a_password_may_be_as_long_as_it_says_and_no_longer(door: Door) -> None:
    longest = "abcdefgh" * (passwords.LONGEST // 8)
    door.users.add("marie", Role.OPERATOR, "test", password=longest)
    assert door.log_in("marie", longest, HERE, "")
    with pytest.raises(Refused, match="at most"):
        passwords.checked(longest + "x", "marie")


def test_how_easy_a_password_may_be() -> None:
    few = "".join(chr(ord("a") + place % passwords._FEWEST_DIFFERENT) for place in range(passwords.SHORTEST))
    assert passwords.checked(few, "marie") == few
    beside = "marie" + "ghijklmnopqrstuvwxyz"[: passwords.SHORTEST]
    assert passwords.checked(beside, "marie") == beside
    with pytest.raises(Refused, match="too easy"):
        passwords.checked(beside[:-1], "marie")


def test_who_is_made_first_must_choose_a_password(door: Door) -> None:
    assert door.users.make_first()
    assert [(user.name, user.must_change) for user in door.users.all()] == [("admin", True)]


def test_the_record_says_whose_session_was_ended(marie: Door) -> None:
    marie.users.add("paul", Role.VIEWER, "test", password="paul has one too")
    log_in(marie)
    marie.log_in("paul", "paul has one too", HERE, "")
    of_paul = next(session for session in marie.users.sessions() if session.user == "paul")
    marie.users.end_session(of_paul.id, "admin")
    assert [session.user for session in marie.users.sessions()] == ["marie"]
    assert marie.users.record(1)[0].user == "paul"


@pytest.mark.parametrize(("wait_s", "told_s"), [(0.2, 1), (1.0, 1), (1.2, 2), (59.6, 60)])
def test_who_must_wait_is_told_whole_seconds_never_too_few(wait_s: float, told_s: int) -> None:
    assert MustWait(wait_s).wait_s == told_s


def test_a_try_is_first_by_account_not_by_address(now: Now) -> None:
    delays = Delays(now)
    for _ in range(FREE_TRIES):
        delays.begin("anna", HERE)
    now.utc_s += 60.0
    assert delays.begin("marie", HERE) == 0.0
    assert ("newcomers", "marie", "") in delays._tries
    assert ("crowd", "marie", "") not in delays._tries


def test_wrong_tries_are_forgotten_after_their_time_and_the_mildest_when_there_are_too_many(now: Now) -> None:
    delays = Delays(now)
    delays.begin("marie", HERE)
    now.utc_s += FORGOTTEN_AFTER_S
    assert delays._known(("account", "marie", HERE), now.utc_s).wrong == 1
    delays._forget_old(now.utc_s)
    assert ("account", "marie", HERE) in delays._tries
    now.utc_s += 0.5
    assert delays._known(("account", "marie", HERE), now.utc_s).wrong == 0
    delays._forget_old(now.utc_s)
    assert not delays._tries
    for number in range(MOST_KEPT + 10):
        delays._tries["account", str(number), ""] = delays._known(("", "", ""), now.utc_s)._replace(
            wrong=number, next_s=now.utc_s
        )
    delays._forget_old(now.utc_s)
    assert sorted(tries.wrong for tries in delays._tries.values()) == list(
        range(MOST_KEPT + 10 - MOST_KEPT // 2, MOST_KEPT + 10)
    )
