"""Reading a database on a full disk, which has no room for the index that SQLite makes beside a write-ahead log."""

import sqlite3
from pathlib import Path


def may_lack_room(error: sqlite3.Error) -> bool:
    """Tell whether a database could not be opened for want of room on its disk."""
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
    return code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN)


def opened_alone(path: Path, timeout_s: float) -> sqlite3.Connection:
    """Open a database that is there for this connection only, which needs no room then.

    It waits until nobody else has the file open, and nobody else can use it before the connection is closed.
    """
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
