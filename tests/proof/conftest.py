"""Which tests share what one worker has explored."""

import pytest

from tests.proof.world import Site
from vigie.control.signals import Wiring


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one wiring on one worker: two would explore the same states twice."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.stem == "test_nothing_is_dark_or_broken":
            params = item.callspec.params if hasattr(item, "callspec") else {}
            wirings = (one.wiring if isinstance(one, Site) else one for one in params.values())
            wiring = next((one for one in wirings if isinstance(one, Wiring)), Wiring.LINE)
            item.add_marker(pytest.mark.xdist_group(wiring.name.lower()))
