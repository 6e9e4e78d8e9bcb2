"""The application in place of the pages while the settings do not fit: one page that says which commands help."""

from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as Redirection

from vigie.web.binding import THEME_COOKIE, THEMES
from vigie.web.i18n import LANGUAGE_COOKIE, init_i18n
from vigie.web.mount import Mount, TrustedProxyFix
from vigie.web.pages import remember
from vigie.web.problems import problem
from vigie.web.security import MAX_BODY_BYTES, HostGuard, add_headers
from vigie.web.settings import WebSettings
from vigie.web.static_files import init_static
from vigie.wording.languages import language_names, languages
from vigie.wording.service_commands import ServiceCommands

SERVICE_UNAVAILABLE = 503
# Its addresses are those of the pages it stands for.
blueprint = Blueprint("pages", __name__)


def create_setup_app(settings: WebSettings, commands: ServiceCommands, is_uncommissioned: Callable[[], bool]) -> Flask:
    """Return the application; ``is_uncommissioned``: whether the settings lack only what commissioning finds out.

    It tells nothing of the installation: nobody has logged in here.
    """
    app = Flask("vigie.web")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["vigie_commands"] = commands
    app.extensions["vigie_is_uncommissioned"] = is_uncommissioned
    app.after_request(_finish)
    init_i18n(app)
    init_static(app)
    app.register_blueprint(blueprint)
    app.context_processor(_context)
    guarded = HostGuard(Mount(app.wsgi_app), settings.trusted_hosts)
    app.wsgi_app = TrustedProxyFix(guarded, settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def _context() -> dict[str, Any]:
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return {
        "language": str(get_locale()),
        "languages": language_names(),
        "theme": theme if theme in THEMES else "auto",
        "gettext": gettext,
    }


def _waits_for() -> str:
    return "commissioning" if current_app.extensions["vigie_is_uncommissioned"]() else "settings"


@blueprint.get("/")
def home() -> str:
    """What is missing, and the commands for it."""
    return render_template("setup.html", waits_for=_waits_for(), commands=current_app.extensions["vigie_commands"])


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Whether this process is alive, and what it waits for; the page's script goes by it."""
    return {"waits_for": _waits_for()}


@blueprint.get("/auth")
def auth() -> Response:
    """Nginx asks who is there: nobody can be."""
    return Response(status=401)


@blueprint.get("/language/<code>")
def choose_language(code: str) -> Redirection:
    """Remember the reader's language."""
    if code not in languages():
        abort(404)
    return remember(LANGUAGE_COOKIE, code, url_for("pages.home"))


@blueprint.get("/app.webmanifest")
def manifest() -> Response:
    """Name, colours and icons for a phone's home screen."""
    response = make_response(render_template("app.webmanifest"))
    response.mimetype = "application/manifest+json"
    return response


@blueprint.route("/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def elsewhere(path: str) -> Response | Redirection:
    """Lead people to the page; tell programs why there is nothing."""
    if request.method == "GET" and not path.startswith(("api/", "socket.io/")):
        return redirect(url_for("pages.home"), 303)
    details = {
        "commissioning": "nothing is commissioned yet: the page /flask/ says what to do",
        "settings": "the settings have faults: the page /flask/ says what to do",
    }
    return problem(SERVICE_UNAVAILABLE, details[_waits_for()])


def _finish(response: Response) -> Response:
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return add_headers(response)
