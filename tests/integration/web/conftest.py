from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.web.programs import Browser, Web, link
from vigie.link.client import LinkClient


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A web process of this test's own."""
    web = Web(tmp_path).start()
    yield web
    web.end()


@pytest.fixture(scope="module")
def shared_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process that the tests of a module share and leave running."""
    web = Web(tmp_path_factory.mktemp("web")).start()
    yield web
    web.end()


@pytest.fixture
def controller(web: Web) -> Iterator[LinkClient]:
    client = link(web)
    yield client
    client.close()


@pytest.fixture
def browser(web: Web) -> Iterator[Browser]:
    browser = Browser(web.url).open()
    yield browser
    browser.close()
