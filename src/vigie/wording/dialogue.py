"""The language of a dialogue with one person: chosen before its first word, and English outside of one."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from vigie.wording.words import SOURCE_LANGUAGE, languages, translator

_language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)
_OF_THE_SYSTEM = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first one that is set decides (POSIX, Base Definitions 8.2)."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let :func:`spoken` speak ``language`` while the body runs."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def language() -> str:
    """Return the two letters of the language spoken now."""
    return _language.get()


def spoken(message: str, /, **values: object) -> str:
    """Return a message of the catalogues in the language of the dialogue, with its ``{placeholders}`` filled.

    >>> spoken("{volts:.2f} V cannot be right", volts=12.3456)
    '12.35 V cannot be right'
    """
    return translator(language())(message).format(**values)


def technical(text: object) -> str:
    """Return what a part that knows no languages has said in English, called that in another language.

    >>> technical("Permission denied")
    'Permission denied'
    """
    return str(text) if language() == SOURCE_LANGUAGE else spoken("{text} (technical detail, in English)", text=text)


def system_language(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of the system where there are words in it, else English.

    >>> system_language({"LC_ALL": "", "LC_MESSAGES": "fr_CH.UTF-8", "LANG": "de_CH.UTF-8"})
    'fr'
    >>> system_language({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}), system_language({})
    ('en', 'en')
    >>> system_language({"LANG": "de@euro"})
    'de'
    """
    told = next((environment[name] for name in _OF_THE_SYSTEM if environment.get(name)), "")
    code = re.split("[._@]", told)[0].lower()
    return code if code in languages() else SOURCE_LANGUAGE
