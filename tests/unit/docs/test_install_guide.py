"""Nobody may be worse off for reading the guide in the other language, or follow a link to nothing."""

import re
from pathlib import Path

import pytest
from tools.wiring.__main__ import FOLDER, SHEETS, files

DOCS = Path(__file__).parents[3] / "docs"
GUIDES = ("install.md", "install.fr.md")


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _shape(text: str) -> list[str]:
    """Return what a guide is made of, line by line, without its words."""
    kinds = (r"#+ ", r"\|", r"\* ", r"\d+\. ", r"> \* ", r"```", r"!\[", r"\*\*\d\. ")
    lines = [line for line in text.splitlines() if line]
    return [match[0] for line in lines for kind in kinds if (match := re.match(kind, line))]


def _commands(text: str) -> list[str]:
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].rstrip() for block in blocks for line in block.splitlines()]


def _numbers(text: str) -> list[str]:
    """Return every value with an electrical unit, in order: the one thing a translation must not change."""
    found = re.findall(r"(?<![\w.,-])(-?\d+(?:[.,]\d+)?) ?(V|A|mA|W|K/W|mm²|mm|cm|kOhm|ohm|Ah|Hz|°C)\b", text)
    return [f"{value.replace(',', '.')} {unit}" for value, unit in found]


def test_both_guides_have_the_same_steps_tables_warnings_and_drawings() -> None:
    assert _shape(_text("install.fr.md")) == _shape(_text("install.md"))


def test_both_guides_have_the_same_commands() -> None:
    assert _commands(_text("install.fr.md")) == _commands(_text("install.md"))


def test_both_guides_have_the_same_values() -> None:
    english, french = (sorted(_numbers(_text(name))) for name in GUIDES)
    assert len(english) > 80
    assert french == english


@pytest.mark.parametrize("name", [*GUIDES, "commissioning.md", "systemd.md"])
def test_every_link_of_the_guide_leads_somewhere(name: str) -> None:
    for page, anchor in re.findall(r"\]\(([\w./-]*)(?:#([^)]+))?\)", _text(name)):
        target = page or name
        assert (DOCS / target).exists(), f"{name} links to {target}"
        assert not anchor or anchor in _anchors(_text(target)), f"{name} links to {target}#{anchor}"


def test_the_drawings_are_what_the_tool_draws() -> None:
    made = files()
    assert {path.name for path in FOLDER.glob("*.svg")} == {path.name for path in made}
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, "run python -m tools.wiring"


@pytest.mark.parametrize("name", GUIDES)
def test_the_guide_shows_every_drawing_in_its_language(name: str) -> None:
    language = "fr" if ".fr." in name else "en"
    shown = re.findall(r"!\[[^\]]+\]\(drawings/([\w-]+)\.(\w+)\.svg\)", _text(name))
    assert sorted(shown) == sorted((sheet("en").name, language) for sheet in SHEETS)
