"""Where the controller comes in: a socket that one controller at a time, of the same user, is connected to."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from vigie.errors import LinkError
from vigie.link import wire
from vigie.link.hub import Hub, NoAnswer
from vigie.link.local_socket import STEP_S, LocalSocket, connected_to, lies_at, listening

log = structlog.get_logger(__name__)

_ADVICE = "it may still have carried the command out: look at the state before trying again"


class _Controller:
    """One connected controller, seen from the hub."""

    def __init__(self, connection: LocalSocket, instance: str) -> None:
        self.connection = connection
        self.instance = instance
        self._numbers = itertools.count(1)
        self._waiting: dict[int, SimpleQueue[Mapping[str, Any] | None]] = {}
        self._has_left = False
        self._lock = threading.Lock()

    def call(self, command: Mapping[str, Any], timeout_s: float) -> object:
        answer: SimpleQueue[Mapping[str, Any] | None] = SimpleQueue()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = answer
            if self._has_left:
                answer.put(None)
        try:
            self.connection.send({wire.COMMAND: command, wire.CALL: number})
            given = answer.get(timeout=timeout_s)
        except Empty:
            raise NoAnswer(f"the controller did not answer within {timeout_s:g} s; {_ADVICE}") from None
        except LinkError as error:
            raise NoAnswer(f"{error}; {_ADVICE}") from error
        finally:
            with self._lock:
                del self._waiting[number]
        if given is None:
            raise NoAnswer(f"the controller left before it answered; {_ADVICE}")
        return given if wire.ERROR in given else given.get(wire.ANSWER)

    def answered(self, message: Mapping[str, Any]) -> None:
        """Hand an answer to who waits for it; one that nobody waits for any more is dropped."""
        with self._lock:
            answer = self._waiting.get(message[wire.CALL]) if isinstance(message[wire.CALL], int) else None
        if answer is not None:
            answer.put(message)

    def leave(self) -> None:
        """Let go of everybody who still waits for an answer."""
        with self._lock:
            self._has_left = True
            for answer in self._waiting.values():
                answer.put(None)


class LinkListener:
    """Lets one controller in, through the socket at ``path``; for the web process.

    A second one is refused while the first is alive. The same one coming back (same instance) replaces
    its dead self at once, any other once the first has been silent for ``ALIVE_S``.
    """

    ALIVE_S = 5.0
    MOST_CONNECTIONS = 8
    """More at once get no thread and are hung up on."""
    RETRY_S = 1.0

    def __init__(self, path: Path, hub: Hub) -> None:
        self._path = path
        self._hub = hub
        self._lock = threading.Lock()
        self._controller: _Controller | None = None
        self._places = threading.BoundedSemaphore(self.MOST_CONNECTIONS)
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_listening, name="link", daemon=True)

    def start(self) -> None:
        """Listen from now on; where that fails it is told once and tried again."""
        self._thread.start()

    def close(self) -> None:
        """Hang up and listen no more."""
        self._is_closing.set()
        with self._lock:
            controller = self._controller
        if controller is not None:
            controller.connection.hang_up()
        with contextlib.suppress(LinkError):
            connected_to(self._path).close()  # wakes the thread that accepts
        self._thread.join(2 * self.RETRY_S)

    def _keep_listening(self) -> None:
        said = ""
        while not self._is_closing.is_set():
            try:
                with listening(self._path) as listener:
                    said = ""
                    self._accept(listener)
            except BlockingIOError:
                text = "another web process of this data folder listens already"
            except OSError as error:
                text = error.strerror or str(error)
            else:
                continue
            if text != said:
                log.error("link_not_offered", path=str(self._path), reason=text)
            said = text
            self._is_closing.wait(self.RETRY_S)

    def _accept(self, listener: socket.socket) -> None:
        """Let callers in until this process stops or somebody has taken the file away."""
        listener.settimeout(self.RETRY_S)
        inode = self._path.stat().st_ino
        while not self._is_closing.is_set() and lies_at(self._path, inode):
            try:
                caller, _ = listener.accept()
            except TimeoutError:
                continue
            if self._is_closing.is_set():
                caller.close()
            elif self._places.acquire(blocking=False):
                threading.Thread(target=self._serve, args=(caller,), name="link-controller", daemon=True).start()
            else:
                caller.close()

    def _serve(self, caller: socket.socket) -> None:
        try:
            connection = LocalSocket(
                caller, takes_bytes=wire.MOST_FROM_CONTROLLER_BYTES, sends_bytes=wire.MOST_FROM_WEB_BYTES
            )
            try:
                self._follow(connection)
            finally:
                connection.close()
        except LinkError as error:
            log.warning("controller_refused", reason=str(error))
        finally:
            self._places.release()

    def _follow(self, connection: LocalSocket) -> None:
        """Hear a caller out, from the first word to the end.

        Raises:
            LinkError: it was not let in.
        """
        hello = connection.receive(STEP_S)
        newcomer = _Controller(connection, str(hello.get(wire.HELLO, "")))
        self._admit(newcomer)
        log.info("controller_connected", process=connection.process)
        try:
            while wire.BYE not in (message := connection.receive(wire.SILENCE_S)):
                self._take(newcomer, message)
            log.info("controller_left")
        except LinkError as error:
            if self._controller is newcomer and not self._is_closing.is_set():
                log.warning("controller_lost", reason=str(error))
        finally:
            with self._lock:
                if self._controller is newcomer:
                    self._controller = None
            self._hub.detach(newcomer)
            newcomer.leave()

    def _admit(self, newcomer: _Controller) -> None:
        """Make a caller the controller.

        Raises:
            LinkError: another one is.
        """
        with self._lock:
            present = self._controller
            if present is not None and self._is_alive(present, newcomer):
                reason = "another controller is connected"
                newcomer.connection.send({wire.REFUSED: reason})
                raise LinkError(reason)
            newcomer.connection.send({wire.WELCOME: True})
            self._controller = newcomer
            self._hub.attach(newcomer)
        if present is not None:
            present.leave()
            present.connection.hang_up()

    def _take(self, controller: _Controller, message: Mapping[str, Any]) -> None:
        if wire.CALL in message:
            controller.answered(message)
            return
        fault = None
        if wire.SNAPSHOT in message:
            if self._controller is not controller:
                raise LinkError("another one has taken its place")
            try:
                self._hub.receive(message[wire.SNAPSHOT])
            except LinkError as error:
                fault = str(error)
        controller.connection.send({wire.TAKEN: fault})

    def _is_alive(self, present: _Controller, newcomer: _Controller) -> bool:
        is_itself = bool(newcomer.instance) and newcomer.instance == present.instance
        return not is_itself and self._hub.silence_s() < self.ALIVE_S
