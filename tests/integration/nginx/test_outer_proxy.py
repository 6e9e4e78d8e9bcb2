"""Another proxy before nginx that ends the encryption: believed where it is named, nobody else; and a real one."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.integration.web.programs import TOKEN, Web, link
from tests.integration.web.snapshots import make_snapshot
from tests.waiting import wait_for

from .door import Echo, Nginx, Visitor

OUTER, STRANGER, PERSON = "127.0.0.9", "127.0.0.8", "203.0.113.7"
FORWARDED = {
    "X-Forwarded-For": PERSON,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "pi.example.org",
    "X-Forwarded-Port": "8443",
}
HANDSHAKE = "/flask/socket.io/?EIO=4&transport=polling"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    web = Web(tmp_path / "web", trusted_hosts=["pi.example.org", ".local"])
    web.folder.mkdir()
    web.start()
    yield web
    web.end()


def passed_on(echo: Echo, door: Nginx, address: str, **headers: str) -> dict[str, Any]:
    """Return the headers with which a request from an address comes to the application."""
    answer = Visitor(door.url, address).get("/flask/x", headers={"Host": "pi.local", **headers})
    assert answer.status_code == 200, answer.text
    return dict(echo.seen[-1]["headers"])


def test_what_the_named_proxy_says_comes_through(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port, outer_proxy=OUTER).start()
    told = passed_on(echo, door, OUTER, **FORWARDED)
    assert told["x-forwarded-for"] == PERSON
    assert told["x-forwarded-proto"] == "https"
    assert told["x-forwarded-port"] == "8443"
    assert told["host"] == told["x-forwarded-host"] == "pi.example.org"


def test_it_is_believed_for_who_sits_at_its_own_machine(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port, outer_proxy=OUTER).start()
    proxy = Visitor(door.url, OUTER)
    for for_whom in (OUTER, PERSON, OUTER):  # over one connection
        proxy.get("/flask/x", headers={**FORWARDED, "X-Forwarded-For": for_whom})
        told = dict(echo.seen[-1]["headers"])
        assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == (for_whom, "https")


def test_what_it_does_not_say_is_as_the_request_came(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port, outer_proxy=OUTER).start()
    told = passed_on(echo, door, OUTER, **{"X-Forwarded-For": PERSON})
    assert (told["x-forwarded-proto"], told["host"], told["x-forwarded-host"]) == ("http", "pi.local", "pi.local")
    assert "x-forwarded-port" not in told
    told = passed_on(echo, door, OUTER, **{**FORWARDED, "X-Forwarded-Proto": "gopher", "X-Forwarded-Port": "80 80"})
    assert told["x-forwarded-proto"] == "http"
    assert "x-forwarded-port" not in told


@pytest.mark.parametrize("outer_proxy", [OUTER, ""])
def test_nobody_else_is_believed(nginx: Callable[..., Nginx], echo: Echo, outer_proxy: str) -> None:
    door = nginx(echo.port, outer_proxy=outer_proxy).start()
    address = STRANGER if outer_proxy else OUTER
    for for_whom in (PERSON, OUTER, address, f"{PERSON}, {OUTER}"):
        told = passed_on(echo, door, address, **{**FORWARDED, "X-Forwarded-For": for_whom})
        assert told["x-forwarded-for"] == address
        assert (told["x-forwarded-proto"], told["host"]) == ("http", "pi.local")
        assert "x-forwarded-port" not in told


def test_a_person_behind_the_proxy_cannot_choose_an_address(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port, outer_proxy=OUTER).start()
    claimed = {**FORWARDED, "X-Forwarded-For": f"10.1.1.1, {PERSON}"}  # a proxy adds whom it sees
    assert passed_on(echo, door, OUTER, **claimed)["x-forwarded-for"] == PERSON


def test_limits_count_the_people_behind_the_proxy(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port, outer_proxy=OUTER).start()
    proxy = Visitor(door.url, OUTER)

    def guess(person: str) -> int:
        return proxy.post("/flask/login", headers={**FORWARDED, "X-Forwarded-For": person}).status_code

    assert 429 in [guess("203.0.113.1") for _ in range(20)]
    assert guess("203.0.113.2") == 200


@pytest.mark.parametrize("is_straight", [True, False])
@pytest.mark.parametrize(
    ("origin", "host", "forwarded", "is_accepted"),
    [
        ("https://pi.local", "pi.local", {"Proto": "https"}, True),
        ("https://pi.local:8443", "pi.local", {"Proto": "https", "Port": "8443"}, True),
        ("https://pi.local:8443", "pi.local:8443", {"Proto": "https"}, True),
        ("https://pi.example.org", "10.0.0.7", {"Proto": "https", "Host": "pi.example.org"}, True),
        ("https://pi.local", "pi.local", {}, False),
        ("https://pi.local:8443", "pi.local", {"Proto": "https"}, False),
        ("http://pi.local", "pi.local", {"Proto": "https"}, False),
    ],
)
def test_a_live_page_is_accepted_by_what_the_proxy_says(
    nginx: Callable[..., Nginx],
    web: Web,
    origin: str,
    host: str,
    forwarded: dict[str, str],
    *,
    is_accepted: bool,
    is_straight: bool,
) -> None:
    url = web.url if is_straight else nginx(web.port, outer_proxy=OUTER).start().url
    headers = {f"X-Forwarded-{name}": value for name, value in forwarded.items()} | {"X-Forwarded-For": PERSON}
    headers |= {"Host": host, "Origin": origin, "Authorization": f"Bearer {TOKEN}"}
    visitor = Visitor(url, "127.0.0.1" if is_straight else OUTER)
    answer = visitor.get(HANDSHAKE, headers=headers)
    assert answer.status_code == (200 if is_accepted else 403)
    if not is_accepted:
        assert answer.json()["origin"] == origin
        assert answer.json()["detail"].startswith("This address is not accepted, because")


def test_a_listed_address_needs_nothing_of_the_proxy(nginx: Callable[..., Nginx], tmp_path: Path) -> None:
    web = Web(tmp_path, origins=["https://pi.local:8443", "https://pi.local"]).start()
    try:
        for url in (web.url, nginx(web.port).start().url):
            for origin, status in (
                ("https://pi.local", 200),
                ("https://pi.local:8443", 200),
                ("http://pi.local:8443", 403),
            ):
                headers = {"Host": "pi.local", "Origin": origin, "Authorization": f"Bearer {TOKEN}"}
                assert requests.get(url + HANDSHAKE, headers=headers, timeout=10).status_code == status
    finally:
        web.end()


@pytest.fixture
def encrypted(nginx: Callable[..., Nginx], web: Web) -> Iterator[Callable[..., Nginx]]:
    """Start a real proxy with TLS before a real nginx before the real pages."""
    controller = link(web)
    controller.publish(make_snapshot(seq=7))
    wait_for(lambda: web.state()["snapshot"], what="the snapshot")

    def start(outer_proxy: str) -> Nginx:
        inner = nginx(web.port, outer_proxy=outer_proxy).start()
        outer = nginx(inner.port, has_tls=True)
        outer.make_certificate("localhost", "127.0.0.1")
        return outer.start()

    yield start
    controller.close()


def opened(chromium: Browser, door: Nginx, language: str, width: int) -> Page:
    page = chromium.new_context(
        ignore_https_errors=True, locale=language, viewport={"width": width, "height": 800}
    ).new_page()
    page.goto(f"https://127.0.0.1:{door.tls_port}/flask/")
    return page


@pytest.mark.browser
def test_a_page_is_live_through_a_proxy_that_is_named(chromium: Browser, encrypted: Callable[..., Nginx]) -> None:
    page = opened(chromium, encrypted("127.0.0.1"), "en", 1280)
    with closing(page.context):
        with page.expect_websocket() as opened_socket:
            page.reload()
        assert opened_socket.value.url.startswith("wss://127.0.0.1")
        expect(page.locator("#age-page")).to_have_text("connected")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "width", "text"),
    [
        ("en", 1280, "This address is not accepted, because the browser is at {origin} and"),
        ("fr", 360, "n’est pas acceptée, car le navigateur est à {origin} et"),
    ],
)
def test_a_page_through_another_proxy_says_that_its_address_is_not_accepted(
    chromium: Browser, encrypted: Callable[..., Nginx], language: str, width: int, text: str
) -> None:
    door = encrypted("")
    page = opened(chromium, door, language, width)
    with closing(page.context):
        why = page.locator("body")
        expect(why).to_contain_text(text.format(origin=f"https://127.0.0.1:{door.tls_port}"))
        expect(why).to_contain_text(f"http://127.0.0.1:{door.tls_port}")
        expect(page.locator("body")).to_have_attribute("data-verdict", "unknown")
        expect(why).not_to_contain_text(re.compile("no answer|pas reçu de réponse"))
