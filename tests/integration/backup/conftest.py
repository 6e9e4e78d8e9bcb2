from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.process.installations import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Make installations in a folder of their own; all are ended with the test."""
    made: list[Site] = []

    def make(settings: str, **values: object) -> Site:
        made.append(Site(tmp_path / f"site{len(made)}", settings, **values))
        return made[-1]

    yield make
    for one in made:
        one.end()
