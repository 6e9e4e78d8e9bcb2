"""No route is reachable without a login, no role reaches further than it may, and nobody gets in by a trick."""

import gzip
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.doors import HTML, SECRET, Browser, Guarded, example_of
from vigie.access.people import Role
from vigie.link.hub import Hub
from vigie.web.app import create_app
from vigie.web.settings import WebSettings

OPEN_TO_ALL = {
    "static", "api.healthz", "access.login", "access.log_in", "access.logout", "access.auth",
    "pages.choose_language", "pages.choose_theme", "pages.manifest", "stack.to_login",
}  # fmt: skip
OF_EVERYBODY_INSIDE = {"access.change_password", "access.confirmed"}
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Guarded]:
    with closing(Guarded(tmp_path)) as opened:
        yield opened


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Guarded]:
    with closing(Guarded(tmp_path, local_network_views=True)) as opened:
        yield opened


def routes(site: Guarded, *methods: str) -> list[tuple[str, str, str]]:
    """Return (method, address, endpoint) of every route with one of the methods."""
    return [
        (method, example_of(rule.rule), rule.endpoint)
        for rule in site.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & set(methods))
    ]


def test_no_route_answers_who_has_not_logged_in(site: Guarded) -> None:
    stranger, seen = site.browser(), set()
    for method, path, endpoint in routes(site, "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
        if endpoint in OPEN_TO_ALL:
            seen.add(endpoint)
            continue
        for accept in ("text/html", "*/*"):
            answer = stranger._send(method, path, headers={"Host": "localhost", "Accept": accept})
            is_sent_to_login = answer.status_code == 303 and answer.headers["Location"].startswith("/flask/login")
            assert answer.status_code == 401 or is_sent_to_login, (method, path, answer.status_code)
            assert (answer.status_code == 401) is (accept == "*/*" or path.startswith("/api/")), (method, path)
    assert seen == OPEN_TO_ALL
    assert site.controller.orders == []


def test_what_is_nowhere_is_not_told_to_strangers(site: Guarded) -> None:
    assert site.browser().get("/no/such/page").status_code == 303
    assert site.browser().get("/api/v1/nothing").status_code == 401
    assert site.browser("vera").get("/no/such/page").status_code == 404


def test_a_viewer_reads_every_page_but_the_admin_s(site: Guarded) -> None:
    vera = site.browser("vera")
    for _, path, endpoint in routes(site, "GET"):
        status = vera._send("HEAD", path, headers=HTML).status_code
        assert (status == 403) is (endpoint == "users.users"), (path, status)
        assert status != 401, path


def test_every_unsafe_route_refuses_a_viewer(site: Guarded) -> None:
    vera = site.browser("vera")
    for method, path, endpoint in routes(site, "POST", "PUT", "PATCH", "DELETE"):
        if endpoint in OPEN_TO_ALL | OF_EVERYBODY_INSIDE:
            continue
        answer = vera._send(method, path, headers={"Host": "localhost"}, json={})
        assert answer.status_code == 403, (method, path, answer.status_code)
    assert site.controller.orders == []


def test_an_operator_orders_and_does_not_manage_users(site: Guarded) -> None:
    olga = site.browser("olga")
    assert olga.order(action="set_mode", mode="protect").status_code == 200
    assert olga.get("/users").status_code == 403
    assert olga.post("/users", {"do": "add", "name": "eve", "role": "admin"}).status_code == 403
    assert [user.name for user in site.door.users.all()] == ["ada", "olga", "vera"]


def test_an_order_carries_the_user_s_name_whatever_it_says(site: Guarded) -> None:
    site.browser("olga").order(action="acknowledge", who="ada")
    assert site.controller.orders[0]["who"] == "olga"


def test_the_secret_of_the_data_folder_lets_programs_in_under_their_own_names(site: Guarded) -> None:
    program = site.browser()
    assert program.get("/api/v1/state", **BEARER).status_code == 200
    assert program.order(BEARER, action="set_mode", mode="manual", who="cli:pi").status_code == 200
    assert program.order({**BEARER, "Origin": "http://elsewhere.example"}, action="acknowledge").status_code == 200
    assert [order["who"] for order in site.controller.orders] == ["cli:pi", "web"]
    assert program.session is None


@pytest.mark.parametrize(
    "given", ["Bearer", "Bearer ", "Bearer wrong", f"Basic {SECRET}", SECRET, f"Bearer {SECRET} x"]
)
def test_no_other_secret_does(site: Guarded, given: str) -> None:
    assert site.browser().get("/api/v1/state", Authorization=given).status_code == 401


def test_a_foreign_page_cannot_order_with_a_user_s_login(site: Guarded) -> None:
    olga = site.browser("olga")
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Origin": "http://evil.example", "Authorization": "Bearer wrong"},
    ):
        assert olga.order(headers, action="acknowledge").status_code == 403, headers
        assert olga.post("/logout", **headers).status_code == 403
        assert olga.post("/login", {"name": "vera", "password": "x"}, **headers).status_code == 403
    assert site.controller.orders == []
    assert olga.order({"Origin": "http://localhost"}, action="acknowledge").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Auth-User": "ada", "X-Auth-Role": "admin"},
        {"X-WEBAUTH-USER": "ada", "X-WEBAUTH-ROLE": "admin"},
        {"X-Forwarded-User": "ada", "Remote-User": "ada"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "192.168.1.2, 127.0.0.1"},
    ],
)
def test_headers_that_say_who_one_is_are_not_believed(site: Guarded, headers: dict[str, str]) -> None:
    assert site.browser().get("/api/v1/state", **headers).status_code == 401
    answer = site.browser().get("/auth", **headers)
    assert (answer.status_code, answer.headers.get("X-Auth-User")) == (401, None)


