"""Every command block of these pages is run, in order, beside a real installation: none can rot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .pages import Desk, blocks, commands

pytestmark = pytest.mark.timeout(600)  # a page is up to forty processes, one after the other
PAGES = ("README.md", "docs/cli.md", "docs/data.md", "docs/commissioning.md", "docs/backup.md")
LANGUAGES = {"sh", "text", "toml", "python", "console"}
NOT_RUN = {"README.md": 1, "docs/cli.md": 1, "docs/data.md": 0, "docs/commissioning.md": 1, "docs/backup.md": 0}
"""Blocks that say why they are not run as they stand, and what is run instead."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path)
    yield one
    one.stop()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_does_what_the_page_says(desk: Desk, page: str) -> None:
    for block in commands(page):
        for line in block.lines():
            desk.do(line)
    if desk.missing:
        pytest.skip(f"all but what needs {', '.join(desk.missing)} was run: apt-get install {' '.join(desk.missing)}")


@pytest.mark.parametrize("page", [*PAGES, "README.fr.md"])
def test_every_block_says_what_it_is(page: str) -> None:
    found = blocks(page)
    assert {block.language for block in found} <= LANGUAGES
    assert commands(page)
    assert sum(bool(block.why_not) for block in found) == NOT_RUN[page.replace(".fr", "")]
    assert all(block.instead for block in found if block.why_not)


def test_the_french_page_has_the_same_commands() -> None:
    def bare(page: str) -> list[list[str]]:
        return [[line.partition(" # ")[0].rstrip() for line in block.lines()] for block in commands(page)]

    assert bare("README.fr.md") == bare("README.md")
