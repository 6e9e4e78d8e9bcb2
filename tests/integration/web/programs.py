"""Real processes for tests: the web server as a child, a browser's live socket, a controller's link."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests
import socketio

from tests.ports import free_port
from tests.waiting import wait_for
from vigie.link.client import LinkClient
from vigie.link.messages import Answer, Command

TOKEN = "the-token-of-the-tests"
HERE = Path(__file__).parent


class Web:
    """The web process, with its files in ``folder``; started again it takes the same port.

    With ``users``, a file of users, it asks for a login; ``access`` holds the door's settings.
    """

    def __init__(
        self, folder: Path, *, users: Path | None = None, access: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        self.folder = folder
        self.door = {} if users is None else {"users": str(users), "access": access or {}}
        self.settings = settings
        self.port = free_port()
        self.journal = folder / "journal.sqlite"
        self.snapshot = folder / "last.json"
        self.socket = folder / "link.sock"
        self.log = folder / "web.log"
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> "subprocess.Popen[str]":
        assert self._process is not None
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Web":
        options = {
            "token": TOKEN,
            "journal": str(self.journal),
            "snapshot": str(self.snapshot),
            "link": str(self.socket),
            "web": {"port": self.port, "command_burst": 200, **self.settings},
            **self.door,
        }
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "serve_web.py"), json.dumps(options)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.port = int(line)
        wait_for(self.answers, what="the web process answers")
        return self

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/flask/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"{self.url}/flask{path}", timeout=60, **options)

    def order(self, **command: Any) -> requests.Response:
        return requests.post(f"{self.url}/flask/api/v1/commands", json=command, timeout=60)

    def state(self) -> dict[str, Any]:
        return self.get("/api/v1/state", headers={"Authorization": f"Bearer {TOKEN}"}).json()

    def running(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def stop(self) -> float:
        """Send SIGTERM and return the seconds until the process was gone."""
        began_s = time.monotonic()
        self.process.terminate()
        self.process.wait(10)
        self._closed()
        return time.monotonic() - began_s

    def kill(self) -> None:
        """Kill it like a power cut does."""
        self.process.kill()
        self.process.wait(10)
        self._closed()

    def _closed(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()

    def end(self) -> None:
        if self.is_running:
            self.stop()


class Browser:
    """A live page: everything it was told, in order."""

    def __init__(
        self, url: str, path: str = "flask/socket.io", origin: str | None = None, session: str | None = None
    ) -> None:
        self.states: list[dict[str, Any]] = []
        self.times_s: list[float] = []
        self.refusal: Any = None
        options = {"origin": origin} if origin else {}
        self._client = socketio.Client(reconnection=False, handle_sigint=False, websocket_extra_options=options)
        self._client.on("state", self._told, namespace="/live")
        self._client.on("connect_error", self._refused, namespace="/live")
        self.connected = threading.Event()
        self._client.on("connect", self.connected.set, namespace="/live")
        self._options = {
            "url": url,
            "socketio_path": path,
            "namespaces": ["/live"],
            "transports": ["websocket"],
            "wait_timeout": 5,
            "headers": {"Cookie": f"vigie_session={session}"} if session else {},
        }

    def open(self) -> "Browser":
        self._client.connect(**self._options)
        return self

    def emit(self, event: str, data: Any) -> None:
        self._client.emit(event, data, namespace="/live")

    @property
    def is_open(self) -> bool:
        return bool(self._client.connected)

    def close(self) -> None:
        if self._client.connected:
            self._client.disconnect()

    def _told(self, state: dict[str, Any]) -> None:
        self.states.append(state)
        self.times_s.append(time.monotonic())

    def _refused(self, data: Any) -> None:
        self.refusal = data


def accept(command: Command) -> Answer:
    """Answer as a controller that does whatever it is told."""
    contacts = {"R1": "closed", "R2": "closed", "R3": "open", "R4": "open"}
    if command.relay and command.contact:
        contacts[command.relay] = command.contact
    return Answer(
        id=command.id, is_accepted=True, reason="done", mode=command.mode or "observe", contacts=contacts, seq=5
    )


def link(web: Web, on_command: Callable[[Command], Answer] = accept) -> LinkClient:
    """Start a controller's link and wait until it is in."""
    client = LinkClient(web.socket, on_command)
    client.start()
    wait_for(lambda: client.is_connected, what="the link is up")
    return client
