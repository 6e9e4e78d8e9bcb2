"""Minutes and hours, computed by SQL from the raw rows, so that rolling again gives the same row again."""

import sqlite3
from collections.abc import Iterable

from vigie.telemetry.schema import HOUR_MS, KEYS_PER_MS, MINUTE_MS, rolled

TABLES = {MINUTE_MS: "minute", HOUR_MS: "hour"}


def _statement(table: str) -> str:
    shown = ["?1", "count(*)", "sum(1 - is_valid)"]
    for column, _ in rolled():
        shown += [f"min({column})", f"CAST(round(avg({column})) AS INTEGER)", f"max({column})"]
    return (
        f"INSERT OR REPLACE INTO {table} SELECT {', '.join(shown)} FROM period "  # noqa: S608 - own names only
        f"WHERE key >= ?1 * {KEYS_PER_MS} AND key < (?1 + ?2) * {KEYS_PER_MS} "
        # A calendar gone far back may open a bucket whose raw rows retention has taken: the fuller row stays.
        f"HAVING count(*) >= coalesce((SELECT periods FROM {table} WHERE start_utc_ms = ?1), 1)"
    )


_STATEMENTS = {width_ms: _statement(table) for width_ms, table in TABLES.items()}

Bucket = tuple[int, int]
"""Width and start, both milliseconds."""


def buckets_of(utc_ms: int) -> set[Bucket]:
    """Return the minute and the hour an instant falls into."""
    return {(width_ms, utc_ms - utc_ms % width_ms) for width_ms in TABLES}


def load_open(connection: sqlite3.Connection) -> set[Bucket]:
    """Return the buckets whose roll-up does not hold all their raw rows yet."""
    return set(connection.execute("SELECT width_ms, start_utc_ms FROM open_bucket"))


def save_open(connection: sqlite3.Connection, before: set[Bucket], after: set[Bucket]) -> None:
    """Replace the open buckets ``before`` by ``after``, within the caller's transaction."""
    gone, new = before - after, after - before
    connection.executemany("DELETE FROM open_bucket WHERE width_ms = ? AND start_utc_ms = ?", gone)
    connection.executemany("INSERT OR IGNORE INTO open_bucket VALUES (?, ?)", new)


def roll(connection: sqlite3.Connection, buckets: Iterable[Bucket]) -> None:
    """Compute the roll-ups of ``buckets`` from the raw rows, within the caller's transaction."""
    for width_ms, start_utc_ms in sorted(buckets):
        connection.execute(_STATEMENTS[width_ms], (start_utc_ms, width_ms))
