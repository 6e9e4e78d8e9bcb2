"""Alarms on the page: they pop up over the socket, stay in sight, and go when a person or the installation says so."""

import re
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .acting import expect_ready, opened
from .looking import hear_news, opened_with_socket, violations
from .sites import Installation

pytestmark = pytest.mark.browser

HOT: dict[str, Any] = {
    "severity": "critical",
    "value": 51.3,
    "limit": 50.0,
    "unit": "degC",
    "protection": "r2_opened",
}


def row(page: Page, alarm: str) -> Locator:
    return page.locator(f"#now-{alarm}")


def test_an_alarm_pops_up_without_a_reload_and_says_what_was_done(page: Page, installation: Installation) -> None:
    opened(page, installation)
    expect(page.locator(".popup, .alarm-bar")).to_have_count(0)
    installation.feed.raise_alarm("battery_too_hot", **HOT)
    popup = page.get_by_role("alert").locator(".popup")
    expect(popup).to_contain_text("Batterie trop chaude")
    expect(popup).to_contain_text("51,3\u00a0°C (limite 50,0\u00a0°C)")
    expect(popup).to_contain_text("R2 est ouvert")
    expect(page.locator(".alarm-bar")).to_contain_text("Batterie trop chaude")
    expect(page).to_have_title("(1) ⚠ Accueil – Vigie")
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("favicon-alarm"))
    expect(page.locator(".main-nav .badge-count")).to_have_text("1 à acquitter")
    expect(page.locator("body")).to_have_attribute("data-verdict", "alarm")
    assert violations(page) == ""


def test_what_was_there_before_does_not_pop_up_but_what_came_between_two_pages_does(
    page: Page, installation: Installation
) -> None:
    installation.feed.raise_alarm("battery_warm")
    installation.settle()
    opened(page, installation)
    expect(page.locator(".alarm-bar")).to_contain_text("Batterie chaude")
    expect(page.locator(".popup")).to_have_count(0)
    page.goto("about:blank")
    installation.feed.raise_alarm("mains_lost", severity="critical")
    installation.settle()
    opened(page, installation, "/relays")
    expect(page.locator(".popup")).to_have_count(1)
    expect(page.locator(".popup")).to_contain_text("Coupure secteur")
    page.get_by_role("button", name="Fermer cet avis").click()
    opened(page, installation, "/")
    expect(page.locator(".popup")).to_have_count(0)
    expect(page.locator(".alarm-bar")).to_contain_text("Coupure secteur")
    expect(page.get_by_role("link", name="Alarmes\u00a0: encore 1")).to_be_visible()


def test_the_bar_stays_in_sight_and_hides_no_focus(page: Page, installation: Installation) -> None:
    installation.feed.raise_alarm("battery_too_hot", **HOT)
    installation.settle()
    page.set_viewport_size({"width": 360, "height": 640})
    opened(page, installation, "/alarms")
    page.mouse.wheel(0, 4000)
    page.wait_for_function("scrollY > 0")
    bar = page.locator(".alarm-bar").bounding_box()
    nav = page.locator(".bottom-nav").bounding_box()
    assert bar
    assert nav
    assert 0 < bar["y"] < 70
    page.locator("#content").focus()
    hidden = []
    for _ in range(30):
        page.keyboard.press("Tab")
        focused = page.locator("main :focus")
        box = focused.bounding_box() if focused.count() else None
        if box and (box["y"] < bar["y"] + bar["height"] - 1 or box["y"] + min(box["height"], 44) > nav["y"] + 1):
            hidden.append((focused.inner_text(), box))
    assert hidden == []


