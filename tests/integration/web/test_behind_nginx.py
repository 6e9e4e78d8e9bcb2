"""The three ways to be reached: directly, behind nginx that strips the prefix, behind nginx that keeps it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from tests.integration.web.programs import Browser, Web, link
from tests.integration.web.snapshots import make_snapshot
from tests.ports import free_port
from tests.waiting import wait_for

COMMON = """
    proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 30s;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
"""
LOCATIONS = {
    "stripped": f"location /flask/ {{ proxy_pass http://WEB/; proxy_set_header X-Forwarded-Prefix /flask; {COMMON} }}",
    "kept": f"location /flask/ {{ proxy_pass http://WEB; {COMMON} }}",
    "kept and announced": (
        f"location /flask/ {{ proxy_pass http://WEB; proxy_set_header X-Forwarded-Prefix /flask; {COMMON} }}"
    ),
    "stripped and not announced": f"location /flask/ {{ proxy_pass http://WEB/; {COMMON} }}",
}


def nginx_or_skip() -> str:
    nginx = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
    if nginx is None:
        reason = "nginx is not installed (apt-get install nginx-light)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return nginx


def start_nginx(folder: Path, web: Web, location: str) -> "tuple[subprocess.Popen[bytes], str]":
    port = free_port()
    config = folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;"
        "events {} http { access_log off; " + temporary + " map $http_upgrade $connection_upgrade "
        "{ default upgrade; '' close; } server { listen 127.0.0.1:" + str(port) + "; location = /flask "
        "{ return 308 /flask/; } " + location.replace("WEB", f"127.0.0.1:{web.port}") + " } }"
    )
    process = subprocess.Popen([nginx_or_skip(), "-p", str(folder), "-c", str(config)], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(url, timeout=2).status_code > 0
        except requests.RequestException:
            return False

    wait_for(answers, what="nginx answers")
    return process, url


@pytest.fixture(scope="module")
def web_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    web = Web(tmp_path_factory.mktemp("web")).start()
    client = link(web)
    client.publish(make_snapshot(seq=77))
    wait_for(lambda: web.state()["snapshot"])
    yield web
    client.close()
    web.end()


@pytest.fixture(params=["direct", "stripped", "kept", "kept and announced"])
def origin(request: pytest.FixtureRequest, web_behind: Web, tmp_path: Path) -> Iterator[str]:
    """Where the browser goes, without the prefix."""
    if request.param == "direct":
        yield web_behind.url
        return
    process, url = start_nginx(tmp_path, web_behind, LOCATIONS[request.param])
    yield url
    process.terminate()
    process.wait(5)


def test_pages_link_to_themselves_below_the_prefix(origin: str) -> None:
    page = requests.get(origin + "/flask/", timeout=5)
    assert page.status_code == 200
    assert 'href="/flask/multimeter' in page.text
    assert 'href="/multimeter' not in page.text
    assert "/flask/flask" not in page.text
    assert requests.get(origin + "/flask", timeout=5).url == origin + "/flask/"


def test_api_describes_itself_at_whatever_address_it_is_asked(origin: str) -> None:
    address = origin + "/flask/api/v1/openapi.json"
    (server,) = requests.get(address, timeout=5).json()["servers"]
    assert urljoin(address, server["url"]).rstrip("/") == origin + "/flask"


def test_live_page_and_order_go_through(origin: str) -> None:
    page = Browser(origin, origin=origin).open()
    state = wait_for(lambda: page.states and page.states[0])
    page.close()
    assert state["snapshot"]["seq"] == 77
    headers = {"Origin": origin}
    reply = requests.post(origin + "/flask/api/v1/commands", json={"action": "acknowledge"}, headers=headers, timeout=5)
    assert reply.status_code == 200


def test_order_from_a_foreign_page_does_not_go_through(origin: str) -> None:
    headers = {"Origin": "http://evil.example"}
    reply = requests.post(origin + "/flask/api/v1/commands", json={"action": "acknowledge"}, headers=headers, timeout=5)
    assert reply.status_code == 403


def test_foreign_name_is_refused_through_nginx_too(origin: str) -> None:
    reply = requests.get(origin + "/flask/", headers={"Host": "evil.example"}, timeout=5)
    assert reply.status_code == 421


def test_proxy_that_strips_in_silence_is_told_what_it_must_send(web_behind: Web, tmp_path: Path) -> None:
    process, url = start_nginx(tmp_path, web_behind, LOCATIONS["stripped and not announced"])
    reply = requests.get(url + "/flask/about", timeout=5)
    process.terminate()
    process.wait(5)
    assert reply.status_code == 404
    assert "X-Forwarded-Prefix: /flask" in reply.text


def test_bare_address_leads_to_the_application(web_behind: Web) -> None:
    assert requests.get(web_behind.url, timeout=5).url == web_behind.url + "/flask/"


def test_forwarded_headers_of_strangers_are_not_believed(tmp_path: Path) -> None:
    web = Web(tmp_path, trusted_proxies=["10.9.8.7"]).start()
    headers = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "pi.local", "X-Forwarded-For": "1.2.3.4"}
    page = requests.get(web.url + "/flask/", headers=headers, timeout=5)
    stripped = requests.get(web.url + "/api/v1/state", headers=headers, timeout=5)
    web.end()
    assert "/evil" not in page.text
    assert stripped.status_code == 404
