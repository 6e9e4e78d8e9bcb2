"""Starts on 20,000 damaged journals: bits, bursts, sectors, pages, truncations"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faults.damaged_journals import MANY, TOLD_SHARE, starts_on, untold

Row = tuple[str, float, str, float | None]
START_S = 5.0


def rows() -> list[Row]:
    """Start on all of them."""
    starts = starts_on(MANY)
    good = [one for one in starts if not one.wrong]
    lost = [one for one in starts if one.is_lost]
    silent_percent = 100.0 * len(untold(starts)) / len(lost)
    return [
        (f"of {len(starts)} starts: control, close R2 and write again", float(len(good)), "", None),
        ("starts that do not", float(len(starts) - len(good)), "", 0.0),
        ("slowest start, until R2 is closed", max(one.took_s for one in starts), "s", START_S),
        ("starts on which something was lost", float(len(lost)), "", None),
        ("of those not told by an alarm", silent_percent, "%", 100.0 * (1.0 - TOLD_SHARE)),
    ]


if __name__ == "__main__":
    for name, value, unit, _ in rows():
        print(f"{name}: {value:g} {unit}")
