"""The last 24 hours for the home page: the battery's voltage as a band, who fed the loads as bars, events in words."""

from typing import NamedTuple

from vigie.control.signals import Channel
from vigie.errors import JournalError
from vigie.telemetry.reader import JournalReader, Series
from vigie.telemetry.records import Event, EventKind
from vigie.telemetry.report import OutageReport
from vigie.web.outage_records import RecordedOutage, records

SPAN_MS = 24 * 3_600_000
POINTS = 240
BARS = 96
WIDTH, HEIGHT = 960.0, 100.0
FEEDING = (EventKind.FAULT, EventKind.FAULT_CLEARED, EventKind.SWITCHING)
MOST_EVENTS = 4000
TOLD = tuple(kind for kind in EventKind if kind is not EventKind.COMMAND)
MOST_TOLD = 8
MOST_LOOKED_THROUGH = 200
NEAR_MS = 90_000
"""What an outage sets off comes within this time of its beginning or end: delays of alarms, the relays."""
SET_OFF = "mains_lost"
TAKEN_NOTE = {"acknowledged", "shelved", "unshelved"}


class Bar(NamedTuple):
    """Who fed the loads during one slice: ``mains``, ``battery`` (at some time), ``nothing`` known."""

    utc_ms: int
    fed_by: str


class History(NamedTuple):
    """What the home page's strip shows; ``error`` says why it cannot."""

    from_utc_ms: int
    to_utc_ms: int
    band: str
    line: str
    low_v: float | None
    high_v: float | None
    bars: list[Bar]
    rows: list["HistoryRow"]
    error: str | None


class HistoryRow(NamedTuple):
    """What is told in one line: an event, or a whole outage with all that it set off."""

    event: Event
    outage: RecordedOutage | None


def history_of(reader: JournalReader, to_utc_ms: int, now: OutageReport | None) -> History:
    """Read the 24 hours before ``to_utc_ms``; ``now`` is the snapshot's outage.

    A journal that cannot be read is said so, never drawn empty.
    """
    start = to_utc_ms - SPAN_MS
    try:
        voltage = reader.series("bus_v", Channel.BATTERY, start, to_utc_ms, POINTS)
        on_battery = _on_battery(reader, start, to_utc_ms)
        rows = _rows(reader.events(start, to_utc_ms, TOLD, MOST_LOOKED_THROUGH), now)
    except JournalError as error:
        return History(start, to_utc_ms, "", "", None, None, [], [], str(error))
    lows = [value for value in voltage.minimum if value is not None]
    highs = [value for value in voltage.maximum if value is not None]
    low_v, high_v = (min(lows), max(highs)) if lows and highs else (None, None)
    band, line = ("", "") if low_v is None or high_v is None else _draw(voltage, start, low_v, high_v)
    return History(start, to_utc_ms, band, line, low_v, high_v, _bars(voltage, on_battery, start), rows, None)


def _rows(events: list[Event], now: OutageReport | None) -> list[HistoryRow]:
    """Return the newest events, each outage as one: its beginning, its end, its alarm and what the relays did."""
    outages = list(records((event for event in events if event.kind is EventKind.OUTAGE), now))
    rows = [HistoryRow(event, None) for event in events if not any(_is_of(event, one) for one in outages)]
    for one in outages:
        told = [event for event in events if event.kind is EventKind.OUTAGE and _is_of(event, one)]
        rows += [HistoryRow(event._replace(utc_ms=one.began_utc_ms), one) for event in told[:1]]
    return sorted(rows, key=lambda row: -row.event.utc_ms)[:MOST_TOLD]


def _is_of(event: Event, outage: RecordedOutage) -> bool:
    """Return whether an event is an outage's own, or set off by it."""
    if event.kind is EventKind.OUTAGE:
        return bool(event.data.get("began_utc_ms", event.utc_ms) == outage.began_utc_ms)
    ends = [one for one in (outage.began_utc_ms, outage.ended_utc_ms) if one is not None]
    if not any(abs(event.utc_ms - one) <= NEAR_MS for one in ends):
        return False
    if event.kind is EventKind.SWITCHING:
        return event.reason == SET_OFF
    return event.subject in {"mains", SET_OFF} and event.reason not in TAKEN_NOTE


