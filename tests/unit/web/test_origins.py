"""Which pages may act here: those of the address a request came to, as a trusted proxy says it, and listed ones."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tests.unit.web.doors import SECRET, Guarded
from vigie.errors import SettingsError
from vigie.web.mount import TrustedProxyFix
from vigie.web.origins import OriginGate, Origins
from vigie.web.settings import WebSettings, check
from vigie.web.static_files import edition

PROXY, STRANGER = "127.0.0.1", "192.168.1.9"


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return Response(Request(environ).host)(environ, start_response)


def status(
    origin: str | None, host: str, forwarded: dict[str, str], address: str = PROXY, listed: tuple[str, ...] = ()
) -> int:
    client = Client(TrustedProxyFix(OriginGate(echo, Origins(listed)), [PROXY]))
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    headers |= {f"X-Forwarded-{name.title()}": value for name, value in forwarded.items()}
    return client.get("/socket.io/", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code


@pytest.mark.parametrize(
    ("origin", "host", "forwarded", "is_accepted"),
    [
        (None, "pi.local", {}, True),
        ("http://pi.local", "pi.local", {}, True),
        ("http://PI.local:80", "pi.local", {}, True),
        ("http://pi.local:8000", "pi.local:8000", {}, True),
        ("http://[fe80::1]:8000", "[fe80::1]:8000", {}, True),
        ("https://pi.local", "pi.local", {}, False),
        ("http://pi.local:8000", "pi.local", {}, False),
        ("http://pi.local", "pi.local:8000", {}, False),
        ("https://pi.local", "pi.local", {"proto": "https"}, True),
        ("https://pi.local", "pi.local:443", {"proto": "https"}, True),
        ("http://pi.local", "pi.local", {"proto": "https"}, False),
        ("https://pi.local:8443", "pi.local", {"proto": "https"}, False),
        ("https://pi.local:8443", "pi.local", {"proto": "https", "port": "8443"}, True),
        ("http://pi.local:8443", "pi.local", {"proto": "https", "port": "8443"}, False),
        ("https://pi.local:9443", "pi.local", {"proto": "https", "port": "8443"}, False),
        ("https://pi.local:8443", "pi.local:8443", {"proto": "https", "port": "443"}, True),
        ("https://[fe80::1]:8443", "[fe80::1]", {"proto": "https", "port": "8443"}, True),
        ("https://pi.example.org", "10.0.0.7:80", {"proto": "https", "host": "pi.example.org"}, True),
        ("http://evil.example", "pi.local", {}, False),
        ("http://pi.local.evil.example", "pi.local", {}, False),
        ("http://evil.example:8443", "pi.local", {"port": "8443@evil.example"}, False),
        ("null", "pi.local", {}, False),
        ("", "pi.local", {}, False),
        ("", "", {}, False),
        ("http://", "", {}, False),
        ("http://pi.local/", "pi.local", {}, False),
        ("ftp://pi.local", "pi.local", {}, False),
    ],
)
def test_scheme_name_and_port_must_be_those_the_request_came_to(
    origin: str | None, host: str, forwarded: dict[str, str], is_accepted: bool
) -> None:
    assert status(origin, host, forwarded) == (200 if is_accepted else 403)


@pytest.mark.parametrize(
    ("origin", "forwarded"),
    [
        ("https://pi.local", {"proto": "https"}),
        ("http://pi.local:8443", {"port": "8443"}),
        ("http://pi.example.org", {"host": "pi.example.org"}),
    ],
)
def test_what_a_stranger_forwards_is_not_believed(origin: str, forwarded: dict[str, str]) -> None:
    assert status(origin, "pi.local", forwarded) == 200
    assert status(origin, "pi.local", forwarded, STRANGER) == 403


def test_a_listed_address_is_accepted_whatever_the_proxy_says() -> None:
    for host in ("pi.local", "10.0.0.7"):
        assert status("https://pi.local:8443", host, {}, listed=("HTTPS://pi.local:8443",)) == 200
        assert status("http://pi.local:8443", host, {}, listed=("https://pi.local:8443",)) == 403


@pytest.mark.parametrize("origin", ["pi.local", "https://pi.local/", "https://", "*", "https://*.local", "", "null"])
def test_a_listed_address_that_is_none_is_a_settings_error(origin: str) -> None:
    with pytest.raises(SettingsError, match=r"web\.origins .* write scheme, name and port"):
        check(WebSettings(origins=(origin,)))
    check(WebSettings(origins=("https://pi.local:8443",)))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://localhost", "X-Forwarded-Proto": "https"}, 200),
        ({"Origin": "https://localhost:8443", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "8443"}, 200),
        ({"Origin": "http://localhost", "X-Forwarded-Proto": "https"}, 403),
        ({"Origin": "https://localhost"}, 403),
    ],
)
def test_what_changes_something_is_judged_in_the_same_way(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    with closing(Guarded(tmp_path)) as site:
        reply = site.browser("olga").order({**headers, "Accept-Language": "en"}, action="acknowledge")
    assert reply.status_code == status
    assert ("This address is not accepted, because" in reply.text) is (status == 403)


def test_the_refused_live_page_is_told_both_addresses(tmp_path: Path) -> None:
    with closing(Guarded(tmp_path)) as site:
        headers = {"Origin": "https://pi.local:8443", "Authorization": f"Bearer {SECRET}", "Host": "pi.local"}
        reply = site.app.test_client().get("/flask/socket.io/?EIO=4&transport=polling", headers=headers)
    assert reply.status_code == 403
    told = reply.get_json()
    assert (told["type"], told["origin"], told["own"]) == (
        "urn:vigie:address",
        "https://pi.local:8443",
        "http://pi.local",
    )
    assert "X-Forwarded-Proto" in told["detail"]


@pytest.mark.parametrize(
    ("language", "title"), [("en", "This address is not accepted"), ("fr", "n’est pas acceptée</h1>")]
)
def test_a_foreign_name_is_told_on_a_page(tmp_path: Path, language: str, title: str) -> None:
    with closing(Guarded(tmp_path)) as site:
        client = site.app.test_client()
        headers = {"Host": "<b>.example:80", "Accept": "text/html", "Accept-Language": language}
        page = client.get("/flask/", headers=headers)
        style = client.get("/flask/static/css/vigie.css", headers=headers, buffered=True)
        assert client.post("/flask/static/css/vigie.css", headers=headers).status_code == 421
        assert client.get("/flask/api/v1/state", headers={**headers, "Accept": "*/*"}).status_code == 421
    assert page.status_code == 421
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert title in page.text
    assert "&lt;b&gt;.example" in page.text
    assert "<b>.example" not in page.text
    assert f'href="/flask/static/{edition()}/css/vigie.css' in page.text
    assert style.status_code == 200


def test_the_page_for_a_foreign_name_needs_no_file_of_users(tmp_path: Path) -> None:
    with closing(Guarded(tmp_path)) as site:
        site.door.close()
        (tmp_path / "users.sqlite").write_bytes(b"garbage" * 1000)
        client = site.app.test_client()
        client.set_cookie("vigie_session", "any", domain="evil.example", path="/")
        page = client.get("/flask/", headers={"Host": "evil.example", "Accept": "text/html"})
    assert page.status_code == 421
