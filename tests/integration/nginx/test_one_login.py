"""One login opens pages, Grafana and Prometheus; without it none opens; what a browser claims counts for nothing."""

from contextlib import closing
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from vigie.access.people import Role

from .door import HTML, PASSWORD, PEOPLE, House, Visitor

DOORS = ("/flask/", "/grafana/", "/prometheus/api/v1/labels")


def seen_by(visitor: Visitor) -> dict[str, int]:
    return {path: visitor.get(path, headers=HTML).status_code for path in DOORS}


def test_without_a_login_a_person_is_led_to_it(house: House) -> None:
    visitor, before = house.visitor(), len(house.echo.seen)
    for path in DOORS:
        answer = visitor.get(path, headers=HTML)
        assert answer.status_code in {302, 303}
        assert urlsplit(answer.headers["Location"]).path == "/flask/login"
        assert urlsplit(answer.headers["Location"]).netloc == ""
    assert len(house.echo.seen) == before, "Grafana was not even asked"


@pytest.mark.parametrize(
    "path",
    [
        "/flask/socket.io/?EIO=4&transport=polling",
        "/flask/api/v1/state",
        "/grafana/api/search",
        "/prometheus/api/v1/query?query=up",
        "/grafana/d/x",
    ],
)
def test_without_a_login_a_script_is_told_401(house: House, path: str) -> None:
    before = len(house.echo.seen)
    answer = house.visitor().get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert len(house.echo.seen) == before


def test_after_the_login_one_is_where_one_wanted_to_be(house: House) -> None:
    wanted = "/grafana/d/vigie-observe-fr/x?kiosk&theme=light&from=now-24h&to=now&var-site=A%26B"
    visitor = house.visitor()
    to_login = visitor.get(wanted, headers=HTML)
    page = visitor.get(to_login.headers["Location"], headers=HTML)
    assert page.status_code == 200
    (there,) = parse_qs(urlsplit(to_login.headers["Location"]).query)["next"]
    back = visitor.post("/flask/login", data={"name": "vera", "password": PASSWORD, "next": there})
    assert back.headers["Location"] == wanted
    assert visitor.get(wanted).json()["path"] == wanted


@pytest.mark.parametrize("name", PEOPLE)
def test_one_login_opens_all_three(house: House, name: str) -> None:
    assert seen_by(house.log_in(name)) == dict.fromkeys(DOORS, 200)


@pytest.mark.parametrize(("name", "role"), [("vera", "Viewer"), ("otto", "Viewer"), ("anna", "Editor")])
def test_grafana_is_told_who_asks_and_no_secret(house: House, name: str, role: str) -> None:
    claims = {
        "X-WEBAUTH-USER": "admin",
        "X-WEBAUTH-ROLE": "Admin",
        "X-Auth-User": "root",
        "X-Auth-Role": "admin",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "6.6.6.6",
        "X-Original-URI": "//evil.example",
        "Forwarded": "for=6.6.6.6",
        "Proxy": "http://evil.example",
    }
    visitor = house.log_in(name)
    sent = visitor.get("/grafana/api/user", headers=claims).json()["headers"]
    names = [header for header, _ in sent]
    assert len(names) == len(set(names)), "nothing is sent twice"
    headers = dict(sent)
    assert headers["x-webauth-user"] == name
    assert headers["x-webauth-role"] == role
    assert headers["x-forwarded-for"] == visitor.address
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == headers["host"] == urlsplit(house.url).netloc
    for absent in ("cookie", "authorization", "x-auth-user", "x-auth-role", "x-real-ip", "forwarded", "proxy"):
        assert absent not in headers
    assert not [value for value in headers.values() if "evil" in value or "6.6.6.6" in value]


def test_grafanas_live_channel_is_a_websocket(house: House) -> None:
    wants = {"Upgrade": "websocket", "Connection": "Upgrade"}
    visitor = house.log_in("vera")
    sent = dict(visitor.get("/grafana/api/live/ws", headers=wants).json()["headers"])
    assert (sent["upgrade"], sent["connection"]) == ("websocket", "upgrade")
    assert sent["x-webauth-user"] == "vera"
    assert house.visitor().get("/grafana/api/live/ws", headers=wants).status_code == 401


