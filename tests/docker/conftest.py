"""The whole stack in a real Docker engine. `make docker` prepares engine and stand-in images and runs the cases."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.stack import Stack

collect_ignore = [] if "VIGIE_DOCKER_CACHE" in os.environ else ["cases"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the stack, nothing of it started; at the end nothing of it is left."""
    stack = Stack(tmp_path_factory.mktemp("docker"))
    stack.remove_everything()
    yield stack
    stack.tell_figures(Path(os.environ["VIGIE_DOCKER_CACHE"], "figures.txt"))
    stack.remove_everything()
