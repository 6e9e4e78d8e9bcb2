"""The pages Grafana and Prometheus, whatever state those programs are in."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from vigie.link.hub import Hub
from vigie.telemetry.metrics import METRICS, exposed_names
from vigie.web.app import create_app
from vigie.web.settings import StackSettings, WebSettings
from vigie.web.stack import BOARDS
from vigie.wording.words import languages

DASHBOARDS = Path(__file__).parents[3] / "deploy" / "grafana" / "dashboards"
THROUGH_NGINX = {"X-Forwarded-Host": "localhost"}
"""What nginx adds; the test client comes from 127.0.0.1, whose word is taken."""
HEALTHY = {"/grafana/api/health": {"database": "ok", "version": "11.6.0"}}


class Program:
    """An HTTP server on a free port; ``answers`` by path, anything else is 404."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.pause_s = 0.0
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                program.asked.append(self.path)
                time.sleep(program.pause_s)
                said = program.answers.get(self.path)
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(404 if said is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Pages = Callable[..., Any]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., Pages]]:
    """Make an application with the given [stack]; what comes back gets a page of it."""
    with ExitStack() as stack:

        def make(**settings: str) -> Pages:
            app = create_app(WebSettings(), Hub("token"), tmp_path / "journal.sqlite", stack=StackSettings(**settings))
            stack.enter_context(closing(app.extensions["vigie_journal"]))
            client = app.test_client(use_cookies=False)

            def get(path: str, language: str = "fr", **headers: str) -> str:
                sent = {"Host": "localhost", "Accept-Language": language, **headers}
                answer = client.get(f"/flask{path}", headers=sent)
                assert answer.status_code == 200, answer.text
                return answer.text

            return get

        yield make


@pytest.fixture
def program() -> Iterator[Callable[[dict[str, Any]], Program]]:
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(closing(Program(answers)))


@pytest.mark.parametrize("path", ["/grafana", "/prometheus"])
@pytest.mark.parametrize(("language", "words"), [("fr", "n’est pas installé"), ("en", "is not installed")])
def test_what_is_not_installed_is_said_so(site: Callable[..., Pages], path: str, language: str, words: str) -> None:
    page = site()(path, language, **THROUGH_NGINX)
    assert words in page
    assert "<iframe" not in page


def test_dashboards_are_shown_in_the_readers_language(
    site: Callable[..., Pages], program: Callable[[dict[str, Any]], Program]
) -> None:
    get = site(grafana_url=program(HEALTHY).url + "/grafana")
    for language in languages():
        page = get("/grafana?board=charge", language, **THROUGH_NGINX)
        (frame,) = re.findall(r"<iframe [^>]*>", page)
        address = f"/grafana/d/vigie-charge-{language}/x?kiosk&amp;theme=light"
        assert f'src="{address}"' in frame
        assert 'loading="lazy"' in frame
        assert re.search(r'title="[^"]+Grafana"', frame)
        assert page.count(f'href="{address}"') == 1, "open in a window"
        assert re.search(r'board=charge" aria-current="page"', page)
        assert len(re.findall(r'href="/flask/grafana\?board=', page)) == 10


def test_every_dashboard_there_is_has_a_tab_and_every_tab_a_dashboard() -> None:
    for language in languages():
        delivered = {path.stem for path in (DASHBOARDS / language).glob("*.json")}
        assert delivered == {f"vigie-{name}-{language}" for name in BOARDS}


@pytest.mark.parametrize(
    ("cookies", "theme"),
    [
        ("vigie_theme=dark", "dark"),
        ("vigie_theme=light; vigie_shade=dark", "light"),
        ("vigie_theme=auto; vigie_shade=dark", "dark"),
        ("vigie_shade=neon", "light"),
        ("", "light"),
    ],
)
def test_the_frame_follows_the_theme(
    site: Callable[..., Pages], program: Callable[[dict[str, Any]], Program], cookies: str, theme: str
) -> None:
    page = site(grafana_url=program(HEALTHY).url + "/grafana")("/grafana", Cookie=cookies, **THROUGH_NGINX)
    assert re.findall(r"<iframe [^>]*theme=(\w+)", page) == [theme]


def test_an_unknown_board_is_the_overview(
    site: Callable[..., Pages], program: Callable[[dict[str, Any]], Program]
) -> None:
    get = site(grafana_url=program(HEALTHY).url + "/grafana")
    assert "/grafana/d/vigie-overview-fr/" in get("/grafana?board=../../admin", **THROUGH_NGINX)


def test_without_nginx_there_is_no_frame_that_could_not_load(
    site: Callable[..., Pages], program: Callable[[dict[str, Any]], Program]
) -> None:
    page = site(grafana_url=program(HEALTHY).url + "/grafana")("/grafana", "en")
    assert "<iframe" not in page
    assert "only nginx leads to it" in page


@pytest.mark.parametrize("path", ["/grafana", "/prometheus"])
@pytest.mark.parametrize(
    "said",
    [None, b"<html>a login page</html>", b"[1, 2]", {"database": "failing", "data": None}, {"data": {"yaml": 7}}],
)
def test_what_answers_nonsense_counts_as_silent(
    site: Callable[..., Pages], program: Callable[[dict[str, Any]], Program], path: str, said: Any
) -> None:
    paths = ["/api/health", "/api/v1/status/flags", "/api/v1/status/config", "/metrics"]
    url = program(dict.fromkeys(paths, said)).url
    page = site(grafana_url=url, prometheus_url=url)(path, "en", **THROUGH_NGINX)
    assert "does not answer</h2>" in page
    assert url in page, "why is said"


@pytest.mark.parametrize("path", ["/grafana", "/prometheus"])
def test_a_program_that_is_down_costs_a_moment_and_is_asked_again(
    site: Callable[..., Pages], program: Callable[[dict[str, Any]], Program], path: str
) -> None:
    page = site(grafana_url="http://127.0.0.1:9", prometheus_url="http://127.0.0.1:9")(path, "en", **THROUGH_NGINX)
    assert "Connection refused" in page
    assert "Try again" in page


def test_a_frozen_program_is_asked_once_by_many_pages(
    site: Callable[..., Pages], program: Callable[[dict[str, Any]], Program]
) -> None:
    frozen = program(HEALTHY)
    frozen.pause_s = 1.5
    get = site(grafana_url=frozen.url + "/grafana")
    pages: list[str] = []
    threads = [threading.Thread(target=lambda: pages.append(get("/grafana", "en", **THROUGH_NGINX))) for _ in range(8)]
    began_s = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began_s < 8 * frozen.pause_s, "not one after the other"
    assert len(frozen.asked) == 1
    assert all("does not answer</h2>" in page for page in pages)
    get("/about")
    assert len(frozen.asked) == 1, "other pages do not ask"


def test_a_program_that_dribbles_does_not_hold_a_page(site: Callable[..., Pages]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def dribble() -> None:
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                peer.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                for _ in range(100):
                    peer.sendall(b" ")
                    time.sleep(0.3)

        thread = threading.Thread(target=dribble)
        thread.start()
        began_s = time.monotonic()
        page = site(grafana_url=f"http://127.0.0.1:{listener.getsockname()[1]}")("/grafana", "en", **THROUGH_NGINX)
        assert time.monotonic() - began_s < 25
        assert "too slowly" in page
        thread.join()


def test_every_metric_is_listed_with_its_meaning(site: Callable[..., Pages]) -> None:
    page = site()("/prometheus")
    for metric in METRICS:
        assert f"<code>{exposed_names(metric)[0]}</code>" in page
    assert "bus_voltage_01" in page
