"""Adding, changing and removing users: the rules, for the page and for the command line."""

from collections.abc import Callable

from vigie.access import passwords
from vigie.access.people import AuditEntry, Refused, Role, Session, User, checked_name
from vigie.access.store import Act, UsersFile
from vigie.wording.words import mark

FIRST = "admin"


class Users:
    """The users of an installation. ``by`` says who asks for a change, ``address`` from where ("" on this machine)."""

    def __init__(self, file: UsersFile, now_s: Callable[[], float]) -> None:
        self._file = file
        self._now_s = now_s

    def all(self) -> list[User]:
        """Return all users by name."""
        return self._file.users()

    def make_first(self) -> str | None:
        """Make the user ``admin`` when there is nobody yet, and return the password, which must be changed."""
        password = passwords.made_up()
        first = User(FIRST, Role.ADMIN, True, self._now_s(), None)
        act = self._act("first start", "", "added", FIRST, Role.ADMIN.word)
        is_made = not self._file.users() and self._file.add(first, passwords.hashed(password), act, only_first=True)
        return password if is_made else None

    def add(self, name: str, role: Role, by: str, address: str = "", password: str | None = None) -> str:
        """Add a user and return the password: the one given, or a made-up one that must be changed.

        Raises:
            Refused: the name cannot be one or is taken, or the password is too weak.
        """
        user = User(checked_name(name), role, password is None, self._now_s(), None)
        chosen = passwords.made_up() if password is None else passwords.checked(password, name)
        if not self._file.add(user, passwords.hashed(chosen), self._act(by, address, "added", name, role.word)):
            raise Refused(mark("there is a user {name} already"), name=name)
        return chosen

    def give_password(self, name: str, by: str, address: str = "", password: str | None = None) -> str:
        """Give a user another password and return it: the one given, or a made-up one that must be changed.

        Raises:
            Refused: there is no such user, or the password is too weak.
        """
        chosen = passwords.made_up() if password is None else passwords.checked(password, name)
        self._set(name, chosen, password is None, by, address)
        return chosen

    def choose_password(self, name: str, password: str, by: str, address: str) -> str:
        """Give a user the password the user has chosen; return what is kept of it.

        Raises:
            Refused: it is too weak, or there is no such user.
        """
        return self._set(name, passwords.checked(password, name), False, by, address)

    def set_role(self, name: str, role: Role, by: str, address: str = "") -> None:
        """Give a user another role.

        Raises:
            Refused: there is no such user, or no admin would remain.
        """
        if not self._file.set_role(name, role, self._act(by, address, "role", name, role.word)):
            raise self._why_not(name)

    def remove(self, name: str, by: str, address: str = "") -> None:
        """Remove a user.

        Raises:
            Refused: there is no such user, or no admin would remain.
        """
        if not self._file.remove(name, self._act(by, address, "removed", name)):
            raise self._why_not(name)

    def sessions(self) -> list[Session]:
        """Return all sessions, the one used last first."""
        return self._file.sessions()

    def end_session(self, session_id: int, by: str, address: str = "") -> None:
        """End one session; nothing happens when it has ended."""
        found = next((session for session in self._file.sessions() if session.id == session_id), None)
        if found is not None:
            self._file.end_session(session_id, self._act(by, address, "session ended", found.user, found.address))

    def end_sessions(self, name: str, by: str, address: str = "") -> None:
        """End all sessions of a user, of everybody when the name is empty."""
        self._file.end_sessions(name, self._act(by, address, "sessions ended", name))

    def record(self, most: int) -> list[AuditEntry]:
        """Return the newest lines of the record of logins and changes, newest first."""
        return self._file.audit(most)

    def _set(self, name: str, password: str, must_change: bool, by: str, address: str) -> str:
        kept = passwords.hashed(password)
        if not self._file.set_password(name, kept, must_change, self._act(by, address, "password", name)):
            raise self._why_not(name)
        return kept

    def _why_not(self, name: str) -> Refused:
        known = [user.name for user in self._file.users()]
        if name in known:
            return Refused(mark("the only admin is {name}: make another one first"), name=name)
        listed = ", ".join(known) or "-"
        return Refused(mark("there is no user {name}; there are {known}"), name=name, known=listed)

    def _act(self, by: str, address: str, action: str, name: str, detail: str = "") -> Act:
        return Act(self._now_s(), by, address, action, name, detail)
