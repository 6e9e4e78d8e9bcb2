"""The recipe "add a page": it appears everywhere, and each part that is forgotten is missed by name."""

from pathlib import Path

import pytest

from .tree import Tree, recipe

TABLE, VIEWS = "src/vigie/web/page_table.py", "src/vigie/web/pages.py"
TEMPLATE = "src/vigie/web/templates/notes.html"
BEFORE_THE_ROW = '    SitePage(\n        "data",'
ROW = """    SitePage(
        "notes", "/notes", "pages", mark("Notes"),
        mark("What the people of the site wrote down."),
        DESK, VIEWER,
    ),
"""
BEFORE_THE_VIEW = '@shows(blueprint, "about")'
VIEW = '''@shows(blueprint, "notes")
def notes() -> str:
    """What people wrote down."""
    return render_template("notes.html")


'''
PAGE = """{% extends "base.html" %}
{% block content %}
<div class="page-head"><h1>{% trans %}Notes{% endtrans %}</h1></div>
<p>{{ live("utc_ms", "instant") }}</p>
{% endblock %}
"""
WORDS = {
    "fr": {"Notes": "Carnet", "What the people of the site wrote down.": "Ce que les gens du site ont noté."},
    "de": {"Notes": "Notizen", "What the people of the site wrote down.": "Was die Leute am Ort notiert haben."},
}
SEEN = """
import re, tempfile
from pathlib import Path
from tests.browser.screenshots import PAGES as PICTURED
from tests.browser.test_pages_everywhere import PAGES as WALKED
from tests.unit.pages.test_pages import PAGES as READ
from tests.unit.web.doors import Guarded

assert all("/notes" in paths for paths in (PICTURED, WALKED, READ))
site = Guarded(Path(tempfile.mkdtemp()))
stranger, vera = site.browser(), site.browser("vera")
assert stranger.get("/notes").headers["Location"].startswith("/flask/login"), "no stranger reads it"
for language, title in (("en", "Notes"), ("fr", "Carnet"), ("de", "Notizen")):
    html = vera.get("/notes", **{"Accept-Language": language}).text
    assert f"<h1>{title}</h1>" in html
    assert re.search(f"<title>.*{title} – Vigie</title>", html)
    for navigation in re.findall(r'<nav class="(?:main|bottom)-nav".*?</nav>', html, re.S):
        assert re.search(f'<a href="/flask/notes"[^>]*aria-current="page"[^>]*>{title}', navigation), navigation
assert vera.get("/language/de?back=notes").headers["Location"] == "/flask/notes"
site.close()
"""
THE_TABLE = "tests/unit/web/test_page_table.py"
CATALOGUES = "tests/unit/wording/test_catalogues.py::test_no_message_is_missing_left_over_or_fuzzy"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "tree")


def add(tree: Tree, *left_out: str, row: str = ROW) -> None:
    """Follow the recipe of CONTRIBUTING.md, but for the parts that are left out."""
    if "row" not in left_out:
        tree.replace(TABLE, BEFORE_THE_ROW, row + BEFORE_THE_ROW)
    if "view" not in left_out:
        tree.replace(VIEWS, BEFORE_THE_VIEW, VIEW + BEFORE_THE_VIEW)
    if "template" not in left_out:
        tree.write(TEMPLATE, PAGE)
    if "words" not in left_out:
        tree.translate(WORDS)
    if "docs" not in left_out:
        tree.told("tools/write_pages_page.py")


def test_the_recipe_names_what_is_touched() -> None:
    told = recipe("Add a page")
    assert [path for path in (TABLE, VIEWS) if Path(path).name not in told] == []
    assert "templates/<name>.html" in told
    assert "translations.py" in told
    assert "docs/pages.md" in told


def test_a_page_that_is_added_appears_everywhere(tree: Tree) -> None:
    add(tree)
    tree.told("-c", SEEN)
    assert "| Notes | `/notes` |" in (tree.root / "docs/pages.md").read_text(encoding="utf-8")
    tree.told(*tree.tests(CATALOGUES, f"{THE_TABLE}::test_every_row_has_a_name_an_address_and_a_title_of_its_own"))


@pytest.mark.parametrize(
    ("left_out", "asks", "told"),
    [
        ("row", ("-c", "import vigie.web.app"), "has no page 'notes' of blueprint 'pages': add its row to PAGES"),
        ("view", (THE_TABLE, "-k", "notes"), "the page 'notes' of web/page_table.py has no view: write @shows"),
        ("template", (THE_TABLE, "-k", "answers_its_role and notes"), "TemplateNotFound: notes.html"),
        ("docs", (THE_TABLE, "-k", "pages_page_is"), "run tools/write_pages_page.py"),
        ("words", (CATALOGUES,), "run python tools/translations.py"),
    ],
)
def test_a_part_that_is_forgotten_is_missed_by_name(
    tree: Tree, left_out: str, asks: tuple[str, ...], told: str
) -> None:
    # The catalogues take a second or two; only those who look at them need them.
    add(tree, left_out, *({"words"} if asks[0] != CATALOGUES else {}))
    arguments = asks if asks[0] == "-c" else tree.tests(*asks)
    assert told in tree.refusal(*arguments)


def test_a_page_of_the_phone_s_bar_needs_room_a_word_and_a_symbol(tree: Tree) -> None:
    add(tree, "words", "docs", row=ROW.replace("DESK, VIEWER", "BAR, VIEWER"))
    asked = tree.tests(THE_TABLE, "-k", "phone_s_bar")
    assert "the phone's bar has room for four pages and More: give the page another place" in tree.refusal(*asked)
    tree.replace(TABLE, 'BAR, VIEWER, short=mark("Relays"),', "DESK, VIEWER,")
    (tree.root / "src/vigie/web/templates/_icon_relays.html").unlink()
    assert "notes: a word for the bar and a place in it" in tree.refusal(*asked)
    tree.replace(TABLE, "BAR, VIEWER,\n", 'BAR, VIEWER, short=mark("Notes"),\n')
    assert "_icon_notes.html: draw the symbol of the phone's bar" in tree.refusal(*asked)


def test_a_whole_page_beside_the_table_is_refused(tree: Tree) -> None:
    add(tree, "row", "words", "docs", "view")
    plain = VIEW.replace('@shows(blueprint, "notes")', '@blueprint.get("/notes")')
    tree.replace(VIEWS, BEFORE_THE_VIEW, plain + BEFORE_THE_VIEW)
    told = tree.refusal(*tree.tests(THE_TABLE, "-k", "every_whole_page"))
    assert "/notes is a page without a row: use @shows and web/page_table.py" in told
