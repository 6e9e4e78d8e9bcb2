"""What is shown is what is, and nothing lies over it: a technician's French page on a phone."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .acting import expect_ready, go_manual, opened, orders
from .sites import Installation

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
HOT: dict[str, Any] = {
    "severity": "critical",
    "standing": "latched",
    "is_present": True,
    "value": 51.2,
    "now": 42.8,
    "limit": 50.0,
    "unit": "degC",
    "protection": "r2_opened",
}
ON_TOP = """(node) => {
  const { x, y, width, height } = node.getBoundingClientRect();
  return node.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


@pytest.fixture(params=[PHONE, {"width": 1280, "height": 900}], ids=["phone", "desk"])
def sized(page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    assert page.viewport_size
    usual = page.viewport_size
    page.set_viewport_size(request.param)
    yield page
    page.set_viewport_size(usual)


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size(PHONE)
    return page


def raised(installation: Installation, alarm: str, **fields: Any) -> None:
    installation.feed.raise_alarm(alarm, **fields)
    installation.settle()


def test_an_alarm_says_what_is_now_and_what_was_worst(phone: Page, installation: Installation) -> None:
    raised(installation, "battery_too_hot", **HOT)
    opened(phone, installation, "/alarms")
    said = "maintenant 42,8\u00a0°C, au pire 51,2\u00a0°C (limite 50,0\u00a0°C)"
    expect(phone.locator("#now-battery_too_hot .alarm-value")).to_have_text(said)
    raised(installation, "battery_too_hot", **{**HOT, "now": 41.0})
    expect(phone.locator("#now-battery_too_hot .alarm-value")).to_contain_text("maintenant 41,0")


def test_acknowledging_what_stopped_the_charge_names_what_follows_and_asks(
    phone: Page, installation: Installation
) -> None:
    raised(installation, "battery_too_hot", **HOT)
    opened(phone, installation, "/alarms")
    sent = orders(phone)
    button = phone.locator("#row-ack-battery_too_hot")
    expect_ready(button)
    button.click()
    expect(phone.locator("#confirm")).to_be_visible()
    expect(phone.locator("#confirm-text")).to_contain_text("la charge reprend d’elle-même")
    expect(phone.locator("#confirm-text")).to_contain_text("45\u00a0°C")
    assert sent == []
    phone.locator("#confirm-cancel").click()
    raised(installation, "battery_warm")
    phone.locator("#ack-all").click()
    expect(phone.locator("#confirm-text")).to_contain_text("la charge reprend")
    phone.locator("#confirm-cancel").click()
    assert sent == []


def test_the_bar_shows_the_worst_that_is_present_whoever_took_note_of_what(
    phone: Page, installation: Installation
) -> None:
    raised(installation, "loads_dark", severity="critical", standing="returned", is_present=False)
    raised(installation, "battery_warm", severity="warning")
    opened(phone, installation)
    bar = phone.locator(".alarm-bar")
    expect(bar).to_have_attribute("data-severity", "warning")
    expect(bar).to_contain_text("Batterie chaude")
    raised(installation, "mains_lost", severity="critical", standing="acknowledged")
    expect(bar).to_have_attribute("data-severity", "critical")
    expect(bar).to_contain_text("Coupure secteur")
    expect(phone.locator("body")).to_have_attribute("data-verdict", "alarm")


def test_an_open_menu_lies_over_the_alarm_bar_and_escape_closes_it(sized: Page, installation: Installation) -> None:
    raised(installation, "battery_warm")
    opened(sized, installation)
    menu = sized.locator(".top .menu").last
    menu.locator("summary").click()
    for link in menu.locator(".menu-body a").all():
        assert link.evaluate(ON_TOP), link.text_content()
    sized.keyboard.press("Escape")
    expect(menu.locator(".menu-body")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_more_pages_lie_over_a_notice_on_a_phone(phone: Page, installation: Installation) -> None:
    opened(phone, installation)
    installation.feed.raise_alarm("battery_warm")
    expect(phone.locator(".popup")).to_be_visible()
    phone.locator(".bottom-nav .more summary").click()
    for link in phone.locator(".bottom-nav .menu-body a").all():
        assert link.evaluate(ON_TOP), link.text_content()


def test_a_lost_meter_is_drawn_unknown_and_nothing_that_is_not_measured_is_shown(
    phone: Page, installation: Installation
) -> None:
    channels = installation.feed.step()["channels"]
    lost = [
        one | {"current_a": None, "power_w": None, "bus_v": None} if one["channel"] == "charge" else one
        for one in channels
    ]
    installation.changes = {"channels": lost, "mains": "absent"}
    installation.settle()
    opened(phone, installation)
    for wire in ("charge", "battery", "output"):
        expect(phone.locator(f".node [data-wire={wire}]")).to_have_attribute("data-state", "unknown")
    diagram = phone.locator(".sld")
    expect(diagram).not_to_contain_text("230")
    expect(diagram).not_to_contain_text("13,6")
    expect(diagram).to_contain_text("non alimentés")


def test_a_reason_stands_beside_the_time_it_belongs_to(phone: Page, installation: Installation) -> None:
    opened(phone, installation)
    expect(phone.locator(".node-r2 .small")).to_have_text(re.compile(r"\d\d:\d\d · .+"))


def test_what_cannot_open_now_is_not_offered(phone: Page, installation: Installation) -> None:
    opened(phone, installation, "/relays")
    go_manual(phone)
    button = phone.get_by_role("button", name="Ouvrir R2")
    expect_ready(button)
    relays = installation.feed.step()["relays"]
    installation.changes = {
        "mode": "manual",
        "relays": [one | {"refusal_to_open": "mains_not_proven"} if one["relay"] == "R2" else one for one in relays],
    }
    expect(phone.locator("[data-relay=R2] .note").first).to_be_visible()
    expect(button).to_have_attribute("aria-disabled", "true")


def test_another_language_keeps_what_was_chosen_on_the_page(page: Page, installation: Installation) -> None:
    opened(page, installation, "/alarms?days=30&severity=critical&alarm=mains_lost")
    page.locator(".top .menu").last.locator("summary").click()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Alarms", exact=True)).to_be_visible()
    expect(page.locator("[name=days]")).to_have_value("30")
    expect(page.locator("[name=alarm]")).to_have_value("mains_lost")


@pytest.mark.parametrize("path", ["/multimeter/", "/alarms/", "/api/v1/state/"])
def test_an_address_may_end_with_a_slash(page: Page, installation: Installation, path: str) -> None:
    answer = page.goto(installation.url + path)
    assert answer is not None
    assert answer.status == 200


def test_zoomed_in_only_the_alarm_stays_on_the_screen(page: Page, installation: Installation) -> None:
    raised(installation, "battery_warm")
    page.set_viewport_size({"width": 640, "height": 450})
    opened(page, installation)
    page.mouse.wheel(0, 900)
    page.wait_for_function("scrollY > 300")
    bar = page.locator(".alarm-bar").bounding_box()
    assert bar is not None
    assert bar["y"] >= 0
    assert bar["y"] + bar["height"] < 0.3 * 450
    brand = page.locator(".brand").bounding_box()
    assert brand is not None
    assert brand["y"] + brand["height"] <= 1
    nav = page.locator(".bottom-nav").bounding_box()
    assert nav is not None
    assert nav["y"] > 450


def test_a_chart_can_show_all_there_is_and_says_which_stretch(phone: Page, installation: Installation) -> None:
    opened(phone, installation, "/multimeter")
    for name, years in (("1 an", 2), ("Tout", 1)):
        phone.get_by_role("button", name=name, exact=True).click()
        expect(phone.locator("#span-shown")).to_have_text(re.compile(r"20\d\d.* – .*20\d\d"))
        stretch = phone.locator("#span-shown").text_content() or ""
        assert len(set(re.findall(r"20\d\d", stretch))) <= years
    expect(phone.locator("[data-quantity=bus_v] .chart-note")).to_have_text("")


def test_one_page_too_many_is_told_and_live_as_soon_as_there_is_room(chromium: Browser, tmp_path: Any) -> None:
    site = Installation(tmp_path, live_browsers=1, threads=16)
    try:
        site.renew()
        context = chromium.new_context(locale="fr-CH", viewport={"width": 360, "height": 740}, reduced_motion="reduce")
        first, second = context.new_page(), context.new_page()
        opened(first, site)
        second.goto(site.url)
        expect(second.locator("#banner-lost-text")).to_contain_text("1 pages suivent déjà cette installation")
        first.close()
        expect(second.locator("#age-page")).to_have_text("connecté")
        context.close()
    finally:
        site.close()


def test_files_of_a_page_are_not_asked_for_again(page: Page, installation: Installation) -> None:
    opened(page, installation)
    opened(page, installation, "/relays")
    kept = page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => one.name.includes('/static/'))"
        ".every((one) => one.transferSize === 0)"
    )
    assert kept
