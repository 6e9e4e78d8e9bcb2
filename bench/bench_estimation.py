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


def _us_a_period(images: list[Measurement], rules: EstimationRules) -> float:
    """Return the microseconds of CPU a period takes: the best of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        state = resumed_estimation(0.0, resumed_charge(0.0, 0.0, math.nan), no_discharge(), 1.0, 0.03, math.nan)
        began_s = time.process_time()
        for image in images:
            state, _told = estimate(state, image, rules)
        taken.append((time.process_time() - began_s) / len(images) * 1e6)
    return min(taken)


def rows() -> list[Row]:
    """Measure an hour on the mains and an hour of an outage; at 1 s every tenth period reckons the time left."""
    rules = estimation_rules(EstimationSettings(), 7.0, AlarmSettings(), MainsSettings(), OutageLogSettings())
    found: list[Row] = []
    for period_s, limit, words in ((1.0, 20.0, "mean at 1 s"), (10.0, 60.0, "one that reckons the time left")):
        times_s = [period_s * n for n in range(1, PERIODS + 1)]
        mains = [_image(now_s, 13.6, 0.01, 13.55) for now_s in times_s]
        outage = [_image(now_s, 12.6 - 2e-5 * now_s, -0.7, 12.4) for now_s in times_s]
        found.append((f"a period on the mains, {words}", _us_a_period(mains, rules), "us", limit))
        found.append((f"a period of an outage, {words}", _us_a_period(outage, rules), "us", limit))
    return found


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:60} {value:8.1f} {unit:3}" + (f" (at most {limit:g})" if limit is not None else ""))
