"""Which tests share what one worker has explored."""

from typing import Any

import pytest

from tests.proof.world import Site
from vigie.control.signals import Wiring


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one control on one worker: two would explore the same states twice."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.stem == "test_nothing_is_dark_or_broken":
            params = item.callspec.params if hasattr(item, "callspec") else {}
            item.add_marker(pytest.mark.xdist_group(_control_of(params)))


def _control_of(params: dict[str, Any]) -> str:
    site = params.get("site")
    if isinstance(site, Site):
        return f"{site.wiring.name} {site.r2_may_black_out}"
    return f"{params.get('wiring', Wiring.LINE).name} {params.get('blackout', False)}"
