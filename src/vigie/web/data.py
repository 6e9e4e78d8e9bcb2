"""The page "Data": what can be taken away and how large it is, and the logs of other programs."""

from contextlib import closing
from datetime import date, datetime, time, timedelta
from importlib.util import find_spec
from typing import Any, NamedTuple

from babel.dates import LOCALTZ, format_datetime
from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Redirection

from vigie.control.signals import Channel
from vigie.errors import JournalError
from vigie.telemetry.export import Estimate, Extract, TableName, estimate, first_utc_ms
from vigie.telemetry.imported import ImportedLog
from vigie.telemetry.reader import JournalReader
from vigie.web.binding import word
from vigie.web.exports import plant_now_utc_ms, shelf
from vigie.web.formats import day_pattern, size, timezone_name
from vigie.web.page_table import shows
from vigie.web.plots import Plot, plot_of

DAY_MS = 86_400_000
DAYS = (1, 7, 30, 365)
POINTS = 400
SHORTEST_MS = 60_000
_SUFFIXES = {"bus_v": "V", "current_a": "A", "power_w": "W", "_c": "°C"}

blueprint = Blueprint("data", __name__)


class Choice(NamedTuple):
    """A stretch of time somebody chose; ``days`` is None for dates of their own, 0 for everything."""

    days: int | None
    from_utc_ms: int
    to_utc_ms: int
    first_day: date
    last_day: date
    is_wrong: bool = False
    """What was typed is no stretch of time; the last 24 hours are meant."""


class Offer(NamedTuple):
    """One table that can be downloaded."""

    table: TableName
    estimate: Estimate
    is_shorter: bool
    """It does not reach back as far as was chosen."""


@shows(blueprint, "data")
def data() -> str:
    """What can be downloaded of the journal, and the imported logs."""
    journal: JournalReader = current_app.extensions["vigie_journal"]
    choice, offers, error = None, [], None
    try:
        choice = choice_of(request.args, plant_now_utc_ms(), first_utc_ms(journal))
        offers = [_offer(journal, choice, table) for table in ("minute", "hour", "raw", "events")]
    except JournalError as caught:
        error = str(caught)
    return render_template(
        "data.html", choice=choice, offers=offers, error=error, days=(*DAYS, 0), logs=shelf().logs(),
        **_for_templates(),
    )  # fmt: skip


@blueprint.get("/data/logs/<name>")
def log(name: str) -> str:
    """One imported log: charts, download, deletion."""
    known = _log_named(name)
    start, end = _window(known, request.args)
    with closing(known.reader()) as reader:
        plots = {unit: plot for unit in _SUFFIXES.values() if (plot := _plot(reader, known, unit, start, end)).lines}
    return render_template(
        "log.html", log=known, plots=plots, start=start, end=end, moves=_moves(known, start, end),
        **_for_templates(),
    )  # fmt: skip


@blueprint.post("/data/logs/<name>/delete")
def delete_log(name: str) -> Redirection:
    """Delete an imported log. Needs the operator's role, as everything that changes something."""
    try:
        shelf().remove(name)
    except JournalError:
        abort(404)
    return redirect(url_for("data.data") + "#logs", 303)


def _for_templates() -> dict[str, Any]:
    return {
        "zone": timezone_name(),
        "has_parquet": find_spec("pyarrow") is not None,  # it is not loaded: that would cost this process 100 MB
        "bytes": size,
        "day": lambda utc_ms: _written(utc_ms, f"{day_pattern()} yyyy"),
        "moment": moment,
        "column_words": column_words,
    }


def moment(utc_ms: int, span_ms: int) -> str:
    """Return an instant as the axis of a chart of ``span_ms`` needs it."""
    return _written(utc_ms, f"{day_pattern()} {'HH:mm' if span_ms < 20 * DAY_MS else 'yyyy'}")


def _written(utc_ms: int, pattern: str) -> str:
    return str(format_datetime(datetime.fromtimestamp(utc_ms / 1000, LOCALTZ), pattern, locale=get_locale()))


