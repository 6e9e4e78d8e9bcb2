"""Batteries whose truth is known, under estimation: the twin's physics on one side, readings on the other."""

import math
from collections.abc import Callable
from typing import Any

from tests.unit.control.process_images import AT_ONCE, mean, measured
from vigie.battery.parameters import NEW, Battery, BatteryParameters, agm
from vigie.battery.step import BatteryState, resting, step_at_current
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.estimation.charge import resumed_charge
from vigie.control.estimation.drawn import no_discharge
from vigie.control.estimation.estimate import BatteryEstimate, EstimationState, estimate, resumed_estimation
from vigie.control.estimation.settings import EstimationRules, EstimationSettings, estimation_rules
from vigie.control.outages import OutageLogSettings
from vigie.control.signals import Measurement

HOUR_S = 3600.0
END_V = 10.5


def rules_for(c20_ah: float = 7.0, **changes: Any) -> EstimationRules:
    """Return the rules for a block of that label, the settings' defaults else."""
    settings = EstimationSettings(**changes)
    return estimation_rules(settings, c20_ah, AlarmSettings(), AT_ONCE, OutageLogSettings())


class Believer:
    """An estimation that sees one period after the other."""

    def __init__(
        self, rules: EstimationRules | None = None, soc: float = math.nan, soc_error: float = 0.03, now_s: float = 0.0
    ) -> None:
        self.rules = rules or rules_for()
        self.now_s = now_s
        charge = resumed_charge(now_s, now_s, math.nan)
        self.state: EstimationState = resumed_estimation(now_s, charge, no_discharge(), soc, soc_error, math.nan)
        self.told: BatteryEstimate

    def see(self, seconds: float = 1.0, *, load_a: float | None = None, **readings: Any) -> BatteryEstimate:
        """Let a period pass; ``load_a`` sets the loads' current."""
        self.now_s += seconds
        image = measured(self.now_s, **readings)
        if load_a is not None:
            image = image._replace(load=mean(image.load.bus_v, load_a))
        return self.look(image)

    def see_for(self, lasting_s: float, period_s: float = 60.0, **readings: Any) -> BatteryEstimate:
        for _ in range(round(lasting_s / period_s)):
            self.see(period_s, **readings)
        return self.told

    def look(self, image: Measurement) -> BatteryEstimate:
        self.state, self.told = estimate(self.state, image, self.rules)
        return self.told


class Discharge:
    """A whole discharge at a constant current, from its beginning to the end voltage, with all estimates on the way."""

    def __init__(
        self,
        believer: Believer,
        current_a: float,
        *,
        soc: float = 1.0,
        capacity_share: float = 1.0,
        block: BatteryParameters | None = None,
        celsius: float = 25.0,
        period_s: float = 10.0,
        spoil: Callable[[int, Measurement], Measurement] = lambda number, image: image,
    ) -> None:
        battery = Battery(block or agm(believer.rules.block.c20_ah), NEW._replace(degradation=1.0 - capacity_share))
        state = BatteryState(resting(soc, celsius).wells, 0.15, celsius)
        self.times_s: list[float] = []
        self.told: list[BatteryEstimate] = []
        began_s = believer.now_s
        while True:
            step = step_at_current(battery, state, current_a, celsius, period_s)
            state = step.state
            if step.voltage_v < END_V:
                break
            believer.now_s += period_s
            volts = step.voltage_v
            image = measured(
                believer.now_s,
                battery_v=volts,
                charge_v=volts,
                charge_a=-current_a,
                load_v=volts - 0.1,
                celsius=celsius,
            )
            image = image._replace(load=mean(volts - 0.1, current_a))
            self.told.append(believer.look(spoil(len(self.told), image)))
            self.times_s.append(believer.now_s)
        self.lasted_s = believer.now_s - began_s

    def at(self, share: float) -> tuple[BatteryEstimate, float]:
        """Return the estimate after a share of the whole time, and the time that was truly left then."""
        number = round(share * (len(self.told) - 1))
        return self.told[number], self.times_s[-1] - self.times_s[number]
