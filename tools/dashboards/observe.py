"""Observe: both contacts closed, everything is measured."""

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, parts, promql
from tools.dashboards.panels import House, Line
from tools.dashboards.sheet import Sheet

ROLES = (
    ("battery", "V1 battery", colours.BATTERY),
    ("charge", "V2 charge circuit", colours.CHARGE),
    ("load", "V3 loads", colours.LOAD),
    ("spare", "V4 spare", colours.SPARE),
)


def observe(house: House) -> Sheet:
    return Sheet(
        "observe",
        "Observe",
        "Both contacts stay closed and everything is measured: what the battery lives through when nobody intervenes.",
        "6h",
        "5s",
        [
            (
                "",
                [
                    parts.verdict(house),
                    parts.mode(house).span(4),
                    parts.battery_volts(house),
                    parts.battery_amperes(house),
                    _watts(house, "charge", "Battery power").span(3),
                    _watts(house, "load", "Loads’ power").span(3),
                    parts.temperature(house),
                ],
            ),
            (
                "Multimeter",
                [
                    _of_channels(house, "Voltages", "vigie_channel_bus_volts", units.Volt, 2),
                    _of_channels(house, "Currents", "vigie_channel_current_amperes", units.Ampere, 2),
                    _of_channels(house, "Powers", "vigie_channel_power_watts", units.Watt, 1),
                    _of_channels(house, "Spread of the voltages", "vigie_channel_bus_spread_volts", units.Volt, 4),
                ],
            ),
            ("Surroundings", [parts.temperature_chart(house), _float(house)]),
            ("Quality of the measurement", [*_quality(house), parts.strips(house, 6)]),
        ],
    )


def _watts(house: House, role: str, title: str) -> stat.Panel:
    about = "Voltage times current of the channel; negative while the battery gives."
    return house.figure(title, about, promql.series("vigie_channel_power_watts", role=role), units.Watt, 1)


def _of_channels(house: House, title: str, metric: str, unit: str, decimals: int) -> timeseries.Panel:
    about = (
        "Each channel as measured, mean of a period. Into the battery is positive on V1 and V2, into the loads on V3."
    )
    lines = [Line(promql.series(metric, role=role), name, colour) for role, name, colour in ROLES]
    return house.lines(title, about, lines, unit, decimals)


def _float(house: House) -> timeseries.Panel:
    about = (
        "Held at the charger's voltage a healthy battery takes almost nothing: 0.1 to 0.4 mA per Ah at 13.65 V and "
        "25 °C. A current that grows at the same voltage and temperature is a battery that dries out or warms up."
    )
    floating = f"{promql.BATTERY_A} and on (site, battery) ({promql.BATTERY_V} > 13.2)"
    return house.lines(
        "Current while held charged", about, [Line(floating, "Battery", colours.BATTERY)], units.Ampere, 3
    )


def _quality(house: House) -> list[stat.Panel]:
    valid = promql.series("vigie_measurement_valid")
    rejected = promql.series("vigie_sweeps_rejected_total")
    failed = promql.series("vigie_failed_periods_total")
    late = promql.series("vigie_overruns_total")
    some = ((None, colours.GOOD), (1, colours.ATTENTION))
    return [
        house.figure(
            "Valid periods",
            "Part of the periods shown here in which every reading that control needs was there and plausible.",
            f"avg_over_time({valid}[$__range])",
            units.PercentUnit,
            2,
            ((None, colours.ALARM), (0.99, colours.ATTENTION), (0.999, colours.GOOD)),
        ).span(6),
        house.figure(
            "Rejected readings",
            "Readings kept out of the averages in this time, all channels together.",
            f"sum(increase({rejected}[$__range]))",
            decimals=0,
            limits=some,
        ).span(6),
        house.figure(
            "Failed periods",
            "Periods without a valid measurement in this time. Until the next good one the contacts are closed.",
            f"increase({failed}[$__range])",
            decimals=0,
            limits=some,
        ).span(6),
        house.figure(
            "Late periods",
            "Periods that ended after their deadline: the computer was too slow or too busy.",
            f"increase({late}[$__range])",
            decimals=0,
            limits=((None, colours.GOOD), (10, colours.ATTENTION)),
        ).span(6),
    ]
