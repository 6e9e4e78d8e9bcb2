"""``users.sqlite``: users, their sessions, and the record of who came and what changed."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vigie.access.people import AuditEntry, Role, Session, User
from vigie.access.schema import APPLICATION_ID, AUDIT_ROWS, MIGRATIONS
from vigie.errors import AccessError
from vigie.telemetry.alone import may_lack_room, opened_alone
from vigie.wording.dialogue import spoken, technical
from vigie.wording.words import mark

_BUSY_TIMEOUT_S = 5.0
_OWNER_ONLY = 0o600
_USERS = "SELECT name, role, must_change, created_s, last_login_s, password FROM user"
_SESSIONS = "SELECT id, user, created_s, used_s, confirmed_s, address, agent FROM session"


class Act(NamedTuple):
    """One line for the record: who did what to which user, from where."""

    utc_s: float
    who: str
    address: str
    action: str
    user: str = ""
    detail: str = ""


class UsersFile:
    """The tables behind the door. Safe to use from many threads, and by several processes at once.

    It is opened at the first use, and anew after a fork. Every method raises
    :class:`~vigie.errors.AccessError` when the file cannot be read or written; the text says what to do.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._opened_by = 0
        self._is_alone = False
        """Whether nobody else can use the file until it is closed."""

    def users(self) -> list[User]:
        """Return all users by name."""
        with self._opened() as connection:
            return [_user(row) for row in connection.execute(f"{_USERS} ORDER BY name")]

    def user(self, name: str) -> tuple[User, str] | None:
        """Return a user and what is kept of the password, None when there is no such user."""
        with self._opened() as connection:
            row = connection.execute(f"{_USERS} WHERE name = ?", (name,)).fetchone()
        return None if row is None else (_user(row), row[-1])

    def add(self, user: User, password: str, act: Act, *, only_first: bool = False) -> bool:
        """Add a user; False when there is one of that name, or anyone at all with ``only_first``."""
        with self._changing() as connection:
            if only_first and connection.execute("SELECT 1 FROM user").fetchone():
                return False
            statement = (
                "INSERT OR IGNORE INTO user (name, role, must_change, created_s, last_login_s, password) "
                "VALUES (?, ?, ?, ?, ?, ?)"
            )
            return _changed(connection, act, statement, (*user, password))

    def set_password(self, name: str, password: str, must_change: bool, act: Act) -> bool:
        """Give a user a password and end the user's sessions; False when there is no such user."""
        with self._changing() as connection:
            connection.execute("DELETE FROM session WHERE user = ?", (name,))
            statement = "UPDATE user SET password = ?, must_change = ? WHERE name = ?"
            return _changed(connection, act, statement, (password, must_change, name))

    def set_role(self, name: str, role: Role, act: Act) -> bool:
        """Give a user a role and end the user's sessions; False when no such user, or no admin would remain."""
        with self._changing() as connection:
            if role < Role.ADMIN and _is_only_admin(connection, name):
                return False
            connection.execute("DELETE FROM session WHERE user = ?", (name,))
            return _changed(connection, act, "UPDATE user SET role = ? WHERE name = ?", (role, name))

    def remove(self, name: str, act: Act) -> bool:
        """Remove a user and the user's sessions; False when there is no such user, or no admin would remain."""
        with self._changing() as connection:
            if _is_only_admin(connection, name):
                return False
            return _changed(connection, act, "DELETE FROM user WHERE name = ?", (name,))

    def rehash(self, name: str, old: str, new: str) -> None:
        """Keep the same password in another way."""
        with self._changing() as connection:
            connection.execute("UPDATE user SET password = ? WHERE name = ? AND password = ?", (new, name, old))

    def begin_session(self, token_sha256: bytes, session: Session, kept: str, act: Act) -> bool:
        """Keep a new session; False when the user's password is no longer the one of which ``kept`` was kept."""
        with self._changing() as connection:
            statement = "UPDATE user SET last_login_s = ? WHERE name = ? AND password = ?"
            if not _changed(connection, act, statement, (session.created_s, session.user, kept)):
                return False
            connection.execute(
                "INSERT INTO session (token_sha256, user, created_s, used_s, confirmed_s, address, agent) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (token_sha256, *session[1:]),
            )
            return True

    def session(self, token_sha256: bytes) -> tuple[Session, User] | None:
        """Return a session with its user, None when there is no such session."""
        with self._opened() as connection:
            row = connection.execute(f"{_SESSIONS} WHERE token_sha256 = ?", (token_sha256,)).fetchone()
            found = row and connection.execute(f"{_USERS} WHERE name = ?", (row[1],)).fetchone()
        return (Session(*row), _user(found)) if found else None

    def sessions(self) -> list[Session]:
        """Return all sessions, the one used last first."""
        with self._opened() as connection:
            rows = connection.execute(f"{_SESSIONS} ORDER BY used_s DESC").fetchall()
        return [Session(*row) for row in rows]

    def touch(self, session_id: int, used_s: float, confirmed_s: float | None = None) -> None:
        """Note that a session was used, and that its password was typed again."""
        with self._changing() as connection:
            statement = "UPDATE session SET used_s = ?, confirmed_s = coalesce(?, confirmed_s) WHERE id = ?"
            connection.execute(statement, (used_s, confirmed_s, session_id))

    def end_session(self, session_id: int, act: Act) -> bool:
        """End one session; False when there is none of that number."""
        with self._changing() as connection:
            return _changed(connection, act, "DELETE FROM session WHERE id = ?", (session_id,))

    def end_sessions(self, user: str, act: Act) -> bool:
        """End all sessions of a user, of everybody when empty; False when there was none."""
        with self._changing() as connection:
            return _changed(connection, act, "DELETE FROM session WHERE user = ?1 OR ?1 = ''", (user,))

    def forget_ended(self, created_before_s: float, used_before_s: float) -> None:
        """Delete sessions that have lasted too long or were not used for too long."""
        with self._changing() as connection:
            bounds = (created_before_s, used_before_s)
            connection.execute("DELETE FROM session WHERE created_s < ? OR used_s < ?", bounds)

    def note(self, act: Act) -> None:
        """Add a line to the record."""
        with self._changing() as connection:
            _note(connection, act)

    def audit(self, most: int) -> list[AuditEntry]:
        """Return the newest lines of the record, newest first."""
        query = "SELECT utc_s, who, address, action, user, detail FROM audit ORDER BY id DESC LIMIT ?"
        with self._opened() as connection:
            return [AuditEntry(*row) for row in connection.execute(query, (most,))]

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._opened_by == os.getpid():
                self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one change, which is kept whole or not at all."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None or self._opened_by != os.getpid():
                    (self._connection, self._is_alone), self._opened_by = _open(self.path), os.getpid()
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                if not isinstance(error, sqlite3.OperationalError):
                    self.close()
                raise AccessError(f"{spoken(_what_to_do(error), file=self.path)} ({technical(error)})") from error
            finally:
                if self._is_alone:
                    self.close()


