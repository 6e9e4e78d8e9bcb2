"""Marks in the journal where the calendar ran backwards, written in the transaction of the rows themselves.

Whoever follows the journal by its keys (delivery does) would otherwise miss rows that come in under his cursor.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple


class Pass(NamedTuple):
    """Where the writer is."""

    step_id: int
    """The newest mark, 0 before the first."""
    last_key: int | None
    """Key of the row inserted last, None in an empty journal."""
    ceiling: int | None
    """Highest key of earlier passes while this one is under it."""


def load(connection: sqlite3.Connection) -> Pass:
    """Return where the last program to write the file was."""
    (highest,) = connection.execute("SELECT max(key) FROM period").fetchone()
    row = connection.execute("SELECT id, reached_key FROM step_back ORDER BY id DESC LIMIT 1").fetchone()
    step_id, reached = row or (0, None)
    return Pass(step_id, highest, None) if reached is None else Pass(step_id, reached, highest)


def advance(connection: sqlite3.Connection, now: Pass, keys: Sequence[int]) -> Pass:
    """Mark what rows just inserted under ``keys`` mean; return where the writer is then."""
    step_id, last_key, ceiling = now
    for key in keys:
        if last_key is not None and key < last_key:
            ceiling = last_key if ceiling is None else max(ceiling, last_key)
            step_id = (
                connection.execute(
                    "INSERT INTO step_back (key, before_key, reached_key) VALUES (?, ?, ?)", (key, last_key, key)
                ).lastrowid
                or 0
            )
        last_key = key
    if ceiling is not None and last_key is not None:
        is_above = last_key > ceiling
        connection.execute(
            "UPDATE step_back SET reached_key = ? WHERE id = ?", (None if is_above else last_key, step_id)
        )
        ceiling = None if is_above else ceiling
    return Pass(step_id, last_key, ceiling)