def test_nginx_is_told_who_is_in_and_never_sent_elsewhere(site: Guarded) -> None:
    for name, role in (("vera", "viewer"), ("olga", "operator"), ("ada", "admin")):
        answer = site.browser(name).get("/auth", **{"X-Auth-User": "root"})
        assert answer.status_code == 204
        assert (answer.headers["X-Auth-User"], answer.headers["X-Auth-Role"]) == (name, role)
        assert answer.data == b""
    assert site.browser().get("/auth").status_code == 401
    assert site.browser().get("/auth", **BEARER).headers["X-Auth-Role"] == "admin"


def test_the_cookies_are_out_of_reach_of_scripts_and_of_other_sites(site: Guarded) -> None:
    form = {"name": "olga", "password": "operators switch"}
    plain = site.browser().post("/login", form).headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in plain} == {"vigie_session", "vigie_browser_olga"}
    for cookie in plain:
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" not in cookie
    (session,) = [cookie for cookie in plain if cookie.startswith("vigie_session")]
    assert "Path=/;" in session + ";"
    through_tls = site.browser().post("/login", form, **{"X-Forwarded-Proto": "https"}).headers.getlist("Set-Cookie")
    assert ["Secure" in cookie for cookie in through_tls] == [True, True]
    claimed = site.browser(REMOTE_ADDR="192.168.1.3").post("/login", form, **{"X-Forwarded-Proto": "https"})
    assert ["Secure" in cookie for cookie in claimed.headers.getlist("Set-Cookie")] == [False, False]


def test_a_known_browser_shows_its_proof_by_itself_and_keeps_its_number(site: Guarded) -> None:
    def number(browser: Browser) -> str:
        cookie = browser.client.get_cookie("vigie_browser_olga", domain="localhost", path="/flask")
        assert cookie is not None
        return cookie.value.partition(".")[0]

    form = {"name": "olga", "password": "operators switch"}
    known, stranger = site.browser("olga"), site.browser()
    before = number(known)
    known.post("/logout")
    for _ in range(4):
        told = stranger.post("/login", {**form, "password": "guessed wrong"})
    assert told.status_code == 429
    assert stranger.post("/login", form).status_code == 429
    assert known.post("/login", form).status_code == 303
    assert number(known) == before


