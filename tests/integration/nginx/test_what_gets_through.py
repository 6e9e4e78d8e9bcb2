"""What the door lets through: reading, in measure; nothing that is not meant for outside."""

import http.client
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import wait_for

from .door import HTML, PASSWORD, Echo, House, Nginx

WRITES = [
    ("POST", "/prometheus/api/v1/write"),
    ("GET", "/prometheus/api/v1/write"),
    ("POST", "/prometheus/api/v1/%77rite"),
    ("POST", "/prometheus//api/v1/write"),
    ("POST", "/prometheus/graph/../api/v1/write"),
    ("POST", "/prometheus/graph/..%2fapi/v1/write"),
    ("POST", "/prometheus/api/v1/otlp/v1/metrics"),
    ("POST", "/prometheus/api/v1/read"),
    ("POST", "/prometheus/api/v1/admin/tsdb/delete_series?match[]=up"),
    ("PUT", "/prometheus/api/v1/admin/tsdb/snapshot"),
    ("POST", "/prometheus/-/quit"),
    ("PUT", "/prometheus/-/quit"),
    ("POST", "/prometheus/-/reload"),
    ("GET", "/prometheus/-/healthy"),
    ("GET", "/prometheus/debug/pprof/profile?seconds=1"),
    ("DELETE", "/prometheus/api/v1/series?match[]=up"),
]


