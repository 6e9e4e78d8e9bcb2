"""The password asked in the dialog of an order: no other page, nothing lost, and the order then carried out."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.integration.process.installations import TWIN, Site
from tests.waiting import wait_for
from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings
from vigie.telemetry.records import EventKind

from .acting import expect_connected, expect_ready, go_manual, hold, log_in, orders
from .looking import Watch, fits, violations
from .sites import PASSWORDS, Guarded, let_confirmations_grow_old

pytestmark = pytest.mark.browser

FINGER_PX = 44
WRONG = "not her password"
CONFIRMATION = "**/api/v1/confirmation"
ANOTHER_ANSWER = "fetch('../flask/healthz').then(answer => answer.text())"
"""Asked later and answered later: by then the page has acted upon the answers before."""

JUDGED = re.compile("^(Le mot de passe est faux|Trop de mots de passe faux)")
CHECKING = "Vérification du mot de passe…"
CONNECTED = {"fr": "connecté", "en": "connected"}


def opened(page: Page, site: Any) -> None:
    """Log olga in and wait until the page may order."""
    page.goto(site.url + "/relays")
    if page.locator("form.door").count():
        log_in(page, "olga")
    expect_connected(page)
    expect(page.locator("body")).not_to_have_attribute("data-verdict", "unknown")


def in_manual_mode_with_an_old_password(page: Page, site: Guarded) -> None:
    opened(page, site)
    go_manual(page)
    let_confirmations_grow_old(site.door)


def test_r2_of_the_real_program_opens_once_the_password_is_right(page: Page, tmp_path: Path) -> None:
    site = Site(tmp_path, TWIN, speed=60, soc=0.9)
    site.data.mkdir()
    with closing(Door(AccessSettings(), site.data / "users.sqlite")) as door:
        door.users.add("olga", Role.OPERATOR, "test", password=PASSWORDS["olga"])
        try:
            site.start("--login", "required")
            wait_for(site.state, 60, "the pages answer", lambda: site.log)
            opened(page, site)
            expect(page.locator("body")).to_have_attribute("data-verdict", "ok")
            go_manual(page)
            let_confirmations_grow_old(door)
            page.get_by_role("button", name="Ouvrir R2").click()
            page.locator("#confirm-ok").click()
            field = page.get_by_label("Votre mot de passe (olga)")
            expect(field).to_be_focused()
            page.keyboard.type(WRONG)
            page.keyboard.press("Enter")
            expect(page.locator("#confirm-fault")).to_have_text("Le mot de passe est faux.")
            assert [event for event in site.events(EventKind.SWITCHING) if event.subject == "R2"] == []
            page.keyboard.type(PASSWORDS["olga"])
            page.keyboard.press("Enter")
            expect(page.locator("[data-relay=R2] .reading-word")).to_have_text("ouvert")
            expect(page.locator("[data-relay=R2] .answer")).to_have_text("Confirmé.")
            assert page.url.endswith("/relays")
            told = wait_for(lambda: site.events(EventKind.COMMAND), 5)[-1]
            assert told.who == "olga"
            wrong = [entry.detail for entry in door.users.record(20) if entry.action == "wrong password"]
            assert wrong == ["confirmation"]
        finally:
            site.end()


def test_a_page_that_knows_it_asks_at_once_and_one_enter_does_it(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    page.reload()
    opened(page, guarded)
    sent = orders(page)
    page.get_by_role("button", name="Ouvrir R1").click()
    expect(page.locator("#confirm-text")).to_contain_text("vivra sur la batterie")
    expect(page.locator("#confirm-password")).to_be_focused()
    page.keyboard.type(PASSWORDS["olga"])
    page.keyboard.press("Enter")
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "open")
    expect(page.locator("[data-relay=R1] .answer")).to_have_text("Confirmé.")
    expect(page.get_by_role("button", name="Ouvrir R1")).to_be_focused()
    page.get_by_role("button", name="Fermer R1").click()
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "closed")
    page.get_by_role("button", name="Ouvrir R1").click()
    expect(page.locator("#confirm-cancel")).to_be_focused()
    expect(page.locator("#confirm-password")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    assert len(sent) == 2, "one to open, one to close: nothing was sent to be refused"


def test_a_held_button_and_the_chosen_minutes_survive_the_question(page: Page, guarded: Guarded) -> None:
    opened(page, guarded)
    let_confirmations_grow_old(guarded.door)
    page.locator("#manual-minutes .pick", has_text="120").click()
    hold(page, "Passer en manuel")
    expect(page.locator("#confirm-password")).to_be_focused()
    expect(page.locator("#confirm input[value='7200']")).to_be_checked()
    page.keyboard.type(PASSWORDS["olga"])
    page.keyboard.press("Enter")
    expect(page.locator(".banner-manual")).to_contain_text("1\u00a0h\u00a059\u00a0min")


def test_too_many_wrong_ones_tell_the_wait_and_what_was_typed_stays(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    hold(page, "Ouvrir R1")
    fault, field = page.locator("#confirm-fault"), page.locator("#confirm-password")
    contact = page.locator("[data-relay=R1] .contact-symbol")

    def answer_to(password: str) -> str:
        field.fill(password)
        page.keyboard.press("Enter")
        expect(fault).to_have_text(JUDGED)
        page.wait_for_timeout(200)  # an impatient person
        return str(fault.text_content())

    heard = 0
    while heard < 5:  # the fourth is heard after a second, the fifth after two more, the next after four
        heard += answer_to(WRONG) == "Le mot de passe est faux."
    assert answer_to(PASSWORDS["olga"]).startswith("Trop de mots de passe faux\u00a0: attendez")
    expect(field).to_have_value(PASSWORDS["olga"])
    while fault.is_visible():
        page.wait_for_timeout(200)
        page.locator("#confirm-ok").click()
        expect(page.locator("#confirm-ok")).to_be_enabled()
    expect(contact).to_have_attribute("data-value", "open")


def test_cancelled_while_the_password_is_looked_at_orders_nothing(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(CONFIRMATION, keep)
    hold(page, "Ouvrir R1")
    page.locator("#confirm-password").fill(PASSWORDS["olga"])
    sent = orders(page)
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-ok")).to_be_disabled()
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-fault")).to_have_text(CHECKING)
    left = page.locator("#confirm-cancel").evaluate(
        "button => { button.click(); return document.querySelector('#confirm-password').value; }"
    )
    assert left == "", "the password is forgotten the moment it is not needed any more"
    expect(page.locator("#confirm")).to_be_hidden()
    page.get_by_role("button", name="Ouvrir R2").click()
    with page.expect_response(CONFIRMATION) as looked_at:
        held[0].continue_()
    looked_at.value.finished()
    page.evaluate(ANOTHER_ANSWER)
    expect(page.locator("#confirm-title")).to_have_text("Ouvrir R2\u202f?")
    expect(page.locator("#confirm-ok")).to_be_enabled()
    expect(page.locator("#confirm")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    guarded.settle()
    assert (sent, len(held)) == ([], 1)
    expect(page.locator("[data-relay=R1] .answer")).to_contain_text("tapez encore une fois votre mot de passe")


def test_an_order_that_has_become_impossible_meanwhile_is_told_not_dropped(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    hold(page, "Ouvrir R1")
    page.locator("#confirm-password").fill(PASSWORDS["olga"])
    guarded.changes = {"mode": "observe"}
    expect(page.locator("[data-relay=R1] [data-password]")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    expect(page.locator("[data-relay=R1] .answer")).to_have_text("Non envoyé\u00a0: ce n’est plus possible.")
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "closed")


def test_the_answer_of_a_proxy_and_a_server_that_is_away_are_told_in_the_dialog(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    on_the_way: list[Callable[[Route], None]] = [
        lambda route: route.fulfill(status=429, body="<html>", content_type="text/html"),
        lambda route: route.abort(),
        lambda route: route.continue_(),
    ]

    def answer(route: Route) -> None:
        on_the_way.pop(0)(route)

    page.route(CONFIRMATION, answer)
    hold(page, "Ouvrir R1")
    page.locator("#confirm-password").fill(PASSWORDS["olga"])
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-fault")).to_contain_text("Trop de demandes")
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-fault")).to_contain_text("le serveur n’a pas répondu")
    page.keyboard.press("Enter")
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "open")


@pytest.mark.parametrize(
    ("theme", "width", "height", "language"),
    [("dark", 360, 740, "fr"), ("light", 360, 360, "en"), ("light", 1280, 900, "en"), ("dark", 1280, 900, "fr")],
)
def test_the_question_is_accessible_and_fits(
    chromium: Browser, guarded: Guarded, theme: str, width: int, height: int, language: str
) -> None:
    size = {"width": width, "height": height}
    context = chromium.new_context(viewport=size, color_scheme=theme, locale=language, reduced_motion="reduce")
    page = context.new_page()
    watch = Watch(page)
    page.goto(guarded.url + "/relays")
    log_in(page, "olga")
    expect_connected(page, CONNECTED[language])
    let_confirmations_grow_old(guarded.door)
    page.reload()
    button = page.locator("[data-ask=duration]")
    expect_ready(button)
    button.click()
    field = page.locator("#confirm-password")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("autocomplete", "current-password")
    assert violations(page) == ""
    field.fill(WRONG)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text(
        "Le mot de passe est faux." if language == "fr" else "The password is wrong."
    )
    assert violations(page) == ""
    assert fits(page)
    for control in (field, page.locator("#confirm-cancel"), page.locator("#confirm-ok")):
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= FINGER_PX
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert 0 <= box["y"] <= box["y"] + box["height"] <= height
    assert [text for text in watch.complaints if "422" not in text] == []
    context.close()
