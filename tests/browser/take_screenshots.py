"""Take the pictures of the README from a running web application.

python tests/browser/take_screenshots.py http://127.0.0.1:8000/flask [folder]
"""

import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
LARGEST_BYTES = 200_000


class Picture(NamedTuple):
    """One picture: which page, how wide and high, in which theme and language."""

    name: str
    path: str
    width: int
    height: int
    theme: str
    language: str
    span: str = ""


PICTURES = [
    Picture("home-desk-light-fr", "/", 1280, 1080, "light", "fr"),
    Picture("home-phone-dark-fr", "/", 360, 780, "dark", "fr"),
    Picture("multimeter-desk-light-fr", "/multimeter", 1280, 1080, "light", "fr", "24 h"),
    Picture("relays-desk-dark-en", "/relays", 1280, 1080, "dark", "en"),
    Picture("alarms-desk-light-fr", "/alarms", 1280, 1080, "light", "fr"),
    Picture("alarms-phone-dark-fr", "/alarms", 360, 780, "dark", "fr"),
    Picture("outages-desk-dark-en", "/outages", 1280, 1080, "dark", "en"),
]


def take(browser: Browser, base: str, picture: Picture, folder: Path) -> Path:
    """Take one picture once the page is live; fail when it is too large for the repository."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.theme == "dark" else "light",
        locale=picture.language,
    )
    page = context.new_page()
    page.goto(base + picture.path)
    expect(page.locator("body.is-stale")).to_have_count(0)
    if picture.span:
        page.get_by_role("button", name=picture.span, exact=True).click()
    page.wait_for_timeout(2500)
    target = folder / f"{picture.name}.png"
    page.screenshot(path=target)
    context.close()
    if target.stat().st_size > LARGEST_BYTES:
        sys.exit(f"{target} has {target.stat().st_size} bytes, more than {LARGEST_BYTES}: make the picture smaller")
    return target


def main() -> None:
    base = sys.argv[1].rstrip("/")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parents[2] / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for picture in PICTURES:
            sys.stdout.write(f"{take(browser, base, picture, folder)}\n")
        browser.close()


if __name__ == "__main__":
    main()
