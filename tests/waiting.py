"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 100.0
"""A quiet machine needs a fraction of it; only a test that fails waits so long."""
LONGEST_PAUSE_S = 0.2
"""Asking costs the processor that is waited for."""


def wait_for(
    condition: Callable[[], Any], timeout_s: float = PATIENCE_S, what: str = "", log: Callable[[], str] = str
) -> Any:
    """Return the condition's first true value; fail when there is none in time."""
    deadline_s = time.monotonic() + timeout_s
    pause_s = 0.02
    while time.monotonic() < deadline_s:
        if value := condition():
            return value
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
    raise AssertionError(f"not within {timeout_s} s: {what or condition}\n{log()}")
