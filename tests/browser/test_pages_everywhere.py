"""Every page, in light and dark, on a phone and a desk, in each language: accessible, self-contained, never wider."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from vigie.web.page_table import NAVIGATION
from vigie.wording.languages import languages

from .acting import opened
from .looking import Watch, fits, reader_of, violations
from .sites import Installation

pytestmark = pytest.mark.browser

PAGES = tuple(page.path for page in NAVIGATION)


WAYS = {
    "fr": (("light", "dark"), (1280, 360, 320)),
    "en": (("dark", "light"), (320, 360, 1280)),
    "de": (("light", "dark"), (320, 360, 1280)),
}
"""The themes and widths a page takes in turn, loaded in the first: what grows also shrinks, what darkens lights up."""


def test_every_language_is_walked() -> None:
    assert sorted(WAYS) == languages(), "say in WAYS how the pages are walked in the language"


@pytest.fixture(
    scope="module", params=[pytest.param(one, marks=[] if one == "fr" else [pytest.mark.long]) for one in WAYS]
)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reader(chromium: Browser, _open_house: Installation, language: str) -> Iterator[BrowserContext]:
    """Somebody who reads all pages in one language."""
    with closing(reader_of(_open_house, chromium, language)) as context:
        yield context


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_quiet_self_contained_and_fits(
    reader: BrowserContext, language: str, installation: Installation, path: str
) -> None:
    themes, widths = WAYS[language]
    page = reader.new_page()
    watch = Watch(page)
    page.emulate_media(color_scheme=themes[0])
    page.set_viewport_size({"width": widths[0], "height": 800})
    page.goto(installation.url + path)
    expect(page.locator("#age-page")).to_have_text(re.compile("^(connec|verbunden)"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            assert fits(page), f"{theme}, {width} px"
            assert width == 320 or violations(page) == "", f"{theme}, {width} px"
    assert watch.complaints == []
    assert watch.hosts == {"127.0.0.1"}
    page.close()


IN_TROUBLE: dict[str, Any] = {
    "verdict": "alarm",
    "outage": {
        "kind": "outage",
        "began_utc_ms": 1_790_000_000_000,
        "lowest_v": 11.2,
        "charge_out_ah": 2.0,
        "dark_s": 60.0,
        "rest_dark_s": 0.0,
    },
    "mode": "manual",
    "manual_until_utc_ms": 4_000_000_000_000,
}


def raise_all_kinds(installation: Installation) -> None:
    """Raise an alarm of every severity and standing."""
    raised = installation.feed.raise_alarm
    raised("battery_too_hot", severity="critical", value=51.3, limit=50.0, unit="degC")
    raised("sensor_lost", detail=["charge"], times=3, is_chattering=True, is_first_out=True)
    raised("meter_reset", severity="info", standing="acknowledged", by="marie")
    raised("switching_often", standing="returned", is_present=False)
    raised("disk_nearly_full", standing="shelved", by="marie", why="Carte commandée")


@pytest.mark.parametrize("reason", ["mains_lost", "over_temperature"])
def test_troubled_states_are_accessible_too(page: Page, installation: Installation, reason: str) -> None:
    def judge(what: str) -> None:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            assert violations(page) == "", f"{what}, {theme}"
        assert fits(page), what

    page.set_viewport_size({"width": 360, "height": 800})
    raise_all_kinds(installation)
    installation.changes = IN_TROUBLE | {
        "verdict_reasons": [reason],
        "over_temperature_latched": reason == "over_temperature",
    }
    installation.settle()
    for path in ("/", "/relays", "/alarms", "/outages"):
        opened(page, installation, path)
        expect(page.locator("body")).to_have_attribute("data-verdict", "alarm")
        judge(path)
    installation.freeze()
    expect(page.locator("body")).to_have_attribute("data-verdict", "unknown")
    judge("stale")


@pytest.mark.parametrize("language", ["fr", *(pytest.param(one, marks=pytest.mark.long) for one in ("en", "de"))])
def test_the_server_writes_the_same_texts_as_the_script(
    chromium: Browser, installation: Installation, language: str
) -> None:
    installation.freeze()
    texts = {}
    for has_script in (False, True):
        with closing(chromium.new_context(java_script_enabled=has_script, locale=language)) as context:
            page = context.new_page()
            for path in PAGES:
                page.goto(installation.url + path)
                if has_script:
                    expect(page.locator("#age-page")).not_to_have_text(re.compile(r"\.$"))
                texts[has_script, path] = page.locator("[data-live]").all_text_contents()
                assert texts[has_script, path]
    for path in PAGES:
        assert texts[False, path] == texts[True, path]


def test_the_languages_and_themes_are_chosen_in_the_menu_and_kept(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/relays")
    menu, heading = page.locator("details.menu:not(.nav-more) summary"), page.get_by_role("heading", level=1)
    menu.click()
    page.get_by_role("link", name="English").click()
    expect(heading).to_have_text("Relays")
    menu.click()
    page.get_by_role("link", name="Deutsch").click()
    expect(heading).to_have_text("Relais")
    menu.click()
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(re.compile("/flask/relays$"))
    menu.click()
    page.get_by_role("link", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto(installation.url + "/about")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(heading).to_have_text("About")
