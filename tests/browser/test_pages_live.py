"""What moves: live values, a lost server, a silent controller, orders and their answers."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def go_manual(page: Page) -> None:
    page.get_by_role("button", name="Passer en manuel").click()
    page.locator("#confirm-ok").click()
    expect(page.locator(".banner-manual")).to_be_visible()


def hold(page: Page, name: str, milliseconds: int) -> None:
    page.get_by_role("button", name=name).hover()
    page.mouse.down()
    page.wait_for_timeout(milliseconds)
    page.mouse.up()


def test_values_change_without_a_reload(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/")
    installation.changes = {"temperature_c": 31.4}
    expect(page.locator("#tile-battery ~ p [data-live=temperature_c]")).to_have_text("31,4", timeout=3000)
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_a_lost_server_is_told_and_nothing_is_well_any_more(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/")
    expect(page.locator("body")).to_have_attribute("data-verdict", "ok")
    expect(page.locator("#banner-lost")).to_be_hidden()
    installation.web.kill()
    expect(page.locator("#banner-lost")).to_be_visible(timeout=3000)
    expect(page.locator("#verdict-word")).to_have_text("État inconnu", timeout=1000)
    expect(page.get_by_role("button", name="Protéger")).to_have_attribute("aria-disabled", "true")
    installation.web.start()
    expect(page.locator("#verdict-word")).to_have_text("Tout va bien", timeout=12_000)
    expect(page.locator("#banner-lost")).to_be_hidden()


def test_a_silent_controller_makes_the_page_stale_with_its_age(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/")
    expect(page.locator("body")).to_have_attribute("data-verdict", "ok")
    installation.is_frozen = True
    expect(page.locator("body.is-stale")).to_be_attached(timeout=3500)
    expect(page.locator("#verdict-why")).to_have_text(re.compile(r"ne dit plus rien depuis \d+\u00a0s"))
    expect(page.locator("[data-wire=mains]")).to_have_attribute("data-state", "unknown")
    without_script = page.request.get(installation.url + "/").text()
    assert 'data-verdict="unknown"' in without_script


def test_an_alarm_marks_the_title_and_the_icon(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/about")
    expect(page).to_have_title("À propos – Vigie")
    installation.changes = {"verdict": "alarm", "verdict_reasons": ["over_temperature"]}
    expect(page).to_have_title("⚠ À propos – Vigie")
    assert "alarm" in str(page.locator("#favicon").get_attribute("href"))


def test_a_mode_is_chosen_by_holding_and_the_page_moves_after_the_answer(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/")
    protect = page.get_by_role("button", name="Protéger")
    expect(protect).to_have_attribute("aria-disabled", "false")
    hold(page, "Protéger", 1800)
    expect(page.locator(".order-modes .answer")).to_have_text("Confirmé.")
    expect(protect).to_have_attribute("aria-pressed", "true")
    assert not page.locator("#confirm").evaluate("dialog => dialog.open")


def test_leaving_a_held_button_early_orders_nothing(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/")
    expect(page.get_by_role("button", name="Cycler")).to_have_attribute("aria-disabled", "false")
    page.get_by_role("button", name="Cycler").hover()
    page.mouse.down()
    page.wait_for_timeout(400)
    page.mouse.move(5, 5)
    page.wait_for_timeout(1600)
    page.mouse.up()
    expect(page.locator(".order-modes .answer")).to_be_empty()
    assert installation.web.state()["snapshot"]["mode"] == "observe"


def test_manual_mode_by_keyboard_and_a_contact_that_opens_on_confirmation_only(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/relays")
    manual = page.get_by_role("button", name="Passer en manuel")
    expect(manual).to_have_attribute("aria-disabled", "false")
    manual.focus()
    page.keyboard.press("Enter")
    assert page.locator("#confirm-cancel").evaluate("node => node === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".banner-manual")).to_contain_text("29\u00a0min")
    expect(manual).to_be_focused()

    blade = page.locator("[data-relay=R1] .contact-symbol")
    page.get_by_role("button", name="Ouvrir R1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-text")).to_contain_text("vivra sur la batterie")
    page.keyboard.press("Escape")
    expect(blade).to_have_attribute("data-value", "closed")
    page.keyboard.press("Enter")
    page.locator("#confirm-ok").click()
    expect(blade).to_have_attribute("data-value", "open")
    expect(page.locator("[data-relay=R1] .answer")).to_have_text("Confirmé.")
    page.get_by_role("button", name="Fermer R1").click()
    expect(blade).to_have_attribute("data-value", "closed")
    page.locator(".banner-manual").get_by_role("button", name="Revenir en observation").click()
    expect(page.locator(".banner-manual")).to_be_hidden()


def test_a_refused_order_says_why_in_words(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/relays")
    expect(page.get_by_role("button", name="Passer en manuel")).to_have_attribute("aria-disabled", "false")
    go_manual(page)
    hold(page, "Ouvrir R1", 1800)
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "open")
    expect(page.locator("[data-relay=R2] .note").first).to_contain_text("jamais ouverts ensemble")
    hold(page, "Ouvrir R2", 1800)
    answer = page.locator("[data-relay=R2] .answer")
    expect(answer).to_have_text(
        "Refusé\u00a0: R1 et R2 ne sont jamais ouverts ensemble\u00a0: les charges seraient coupées."
    )
    expect(page.locator("[data-relay=R2] .contact-symbol")).to_have_attribute("data-value", "closed")


def test_an_order_that_shows_no_effect_is_not_confirmed(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/")
    expect(page.get_by_role("button", name="Protéger")).to_have_attribute("aria-disabled", "false")
    installation.changes = {"mode": "observe"}
    hold(page, "Protéger", 1800)
    answer = page.locator(".order-modes .answer")
    expect(answer).to_have_text("Ordre envoyé…")
    expect(answer).to_contain_text("Non confirmé", timeout=6000)
    expect(page.get_by_role("button", name="Protéger")).to_have_attribute("aria-pressed", "false")


def test_charts_show_the_journal_and_their_tables_the_same_values(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/multimeter")
    expect(page.locator("[data-quantity=bus_v] canvas")).to_be_visible()
    page.get_by_role("button", name="24 h").click()
    page.locator("[data-quantity=bus_v]").get_by_role("button", name="Tableau").click()
    rows = page.locator("[data-quantity=bus_v] tbody tr")
    expect(rows.first).to_be_visible()
    expect(rows.nth(40)).to_be_attached()
    texts = page.locator("[data-quantity=bus_v] tbody td:nth-child(2)").all_text_contents()
    means = [float(text.split()[0].replace(",", ".")) for text in texts if text != "—"]
    assert min(means) < 13.0 < max(means), "the outage of the day is in the table"


def test_held_values_stand_still_while_the_page_goes_on(page: Page, installation: Any) -> None:
    page.goto(installation.url + "/multimeter")
    expect(page.locator("#age-page")).to_have_text("connecté")
    page.get_by_role("button", name="Figer").click()
    display = page.locator("[data-channel=load] [data-live$='current_a']")
    before, clock = display.text_content(), page.locator("#age-snapshot")
    page.wait_for_timeout(1500)
    assert display.text_content() == before
    expect(clock).to_have_text(re.compile("il y a"))
    page.get_by_role("button", name="Figer").click()
    expect(display).not_to_have_text(str(before), timeout=3000)


def test_a_paused_diagram_stays_paused_on_the_next_page_load(page: Page, shared: Any) -> None:
    page.goto(shared.url + "/")
    pause = page.locator("#pause-flow")
    for is_paused in ("true", "false"):
        pause.click()
        expect(pause).to_have_attribute("aria-pressed", is_paused)
        page.reload()
        expect(page.locator("#age-page")).to_have_text("connecté")
        expect(pause).to_have_attribute("aria-pressed", is_paused)
        assert page.locator("body.is-paused").count() == (is_paused == "true")


def test_charts_are_drawn_anew_when_the_theme_changes(page: Page, shared: Any) -> None:
    page.goto(shared.url + "/multimeter")
    chart = page.locator("[data-quantity=bus_v] .uplot")
    expect(chart).to_be_visible()
    chart.evaluate("node => { node.id = 'drawn-in-light'; }")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("#drawn-in-light")).to_have_count(0)
    expect(chart).to_be_visible()
