"""What is known of the battery's record, and the numbers the estimation needs."""

from typing import Annotated, NamedTuple

from vigie.battery.parameters import BatteryParameters, agm
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.mains import MainsSettings
from vigie.control.outages import OutageLogSettings
from vigie.units import SECONDS_PER_HOUR, setting


class EstimationSettings(NamedTuple):
    """The battery's record, as far as estimates ask it."""

    c20_ah: Annotated[
        float,
        setting(
            "Capacity on the label, 20 h rate; 0: not told, and how long it lasts is unknown", unit="Ah", ge=0, le=1000
        ),
    ] = 0.0
    end_v: Annotated[
        float, setting("Under this voltage it counts as empty: where the loads give up", unit="V", ge=9, le=12)
    ] = 10.5
    full_after_h: Annotated[
        float,
        setting(
            "Full once the current has been small, or has not fallen any more, for this long", unit="h", ge=1, le=240
        ),
    ] = 48.0
    full_below_c20: Annotated[
        float, setting("Share of c20_ah, in amperes, under which the charge current is small", ge=0.001, le=0.05)
    ] = 0.01


class ChargeRules(NamedTuple):
    """What tells a charge from a rest, and a charged battery from one that is not."""

    charger_low_v: float
    """Least voltage the charger holds."""
    charger_dead_v: float
    charge_tapered: float
    recharged_s: float
    charging_a: float
    compensation_v_per_k: float
    under_v: float


class EstimationRules(NamedTuple):
    """Limits of the estimation; numbers only."""

    block: BatteryParameters
    """The prior for a block with the label's capacity; its ``c20_ah`` is 0 when nobody told it."""
    end_v: float
    full_after_s: float
    full_below_a: float
    """0 when the capacity is not told: nothing is small then."""
    back_s: float
    """A discharge has ended once the mains has been back for this long."""
    longest_gap_s: float
    """Across a longer gap between two periods nothing is counted."""
    charge: ChargeRules
    mains: MainsSettings


def charge_rules(alarms: AlarmSettings, mains: MainsSettings) -> ChargeRules:
    """Return the numbers that judge a charge, out of checked settings."""
    return ChargeRules(
        alarms.charger_v - alarms.charger_tolerance_v,
        alarms.charger_dead_v,
        alarms.charge_tapered,
        alarms.recharged_h * SECONDS_PER_HOUR,
        mains.charging_a,
        alarms.charger_compensation_v_per_k,
        alarms.battery_under_v,
    )


def estimation_rules(
    battery: EstimationSettings, c20_ah: float, alarms: AlarmSettings, mains: MainsSettings, outages: OutageLogSettings
) -> EstimationRules:
    """Return the numbers the estimation needs out of checked settings; ``c20_ah`` is 0 when it is not known."""
    return EstimationRules(
        agm(c20_ah) if c20_ah > 0.0 else agm(1.0)._replace(c20_ah=0.0),
        battery.end_v,
        battery.full_after_h * SECONDS_PER_HOUR,
        battery.full_below_c20 * c20_ah,
        outages.back_s,
        outages.longest_gap_s,
        charge_rules(alarms, mains),
        mains,
    )
