"""One whole stack for the tests that only look: the twin, nginx, Prometheus, and an echo in Grafana's place."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.process.installations import TWIN

from .door import Echo, House, Nginx


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"), TWIN)
    try:
        yield house.start()
    finally:
        house.end()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Callable[..., Nginx]]:
    """Start nginx before given ports; all are ended with the test."""
    made: list[Nginx] = []

    def make(*ports: int, **options: Any) -> Nginx:
        made.append(Nginx(tmp_path / f"nginx{len(made)}", *ports, **options))
        return made[-1]

    yield make
    for one in made:
        one.end()
