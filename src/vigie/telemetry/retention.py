"""What is kept how long, and the small bites in which the rest is deleted."""

import sqlite3
from typing import Annotated, NamedTuple

from vigie.telemetry.schema import KEYS_PER_MS
from vigie.units import setting

DAY_MS = 86_400_000
BYTES_PER_MB = 1_000_000


class JournalSettings(NamedTuple):
    """How the journal writes and what it keeps. Days are counted on the plant's calendar."""

    raw_days: Annotated[
        int, setting("How long every period is kept; 0 keeps them for ever", unit="d", ge=0, le=36_500)
    ] = 30
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
        setting("Most the journal's rows may occupy; raw periods go first. 0: no cap", unit="MB", ge=0, le=10**6),
    ] = 0


def trim(connection: sqlite3.Connection, settings: JournalSettings, now_utc_ms: int, bite: int) -> None:
    """Delete at most ``bite`` rows of each table that are past their time, within the caller's transaction."""
    limits = (
        ("period", "key", settings.raw_days, KEYS_PER_MS),
        ("minute", "start_utc_ms", settings.minute_days, 1),
        ("hour", "start_utc_ms", settings.hour_days, 1),
    )
    for table, column, days, per_ms in limits:
        if days:
            connection.execute(
                f"DELETE FROM {table} WHERE {column} IN "  # noqa: S608 - own names only
                f"(SELECT {column} FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT ?)",
                ((now_utc_ms - days * DAY_MS) * per_ms, bite),
            )
    if settings.size_cap_mb and used_bytes(connection) > settings.size_cap_mb * BYTES_PER_MB:
        _bite_farthest(connection, now_utc_ms, bite)


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes the rows occupy; the file itself never shrinks, its free pages are used again."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _bite_farthest(connection: sqlite3.Connection, now_utc_ms: int, bite: int) -> None:
    """Delete raw rows from the end of time that lies farther from now (a simulation leaves some ahead)."""
    first, last = connection.execute("SELECT min(key), max(key) FROM period").fetchone()
    if first is None:
        return
    now_key = now_utc_ms * KEYS_PER_MS
    order = "DESC" if last - now_key > now_key - first else "ASC"
    connection.execute(
        f"DELETE FROM period WHERE key IN (SELECT key FROM period ORDER BY key {order} LIMIT ?)",  # noqa: S608 - ASC or DESC
        (bite,),
    )
