"""What must not get in: foreign pages, foreign names, too much, too deep, too often, the wrong types."""

import json
import socket
from typing import Any

import pytest
import requests
import socketio

from tests.integration.web.programs import Browser, Web, link
from tests.waiting import wait_for

ORDER = {"action": "acknowledge"}


def post(web: Web, headers: dict[str, str] | None = None, **options: Any) -> requests.Response:
    return requests.post(f"{web.url}/flask/api/v1/commands", headers=headers, timeout=10, **options)


def assert_problem(reply: requests.Response, status: int) -> dict[str, Any]:
    assert reply.status_code == status
    assert reply.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = reply.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:{port}@evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
    ],
)
def test_page_of_another_site_cannot_give_an_order(shared_web: Web, headers: dict[str, str]) -> None:
    filled = {name: value.replace("{port}", str(shared_web.port)) for name, value in headers.items()}
    assert_problem(post(shared_web, filled, json=ORDER), 403)


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://127.0.0.1:{port}"}, {"Sec-Fetch-Site": "same-origin"}])
def test_own_page_and_program_get_as_far_as_the_absent_controller(shared_web: Web, headers: dict[str, str]) -> None:
    filled = {name: value.replace("{port}", str(shared_web.port)) for name, value in headers.items()}
    assert_problem(post(shared_web, filled, json=ORDER), 503)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "", "evil.local.com"])
@pytest.mark.parametrize("path", ["/flask/", "/flask/api/v1/state", "/flask/socket.io/?EIO=4&transport=polling"])
def test_foreign_name_is_told_which_setting_to_change(shared_web: Web, host: str, path: str) -> None:
    reply = requests.get(shared_web.url + path, headers={"Host": host}, timeout=5)
    assert reply.status_code == 421
    assert "trusted_hosts" in reply.text


def test_rebound_name_cannot_hide_behind_a_forwarded_one(shared_web: Web) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert requests.get(shared_web.url + "/flask/api/v1/state", headers=headers, timeout=5).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost", "raspberrypi", "web:8000", "vigie.local", "192.168.1.20:8000", "[fe80::1]:8000", "VIGIE.LAN"]
)
def test_own_names_and_plain_addresses_are_answered(shared_web: Web, host: str) -> None:
    reply = requests.get(shared_web.url + "/flask/healthz", headers={"Host": host}, timeout=5)
    assert reply.status_code == 200


def test_huge_body_is_refused_unread(shared_web: Web) -> None:
    body = json.dumps({**ORDER, "why": "x" * 70_000})
    assert_problem(post(shared_web, {"Content-Type": "application/json"}, data=body), 413)


def test_body_without_a_length_is_refused(shared_web: Web) -> None:
    pieces = (b" " * 8192 for _ in range(20))
    assert_problem(post(shared_web, {"Content-Type": "application/json"}, data=pieces), 411)


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"action": acknowledge}', b"[" * 60_000])
def test_malformed_json_is_a_400(shared_web: Web, body: bytes) -> None:
    assert_problem(post(shared_web, {"Content-Type": "application/json"}, data=body), 400)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_order_that_is_not_json_is_a_415(shared_web: Web, content_type: str) -> None:
    reply = post(shared_web, {"Content-Type": content_type}, data=json.dumps(ORDER))
    assert_problem(reply, 415)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], {"_schema"}),
        (None, {"action"}),
        ("acknowledge", {"_schema"}),
        ({}, {"action"}),
        ({"action": "explode"}, {"action"}),
        ({"action": "set_mode", "mode": 3}, {"mode"}),
        ({"action": "set_mode"}, {"_schema"}),
        ({"action": "set_contact", "relay": "R1"}, {"_schema"}),
        ({"action": "acknowledge", "mode": "manual"}, {"_schema"}),
        ({"action": "set_mode", "mode": "cycle", "manual_s": 60}, {"_schema"}),
        ({"action": "set_mode", "mode": "manual", "manual_s": "60"}, {"manual_s"}),
        ({"action": "set_mode", "mode": "manual", "manual_s": float("nan")}, {"manual_s"}),
        ({"action": "set_mode", "mode": "manual", "manual_s": float("inf")}, {"manual_s"}),
        ({"action": "acknowledge", "id": "short", "who": "", "x": 1}, {"id", "who", "x"}),
        ({"action": "acknowledge", "id": "../../../etc/passwd"}, {"id"}),
        ({"action": "acknowledge", "not_after_utc_ms": 10**40}, {"not_after_utc_ms"}),
        ({"action": "acknowledge", "not_after_utc_ms": True}, {"not_after_utc_ms"}),
    ],
)
def test_wrong_types_are_a_422_that_names_every_field(shared_web: Web, body: Any, fields: set[str]) -> None:
    reply = post(shared_web, {"Content-Type": "application/json"}, data=json.dumps(body))
    problem = assert_problem(reply, 422)
    assert {fault["field"] for fault in problem["errors"]} == fields


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_a_405_that_says_what_is_possible(shared_web: Web, method: str) -> None:
    reply = requests.request(method, f"{shared_web.url}/flask/api/v1/state", timeout=5)
    assert_problem(reply, 405)
    assert "GET" in reply.headers["Allow"]


def test_unknown_api_path_is_a_problem_and_unknown_page_is_not(shared_web: Web) -> None:
    assert_problem(shared_web.get("/api/v2/nothing"), 404)
    page = shared_web.get("/nothing-here")
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/", "/api/v1/state", "/api/v1/nothing", "/nothing", "/static/nothing.css"])
def test_every_answer_carries_the_security_headers(shared_web: Web, path: str) -> None:
    headers = shared_web.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_foreign_page_cannot_open_the_live_socket(shared_web: Web) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        Browser(shared_web.url, origin="http://evil.example").open()
    own = Browser(shared_web.url, origin=shared_web.url).open()
    wait_for(lambda: own.states)
    own.close()


def test_garbage_on_the_wire_leaves_the_server_answering(shared_web: Web) -> None:
    for garbage in (
        b"\x00" * 500,
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"POST /flask/socket.io/?EIO=4 HTTP/9\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", shared_web.port), timeout=2) as raw:
            raw.sendall(garbage)
            raw.shutdown(socket.SHUT_WR)
            raw.recv(1000)
    assert shared_web.get("/healthz").ok


def test_too_many_orders_are_a_429_with_the_time_to_wait(tmp_path: Any) -> None:
    web = Web(tmp_path, command_burst=3, commands_per_minute=6).start()
    controller = link(web)
    statuses = [web.order(**ORDER).status_code for _ in range(5)]
    last = web.order(**ORDER)
    controller.close()
    web.end()
    assert statuses == [200, 200, 200, 429, 429]
    assert_problem(last, 429)
    assert 1 <= int(last.headers["Retry-After"]) <= 11
