"""The tables of the users' file, and how its versions follow each other."""

APPLICATION_ID = 0x56494755
"""``VIGU`` in the file's header: tells it from any other SQLite file."""
AUDIT_ROWS = 20_000
"""So many lines of the record stay; nothing can change one, or delete a younger one."""

_FIRST = (
    """
    CREATE TABLE user (
        name TEXT PRIMARY KEY,
        role INTEGER NOT NULL,
        password TEXT NOT NULL,
        must_change INTEGER NOT NULL,
        created_s REAL NOT NULL,
        last_login_s REAL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE session (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        token_sha256 BLOB NOT NULL UNIQUE,
        user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
        created_s REAL NOT NULL,
        used_s REAL NOT NULL,
        confirmed_s REAL NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL
    )
    """,
    "CREATE INDEX session_of_user ON session (user)",
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        utc_s REAL NOT NULL,
        who TEXT NOT NULL,
        address TEXT NOT NULL,
        action TEXT NOT NULL,
        user TEXT NOT NULL,
        detail TEXT NOT NULL
    )
    """,
    """
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the record is not changed'); END
    """,
    """
    CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    WHEN OLD.id > (SELECT max(id) FROM audit) - 20000
    BEGIN SELECT RAISE(ABORT, 'the record is not deleted'); END
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Step ``n`` brings a file of version ``n`` to version ``n + 1``. Steps of a released version never change."""
