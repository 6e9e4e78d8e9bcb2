"""The whole stack in a real Docker engine. `make docker` prepares engine and stand-in images and runs the cases."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.stack import PROJECT, Stack

HERE = Path(__file__).parent
collect_ignore = [] if "VIGIE_DOCKER_CACHE" in os.environ else ["cases"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let alerts run beside the rest: they need no page, and so no address that the settings name."""
    for item in (item for item in items if item.path.is_relative_to(HERE)):
        item.add_marker(pytest.mark.xdist_group("alerts" if item.path.name == "test_c_alerts.py" else "pages"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the stack, nothing of it started; at the end nothing of it is left."""
    stack = Stack(tmp_path_factory.mktemp("docker"))
    stack.remove_everything()
    stack.build()
    yield stack
    stack.tell_figures(Path(os.environ["VIGIE_DOCKER_CACHE"], f"{PROJECT}.figures"))
    stack.remove_everything()