def column_words(column: str) -> str:
    """Return what a column of a log holds, in the page's language."""
    channel, _, quantity = column.partition("_")
    if column == "ambient_c":
        return gettext("Air temperature")
    if column == "temperature_c":
        return gettext("Temperature")
    names = {"bus_v": gettext("Voltage"), "current_a": gettext("Current"), "power_w": gettext("Power")}
    return names[quantity] if channel == "battery" else f"{names[quantity]} ({word('channel', channel)})"


def choice_of(asked: "MultiDict[str, str]", now_utc_ms: int, first_ms: int | None) -> Choice:
    """Return the stretch of time that a page's address asks for: ``days`` (0: everything), or ``from`` and ``to``."""
    if asked.get("from") or asked.get("to"):
        try:
            first = date.fromisoformat(asked.get("from", ""))
            last = date.fromisoformat(asked.get("to", ""))
            start, end = midnight_ms(first), midnight_ms(last + timedelta(days=1))
        except (ValueError, OverflowError):
            return _last_days(1, now_utc_ms)._replace(is_wrong=True)
        if not 0 <= start < end:
            return _last_days(1, now_utc_ms)._replace(is_wrong=True)
        return Choice(None, start, end, first, last)
    days = asked.get("days", "1")
    if days == "0":
        first_ms = now_utc_ms - DAY_MS if first_ms is None else min(first_ms, now_utc_ms - 1)
        return Choice(0, first_ms, now_utc_ms, _day(first_ms), _day(now_utc_ms))
    return _last_days(int(days) if days in map(str, DAYS) else 1, now_utc_ms)


def midnight_ms(day: date) -> int:
    """Return when a day begins in the installation's time zone."""
    return round(datetime.combine(day, time(), LOCALTZ).timestamp() * 1000)


def _last_days(days: int, now_utc_ms: int) -> Choice:
    start = max(0, now_utc_ms - days * DAY_MS)
    return Choice(days, start, now_utc_ms, _day(start), _day(now_utc_ms))


def _day(utc_ms: int) -> date:
    return datetime.fromtimestamp(utc_ms / 1000, LOCALTZ).date()


def _offer(journal: JournalReader, choice: Choice, table: TableName) -> Offer:
    known = estimate(journal, Extract(table, choice.from_utc_ms, choice.to_utc_ms))
    first_ms = known.first_utc_ms
    is_shorter = table != "events" and first_ms is not None and first_ms > choice.from_utc_ms + DAY_MS
    return Offer(table, known, is_shorter)


def _log_named(name: str) -> ImportedLog:
    try:
        return shelf().log(name)
    except JournalError:
        abort(404)


def _window(known: ImportedLog, asked: "MultiDict[str, str]") -> tuple[int, int]:
    """Return the part of a log that is looked at: what the address says, within the log; all of it without."""
    whole = known.first_utc_ms, max(known.last_utc_ms, known.first_utc_ms + SHORTEST_MS) + 1
    start, end = asked.get("from", type=int), asked.get("to", type=int)
    if start is None or end is None or end - start < SHORTEST_MS:
        return whole
    length = min(end - start, whole[1] - whole[0])
    start = min(max(start, whole[0]), whole[1] - length)
    return start, start + length


def _moves(known: ImportedLog, start: int, end: int) -> dict[str, tuple[int, int]]:
    """Return where the buttons lead that lead somewhere."""
    half, (first, last) = (end - start) // 2, _window(known, MultiDict())
    moves = {}
    if start > first:
        moves["back"] = (start - half, end - half)
    if end < last:
        moves["forward"] = (start + half, end + half)
    if half >= SHORTEST_MS:
        moves["in"] = (start + half // 2, end - half // 2)
    if (start, end) != (first, last):
        moves["out"] = (start - half, end + half)
        moves["all"] = (first, last)
    return moves


def _plot(reader: JournalReader, known: ImportedLog, unit: str, start: int, end: int) -> Plot:
    suffix = next(ending for ending, symbol in _SUFFIXES.items() if symbol == unit)
    series = {}
    for column in known.columns:
        if column.endswith(suffix):
            channel, _, quantity = column.partition("_")
            if column in {"temperature_c", "ambient_c"}:
                series[column] = reader.series(column, None, start, end, POINTS)
            else:
                series[column] = reader.series(quantity, Channel[channel.upper()], start, end, POINTS)
    return plot_of(series, start, end)