def test_a_claimed_identity_opens_nothing(house: House) -> None:
    claims = {"X-WEBAUTH-USER": "anna", "X-Auth-User": "anna", "X-Auth-Role": "admin", "Cookie": "vigie_session=guess"}
    visitor, before = house.visitor(), len(house.echo.seen)
    assert visitor.get("/grafana/", headers=claims).status_code == 401
    assert visitor.get("/prometheus/graph", headers=claims).status_code == 401
    assert visitor.get("/flask/api/v1/state", headers=claims).status_code == 401
    assert len(house.echo.seen) == before


def test_the_application_knows_the_true_address(house: House) -> None:
    visitor = house.visitor()
    claims = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Host": "localhost", "Forwarded": "for=9.9.9.9"}
    visitor.post("/flask/login", data={"name": "vera", "password": PASSWORD}, headers=claims)
    with closing(house.door()) as door:
        assert door.users.sessions()[0].address == visitor.address


def test_logging_out_closes_all_three(house: House) -> None:
    visitor = house.log_in("otto")
    assert visitor.post("/flask/logout").status_code == 303
    assert 200 not in seen_by(visitor).values()


def test_a_stolen_cookie_ends_with_the_logout(house: House) -> None:
    visitor, thief = house.log_in("otto"), house.visitor()
    thief.cookies.update(visitor.cookies)
    assert seen_by(thief) == dict.fromkeys(DOORS, 200)
    visitor.post("/flask/logout")
    assert 200 not in seen_by(thief).values()


def test_a_session_ended_by_somebody_else_closes_all_three(house: House) -> None:
    visitor = house.log_in("otto")
    assert seen_by(visitor) == dict.fromkeys(DOORS, 200)
    with closing(house.door()) as door:
        door.users.end_sessions("otto", "test")
    assert 200 not in seen_by(visitor).values()


def test_a_removed_user_and_a_changed_role_count_at_once(house: House) -> None:
    with closing(house.door()) as door:
        door.users.add("gone", Role.ADMIN, "test", password=PASSWORD)
        visitor = house.log_in("gone")
        assert dict(visitor.get("/grafana/x").json()["headers"])["x-webauth-role"] == "Editor"
        door.users.set_role("gone", Role.VIEWER, "test")
        assert 200 not in seen_by(visitor).values()
        visitor = house.log_in("gone")
        assert dict(visitor.get("/grafana/x").json()["headers"])["x-webauth-role"] == "Viewer"
        door.users.remove("gone", "test")
    assert 200 not in seen_by(visitor).values()


def test_a_password_made_by_somebody_else_opens_only_the_page_to_change_it(house: House) -> None:
    with closing(house.door()) as door:
        password = door.users.add("newcomer", Role.VIEWER, "test")
    visitor = house.visitor()
    assert visitor.post("/flask/login", data={"name": "newcomer", "password": password}).status_code == 303
    path = "/grafana/d/x"
    for _ in range(6):
        answer = visitor.get(path, headers=HTML)
        if answer.status_code == 200:
            break
        path = urljoin(path, answer.headers["Location"])
    assert path == "/flask/password"


def test_programs_with_the_secret_of_the_data_folder_come_through(house: House) -> None:
    token = (house.site.data / "link.token").read_text().strip()
    visitor = house.visitor()
    headers = {"Authorization": f"Bearer {token}"}
    assert visitor.get("/prometheus/api/v1/labels", headers=headers).status_code == 200
    assert "authorization" not in dict(visitor.get("/grafana/x", headers=headers).json()["headers"])


def test_a_page_of_another_site_cannot_use_the_login(house: House) -> None:
    visitor = house.log_in("otto")
    order = {"action": "acknowledge"}
    headers = {"Origin": "http://evil.example"}
    assert visitor.post("/flask/api/v1/commands", json=order).status_code in {200, 409}, "nothing to acknowledge"
    assert visitor.post("/flask/api/v1/commands", json=order, headers=headers).status_code == 403
    assert visitor.get("/flask/", headers={"Host": "evil.example"}).status_code == 421


def test_whoever_calls_grafana_by_a_foreign_name_does_not_reach_it(house: House) -> None:
    visitor, before = house.log_in("otto"), len(house.echo.seen)
    assert visitor.get("/grafana/", headers={"Host": "evil.example"}).status_code == 503
    assert len(house.echo.seen) == before
