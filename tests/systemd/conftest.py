"""Units are judged everywhere; the installer only where a root was made for it (`tools/systemd.sh`)."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .root import CACHE, Root

collect_ignore = ["guest"]
if "VIGIE_INSTALL_CACHE" not in os.environ:
    collect_ignore += ["test_installer.py", "test_under_systemd.py"]


@pytest.fixture(scope="module")
def root() -> Iterator[Root]:
    """A Debian root that nothing of ours has touched; not in pytest's folders, which other runs of pytest tidy up."""
    made = Root(Path(tempfile.mkdtemp(prefix="installer-", dir=CACHE)))
    yield made
    made.close()
