"""A program that is not there costs its own pages, with words that say so, and comes back by itself."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.waiting import wait_for

from .door import HTML, Echo, House, Nginx

WORDS = {
    ("/flask/", "fr"): "Vigie ne répond pas",
    ("/flask/", "en"): "Vigie does not answer",
    ("/grafana/", "fr"): "Vigie ne répond pas",
    ("/prometheus/graph", "en"): "Vigie does not answer",
    ("/flask/", "de"): "Vigie antwortet nicht",
}
HONEST = {
    "fr": "ne peut pas savoir si la batterie est surveillée",
    "en": "cannot know whether the battery is being watched",
    "de": "kann nicht wissen, ob die Batterie überwacht wird",
}


@pytest.mark.parametrize(("path", "language"), WORDS)
def test_without_the_web_process_every_page_says_so(nginx: Callable[..., Nginx], path: str, language: str) -> None:
    answer = nginx().start().get(path, headers={**HTML, "Accept-Language": language})
    answer.encoding = "utf-8"
    assert answer.status_code in {502, 503}
    assert f'<html lang="{language}">' in answer.text
    assert WORDS[path, language] in answer.text
    assert HONEST[language] in answer.text, "whether the controller runs is not known here"


@pytest.mark.parametrize(
    ("wish", "cookie", "language"),
    [
        ("nl, fr;q=0.5", "", "fr"),
        ("de-CH, fr;q=0.5", "", "de"),
        ("fr", "vigie_language=de", "de"),
        ("en-GB,en;q=0.9", "", "en"),
        ("en", "vigie_language=fr", "fr"),
        ("fr", "vigie_language=en", "en"),
        ("", "", "fr"),
    ],
)
def test_the_language_is_the_readers(nginx: Callable[..., Nginx], wish: str, cookie: str, language: str) -> None:
    answer = nginx().start().get("/flask/", headers={"Accept-Language": wish, "Cookie": cookie})
    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize("upstreams", ["upstreams-local.conf", "upstreams-docker.conf"])
def test_nginx_starts_without_anything_behind_it(nginx: Callable[..., Nginx], upstreams: str) -> None:
    door = nginx(upstreams=upstreams).start()
    assert door.get("/").headers["Location"] == "/flask/"
    assert door.get("/flask/").status_code == 502


@pytest.mark.parametrize(("path", "name"), [("/grafana/d/x", "Grafana"), ("/prometheus/graph", "Prometheus")])
def test_a_light_installation_says_what_is_missing(
    nginx: Callable[..., Nginx], echo: Echo, path: str, name: str
) -> None:
    door = nginx(echo.port).start()
    answer = door.get(path, headers={**HTML, "Accept-Language": "en"})
    assert answer.status_code == 502
    assert f"{name} does not answer" in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_killed_web_process_is_told_and_comes_back(house: House) -> None:
    visitor = house.log_in("vera")
    assert visitor.get("/flask/", headers=HTML).status_code == 200
    os.kill(house.site.web().pid, signal.SIGKILL)
    wait_for(lambda: visitor.get("/flask/", headers=HTML).status_code == 502, what="the pages are gone")
    assert "Vigie ne répond pas" in visitor.get("/flask/", headers=HTML).content.decode()
    assert visitor.get("/grafana/", headers=HTML).status_code == 503, "nobody is let in who was not asked"
    wait_for(lambda: visitor.get("/flask/", headers=HTML).status_code == 200, what="the pages are back")
    assert visitor.get("/grafana/", headers=HTML).status_code == 200, "still logged in"
