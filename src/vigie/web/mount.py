"""WSGI middleware that makes the application live under /flask, with and without a proxy before it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from vigie.web.settings import is_among, networks_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/flask"


class Mount:
    """Moves the prefix from PATH_INFO to SCRIPT_NAME.

    Served directly or by a proxy that keeps the prefix, paths begin with it. A proxy that strips it must
    say so with X-Forwarded-Prefix, which ProxyFix has put into SCRIPT_NAME by now.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX + "/"):
            environ["PATH_INFO"] = path[len(PREFIX) :]
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "").removesuffix(PREFIX) + PREFIX
            return self._app(environ, start_response)
        if path == PREFIX or (path in {"", "/"} and not environ.get("SCRIPT_NAME")):
            start_response("308 Permanent Redirect", [("Location", PREFIX + "/"), ("Content-Length", "0")])
            return [b""]
        if environ.get("SCRIPT_NAME"):
            return self._app(environ, start_response)
        body = f"Everything is below {PREFIX}/. A proxy that strips it must send X-Forwarded-Prefix: {PREFIX}\n"
        start_response(
            "404 Not Found", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        )
        return [body.encode()]


class TrustedProxyFix:
    """ProxyFix for requests that a trusted proxy passed on; from anybody else the headers are dropped."""

    HEADERS = (
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PREFIX",
        "HTTP_X_FORWARDED_PORT",
    )

    def __init__(self, app: "WSGIApplication", proxies: Iterable[str]) -> None:
        self._app = app
        self._fixed = ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
        self._networks = networks_of(proxies)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if is_among(environ.get("REMOTE_ADDR", ""), self._networks):
            return self._fixed(environ, start_response)
        for header in self.HEADERS:
            environ.pop(header, None)
        return self._app(environ, start_response)
