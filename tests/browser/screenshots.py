"""Every page in both widths and themes, as pictures to look at.

``python -m tests.browser.screenshots FOLDER [LANGUAGE]``

They are of a simulated installation with a day of history, a warm battery, an outage that nobody has taken note of yet
and a note that somebody has.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.chromium import started

from .sites import Guarded, Installation
from .test_pages_everywhere import PAGES

WIDTHS = {"desk": (1280, 900), "phone": (360, 780)}
THEMES = ("light", "dark")
WARM_C = 41.6
ALARMS = (
    ("battery_warm", {"value": 43.1, "now": WARM_C, "limit": 40.0, "unit": "degC"}),
    ("mains_lost", {"severity": "critical", "standing": "returned", "is_present": False}),
    ("meter_reset", {"severity": "info", "standing": "acknowledged", "by": "marie"}),
)


def pictures(
    browser: Browser, site: Installation, paths: tuple[str, ...], folder: Path, language: str
) -> Iterator[Path]:
    """Take each page in each width and theme; yield where the picture is."""
    for (width, size), theme in product(WIDTHS.items(), THEMES):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            locale=language,
            reduced_motion="reduce",
        )
        page = context.new_page()
        for path in paths:
            page.goto(site.url + path)
            expect(page.locator("body.is-stale")).to_have_count(0)
            page.wait_for_load_state("networkidle" if path == "/multimeter" else "load")
            target = folder / f"{path.strip('/') or 'home'}-{width}-{theme}-{language}.png"
            page.screenshot(path=target, full_page=True)
            yield target
        context.close()


def main() -> None:
    """Take all pictures, and say where each one is."""
    folder = Path(sys.argv[1])
    language = sys.argv[2] if len(sys.argv) > 2 else "fr"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, started() as browser:
        open_house, door = Path(scratch) / "open", Path(scratch) / "door"
        for one in (open_house, door):
            one.mkdir()
        for site, paths in ((Installation(open_house), PAGES), (Guarded(door), ("/login",))):
            with closing(site):
                site.renew()
                site.changes = {"temperature_c": WARM_C}
                for name, fields in ALARMS:
                    site.feed.raise_alarm(name, **fields)
                site.settle()
                for taken in pictures(browser, site, paths, folder, language):
                    sys.stdout.write(f"{taken}\n")


if __name__ == "__main__":
    main()
