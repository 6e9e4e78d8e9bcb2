"""Logins on the real web process: what ends one closes its live page, and the command line counts at once."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
import socketio

from tests.integration.web.programs import TOKEN, Browser, Web, link
from tests.waiting import wait_for
from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings

PASSWORD = "correct horse battery"


class Guarded:
    """A web process behind a door, and the door's file as another program sees it."""

    def __init__(self, folder: Path, **access: object) -> None:
        path = folder / "users.sqlite"
        self.door = Door(AccessSettings(), path)
        self.door.users.add("ada", Role.ADMIN, "test", password=PASSWORD)
        self.door.users.add("olga", Role.OPERATOR, "test", password=PASSWORD)
        self.web = Web(folder, users=path, access=dict(access)).start()

    def log_in(self, name: str = "olga") -> requests.Session:
        session = requests.Session()
        answer = session.post(f"{self.web.url}/flask/login", {"name": name, "password": PASSWORD}, timeout=10)
        assert session.cookies.get("vigie_session"), answer.text
        return session

    def live(self, session: requests.Session) -> Browser:
        page = Browser(self.web.url, session=session.cookies["vigie_session"]).open()
        wait_for(lambda: page.states, what="the first state")
        return page

    def close(self) -> None:
        self.web.end()
        self.door.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Guarded]:
    with closing(Guarded(tmp_path)) as started:
        yield started


def test_no_socket_opens_without_a_login(site: Guarded) -> None:
    for session in (None, "made-up"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            Browser(site.web.url, session=session).open()
    for query in ("EIO=4&transport=polling", "EIO=4&transport=polling&x=sid=1"):
        assert site.web.get(f"/socket.io/?{query}").status_code == 401
    assert "sid" not in site.web.log.read_text()


def test_the_controller_needs_no_login_but_its_secret(site: Guarded) -> None:
    controller = link(site.web)
    state = requests.get(
        f"{site.web.url}/flask/api/v1/state", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    ).json()
    assert state["link"] == "connected"
    controller.close()


@pytest.mark.parametrize("how", ["logout", "revoked", "password", "removed"])
def test_what_ends_a_login_closes_its_live_page_and_no_other(site: Guarded, how: str) -> None:
    olga, ada = site.log_in(), site.log_in("ada")
    page, other = site.live(olga), site.live(ada)
    if how == "logout":
        olga.post(f"{site.web.url}/flask/logout", timeout=10)
    elif how == "revoked":
        number = next(session.id for session in site.door.users.sessions() if session.user == "olga")
        ada.post(f"{site.web.url}/flask/users", {"do": "end", "name": str(number)}, timeout=10)
    elif how == "password":
        site.door.users.give_password("olga", "cli:test", password="another one of mine")
    else:
        site.door.users.remove("olga", "cli:test")
    wait_for(lambda: not page.is_open, what="the live page is closed")
    assert other.is_open
    assert olga.get(f"{site.web.url}/flask/api/v1/state", timeout=10).status_code == 401
    with pytest.raises(socketio.exceptions.ConnectionError):
        Browser(site.web.url, session=olga.cookies.get("vigie_session", default="gone")).open()
    other.close()


def test_a_login_outlives_the_web_process(site: Guarded) -> None:
    olga = site.log_in()
    site.web.kill()
    site.web.start()
    assert olga.get(f"{site.web.url}/flask/api/v1/state", timeout=10).status_code == 200


def test_many_who_guess_at_once_get_three_tries(site: Guarded) -> None:
    statuses: list[int] = []

    def guess() -> None:
        form = {"name": "ada", "password": "guessed wrong"}
        statuses.append(requests.post(f"{site.web.url}/flask/login", form, timeout=20).status_code)

    threads = [threading.Thread(target=guess) for _ in range(24)]
    began_s = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later = math.log2(1.0 + time.monotonic() - began_s)  # a slow machine gives time for the tries after 1, 3, 7 s
    assert 3 <= statuses.count(422) <= 3 + int(later)
    assert statuses.count(422) + statuses.count(429) == 24
