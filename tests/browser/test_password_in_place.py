"""The password asked in the dialog of an order: no other page, nothing lost, and the order then carried out."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.test_door import PASSWORDS, Guarded, log_in
from tests.browser.test_pages_everywhere import Watch, is_wider_than_the_screen, violations
from tests.browser.test_pages_live import go_manual, hold
from tests.integration.process.installations import TWIN, Site, wait_for
from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings
from vigie.telemetry.records import EventKind

pytestmark = pytest.mark.browser

FINGER_PX = 44
WRONG = "not her password"
CONFIRMATION = "**/api/v1/confirmation"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    site = Guarded(tmp_path)
    yield site
    site.close()


def let_confirmations_grow_old(door: Door) -> None:
    with door._file._changing() as connection:
        connection.execute("UPDATE session SET confirmed_s = confirmed_s - 301")


def opened(page: Page, site: Any) -> None:
    """Log olga in and wait until the page may order."""
    page.goto(site.url + "/relays")
    if page.locator("form.door").count():
        log_in(page, "olga")
    expect(page.locator("#age-page")).to_have_text("connecté")
    expect(page.locator("body")).not_to_have_attribute("data-verdict", "unknown", timeout=15_000)


def in_manual_mode_with_an_old_password(page: Page, site: Guarded) -> None:
    opened(page, site)
    go_manual(page)
    let_confirmations_grow_old(site.door)


def orders(page: Page) -> list[str]:
    """Return the bodies of the orders the page sends from now on."""
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if "/commands" in asked.url else None)
    return sent


def test_r2_of_the_real_program_opens_once_the_password_is_right(page: Page, tmp_path: Path) -> None:
    site = Site(tmp_path, TWIN, speed=60, soc=0.9)
    site.data.mkdir()
    with closing(Door(AccessSettings(), site.data / "users.sqlite")) as door:
        door.users.add("olga", Role.OPERATOR, "test", password=PASSWORDS["olga"])
        try:
            site.start("--login", "required")
            wait_for(site.state, 20, "the pages answer", lambda: site.log)
            opened(page, site)
            expect(page.locator("body")).to_have_attribute("data-verdict", "ok", timeout=15_000)
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
            expect(page.locator("[data-relay=R2] .reading-word")).to_have_text("ouvert", timeout=5_000)
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
    assert len(sent) == 2, "one to open, one to close: nothing was sent to be refused"


def test_a_held_button_and_the_chosen_minutes_survive_the_question(page: Page, guarded: Guarded) -> None:
    opened(page, guarded)
    let_confirmations_grow_old(guarded.door)
    page.locator("#manual-minutes .pick", has_text="120").click()
    hold(page, "Passer en manuel", 1800)
    expect(page.locator("#confirm-password")).to_be_focused()
    expect(page.locator("#confirm input[value='7200']")).to_be_checked()
    page.keyboard.type(PASSWORDS["olga"])
    page.keyboard.press("Enter")
    expect(page.locator(".banner-manual")).to_contain_text("1\u00a0h\u00a059\u00a0min")


def test_too_many_wrong_ones_tell_the_wait_and_what_was_typed_stays(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    hold(page, "Ouvrir R1", 1800)
    fault = page.locator("#confirm-fault")
    for tries in range(4):
        page.wait_for_timeout(1_200 if tries == 3 else 0)
        page.locator("#confirm-password").fill(WRONG)
        page.keyboard.press("Enter")
        expect(fault).to_have_text("Le mot de passe est faux.")
    page.locator("#confirm-password").fill(PASSWORDS["olga"])
    page.keyboard.press("Enter")
    expect(fault).to_contain_text("Trop de mots de passe faux\u00a0: attendez")
    expect(page.locator("#confirm-password")).to_have_value(PASSWORDS["olga"])
    page.wait_for_timeout(2_100)
    page.locator("#confirm-ok").click()
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "open")


def test_cancelled_while_the_password_is_looked_at_orders_nothing(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(CONFIRMATION, keep)
    hold(page, "Ouvrir R1", 1800)
    page.locator("#confirm-password").fill(PASSWORDS["olga"])
    sent = orders(page)
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-ok")).to_be_disabled()
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-fault")).to_have_text("Vérification du mot de passe…")
    page.locator("#confirm-cancel").click()
    expect(page.locator("#confirm")).to_be_hidden()
    assert page.locator("#confirm-password").input_value() == ""
    page.get_by_role("button", name="Ouvrir R2").click()
    with page.expect_response(CONFIRMATION):
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(page.locator("#confirm-title")).to_have_text("Ouvrir R2\u202f?")
    expect(page.locator("#confirm-ok")).to_be_enabled()
    expect(page.locator("#confirm")).to_be_visible()
    page.keyboard.press("Escape")
    assert (sent, len(held)) == ([], 1)
    expect(page.locator("[data-relay=R1] .answer")).to_contain_text("tapez encore une fois votre mot de passe")


def test_an_order_that_has_become_impossible_meanwhile_is_told_not_dropped(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    hold(page, "Ouvrir R1", 1800)
    page.locator("#confirm-password").fill(PASSWORDS["olga"])
    guarded.changes = {"mode": "observe"}
    expect(page.locator("[data-relay=R1] [data-password]")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    expect(page.locator("[data-relay=R1] .answer")).to_have_text("Non envoyé\u00a0: ce n’est plus possible.")
    expect(page.locator("[data-relay=R1] .contact-symbol")).to_have_attribute("data-value", "closed")


def test_the_answer_of_a_proxy_and_a_server_that_is_away_are_told_in_the_dialog(page: Page, guarded: Guarded) -> None:
    in_manual_mode_with_an_old_password(page, guarded)
    page.route(CONFIRMATION, lambda route: route.fulfill(status=429, body="<html>", content_type="text/html"))
    hold(page, "Ouvrir R1", 1800)
    page.locator("#confirm-password").fill(PASSWORDS["olga"])
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-fault")).to_contain_text("Trop de demandes")
    page.unroute(CONFIRMATION)
    page.route(CONFIRMATION, lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-fault")).to_contain_text("le serveur n’a pas répondu")
    page.unroute(CONFIRMATION)
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
    context: BrowserContext = chromium.new_context(viewport=size, color_scheme=theme, locale=language)
    page = context.new_page()
    watch = Watch(page)
    page.goto(guarded.url + "/relays")
    log_in(page, "olga")
    page.wait_for_url("**/relays")
    let_confirmations_grow_old(guarded.door)
    page.reload()
    button = page.locator("[data-ask=duration]")
    expect(button).to_have_attribute("aria-disabled", "false", timeout=15_000)
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
    assert not is_wider_than_the_screen(page)
    for control in (field, page.locator("#confirm-cancel"), page.locator("#confirm-ok")):
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= FINGER_PX
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert 0 <= box["y"] <= box["y"] + box["height"] <= height
    assert [text for text in watch.complaints if "422" not in text] == []
    context.close()
