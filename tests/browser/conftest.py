"""Chromium, the real web process, and an installation behind it that tests can change or freeze."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.integration.web.demo_feed import Feed
from tests.integration.web.programs import Web, link, wait_for

from .journals import write_day

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
TICK_S = 0.25


class Installation:
    """A web process and a controller's feed; ``changes`` overlay the snapshot, ``is_frozen`` stops it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.web = Web(folder, **options)
        write_day(self.web.journal, time.time())
        self.web.start()
        self.feed = Feed(0)
        self.changes: dict[str, Any] = {}
        self.is_frozen = False
        self._client = link(self.web, self.feed.answer)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        wait_for(lambda: self.web.state()["snapshot"], what="the first snapshot")

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            if not self.is_frozen:
                self._client.publish({**self.feed.step(), **self.changes})

    @property
    def url(self) -> str:
        return f"{self.web.url}/flask"

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()
        self.web.end()


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
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One healthy installation for all tests that only look."""
    installation = Installation(tmp_path_factory.mktemp("shared"))
    yield installation
    installation.close()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation of the test's own, to break."""
    own = Installation(tmp_path)
    yield own
    own.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    own = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="fr-CH")
    yield own
    own.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
