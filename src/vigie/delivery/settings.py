"""What can be set about the delivery of measurements to a central store."""

import re
import ssl
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from vigie.errors import SettingsError
from vigie.secret_line import secret_line
from vigie.units import setting
from vigie.wording.dialogue import spoken, technical

EXAMPLE = "http://127.0.0.1:9090/prometheus/api/v1/write"
PROMPT_S = 5.0
"""Measurements that take longer from the end of their period to the store are worth a warning."""
_SECRET = re.compile(r"(^|&)[^=]*(token|password|passwd|secret|key)[^=]*=", re.IGNORECASE)


class RemoteWriteSettings(NamedTuple):
    """Where measurements are sent with Prometheus remote write, and how."""

    url: Annotated[
        str,
        setting("Remote-write address, as http://127.0.0.1:9090/prometheus/api/v1/write; empty: nothing is sent"),
    ] = ""
    ca_file: Annotated[str, setting("Certificates that sign the store's; empty: those of the system")] = ""
    username: Annotated[str, setting("Name for HTTP basic authentication; needs password_file")] = ""
    password_file: Annotated[str, setting("File that holds the password of username")] = ""
    token_file: Annotated[str, setting("File that holds a bearer token")] = ""
    tenant: Annotated[str, setting("Tenant of a shared store (X-Scope-OrgID of Mimir and Thanos)")] = ""
    client_names: Annotated[bool, setting("Send every value under the client's own names too")] = False
    interval_s: Annotated[float, setting("How often new measurements are sent", unit="s", ge=0.5, le=600)] = 2.0
    batch_samples: int = 20_000
    """Most samples in one request. A constant: delivery halves it by itself for a store that takes less."""
    timeout_s: float = 15.0
    """How long an answer is waited for. A constant: what was not taken is sent again."""


def faults(settings: RemoteWriteSettings) -> list[tuple[str, str]]:
    """Return (setting, what is wrong) of everything one field alone cannot tell."""
    if not settings.url:
        return []
    found = [("url", text) for text in _url_faults(settings.url)]
    if settings.token_file and settings.username:
        found.append(
            ("token_file", spoken("and username are both set: the store knows one of them, leave the other out"))
        )
    if settings.username and not settings.password_file:
        told = spoken(
            "is demanded by username = {username!r}: name the file with its password", username=settings.username
        )
        found.append(("password_file", told))
    if settings.password_file and not settings.username:
        found.append(("username", spoken("is demanded by password_file: name the user it belongs to")))
    if ":" in settings.username:
        told = spoken("{username!r} has a colon, which ends the name: leave it out", username=settings.username)
        found.append(("username", told))
    if not (settings.tenant.isascii() and settings.tenant.isprintable()):
        found.append(("tenant", spoken("{tenant!r} must be plain ASCII", tenant=settings.tenant)))
    return found


def unusable_files(settings: RemoteWriteSettings) -> list[tuple[str, str]]:
    """Return (setting, what is wrong) of the files the settings name; they belong to the process that delivers."""
    found = []
    if not settings.url:
        return []
    for name in ("password_file", "token_file"):
        file = getattr(settings, name)
        try:
            if file:
                secret(file, name)
        except SettingsError as error:
            found.append((name, str(error).removeprefix(f"remote_write.{name} ")))
    if settings.ca_file:
        try:
            ssl.create_default_context(cafile=settings.ca_file)
        except OSError as error:  # ssl.SSLError is one
            why = error.strerror or str(error)
            told = spoken(
                "{file} cannot be used: {why}; it must hold PEM certificates", file=settings.ca_file, why=technical(why)
            )
            found.append(("ca_file", told))
    return found


def warnings(settings: RemoteWriteSettings, batch_s: float) -> list[tuple[str, str]]:
    """Return (setting, text) of what is allowed but should be known; ``batch_s`` is how often the journal writes."""
    if not settings.url:
        return []
    found = []
    late_s = batch_s + settings.interval_s
    if late_s > PROMPT_S:
        text = spoken(
            "measurements arrive up to {late_s:g} s late: journal.batch_s = {batch_s:g} s, then interval_s = "
            "{interval_s:g} s",
            late_s=late_s,
            batch_s=batch_s,
            interval_s=settings.interval_s,
        )
        found.append(("interval_s", text))
    address = urlsplit(settings.url)
    has_secret = bool(settings.token_file or settings.username)
    if has_secret and address.scheme == "http" and not _is_loopback(address.hostname or ""):
        found.append(("url", spoken("the login goes readable over the network: use https")))
    if settings.ca_file and address.scheme == "http":
        found.append(("ca_file", spoken("is not used: the address begins with http")))
    return found


def secret(file: str, name: str) -> str:
    """Return the first line of the file that setting ``name`` names.

    Raises:
        SettingsError: it cannot be read, or its first line cannot be a secret.
    """
    try:
        line = secret_line(file)
    except (OSError, UnicodeDecodeError) as error:
        why = technical(error.strerror) if isinstance(error, OSError) else spoken("it is not text")
        told = spoken("{file} cannot be read: {why}", file=file, why=why)
        raise SettingsError(f"remote_write.{name} {told}") from error
    if not line or not line.isprintable() or (name == "token_file" and not line.isascii()):
        told = spoken("{file} holds no secret in its first line", file=file)
        raise SettingsError(f"remote_write.{name} {told}")
    return line


def _url_faults(url: str) -> list[str]:
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError as error:
        return [spoken("{url!r} is no address: {why}", url=url, why=technical(error))]
    shown = address._replace(netloc=address.netloc.rpartition("@")[2], query="", fragment="").geturl()
    if address.username is not None or address.password is not None:
        return [spoken("{url} has a name or password in it: put them into username and password_file", url=shown)]
    if _SECRET.search(address.query):
        return [spoken("{url} has a secret in it: put it into token_file", url=shown)]
    if address.scheme not in {"http", "https"} or not address.hostname or port == 0:
        return [spoken("{url!r} is no address like {example}", url=url, example=EXAMPLE)]
    if not url.isascii() or not url.isprintable() or " " in url:
        return [spoken("{url!r} has a character no address can have", url=url)]
    if address.fragment:
        return [spoken("{url!r} has a #: a server never sees what follows it", url=url)]
    if address.path in {"", "/"}:
        return [spoken("{url!r} has no path: Prometheus takes remote write at /api/v1/write", url=url)]
    return []


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"
