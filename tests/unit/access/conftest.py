from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vigie.access.door import Door
from vigie.access.settings import AccessSettings


class Now:
    """A calendar the test sets."""

    def __init__(self) -> None:
        self.utc_s = 1_790_000_000.0

    def __call__(self) -> float:
        return self.utc_s


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.sqlite"


@pytest.fixture
def door(path: Path, now: Now) -> Iterator[Door]:
    with closing(Door(AccessSettings(), path, now, monotonic_s=now)) as opened:
        yield opened
