"""Chromium and installations to look at: one of each for all tests of a worker, made healthy again before each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from .sites import Guarded, Installation

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
expect.set_options(timeout=30_000)  # for a machine that does other things too; what is there is seen at once


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: apt-get install chromium")
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def _open_house(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    site = Installation(tmp_path_factory.mktemp("open"))
    yield site
    site.close()


@pytest.fixture
def installation(_open_house: Installation) -> Iterator[Installation]:
    """A healthy installation that lets everybody in."""
    _open_house.renew()
    yield _open_house
    _open_house.rest()


@pytest.fixture(scope="session")
def _guarded_house(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    site = Guarded(tmp_path_factory.mktemp("guarded"))
    yield site
    site.close()


@pytest.fixture
def guarded(_guarded_house: Guarded) -> Iterator[Guarded]:
    """A healthy installation that asks for a login; nobody has logged in yet."""
    _guarded_house.renew()
    yield _guarded_house
    _guarded_house.rest()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody French at a desk; nothing moves by itself, so that nothing is looked at on its way."""
    own = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale="fr-CH", color_scheme="light", reduced_motion="reduce"
    )
    yield own
    own.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
