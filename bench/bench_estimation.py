"""What the estimation costs a control period."""

import math
import time

from vigie.control.alarms.settings import AlarmSettings
from vigie.control.estimation.charge import resumed_charge
from vigie.control.estimation.drawn import no_discharge
from vigie.control.estimation.estimate import estimate, resumed_estimation
from vigie.control.estimation.settings import EstimationRules, EstimationSettings, estimation_rules
from vigie.control.mains import MainsSettings
from vigie.control.outages import OutageLogSettings
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Temperature

Row = tuple[str, float, str, float | None]
PERIODS = 3600
ROUNDS = 5
CLOSED = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.CLOSED, Contact.CLOSED)


def _image(now_s: float, battery_v: float, charge_a: float, load_v: float) -> Measurement:
    nan = math.nan
    battery = ChannelMean(battery_v, 0.002, 0.0, 0.0, 0.0, 0.0, 10, 0, 0, True)
    charge = ChannelMean(battery_v, 0.002, charge_a * 0.1, charge_a, 0.0, 0.1, 10, 0, 0, True)
    load = ChannelMean(load_v, 0.002, 0.05, 0.5, 0.0, 6.8, 10, 0, 0, True)
    spare = ChannelMean(nan, nan, nan, nan, nan, nan, 0, 0, 1, False)
    return Measurement(now_s, battery, charge, load, spare, Temperature(25.0, 0), Temperature(22.0, 0), CLOSED, True)


def _us_a_period(images: list[Measurement], rules: EstimationRules) -> tuple[float, float]:
    """Return the mean microseconds of a period in the best of several rounds, and the most of one (its 99th percent)."""
    means, mosts = [], []
    for _ in range(ROUNDS):
        state = resumed_estimation(0.0, resumed_charge(0.0, 0.0, math.nan), no_discharge(), 1.0, 0.03)
        taken = []
        for image in images:
            began_s = time.perf_counter()
            state, _told = estimate(state, image, rules)
            taken.append(time.perf_counter() - began_s)
        means.append(sum(taken) / len(taken))
        mosts.append(sorted(taken)[len(taken) * 99 // 100])
    return min(means) * 1e6, min(mosts) * 1e6


def rows() -> list[Row]:
    """Measure an hour on the mains and an hour of an outage, at 1 s; the remaining time is reckoned every fifth."""
    rules = estimation_rules(EstimationSettings(), 7.0, AlarmSettings(), MainsSettings(), OutageLogSettings())
    mains = [_image(float(n), 13.6, 0.01, 13.55) for n in range(1, PERIODS + 1)]
    outage = [_image(float(n), 12.6 - 2e-5 * n, -0.7, 12.4) for n in range(1, PERIODS + 1)]
    quiet, most_quiet = _us_a_period(mains, rules)
    away, most_away = _us_a_period(outage, rules)
    return [
        ("estimate, on the mains, mean", quiet, "us", 20.0),
        ("estimate, on the mains, a period that reckons the time left", most_quiet, "us", 60.0),
        ("estimate, in an outage, mean", away, "us", 20.0),
        ("estimate, in an outage, a period that reckons the time left", most_away, "us", 60.0),
    ]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:60} {value:8.1f} {unit:3}" + (f" (at most {limit:g})" if limit is not None else ""))
