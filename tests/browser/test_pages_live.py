"""What moves: live values, a lost server, a silent controller, orders and their answers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .acting import expect_connected, expect_ready, go_manual, hold, opened, orders
from .looking import hear_news, opened_with_socket
from .sites import Installation

pytestmark = pytest.mark.browser

AFTER_THE_HOLD = "new Promise(done => setTimeout(done, 1600))"
"""A timer set after the hold's own 1.5 s: when it is over, the hold would have acted."""


def told(page: Page, answer: Locator) -> Callable[[], list[str]]:
    """Write down all that an answer says from now on, however shortly."""
    answer.evaluate(
        """node => {
          window.told = [];
          new MutationObserver(() => told.push(node.textContent)).observe(node, { childList: true });
        }"""
    )
    return lambda: list(page.evaluate("told"))


def test_values_change_without_a_reload(page: Page, installation: Installation) -> None:
    opened(page, installation)
    page.evaluate("window.isTheSame = true")
    installation.changes = {"temperature_c": 31.4}
    expect(page.locator("#tile-battery ~ p [data-live=temperature_c]")).to_have_text("31,4")
    assert page.evaluate("window.isTheSame"), "the page was loaded again"


def test_a_lost_server_is_told_and_nothing_is_well_any_more(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/")
    expect(page.locator("body")).to_have_attribute("data-verdict", "ok")
    expect(page.locator("#banner-lost")).to_be_hidden()
    installation.web.kill()
    expect(page.locator("#banner-lost")).to_be_visible()
    expect(page.locator("#verdict-word")).to_have_text("État inconnu")
    expect(page.get_by_role("button", name="Protéger")).to_have_attribute("aria-disabled", "true")
    installation.web.start()
    expect(page.locator("#verdict-word")).to_have_text("Tout va bien")
    expect(page.locator("#banner-lost")).to_be_hidden()


def test_a_silent_controller_makes_the_page_stale_with_its_age(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/")
    expect(page.locator("body")).to_have_attribute("data-verdict", "ok")
    installation.freeze()
    expect(page.locator("body.is-stale")).to_be_attached()
    expect(page.locator("#verdict-why")).to_have_text(re.compile(r"ne dit plus rien depuis \d+\u00a0s"))
    expect(page.locator("[data-wire=mains]")).to_have_attribute("data-state", "unknown")
    without_script = page.request.get(installation.url + "/").text()
    assert 'data-verdict="unknown"' in without_script


def test_an_alarm_marks_the_title_and_the_icon(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/about")
    expect(page).to_have_title("À propos – Vigie")
    installation.changes = {"verdict": "alarm", "verdict_reasons": ["over_temperature"]}
    expect(page).to_have_title("⚠ À propos – Vigie")
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("alarm"))


def test_a_mode_is_chosen_by_holding_and_the_page_moves_after_the_answer(
    page: Page, installation: Installation
) -> None:
    page.goto(installation.url + "/")
    protect = page.get_by_role("button", name="Protéger")
    hold(page, "Protéger")
    expect(page.locator(".order-modes .answer")).to_have_text("Confirmé.")
    expect(protect).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#confirm")).to_be_hidden()


def test_leaving_a_held_button_early_orders_nothing(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/")
    sent = orders(page)
    cycle = page.get_by_role("button", name="Cycler")
    expect_ready(cycle)
    cycle.hover()
    page.mouse.down()
    page.mouse.move(5, 5)
    page.evaluate(AFTER_THE_HOLD)
    page.mouse.up()
    installation.settle()
    expect(page.locator(".order-modes .answer")).to_be_empty()
    assert sent == []
    assert installation.web.state()["snapshot"]["mode"] == "observe"


def test_manual_mode_by_keyboard_and_a_contact_that_opens_on_confirmation_only(
    page: Page, installation: Installation
) -> None:
    page.goto(installation.url + "/relays")
    manual = page.get_by_role("button", name="Passer en manuel")
    expect_ready(manual)
    manual.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".banner-manual")).to_contain_text("29\u00a0min")
    expect(manual).to_be_focused()

    blade = page.locator("[data-relay=R1] .contact-symbol")
    opening = page.get_by_role("button", name="Ouvrir R1")
    expect_ready(opening)
    opening.focus()
    sent = orders(page)
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-text")).to_contain_text("vivra sur la batterie")
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    expect(opening).to_be_focused()
    installation.settle()
    expect(blade).to_have_attribute("data-value", "closed")
    assert sent == []
    page.keyboard.press("Enter")
    page.locator("#confirm-ok").click()
    expect(blade).to_have_attribute("data-value", "open")
    expect(page.locator("[data-relay=R1] .answer")).to_have_text("Confirmé.")
    page.get_by_role("button", name="Fermer R1").click()
    expect(blade).to_have_attribute("data-value", "closed")
    page.locator(".banner-manual").get_by_role("button", name="Revenir au mode Observer").click()
    expect(page.locator(".banner-manual")).to_be_hidden()


def test_an_answer_counts_though_the_next_question_comes_before_its_dialog_has_said_that_it_closed(
    page: Page, installation: Installation
) -> None:
    page.goto(installation.url + "/relays")
    go_manual(page)
    page.get_by_role("button", name="Ouvrir R1").click()
    next_question = page.get_by_role("button", name="Ouvrir R2", include_hidden=True)
    next_question.evaluate("button => { document.querySelector('#confirm-ok').click(); button.click(); }")
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "open")
    expect(page.locator("[data-relay=R1] .answer")).to_have_text("Confirmé.")
    expect(page.locator("#confirm-title")).to_have_text("Ouvrir R2\u202f?")
    expect(page.locator("#confirm")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page.locator("[data-relay=R2] .answer")).to_be_empty()


