"""The web application put together: pages, API, live push, and the guards before them."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask import Response, request
from flask_socketio import SocketIO
from werkzeug.exceptions import HTTPException

from vigie.access.door import Door
from vigie.errors import AccessError, JournalError
from vigie.link.hub import Hub
from vigie.notify.dispatch import Dispatcher
from vigie.notify.outpost import Outpost
from vigie.telemetry.reader import JournalReader
from vigie.web import accounts, api, data, exports, pages, problems, users, websocket
from vigie.web.access import answer_broken_door, init_access, may_open_socket
from vigie.web.address import host_of
from vigie.web.i18n import init_i18n
from vigie.web.live import LiveNamespace, LivePusher
from vigie.web.mount import Mount, TrustedProxyFix
from vigie.web.origins import OriginGate, Origins
from vigie.web.page_table import check_pages
from vigie.web.security import (
    MAX_BODY_BYTES,
    HostGuard,
    RateLimit,
    SocketGate,
    add_headers,
    name_of,
    require_length,
    require_same_origin,
)
from vigie.web.settings import StackSettings, WebSettings, check
from vigie.web.stack import init_stack
from vigie.web.static_files import init_static

SPARE_SOCKETS = 4
"""Sockets beyond the live pages: handshakes on their way, and pages being told that there is no room."""


class _VigieApp(APIFlask):
    """APIFlask whose errors under /api are problems, whatever handlers the pages have for theirs."""

    def handle_http_exception(self, error: HTTPException) -> Any:  # noqa: ANN401 - as Flask declares it
        if _is_api() and error.code is not None and error.code >= 400:
            return problems.from_http(error)
        return super().handle_http_exception(error)

    def handle_exception(self, error: Exception) -> Response:
        response = super().handle_exception(error)
        if _is_api():
            failed = problems.problem(500, "the web process failed on this request; its log says why")
            response.set_data(failed.get_data())
            response.mimetype = problems.MEDIA_TYPE
        return response


def create_app(
    settings: WebSettings,
    hub: Hub,
    journal_path: Path,
    post: Dispatcher | None = None,
    outpost: Outpost | None = None,
    access: Door | None = None,
    stack: StackSettings | None = None,
) -> APIFlask:
    """Return the application, to be served with :func:`vigie.web.server.serve` or any threaded WSGI server.

    It starts no thread and opens no socket by itself. ``app.extensions`` holds ``vigie_hub``,
    ``vigie_journal``, ``vigie_post`` (messages to people), ``vigie_outpost`` (the web's own alarms), ``vigie_access``
    (the door; None lets everybody in) and ``socketio``.

    Raises:
        SettingsError: the settings contradict each other.
    """
    check(settings)
    app = _VigieApp(
        "vigie.web",
        title="Vigie",
        version=version("vigie"),
        spec_path="/api/v1/openapi.json",
        docs_path=None,  # its pages load scripts from the internet
        json_errors=False,
    )
    _configure(app)
    app.url_map.strict_slashes = False
    app.extensions["vigie_hub"] = hub
    app.extensions["vigie_journal"] = JournalReader(journal_path)
    app.extensions["vigie_post"] = post
    app.extensions["vigie_outpost"] = outpost
    app.extensions["vigie_origins"] = Origins(settings.origins)
    app.extensions["vigie_rate_limit"] = RateLimit(settings.commands_per_minute, settings.command_burst)
    app.before_request(require_length)
    app.before_request(require_same_origin)
    app.after_request(_finish)
    init_i18n(app)
    init_static(app)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(users.blueprint)
    app.register_blueprint(exports.blueprint)
    app.register_blueprint(data.blueprint)
    exports.init_exports(app, journal_path)
    init_stack(app, stack or StackSettings())
    init_access(app, access)
    check_pages(app)
    app.register_error_handler(JournalError, api.journal_unreadable)
    app.register_error_handler(AccessError, answer_broken_door)
    for code in (403, 404, 405, 413, 429):
        app.register_error_handler(code, pages.error_page)
    socketio = _attach_sockets(app, hub, settings, access)
    gate = SocketGate(
        app.wsgi_app,
        open_sockets=lambda: websocket.count_open(socketio.server),
        most=settings.live_browsers + SPARE_SOCKETS,
        may_open=lambda environ: may_open_socket(environ, access, hub),
    )
    names = (*settings.trusted_hosts, *(name_of(host_of(origin)) for origin in settings.origins))
    inner = Mount(OriginGate(gate, app.extensions["vigie_origins"]))
    guarded = HostGuard(inner, names, lambda environ, name: pages.refused_name(app, environ, name))
    # outermost, or socket handlers would see the proxy instead of the browser
    app.wsgi_app = TrustedProxyFix(guarded, settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def _configure(app: APIFlask) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        OPENAPI_VERSION="3.1.0",
        AUTO_SERVERS=False,  # it would keep the address of whoever asked first
        SERVERS=[{"url": "../..", "description": "Relative to this document"}],
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        DESCRIPTION="State, orders, series and events of one installation.",
    )
    app.error_callback = problems.from_validation
    app.spec_callback = api.complete_spec  # type: ignore[assignment]  # the format is JSON: a dict, no text


def _attach_sockets(app: APIFlask, hub: Hub, settings: WebSettings, access: Door | None) -> Any:  # noqa: ANN401
    live = LiveNamespace(hub, settings.live_browsers, lambda environ: may_open_socket(environ, access, hub))
    socketio = _socketio(app)
    websocket.install(socketio.server)
    live.pusher = LivePusher(hub, socketio, live.drop_ended)
    if access is not None:
        access.subscribe(live.pusher.wake)
    socketio.on_namespace(live)
    return socketio


def _socketio(app: APIFlask) -> Any:  # noqa: ANN401 - not typed
    return SocketIO(  # type: ignore[no-untyped-call]
        app,
        async_mode="threading",
        async_handlers=False,  # keeps snapshots in order, starts no thread per message
        manage_session=False,
        cors_allowed_origins=[],  # OriginGate judges, and says why
        ping_interval=websocket.PING_S,
        ping_timeout=websocket.PING_S,
        max_http_buffer_size=MAX_BODY_BYTES,
    )


def _finish(response: Response) -> Response:
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return add_headers(response)


def _is_api() -> bool:
    return request.path.startswith("/api/") or request.path == "/healthz"
