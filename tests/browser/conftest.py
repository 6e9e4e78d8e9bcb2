"""Installations to look at: one of each for all tests of a worker, made healthy again before each test."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from .looking import reader_of
from .sites import Guarded, Installation


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


@pytest.fixture(scope="session")
def _person(chromium: Browser, _open_house: Installation) -> Iterator[BrowserContext]:
    with closing(reader_of(_open_house, chromium, locale="fr-CH")) as person:
        yield person


@pytest.fixture
def page(_person: BrowserContext) -> Iterator[Page]:
    """A page of somebody French at a desk, of whom no site knows anything yet."""
    own = _person.new_page()
    yield own
    own.evaluate("try { localStorage.clear() } catch { /* no site is open */ }")
    own.close()
    _person.clear_cookies()
