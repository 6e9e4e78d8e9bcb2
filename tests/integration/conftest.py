"""How the cases are dealt out to the workers that run beside each other (``-n 6 --dist loadgroup``)."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONGEST_S = 300
"""Most cases wait for other processes, which a busy machine lets wait too."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares a server, deal out the rest case by case, and begin with what takes long."""
    mine = [item for item in items if item.path.is_relative_to(HERE)]
    slow_modules = {item.path for item in mine if item.get_closest_marker("slow") and _shares(item)}
    for item in mine:
        if _shares(item):
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(HERE))))
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST_S))
    mine.sort(key=lambda item: not (item.path in slow_modules if _shares(item) else item.get_closest_marker("slow")))
    items[:] = mine + [item for item in items if not item.path.is_relative_to(HERE)]


def _shares(item: pytest.Item) -> bool:
    """Return whether a case looks at something that is started once for all cases of its file."""
    definitions = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
    return any(found[-1].scope == "module" for found in definitions)