def raw(url: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> http.client.HTTPResponse:
    """Ask for a path exactly as it is written here; requests would tidy it up."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.fixture(scope="module")
def admin(house: House) -> dict[str, str]:
    return {"Cookie": f"vigie_session={house.log_in('anna').cookies['vigie_session']}"}


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_prometheus_can_only_be_read_even_by_an_admin(
    house: House, admin: dict[str, str], method: str, path: str
) -> None:
    assert raw(house.url, method, path, admin).status == 403
    assert house.prometheus.process is not None
    assert house.prometheus.process.poll() is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_prometheus_is_read_by_get_and_post(house: House, method: str) -> None:
    visitor = house.log_in("vera")
    query = {"query": 'vigie_channel_bus_volts{role="battery"}'}
    sent = {"params": query} if method == "GET" else {"data": query}

    def rows() -> Any:
        return visitor.request(method, "/prometheus/api/v1/query", **sent).json()["data"]["result"]

    (row,) = wait_for(rows, what="Prometheus has measurements")
    assert 10 < float(row["value"][1]) < 15
    assert visitor.get("/prometheus/", headers=HTML).status_code in {200, 302}


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/auth",
        "/login",
        "/api/v1/state",
        "/socket.io/?EIO=4&transport=polling",
        "/vigie-auth",
        "/vigie-pages/fr/web.html",
        "/vigie-pages/",
        "/graph",
        "/nginx_status",
        "/.git/config",
        "/index.html",
    ],
)
def test_nothing_else_is_reachable(house: House, admin: dict[str, str], path: str) -> None:
    assert raw(house.url, "GET", path, admin).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/vigie-pages/../listen.conf",
        "/vigie-pages/..%2f..%2fetc/passwd",
        "/vigie-pages/style.css/../../certificates/ca.key",
        "/vigie-pages../certificates/ca.key",
        "/vigie-ca.crt/../certificates/ca.key",
        "/flask/static/../../../../etc/passwd",
        "/flask/static/..%2f..%2f..%2fetc%2fpasswd",
        "/flask/static/vendor/..%2f..%2f..%2fsettings.py",
        "/flask/static/%2e%2e/app.py",
        "/../../etc/passwd",
        "/flask/static/vendor/%00",
    ],
)
def test_no_path_leads_to_a_file(house: House, admin: dict[str, str], path: str) -> None:
    answer = raw(house.url, "GET", path, admin)
    assert answer.status in {400, 404}


def test_the_question_who_is_there_tells_a_stranger_nothing(house: House) -> None:
    answer = house.visitor().get("/flask/auth")
    assert answer.status_code == 401
    assert not [name for name in answer.headers if name.lower().startswith("x-auth")]


@pytest.mark.parametrize(
    "path",
    ["/", "/flask", "/flask/", "/flask/login", "/flask/nowhere", "/flask/static/css/vigie.css", "/flask/api/v1/state",
     "/grafana/d/x", "/prometheus/api/v1/labels", "/nowhere", "/prometheus/-/quit", "/vigie-pages/style.css"],
)  # fmt: skip
def test_security_headers_are_there_once(house: House, admin: dict[str, str], path: str) -> None:
    answer = raw(house.url, "GET", path, admin)
    names = [name.lower() for name, _ in answer.getheaders()]
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy"):
        assert names.count(name) == 1, (name, answer.status)
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Server"] == "nginx"
    assert "x-frame-options" not in names, "Grafana's would forbid its frame"
    assert "access-control-allow-origin" not in names


def test_files_of_a_page_are_kept_for_a_year_and_others_are_asked_for_again(house: House) -> None:
    visitor = house.visitor()
    files = re.findall(r'"(/flask/static/[^"]+\.(?:css|js))"', visitor.get("/flask/login").text)
    assert len(files) > 2
    for address in files:
        kept = visitor.get(address)
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert kept.headers["Content-Encoding"] == "gzip"
        assert int(kept.headers.get("Content-Length", len(kept.raw.data or b"") or 1)) < len(kept.content)
    assert "immutable" not in visitor.get("/flask/static/vendor/nothing.css").headers.get("Cache-Control", "")
    own = visitor.get("/flask/static/js/main.js")
    assert own.headers["Cache-Control"] == "no-cache"
    again = visitor.get("/flask/static/js/main.js", headers={"If-None-Match": own.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_big_bodies_are_refused_before_they_are_carried_on(house: House, admin: dict[str, str]) -> None:
    headers = {**admin, "Origin": house.url, "Content-Type": "application/json"}
    before = len(house.echo.seen)
    for size, path in ((300_000, "/flask/api/v1/commands"), (2_000_000, "/grafana/api/ds/query")):
        assert raw(house.url, "POST", path, headers, b"x" * size).status == 413
    assert len(house.echo.seen) == before
    application = raw(house.url, "POST", "/flask/api/v1/commands", headers, b"x" * 100_000)
    assert application.status == 413
    assert application.headers["Content-Type"] == "application/problem+json"
    assert raw(house.url, "POST", "/grafana/api/ds/query", headers, b"x" * 900_000).status == 200
    assert house.echo.seen[-1]["size"] == 900_000


def test_an_export_comes_through_whole(house: House) -> None:
    visitor = house.log_in("vera")
    query = {"resolution": "raw", "from_utc_ms": 0, "to_utc_ms": 10**13}
    answer = visitor.get("/flask/api/v1/export", params=query)
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    assert len(lines) > 3
    assert {line.count(",") for line in lines} == {lines[0].count(",")}


def test_guessing_passwords_is_slowed_down_before_it_reaches_the_application(house: House) -> None:
    guesser = house.visitor()
    answers = [
        guesser.post("/flask/login", data={"name": f"guess{number}", "password": "x"}, headers=HTML)
        for number in range(24)
    ]
    by_nginx = [answer for answer in answers if answer.status_code == 429 and "vigie-pages/style.css" in answer.text]
    assert len(by_nginx) >= 10
    assert guesser.get("/flask/login", headers=HTML).status_code == 200, "the page itself is still there"
    house.log_in("vera")


def test_guessing_before_an_order_is_slowed_down_as_at_the_login(house: House) -> None:
    otto = house.log_in("otto")
    typed = [otto.post("/flask/api/v1/confirmation", json={"password": PASSWORD}) for _ in range(24)]
    statuses = [answer.status_code for answer in typed]
    assert set(statuses) == {200, 429}
    assert statuses.count(429) >= 10
    assert otto.get("/flask/api/v1/state").status_code == 200


def test_a_flood_is_held_back_for_who_sends_it_alone(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port, echo.port, echo.port).start()
    host = door.url.removeprefix("http://")
    statuses: list[int] = []
    connection = http.client.HTTPConnection(host, timeout=10, source_address=("127.0.0.77", 0))
    for _ in range(500):
        connection.request("GET", "/nowhere")
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    assert statuses[:300] == [404] * 300
    assert statuses.count(429) > 50
    assert door.get("/flask/x").status_code == 200


def test_open_connections_of_one_address_are_counted(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port).start()
    request = b"POST /flask/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"
    sockets: list[Any] = []
    try:
        for _ in range(140):
            one = socket.create_connection(("127.0.0.1", door.port), 5)
            one.sendall(request)
            sockets.append(one)
        refused = 0
        for one in sockets:
            one.settimeout(0.01)
            try:
                refused += b" 429 " in one.recv(200)
            except TimeoutError:
                continue
        assert 12 <= refused <= 13
    finally:
        for one in sockets:
            one.close()
