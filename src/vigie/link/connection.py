"""One connection of the controller to the web process, from its first word to its end."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from vigie.errors import LinkError
from vigie.link import wire
from vigie.link.local_socket import STEP_S, LinkRefused, LocalSocket, connected_to
from vigie.link.messages import Snapshot

log = structlog.get_logger(__name__)


class LinkConnection:
    """A connection that the web process has let in, and its life. Never reused.

    ``on_command`` gets a command as it came and returns the keys of the reply; it is called in threads of its own.
    """

    COMMANDS_AT_ONCE = 32
    """Threads; systemd grants the controller 64."""

    def __init__(self, path: Path, instance: str, on_command: Callable[[object], Mapping[str, Any]]) -> None:
        """Connect and join, or fail within some seconds.

        Raises:
            LinkRefused: the web process has another controller, or is another user's.
            LinkError: nobody there, or nobody who answers.
        """
        self._on_command = on_command
        self._places = threading.BoundedSemaphore(self.COMMANDS_AT_ONCE)
        self._acknowledged = threading.Event()
        self._socket = LocalSocket(
            connected_to(path), takes_bytes=wire.MOST_FROM_WEB_BYTES, sends_bytes=wire.MOST_FROM_CONTROLLER_BYTES
        )
        try:
            self._socket.send({wire.HELLO: instance})
            told = self._socket.receive(STEP_S)
        except LinkError:
            self._socket.close()
            raise
        self.is_joined = wire.WELCOME in told
        if not self.is_joined:
            self._socket.close()
            raise LinkRefused(str(told.get(wire.REFUSED, "the web process did not say why")))

    @property
    def is_closed(self) -> bool:
        return self._socket.is_closed

    def send(self, snapshot: Snapshot | None) -> None:
        """Send a snapshot, or with None a sign of life, and wait until it is acknowledged.

        A web process that hangs gets nothing piled up that way; one that hangs for long is left.

        Raises:
            LinkError: the connection has ended.
            TypeError, ValueError: the snapshot is no JSON, or too long.
        """
        self._acknowledged.clear()
        if not self.is_joined:
            raise LinkError("the connection has ended")
        self._socket.send({wire.ALIVE: True} if snapshot is None else {wire.SNAPSHOT: snapshot})
        if not self._acknowledged.wait(wire.SILENCE_S):
            self._socket.hang_up()
            raise LinkError(f"the web process took nothing for {wire.SILENCE_S:g} s")

    def run(self) -> str:
        """Take what the web process sends until the connection is over, whoever ended it; return why."""
        try:
            while True:
                self._take(self._socket.receive())
        except LinkError as error:
            return str(error)
        finally:
            self.is_joined = False
            self._acknowledged.set()
            self._socket.close()

    def leave(self) -> None:
        """Say goodbye and end it, without waiting for anybody."""
        with contextlib.suppress(LinkError):  # it has ended, or nobody reads there
            self._socket.send({wire.BYE: True}, must_not_wait=True)
        self._socket.hang_up()

    def _take(self, message: Mapping[str, Any]) -> None:
        if wire.COMMAND in message:
            self._places.acquire()
            try:
                threading.Thread(target=self._obey, args=(message,), name="link-command", daemon=True).start()
            except RuntimeError:
                self._places.release()
                self._reply(message, {wire.ERROR: "the controller has no thread left for it; try again"})
        elif wire.TAKEN in message:
            if message[wire.TAKEN]:
                log.error("snapshot_refused_by_web", error=message[wire.TAKEN])
            self._acknowledged.set()

    def _obey(self, message: Mapping[str, Any]) -> None:
        try:
            self._reply(message, self._on_command(message[wire.COMMAND]))
        finally:
            self._places.release()

    def _reply(self, message: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        try:
            self._socket.send({wire.CALL: message.get(wire.CALL), **reply})
        except LinkError as error:
            log.warning("answer_not_sent", error=str(error))
