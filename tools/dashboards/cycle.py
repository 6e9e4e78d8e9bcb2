"""Cycle: discharge on the loads, charge, rest."""

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, parts, promql
from tools.dashboards.panels import House, Line
from tools.dashboards.sheet import Sheet

from vigie.control.interlocks import InterlockSettings
from vigie.control.modes.cycle import CycleSettings

THRESHOLDS, INTERLOCKS = CycleSettings(), InterlockSettings()
DISCHARGES = promql.series("vigie_phase", phase="discharge")


def cycle(house: House) -> Sheet:
    return Sheet(
        "cycle",
        "Cycle",
        "The battery is exercised: discharge on the loads, charge, rest. How deep, how much out, how much back in.",
        "12h",
        "5s",
        [
            (
                "",
                [
                    parts.mode(house).span(3),
                    parts.phase(house).span(3),
                    parts.mains(house).span(3),
                    parts.battery_volts(house),
                    parts.battery_amperes(house),
                    parts.temperature(house),
                    parts.contact(house, "R1", "Mains contact R1").span(3),
                    parts.contact(house, "R2", "Battery contact R2").span(3),
                ],
            ),
            (
                "Discharge, charge, rest",
                [
                    parts.strips(house),
                    parts.voltage_chart(
                        house,
                        Line("vector($charge_to)", "Charge to", colours.LIMIT, is_dashed=True),
                        Line("vector($discharge_to)", "Discharge to", colours.LIMIT, is_dashed=True),
                        Line(f"vector({INTERLOCKS.floor_v:g})", "Floor", colours.ALARM, is_dashed=True),
                    ),
                    parts.current_chart(house),
                ],
            ),
            ("Depth", [*_figures(house), _depth(house), _per_hour(house)]),
        ],
        numbers=[
            ("charge_to", "Charge to (V)", THRESHOLDS.charge_to_v),
            ("discharge_to", "Discharge to (V)", THRESHOLDS.discharge_to_v),
            ("capacity", "Capacity (Ah)", 7.0),
        ],
    )


def _figures(house: House) -> list[stat.Panel]:
    cycles = f"clamp_min(sum({promql.began(DISCHARGES, '$__range')}), 1)"
    out = f"sum(sum_over_time(clamp_min(-{promql.BATTERY_A}, 0)[$__range:10s])) / 360"
    back = f"sum(sum_over_time(clamp_min({promql.BATTERY_A}, 0)[$__range:10s])) / 360"
    return [
        house.figure("Cycles", "Discharges begun in this time.", promql.began(DISCHARGES, "$__range")).span(4),
        house.figure(
            "Out per cycle", "Charge taken from the battery in this time over the discharges begun.",
            f"{out} / {cycles}", units.AmpereHour, 2,
        ).span(4),
        house.figure(
            "In per cycle", "Charge given back in this time over the discharges begun.",
            f"{back} / {cycles}", units.AmpereHour, 2,
        ).span(4),
        house.figure(
            "Given back", "Charge given over charge taken. A lead-acid battery wants 105 to 110 % back.",
            f"({back}) / ({out} > 0)", units.PercentUnit, 0,
            ((None, colours.ALARM), (0.9, colours.ATTENTION), (1.05, colours.GOOD), (1.3, colours.ATTENTION)),
            missing="nothing taken",
        ).span(4),
        house.figure(
            "Depth of a cycle", "Charge taken per discharge over the capacity above.",
            f"{out} / {cycles} / $capacity", units.PercentUnit, 1,
        ).span(4),
        house.figure(
            "Lowest voltage", "Lowest mean of a period in this time.",
            f"min_over_time({promql.BATTERY_V}[$__range])", units.Volt, 2, parts.VOLTAGES,
        ).span(4),
    ]  # fmt: skip


def _depth(house: House) -> timeseries.Panel:
    about = (
        "The current summed up from the left edge of the chart: it falls while the battery gives and rises while it is "
        "charged. What is missing at the end of a charge was not given back."
    )
    added = f"avg_over_time({promql.BATTERY_A}[$__interval]) * $__interval_ms / 3600000"
    return house.summed(
        "Charge since the left edge", about, Line(added, "Battery", colours.BATTERY), units.AmpereHour, 2
    )


def _per_hour(house: House) -> timeseries.Panel:
    about = "Charge into and out of the battery in the hour before each point: the mean current times one hour."
    current = promql.BATTERY_A
    lines = [
        Line(f"avg_over_time(clamp_min({current}, 0)[1h:10s])", "in", colours.CHARGE),
        Line(f"avg_over_time(clamp_max({current}, 0)[1h:10s])", "out", colours.SPARE),
    ]
    return house.lines("Charge in and out per hour", about, lines, units.AmpereHour, 2, soft=(-0.1, 0.1), step="1m")