def test_a_cookie_planted_before_the_login_is_worth_nothing_after_it(site: Guarded) -> None:
    victim = site.browser()
    victim.client.set_cookie("vigie_session", "planted-by-somebody-else", domain="localhost", path="/")
    victim.post("/login", {"name": "olga", "password": "operators switch"})
    assert victim.session not in {None, "planted-by-somebody-else"}
    other = site.browser()
    other.client.set_cookie("vigie_session", "planted-by-somebody-else", domain="localhost", path="/")
    assert other.get("/api/v1/state").status_code == 401


def test_a_new_login_ends_the_old_one_of_the_same_browser(site: Guarded) -> None:
    browser = site.browser("olga")
    old = browser.session
    browser.post("/login", {"name": "vera", "password": "viewers look around"})
    assert browser.session != old
    assert [session.user for session in site.door.users.sessions()] == ["vera"]


def test_a_cookie_replayed_after_the_logout_opens_nothing(site: Guarded) -> None:
    olga = site.browser("olga")
    stolen = olga.session
    assert stolen is not None
    answer = olga.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/flask/login")
    assert olga.session is None
    thief = site.browser()
    thief.client.set_cookie("vigie_session", stolen, domain="localhost", path="/")
    assert thief.get("/api/v1/state").status_code == 401
    assert thief.order(action="acknowledge").status_code == 401
    assert thief.get("/auth").status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "http:evil.example",
        "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", "", " /x", "///evil.example",
        "/flask/..//evil\r\nSet-Cookie: x=1",
    ],
)  # fmt: skip
def test_after_the_login_nobody_is_sent_to_another_site(site: Guarded, wanted: str) -> None:
    form = {"name": "olga", "password": "operators switch", "next": wanted}
    assert site.browser().post("/login", form).headers["Location"] == "/flask/"
    browser = site.browser("olga")
    answer = browser._send("GET", "/login", headers=HTML, query_string={"next": wanted})
    assert answer.headers["Location"] == "/flask/"


@pytest.mark.parametrize(
    "wanted", ["/grafana/d/vigie-overview-fr/x?kiosk&from=now-24h", "/flask/alarms?days=7", "/prometheus/"]
)
def test_after_the_login_one_is_where_one_wanted_to_be(site: Guarded, wanted: str) -> None:
    form = {"name": "olga", "password": "operators switch", "next": wanted}
    assert site.browser().post("/login", form).headers["Location"] == wanted


def test_the_way_to_the_login_remembers_the_page(site: Guarded) -> None:
    answer = site.browser().get("/alarms?days=30&severity=warning")
    assert answer.headers["Location"] == "/flask/login?next=/flask/alarms?days%3D30%26severity%3Dwarning"
    assert site.browser().get("/").headers["Location"] == "/flask/login"


def test_a_link_in_somebody_else_s_page_finds_the_login_that_is_there(site: Guarded) -> None:
    webmail = site.browser()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Referer": "https://mail.example/inbox"}):
        answer = webmail.get("/login?next=/flask/alarms", **headers)
        assert answer.headers["Refresh"] == "0; url=/flask/login?next=/flask/alarms"
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Referer": "http://localhost/flask/login"}):
        assert "Refresh" not in webmail.get("/login?next=/flask/alarms", **headers).headers


