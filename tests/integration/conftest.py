"""How the files are dealt out to the workers that run beside each other: whole, the longest first.

A file's cases share what is started for them. ``--dist loadfile --no-loadscope-reorder`` keeps both.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONGEST_S = 300
"""Most cases wait for other processes, which a busy machine lets wait too."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every case its time, and begin with the files that take long."""
    mine = [item for item in items if item.path.is_relative_to(HERE)]
    for item in mine:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST_S))
    long_files = {item.path for item in mine if item.get_closest_marker("slow")}
    mine.sort(key=lambda item: item.path not in long_files)
    items[:] = mine + [item for item in items if not item.path.is_relative_to(HERE)]
