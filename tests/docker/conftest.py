"""The whole stack in a real Docker engine. `make docker` prepares engine and stand-in images and runs the cases."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.stack import PROJECT, Stack

CACHE = os.environ.get("VIGIE_DOCKER_CACHE")
collect_ignore = [] if CACHE else ["cases"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the stack, nothing of it started; at the end nothing of it is left."""
    stack = Stack(tmp_path_factory.mktemp("docker"))
    stack.remove_everything()
    stack.build()
    yield stack
    stack.tell_figures(Path(str(CACHE), f"{PROJECT}.figures"))
    stack.remove_everything()


@pytest.fixture(scope="module", autouse=True)
def _network(request: pytest.FixtureRequest, stack: Stack) -> Iterator[None]:
    """Let one module at a time have the network that the settings trust; one that names another runs beside it."""
    own = getattr(request.module, "NET", None)
    if own is not None:
        stack.environment["VIGIE_NET"] = own
    with Path(str(CACHE), f"{own or 'network'}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        stack.remove_everything()
    stack.environment.pop("VIGIE_NET", None)
