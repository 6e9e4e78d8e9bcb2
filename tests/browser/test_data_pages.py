"""The page of data and a log's charts in Chromium: accessible, never wider, a download with and without scripts."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.unit.web.test_data_page import put_log
from vigie.telemetry.imported import Shelf

from .looking import Watch, fits, violations
from .sites import Installation

pytestmark = pytest.mark.browser


LOG = "cellar-with-a-name-long-enough-to-break-a-narrow-page"


@pytest.fixture
def with_log(installation: Installation) -> Iterator[Installation]:
    put_log(installation.web.folder, LOG)
    yield installation
    shelf = Shelf(installation.web.folder)
    if shelf.logs():
        shelf.remove(LOG)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_a_log_s_page_is_accessible_quiet_and_fits(
    chromium: Browser, with_log: Installation, theme: str, width: int
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, locale="fr", reduced_motion="reduce"
    )
    with closing(context):
        page = context.new_page()
        watch = Watch(page)
        page.goto(with_log.url + "/data?days=0")
        assert violations(page) == ""
        assert fits(page)
        page.get_by_role("link", name="cellar-with").click()
        expect(page.locator(".drawn")).to_have_count(3)
        before = page.url
        page.get_by_role("link", name="Zoom avant").click()
        expect(page).not_to_have_url(before)
        page.wait_for_load_state()
        page.get_by_text("Supprimer ce relevé").click()
        assert violations(page) == ""
        assert fits(page)
        assert watch.complaints == []


@pytest.mark.parametrize("has_script", [True, False])
def test_a_click_downloads_and_a_log_is_deleted(
    chromium: Browser, with_log: Installation, tmp_path: Path, has_script: bool
) -> None:
    context = chromium.new_context(java_script_enabled=has_script, locale="en", accept_downloads=True)
    with closing(context):
        page = context.new_page()
        page.goto(with_log.url + "/data?days=7")
        with page.expect_download() as started:
            page.locator("a[href*='resolution=hour'][href*='parquet']").click()
        saved = tmp_path / started.value.suggested_filename
        started.value.save_as(saved)
        assert saved.name.endswith(".parquet")
        assert saved.read_bytes()[:4] == saved.read_bytes()[-4:] == b"PAR1"
        page.get_by_role("link", name="cellar-with").click()
        page.get_by_text("Delete this log…").click()
        page.get_by_role("button", name="Delete for good").click()
        expect(page.locator("#logs")).to_contain_text("None.")
