"""What is kept how long, and the small bites in which the rest is deleted."""

import sqlite3
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from vigie.telemetry.delivery_schema import BEFORE_ALL, NO_LIMIT
from vigie.telemetry.schema import HOUR_MS, KEYS_PER_MS
from vigie.units import setting

DAY_MS = 86_400_000
BYTES_PER_MB = 1_000_000


class JournalSettings(NamedTuple):
    """How the journal writes and what it keeps. Days are counted on the plant's calendar."""

    raw_days: Annotated[
        int, setting("How long every period is kept; 0 keeps them for ever", unit="d", ge=0, le=36_500)
    ] = 30
    undelivered_days: Annotated[
        int,
        setting(
            "With remote_write.url: how long periods are kept that it has not taken yet, where that is longer than "
            "raw_days; 0: no longer",
            unit="d", ge=0, le=36_500,
        ),
    ] = 90  # fmt: skip
    minute_days: Annotated[
        int, setting("How long minute roll-ups are kept; 0 keeps them for ever", unit="d", ge=0, le=36_500)
    ] = 730
    hour_days: Annotated[
        int, setting("How long hour roll-ups are kept; 0 keeps them for ever", unit="d", ge=0, le=36_500)
    ] = 0
    batch_s: Annotated[
        float,
        setting("Ordinary periods are committed this often: the most a power cut loses", unit="s", gt=0, le=600),
    ] = 10.0
    waiting_periods: Annotated[
        int, setting("Periods held in memory while the disk does not take them", ge=60, le=1_000_000)
    ] = 7200
    size_cap_mb: Annotated[
        int,
        setting(
            "Most the journal's rows may occupy; raw periods go first, undelivered ones last of them. 0: no cap",
            unit="MB", ge=0, le=10**6,
        ),
    ] = 0  # fmt: skip


PROOF_HOURS = 168
"""A calendar that the journal has recorded for a week is believed; one that was wrong for less has deleted nothing."""
_PROVEN = "SELECT start_utc_ms FROM hour WHERE start_utc_ms <= ? ORDER BY start_utc_ms DESC LIMIT 1 OFFSET ?"


class RowSpan(NamedTuple):
    """The raw rows with keys above ``after_key``, up to ``to_key``."""

    after_key: int
    to_key: int


_EVERYTHING = RowSpan(BEFORE_ALL, NO_LIMIT)

# What delivery has still to send, and what was refused or is to be sent again: both need the raw rows. A journal new to
# delivery is sent from its beginning.
_UNDELIVERED = f"""SELECT max(after_key, :oldest) AS after_key, to_key FROM (
  SELECT after_key, to_key FROM delivery_waiting
  UNION ALL SELECT from_key - 1, to_key FROM delivery_aside
  UNION ALL SELECT {BEFORE_ALL}, {NO_LIMIT} WHERE NOT EXISTS (SELECT 1 FROM delivery)
) WHERE to_key > :oldest ORDER BY after_key"""  # noqa: S608 - own names only
_ENDS = """SELECT (SELECT min(key) FROM period WHERE key > :after_key AND key <= :to_key),
  (SELECT max(key) FROM period WHERE key > :after_key AND key <= :to_key)"""


def believed_now_ms(connection: sqlite3.Connection, now_utc_ms: int) -> int:
    """Return the instant that ages are counted to: the calendar's own, as far as recorded hours bear it out.

    A calendar that was set months ahead finds the week before it almost empty, and so does one that runs again after
    months: what is old then is kept a week longer.
    """
    row = connection.execute(_PROVEN, (now_utc_ms, PROOF_HOURS)).fetchone()
    proven_ms = 0 if row is None else int(row[0]) + (PROOF_HOURS + 2) * HOUR_MS
    return min(now_utc_ms, proven_ms)


def trim(
    connection: sqlite3.Connection,
    settings: JournalSettings,
    now_utc_ms: int,
    bite: int,
    *,
    keeps_undelivered: bool = False,
    believed_ms: int | None = None,
) -> None:
    """Delete at most ``bite`` rows of each table that are past their time, within the caller's transaction.

    ``keeps_undelivered``: a central store is to get every period; what it has not got stays for ``undelivered_days``.
    ``believed_ms``: ages are counted to it instead of to now, see :func:`believed_now_ms`.
    """
    aged_ms = now_utc_ms if believed_ms is None else believed_ms
    for table, days in (("minute", settings.minute_days), ("hour", settings.hour_days)):
        if days:
            connection.execute(
                f"DELETE FROM {table} WHERE start_utc_ms IN "  # noqa: S608 - own names only
                f"(SELECT start_utc_ms FROM {table} WHERE start_utc_ms < ? ORDER BY start_utc_ms LIMIT ?)",
                (aged_ms - days * DAY_MS, bite),
            )
    raw_key, kept = BEFORE_ALL, list[RowSpan]()
    if settings.raw_days:
        raw_key = _last_key_before(aged_ms, settings.raw_days)
    if keeps_undelivered:
        oldest_key = min(raw_key, _last_key_before(aged_ms, settings.undelivered_days))
        kept = [RowSpan(*row) for row in connection.execute(_UNDELIVERED, {"oldest": oldest_key})]
    _delete(connection, _outside(kept, raw_key), bite)
    if settings.size_cap_mb and used_bytes(connection) > settings.size_cap_mb * BYTES_PER_MB:
        left = _bite_farthest(connection, _outside(kept, NO_LIMIT), now_utc_ms, bite)
        _bite_farthest(connection, [_EVERYTHING], now_utc_ms, left)


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes the rows occupy; the file itself never shrinks, its free pages are used again."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _last_key_before(now_utc_ms: int, days: int) -> int:
    return (now_utc_ms - days * DAY_MS) * KEYS_PER_MS - 1


def _outside(kept: Sequence[RowSpan], to_key: int) -> list[RowSpan]:
    """Return what lies outside of spans that are given in order, up to ``to_key``."""
    gaps, after_key = [], BEFORE_ALL
    for span in kept:
        gaps.append(RowSpan(after_key, min(span.after_key, to_key)))
        after_key = max(after_key, span.to_key)
    gaps.append(RowSpan(after_key, to_key))
    return [gap for gap in gaps if gap.after_key < gap.to_key]


def _delete(connection: sqlite3.Connection, spans: Sequence[RowSpan], bite: int, order: str = "ASC") -> int:
    """Delete at most ``bite`` raw rows, span by span; return what is left of the bite."""
    for span in spans:
        if bite > 0:
            deleted = connection.execute(
                f"DELETE FROM period WHERE key IN "  # noqa: S608 - ASC or DESC
                f"(SELECT key FROM period WHERE key > ? AND key <= ? ORDER BY key {order} LIMIT ?)",
                (*span, bite),
            )
            bite -= deleted.rowcount
    return bite


def _bite_farthest(connection: sqlite3.Connection, spans: Sequence[RowSpan], now_utc_ms: int, bite: int) -> int:
    """Delete raw rows from the end of time that lies farther from now (a simulation leaves some ahead)."""
    ends = [key for span in spans for key in connection.execute(_ENDS, span._asdict()).fetchone() if key is not None]
    if not ends:
        return bite
    now_key = now_utc_ms * KEYS_PER_MS
    if max(ends) - now_key > now_key - min(ends):
        return _delete(connection, spans[::-1], bite, "DESC")
    return _delete(connection, spans, bite)
