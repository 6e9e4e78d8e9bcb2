"""How tests look at a page: is it accessible, does it fit, what does it complain of, what has it been told."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket
from playwright.sync_api import TimeoutError as NotInTime

from .sites import Installation

FITS = "width => innerWidth === width && document.documentElement.scrollWidth <= width"


class Watch:
    """What a page complains of, and every address it asks."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2].split(":")[0]))
        page.on("websocket", lambda socket: self.hosts.add(socket.url.split("/")[2].split(":")[0]))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


def violations(page: Page) -> str:
    """Return what axe finds against the page, nothing when it finds nothing."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    results = AxeResults(page.evaluate("axe.run({ resultTypes: ['violations'] })"))
    return results.generate_report() if results.violations_count else ""


def fits(page: Page) -> bool:
    """Return whether the page is no wider than the screen, once it has taken the screen's size."""
    assert page.viewport_size is not None
    try:
        page.wait_for_function(FITS, arg=page.viewport_size["width"], timeout=10_000)
    except NotInTime:
        return False
    return True


def reader_of(site: Installation, chromium: Browser, locale: str) -> BrowserContext:
    """Return somebody at a desk, for many pages; nothing moves by itself, so that nothing is looked at on its way.

    One page of the site stays open: Chromium gives the other ones its process, which knows their scripts already.
    """
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale=locale, color_scheme="light", reduced_motion="reduce"
    )
    context.new_page().goto(site.url + "/static/favicon.svg")
    return context


def opened_with_socket(page: Page, url: str) -> WebSocket:
    """Open a page; return the socket over which the server tells it what is new."""
    with page.expect_websocket() as opened:
        page.goto(url)
    return opened.value


def hear_news(socket: WebSocket, times: int = 4) -> None:
    """Wait until the page has been told of so many new states; the ones before the last have been acted upon."""
    for _ in range(times):
        socket.wait_for_event("framereceived", lambda frame: '"state"' in str(frame))
