"""What wants the password typed lately: in the dialog of an order, before the page of users."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.web.doors import SECRET, Guarded
from vigie.web.api import _is_dangerous
from vigie.web.schemas import CommandRequest

BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Guarded]:
    with closing(Guarded(tmp_path)) as opened:
        yield opened


def test_a_password_typed_in_the_future_is_asked_for_again(site: Guarded) -> None:
    ada = site.browser("ada")
    opening = {"action": "set_contact", "relay": "R2", "contact": "open"}
    site.now_s -= 120  # the calendar was set back
    refused = ada.order(**opening)
    assert (refused.status_code, refused.get_json()["type"]) == (403, "urn:vigie:confirm")
    assert ada.get("/users").headers["Location"].startswith("/flask/confirm")
    assert site.controller.orders == []
    ada.confirm("administers it all")
    assert ada.order(**opening).status_code == 200


def test_what_is_dangerous_wants_the_password_typed_lately(site: Guarded) -> None:
    olga = site.browser("olga")
    manual = {"action": "set_mode", "mode": "manual"}
    opening = {"action": "set_contact", "relay": "R2", "contact": "open"}
    assert olga.order(**manual).status_code == 200
    site.now_s += 301
    for dangerous in (manual, opening, {**opening, "relay": "R1"}):
        answer = olga.order(**dangerous)
        assert (answer.status_code, answer.get_json()["type"]) == (403, "urn:vigie:confirm")
    for safe in (
        {"action": "set_mode", "mode": "observe"},
        {**opening, "contact": "closed"},
        {**opening, "relay": "R3"},
        {"action": "acknowledge"},
    ):
        assert olga.order(**safe).status_code == 200, safe
    assert olga.post("/confirm", {"password": "wrong"}).status_code == 422
    assert olga.order(**opening).status_code == 403
    answer = olga.post("/confirm", {"password": "operators switch", "next": "/flask/relays"})
    assert answer.headers["Location"] == "/flask/relays"
    assert olga.order(**opening).status_code == 200


def test_the_password_may_be_typed_in_the_dialog_of_the_order(site: Guarded) -> None:
    olga, opening = site.browser("olga"), {"action": "set_contact", "relay": "R2", "contact": "open"}
    site.now_s += 301
    assert olga.order(**opening, id="the-same-id").status_code == 403
    wrong = olga.confirm("wrong", **{"Accept-Language": "fr"})
    assert (wrong.status_code, wrong.content_type) == (422, "application/problem+json")
    assert wrong.get_json()["detail"] == "Le mot de passe est faux."
    assert olga.order(**opening).status_code == 403
    assert site.controller.orders == []
    right = olga.confirm("operators switch")
    assert (right.status_code, right.get_json()) == (200, {"valid_s": 300.0})
    assert right.headers["Cache-Control"] == "no-store"
    assert olga.order(**opening, id="the-same-id").status_code == 200
    site.now_s += 301
    assert olga.order(**opening).status_code == 403
    assert [order["id"] for order in site.controller.orders] == ["the-same-id"]
    assert [(entry.user, entry.detail) for entry in site.door.users.record(9) if entry.action == "wrong password"] == [
        ("olga", "confirmation")
    ]


def test_guessing_in_the_dialog_waits_as_long_as_at_the_login_and_together_with_it(site: Guarded) -> None:
    olga = site.browser("olga")
    answers = [olga.confirm("wrong"), olga.confirm("wrong"), olga.post("/confirm", {"password": "wrong"})]
    assert [answer.status_code for answer in answers] == [422] * 3
    waits = olga.confirm("operators switch", **{"Accept-Language": "en"})
    assert (waits.status_code, waits.headers["Retry-After"]) == (429, "1")
    assert waits.get_json()["detail"] == "Too many wrong passwords: wait 1 s, then try again."
    assert olga.post("/confirm", {"password": "operators switch"}).status_code == 429


@pytest.mark.parametrize("body", [{}, {"password": None}, {"password": 7}, {"password": "x" * 129}, {"x": "y"}, []])
def test_a_confirmation_without_a_password_counts_as_no_try(site: Guarded, body: object) -> None:
    olga = site.browser("olga")
    for _ in range(5):
        answer = olga._send("POST", "/api/v1/confirmation", headers={"Host": "localhost"}, json=body)
        assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert olga.confirm("operators switch").status_code == 200


def test_only_who_has_logged_in_with_a_password_confirms_it_and_no_foreign_page(site: Guarded) -> None:
    assert site.browser().confirm("operators switch").status_code == 401
    assert site.browser().confirm("operators switch", **BEARER).status_code == 404
    assert site.browser("vera").confirm("viewers look around").status_code == 403
    for foreign in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert site.browser("olga").confirm("operators switch", **foreign).status_code == 403
    form = site.browser("olga").post("/api/v1/confirmation", {"password": "operators switch"})
    assert form.status_code == 415


def test_a_page_knows_which_of_its_orders_want_the_password_and_until_when(site: Guarded) -> None:
    olga = site.browser("olga")
    for path, count in (("/", 1), ("/relays", 3)):
        page = olga.get(path).text
        assert 'data-confirmed-s="300.0"' in page
        buttons = re.findall(r"<button[^>]*data-command='([^']*)'([^>]*)>", page)
        marked = {json.dumps(json.loads(command)): "data-password" in rest for command, rest in buttons}
        dangerous = {command: _is_dangerous(CommandRequest(**json.loads(command))) for command in marked}
        assert marked == dangerous
        assert sum(marked.values()) == count
    site.now_s += 301
    assert 'data-confirmed-s="0"' in olga.get("/").text
    assert 'value="olga" autocomplete="username"' in olga.get("/").text


def test_the_users_page_wants_the_password_typed_lately(site: Guarded) -> None:
    ada = site.browser("ada")
    site.now_s += 301
    there = "/flask/confirm?next=/flask/users"
    assert ada.get("/users").headers["Location"] == there
    assert ada.post("/users", {"do": "remove", "name": "vera"}).headers["Location"] == there
    assert "vera" in [user.name for user in site.door.users.all()]