def test_what_would_be_refused_says_why_is_not_offered_and_is_refused(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/relays")
    go_manual(page)
    hold(page, "Ouvrir R1")
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "open")
    expect(page.locator("[data-relay=R2] .note").first).to_contain_text("jamais ouverts ensemble")
    expect(page.get_by_role("button", name="Ouvrir R2")).to_have_attribute("aria-disabled", "true")
    command = {"id": "a" * 32, "action": "set_contact", "relay": "R2", "contact": "open"}
    answer = page.request.post(
        installation.url + "/api/v1/commands", data=command, headers={"Origin": installation.web.url}
    )
    assert (answer.status, answer.json()["reason"]) == (409, "both_open")
    expect(page.locator("[data-relay=R2] .contact-symbol")).to_have_attribute("data-value", "closed")


def test_an_order_that_shows_no_effect_is_not_confirmed(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/")
    installation.changes = {"mode": "observe"}
    answer = page.locator(".order-modes .answer")
    answers = told(page, answer)
    hold(page, "Protéger")
    expect(answer).to_contain_text("Non confirmé")
    assert answers() == ["Ordre envoyé…", answer.text_content()]
    expect(page.get_by_role("button", name="Protéger")).to_have_attribute("aria-pressed", "false")


def test_charts_show_the_journal_and_their_tables_the_same_values(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/multimeter")
    expect(page.locator("[data-quantity=bus_v] canvas")).to_be_visible()
    page.get_by_role("button", name="24 h").click()
    page.locator("[data-quantity=bus_v]").get_by_role("button", name="Tableau").click()
    rows = page.locator("[data-quantity=bus_v] tbody tr")
    expect(rows.first).to_be_visible()
    expect(rows.nth(40)).to_be_attached()
    means = page.locator("[data-quantity=bus_v] tbody td:nth-child(2)")
    expect(means.filter(has_text=re.compile("^12,")).first, "the outage of the day is in the table").to_be_attached()
    expect(means.filter(has_text=re.compile("^13,")).first).to_be_attached()


def test_held_values_stand_still_while_the_page_goes_on(page: Page, installation: Installation) -> None:
    socket = opened_with_socket(page, installation.url + "/multimeter")
    expect_connected(page)
    page.get_by_role("button", name="Figer").click()
    display = page.locator("[data-channel=load] [data-live$='current_a']")
    before, clock = display.text_content(), page.locator("#age-snapshot")
    hear_news(socket)
    assert display.text_content() == before
    expect(clock).to_have_text(re.compile("il y a"))
    page.get_by_role("button", name="Figer").click()
    expect(display).not_to_have_text(str(before))


RUNNING = "() => document.getAnimations().filter((one) => one.playState === 'running').length"


def test_the_diagram_moves_when_a_current_begins_or_turns_and_then_rests(
    page: Page, installation: Installation
) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(installation.url + "/")
    expect_connected(page)
    page.wait_for_function(f"() => ({RUNNING})() > 0")
    page.wait_for_function(f"() => ({RUNNING})() === 0")
    wire = page.locator(".node-battery .wire-battery")
    wire.evaluate("node => { node.dataset.direction = node.dataset.direction === 'back' ? 'forward' : 'back'; }")
    page.wait_for_function(f"() => ({RUNNING})() > 0")


def test_charts_are_drawn_anew_when_the_theme_changes(page: Page, installation: Installation) -> None:
    page.goto(installation.url + "/multimeter")
    chart = page.locator("[data-quantity=bus_v] .uplot")
    expect(chart).to_be_visible()
    chart.evaluate("node => { node.id = 'drawn-in-light'; }")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("#drawn-in-light")).to_have_count(0)
    expect(chart).to_be_visible()