def _open(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Return a connection, and whether it is alone with the file: where the disk has no room, there can be one only."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY))
    if path.stat().st_mode & 0o077:
        path.chmod(_OWNER_ONLY)
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        return _prepared(connection, path), False
    except sqlite3.OperationalError as error:
        if not may_lack_room(error):
            raise
    return _prepared(opened_alone(path, _BUSY_TIMEOUT_S), path), True


def _prepared(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    try:
        with _alone_with(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """Let one program at a time prepare the file: SQLite does not wait for the lock that a new log's mode needs.

    The lock is a file of its own. The folder is the controller's to lock; SQLite loses its locks on a file when another
    descriptor of that file is closed. Where none can be made (a read-only disk) nothing is prepared either.
    """
    try:
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to this version, or refuse it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    has_tables = connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None
    if application != APPLICATION_ID and (has_tables or application):
        raise AccessError(spoken("{file} is no file of Vigie's users: move it away", file=path))
    if version > len(MIGRATIONS):
        raise AccessError(
            spoken(
                "{file} was written by a newer Vigie (version {version}, this one knows {known}): update Vigie, or "
                "restore the file of before the update",
                file=path,
                version=version,
                known=len(MIGRATIONS),
            )
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if version == len(MIGRATIONS):
        if (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
        return
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()  # another process may have been first
    for step in MIGRATIONS[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _what_to_do(error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError | OSError):
        return mark("{file} cannot be used: look at the disk's space and at the file's owner and permissions")
    return mark(
        "{file} is damaged: restore it from a backup, or move it away and start again, which makes the user admin anew "
        "and prints a password (other users are lost). Nobody is let in until then"
    )


def _changed(connection: sqlite3.Connection, act: Act, statement: str, values: tuple[object, ...]) -> bool:
    """Execute a change; put it into the record when it changed something."""
    is_changed = connection.execute(statement, values).rowcount > 0
    if is_changed:
        _note(connection, act)
    return is_changed


def _note(connection: sqlite3.Connection, act: Act) -> None:
    row = connection.execute(
        "INSERT INTO audit (utc_s, who, address, action, user, detail) VALUES (?, ?, ?, ?, ?, ?)", act
    ).lastrowid
    connection.execute("DELETE FROM audit WHERE id <= ?", ((row or 0) - AUDIT_ROWS,))


def _is_only_admin(connection: sqlite3.Connection, name: str) -> bool:
    admins = connection.execute("SELECT name FROM user WHERE role = ?", (Role.ADMIN,)).fetchall()
    return admins == [(name,)]


def _user(row: tuple[str, int, int, float, float | None, str]) -> User:
    name, role, must_change, created_s, last_login_s, _ = row
    return User(name, Role(role), bool(must_change), created_s, last_login_s)