def test_one_click_in_the_bar_acknowledges_and_the_worst_stays_in_it(page: Page, installation: Installation) -> None:
    opened(page, installation)
    installation.feed.raise_alarm("battery_warm")
    installation.feed.raise_alarm("battery_too_hot", **(HOT | {"protection": "none"}))
    bar = page.locator(".alarm-bar")
    expect(bar).to_contain_text("Batterie trop chaude")
    expect(page.locator(".popup")).to_have_count(2)
    expect(page).to_have_title(re.compile(r"^\(2\) ⚠"))
    bar.get_by_role("button", name="Acquitter").click()
    expect(bar).not_to_have_class(re.compile("is-asking"))
    expect(bar).to_contain_text("Batterie trop chaude")
    expect(bar).to_have_attribute("data-severity", "critical")
    expect(page.locator(".popup")).to_have_count(1)
    expect(page).to_have_title(re.compile(r"^\(1\) ⚠"))
    expect(page.locator("#said")).to_have_text("Confirmé.")
    page.locator(".popup").get_by_role("button", name="Acquitter").click()
    expect(bar).to_contain_text("Batterie trop chaude")
    expect(page).to_have_title(re.compile(r"^⚠ Accueil"))
    expect(page.locator(".popup")).to_have_count(0)
    for alarm in ("battery_warm", "battery_too_hot"):
        installation.feed.return_alarm(alarm)
    expect(bar).to_have_count(0)
    expect(page).to_have_title("Accueil – Vigie")


def test_the_popup_acknowledges_with_the_keyboard_alone(page: Page, installation: Installation) -> None:
    opened(page, installation, "/about")
    installation.feed.raise_alarm("battery_warm")
    expect(page.locator(".popup")).to_be_visible()
    assert page.evaluate("document.activeElement === document.body"), "a popup takes no focus by itself"
    expect_ready(page.locator("#pop-ack-battery_warm"))
    page.locator("#pop-ack-battery_warm").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".popup")).to_have_count(0)
    expect(page.locator(".alarm-bar")).to_contain_text("acquittée")
    expect(page.locator(":focus"), "the focus has found a place").to_have_count(1)


def test_escape_closes_the_popup_and_leaves_the_alarm(page: Page, installation: Installation) -> None:
    opened(page, installation)
    installation.feed.raise_alarm("battery_warm")
    expect(page.locator(".popup")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".popup")).to_have_count(0)
    expect(page.locator(".alarm-bar.is-asking")).to_be_visible()


def test_the_page_acknowledges_one_and_all(page: Page, installation: Installation) -> None:
    opened(page, installation, "/alarms")
    expect(page.get_by_text("Aucune alarme.")).to_be_visible()
    for alarm in ("battery_warm", "mains_lost", "sensor_lost"):
        installation.feed.raise_alarm(alarm)
    expect(page.locator(".alarm")).to_have_count(3)
    expect(row(page, "mains_lost").get_by_text("Vérifiez le disjoncteur")).to_be_visible()
    expect_ready(page.locator("#row-ack-mains_lost"))
    page.locator("#row-ack-mains_lost").focus()
    page.keyboard.press("Enter")
    expect(row(page, "mains_lost")).to_have_attribute("data-standing", "acknowledged")
    expect(row(page, "mains_lost")).to_contain_text("présente, acquittée (la page web)", ignore_case=True)
    page.get_by_role("button", name="Acquitter les 2").click()
    expect(page.locator(".alarm[data-asking=true]")).to_have_count(0)
    installation.feed.return_alarm("mains_lost")
    expect(row(page, "mains_lost")).to_have_count(0)
    expect(page.locator(".alarm")).to_have_count(2)


def test_shelving_demands_a_reason_and_can_be_taken_back(page: Page, installation: Installation) -> None:
    opened(page, installation, "/alarms")
    installation.feed.raise_alarm("battery_warm")
    shelve = page.locator("#row-shelve-battery_warm")
    expect_ready(shelve)
    shelve.click()
    dialog = page.locator("#confirm")
    expect(dialog).to_contain_text("Mettre de côté «\u00a0Batterie chaude\u00a0»")
    expect(page.get_by_label("Pourquoi")).to_be_focused()
    assert violations(page) == ""
    for nothing in ("", "   "):
        page.get_by_label("Pourquoi").fill(nothing)
        page.locator("#confirm-ok").click()
        expect(page.get_by_label("Pourquoi")).to_be_focused()
        expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(shelve).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#confirm .pick", has_text="24").click()
    page.get_by_label("Pourquoi").fill("Ventilateur commandé")
    page.keyboard.press("Enter")
    expect(row(page, "battery_warm")).to_have_attribute("data-standing", "shelved")
    expect(row(page, "battery_warm")).to_contain_text("Ventilateur commandé")
    expect(page.locator(".alarm-bar")).to_have_count(0)
    report = installation.feed.step()["alarms"][0]
    assert abs(report["shelved_until_utc_ms"] - report["raised_utc_ms"] - 86_400_000) < 300_000
    page.get_by_role("button", name="Reprendre").click()
    expect(row(page, "battery_warm")).to_have_attribute("data-standing", "unacknowledged")


