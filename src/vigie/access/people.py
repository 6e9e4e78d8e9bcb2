"""Who there is: roles, users, their logins, and the visitor behind one request."""

import re
from enum import IntEnum
from typing import NamedTuple

from vigie.errors import CommandRefused
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

GUEST = "guest"
"""Whoever looks without a login; no user can be called so."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class Role(IntEnum):
    """What somebody may do; each may do all that those before may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class User(NamedTuple):
    """One person or display that has a password."""

    name: str
    role: Role
    must_change: bool
    """The password was made by somebody else and opens nothing but the page that changes it."""
    created_s: float
    last_login_s: float | None


class Session(NamedTuple):
    """One login. Instants are the machine's UTC seconds."""

    id: int
    user: str
    created_s: float
    used_s: float
    confirmed_s: float
    """When the password was last typed."""
    address: str
    agent: str


class Visitor(NamedTuple):
    """Who sent a request, and what they may do."""

    name: str
    role: Role
    session: Session | None = None
    must_change: bool = False
    is_program: bool = False
    """It showed the secret of the data folder; its orders say themselves who gives them."""


class AuditEntry(NamedTuple):
    """One line of the record of logins and of changes to users."""

    utc_s: float
    who: str
    address: str
    action: str
    user: str
    detail: str


class Refused(CommandRefused):
    """What was asked is not done. ``message`` is a message id with ``values``, for a page in any language."""

    def __init__(self, message: str, **values: object) -> None:
        self.message = message
        self.values = values
        super().__init__(spoken(message, **values))


def checked_name(name: str) -> str:
    """Return ``name`` when a user may be called so.

    Raises:
        Refused: it may not; the text says what a name is.
    """
    if not NAME.fullmatch(name):
        raise Refused(mark("a name has 1 to 32 of the characters a-z 0-9 . _ - and begins with a letter or a digit"))
    if name == GUEST:
        raise Refused(mark("the name {name} is taken by whoever looks without a login"), name=name)
    return name
