"""The one table of pages: everything in it is there, and no page is anywhere else."""

import importlib.util
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Blueprint, Flask

from tests.unit.web.doors import Guarded
from vigie.errors import VigieError
from vigie.web import page_table
from vigie.web.page_table import NAVIGATION, PAGES, PagePlace, SitePage, check_pages, page_named, shows

ROOT = Path(__file__).parents[3]
TEMPLATES = Path(page_table.__file__).parent / "templates"
WITHOUT_A_ROW = {"access.confirm"}
"""Pages one is sent to and back from; nobody chooses a language there."""
ROOM_IN_THE_BAR = 4


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Guarded]:
    with closing(Guarded(tmp_path)) as opened:
        yield opened


def test_every_row_has_a_name_an_address_and_a_title_of_its_own() -> None:
    for what in ("name", "path", "title", "purpose"):
        told = [getattr(page, what) for page in PAGES]
        assert len(set(told)) == len(told), f"web/page_table.py: two pages have the same {what}"
        assert all(told), f"web/page_table.py: a page has no {what}"


def test_the_phone_s_bar_has_room_words_and_symbols() -> None:
    bar = [page for page in PAGES if page.place == PagePlace.BAR]
    assert len(bar) == ROOM_IN_THE_BAR, "the phone's bar has room for four pages and More: give the page another place"
    for page in PAGES:
        assert bool(page.short) == (page.place == PagePlace.BAR), f"{page.name}: a word for the bar and a place in it"
        symbol = TEMPLATES / f"_icon_{page.name}.html"
        assert symbol.exists() == (page.place == PagePlace.BAR), f"{symbol.name}: draw the symbol of the phone's bar"
    assert list(NAVIGATION[:ROOM_IN_THE_BAR]) == bar, "web/page_table.py: the pages of the phone's bar come first"


def test_a_view_of_a_page_that_is_in_no_row_is_refused() -> None:
    with pytest.raises(VigieError, match=r"has no page 'nowhere'.*add its row"):
        shows(Blueprint("pages", __name__), "nowhere")
    with pytest.raises(VigieError, match="of blueprint 'other'"):
        shows(Blueprint("other", __name__), "home")


def test_an_application_without_a_view_of_a_page_does_not_start() -> None:
    with pytest.raises(VigieError, match=r"the page 'home'.*has no view: write @shows"):
        check_pages(Flask(__name__))


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_answers_its_role_and_is_called_as_the_table_says(site: Guarded, page: SitePage) -> None:
    browser = site.browser(None if page.role is None else {"viewer": "vera", "admin": "ada"}[page.role.word])
    answer = browser.get(page.path, **{"Accept-Language": "en"})
    assert answer.status_code == 200
    assert re.search(rf"<title>(.* )?{page.title} – Vigie</title>", answer.text)


@pytest.mark.parametrize("page", NAVIGATION, ids=[page.name for page in NAVIGATION])
def test_a_page_of_the_navigation_is_there_on_a_desk_and_on_a_phone(site: Guarded, page: SitePage) -> None:
    html = site.browser("vera").get(page.path, **{"Accept-Language": "en"}).text
    desk, phone = re.findall(r"<nav class=\"(?:main|bottom)-nav\".*?</nav>", html, re.S)
    link = f'<a href="/flask{page.path}"'
    assert link in desk
    assert link in phone
    assert desk.count('aria-current="page"') == (2 if page.place == PagePlace.MORE else 1)
    assert phone.count('aria-current="page"') == 1
    assert f'name="description" content="{page.purpose}"' in html


def test_every_whole_page_is_in_the_table(site: Guarded) -> None:
    ada = site.browser("ada")
    for rule in site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments or rule.endpoint in WITHOUT_A_ROW:
            continue
        answer = ada.get(rule.rule)
        if answer.status_code == 200 and answer.text.startswith("<!doctype html"):
            known = page_named(rule.endpoint.rpartition(".")[2])
            assert known is not None, f"{rule.rule} is a page without a row: use @shows and web/page_table.py"
            assert (known.path, known.endpoint) == (rule.rule, rule.endpoint)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_choice_of_language_leads_back_to_where_it_was_made(site: Guarded, page: SitePage) -> None:
    answer = site.browser("ada").get(f"/language/de?back={page.name}")
    assert (answer.status_code, answer.headers["Location"].rstrip("/")) == (302, f"/flask{page.path}".rstrip("/"))


def test_pages_page_is_what_the_table_says() -> None:
    spec = importlib.util.spec_from_file_location("write_pages_page", ROOT / "tools" / "write_pages_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    assert text == module.page(), "run tools/write_pages_page.py"
