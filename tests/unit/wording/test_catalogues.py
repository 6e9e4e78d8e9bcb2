"""The catalogues hold every message of the program, translated, compiled, with the typography of their language."""

import gettext
import re
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from vigie.wording.languages import language_names
from vigie.wording.words import CATALOGUES, DOMAIN, SOURCE_LANGUAGE, languages

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
from translations import extract  # noqa: E402

TRANSLATED = sorted(path.name for path in CATALOGUES.iterdir())
ALIKE = {
    "fr": {
        "Attention", "Fluctuation", "Information", "Installation", "Journal", "Machine", "Maximum", "Messages",
        "Minimum", "Minutes", "Mode", "Pages", "Shunt", "Site", "Version", "absent", "air",
        "charge", "contact", "journal", "max", "min", "mode", "phases",
    },
    "de": {
        "Alarm", "Browser", "Dashboards", "Journal", "Labels", "Maximum", "Minimum", "Multimeter", "NAME", "Name",
        "Shunt", "Thermometer", "Version", "max", "min", "normal",
    },
}  # fmt: skip
"""Messages that are right in a language as they are in English."""
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+(?:!r)?(?::[^{}]*)?\}")


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return the singular and the plurals of a message or its translation; only one form without plurals."""
    return tuple(text) if isinstance(text, tuple | list) else (text or "",)


def unfinished(messages: Catalog) -> list[str]:
    """Return the messages that are empty, fuzzy, or lack a plural."""

    def is_unfinished(message: Message) -> bool:
        wanted = messages.num_plurals if isinstance(message.id, tuple | list) else 1
        told = forms(message.string)
        return message.fuzzy or len(told) != wanted or not all(told)

    return [str(message.id) for message in messages if message.id and is_unfinished(message)]


def strayed(messages: Catalog) -> list[str]:
    """Return the messages one of whose forms has other placeholders, or other blanks at its ends, than in English."""

    def bones(text: str) -> tuple[list[str], str, str]:
        ends = re.fullmatch(r"([ \n]*)(?:.*[^ \n])?([ \n]*)", text, re.DOTALL)
        assert ends is not None
        return sorted(PLACEHOLDER.findall(text)), ends[1], ends[2]

    return [
        str(message.id)
        for message in messages
        if message.id and any(bones(text) != bones(forms(message.id)[-1]) for text in forms(message.string))
    ]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    template = tmp_path_factory.mktemp("messages") / "vigie.pot"
    extract(template)
    with template.open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_message_is_missing_left_over_or_fuzzy(language: str, extracted: set[str]) -> None:
    assert {str(message.id) for message in catalogue(language) if message.id} == extracted, (
        "run python tools/translations.py"
    )
    assert unfinished(catalogue(language)) == [], f"translate them in src/vigie/translations/{language}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_translated_by_itself(language: str) -> None:
    same = {str(one.id) for one in catalogue(language) if one.id and one.string == one.id}
    assert {text for text in same if re.search("[a-z]{2}", PLACEHOLDER.sub("", text), re.I)} == ALIKE[language]


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_and_outer_blanks_survive_translation(language: str) -> None:
    assert strayed(catalogue(language)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_missing_would_be_seen(language: str) -> None:
    messages = catalogue(language)
    found = {str(message.id): message for message in messages}
    found["Cancel"].string = ""
    found["('row', 'rows')"].string = ("one", "")
    found["%(days)s days"].string = "%(count)s"
    found["Home"].flags.add("fuzzy")
    assert sorted(unfinished(messages)) == ["('row', 'rows')", "Cancel", "Home"]
    assert strayed(messages) == ["%(days)s days"]


def test_every_catalogue_is_offered_under_its_own_name() -> None:
    wanted = sorted([SOURCE_LANGUAGE, *TRANSLATED])
    assert languages() == wanted, (
        "wording/languages.py has a row for each catalogue of src/vigie/translations and no other: add the row, or "
        "begin the catalogue with python tools/translations.py --add CODE"
    )
    names = list(language_names().values())
    assert all(names)
    assert len(set(names)) == len(names)


def test_every_language_has_its_messages_that_are_as_in_english() -> None:
    assert sorted(ALIKE) == TRANSLATED, "say in ALIKE which messages are right as they are in English"


def test_whoever_is_not_answered_by_a_program_is_told_so_in_every_language() -> None:
    settings = (ROOT / "deploy" / "nginx" / "vigie.conf").read_text(encoding="utf-8")
    told = set(re.findall(r"~\*\^,?(\w\w),?\s+\1;", settings)) | set(re.findall(r"default (\w\w);", settings))
    assert told >= set(languages()), "deploy/nginx/vigie.conf: add the language to the map of $vigie_language"
    for language in languages():
        pages = ROOT / "deploy" / "nginx" / "pages" / language
        assert list(pages.glob("*.html")), f"write the pages of {pages}"


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
        for text in forms(message.string) if message.id else ():
            assert not re.search(r"[^\u00a0\u202f\s]?[ ][:;?!]|\w[;?!](\s|$)|\w'", text), text


def test_german_has_its_own_quotation_marks_and_no_blank_before_a_sign() -> None:
    for message in catalogue("de"):
        for text in forms(message.string) if message.id else ():
            assert text.count("„") == text.count("“"), text
            assert not re.search(r"[«»”’]|\s[:;?!](\s|$)|\d[ ](°C|kΩ)", text), text
