"""Files that are written beside the one they will replace."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def gone_if_it_fails(path: Path) -> Iterator[None]:
    """Remove ``path`` when its writing fails: on a full disk nothing empty or half is left behind."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise
