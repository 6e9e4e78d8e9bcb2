"""The pages about the programs beside this one: Grafana's dashboards, and how Prometheus is doing."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Flask, current_app, g, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Redirection

from vigie.control.modes.table import SPECS
from vigie.telemetry.metrics import METRICS, exposed_names
from vigie.web.access import local_path, needs
from vigie.web.binding import THEME_COOKIE, current_look
from vigie.web.formats import duration, size
from vigie.web.neighbours import Grafana, Prometheus, Remembered, Silence, grafana_at, prometheus_at
from vigie.web.page_table import shows
from vigie.web.settings import StackSettings
from vigie.wording.modes import words_of
from vigie.wording.words import mark

SHADE_COOKIE = "vigie_shade"
"""``light`` or ``dark``: what the automatic theme came to in this browser, kept by theme.js."""
BOARDS = {
    "overview": mark("Overview"),
    **{spec.name: words_of(spec.mode).name for spec in SPECS},
    "charge": mark("Charge curve"),
    "ageing": mark("Ageing"),
    "computer": mark("Computer"),
    "fleet": mark("All sites"),
}
"""Dashboards by the middle of their uid, ``vigie-<name>-<language>``."""
QUERIES = (
    (mark("Battery voltage, last 24 hours"), 'vigie_channel_bus_volts{role="battery"}', "24h"),
    (mark("Battery current, last 24 hours"), 'vigie_channel_current_amperes{role="battery"}', "24h"),
    (mark("Battery and air temperature, last week"), '{__name__=~"vigie_(temperature|ambient)_celsius"}', "1w"),
    (mark("Share of time with mains, by day, last 30 days"), "avg_over_time(vigie_mains_present[1d])", "30d"),
    (mark("Switchings by day, last 30 days"), "increase(vigie_switchings_total[1d])", "30d"),
)

_Answer = TypeVar("_Answer")

blueprint = Blueprint("stack", __name__)


class Neighbour(NamedTuple):
    """A program beside this one, as its page shows it."""

    state: str
    """``not_installed``, ``silent``, ``there``, ``elsewhere`` (it answers, but nginx did not pass this request on)."""
    answer: Any
    why: str


def init_stack(app: Flask, settings: StackSettings) -> None:
    """Add the pages, and remember where the programs are."""
    app.extensions["vigie_grafana"] = _remembered(settings.grafana_url, grafana_at)
    app.extensions["vigie_prometheus"] = _remembered(settings.prometheus_url, prometheus_at)
    app.register_blueprint(blueprint)


def _remembered(url: str, ask: Callable[[str], _Answer]) -> Remembered[_Answer] | None:
    return Remembered(lambda: ask(url)) if url else None


@shows(blueprint, "grafana")
def grafana() -> str:
    """The dashboards, one at a time (``?board=<name>``)."""
    asked: Remembered[Grafana] | None = current_app.extensions["vigie_grafana"]
    board = request.args.get("board", "")
    board = board if board in BOARDS else "overview"
    return render_template(
        "grafana.html",
        grafana=_neighbour(asked),
        board=board,
        boards=BOARDS,
        dashboard=_dashboard(board),
    )


@shows(blueprint, "prometheus")
def prometheus() -> str:
    """Targets, disk, ready queries, and what every metric means."""
    asked: Remembered[Prometheus] | None = current_app.extensions["vigie_prometheus"]
    current_look()
    neighbour = _neighbour(asked)
    graph = neighbour.answer.graph if neighbour.answer else ""
    return render_template(
        "prometheus.html",
        prometheus=neighbour,
        state=g.state,
        queries=[(gettext(title), expression, _query(graph, expression, span)) for title, expression, span in QUERIES],
        metrics=[(exposed_names(metric)[0], metric) for metric in METRICS],
        size=size,
        unit_sign=lambda unit: _SIGNS.get(unit, unit),
        ago=_ago,
        spelled=_spelled,
    )


@blueprint.get("/to-login")
@needs(None)
def to_login() -> Redirection:
    """Lead to the login whoever nginx has turned away, and back afterwards: nginx itself cannot quote an address."""
    return redirect(url_for("access.login", next=local_path(request.headers.get("X-Original-URI"))), 302)


def _neighbour(asked: Remembered[_Answer] | None) -> Neighbour:
    if asked is None:
        return Neighbour("not_installed", None, "")
    try:
        answer = asked.get()
    except Silence as silence:
        return Neighbour("silent", None, str(silence))
    return Neighbour("there" if _is_through_nginx() else "elsewhere", answer, "")


def _is_through_nginx() -> bool:
    """Return whether a proxy passed this request on; without it nothing answers below /grafana/ and /prometheus/."""
    return bool(request.headers.get("X-Forwarded-Host"))


def _dashboard(board: str) -> str:
    return f"/grafana/d/vigie-{board}-{get_locale()}/x?kiosk&theme={_shade()}"


def _shade() -> str:
    chosen = request.cookies.get(THEME_COOKIE)
    shade = chosen if chosen in {"light", "dark"} else request.cookies.get(SHADE_COOKIE)
    return "dark" if shade == "dark" else "light"


def _query(graph: str, expression: str, span: str) -> str:
    return f"{graph}?" + urlencode({"g0.expr": expression, "g0.tab": 0, "g0.range_input": span})


_SIGNS = {"degC": "°C", "Ohm": "Ω", "1": "0…1"}
_UNITS = {
    "y": mark("%(count)s years"),
    "w": mark("%(count)s weeks"),
    "d": mark("%(count)s days"),
    "h": mark("%(count)s hours"),
}


def _spelled(span: str) -> str:
    """Return a span that Prometheus writes as ``5y`` or ``30d`` in words, nothing for ``0s``, another one as it is."""
    if span == "0s":
        return ""
    count, unit = span[:-1], span[-1:]
    return gettext(_UNITS[unit], count=count) if count.isdecimal() and unit in _UNITS else span


def _ago(age_s: float) -> str:
    """Return how long ago something was, by Prometheus' clock."""
    if age_s < -1:
        return gettext("%(span)s ahead of its clock", span=duration(-age_s))
    return gettext("%(span)s ago", span=duration(age_s))
