"""Passwords: how they are kept (argon2id), made up, and judged. The only door to argon2.

Memory 19 MiB, 2 passes, 1 lane: the least the OWASP password storage cheat sheet (2025) recommends for argon2id, chosen
because a Raspberry Pi also has a battery to watch.
"""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vigie.access.people import Refused
from vigie.wording.words import mark

SHORTEST, LONGEST = 10, 128
_FEWEST_DIFFERENT = 5
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each needs 19 MiB and a core: many tries at once must not take the machine's memory."""
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$9KBHccBoJ5P/CwYjOrJyIw$cE8U20i5CkkmJou6jkY5S2OhLh524V5XJ1mWpS1nO/c"
"""Of a random word that nobody kept: what is compared where there is no user."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is mistaken for another when copied by hand."""
_GROUPS, _GROUP = 4, 4


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _AT_ONCE:
        return _HASHER.hash(_bytes(password))


def is_right(kept: str | None, password: str) -> bool:
    """Return whether ``password`` is the one of which ``kept`` was kept.

    None, for a user who does not exist, takes as long as a wrong password.
    """
    with _AT_ONCE:
        try:
            is_same = _HASHER.verify(_NOBODY if kept is None else kept, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
    return is_same and kept is not None


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def is_outdated(kept: str) -> bool:
    """Return whether a password should be hashed anew because it was kept with other parameters."""
    return _HASHER.check_needs_rehash(kept)


def made_up() -> str:
    """Return a random password that can be read out and typed: 79 bits in four groups of four."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def checked(password: str, name: str) -> str:
    """Return ``password`` when the user ``name`` may have it.

    Raises:
        Refused: too short, too long, or too easily guessed.
    """
    if len(password) < SHORTEST:
        raise Refused(mark("a password has at least {least} characters"), least=SHORTEST)
    if len(password) > LONGEST:
        raise Refused(mark("a password has at most {most} characters"), most=LONGEST)
    if len(set(password)) < _FEWEST_DIFFERENT or (name in password.lower() and len(password) < len(name) + SHORTEST):
        raise Refused(mark("this password is too easy to guess: few different characters, or mostly the name"))
    return password
