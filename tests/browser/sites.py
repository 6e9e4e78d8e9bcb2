"""An installation behind the real web process that tests can change, freeze or break, and get back healthy."""

import threading
import time
from pathlib import Path
from typing import Any

from tests.integration.web.demo_feed import Feed
from tests.integration.web.programs import Web, link, wait_for
from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings
from vigie.link.messages import Answer, Command

from .journals import write_day

TICK_S = 0.25
PASSWORDS = {"vera": "viewers look around", "olga": "operators switch", "ada": "administers it all"}
ROLES = {"vera": Role.VIEWER, "olga": Role.OPERATOR, "ada": Role.ADMIN}


class Installation:
    """A web process and a controller's feed, started once for many tests; ``changes`` overlay the snapshot."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.web = Web(folder, **options)
        write_day(self.web.journal, time.time())
        self.web.start()
        self.feed = Feed(0)
        self.changes: dict[str, Any] = {}
        self._is_frozen = True
        self._last: dict[str, Any] = {}
        self._publishing = threading.Lock()
        self._client = link(self.web, self._answer)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _answer(self, command: Command) -> Answer:
        return self.feed.answer(command)

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            with self._publishing:
                if not self._is_frozen:
                    self._last = {**self.feed.step(), **self.changes}
                    self._client.publish(self._last)

    @property
    def url(self) -> str:
        return f"{self.web.url}/flask"

    def renew(self) -> None:
        """Be as a healthy installation is after its start, whatever a test has done to this one."""
        if not self.web.is_running:
            self.web.start()
        with self._publishing:
            self.feed, self.changes, self._is_frozen = Feed(0), {}, False
        self.settle()

    def settle(self) -> None:
        """Wait until the web process knows what is so now."""
        now_ms = time.time() * 1000 + 1
        wait_for(lambda: self._known().get("utc_ms", 0) > now_ms, what="the newest snapshot in the web process")

    def freeze(self) -> None:
        """Let the controller say nothing more, and wait until its last word has come to the web process."""
        self.rest()
        wait_for(lambda: self._known().get("seq") == self._last["seq"], what="the last snapshot in the web process")

    def rest(self) -> None:
        """Let the controller say nothing more."""
        with self._publishing:
            self._is_frozen = True

    def _known(self) -> dict[str, Any]:
        return self.web.state()["snapshot"] or {}

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()
        self.web.end()


class Guarded(Installation):
    """An installation behind a door with three users, one of each role."""

    def __init__(self, folder: Path) -> None:
        path = folder / "users.sqlite"
        self.door = Door(AccessSettings(), path)
        for name, password in PASSWORDS.items():
            self.door.users.add(name, ROLES[name], "test", password=password)
        super().__init__(folder, users=path)

    def renew(self) -> None:
        self.door.users.end_sessions("", "test")
        super().renew()

    def close(self) -> None:
        super().close()
        self.door.close()


def let_confirmations_grow_old(door: Door) -> None:
    """Make it five minutes longer since anybody typed a password."""
    with door._file._changing() as connection:
        connection.execute("UPDATE session SET confirmed_s = confirmed_s - 301")