def test_the_login_page_tells_nothing_of_the_installation(site: Guarded) -> None:
    for page in (site.browser().get("/login"), site.browser().post("/login", {"name": "x", "password": "y"})):
        for secret in ("page-data", "data-live", "Multimètre", "data-verdict", "socket.io", "js/main.js"):
            assert secret not in page.text
        assert 'autocomplete="username"' in page.text
        assert 'autocomplete="current-password"' in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_a_wrong_password_is_told_in_words_and_so_is_the_wait(site: Guarded) -> None:
    browser = site.browser()
    answers = [browser.post("/login", {"name": "olga", "password": "wrong"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert "Le nom ou le mot de passe est faux." in answers[0].text
    assert "Trop de mots de passe faux" in answers[3].text
    assert "attendez 1" in answers[3].text
    assert answers[3].headers["Retry-After"] == "1"
    assert 'value="olga"' in answers[0].text
    assert "wrong" not in answers[0].text


def test_what_was_typed_as_a_name_cannot_become_markup(site: Guarded) -> None:
    page = site.browser().post("/login", {"name": '"><script>alert(1)</script>', "password": "x"})
    assert "<script>alert" not in page.text


def test_a_password_somebody_else_made_opens_only_the_page_that_changes_it(site: Guarded) -> None:
    made = site.door.users.give_password("olga", "ada")
    olga = site.browser()
    assert olga.post("/login", {"name": "olga", "password": made}).status_code == 303
    for _, path, endpoint in routes(site, "GET"):
        if endpoint not in OPEN_TO_ALL | {"access.password"}:
            answer = olga.get(path)
            is_sent = answer.status_code == 303 and answer.headers["Location"] == "/flask/password"
            assert is_sent or answer.status_code == 403, (path, answer.status_code)
    assert olga.get("/auth").status_code == 401
    assert olga.order(action="acknowledge").status_code == 403
    assert "page-data" not in olga.get("/password").text
    form = {"old": made, "new": "a new one of mine", "again": "a new one of mine"}
    assert olga.post("/password", {**form, "again": "something else"}).status_code == 422
    assert olga.post("/password", {**form, "new": "short", "again": "short"}).status_code == 422
    assert olga.post("/password", form).headers["Location"] == "/flask/"
    assert olga.order(action="acknowledge").status_code == 200


def test_users_are_managed_on_their_page(site: Guarded) -> None:
    ada = site.browser("ada")
    page = ada.post("/users", {"do": "add", "name": "eve", "role": "viewer"})
    made = page.text.split("<code>")[1].split("</code>")[0]
    eve = site.browser()
    assert eve.post("/login", {"name": "eve", "password": made}).status_code == 303
    assert made not in ada.get("/users").text
    assert "Il y a déjà un utilisateur eve." in ada.post("/users", {"do": "add", "name": "eve", "role": "admin"}).text
    assert ada.post("/users", {"do": "role", "name": "eve", "role": "operator"}).status_code == 303
    assert {user.name: user.role for user in site.door.users.all()}["eve"] == Role.OPERATOR
    assert eve.get("/api/v1/state").status_code == 401
    vera = site.browser("vera")
    number = next(str(session.id) for session in site.door.users.sessions() if session.user == "vera")
    assert ada.post("/users", {"do": "end", "name": number}).status_code == 303
    assert vera.get("/api/v1/state").status_code == 401
    assert ada.post("/users", {"do": "remove", "name": "eve"}).status_code == 303
    assert "Le seul administrateur est ada" in ada.post("/users", {"do": "remove", "name": "ada"}).text
    for nonsense in ({"do": "format"}, {}, {"do": "add", "name": "x1", "role": "root"}):
        assert ada.post("/users", nonsense).status_code == 400
    assert [user.name for user in site.door.users.all()] == ["ada", "olga", "vera"]


def test_on_the_local_network_one_looks_without_a_login_where_the_settings_say_so(lan: Guarded) -> None:
    neighbour = lan.browser(REMOTE_ADDR="192.168.1.30")
    page = neighbour.get("/relays")
    assert page.status_code == 200
    assert "Connectez-vous pour commander" in page.text
    assert '"mayOrder": false' in page.text
    assert neighbour.order(action="acknowledge").status_code == 401
    assert neighbour.confirm("operators switch").status_code == 401
    assert neighbour.get("/users").headers["Location"].startswith("/flask/login")
    assert neighbour.post("/password", {}).status_code == 404
    answer = neighbour.get("/auth")
    assert (answer.status_code, answer.headers["X-Auth-User"], answer.headers["X-Auth-Role"]) == (
        204,
        "guest",
        "viewer",
    )


def test_the_local_network_is_what_the_trusted_proxy_says(lan: Guarded) -> None:
    through_proxy = lan.browser(REMOTE_ADDR="127.0.0.1")
    assert through_proxy.get("/", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 303
    assert through_proxy.get("/", **{"X-Forwarded-For": "192.168.1.2, 203.0.113.9"}).status_code == 303
    assert through_proxy.get("/", **{"X-Forwarded-For": "192.168.1.2"}).status_code == 200
    assert lan.browser(REMOTE_ADDR="203.0.113.9").get("/", **{"X-Forwarded-For": "192.168.1.2"}).status_code == 303


def test_a_viewer_is_told_why_buttons_are_off_and_an_operator_is_not(site: Guarded) -> None:
    assert "commander demande le rôle d’opérateur" in site.browser("vera").get("/relays").text
    page = site.browser("olga").get("/relays").text
    assert "commander demande" not in page
    assert '"mayOrder": true' in page
    assert "olga (opérateur)" in page


def test_pages_behind_the_door_are_kept_by_no_cache_and_static_files_are(site: Guarded) -> None:
    vera = site.browser("vera")
    for path in ("/", "/relays", "/api/v1/state", "/login", "/auth"):
        assert vera.get(path).headers["Cache-Control"] == "no-store", path
    assert "no-store" not in vera.get("/static/css/vigie.css").headers.get("Cache-Control", "")
    kept = re.search(r'"/flask(/static/[^"]+/css/vigie.css)"', vera.get("/").text)
    assert kept is not None
    assert "immutable" in vera.get(kept[1]).headers["Cache-Control"]
    packed = vera.get(kept[1], **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == vera.get(kept[1]).data
    assert "Set-Cookie" not in vera.get("/static/css/vigie.css").headers


def test_a_broken_users_file_lets_nobody_in_and_programs_go_on(site: Guarded) -> None:
    olga = site.browser("olga")
    site.door.close()
    site.door._file.path.write_bytes(b"garbage" * 1000)
    for suffix in ("-wal", "-shm"):
        site.door._file.path.with_name(f"users.sqlite{suffix}").unlink(missing_ok=True)
    assert olga.get("/api/v1/state").status_code == 503
    page = olga.get("/")
    assert page.status_code == 503
    assert "Personne ne peut se connecter" in page.text
    assert "page-data" not in page.text
    assert olga.post("/login", {"name": "olga", "password": "operators switch"}).status_code == 503
    assert olga.get("/auth").status_code == 503
    assert olga.get("/healthz").status_code == 200
    assert site.browser().order(BEARER, action="acknowledge").status_code == 200


def test_where_the_login_is_off_everybody_may_do_everything(tmp_path: Path) -> None:
    app = create_app(WebSettings(), Hub(SECRET), tmp_path / "journal.sqlite")
    client = app.test_client()
    paths = ("/", "/users", "/login", "/auth")
    answers: dict[str, Any] = {path: client.get(f"/flask{path}", headers=HTML) for path in paths}
    assert [answer.status_code for answer in answers.values()] == [200, 200, 303, 204]
    assert answers["/auth"].headers["X-Auth-Role"] == "admin"
    assert "/logout" not in answers["/"].text
    assert "confirm-password" not in answers["/"].text
    assert "data-confirmed-s" not in answers["/"].text
    assert client.post("/flask/api/v1/confirmation", json={"password": "x"}).status_code == 404
    assert client.post("/flask/login", data={"name": "x"}, headers=HTML).status_code == 404
    assert client.post("/flask/users", data={"do": "add"}, headers=HTML).status_code in {400, 404}
    app.extensions["vigie_journal"].close()


@pytest.mark.parametrize("path", ["/flask/", "/flask/api/v1/state", "/flask/auth", "/flask/users"])
def test_login_that_is_off_lets_nobody_in_whom_a_proxy_brings_from_elsewhere(tmp_path: Path, path: str) -> None:
    app = create_app(WebSettings(), Hub(SECRET), tmp_path / "journal.sqlite")
    from_elsewhere = {"Host": "localhost", "X-Forwarded-For": "192.168.1.9"}
    refused = app.test_client().get(path, headers=from_elsewhere | {"Accept": "text/html"})
    assert refused.status_code in {401, 403}
    if path != "/flask/auth":
        assert "access.login" in refused.text
        assert "192.168.1.9" in refused.text
    assert app.test_client().get(path, headers={"Host": "localhost"}).status_code in {200, 204, 404}
    app.extensions["vigie_journal"].close()
