"""One connection of the controller to the web process, from its attempt to its end."""

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import socketio
import structlog

from vigie.errors import LinkError
from vigie.link.messages import Snapshot
from vigie.link.wire import COMMAND, NAMESPACE, SNAPSHOT

log = structlog.get_logger(__name__)


def _new_client() -> Any:  # noqa: ANN401 - the library is not typed
    return socketio.Client(  # type: ignore[no-untyped-call]
        reconnection=False,
        handle_sigint=False,
        websocket_extra_options={"suppress_origin": True},  # we are no page of a site
    )


class LinkConnection:
    """One connection attempt and, if it succeeds, its life. Never reused.

    ``on_command`` gets a command as it came and returns the acknowledgement; it is called in threads of its own.
    """

    LOOK_EVERY_S = 2.0

    def __init__(self, on_command: Callable[[object], dict[str, Any]]) -> None:
        self.refusal = ""
        """What the web process said when it refused; empty when nobody said anything."""
        self.is_joined = False
        self._ended = threading.Event()
        self._acknowledged = threading.Event()
        self._acknowledged.set()
        self._client = _new_client()
        self._client.on("connect_error", self._refused, namespace=NAMESPACE)
        self._client.on("disconnect", self._disconnected, namespace=NAMESPACE)
        self._client.on(COMMAND, on_command, namespace=NAMESPACE)

    def open(self, url: str, auth: dict[str, str], timeout_s: float) -> None:
        """Connect and join, or fail within some ``timeout_s``.

        Raises:
            LinkError: nobody there, or refused (then ``refusal`` has the reason).
        """
        parts = urlsplit(url)
        path = parts.path.strip("/") or "flask"
        try:
            self._client.connect(
                f"{parts.scheme}://{parts.netloc}",
                headers={"Authorization": f"Bearer {auth['token']}"},
                auth=auth,
                transports=["websocket"],
                namespaces=[NAMESPACE],
                socketio_path=f"{path}/socket.io",
                wait_timeout=timeout_s,
            )
        except (socketio.exceptions.SocketIOError, ValueError, OSError) as error:
            raise LinkError(self.refusal or str(error)) from error
        self.is_joined = True

    def send(self, snapshot: Snapshot) -> None:
        """Send one snapshot and wait until it is acknowledged or the connection ends.

        A web process that hangs gets nothing piled up that way.
        """
        self._acknowledged.clear()
        self._client.emit(SNAPSHOT, dict(snapshot), namespace=NAMESPACE, callback=self._answered)
        while not self._acknowledged.wait(self.LOOK_EVERY_S):
            if self._ended.is_set():
                return

    def wait_until_ended(self) -> None:
        """Return when the connection is over, whoever ended it."""
        while not self._ended.wait(self.LOOK_EVERY_S):
            if self._client.eio.state != "connected":  # dropped while joining: no event tells of it
                return

    def close(self) -> None:
        """End it; may take seconds when the web process hangs."""
        self._disconnected()
        if self._client.connected:
            self._client.disconnect()
        if self._client.eio.ws is not None:
            self._client.eio.ws.shutdown()  # one that the other side has reset is closed by nobody else

    def _answered(self, error: object = None) -> None:
        if error:
            log.error("snapshot_refused_by_web", error=error)
        self._acknowledged.set()

    def _refused(self, data: object = None) -> None:
        if isinstance(data, dict):  # from the web process; a text comes from the transport: nobody there
            self.refusal = str(data.get("message", "refused"))

    def _disconnected(self, *_reason: object) -> None:
        self.is_joined = False
        self._acknowledged.set()
        self._ended.set()
