"""A folder that is gone again when its work is done or given up."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_folder(folder: Path, prefix: str) -> Iterator[Path]:
    """Lend a folder of one's own in ``folder``, on the same disk, and remove it in any case.

    Raises:
        OSError: nothing can be made in ``folder``.
    """
    made = folder / f"{prefix}{secrets.token_hex(8)}"
    try:  # before the folder is made: a signal that arrives in between must find it removed too
        made.mkdir(mode=0o700)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
