"""Which language a page is in: the reader's choice (cookie), else the browser's, else French."""

from typing import Any, cast

from babel.core import get_global
from flask import Flask, request
from flask_babel import Babel

from vigie.wording.languages import DEFAULT_LANGUAGE, languages
from vigie.wording.words import CATALOGUES, DOMAIN

LANGUAGE_COOKIE = "vigie_language"

for _unused in ("likely_subtags", "territory_languages", "territory_currencies"):
    # 2 MB that Babel loads with what it needs: money, and languages by other names than those of our catalogues. Given
    # up this early they are filled again; between two requests they would leave holes.
    cast("dict[str, Any]", get_global(_unused)).clear()


def choose_language() -> str:
    """Return the language of this request, always one there is a catalogue for."""
    supported = languages()
    if (chosen := request.cookies.get(LANGUAGE_COOKIE)) in supported:
        return str(chosen)
    # Not best_match(): for "en-GB, fr;q=0.5" it prefers the exact "fr" to the wanted "en".
    wanted = (tag.replace("_", "-").partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((code for code in wanted if code in supported), DEFAULT_LANGUAGE)


def init_i18n(app: Flask) -> None:
    """Make gettext and the template function ``_`` speak the language of each request."""
    Babel(  # type: ignore[no-untyped-call]
        app,
        default_locale=DEFAULT_LANGUAGE,
        default_domain=DOMAIN,
        default_translation_directories=str(CATALOGUES),
        locale_selector=choose_language,
    )
