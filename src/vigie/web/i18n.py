"""Which language a page is in: the reader's choice (cookie), else the browser's, else French."""

from flask import Flask, request
from flask_babel import Babel

from vigie.wording.words import CATALOGUES, DOMAIN, languages

DEFAULT_LANGUAGE = "fr"
LANGUAGE_COOKIE = "vigie_language"
LANGUAGE_NAMES = {"de": "Deutsch", "en": "English", "fr": "Français"}
"""Each language in its own words, for the switch."""


def choose_language() -> str:
    """Return the language of this request, always one there is a catalogue for."""
    supported = languages()
    if (chosen := request.cookies.get(LANGUAGE_COOKIE)) in supported:
        return str(chosen)
    # The default goes first: best_match keeps the order on a tie such as "*".
    ordered = sorted(supported, key=lambda code: code != DEFAULT_LANGUAGE)
    return request.accept_languages.best_match(ordered, default=DEFAULT_LANGUAGE) or DEFAULT_LANGUAGE


def init_i18n(app: Flask) -> None:
    """Make gettext and the template function ``_`` speak the language of each request."""
    Babel(  # type: ignore[no-untyped-call]
        app,
        default_locale=DEFAULT_LANGUAGE,
        default_domain=DOMAIN,
        default_translation_directories=str(CATALOGUES),
        locale_selector=choose_language,
    )
