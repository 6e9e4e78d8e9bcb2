"""What a store's answer means for the request it was given to."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from vigie.errors import VigieError

_WORDS_LIMIT = 300
_LONGEST_RETRY_AFTER_S = 600.0
_TOO_OLD = re.compile(r"too[ _-]old|out of bounds|too far in the past", re.IGNORECASE)
_TOO_NEW = re.compile(r"too[ _-]far[ _-]in[ _-](the[ _-])?future", re.IGNORECASE)
_OTHER_OFFENCE = re.compile(r"out[ -]of[ -]order|duplicate sample|sample-duplicate", re.IGNORECASE)
_NO_HTTPS = re.compile(r"http request.*https", re.IGNORECASE)
_ADVICE = {
    401: "check remote_write.token_file, or username and password_file, and tenant",
    403: "check remote_write.token_file, or username and password_file, and what they may do there",
    404: "check the path of remote_write.url; Prometheus needs --web.enable-remote-write-receiver",
    405: "check the path of remote_write.url, Prometheus' own is /api/v1/write",
    407: "a proxy wants a login: check the proxy in the environment",
    415: "it does not take remote write v1 (snappy, protobuf): check remote_write.url",
}


class Offence(Enum):
    """Why samples are refused for good."""

    TOO_OLD = "too old"
    TOO_NEW = "too new"
    TOO_LARGE = "too large"
    """The request, not the samples."""
    OTHER = "other"


class NotTakenNow(VigieError):
    """The same request may be taken later."""

    def __init__(
        self, text: str, retry_after_s: float = 0.0, *, is_settings: bool = False, is_up: bool = False
    ) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        """What the store itself asked for, 0 when it said nothing."""
        self.is_settings = is_settings
        """Somebody has to change something: address, certificate, login."""
        self.is_up = is_up
        """The store itself has spoken: it was not away, so what it took before it still has."""


class RefusedForGood(VigieError):
    """The same request will never be taken."""

    def __init__(self, status: int, words: str, offence: Offence) -> None:
        super().__init__(f"{status}: {words}" if status else words)
        self.status = status
        self.words = words
        self.offence = offence


def judge(url: str, status: int, headers: Mapping[str, str], said: str, now: datetime) -> None:
    """Return when the store has taken the request.

    Prometheus before 2.48 says 500 to samples that are too old: its words decide, not the status alone.

    Args:
        url: what was asked, for the message.
        status: HTTP status.
        headers: the answer's, names in any case.
        said: beginning of the answer's body.
        now: for a ``Retry-After`` that is a date.

    Raises:
        NotTakenNow: try the same request again.
        RefusedForGood: never try the same request again.
    """
    if 200 <= status < 300:
        return
    words = plain(said) or "no words"
    if _NO_HTTPS.search(words):
        raise NotTakenNow(f"{url}: {status} {words}; remote_write.url must begin with https", is_settings=True)
    if status == 413:
        raise RefusedForGood(status, words, Offence.TOO_LARGE)
    offence = _offence(words)
    if status >= 400 and offence is not None:
        raise RefusedForGood(status, words, offence)
    if status in _ADVICE or status < 400:
        advice = (
            _ADVICE.get(status) or f"it leads to {headers.get('Location', 'elsewhere')!s}: write that address itself"
        )
        raise NotTakenNow(f"{url}: {status} {words}; {advice}", is_settings=True)
    if status >= 500 or status in {408, 425, 429}:
        wait_s = retry_after_s(headers.get("Retry-After", ""), now)
        raise NotTakenNow(f"{url}: {status} {words}; it is tried again", wait_s, is_up=status < 500)
    raise RefusedForGood(status, words, Offence.OTHER)


def _offence(words: str) -> Offence | None:
    # Prometheus 3 calls what is too new "out of bounds: timestamp is too far in the future"
    for pattern, offence in ((_TOO_NEW, Offence.TOO_NEW), (_TOO_OLD, Offence.TOO_OLD), (_OTHER_OFFENCE, Offence.OTHER)):
        if pattern.search(words):
            return offence
    return None


def retry_after_s(value: str, now: datetime) -> float:
    """Return the seconds a ``Retry-After`` header asks for, at most ten minutes; 0 when it makes no sense.

    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> retry_after_s("30", noon), retry_after_s("Sun, 22 Nov 2026 12:00:05 GMT", noon), retry_after_s("soon", noon)
    (30.0, 5.0, 0.0)
    """
    try:
        is_number = re.fullmatch(r"[0-9]+", value.strip())
        seconds = float(value) if is_number else (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)


def plain(said: str) -> str:
    """Return a server's words in one printable line of limited length; of a page of HTML only that it is one."""
    if re.match(r"\s*(<!doctype|<html)", said, re.IGNORECASE):
        title = re.search(r"<title>(.*?)</title>", said, re.IGNORECASE | re.DOTALL)
        said = title[1] if title else "a page of HTML"
    text = " ".join("".join(char if char.isprintable() else " " for char in said).split())
    return text if len(text) <= _WORDS_LIMIT else text[: _WORDS_LIMIT - 1] + "…"


def store_utc_s(headers: Mapping[str, str]) -> float | None:
    """Return the store's clock (UTC seconds) as its answer tells it, None when it does not."""
    try:
        return parsedate_to_datetime(headers["Date"]).astimezone(UTC).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
