"""Adding, changing and removing users."""

import pytest

from vigie.access.door import Door
from vigie.access.people import Refused, Role

GOOD = "correct horse battery"


def test_the_first_start_makes_one_admin_who_must_choose_a_password(door: Door) -> None:
    password = door.users.make_first()
    assert password is not None
    assert door.users.make_first() is None
    (first,) = door.users.all()
    assert (first.name, first.role, first.must_change) == ("admin", Role.ADMIN, True)
    visitor = door.visitor(door.log_in("admin", password, "::1", ""), "::1")
    assert visitor is not None
    assert visitor.must_change
    token = door.change_password(visitor, password, GOOD, "::1", "")
    assert not door.visitor(token, "::1").must_change  # type: ignore[union-attr]


def test_nobody_is_made_where_there_is_somebody(door: Door) -> None:
    door.users.add("marie", Role.VIEWER, "test", password=GOOD)
    assert door.users.make_first() is None


@pytest.mark.parametrize(
    "name", ["", "Marie", "a b", "-x", ".", "x" * 33, "é", "a/b", "a\n", "admin\x00", "<b>", "\udcff", "guest"]
)
def test_a_name_that_cannot_be_one_is_refused(door: Door, name: str) -> None:
    with pytest.raises(Refused, match=r"a name has|is taken by"):
        door.users.add(name, Role.VIEWER, "test")
    assert door.users.all() == []


@pytest.mark.parametrize("name", ["a", "x" * 32, "marie.d", "panel_2", "2-b"])
def test_a_name_that_can_be_one_is_taken_once(door: Door, name: str) -> None:
    made = door.users.add(name, Role.VIEWER, "test")
    assert door.log_in(name, made, "::1", "")
    with pytest.raises(Refused, match=f"there is a user {name} already"):
        door.users.add(name, Role.ADMIN, "test")
    assert [user.role for user in door.users.all()] == [Role.VIEWER]


def test_a_password_somebody_else_made_must_be_changed_and_a_chosen_one_not(door: Door) -> None:
    door.users.add("marie", Role.VIEWER, "test")
    door.users.add("panel", Role.VIEWER, "test", password=GOOD)
    door.users.add("admin", Role.ADMIN, "test", password=GOOD)
    assert [user.must_change for user in door.users.all()] == [False, True, False]
    door.users.give_password("panel", "admin")
    assert [user.must_change for user in door.users.all()] == [False, True, True]


def test_the_last_admin_stays_one(door: Door) -> None:
    door.users.add("admin", Role.ADMIN, "test")
    door.users.add("marie", Role.OPERATOR, "test")
    for attempt in (lambda: door.users.remove("admin", "x"), lambda: door.users.set_role("admin", Role.VIEWER, "x")):
        with pytest.raises(Refused, match="the only admin is admin: make another one first"):
            attempt()
    door.users.set_role("admin", Role.ADMIN, "x")
    door.users.set_role("marie", Role.ADMIN, "x")
    door.users.remove("admin", "marie")
    assert [(user.name, user.role) for user in door.users.all()] == [("marie", Role.ADMIN)]


def test_where_there_is_no_admin_nobody_is_taken_for_the_only_one(door: Door) -> None:
    door.users.add("jo", Role.VIEWER, "test")
    door.users.add("marie", Role.OPERATOR, "test")
    door.users.set_role("marie", Role.VIEWER, "x")
    door.users.remove("jo", "x")
    assert [(user.name, user.role) for user in door.users.all()] == [("marie", Role.VIEWER)]
    with pytest.raises(Refused, match="there is no user jo; there are marie"):
        door.users.remove("jo", "x")


def test_who_does_not_exist_is_told_with_those_who_do(door: Door) -> None:
    door.users.add("admin", Role.ADMIN, "test")
    for attempt in (
        lambda: door.users.remove("mari", "x"),
        lambda: door.users.set_role("mari", Role.ADMIN, "x"),
        lambda: door.users.give_password("mari", "x"),
    ):
        with pytest.raises(Refused, match="there is no user mari; there are admin"):
            attempt()
    door.users.end_session(99, "x")
