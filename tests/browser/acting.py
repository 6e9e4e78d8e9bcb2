"""What people do on the pages: log in, hold a button, go manual; and what the page sends for it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from .sites import PASSWORDS


def log_in(page: Page, name: str, password: str | None = None) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(password or PASSWORDS[name])
    page.locator("form.door button").click()


def expect_connected(page: Page, word: str = "connecté") -> None:
    """Wait until the page hears the server."""
    expect(page.locator("#age-page")).to_have_text(word)


def opened(page: Page, site: Any, path: str = "/") -> Page:
    page.goto(site.url + path)
    expect_connected(page)
    return page


def expect_ready(button: Locator) -> None:
    """Wait until the button takes orders."""
    expect(button).to_have_attribute("aria-disabled", "false")


def hold(page: Page, name: str) -> None:
    """Hold a button until it has acted."""
    button = page.get_by_role("button", name=name)
    expect_ready(button)
    button.hover()
    page.mouse.down()
    page.wait_for_function(
        "button => !button.classList.contains('is-holding')", arg=button.element_handle(), polling=50
    )
    page.mouse.up()


def go_manual(page: Page) -> None:
    page.get_by_role("button", name="Passer en manuel").click()
    page.locator("#confirm-ok").click()
    expect(page.locator(".banner-manual")).to_be_visible()


def orders(page: Page) -> list[str]:
    """Return the bodies of the orders the page sends from now on."""
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if "/commands" in asked.url else None)
    return sent
