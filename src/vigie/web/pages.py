"""The pages people open. Each is complete before any script runs; scripts then keep it up to date."""

from importlib.resources import files
from typing import Any, cast

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Redirection

from vigie.telemetry.reader import JournalReader
from vigie.web.formats import instant, number, timezone_name, write
from vigie.web.history import history_of
from vigie.web.i18n import LANGUAGE_COOKIE, LANGUAGE_NAMES
from vigie.web.presentation import Look, look_at, look_up, stale_after_ms
from vigie.web.texts import script_texts
from vigie.wording.sentences import tell
from vigie.wording.words import describe_name, languages, vocabulary

THEME_COOKIE = "vigie_theme"
THEMES = ("auto", "light", "dark")
COOKIE_AGE_S = 5 * 365 * 86_400

blueprint = Blueprint("pages", __name__)


def current_look() -> Look:
    """Return this request's view of the installation, judged once."""
    if "look" not in g:
        g.state = current_app.extensions["vigie_hub"].state()
        g.look = look_at(g.state)
    return cast(Look, g.look)


def now_utc_ms() -> int | None:
    """Return the plant's time of the newest snapshot."""
    snapshot = current_look().snapshot
    return snapshot["utc_ms"] if snapshot else None


def live(path: str, form: str = "text", css: str = "") -> Markup:
    """Return a field of the snapshot as text that the page's script keeps up to date."""
    text = write(look_up(current_look().snapshot, path), form, now_utc_ms())
    return Markup('<span class="live {}" data-live="{}" data-fmt="{}">{}</span>').format(css, path, form, text)


def marks(path: str) -> Markup:
    """Return attributes that carry a field's raw value for the style sheet: ``data-value``."""
    value = look_up(current_look().snapshot, path)
    return Markup('data-is="{}" data-value="{}"').format(path, _raw(value))


def shown(path: str, wanted: str = "") -> Markup:
    """Return attributes that show an element only while the field is ``wanted`` (any value when empty)."""
    value = look_up(current_look().snapshot, path)
    is_shown = _raw(value) == wanted if wanted else bool(value)
    hidden = "" if is_shown else Markup(" hidden")
    return Markup('data-show="{}" data-wanted="{}"{}').format(path, wanted, hidden)


def _raw(value: Any) -> str:  # noqa: ANN401 - any field of a snapshot
    """Return a raw value as scripts write it too."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def word(kind: str, name: str) -> str:
    """Return the words for an enum member's lower-case name, in the page's language."""
    return describe_name(kind, name, gettext)


@blueprint.app_context_processor
def _context() -> dict[str, Any]:
    look, theme = current_look(), request.cookies.get(THEME_COOKIE, "auto")
    snapshot = look.snapshot
    return {
        "look": look,
        "snapshot": snapshot,
        "live": live,
        "marks": marks,
        "shown": shown,
        "word": word,
        "number": number,
        "time": lambda utc_ms: instant(utc_ms, now_utc_ms()),
        "language": str(get_locale()),
        "languages": {code: LANGUAGE_NAMES.get(code, code) for code in languages()},
        "theme": theme if theme in THEMES else "auto",
        "page_data": {
            "root": request.script_root,
            "language": str(get_locale()),
            "timezone": timezone_name(),
            "state": g.state,
            "stale_after_ms": stale_after_ms(snapshot) if snapshot else None,
            "words": vocabulary(gettext),
            "texts": script_texts(),
        },
    }


@blueprint.get("/")
def home() -> str:
    """The verdict, the diagram, the mode, the last 24 hours."""
    return render_template("home.html", **_history())


@blueprint.get("/history")
def history() -> str:
    """The home page's last 24 hours alone, for its script to put in place of the old ones."""
    return render_template("_history.html", **_history())


def _history() -> dict[str, Any]:
    reader = cast(JournalReader, current_app.extensions["vigie_journal"])
    end_utc_ms = now_utc_ms()
    if end_utc_ms is None:
        return {"history": None, "tell": tell}
    return {"history": history_of(reader, end_utc_ms), "tell": tell, "gettext": gettext}


@blueprint.get("/multimeter")
def multimeter() -> str:
    """The four channels with everything the meter knows, and their charts."""
    return render_template("multimeter.html")


@blueprint.get("/relays")
def relays() -> str:
    """The four contacts, what holds them, and manual mode."""
    return render_template("relays.html")


@blueprint.get("/about")
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
def choose_language(code: str) -> Redirection:
    """Remember the reader's language and go back."""
    if code not in languages():
        abort(404)
    return _remember(LANGUAGE_COOKIE, code)


@blueprint.get("/theme")
def choose_theme() -> Redirection:
    """Remember the reader's theme (``?choice=auto|light|dark``) and go back."""
    choice = request.args.get("choice", "")
    if choice not in THEMES:
        abort(404)
    return _remember(THEME_COOKIE, choice)


def _remember(cookie: str, value: str) -> Redirection:
    """Set a cookie of this application and return to the page the link was on, never to another site."""
    endpoint = request.args.get("back", "")
    response = redirect(url_for(f"pages.{endpoint if endpoint in PAGES else 'home'}"))
    path = request.script_root or "/"
    response.set_cookie(cookie, value, max_age=COOKIE_AGE_S, path=path, samesite="Lax", httponly=False)
    return response


PAGES = ("home", "multimeter", "relays", "about")


@blueprint.get("/app.webmanifest")
def manifest() -> Response:
    """Name, colours and icons for a phone's home screen."""
    response = make_response(render_template("app.webmanifest"))
    response.mimetype = "application/manifest+json"
    return response


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
