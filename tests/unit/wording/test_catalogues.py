"""The catalogues hold every message of the program, translated, compiled, with the typography of their language."""

import gettext
import re
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from vigie.wording.words import CATALOGUES, DOMAIN

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
from translations import extract  # noqa: E402

TRANSLATED = sorted(path.name for path in CATALOGUES.iterdir())


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    template = tmp_path_factory.mktemp("messages") / "vigie.pot"
    extract(template)
    with template.open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_message_is_missing_left_over_or_fuzzy(language: str, extracted: set[str]) -> None:
    messages = [message for message in catalogue(language) if message.id]
    assert {str(message.id) for message in messages} == extracted, "run python tools/translations.py"
    assert [message.id for message in messages if not message.string or message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_survive_translation(language: str) -> None:
    for message in catalogue(language):
        names = re.compile(r"%\(\w+\)s|\{\w+(?::[^{}]*)?\}")
        assert sorted(names.findall(str(message.id))) == sorted(names.findall(str(message.string))), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_in_step(language: str, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.mo"
    with fresh.open("wb") as file:
        write_mo(file, catalogue(language))
    committed = CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with fresh.open("rb") as one, committed.open("rb") as other:
        wanted, found = gettext.GNUTranslations(one), gettext.GNUTranslations(other)
    for message in catalogue(language):
        if message.id:
            assert found.gettext(str(message.id)) == wanted.gettext(str(message.id)), "run python tools/translations.py"


def test_french_keeps_its_unbreakable_spaces_and_apostrophes() -> None:
    for message in catalogue("fr"):
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in forms if message.id else ():
            assert not re.search(r"[^\u00a0\u202f\s]?[ ][:;?!]|\w[;?!](\s|$)|\w'", text), text
