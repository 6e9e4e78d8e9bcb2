"""Logins on the real web process: what ends one closes its live page, and the command line counts at once."""

import math
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
from requests.adapters import HTTPAdapter

from tests.integration.web.programs import TOKEN, Browser, Web, link
from tests.integration.web.snapshots import make_snapshot
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
    controller.publish(make_snapshot())

    def state() -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.get(f"{site.web.url}/flask/api/v1/state", headers=headers, timeout=10).json()

    wait_for(lambda: state()["link"] == "connected", what="the controller is in")
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


class From(HTTPAdapter):
    """Sends requests from an address of its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def try_from(site: Guarded, address: str, password: str, session: requests.Session | None = None) -> requests.Response:
    session = session or requests.Session()
    session.mount("http://", From(address))
    form = {"name": "olga", "password": password}
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    return session.post(f"{site.web.url}/flask/login", form, headers=headers, timeout=60, allow_redirects=False)


@contextmanager
def guessing(site: Guarded, addresses: list[str]) -> Iterator[None]:
    """Have every address guess without a pause; give way once each has been told to wait."""
    has_ended, told = threading.Event(), dict.fromkeys(addresses, 0)

    def guess(address: str) -> None:
        while not has_ended.wait(0.1):
            told[address] += try_from(site, address, "guessed wrong").status_code == 429

    threads = [threading.Thread(target=guess, args=(address,)) for address in addresses]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: min(told.values()) > 3, 120, what="each guesser has to wait")
        yield
    finally:
        has_ended.set()
        for thread in threads:
            thread.join()


def test_twenty_who_guess_lock_out_neither_the_owner_s_browser_nor_a_new_one(site: Guarded) -> None:
    owner = requests.Session()
    assert try_from(site, "127.0.0.2", PASSWORD, owner).status_code == 303
    cookie = next(cookie for cookie in owner.cookies if cookie.name == "vigie_browser_olga")
    assert cookie.path == "/flask"
    assert cookie.expires is not None
    assert cookie.expires - time.time() > 300 * 86_400
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Strict"
    site.web.kill()
    site.web.start()
    with guessing(site, [f"127.0.0.{number}" for number in range(2, 22)]):
        assert try_from(site, "127.0.0.2", PASSWORD, owner).status_code == 303, "a browser that is known"
        assert try_from(site, "127.0.0.99", PASSWORD).status_code == 303, "an address that has not guessed"
        site.door.users.give_password("olga", "cli:test", password="another one of mine")
        assert try_from(site, "127.0.0.98", "another one of mine").status_code == 303, "with a password of the console"


def test_who_has_to_wait_is_told_until_when_and_what_to_do(site: Guarded) -> None:
    answers: list[requests.Response] = []

    def has_to_wait() -> bool:
        answers.append(try_from(site, "127.0.0.2", "guessed wrong"))
        return answers[-1].status_code == 429

    wait_for(has_to_wait, what="the guesser has to wait")
    answer = answers[-1]
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert re.search(r"wait \d+ s, then try again\. The next try is heard at \d\d:\d\d:\d\d\.", answer.text)
    assert "vigie user" in answer.text
