"""The door in a real browser: in, out, a password of one's own, users; for everybody, with and without script."""

import re
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from vigie.access.people import Role

from .acting import expect_connected, log_in
from .looking import Watch, fits, hear_news, opened_with_socket, violations
from .sites import Guarded

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("theme", "width", "language"),
    [
        ("dark", 360, "fr"),
        ("light", 1280, "fr"),
        pytest.param("light", 360, "en", marks=pytest.mark.long),
        pytest.param("dark", 1280, "en", marks=pytest.mark.long),
    ],
)
def test_the_door_s_pages_are_accessible_quiet_and_fit(
    chromium: Browser, guarded: Guarded, theme: str, width: int, language: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, locale=language)
    with closing(context):
        page = context.new_page()
        watch = Watch(page)

        def judge(what: str) -> None:
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            assert violations(page) == "", what
            assert fits(page), what

        page.goto(guarded.url + "/relays")
        judge("login")
        watch.complaints.clear()
        log_in(page, "ada", "not her password")
        expect(page.get_by_role("alert")).to_be_visible()
        judge("wrong password")
        watch.complaints.clear()  # the browser itself notes the 422
        log_in(page, "ada")
        expect(page).to_have_url(re.compile("/flask/relays$"))
        for path in ("/users", "/password", "/confirm"):
            page.goto(guarded.url + path)
            judge(path)
        page.goto(guarded.url + "/users")
        page.locator(".sure summary").first.click()
        judge("about to remove")
        page.locator(".menu:not(.nav-more) summary").click()
        judge("menu")
        assert watch.complaints == []
        assert watch.hosts == {"127.0.0.1"}


def test_the_way_in_and_out_without_script(chromium: Browser, guarded: Guarded) -> None:
    with closing(chromium.new_context(java_script_enabled=False, locale="fr")) as context:
        page = context.new_page()
        page.goto(guarded.url + "/outages")
        expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")
        log_in(page, "olga")
        expect(page).to_have_url(re.compile("/flask/outages$"))
        page.locator(".menu:not(.nav-more) summary").click()
        page.get_by_role("button", name="Se déconnecter").click()
        expect(page).to_have_url(re.compile("/flask/login$"))
        page.go_back()
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_the_first_login_demands_a_password_of_one_s_own(page: Page, guarded: Guarded) -> None:
    made = guarded.door.users.add("newcomer", Role.OPERATOR, "test")
    page.goto(guarded.url + "/")
    log_in(page, "newcomer", made)
    expect(page.get_by_role("heading", level=1)).to_have_text("Changez votre mot de passe")
    page.goto(guarded.url + "/relays")
    expect(page.get_by_role("heading", level=1)).to_have_text("Changez votre mot de passe")
    for field, text in (("old", made), ("new", "a password of mine"), ("again", "a password of mine")):
        page.locator(f"#{field}").fill(text)
    page.get_by_role("button", name="Changer le mot de passe").click()
    expect(page.locator("body")).to_have_attribute("data-verdict", "ok")


def test_a_page_goes_to_the_login_when_its_own_has_ended(page: Page, guarded: Guarded) -> None:
    page.goto(guarded.url + "/relays")
    log_in(page, "vera")
    expect_connected(page)
    guarded.door.users.end_sessions("vera", "cli:test")
    page.wait_for_url("**/login?next=/flask/relays")


def test_a_viewer_s_buttons_stay_off_and_the_page_says_why(page: Page, guarded: Guarded) -> None:
    page.goto(guarded.url + "/relays")
    log_in(page, "vera")
    expect_connected(page)
    hear_news(opened_with_socket(page, guarded.url + "/relays"))
    buttons = page.locator("[data-command]")
    assert buttons.count() > 5
    assert set(buttons.evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-disabled'))")) == {"true"}
    expect(page.locator(".banner-viewer")).to_contain_text("commander demande le rôle d’opérateur")
