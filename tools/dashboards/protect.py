"""Protect: R2 opens above one voltage and closes below another."""

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, parts, promql
from tools.dashboards.panels import House, Line
from tools.dashboards.sheet import Sheet

from vigie.control.modes.protect import ProtectSettings

THRESHOLDS = ProtectSettings()
R2 = promql.closed("R2")


def protect(house: House) -> Sheet:
    return Sheet(
        "protect",
        "Protect",
        "The battery rests between two voltages instead of floating: how often R2 moves for it, and how long it stays.",
        "6h",
        "5s",
        [
            (
                "",
                [
                    parts.mode(house).span(3),
                    parts.phase(house).span(3),
                    parts.contact(house, "R2", "Battery contact R2").span(3),
                    parts.battery_volts(house),
                    parts.battery_amperes(house),
                    *_figures(house),
                ],
            ),
            (
                "Between the two voltages",
                [
                    parts.voltage_chart(
                        house,
                        Line("vector($open_above)", "Rest above", colours.LIMIT, is_dashed=True),
                        Line("vector($close_below)", "Charge below", colours.LIMIT, is_dashed=True),
                    ).span(24),
                    parts.strips(house, 6),
                ],
            ),
            (
                "What it costs the contact, what it gives the battery",
                [_moves(house), _lasting(house), _open(house), parts.charge_per_hour(house)],
            ),
            (
                "",
                [
                    house.note(
                        "How to read this",
                        "12.9 V reached **while charging** is not a full battery (about 58 % at a tenth of its "
                        "capacity per hour). As soon as R2 opens the voltage falls under 12.7 V and the charge "
                        "begins again: the contact chatters, held back by the minimum times only, and the battery "
                        "may sulfate. Watch the switchings per hour, and whether the charge given covers what was "
                        "taken.",
                        4,
                    )
                ],
            ),
        ],
        numbers=[
            ("open_above", "Rest above (V)", THRESHOLDS.open_above_v),
            ("close_below", "Charge below (V)", THRESHOLDS.close_below_v),
        ],
    )


def _figures(house: House) -> list[stat.Panel]:
    return [
        house.figure(
            "Switchings in the last hour",
            "Movements of R2.",
            f"changes({R2}[1h])",
            limits=((None, colours.GOOD), (20, colours.ATTENTION), (60, colours.ALARM)),
        ).span(3),
        house.figure(
            "Open in this time", "Part of the time shown in which R2 was open.",
            f"1 - avg_over_time({R2}[$__range])",
            units.PercentUnit, 1,
        ).span(3),
        house.figure(
            "Wear of R2",
            "Used part of the contact's rated life.",
            promql.series("vigie_contact_wear_ratio", relay="R2"),
            units.PercentUnit,
            2,
            ((None, colours.GOOD), (0.8, colours.ATTENTION), (1.0, colours.ALARM)),
        ).span(3),
    ]  # fmt: skip


def _moves(house: House) -> timeseries.Panel:
    about = "Movements of R2 in the hour before each point."
    return house.lines(
        "Switchings per hour", about, [Line(f"changes({R2}[1h])", "R2", colours.CHARGE)], "none", 0, soft=(0, 10),
        step="1m",
    )  # fmt: skip


def _lasting(house: House) -> timeseries.Panel:
    about = "Mean length of the open and of the closed spells of the hour before. The minimum times set the floor."
    spells = f"clamp_min(changes({R2}[1h]) / 2, 1)"
    lines = [
        Line(f"3600 * (1 - avg_over_time({R2}[1h])) / {spells}", "open", colours.ATTENTION),
        Line(f"3600 * avg_over_time({R2}[1h]) / {spells}", "closed", colours.GOOD),
    ]
    return house.lines("Mean length of a spell", about, lines, units.Seconds, 0, soft=(0, 60), step="1m")


def _open(house: House) -> timeseries.Panel:
    about = "Part of the hour before each point in which R2 was open: with wiring “line” no backup but R2's closing."
    lines = [Line(f"1 - avg_over_time({R2}[1h])", "open", colours.ATTENTION)]
    return house.lines("Time open", about, lines, units.PercentUnit, 0, soft=(0, 1), step="1m")
