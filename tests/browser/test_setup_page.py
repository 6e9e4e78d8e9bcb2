"""The page in place of all others while nothing is commissioned: for everybody, and gone when the product is there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import Watch, fits, violations
from tests.integration.process.installations import QUICK, TWIN
from tests.ports import free_port
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

HEADINGS = {"en": "Nothing is commissioned yet", "fr": "Rien n’est encore mis en service"}


class Waiting:
    """A web process as Docker's service, whose settings are not there yet; a test starts it again, as Docker would."""

    def __init__(self, folder: Path) -> None:
        self.config, self._log = folder / "vigie.toml", folder / "log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/flask"
        files = ("--config", str(self.config), "--data", str(folder / "data"), "--port", str(self.port))
        self._command = [sys.executable, "-m", "vigie.cli.web_process", "--service-of", "docker", *files]
        self.config.write_text('[web]\nhost = "127.0.0.1"\n')
        self.start()

    def start(self) -> None:
        with self._log.open("a") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)
        wait_for(self._answers, 60, "the page", self._log.read_text)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=10).ok
        except requests.RequestException:
            return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waiting]:
    site = Waiting(tmp_path_factory.mktemp("waiting"))
    yield site
    site.close()


def judge(page: Page, theme: str, language: str) -> None:
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    assert violations(page) == ""
    assert fits(page)
    for code in page.locator("pre").all():
        assert code.evaluate("one => one.scrollWidth <= one.clientWidth"), "a command that is cut off"


@pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.long)])
@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible_quiet_self_contained_and_fits(
    chromium: Browser, waiting: Waiting, theme: str, width: int, language: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, locale=language)
    page = context.new_page()
    watch = Watch(page)
    page.goto(waiting.url + "/")
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADINGS[language])
    judge(page, theme, language)
    other = "fr" if language == "en" else "en"
    page.locator(f".bare-choices a[lang={other}]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HEADINGS[other])
    assert watch.complaints == []
    assert watch.hosts == {"127.0.0.1"}
    context.close()


def test_a_click_marks_a_whole_command(chromium: Browser, waiting: Waiting) -> None:
    page = chromium.new_page(locale="en")
    page.goto(waiting.url + "/")
    page.get_by_text("docker compose run --rm controller vigie commission").click()
    assert page.evaluate("getSelection().toString()") == "docker compose run --rm controller vigie commission"
    page.close()


def test_the_open_page_follows_the_settings_until_it_is_the_product(chromium: Browser, tmp_path: Path) -> None:
    site = Waiting(tmp_path)
    page = chromium.new_page(locale="en")
    page.goto(site.url + "/")
    site.config.write_text('[plant]\nkind = "rig"\nsped = 1\n[web]\nhost = "127.0.0.1"\n')
    expect(page.get_by_role("heading", level=1)).to_have_text("The settings have faults", timeout=60_000)
    judge(page, "light", "en")
    text = (QUICK + TWIN).replace('[access]\nlogin = "off"\n', "")
    site.config.write_text(text.format(web=site.port, metrics=free_port(), speed=1, soc=0.9))
    assert site.process.wait(60) == 0
    site.start()
    expect(page).to_have_url(re.compile("/flask/login"), timeout=60_000)
    page.close()
    site.close()
