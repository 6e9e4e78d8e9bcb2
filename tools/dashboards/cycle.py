"""Cycle: discharge on the loads, charge, rest."""

from grafana_foundation_sdk.builders import stat
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
            ("Depth", [*_figures(house), parts.charge_since_the_left_edge(house), parts.charge_per_hour(house)]),
        ],
        numbers=[
            ("charge_to", "Charge to (V)", THRESHOLDS.charge_to_v),
            ("discharge_to", "Discharge to (V)", THRESHOLDS.discharge_to_v),
            ("capacity", "Capacity (Ah)", 7.0),
        ],
    )


def _figures(house: House) -> list[stat.Panel]:
    cycles = f"clamp_min(sum({promql.began(DISCHARGES, '$__range')}), 1)"
    out, back = promql.taken("$__range"), promql.given("$__range")
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
        parts.given_back(house).span(4),
        house.figure(
            "Depth of a cycle", "Charge taken per discharge over the capacity above.",
            f"{out} / {cycles} / $capacity", units.PercentUnit, 1,
        ).span(4),
        house.figure(
            "Lowest voltage", "Lowest mean of a period in this time.",
            f"min_over_time({promql.BATTERY_V}[$__range])", units.Volt, 2, parts.VOLTAGES,
        ).span(4),
    ]  # fmt: skip
