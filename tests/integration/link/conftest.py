from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.web.programs import Browser, Web, link
from vigie.link.client import LinkClient


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    web = Web(tmp_path).start()
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
