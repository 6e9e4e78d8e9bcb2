"""Proof that a browser has logged in before: a number, signed with what is kept of that account's password.

It opens nothing. Whoever shows it is not held up by what others try (:mod:`vigie.access.delays`). Nothing of it is
stored, so it survives a restart, and another password ends it.
"""

import hashlib
import hmac
import re
import secrets

_PROOF = re.compile(r"([A-Za-z0-9_-]{16})\.([0-9a-f]{64})")


def number_in(proof: str, name: str, kept: str) -> str | None:
    """Return the number of the browser that shows ``proof``, None when it proves nothing for this account."""
    found = _PROOF.fullmatch(proof)
    if found is None or not hmac.compare_digest(found[2], _signature(found[1], name, kept)):
        return None
    return found[1]


def proof(name: str, kept: str, number: str | None = None) -> str:
    """Return the proof for a browser with this number, or with a new one."""
    number = number or secrets.token_urlsafe(12)
    return f"{number}.{_signature(number, name, kept)}"


def _signature(number: str, name: str, kept: str) -> str:
    return hmac.new(kept.encode(), f"vigie browser\n{name}\n{number}".encode(), hashlib.sha256).hexdigest()
