"""A log to write into."""

from pathlib import Path

import pytest

from tests.unit.simulation.synthetic_logs import Log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log.csv")
