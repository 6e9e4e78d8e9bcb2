"""How hard the properties are tried: a few hundred sequences, the same ones each time where it must be reproducible."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True, database=None)
settings.register_profile("dev", max_examples=100, deadline=None, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a story that fails the time to be made short: a time-out would hide it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(900))
