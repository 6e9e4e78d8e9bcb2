"""The Socket.IO namespace a controller connects to: one at a time, with the right token."""

import threading
from queue import Empty, SimpleQueue
from typing import Any, NoReturn

import structlog
from flask import request
from flask_socketio.namespace import Namespace
from socketio import Server
from socketio.exceptions import ConnectionRefusedError as RefusedByName

from vigie.errors import LinkError
from vigie.link.hub import Hub, NoAnswer
from vigie.link.wire import NAMESPACE, REFUSED_TOKEN

log = structlog.get_logger(__name__)

_GOODBYES = {Server.reason.CLIENT_DISCONNECT, Server.reason.SERVER_DISCONNECT}
"""It stopped and said so, or this process stops and has hung up: nobody is lost."""

_ADVICE = "it may still have carried the command out: look at the state before trying again"


class _Controller:
    """One connected controller, seen from the hub."""

    def __init__(self, namespace: "ControllerNamespace", sid: str, instance: str) -> None:
        self.sid = sid
        self.instance = instance
        self._namespace = namespace
        self._waiting: set[SimpleQueue[object]] = set()
        self._lock = threading.Lock()

    def call(self, event: str, data: dict[str, Any], timeout_s: float) -> object:
        answer: SimpleQueue[object] = SimpleQueue()
        with self._lock:
            self._waiting.add(answer)
        try:
            server = self._namespace.socketio.server
            server.emit(event, data, to=self.sid, namespace=NAMESPACE, callback=lambda *given: answer.put(given))
            given = answer.get(timeout=timeout_s)
        except Empty:
            raise NoAnswer(f"the controller did not answer within {timeout_s:g} s; {_ADVICE}") from None
        finally:
            with self._lock:
                self._waiting.discard(answer)
        if given is None:
            raise NoAnswer(f"the controller left before it answered; {_ADVICE}")
        return given[0] if isinstance(given, tuple) and given else None

    def leave(self) -> None:
        """Let go of everybody who still waits for an answer."""
        with self._lock:
            for answer in self._waiting:
                answer.put(None)


class ControllerNamespace(Namespace):
    """Lets one controller in.

    A second one is refused while the first is alive. The same one coming back (same instance) replaces
    its dead self at once, any other once the first has been silent for ``ALIVE_S``.
    """

    ALIVE_S = 5.0
    socketio: Any

    def __init__(self, hub: Hub) -> None:
        super().__init__(NAMESPACE)  # type: ignore[no-untyped-call]
        self._hub = hub
        self._lock = threading.Lock()
        self._controller: _Controller | None = None

    def on_connect(self, auth: object = None) -> None:
        given = auth if isinstance(auth, dict) else {}
        if not self._hub.is_token(given.get("token")):
            self._refuse(REFUSED_TOKEN)
        newcomer = _Controller(self, request.sid, str(given.get("instance", "")))  # type: ignore[attr-defined]
        with self._lock:
            present = self._controller
            if present is not None and present.sid != newcomer.sid and self._is_alive(present, newcomer):
                self._refuse("another controller is connected")
            self._controller = newcomer
            self._hub.attach(newcomer)
        log.info("controller_connected", address=request.remote_addr)
        if present is not None and present.sid != newcomer.sid:
            present.leave()
            self.socketio.server.disconnect(present.sid, namespace=NAMESPACE)

    def on_disconnect(self, reason: str = "") -> None:
        with self._lock:
            leaver = self._controller
            if leaver is None or leaver.sid != request.sid:  # type: ignore[attr-defined]
                return
            self._controller = None
            self._hub.detach(leaver)
        leaver.leave()
        if reason in _GOODBYES:
            log.info("controller_left", reason=reason)
        else:
            log.warning("controller_lost", reason=reason)

    def on_snapshot(self, data: object = None) -> str | None:
        """Take a snapshot; the acknowledgement is what is wrong with it, or None."""
        try:
            self._hub.receive(data)
        except LinkError as error:
            return str(error)
        return None

    def _is_alive(self, present: _Controller, newcomer: _Controller) -> bool:
        is_itself = bool(newcomer.instance) and newcomer.instance == present.instance
        return not is_itself and self._hub.silence_s() < self.ALIVE_S

    def _refuse(self, reason: str) -> NoReturn:
        log.warning("controller_refused", reason=reason, address=request.remote_addr)
        raise RefusedByName(reason)  # type: ignore[no-untyped-call]
