"""Texts of the settings that others read: names on pages, in messages and labels, and addresses programs call."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from vigie.config.sections import SettingsFault
from vigie.wording.dialogue import spoken
from vigie.wording.words import languages

LONGEST_NAME = 100
_NAMES = {
    "site": ("name", "battery"),
    "relays": ("r1", "r2", "r3", "r4"),
    **{f"channels.{channel}": ("label",) for channel in ("battery", "charge", "load", "spare")},
}
_LANGUAGES = {"site": ("language",)}
_HOSTS = {"web": ("host",), "metrics": ("host",)}
_ADDRESSES = {"stack": ("grafana_url", "prometheus_url"), "mail": ("page_url",)}
_CALLED = {**_ADDRESSES, "remote_write": ("url",)}
_OTHERS_PORT = {"http": 443, "https": 80}
_BREAKS = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories no line of text holds: control characters, broken halves, line and paragraph ends."""


def unusable_texts(sections: Mapping[str, Any]) -> list[SettingsFault]:
    """Return the names nobody could read and the addresses no program could call."""
    return [
        SettingsFault(f"{section}.{key}", message)
        for table, wrong_with in (
            (_NAMES, _wrong_with_name),
            (_LANGUAGES, _wrong_with_language),
            (_HOSTS, _wrong_with_host),
            (_ADDRESSES, _wrong_with_address),
            (_CALLED, _wrong_with_port),
        )
        for section, keys in table.items()
        if sections.get(section) is not None
        for key in keys
        for message in wrong_with(getattr(sections[section], key))
    ]


def _wrong_with_name(name: str) -> Iterator[str]:
    if not name.strip():
        yield spoken("{name!r} is empty; give a name that can be read", name=name)
    elif len(name) > LONGEST_NAME:
        yield spoken(
            "{name!r}... has {count} characters; at most {most}", name=name[:20], count=len(name), most=LONGEST_NAME
        )
    elif any(unicodedata.category(letter) in _BREAKS for letter in name):
        yield spoken("{name!r} has a line end or control character; give one line of text", name=name)


def _wrong_with_language(code: str) -> Iterator[str]:
    if code and code not in languages():
        yield spoken(
            "{code!r} is none of {known}; give one of them, or nothing for that of the system",
            code=code,
            known=", ".join(languages()),
        )


def _wrong_with_host(host: str) -> Iterator[str]:
    if not host.strip():
        yield spoken("{host!r} is no address; give 127.0.0.1 for this machine alone, 0.0.0.0 for everybody", host=host)


def _wrong_with_address(url: str) -> Iterator[str]:
    if not url:
        return
    try:
        address = urlsplit(url)
        is_one = address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:
        is_one = False
    if not is_one or not url.isascii() or not url.isprintable() or " " in url:
        yield spoken("{url!r} is no address like {example}", url=url, example="http://127.0.0.1:8000/flask")


def _wrong_with_port(url: str) -> Iterator[str]:
    """Yield what is wrong with a port on which everybody speaks the other of http and https."""
    try:
        address = urlsplit(url)
        is_others = address.port is not None and _OTHERS_PORT.get(address.scheme) == address.port
    except ValueError:
        return
    if is_others:
        other = "http" if address.scheme == "https" else "https"
        yield spoken(
            "port {port} speaks {other}, the address begins with {scheme}: correct one of them",
            port=address.port,
            other=other,
            scheme=address.scheme,
        )
