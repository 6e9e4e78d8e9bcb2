"""The address of a site as a browser names it, an ``Origin``: scheme, name and port."""

import re

_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?")
_USUAL_PORTS = {"http": "80", "https": "443"}


def normalised(origin: str) -> str | None:
    """Return an origin in the one way it is compared, None when it is none.

    >>> [normalised(origin) for origin in ("HTTPS://Pi.local:443", "http://[::1]:8000", "null", "http://pi/path")]
    ['https://pi.local', 'http://[::1]:8000', None, None]
    """
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None:
        return None
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" + (f":{port}" if port not in {None, _USUAL_PORTS[scheme]} else "")


def host_of(origin: str) -> str:
    """Return the name in an origin, with its port."""
    return origin.partition("://")[2]
