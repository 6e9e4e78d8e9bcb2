"""The controller's end of the link: the newest snapshot goes out, commands come in, nothing ever waits for the web."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import socketio
import structlog
from pydantic import ValidationError

from vigie.clock import machine_monotonic_s
from vigie.errors import VigieError
from vigie.link.connection import LinkConnection
from vigie.link.messages import Answer, Command, Snapshot
from vigie.link.wire import REFUSED_TOKEN

log = structlog.get_logger(__name__)


class LinkClient:
    """Keeps a connection to the web process for ever.

    ``url`` is where the web process answers, ``http://127.0.0.1:8000``; a path in it replaces ``/flask``.
    ``token`` is asked for the secret before each attempt; what it raises (``VigieError``) ends that attempt only.
    ``on_command`` is called in a thread of the link, several may run at once; what it raises is told to
    the person who asked and ends nothing.
    """

    FIRST_RETRY_S = 0.5
    LONGEST_RETRY_S = 5.0
    REFUSED_RETRY_S = 30.0
    CONNECT_TIMEOUT_S = 5.0
    CLOSE_TIMEOUT_S = 0.8
    PATIENCE_S = 20.0
    """A web process that starts, or starts again, is away for less: not worth a word."""

    def __init__(self, url: str, token: Callable[[], str], on_command: Callable[[Command], Answer]) -> None:
        self._url = url
        self._token = token
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
        """Leave the web process and stop, within a second."""
        self._is_closing.set()
        self._has_news.set()
        connection = self._connection
        if connection is not None:
            closer = threading.Thread(target=connection.close, name="link-closer", daemon=True)
            closer.start()
            closer.join(self.CLOSE_TIMEOUT_S)

    def _keep_connected(self) -> None:
        retry_s = self.FIRST_RETRY_S
        self._alone_since_s = machine_monotonic_s()
        while not self._is_closing.is_set():
            connection = LinkConnection(self._answer)
            self._connection = connection
            try:
                auth = {"token": self._token(), "instance": self._instance}
                connection.open(self._url, auth, self.CONNECT_TIMEOUT_S)
            except VigieError as error:
                self._say_failure(str(error), connection.refusal)
                retry_s = self.REFUSED_RETRY_S if connection.refusal == REFUSED_TOKEN else retry_s
            except Exception:
                log.exception("link_failed", url=self._url)
            else:
                self._say("link_connected", url=self._url)
                retry_s = self.FIRST_RETRY_S
                self._has_news.set()
                connection.wait_until_ended()
                if not self._is_closing.is_set():
                    self._say("link_lost", url=self._url)
                self._alone_since_s = machine_monotonic_s()
            connection.close()
            self._is_closing.wait(retry_s)
            if self._is_patient_no_more():
                retry_s = min(2 * retry_s, self.LONGEST_RETRY_S)

    def _send_newest(self) -> None:
        sent: Snapshot | None = None
        sent_on: LinkConnection | None = None
        while True:
            self._has_news.wait()
            self._has_news.clear()
            if self._is_closing.is_set():
                return
            connection, newest = self._connection, self._newest
            if newest is None or connection is None or not connection.is_joined:
                continue
            if newest is sent and connection is sent_on:
                continue
            sent, sent_on = newest, connection
            try:
                connection.send(newest)
            except socketio.exceptions.SocketIOError:
                pass  # lost in between: the next connection gets the newest one
            except Exception:
                log.exception("snapshot_not_sent")

    def _answer(self, data: object) -> dict[str, Any]:
        try:
            command = Command.model_validate(data)
        except ValidationError as error:
            log.warning("command_malformed", error=str(error))
            return {"error": f"malformed command: {error.error_count()} faults, first: {error.errors()[0]['msg']}"}
        try:
            return self._on_command(command).model_dump(mode="json")
        except Exception as error:
            log.exception("command_failed", id=command.id, action=command.action)
            return {"error": f"the controller failed on it: {type(error).__name__}: {error}"}

    def _say(self, event: str, **fields: object) -> None:
        self._said = event
        log.info(event, **fields)

    def _say_failure(self, text: str, refusal: str) -> None:
        if text == self._said:
            return
        if refusal:
            self._said = text
        if refusal == REFUSED_TOKEN:
            advice = "give the controller and the web process the same token file, then restart the older one"
            log.error("link_refused", url=self._url, reason=refusal, advice=advice)
        elif refusal:
            log.error("link_refused", url=self._url, reason=refusal)
        elif self._is_patient_no_more():
            self._said = text
            log.warning("link_unreachable", url=self._url, reason=text, advice="is the web process running?")

    def _is_patient_no_more(self) -> bool:
        return machine_monotonic_s() - self._alone_since_s > self.PATIENCE_S
