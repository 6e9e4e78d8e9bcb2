"""What open pages are told without asking: the state, at most twice a second, and at once when it turns bad."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from flask import request
from flask_socketio.namespace import Namespace
from socketio.exceptions import ConnectionRefusedError as RefusedByName

from vigie.link.hub import Hub
from vigie.web.presentation import judged

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = structlog.get_logger(__name__)

NAMESPACE = "/live"
SHORTEST_GAP_S = 0.5
QUIET_AFTER_S = 2.5
"""A controller that says nothing for so long is told to the pages, with the link's state unchanged."""

LOOK_AT_LOGINS_S = 5.0
"""A login ended by another program is noticed within this time even while nothing happens."""


class LivePusher:
    """Sends the hub's state to all live pages whenever it changes, newest wins.

    Its thread starts with the first page: a server that forks has forked by then.
    """

    def __init__(self, hub: Hub, socketio: Any, drop_ended: Callable[[], None]) -> None:  # noqa: ANN401 - not typed
        self._hub = hub
        self._socketio = socketio
        self._drop_ended = drop_ended
        self._has_news = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        hub.subscribe(self.wake)

    def wake(self) -> None:
        """Look at once whether there is something to tell."""
        self._has_news.set()

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
            wait_s = LOOK_AT_LOGINS_S if is_quiet_told else max(0.0, QUIET_AFTER_S - self._hub.silence_s())
            is_news = self._has_news.wait(wait_s) or not is_quiet_told
            self._has_news.clear()
            is_quiet_told = self._hub.silence_s() >= QUIET_AFTER_S
            try:
                self._drop_ended()
                if not is_news:
                    continue
                self._socketio.emit("state", judged(self._hub.state()), namespace=NAMESPACE)
            except Exception:
                log.exception("live_push_failed")
            pause.wait(SHORTEST_GAP_S)


class LiveNamespace(Namespace):
    """Pages that are live. They get the state and say nothing; what they send is counted and dropped."""

    socketio: Any

    def __init__(
        self, hub: Hub, most: int, may_follow: Callable[["WSGIEnvironment"], bool] = lambda environ: True
    ) -> None:
        super().__init__(NAMESPACE)  # type: ignore[no-untyped-call]
        self._hub = hub
        self._most = most
        self._may_follow = may_follow
        self._pages: dict[str, WSGIEnvironment] = {}
        """What each page's handshake said, by its number."""
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
        if not self._may_follow(request.environ):
            raise RefusedByName("log in first")  # type: ignore[no-untyped-call]
        with self._lock:
            if len(self._pages) >= self._most and sid not in self._pages:
                log.warning("live_page_refused", live=self._most, address=request.remote_addr)
                raise RefusedByName("full", {"most": self._most})  # type: ignore[no-untyped-call]
            self._pages[sid] = request.environ
        if self.pusher is not None:
            self.pusher.start()
        self.socketio.emit("state", judged(self._hub.state()), namespace=NAMESPACE, to=sid)

    def on_disconnect(self, _reason: str = "") -> None:
        with self._lock:
            self._pages.pop(request.sid, None)  # type: ignore[attr-defined]

    def drop_ended(self) -> None:
        """Disconnect the pages whose login has ended since they came."""
        with self._lock:
            pages = list(self._pages.items())
        for sid in [sid for sid, environ in pages if not self._may_follow(environ)]:
            log.info("live_page_dropped", address=dict(pages)[sid].get("REMOTE_ADDR"))
            self.socketio.server.disconnect(sid, namespace=NAMESPACE)
