"""What guards the door: names we answer to, where requests come from, headers, sizes and rates."""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

import structlog
from flask import Response, current_app, request
from flask_babel import gettext
from werkzeug.exceptions import Forbidden, LengthRequired

from vigie.clock import machine_monotonic_s
from vigie.web.mount import PREFIX
from vigie.web.origins import NOT_ACCEPTED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-src 'self'; frame-ancestors 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: browsers would send "Origin: null" with every POST
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def add_headers(response: Response) -> Response:
    """Add the security headers to a response that does not have its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def require_same_origin() -> None:
    """Refuse an unsafe request that another site's page had a browser send.

    Browsers on plain http send no Sec-Fetch-Site, but always an Origin with an unsafe method. What sends
    neither is no browser and carries nobody's authority. No browser adds a bearer's secret by itself.

    Raises:
        Forbidden: the request comes from another site.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_program = scheme.lower() == "bearer" and current_app.extensions["vigie_hub"].is_token(token.strip())
    if request.method in SAFE_METHODS or is_program:
        return
    site = request.headers.get("Sec-Fetch-Site")
    refusal = current_app.extensions["vigie_origins"].refusal(request.environ)
    if site in {"same-origin", "none"} or (site is None and refusal is None):
        return
    log.warning("foreign_request_refused", origin=request.origin, site=site, address=request.remote_addr)
    if refusal is None:
        raise Forbidden(gettext("A page of another site may not act here: open this one itself."))
    raise Forbidden(gettext(NOT_ACCEPTED).format(**refusal._asdict()))


def require_length() -> None:
    """Refuse a body of unknown length unread: it could go on arriving for ever, and hold a thread.

    Raises:
        LengthRequired: the body comes in chunks.
    """
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired("send the body with a Content-Length, not in chunks")


class HostGuard:
    """WSGI middleware: answers only to names of our own, so that no foreign name can be pointed at us.

    A page of evil.example whose name is made to resolve to this machine would count as same origin
    (DNS rebinding). The browser's Host header gives it away. Addresses and names without a dot are let
    in: no foreign name server answers for those.
    Both the header as it came and the one a proxy forwarded must be ours. ``page`` makes what a person is shown of the
    name that is not, with the style sheets that everybody may have.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        trusted_hosts: Iterable[str],
        page: "Callable[[WSGIEnvironment, str], str] | None" = None,
    ) -> None:
        self._app = app
        self._page = page
        self._names = {socket.gethostname().lower(), *(name.lower() for name in trusted_hosts)}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        forwarded_from = environ.get("werkzeug.proxy_fix.orig", {}).get("HTTP_HOST")
        for host in (environ.get("HTTP_HOST", ""), forwarded_from):
            if host is not None and not self.is_ours(host) and not _is_for_everybody(environ):
                log.warning("foreign_host_refused", host=host[:100], address=environ.get("REMOTE_ADDR"))
                return self._refuse(environ, start_response, name_of(host)[:100])
        return self._app(environ, start_response)

    def _refuse(self, environ: "WSGIEnvironment", start_response: "StartResponse", name: str) -> Iterable[bytes]:
        status = "421 Misdirected Request"
        if self._page is not None and "text/html" in environ.get("HTTP_ACCEPT", ""):
            return _told(start_response, status, self._page(environ, name), "text/html")
        text = (
            f"This address is not accepted, because {name!r} is no name of this site.\n"
            "If it should be, add it to trusted_hosts in the [web] section of vigie.toml.\n"
        )
        return _told(start_response, status, text)

    def is_ours(self, host: str) -> bool:
        """Return whether ``host`` (a Host header, port included) is one of our names or an IP address."""
        name = name_of(host)
        if name in self._names or re.fullmatch(r"[a-z0-9_-]+", name):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return any(name.endswith(suffix) for suffix in self._names if suffix.startswith("."))
        return True


class SocketGate:
    """WSGI middleware: sockets for those who may look, and no more of them than there are threads to carry them."""

    def __init__(
        self,
        app: "WSGIApplication",
        open_sockets: Callable[[], int],
        most: int,
        may_open: Callable[["WSGIEnvironment"], bool] = lambda environ: True,
    ) -> None:
        self._app = app
        self._open_sockets = open_sockets
        self._most = most
        self._may_open = may_open

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not _is_handshake(environ):
            return self._app(environ, start_response)
        if not self._may_open(environ):
            return _told(start_response, "401 Unauthorized", "Log in first.\n")
        if self._open_sockets() < self._most:
            return self._app(environ, start_response)
        log.warning("socket_refused", open=self._most, address=environ.get("REMOTE_ADDR"))
        return _told(
            start_response,
            "503 Service Unavailable",
            f"{self._most} sockets are open already: close a page, or raise live_browsers and threads "
            "in the [web] section of vigie.toml.\n",
        )


def _is_handshake(environ: "WSGIEnvironment") -> bool:
    """Return whether a request opens a socket: it names none that is open, read as engine.io reads it."""
    return environ["PATH_INFO"].startswith("/socket.io") and "sid" not in parse_qs(environ.get("QUERY_STRING", ""))


class _Bucket(NamedTuple):
    tokens: float
    filled_s: float


class RateLimit:
    """A token bucket per address: ``burst`` at once, ``per_minute`` in the long run."""

    MOST_ADDRESSES = 1000

    def __init__(self, per_minute: float, burst: int, now_s: Callable[[], float] = machine_monotonic_s) -> None:
        self._per_s = per_minute / 60.0
        self._burst = float(burst)
        self._now_s = now_s
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def wait_s(self, address: str) -> float:
        """Take one token for ``address``; return 0, or the seconds until there is one when there is none."""
        now_s = self._now_s()
        with self._lock:
            if len(self._buckets) >= self.MOST_ADDRESSES:
                self._forget_full(now_s)
            bucket = self._buckets.get(address, _Bucket(self._burst, now_s))
            tokens = min(self._burst, bucket.tokens + (now_s - bucket.filled_s) * self._per_s)
            if tokens < 1.0:
                return (1.0 - tokens) / self._per_s
            self._buckets[address] = _Bucket(tokens - 1.0, now_s)
            return 0.0

    def _forget_full(self, now_s: float) -> None:
        refilled_s = now_s - self._burst / self._per_s
        self._buckets = {key: held for key, held in self._buckets.items() if held.filled_s > refilled_s}


def name_of(host: str) -> str:
    """Return the name in a Host header."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] if name.count(":") == 1 else name


def _is_for_everybody(environ: "WSGIEnvironment") -> bool:
    """Return whether a style sheet or the like is asked for, which says nothing of the installation."""
    is_read = environ.get("REQUEST_METHOD") in SAFE_METHODS
    return is_read and environ.get("PATH_INFO", "").removeprefix(PREFIX).startswith("/static/")


def _told(start_response: "StartResponse", status: str, text: str, kind: str = "text/plain") -> Iterable[bytes]:
    body = text.encode("utf-8", "replace")
    start_response(
        status, [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body))), *HEADERS.items()]
    )
    return [body]
