"""What V3 must show to prove the mains: it follows the supply that is there."""

from math import floor

from vigie.commission.job import CommissioningJob
from vigie.wording.dialogue import spoken

UNDER_V = 0.3
"""Room for a cable that warms up and loads that are added."""
LEAST_V = 12.9
"""A battery off its charger stands here for hours."""


def proving_v(supply_v: float, limit_v: float) -> float:
    """Return what V3 must show to prove the mains: ``limit_v``, or less where the supply gives less (in 0.05 V).

    >>> proving_v(13.6, 13.2), proving_v(13.36, 13.2), proving_v(12.0, 13.2)
    (13.2, 13.05, 12.9)
    """
    under_v = floor((supply_v - UNDER_V) * 20.0) / 20.0
    return min(limit_v, max(LEAST_V, under_v))


def judge_supply(job: CommissioningJob, supply_v: float) -> None:
    """Note what proves the mains from now on.

    Args:
        job: under way, with the supply feeding the loads.
        supply_v: multimeter at V3.
    """
    limit_v = job.limits.supply_v
    found_v = proving_v(supply_v, limit_v)
    if found_v < limit_v:
        job.known.proving_v = found_v
        job.note(
            "supply",
            spoken(
                "The supply gives {supply_v:.2f} V at V3: from {found_v:.2f} V on the mains counts as present "
                "(mains.supply_present_v), instead of {limit_v:.2f} V.",
                supply_v=supply_v,
                found_v=found_v,
                limit_v=limit_v,
            ),
        )
    if supply_v < found_v + UNDER_V - 0.005:
        job.note(
            "supply",
            spoken(
                "{supply_v:.2f} V at V3 is less than {under_v:g} V over {found_v:.2f} V (mains.supply_present_v): "
                "small changes would look like a lost mains. Turn the supply up to 13.6 V, measured at V3 with all "
                "loads on.",
                supply_v=supply_v,
                under_v=UNDER_V,
                found_v=found_v,
            ),
            is_weak=True,
        )
