"""The guards and the mount, one at a time and without a server."""

from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client, create_environ, run_wsgi_app
from werkzeug.wrappers import Request, Response

from vigie.errors import SettingsError
from vigie.web.mount import Mount, TrustedProxyFix
from vigie.web.security import HostGuard, RateLimit, SocketGate
from vigie.web.settings import WebSettings, check


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Say what the application would see."""
    request = Request(environ)
    text = f"{request.root_path}|{request.path}|{request.host}|{request.remote_addr}|{request.scheme}"
    return Response(text)(environ, start_response)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/flask/", "/flask|/"),
        ("/flask/api/v1/state", "/flask|/api/v1/state"),
        ("/flask/flask/x", "/flask|/flask/x"),
        ("/flask//evil.example", "/flask|//evil.example"),
    ],
)
def test_prefix_moves_to_the_script_root(path: str, seen: str) -> None:
    body, status, _ = run_wsgi_app(Mount(echo), create_environ(path))
    assert status == "200 OK"
    assert b"".join(body).decode().startswith(seen.replace("//evil", "/evil") if "evil" in seen else seen)


def test_announced_prefix_is_taken_and_a_kept_one_not_doubled() -> None:
    client = Client(TrustedProxyFix(Mount(echo), ["127.0.0.1"]))
    proxied = {"environ_base": {"REMOTE_ADDR": "127.0.0.1"}, "headers": {"X-Forwarded-Prefix": "/flask"}}
    assert client.get("/about", **proxied).text.startswith("/flask|/about|")
    assert client.get("/flask/about", **proxied).text.startswith("/flask|/about|")


@pytest.mark.parametrize("path", ["/", "/flask"])
def test_bare_address_is_sent_to_the_application(path: str) -> None:
    reply = Client(Mount(echo)).get(path)
    assert (reply.status_code, reply.headers["Location"]) == (308, "/flask/")


@pytest.mark.parametrize("path", ["/about", "/flaskx", "/socket.io/"])
def test_path_outside_the_prefix_is_a_404_that_says_why(path: str) -> None:
    reply = Client(Mount(echo)).get(path)
    assert reply.status_code == 404
    assert "X-Forwarded-Prefix" in reply.text


@pytest.mark.parametrize(
    ("address", "believed"),
    [("127.0.0.1", True), ("172.18.0.5", True), ("192.168.1.7", False), ("::1", False), ("", False)],
)
def test_only_trusted_proxies_are_believed(address: str, believed: bool) -> None:
    client = Client(TrustedProxyFix(echo, ["127.0.0.1", "172.16.0.0/12"]))
    headers = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "pi.local"}
    text = client.get("/", headers=headers, environ_base={"REMOTE_ADDR": address}).text
    assert text.endswith("|pi.local|9.9.9.9|https") is believed
    assert ("9.9.9.9" in text) is believed


def test_nonsense_proxy_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match=r"web\.trusted_proxies.*'nginx'"):
        TrustedProxyFix(echo, ["nginx"])


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("raspberrypi:8000", True),
        ("vigie.local", True),
        ("Vigie.LOCAL:80", True),
        ("my.pi.lan", True),
        ("battery.example.org", True),
        ("10.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("", False),
        ("evil.example", False),
        ("local", True),
        ("evil.localx", False),
        ("notlocal.evil.example", False),
        ("battery.example.org.evil.example", False),
        ("x.battery.example.org", False),
        ("10.0.0.1.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("evil example", False),
        ("..", False),
    ],
)
def test_names_that_are_ours(host: str, is_ours: bool) -> None:
    assert HostGuard(echo, (".local", ".lan", "battery.example.org")).is_ours(host) is is_ours


@pytest.mark.parametrize(
    ("path", "query", "opened", "header", "status"),
    [
        ("/socket.io/", "transport=websocket", 4, "", 200),
        ("/socket.io/", "transport=websocket", 5, "", 503),
        ("/socket.io/", "transport=polling&sid=abc", 5, "", 200),
        ("/api/v1/state", "", 5, "", 200),
        ("/socket.io/", "transport=websocket", 5, "Bearer secret", 503),
        ("/socket.io/", "transport=websocket", 5, "Basic secret", 503),
    ],
)
def test_gate_counts_handshakes_only_and_has_no_place_beyond_for_anybody(
    path: str, query: str, opened: int, header: str, status: int
) -> None:
    gate = SocketGate(echo, lambda: opened, 5)
    reply = Client(gate).get(path, query_string=query, headers={"Authorization": header})
    assert reply.status_code == status


def test_bucket_empties_at_once_and_fills_slowly() -> None:
    now = [0.0]
    limit = RateLimit(per_minute=60, burst=3, now_s=lambda: now[0])
    assert [limit.wait_s("a") for _ in range(4)] == [0, 0, 0, pytest.approx(1.0)]
    now[0] = 0.5
    assert limit.wait_s("a") == pytest.approx(0.5)
    now[0] = 1.0
    assert limit.wait_s("a") == 0
    assert limit.wait_s("a") > 0


def test_addresses_do_not_share_a_bucket_and_an_idle_one_is_not_overfilled() -> None:
    now = [0.0]
    limit = RateLimit(per_minute=60, burst=2, now_s=lambda: now[0])
    assert [limit.wait_s(name) for name in "aabb"] == [0, 0, 0, 0]
    now[0] = 1e6
    assert [limit.wait_s("a") == 0 for _ in range(3)] == [True, True, False]


def test_bucket_store_does_not_grow_for_ever() -> None:
    now = [0.0]
    limit = RateLimit(per_minute=60, burst=2, now_s=lambda: now[0])
    for number in range(5000):
        now[0] += 0.01
        limit.wait_s(f"address-{number}")
    assert len(limit._buckets) <= RateLimit.MOST_ADDRESSES


def test_more_live_pages_than_threads_can_carry_is_a_settings_error() -> None:
    check(WebSettings())
    with pytest.raises(SettingsError, match=r"web\.live_browsers 60.*lower it to 52 or raise web\.threads to 72"):
        check(WebSettings(live_browsers=60, threads=64))
