"""What commissioning says: every sentence is a message of the catalogues, and has its words in every language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.wording.test_catalogues import ROOT, TRANSLATED, catalogue
from vigie.wording.dialogue import language, speaking, spoken

SOURCES = sorted(
    [
        *(ROOT / "src/vigie/commission").glob("*.py"),
        ROOT / "src/vigie/assembly/commissioning.py",
        ROOT / "src/vigie/cli/commission_dialogue.py",
        ROOT / "src/vigie/cli/terminal_person.py",
    ]
)
MARKS = {"spoken", "mark"}
NOT_SAID = {
    "the commissioning has not reached its end",
    "commissioning needs plant.kind = rig and a section [rig]",
    "the new settings have no section [rig]",
    "the report",
    "the settings",
}
"""Of mistakes in the program, and of options that every command refuses in English."""
BEFORE_THE_FIRST_WORD = {"_text_so_far", "_is_twin", "_refuse_practice_on_real_boards", "_language"}
"""As above."""
SENTENCE = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}|^[A-Z][a-z]{3,}")


def texts_in(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield every text of a file but docstrings, and whether it is a message of the catalogues."""
    for node, is_marked in _nodes(ast.parse(path.read_text(encoding="utf-8")), False):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, is_marked


def _nodes(node: ast.AST, is_marked: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_early = isinstance(child, ast.FunctionDef) and child.name in BEFORE_THE_FIRST_WORD
        if is_docstring or is_early:
            continue
        is_call = isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in MARKS
        yield child, is_marked
        yield from _nodes(child, is_marked or is_call)


def _messages() -> set[str]:
    ids = {message.id for message in catalogue("fr")}
    return {text for path in SOURCES for text, is_marked in texts_in(path) if is_marked and text in ids}


def _words(texts: set[str]) -> set[str]:
    prose = (re.sub(r"\{[^}]*\}|`[^`]*`|\S*[._=]\S+", " ", text) for text in texts)
    return {word.lower() for text in prose for word in re.findall(r"[^\W\d_]{2,}", text)}


SPOKEN = _messages()


def english_words(language: str) -> set[str]:
    """Return the words of the English messages that ``language`` does not use too."""
    return _words(SPOKEN) - _words({str(message.string) for message in catalogue(language) if message.id in SPOKEN})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_sentence_is_a_message_of_the_catalogues(path: Path) -> None:
    plain = {text for text, is_marked in texts_in(path) if not is_marked and SENTENCE.search(text)}
    assert plain - NOT_SAID == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_said_otherwise_than_in_english(language: str) -> None:
    found = {message.id: message for message in catalogue(language) if message.id in SPOKEN}
    assert len(found) == len(SPOKEN) > 120
    assert [text for text, message in found.items() if message.fuzzy or not message.string] == []
    assert [text for text, message in found.items() if message.string == text and _words({text})] == []
    assert {"the", "relay", "battery"} <= english_words(language)


def test_a_dialogue_ends_with_its_language() -> None:
    with speaking("fr"):
        assert (language(), spoken("Go on?")) == ("fr", "Continuer\u00a0?")
    assert (language(), spoken("Go on?")) == ("en", "Go on?")
