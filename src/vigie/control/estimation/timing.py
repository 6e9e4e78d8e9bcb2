"""Since when something is so."""

import math

BLIND_S = 300.0
"""After readings were away for longer, what was timed before is forgotten."""


def since(before_s: float, is_so: bool, now_s: float) -> float:
    """Return since when something is so, NaN while it is not."""
    if not is_so:
        return math.nan
    return now_s if math.isnan(before_s) else before_s


def lasting_s(since_s: float, now_s: float) -> float:
    """Return how long something has been so, 0 while it is not."""
    return 0.0 if math.isnan(since_s) else now_s - since_s
