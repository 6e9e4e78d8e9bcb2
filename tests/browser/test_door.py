"""The door in a real browser: in, out, a password of one's own, users; for everybody, with and without script."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Installation
from tests.browser.test_pages_everywhere import Watch, is_wider_than_the_screen, violations
from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings

pytestmark = pytest.mark.browser

PASSWORDS = {"vera": "viewers look around", "olga": "operators switch", "ada": "administers it all"}
ROLES = {"vera": Role.VIEWER, "olga": Role.OPERATOR, "ada": Role.ADMIN}


class Guarded(Installation):
    """An installation behind a door with three users, one of each role."""

    def __init__(self, folder: Path, **access: object) -> None:
        path = folder / "users.sqlite"
        self.door = Door(AccessSettings(), path)
        for name, password in PASSWORDS.items():
            self.door.users.add(name, ROLES[name], "test", password=password)
        super().__init__(folder, users=path, access=access)

    def close(self) -> None:
        super().close()
        self.door.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    site = Guarded(tmp_path_factory.mktemp("guarded"))
    yield site
    site.close()


def log_in(page: Page, name: str, password: str | None = None) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(password or PASSWORDS[name])
    page.locator("form.door button").click()


@pytest.mark.parametrize(
    ("theme", "width", "language"),
    [("light", 360, "en"), ("dark", 360, "fr"), ("light", 1280, "fr"), ("dark", 1280, "en")],
)
def test_the_door_s_pages_are_accessible_quiet_and_fit(
    chromium: Browser, guarded: Guarded, theme: str, width: int, language: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, locale=language)
    page = context.new_page()
    watch = Watch(page)

    def judge(what: str) -> None:
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        assert violations(page) == "", what
        assert not is_wider_than_the_screen(page), what

    page.goto(guarded.url + "/relays")
    judge("login")
    watch.complaints.clear()
    log_in(page, "ada", "not her password")
    expect(page.get_by_role("alert")).to_be_visible()
    judge("wrong password")
    watch.complaints.clear()  # the browser itself notes the 422
    log_in(page, "ada")
    assert page.url.endswith("/flask/relays")
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
    context.close()


def test_the_way_in_and_out_without_script(chromium: Browser, guarded: Guarded) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr")
    page = context.new_page()
    page.goto(guarded.url + "/outages")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")
    log_in(page, "olga")
    assert page.url.endswith("/flask/outages")
    page.locator(".menu:not(.nav-more) summary").click()
    page.get_by_role("button", name="Se déconnecter").click()
    assert page.url.endswith("/flask/login")
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")
    context.close()


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
    expect(page.locator("#age-page")).to_have_text("connecté")
    guarded.door.users.end_sessions("vera", "cli:test")
    page.wait_for_url("**/login?next=/flask/relays", timeout=8000)


def test_a_viewer_s_buttons_stay_off_and_the_page_says_why(page: Page, guarded: Guarded) -> None:
    page.goto(guarded.url + "/relays")
    log_in(page, "vera")
    expect(page.locator("#age-page")).to_have_text("connecté")
    time.sleep(0.6)
    buttons = page.locator("[data-command]")
    assert buttons.count() > 5
    assert set(buttons.evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-disabled'))")) == {"true"}
    expect(page.locator(".banner-viewer")).to_contain_text("commander demande le rôle d’opérateur")