def test_nothing_can_be_ordered_from_old_values(page: Page, installation: Installation) -> None:
    opened(page, installation, "/alarms")
    installation.feed.raise_alarm("battery_warm")
    acknowledge = page.locator("#row-ack-battery_warm")
    expect_ready(acknowledge)
    installation.freeze()
    expect(acknowledge).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".alarm-bar")).to_be_visible()


def test_news_elsewhere_leave_the_focus_and_the_opened_advice_where_they_are(
    page: Page, installation: Installation
) -> None:
    installation.feed.raise_alarm("battery_warm", standing="acknowledged", by="marie")
    installation.settle()
    opened(page, installation, "/alarms")
    page.locator("#todo-battery_warm summary").click()
    page.locator("#row-shelve-battery_warm").focus()
    installation.feed.raise_alarm("mains_lost")
    expect(row(page, "mains_lost")).to_be_visible()
    expect(page.locator("#row-shelve-battery_warm")).to_be_focused()
    expect(page.locator("#todo-battery_warm")).to_have_attribute("open", "")


def test_a_value_follows_without_disturbing_its_row(page: Page, installation: Installation) -> None:
    installation.feed.raise_alarm("battery_warm")
    installation.settle()
    opened(page, installation, "/alarms")
    page.evaluate("document.querySelector('#now-battery_warm').dataset.kept = 'yes'")
    since = installation.feed.step()["alarms"][0]["raised_utc_ms"]
    installation.feed.raise_alarm("battery_warm", value=43.75, raised_utc_ms=since)
    expect(row(page, "battery_warm").locator(".alarm-value")).to_contain_text("43,8\u00a0°C")
    expect(row(page, "battery_warm")).to_have_attribute("data-kept", "yes")


def test_a_page_fetches_its_pieces_only_when_something_happened(page: Page, installation: Installation) -> None:
    installation.feed.raise_alarm("battery_warm")
    installation.settle()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hear_news(opened_with_socket(page, installation.url + "/alarms"))
    assert [url for url in asked if "/alarms/" in url] == []


def test_the_history_s_filters_work_without_their_script(chromium: Browser, installation: Installation) -> None:
    with closing(chromium.new_context(java_script_enabled=False, locale="fr")) as context:
        page = context.new_page()
        page.goto(installation.url + "/alarms")
        rows = page.locator("#history tbody tr")
        expect(rows).to_have_count(7)
        page.get_by_label("Gravité").select_option("critical")
        page.get_by_role("button", name="Afficher").click()
        expect(rows).to_have_count(2)
        expect(page.get_by_label("Gravité")).to_have_value("critical")


def test_the_sound_is_a_wish_that_is_kept(page: Page, installation: Installation) -> None:
    opened(page, installation, "/alarms")
    sound = page.get_by_role("button", name="Son")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    opened(page, installation, "/alarms")
    expect(sound).to_have_attribute("aria-pressed", "true")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "false")


def test_an_outage_that_begins_and_ends_is_followed(page: Page, installation: Installation) -> None:
    opened(page, installation, "/outages")
    expect(page.locator(".outage-now")).to_be_hidden()
    now_ms = installation.feed.step()["utc_ms"]
    installation.changes = {
        "outage": {
            "kind": "outage",
            "began_utc_ms": now_ms - 90_000,
            "lowest_v": 12.31,
            "charge_out_ah": 0.02,
            "dark_s": 0.0,
            "rest_dark_s": 0.0,
        }
    }
    expect(page.locator(".outage-now")).to_contain_text("12,31\u00a0V")
    expect(page.locator(".outage-now")).to_contain_text("Coupure secteur")
    expect(page.locator(".log tbody tr").first).to_contain_text("en cours")
    installation.changes = {}
    expect(page.locator(".outage-now")).to_be_hidden()
    expect(page.locator(".log tbody tr").first).not_to_contain_text("en cours")
