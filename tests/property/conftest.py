"""How hard the properties are tried, and for how long one may be made short."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

if os.environ.get("CI"):
    settings.register_profile("ci", settings.get_profile("usual"), max_examples=300)
    settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a story that fails the time to be made short: a time-out would hide it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(900))
