"""Chromium through nginx: the login, a live page, the frame, and the queries, with nothing to complain of."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.looking import Watch, fits, violations
from tests.waiting import wait_for

from .door import PASSWORD, House, Nginx

pytestmark = pytest.mark.browser

NO_FRAME_IS_FULL = (
    "[...document.querySelectorAll('iframe')].every(frame => frame.contentDocument?.URL === 'about:blank')"
)


def enter(page: Page, url: str, name: str) -> None:
    page.goto(url + "/")
    page.locator("[name=name]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.locator("#age-page")).to_have_text(re.compile("^connec"))


@pytest.fixture(scope="module")
def context(chromium: Browser, house: House) -> Iterator[BrowserContext]:
    """Somebody who has logged in, in light and on a desk."""
    own = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="fr-CH", color_scheme="light")
    enter(own.new_page(), house.url, "otto")
    yield own
    own.close()


def test_a_change_of_mode_arrives_on_an_open_page(context: BrowserContext, house: House) -> None:
    page = context.new_page()
    watch = Watch(page)
    page.goto(house.url + "/flask/")
    mode = page.locator('[data-live="mode"]').first
    expect(page.locator("#age-page")).to_have_text(re.compile("^connec"))
    before = mode.text_content()
    operator = house.log_in("anna")
    assert operator.post("/flask/api/v1/commands", json={"action": "set_mode", "mode": "protect"}).status_code == 200
    expect(mode).not_to_have_text(before or "")
    assert operator.post("/flask/api/v1/commands", json={"action": "set_mode", "mode": "observe"}).status_code == 200
    expect(mode).to_have_text(before or "")
    assert watch.complaints == []
    assert watch.hosts == {"127.0.0.1"}
    page.close()


def test_the_frame_shows_grafana_with_this_login(context: BrowserContext, house: House) -> None:
    page = context.new_page()
    watch = Watch(page)
    page.goto(house.url + "/flask/grafana?board=charge")
    inside = page.frame_locator("iframe.board").locator("body")
    expect(inside).to_contain_text("/grafana/d/vigie-charge-fr/x?kiosk&theme=light")
    expect(inside).to_contain_text('["x-webauth-user", "otto"]')
    page.get_by_role("link", name="Vieillissement").click()
    expect(inside).to_contain_text("/grafana/d/vigie-ageing-fr/x")
    expect(page.locator("iframe")).to_have_count(1)
    with context.expect_page() as opened:
        page.get_by_role("link", name="Ouvrir dans une fenêtre").click()
    expect(opened.value).to_have_url(re.compile("/grafana/d/vigie-ageing-fr/x"))
    opened.value.close()
    assert watch.complaints == []
    page.close()


def test_a_ready_query_opens_in_prometheus(context: BrowserContext, house: House) -> None:
    page = context.new_page()

    url = house.url + "/flask/prometheus"
    wait_for(
        lambda: "Tests · 1" in page.request.get(url).text(),
        60,
        "Prometheus has measurements, and the page has asked it since",
    )
    page.goto(url)
    expect(page.get_by_text("Tests · 1")).to_be_visible()
    with context.expect_page() as opened:
        page.get_by_role("link", name="Tension de la batterie, dernières 24 heures").click()
    graph = opened.value
    expect(graph.locator("body")).to_contain_text("Prometheus")
    expect(graph).to_have_url(re.compile("/prometheus/.*vigie_channel_bus_volts"))
    graph.close()
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_both_pages_are_accessible_and_fit(chromium: Browser, house: House, theme: str, width: int) -> None:
    own = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, locale="fr", reduced_motion="reduce"
    )
    token = house.log_in("vera").cookies["vigie_session"]
    own.add_cookies([{"name": "vigie_session", "value": token, "url": house.url}])
    page = own.new_page()
    watch = Watch(page)
    for path in ("/flask/about", "/flask/grafana", "/flask/prometheus"):
        page.goto(house.url + path)
        expect(page.locator("#age-page")).to_have_text(re.compile("^connec"))
        for summary in page.locator("main details.todo summary").all():
            summary.click()
        page.evaluate("document.querySelectorAll('iframe').forEach(frame => frame.contentDocument.title = 'Echo')")
        page.evaluate("document.querySelectorAll('iframe').forEach(frame => frame.src = 'about:blank')")
        page.wait_for_function(NO_FRAME_IS_FULL)
        assert violations(page) == "", path
        assert fits(page), path
    assert watch.complaints == []
    own.close()


def test_a_lost_server_is_told_on_an_open_page_and_found_again(
    chromium: Browser,
    house: House,
) -> None:
    own = chromium.new_context(locale="fr")
    page = own.new_page()
    enter(page, house.url, "anna")
    house.nginx.end()
    expect(page.locator("#banner-lost")).to_be_visible(timeout=15_000)
    house.nginx.start()
    expect(page.locator("#age-page")).to_have_text(re.compile("^connec"))
    own.close()


def test_the_pages_of_nginx_itself_are_accessible(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    nginx = Nginx(tmp_path_factory.mktemp("alone") / "nginx").start()
    try:
        for theme in ("light", "dark"):
            own = chromium.new_context(viewport={"width": 360, "height": 700}, color_scheme=theme, locale="fr")
            page = own.new_page()
            for path in ("/flask/", "/nowhere", "/prometheus/-/quit"):
                page.goto(nginx.url + path)
                expect(page.locator("html")).to_have_attribute("lang", "fr")
                assert violations(page) == "", path
                assert fits(page)
                color = page.evaluate("getComputedStyle(document.body).backgroundColor")
                assert color == ("rgb(14, 19, 24)" if theme == "dark" else "rgb(244, 246, 248)"), "its own style sheet"
            own.close()
    finally:
        nginx.end()
