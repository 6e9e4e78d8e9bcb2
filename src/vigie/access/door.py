"""The door: who may come in with a password, who is in, and how that ends."""

import contextlib
import hashlib
import ipaddress
import secrets
from collections.abc import Callable
from pathlib import Path

import structlog

from vigie.access import browsers, passwords
from vigie.access.delays import Delays
from vigie.access.people import GUEST, Refused, Role, Session, User, Visitor
from vigie.access.settings import AccessSettings
from vigie.access.store import Act, UsersFile
from vigie.access.users import Users
from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.errors import AccessError
from vigie.wording.words import mark

log = structlog.get_logger(__name__)

TOUCH_S = 60.0
"""The last use of a session is written down at most so often."""
CLOCK_ERROR_S = 86_400.0
"""A session begun further in the future than this comes from a clock that was wrong, and has ended."""
LONGEST_AGENT, LONGEST_NAME = 160, 64
UNKNOWN = "?"
_LOCAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1", "fe80::/10", "fc00::/7"
    )
)  # fmt: skip
"""This machine, private networks (RFC 1918, RFC 4193) and link-local ones."""


class WrongPassword(Refused):
    """Name or password is wrong; which of them is not told."""


class MustWait(Refused):
    """Too many wrong passwords: the next try is heard in ``wait_s`` seconds."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = max(1, round(wait_s + 0.49))
        super().__init__(mark("too many wrong passwords: wait {seconds} s, then try again"), seconds=self.wait_s)


class Door:
    """Knows who is in. Any process may open one on the same file; what one changes counts in the others at once."""

    def __init__(
        self,
        settings: AccessSettings,
        path: Path,
        now_s: Callable[[], float] = machine_utc_s,
        monotonic_s: Callable[[], float] = machine_monotonic_s,
    ) -> None:
        self.settings = settings
        self._file = UsersFile(path)
        self.users = Users(self._file, now_s)
        self._now_s = now_s
        self._delays = Delays(monotonic_s)
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after a session was ended in this process; it must be quick."""
        self._listeners.append(listener)

    def log_in(self, name: str, password: str, address: str, agent: str, proof: str = "") -> str:
        """Begin a session and return its token, which is kept nowhere but in the browser.

        ``proof`` is what :meth:`proof` gave this browser at an earlier login.

        Raises:
            WrongPassword: so it is, or there is no such user.
            MustWait: it was not even looked at.
        """
        kept = self._judged(name, password, address, "login", self._browser_in(name, proof))
        return self._begin(name, kept, address, agent)

    def proof(self, name: str, shown: str = "") -> str:
        """Return what lets this browser pass those who guess at its next login; ``shown`` stays while it holds.

        It opens nothing, and ends with another password.
        """
        known = self._file.user(name)
        return "" if known is None else browsers.proof(name, known[1], browsers.number_in(shown, name, known[1]))

    def visitor(self, token: str | None, address: str) -> Visitor | None:
        """Return who shows ``token``, or a guest where the local network may look, or None."""
        found = self._standing(token) if token else None
        if found is None:
            may_look = self.settings.local_network_views and is_local(address)
            return Visitor(GUEST, Role.VIEWER) if may_look else None
        session, user = found
        if not 0.0 <= self._now_s() - session.used_s < TOUCH_S:  # ahead: the calendar was set back
            with contextlib.suppress(AccessError):  # a full disk shuts nobody out
                self._file.touch(session.id, self._now_s())
        return Visitor(user.name, user.role, session, user.must_change)

    def log_out(self, visitor: Visitor, address: str) -> None:
        """End the visitor's session."""
        if visitor.session is not None:
            self._file.end_session(visitor.session.id, self._act(visitor.name, address, "logout", visitor.name))
            self.tell()

    def confirm(self, visitor: Visitor, password: str, address: str) -> None:
        """Note that the visitor has typed the password again.

        Raises:
            WrongPassword: it is wrong.
            MustWait: it was not even looked at.
        """
        self._judged(visitor.name, password, address, "confirmation", _browser_of(visitor))
        if visitor.session is not None:
            self._file.touch(visitor.session.id, self._now_s(), self._now_s())

    def is_confirmed(self, visitor: Visitor) -> bool:
        """Return whether the password was typed lately enough for what is dangerous.

        Not when it was typed in the future: the calendar has been set back since, and how long ago it was is unknown.
        """
        if visitor.session is None:
            return visitor.is_program
        return 0.0 <= self._now_s() - visitor.session.confirmed_s <= self.settings.confirm_minutes * 60.0

    def change_password(self, visitor: Visitor, old: str, new: str, address: str, agent: str) -> str:
        """Give the visitor another password; all the visitor's sessions end, and a new one begins with this token.

        Raises:
            WrongPassword: the old one is wrong.
            MustWait: it was not even looked at.
            Refused: the new one is too weak, or the same.
        """
        self._judged(visitor.name, old, address, "password", _browser_of(visitor))
        if new == old:
            raise Refused(mark("the new password is the old one"))
        kept = self.users.choose_password(visitor.name, new, visitor.name, address)
        self.tell()
        return self._begin(visitor.name, kept, address, agent)

    def tell(self) -> None:
        """Tell those who subscribed that sessions may have ended."""
        for listener in self._listeners:
            listener()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _browser_in(self, name: str, proof: str) -> str | None:
        """Return the number of a browser that has logged in to this account before."""
        known = self._file.user(name[:LONGEST_NAME]) if proof else None
        return None if known is None else browsers.number_in(proof, name, known[1])

    def _judged(self, name: str, password: str, address: str, what: str, browser: str | None) -> str:
        """Return what is kept of the right password."""
        name = name[:LONGEST_NAME]  # what is counted must not fill the memory
        if (wait_s := self._delays.begin(name, address, browser)) > 0.0:
            raise MustWait(wait_s)
        known = self._file.user(name) if len(password) <= passwords.LONGEST else None
        kept = None if known is None else known[1]
        if not passwords.is_right(kept, password) or kept is None:
            shown = UNKNOWN if known is None else name  # people type passwords where the name belongs
            log.warning("wrong_password", user=shown, address=address, at=what)
            with contextlib.suppress(AccessError):
                self._file.note(self._act(UNKNOWN, address, "wrong password", shown, what))
            raise WrongPassword(mark("name or password is wrong"))
        self._delays.succeeded(name, address, browser)
        if passwords.is_outdated(kept):
            fresh = passwords.hashed(password)
            self._file.rehash(name, kept, fresh)
            return fresh
        return kept

    def _begin(self, name: str, kept: str, address: str, agent: str) -> str:
        token, now_s = secrets.token_urlsafe(32), self._now_s()
        self._file.forget_ended(now_s - self._longest_s, now_s - self._idle_s)
        session = Session(0, name, now_s, now_s, now_s, address, agent[:LONGEST_AGENT])
        if not self._file.begin_session(_sha256(token), session, kept, self._act(name, address, "login", name)):
            raise WrongPassword(mark("name or password is wrong"))  # it was changed this very moment
        log.info("login", user=name, address=address)
        return token

    def _standing(self, token: str) -> tuple[Session, User] | None:
        found = self._file.session(_sha256(token))
        if found is None:
            return None
        now_s, session = self._now_s(), found[0]
        is_young = -CLOCK_ERROR_S <= now_s - session.created_s <= self._longest_s
        return found if is_young and now_s - session.used_s <= self._idle_s else None

    @property
    def _idle_s(self) -> float:
        return self.settings.idle_hours * 3600.0

    @property
    def _longest_s(self) -> float:
        return self.settings.longest_days * 86_400.0

    def _act(self, who: str, address: str, action: str, user: str, detail: str = "") -> Act:
        return Act(self._now_s(), who, address, action, user, detail)


def _browser_of(visitor: Visitor) -> str | None:
    """Return under what a browser is counted that is in: its session proves it."""
    return None if visitor.session is None else f"session {visitor.session.id}"


def is_local(address: str) -> bool:
    """Return whether an address belongs to a local network or to this machine.

    >>> [is_local(address) for address in ("192.168.1.9", "fe80::1%eth0", "127.0.0.1", "9.9.9.9", "")]
    [True, True, True, False, False]
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in _LOCAL)


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
