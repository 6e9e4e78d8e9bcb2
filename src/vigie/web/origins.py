"""Under which addresses browsers see this site: what an ``Origin`` must be, and why another one is not accepted."""

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import structlog

from vigie.web.address import normalised
from vigie.wording.words import mark

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

NOT_ACCEPTED = mark(
    "This address is not accepted, because the browser is at {origin} and what it sends arrives here as for {own}. "
    "If a proxy stands in between, it must be trusted and pass on Host, X-Forwarded-Proto and X-Forwarded-Port, or "
    "{origin} belongs into web.origins of the settings. A page of another site may not act here."
)
KIND = "urn:vigie:address"
"""Type of the problem that a live page is told."""
_LONGEST = 100


class Refusal(NamedTuple):
    """An address that is not accepted."""

    origin: str
    own: str
    """The address that the request says this site has."""


class Origins:
    """The addresses that count as this site's own: those listed, and the one a request came to."""

    def __init__(self, listed: Iterable[str] = ()) -> None:
        self._listed = {normalised(origin) for origin in listed}

    def refusal(self, environ: "WSGIEnvironment") -> Refusal | None:
        """Return why the page that sent a request may not, None when it is of this site or no browser sent it.

        To be asked behind :class:`~vigie.web.mount.TrustedProxyFix`: what a proxy forwards is believed.
        """
        origin = environ.get("HTTP_ORIGIN")
        own = _own(environ)
        if origin is None:
            return None
        accepted = {*self._listed, *map(normalised, own)} - {None}
        return None if normalised(origin) in accepted else Refusal(origin[:_LONGEST], own[-1][:_LONGEST])


def _own(environ: "WSGIEnvironment") -> list[str]:
    """Return the address a request came to, and the one with the port that a proxy forwarded."""
    address = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    port = environ.get("HTTP_X_FORWARDED_PORT", "")
    return [address, re.sub(r"(:\d+)?$", f":{port}", address)] if port.isdecimal() else [address]


class OriginGate:
    """WSGI middleware: live pages of this site only, and the others are told why.

    A browser names no origin when it only reads from its own site; it does for a WebSocket, and for what it sends.
    """

    def __init__(self, app: "WSGIApplication", origins: Origins) -> None:
        self._app = app
        self._origins = origins

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        refusal = self._origins.refusal(environ) if environ["PATH_INFO"].startswith("/socket.io") else None
        if refusal is None:
            return self._app(environ, start_response)
        log.warning("foreign_origin_refused", **refusal._asdict(), address=environ.get("REMOTE_ADDR"))
        told = {"type": KIND, "title": "Forbidden", "status": 403, "detail": NOT_ACCEPTED.format(**refusal._asdict())}
        body = json.dumps({**told, **refusal._asdict()}).encode()
        headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
        start_response("403 Forbidden", headers)
        return [body]
