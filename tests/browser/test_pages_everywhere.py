"""Every page, in light and dark, on a phone and a desk, in each language: accessible, self-contained, never wider."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

PAGES = ("/", "/multimeter", "/relays", "/alarms", "/outages", "/data", "/grafana", "/prometheus", "/about")


class Watch:
    """What a page complains of, and every address it asks."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2].split(":")[0]))
        page.on("websocket", lambda socket: self.hosts.add(socket.url.split("/")[2].split(":")[0]))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


def violations(page: Page) -> str:
    results = Axe().run(page)
    return results.generate_report() if results.violations_count else ""


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_quiet_self_contained_and_fits(
    chromium: Browser, shared: Any, theme: str, width: int, language: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, locale=language, reduced_motion="reduce"
    )
    page = context.new_page()
    watch = Watch(page)
    for path in PAGES:
        page.goto(shared.url + path)
        expect(page.locator("#age-page")).to_have_text(re.compile("^connec"))
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        assert violations(page) == "", path
        assert not is_wider_than_the_screen(page), path
        if width == 360:
            page.set_viewport_size({"width": 320, "height": 700})
            assert not is_wider_than_the_screen(page), f"{path} at 320 px"
            page.set_viewport_size({"width": 360, "height": 800})
    assert watch.complaints == []
    assert watch.hosts == {"127.0.0.1"}
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_troubled_states_are_accessible_too(chromium: Browser, installation: Any, theme: str) -> None:
    context = chromium.new_context(
        viewport={"width": 360, "height": 800}, color_scheme=theme, locale="fr", reduced_motion="reduce"
    )
    page = context.new_page()
    installation.feed.raise_alarm("battery_too_hot", severity="critical", value=51.3, limit=50.0, unit="degC")
    installation.feed.raise_alarm("sensor_lost", detail=["charge"], times=3, is_chattering=True, is_first_out=True)
    installation.feed.raise_alarm("meter_reset", severity="info", standing="acknowledged", by="marie")
    installation.feed.raise_alarm("switching_often", standing="returned", is_present=False)
    installation.feed.raise_alarm("disk_nearly_full", standing="shelved", by="marie", why="Carte commandée")
    for verdict, reason in (("alarm", "mains_lost"), ("alarm", "over_temperature")):
        installation.changes = {
            "verdict": verdict,
            "verdict_reasons": [reason],
            "over_temperature_latched": reason == "over_temperature",
            "outage": {
                "kind": "outage",
                "began_utc_ms": 1_790_000_000_000,
                "lowest_v": 11.2,
                "charge_out_ah": 2.0,
                "dark_s": 60.0,
            },
            "mode": "manual",
            "manual_until_utc_ms": 4_000_000_000_000,
        }
        page.goto(installation.url + "/")
        expect(page.locator("body")).to_have_attribute("data-verdict", verdict)
        assert violations(page) == "", verdict
        for path in ("/relays", "/alarms", "/outages"):
            page.goto(installation.url + path)
            expect(page.locator("body")).to_have_attribute("data-verdict", verdict)
            assert violations(page) == "", f"{path}, {verdict}"
            assert not is_wider_than_the_screen(page)
    installation.is_frozen = True
    expect(page.locator("body")).to_have_attribute("data-verdict", "unknown")
    assert violations(page) == "", "stale"
    context.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_server_writes_the_same_texts_as_the_script(chromium: Browser, installation: Any, language: str) -> None:
    installation.is_frozen = True
    texts = {}
    for has_script in (False, True):
        context = chromium.new_context(java_script_enabled=has_script, locale=language)
        page = context.new_page()
        for path in PAGES:
            page.goto(installation.url + path)
            if has_script:
                expect(page.locator("#age-page")).not_to_have_text("—")
            nodes = page.locator("[data-live]")
            texts[has_script, path] = nodes.all_text_contents()
            assert texts[has_script, path]
        context.close()
    for path in PAGES:
        assert texts[False, path] == texts[True, path]


def test_the_languages_and_themes_are_chosen_in_the_menu_and_kept(page: Page, shared: Any) -> None:
    page.goto(shared.url + "/relays")
    page.locator("details.menu:not(.nav-more) summary").click()
    page.get_by_role("link", name="English").click()
    assert page.url.endswith("/flask/relays")
    assert page.get_by_role("heading", level=1).text_content() == "Relays"
    page.locator("details.menu:not(.nav-more) summary").click()
    page.get_by_role("link", name="Dark").click()
    page.goto(shared.url + "/about")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert page.get_by_role("heading", level=1).text_content() == "About"
