"""The controller's end of the link: the newest snapshot goes out, commands come in, nothing ever waits for the web."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from pydantic import ValidationError

from vigie.clock import machine_monotonic_s
from vigie.errors import LinkError
from vigie.link.connection import LinkConnection
from vigie.link.local_socket import LinkRefused
from vigie.link.messages import Answer, Command, Snapshot
from vigie.link.wire import ALIVE_EVERY_S, ANSWER, ERROR
from vigie.pauses import GrowingPause

log = structlog.get_logger(__name__)


class LinkClient:
    """Keeps a connection to the web process for ever.

    ``path`` is the socket the web process listens at.
    ``on_command`` is called in a thread of the link, several may run at once; what it raises is told to
    the person who asked and ends nothing.
    """

    PAUSE = GrowingPause(0.5, 5.0)
    """Between two tries; the first failures, within ``PATIENCE_S``, do not make it grow."""
    PATIENCE_S = 20.0
    """A web process that starts, or starts again, is away for less: not worth a word."""

    def __init__(self, path: Path, on_command: Callable[[Command], Answer]) -> None:
        self._path = path
        self._instance = uuid4().hex
        self._on_command = on_command
        self._connection: LinkConnection | None = None
        self._newest: Snapshot | None = None
        self._is_closing = threading.Event()
        self._has_news = threading.Event()
        self._said = ""
        self._alone_since_s = 0.0
        self._connector = threading.Thread(target=self._keep_connected, name="link", daemon=True)
        self._sender = threading.Thread(target=self._send_newest, name="link-sender", daemon=True)

    def start(self) -> None:
        """Start the link's threads; call once."""
        self._connector.start()
        self._sender.start()

    @property
    def is_connected(self) -> bool:
        """Whether the web process has accepted this controller and is still there."""
        connection = self._connection
        return connection is not None and connection.is_joined

    def publish(self, snapshot: Snapshot) -> None:
        """Replace the snapshot to send (do not change it afterwards).

        Returns at once and never raises; a snapshot that was not sent yet is forgotten.
        """
        self._newest = snapshot
        self._has_news.set()

    def close(self) -> None:
        """Leave the web process and stop, without waiting for it."""
        self._is_closing.set()
        self._has_news.set()
        connection = self._connection
        if connection is not None:
            connection.leave()

    def _keep_connected(self) -> None:
        failures = 1
        self._alone_since_s = machine_monotonic_s()
        while not self._is_closing.is_set():
            try:
                self._connection = LinkConnection(self._path, self._instance, self._answer)
            except LinkError as error:
                self._say_failure(error)
            except Exception:
                log.exception("link_failed", path=str(self._path))
            else:
                failures = 1
                self._follow(self._connection)
            self._is_closing.wait(self.PAUSE.after_s(failures))
            if self._is_patient_no_more():
                failures += 1

    def _follow(self, connection: LinkConnection) -> None:
        self._say("link_connected", path=str(self._path))
        self._has_news.set()
        if self._is_closing.is_set():
            connection.leave()
        why = connection.run()
        if not self._is_closing.is_set():
            self._say("link_lost", path=str(self._path), reason=why)
        self._alone_since_s = machine_monotonic_s()

    def _send_newest(self) -> None:
        sent: Snapshot | None = None
        sent_on: LinkConnection | None = None
        while True:
            self._has_news.wait(ALIVE_EVERY_S)
            self._has_news.clear()
            if self._is_closing.is_set():
                return
            connection, newest = self._connection, self._newest
            if connection is None or not connection.is_joined:
                continue
            is_news = newest is not sent or connection is not sent_on
            sent, sent_on = newest, connection
            try:
                connection.send(newest if is_news else None)
            except LinkError:
                pass  # lost in between: the next connection gets the newest one
            except Exception:
                log.exception("snapshot_not_sent")

    def _answer(self, data: object) -> dict[str, Any]:
        try:
            command = Command.model_validate(data)
        except ValidationError as error:
            log.warning("command_malformed", error=str(error))
            return {ERROR: f"malformed command: {error.error_count()} faults, first: {error.errors()[0]['msg']}"}
        try:
            return {ANSWER: self._on_command(command).model_dump(mode="json")}
        except Exception as error:
            log.exception("command_failed", id=command.id, action=command.action)
            return {ERROR: f"the controller failed on it: {type(error).__name__}: {error}"[:500]}

    def _say(self, event: str, **fields: object) -> None:
        self._said = event
        log.info(event, **fields)

    def _say_failure(self, error: LinkError) -> None:
        text = str(error)
        if text == self._said:
            return
        if isinstance(error, LinkRefused):
            self._said = text
            log.error("link_refused", reason=text)
        elif self._is_patient_no_more():
            self._said = text
            log.warning("link_unreachable", reason=text, advice="is the web process running, in this data folder?")

    def _is_patient_no_more(self) -> bool:
        return machine_monotonic_s() - self._alone_since_s > self.PATIENCE_S
