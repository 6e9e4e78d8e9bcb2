"""The browser that tests and screenshots look through."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

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


@contextmanager
def started() -> Iterator[Browser]:
    """Run Chromium; a process can have it once only. Without it the test skips, in CI it fails."""
    if missing := _missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def _missing() -> str:
    if not CHROMIUM.exists():
        return "no Chromium: apt-get install chromium"
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:  # Playwright would only say that its driver has gone
        return "no libatomic, which drives Chromium: apt-get install libatomic1"
    return ""
