"""What every template is given: the state, judged once, and fields that the page's script keeps up to date."""

from collections.abc import Mapping
from typing import Any, cast

from flask import current_app, g, request
from flask_babel import get_locale, gettext
from markupsafe import Markup

from vigie.control.estimation.estimated import UnknownWhy
from vigie.telemetry.alarm_book import READ
from vigie.telemetry.records import Event
from vigie.telemetry.report import AlarmReport
from vigie.web import limits
from vigie.web.access import current_door, may, role_word, user_of_page
from vigie.web.formats import NOTHING, date, duration, instant, no_value, number, quantity, timezone_name, write
from vigie.web.page_table import NAVIGATION, PagePlace, page_named
from vigie.web.presentation import Look, is_asking, judged, look_at, look_up
from vigie.web.texts import script_texts
from vigie.wording import alarms as alarm_words
from vigie.wording.languages import day_mark, language_names
from vigie.wording.words import describe_name, vocabulary

UNKNOWN_WHYS = "|".join(why.name.lower() for why in UnknownWhy if why != UnknownWhy.NONE)
"""What :func:`shown` asks for where an estimate cannot be said."""
THEME_COOKIE = "vigie_theme"
THEMES = ("auto", "light", "dark")


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
    text = write(look_up(current_look().values, path), form, now_utc_ms())
    span = Markup('<span class="live {}" data-live="{}" data-fmt="{}"{}>{}</span>')
    return span.format(css, path, form, why_nothing() if text == NOTHING else "", text)


def why_nothing() -> Markup:
    """Return the attributes that say what a dash in the place of a number means."""
    return Markup(' role="img" title="{0}" aria-label="{0}"').format(no_value())


def marks(path: str) -> Markup:
    """Return attributes that carry a field's raw value for the style sheet: ``data-value``."""
    value = look_up(current_look().values, path)
    return Markup('data-is="{}" data-value="{}"').format(path, _raw(value))


def shown(path: str, wanted: str = "") -> Markup:
    """Return attributes that show an element only while the field is ``wanted``, "one|or|another"; any when empty."""
    value = look_up(current_look().values, path)
    is_shown = _raw(value) in wanted.split("|") if wanted else bool(value)
    hidden = "" if is_shown else Markup(" hidden")
    return Markup('data-show="{}" data-wanted="{}"{}').format(path, wanted, hidden)


def gauge(path: str, low: float, high: float) -> Markup:
    """Return the attributes of a gauge's filled bar, which is 200 wide and goes from ``low`` to ``high``."""
    value = look_up(current_look().values, path)
    share = 0.0 if value is None else min(1.0, max(0.0, (value - low) / (high - low)))
    return Markup('data-gauge="{}" data-low="{}" data-high="{}" width="{:.1f}"').format(path, low, high, share * 200)


def _raw(value: Any) -> str:  # noqa: ANN401 - any field of a snapshot
    """Return a raw value as scripts write it too."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def word(kind: str, name: str) -> str:
    """Return the words for an enum member's lower-case name, in the page's language."""
    return describe_name(kind, name, gettext)


_ALARM_WORDS = {
    "title": alarm_words.title,
    "advice": alarm_words.advice,
    "acted": alarm_words.acted,
    "severity": alarm_words.severity,
    "standing": alarm_words.standing,
    "change": alarm_words.change,
}


def alarm_word(kind: str, name: str) -> str:
    """Return the words for an alarm's ``title``, ``advice``, ``severity``..., in the page's language."""
    text = _ALARM_WORDS[kind](name, gettext)
    return text[:1].upper() + text[1:]


def alarm_to_do(report: AlarmReport) -> str:
    """Return what a person should do about an alarm as it stands, in the page's language."""
    return alarm_words.to_do(report["alarm"], report["standing"], report["is_present"], gettext)


def alarm_value(report: Mapping[str, Any]) -> tuple[str, str]:
    """Return what an alarm concerns in words, else the form its number is written in, else nothing twice."""
    text = alarm_words.describe_value(report["alarm"], report["value"], report["unit"], report["detail"], gettext)
    if report["detail"] or not text:
        return text, ""
    return "", f"of:{'%' if text.endswith('%') else report['unit']}"


def event_value(event: Event) -> str:
    """Return what a change of an alarm concerns, or the value that went with it."""
    data = event.data
    detail = [name for name in str(data.get("detail", "")).split(",") if name]
    report = {"alarm": event.subject, "value": data.get("value"), "unit": str(data.get("unit", "")), "detail": detail}
    text, form = alarm_value(report)
    return write(report["value"], form, None) if form else text


def context() -> dict[str, Any]:
    """Return what every template may use."""
    look, theme = current_look(), request.cookies.get(THEME_COOKIE, "auto")
    return {
        "page": page_named((request.endpoint or "").rpartition(".")[2]),
        "page_named": page_named,
        "navigation": NAVIGATION,
        "PagePlace": PagePlace,
        "look": look,
        "snapshot": look.snapshot,
        "live": live,
        "marks": marks,
        "shown": shown,
        "gauge": gauge,
        "why_nothing": why_nothing,
        "word": word,
        "number": number,
        "quantity": quantity,
        "duration": duration,
        "is_asking": is_asking,
        "alarm_word": alarm_word,
        "alarm_to_do": alarm_to_do,
        "alarm_value": alarm_value,
        "readings": READ,
        "event_value": event_value,
        "web_alarms": {alarm["alarm"] for alarm in g.state["web_alarms"]},
        "time": lambda utc_ms: instant(utc_ms, now_utc_ms()),
        "date": date,
        "gettext": gettext,
        "unknown_whys": UNKNOWN_WHYS,
        "language": str(get_locale()),
        "languages": language_names(),
        "theme": theme if theme in THEMES else "auto",
        "page_data": page_data,
        "user": user_of_page(),
        "may_log_in": current_door() is not None,
        "may": may,
        "role_word": role_word,
        "layout": "base.html" if may("viewer") else "bare.html",
    }


def page_data() -> dict[str, Any]:
    """Return what the page's scripts start with."""
    current_look()
    return {
        "root": request.script_root,
        "language": str(get_locale()),
        "dayMark": day_mark(str(get_locale())),
        "timezone": timezone_name(),
        "state": judged(g.state),
        "words": {**vocabulary(gettext), "alarm": alarm_words.vocabulary(gettext)["alarm"]},
        "texts": script_texts(),
        "limits": limits.drawn(),
        "mayOrder": may("operator"),
    }
