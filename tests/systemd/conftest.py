"""Units are judged everywhere; the installer only where a root was made for it (`tools/systemd.sh`)."""

import os
from collections.abc import Iterator

import pytest

from .root import Root

collect_ignore = ["guest"]
if "VIGIE_INSTALL_CACHE" not in os.environ:
    collect_ignore += ["test_installer.py", "test_under_systemd.py"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    """A Debian root that nothing of ours has touched."""
    made = Root(tmp_path_factory.mktemp("installer"))
    yield made
    made.close()
