"""An application with a door, and browsers before it."""

import re
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings
from vigie.link.hub import Hub
from vigie.link.messages import Answer
from vigie.web.app import create_app
from vigie.web.settings import WebSettings

SECRET = "the-secret-of-the-data-folder"
PASSWORDS = {"vera": "viewers look around", "olga": "operators switch", "ada": "administers it all"}
ROLES = {"vera": Role.VIEWER, "olga": Role.OPERATOR, "ada": Role.ADMIN}
HTML = {"Accept": "text/html", "Host": "localhost"}


class Obedient:
    """A controller that does what it is told, and keeps what that was."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []

    def call(self, command: dict[str, Any], timeout_s: float) -> object:
        self.orders.append(command)
        contacts = dict.fromkeys(("R1", "R2"), "closed") | dict.fromkeys(("R3", "R4"), "open")
        answer = Answer(id=command["id"], is_accepted=True, reason="done", mode="observe", contacts=contacts, seq=1)
        return answer.model_dump(mode="json")


class Guarded:
    """The application with three users, one of each role."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.now_s = 1_790_000_000.0
        self.monotonic_s = 1_000.0
        clocks = (lambda: self.now_s, lambda: self.monotonic_s)
        self.door = Door(AccessSettings(**settings), folder / "users.sqlite", *clocks)
        for name, password in PASSWORDS.items():
            self.door.users.add(name, ROLES[name], "test", password=password)
        self.hub = Hub(SECRET)
        self.controller = Obedient()
        self.hub.attach(self.controller)
        web = WebSettings(command_burst=1000)
        self.app = create_app(web, self.hub, folder / "journal.sqlite", access=self.door)

    def close(self) -> None:
        self.app.extensions["vigie_journal"].close()
        self.door.close()

    def browser(self, name: str | None = None, **environment: Any) -> "Browser":
        browser = Browser(self.app.test_client(), environment)
        if name is not None:
            answer = browser.post("/login", {"name": name, "password": PASSWORDS[name]})
            assert answer.status_code == 303, answer.text
        return browser


class Browser:
    """A browser with its cookies."""

    def __init__(self, client: FlaskClient, environment: dict[str, Any]) -> None:
        self.client = client
        self._environment = environment

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._send("GET", path, headers={**HTML, **headers})

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> TestResponse:
        return self._send("POST", path, headers={**HTML, **headers}, data=form or {})

    def order(self, headers: dict[str, str] | None = None, **body: Any) -> TestResponse:
        return self._send("POST", "/api/v1/commands", headers={"Host": "localhost", **(headers or {})}, json=body)

    def confirm(self, password: object, **headers: str) -> TestResponse:
        body = {"password": password}
        return self._send("POST", "/api/v1/confirmation", headers={"Host": "localhost", **headers}, json=body)

    def _send(self, method: str, path: str, **options: Any) -> TestResponse:
        return self.client.open(
            f"/flask{path}", method=method, environ_base=self._environment, buffered=True, **options
        )

    @property
    def session(self) -> str | None:
        cookie = self.client.get_cookie("vigie_session", domain="localhost", path="/")
        return None if cookie is None else cookie.value


def example_of(rule: str) -> str:
    """Return an address that a route's rule takes."""
    return re.sub(r"<(?:\w+:)?(\w+)>", "battery", rule)
