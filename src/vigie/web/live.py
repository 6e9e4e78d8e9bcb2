"""What open pages are told without asking: the state, at most twice a second, and at once when it turns bad."""

import threading
from typing import Any

import structlog
from flask import request
from flask_socketio.namespace import Namespace
from socketio.exceptions import ConnectionRefusedError as RefusedByName

from vigie.link.hub import Hub

log = structlog.get_logger(__name__)

NAMESPACE = "/live"
SHORTEST_GAP_S = 0.5
QUIET_AFTER_S = 2.5
"""A controller that says nothing for so long is told to the pages, with the link's state unchanged."""


class LivePusher:
    """Sends the hub's state to all live pages whenever it changes, newest wins.

    Its thread starts with the first page: a server that forks has forked by then.
    """

    def __init__(self, hub: Hub, socketio: Any) -> None:  # noqa: ANN401 - the library is not typed
        self._hub = hub
        self._socketio = socketio
        self._has_news = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        hub.subscribe(self._has_news.set)

    def start(self) -> None:
        """Start pushing; does nothing when it already does."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._push, name="live", daemon=True)
                self._thread.start()

    def _push(self) -> None:
        pause = threading.Event()
        is_quiet_told = False
        while True:
            wait_s = None if is_quiet_told else max(0.0, QUIET_AFTER_S - self._hub.silence_s())
            self._has_news.wait(wait_s)
            self._has_news.clear()
            is_quiet_told = self._hub.silence_s() >= QUIET_AFTER_S
            try:
                self._socketio.emit("state", self._hub.state(), namespace=NAMESPACE)
            except Exception:
                log.exception("live_push_failed")
            pause.wait(SHORTEST_GAP_S)


class LiveNamespace(Namespace):
    """Pages that are live. They get the state and say nothing; what they send is counted and dropped."""

    socketio: Any

    def __init__(self, hub: Hub, most: int) -> None:
        super().__init__(NAMESPACE)  # type: ignore[no-untyped-call]
        self._hub = hub
        self._most = most
        self._sids: set[str] = set()
        self._lock = threading.Lock()
        self.pusher: LivePusher | None = None
        self.ignored_events = 0

    def trigger_event(self, event: object, *args: object) -> object:
        if event not in ("connect", "disconnect"):
            self.ignored_events += 1
            return None
        return super().trigger_event(event, *args)  # type: ignore[no-untyped-call]

    def on_connect(self, _auth: object = None) -> None:
        sid = request.sid  # type: ignore[attr-defined]
        with self._lock:
            if len(self._sids) >= self._most and sid not in self._sids:
                log.warning("live_page_refused", live=self._most, address=request.remote_addr)
                text = f"{self._most} pages are live already (web.live_browsers): close one, or reload by hand"
                raise RefusedByName(text)  # type: ignore[no-untyped-call]
            self._sids.add(sid)
        if self.pusher is not None:
            self.pusher.start()
        self.socketio.emit("state", self._hub.state(), namespace=NAMESPACE, to=sid)

    def on_disconnect(self, _reason: str = "") -> None:
        with self._lock:
            self._sids.discard(request.sid)  # type: ignore[attr-defined]
