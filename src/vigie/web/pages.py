"""The pages people open. Each is complete before any script runs; scripts then keep it up to date."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlencode

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Redirection

from vigie.errors import JournalError
from vigie.notify.dispatch import Dispatcher
from vigie.telemetry.reader import JournalReader
from vigie.web import limits
from vigie.web.access import local_path, needs
from vigie.web.alarms import NAMES, SPANS_DAYS, filters_of, past_of
from vigie.web.binding import THEME_COOKIE, THEMES, context, current_look, now_utc_ms
from vigie.web.history import history_of
from vigie.web.i18n import LANGUAGE_COOKIE
from vigie.web.modes import buttons
from vigie.web.mount import PREFIX
from vigie.web.outages import log_of
from vigie.web.page_table import page_named, shows
from vigie.web.presentation import SEVERITIES
from vigie.wording.languages import languages
from vigie.wording.sentences import tell

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

COOKIE_AGE_S = 5 * 365 * 86_400
MOST_LETTERS = 20

blueprint = Blueprint("pages", __name__)
blueprint.app_context_processor(context)


@shows(blueprint, "home")
def home() -> str:
    """The verdict, the diagram, the mode, the last 24 hours."""
    return render_template("home.html", modes=buttons(), **_history())


@blueprint.get("/history")
def history() -> str:
    """The home page's last 24 hours alone, for its script to put in place of the old ones."""
    return render_template("_history.html", **_history())


def _history() -> dict[str, Any]:
    end_utc_ms = now_utc_ms()
    if end_utc_ms is None:
        return {"history": None, "tell": tell}
    snapshot = current_look().snapshot
    return {"history": history_of(_journal(), end_utc_ms, snapshot["outage"] if snapshot else None), "tell": tell}


@shows(blueprint, "multimeter")
def multimeter() -> str:
    """The four channels with everything the meter knows, and their charts."""
    try:
        first_utc_ms = _journal().oldest_utc_ms()
    except JournalError:
        first_utc_ms = None  # the charts say why they are empty
    return render_template("multimeter.html", first_utc_ms=first_utc_ms, limits_drawn=limits.drawn())


@shows(blueprint, "relays")
def relays() -> str:
    """The four contacts, what holds them, and manual mode."""
    return render_template("relays.html", modes=buttons())


@shows(blueprint, "alarms")
def alarms() -> str:
    """What stands and what to do about it, how it came and went, the messages to people."""
    choices = {"catalogue": NAMES, "spans": SPANS_DAYS, "severities": SEVERITIES}
    return render_template("alarms.html", **choices, **_past(), **_mail())


@blueprint.get("/alarms/bar")
def alarm_bar() -> str:
    """The bar of every page and the popups alone, for scripts to put in place of the old ones."""
    return render_template("_alarm_bar.html")


@blueprint.get("/alarms/now")
def alarms_now() -> str:
    """The alarms that stand alone."""
    return render_template("_alarms_now.html")


@blueprint.get("/alarms/past")
def alarms_past() -> str:
    """The changes of alarms alone."""
    return render_template("_alarms_past.html", **_past())


@blueprint.get("/alarms/mail")
def alarms_mail() -> str:
    """The outbox alone."""
    return render_template("_mail.html", **_mail())


def _past() -> dict[str, Any]:
    filters, end_utc_ms = filters_of(request.args), now_utc_ms()
    return {"filters": filters, "past": None if end_utc_ms is None else past_of(_journal(), end_utc_ms, filters)}


@shows(blueprint, "outages")
def outages() -> str:
    """Every time the battery was called for."""
    return render_template("outages.html", **_outages())


@blueprint.get("/outages/log")
def outage_log() -> str:
    """The log alone."""
    return render_template("_outages.html", **_outages())


def _outages() -> dict[str, Any]:
    snapshot = current_look().snapshot
    return {"log": log_of(_journal(), snapshot["utc_ms"], snapshot["outage"]) if snapshot else None}


def _mail() -> dict[str, Any]:
    current_look()
    post: Dispatcher | None = current_app.extensions["vigie_post"]
    try:
        return {"mail": g.state["mail"], "letters": post.letters(MOST_LETTERS) if post else [], "mail_error": None}
    except JournalError as error:
        return {"mail": g.state["mail"], "letters": [], "mail_error": str(error)}


def _journal() -> JournalReader:
    return cast(JournalReader, current_app.extensions["vigie_journal"])


@shows(blueprint, "about")
def about() -> str:
    """The machine, the loop, the journal, versions and licences."""
    current_look()
    return render_template("about.html", vendored=vendored(), web_version=g.state["web_version"])


def vendored() -> list[tuple[str, str, str]]:
    """Return the libraries this program brings to the browser: name with version, licence, URL of its text."""
    folders = [entry for entry in files("vigie.web").joinpath("static/vendor").iterdir() if entry.is_dir()]
    return [
        (
            " ".join(folder.name.rsplit("-", 1)),
            folder.joinpath("LICENSE").read_text("utf-8").splitlines()[0],
            url_for("static", filename=f"vendor/{folder.name}/LICENSE"),
        )
        for folder in sorted(folders, key=lambda entry: entry.name)
    ]


@blueprint.get("/language/<code>")
@needs(None)
def choose_language(code: str) -> Redirection:
    """Remember the reader's language and go back."""
    if code not in languages():
        abort(404)
    return _remember(LANGUAGE_COOKIE, code)


@blueprint.get("/theme")
@needs(None)
def choose_theme() -> Redirection:
    """Remember the reader's theme (``?choice=auto|light|dark``) and go back."""
    choice = request.args.get("choice", "")
    if choice not in THEMES:
        abort(404)
    return _remember(THEME_COOKIE, choice)


def _remember(cookie: str, value: str) -> Redirection:
    """Return to the page the link was on, with what was chosen there, never to another site."""
    there = page_named(request.args.get("back", ""))
    endpoint = there.endpoint if there is not None else "pages.home"
    address = url_for(endpoint, next=local_path(request.args.get("next")) if endpoint == "access.login" else None)
    query = urlencode(parse_qsl(request.args.get("query", "")))
    return remember(cookie, value, f"{address}?{query}" if query and "?" not in address else address)


def remember(cookie: str, value: str, address: str) -> Redirection:
    """Set a cookie of this application and go to an address of it."""
    response = redirect(address)
    path = request.script_root or "/"
    response.set_cookie(cookie, value, max_age=COOKIE_AGE_S, path=path, samesite="Lax", httponly=False)
    return response


@blueprint.get("/app.webmanifest")
@needs(None)
def manifest() -> Response:
    """Name, colours and icons for a phone's home screen."""
    response = make_response(render_template("app.webmanifest"))
    response.mimetype = "application/manifest+json"
    return response


def refused_name(app: Flask, environ: "WSGIEnvironment", name: str) -> str:
    """Return the page for whoever calls this site by a foreign name. It tells nothing of the installation."""
    with app.request_context({**environ, "SCRIPT_NAME": PREFIX, "PATH_INFO": "/"}):
        g.visitor = None
        return render_template("refused.html", name=name)


def error_page(error: HTTPException) -> tuple[str, int]:
    """Return an error as a page of ours: what happened and where to go."""
    code = error.code or 500
    told = {
        404: (gettext("Nothing is here"), gettext("This address leads to no page of this application.")),
        405: (gettext("Not possible here"), gettext("This page takes no such request.")),
        429: (gettext("Too many requests"), gettext("Wait a minute, then try again.")),
    }
    title, advice = told.get(code, (gettext("Refused"), error.description or ""))
    return render_template("error.html", title=title, advice=advice), code
