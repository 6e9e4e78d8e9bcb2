"""The outage log: every time the battery was called for, in rows, on a strip of 24 hours, and in the last 30 days."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from babel.dates import LOCALTZ

from vigie.control.signals import Channel
from vigie.errors import JournalError
from vigie.telemetry.reader import JournalReader, Series
from vigie.telemetry.records import EventKind
from vigie.telemetry.report import OutageReport
from vigie.web.history import SPAN_MS, WIDTH
from vigie.web.outage_records import RecordedOutage, records

DAYS = 30
LOG_MS = 400 * 86_400_000
MOST_ROWS = 500
NARROWEST = 3.0
"""Width of the shortest outage on the strip: a second must be seen."""
POINTS = 288


class Mark(NamedTuple):
    """A piece of the 24 hours' strip, in units of its width: an outage, or ``nothing`` recorded."""

    x: float
    width: float
    weight: str
    utc_ms: int


class Day(NamedTuple):
    """One calendar day of the installation: its heaviest event, how many, how long the battery carried the loads."""

    utc_ms: int
    weight: str
    """``failed``, ``outage``, ``charger_fault``, ``drill``, ``none``, or ``nothing`` recorded."""
    times: int
    duration_s: float


class OutageLog(NamedTuple):
    """What the page shows; ``error`` says why it cannot."""

    from_utc_ms: int
    to_utc_ms: int
    outages: list[RecordedOutage]
    strip: list[Mark]
    days: list[Day]
    error: str | None

    @property
    def recent(self) -> list[RecordedOutage]:
        """True outages of the days shown, without drills."""
        return [one for one in self.outages if one.kind == "outage" and one.began_utc_ms >= self.days[0].utc_ms]


HEAVIEST = ("failed", "outage", "charger_fault", "drill")


def log_of(reader: JournalReader, to_utc_ms: int, now: OutageReport | None) -> OutageLog:
    """Read the log up to ``to_utc_ms``; ``now`` is the snapshot's outage. A journal that fails is said so."""
    start = to_utc_ms - SPAN_MS
    try:
        events = reader.events(to_utc_ms - LOG_MS, to_utc_ms + 1, (EventKind.OUTAGE,), MOST_ROWS)
        outages = list(records(events, now))
        days = _days(reader, outages, to_utc_ms)
        strip = [*_gaps(reader, start, to_utc_ms), *_marks(outages, start, to_utc_ms)]
    except JournalError as error:
        return OutageLog(start, to_utc_ms, [], [], [], str(error))
    return OutageLog(start, to_utc_ms, outages, strip, days, None)


def _until(outage: RecordedOutage, to_utc_ms: int) -> int:
    if outage.ended_utc_ms is not None:
        return outage.ended_utc_ms
    return to_utc_ms if outage.lasts else outage.began_utc_ms


def _marks(outages: list[RecordedOutage], start: int, end: int) -> list[Mark]:
    """Return the outages within the strip, light ones first so that heavy ones lie on top."""
    marks = []
    for outage in outages:
        since, until = max(start, outage.began_utc_ms), min(end, _until(outage, end))
        if until >= start:
            x, width = (since - start) / SPAN_MS * WIDTH, (until - since) / SPAN_MS * WIDTH
            width = max(NARROWEST, width)
            marks.append(Mark(min(x, WIDTH - width), width, outage.weight, outage.began_utc_ms))
    return sorted(marks, key=lambda mark: -HEAVIEST.index(mark.weight))


def _gaps(reader: JournalReader, start: int, end: int) -> list[Mark]:
    """Return the stretches of the strip nothing was recorded in."""
    series = reader.series("bus_v", Channel.BATTERY, start, end, POINTS)
    step = SPAN_MS // POINTS
    edges = [(start - step, start), *((utc_ms, utc_ms + step) for utc_ms in _recorded(series)), (end, end)]
    return [
        Mark((since - start) / SPAN_MS * WIDTH, (until - since) / SPAN_MS * WIDTH, "nothing", since)
        for (_, since), (until, _) in pairwise(edges)
        if until - since > 2 * step
    ]


def _recorded(series: Series) -> list[int]:
    return [utc_ms for utc_ms, mean in zip(series.utc_ms, series.mean, strict=True) if mean is not None]


def _days(reader: JournalReader, outages: list[RecordedOutage], to_utc_ms: int) -> list[Day]:
    today = datetime.fromtimestamp(to_utc_ms / 1000, LOCALTZ).date()
    edges = [_midnight_ms(today - timedelta(days=back)) for back in range(DAYS - 1, -2, -1)]
    recorded = _recorded(reader.series("bus_v", Channel.BATTERY, edges[0], to_utc_ms + 1, DAYS * 24))
    return [
        _day(
            since,
            [one for one in outages if one.began_utc_ms < until and _until(one, to_utc_ms) >= since],
            min(until, to_utc_ms),
            is_known=any(since <= utc_ms < until for utc_ms in recorded),
        )
        for since, until in pairwise(edges)
    ]


def _midnight_ms(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=LOCALTZ).timestamp() * 1000)


def _day(since: int, outages: list[RecordedOutage], until: int, is_known: bool) -> Day:
    called = [one for one in outages if one.kind != "charger_fault"]
    seconds = sum(max(0, min(until, _until(one, until)) - max(since, one.began_utc_ms)) for one in called) / 1000
    weights = {one.weight for one in outages}
    weight = next((weight for weight in HEAVIEST if weight in weights), "none" if is_known else "nothing")
    return Day(since, weight, len(outages), seconds)
