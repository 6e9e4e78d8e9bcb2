"""The one table of languages. To add one, see "add a language" in CONTRIBUTING.md."""

from typing import NamedTuple

SOURCE_LANGUAGE = "en"
"""That of the message ids; it has no catalogue."""
DEFAULT_LANGUAGE = "fr"
"""Of pages for whoever asks for none that there is."""


class SpokenLanguage(NamedTuple):
    """One language of pages, messages, dialogues and dashboards."""

    code: str
    """Two letters (ISO 639-1): the name of its catalogue's folder."""
    name: str
    """In its own words, for the switch."""
    day_mark: str = ""
    """Stands behind the day of a date."""
    decimal_mark: str = ","


LANGUAGE_ROWS = (
    SpokenLanguage("fr", "Français"),
    SpokenLanguage("en", "English", decimal_mark="."),
    SpokenLanguage("de", "Deutsch", day_mark="."),
)
LANGUAGE_CODES = tuple(row.code for row in LANGUAGE_ROWS)
_BY_CODE = {row.code: row for row in LANGUAGE_ROWS}


def languages() -> list[str]:
    """Return the languages there are words in, by their codes in the order of the alphabet."""
    return sorted(LANGUAGE_CODES)


def language_names() -> dict[str, str]:
    """Return the languages' own names by code, in the order of the switch."""
    return {code: _BY_CODE[code].name for code in languages()}


def day_mark(code: str) -> str:
    """Return what stands behind the day of a date.

    >>> day_mark("de"), day_mark("fr")
    ('.', '')
    """
    return _BY_CODE[code].day_mark if code in _BY_CODE else ""


def decimal_mark(code: str) -> str:
    """Return what stands before the decimals of a number.

    >>> decimal_mark("fr"), decimal_mark("en")
    (',', '.')
    """
    return _BY_CODE[code].decimal_mark if code in _BY_CODE else "."