def _runs(series: Series) -> list[list[int]]:
    """Return the indices of each stretch of points without a gap."""
    runs: list[list[int]] = [[]]
    longest_ms = 3 * SPAN_MS // POINTS
    for index, mean in enumerate(series.mean):
        if mean is None or (runs[-1] and series.utc_ms[index] - series.utc_ms[runs[-1][-1]] > longest_ms):
            runs.append([])
        if mean is not None:
            runs[-1].append(index)
    return [run for run in runs if run]


def _draw(series: Series, start: int, low_v: float, high_v: float) -> tuple[str, str]:
    """Return the SVG paths of the min/max band and of the mean, in a box of WIDTH x HEIGHT."""
    margin_v = max(0.05, (high_v - low_v) * 0.1)
    span_v = high_v - low_v + 2 * margin_v

    def point(index: int, value: float | None) -> str:
        x = (series.utc_ms[index] - start) / SPAN_MS * WIDTH
        y = HEIGHT - ((value or 0.0) - low_v + margin_v) / span_v * HEIGHT
        return f"{x:.1f} {y:.1f}"

    band, line = [], []
    for run in _runs(series):
        upper = [point(index, series.maximum[index]) for index in run]
        lower = [point(index, series.minimum[index]) for index in reversed(run)]
        band.append("M" + "L".join([*upper, *lower]) + "Z")
        line.append("M" + "L".join(point(index, series.mean[index]) for index in run))
    return "".join(band), "".join(line)


def _on_battery(reader: JournalReader, start: int, end: int) -> list[tuple[int, int]]:
    """Return when the battery fed the loads: the mains was told absent, or R1 was open."""
    events = reader.events(start, end, FEEDING, MOST_EVENTS)[::-1]
    mains = [(event.utc_ms, event.kind is EventKind.FAULT) for event in events if event.subject == "mains"]
    drills = [
        (event.utc_ms, event.after == "open")
        for event in events
        if event.kind is EventKind.SWITCHING and event.subject == "R1"
    ]
    last_mains = reader.last_event((EventKind.FAULT, EventKind.FAULT_CLEARED), "mains")
    last_r1 = reader.last_switching("R1")
    was_absent = last_mains is not None and last_mains.kind is EventKind.FAULT
    was_open = last_r1 is not None and last_r1.after == "open"
    return [*_spans(mains, was_absent, start, end), *_spans(drills, was_open, start, end)]


def _spans(changes: list[tuple[int, bool]], is_now: bool, start: int, end: int) -> list[tuple[int, int]]:
    """Return when something stood, from its changes within the window; ``is_now`` speaks when there are none."""
    stood = not changes[0][1] if changes else is_now
    spans, since = [], start
    for utc_ms, stands in [*changes, (end, False)]:
        if stood:
            spans.append((since, utc_ms))
        stood, since = stands, utc_ms
    return spans


def _bars(voltage: Series, on_battery: list[tuple[int, int]], start: int) -> list[Bar]:
    slice_ms = SPAN_MS // BARS
    fed_by = ["nothing"] * BARS
    for utc_ms, mean in zip(voltage.utc_ms, voltage.mean, strict=True):
        if mean is not None:
            fed_by[min(BARS - 1, max(0, (utc_ms - start) // slice_ms))] = "mains"
    for since, until in on_battery:
        for index in range(max(0, (since - start) // slice_ms), min(BARS - 1, (until - 1 - start) // slice_ms) + 1):
            if fed_by[index] == "mains":
                fed_by[index] = "battery"
    return [Bar(start + index * slice_ms, name) for index, name in enumerate(fed_by)]
