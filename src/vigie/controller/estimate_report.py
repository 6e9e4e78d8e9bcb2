"""What is believed of the battery, as the link tells it."""

import math
from collections.abc import Callable

from vigie.control.estimation.estimate import BatteryEstimate
from vigie.control.estimation.estimated import Estimated
from vigie.link.messages import EstimatedValue, EstimateReport

_STEPS_S = ((600, 60), (3_600, 300), (14_400, 600), (36_000, 1_800), (172_800, 3_600))
"""Under so many seconds, to so many; days above."""


def rounded_s(seconds: float) -> float:
    """Return a time no more exact than it is known.

    >>> [rounded_s(seconds) / 60.0 for seconds in (400.0, 4_730.0, 25_000.0, 500_000.0)]
    [7.0, 80.0, 420.0, 8640.0]
    """
    step_s = next((step_s for under_s, step_s in _STEPS_S if seconds < under_s), 86_400)
    return float(math.floor(seconds / step_s + 0.5) * step_s)


def estimate_report(estimate: BatteryEstimate, utc_ms: Callable[[float], int]) -> EstimateReport:
    """Return the estimate as a snapshot holds it.

    Args:
        estimate: of a period.
        utc_ms: calendar instant of a monotonic one.
    """
    return {
        "fullness": estimate.fullness.name.lower(),
        "full_since_utc_ms": _instant(estimate.full_since_s, utc_ms),
        "last_full_utc_ms": _instant(estimate.last_full_s, utc_ms),
        "is_discharging": estimate.is_discharging,
        "discharge_began_utc_ms": _instant(estimate.discharge_began_s, utc_ms),
        "drawn_ah": _value(estimate.drawn_ah, 4),
        "drawn_wh": _value(estimate.drawn_wh, 3),
        "returned_ah": _value(estimate.returned_ah, 4),
        "rest_since_utc_ms": _instant(estimate.rest_since_s, utc_ms),
        "rest_v": _value(estimate.rest_v, 3),
        "resistance_ohm": _value(estimate.resistance_ohm, 4),
        "soc": _value(estimate.soc, 3),
        "capacity_ah": _value(estimate.capacity_ah, 2),
        "load_w": round(estimate.load_w, 2) if math.isfinite(estimate.load_w) else None,
        "remaining_s": _value(_rounded(estimate.remaining_s), 0),
    }


def _instant(at_s: float, utc_ms: Callable[[float], int]) -> int | None:
    return utc_ms(at_s) if math.isfinite(at_s) else None


def _rounded(estimated: Estimated) -> Estimated:
    if not math.isfinite(estimated.value):
        return estimated
    low_s, middle_s, high_s = (rounded_s(number) for number in (estimated.low, estimated.value, estimated.high))
    return Estimated(middle_s, low_s, high_s, estimated.why)


def _value(estimated: Estimated, digits: int) -> EstimatedValue:
    numbers = (estimated.value, estimated.low, estimated.high)
    value, low, high = (round(number, digits) if math.isfinite(number) else None for number in numbers)
    return {"value": value, "low": low, "high": high, "why": estimated.why.name.lower()}
