"""What a person at the cabinet wants to know first."""

from grafana_foundation_sdk.builders import stat
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, parts, promql
from tools.dashboards.panels import House, Line
from tools.dashboards.sheet import Sheet


def overview(house: House) -> Sheet:
    return Sheet(
        "overview",
        "Overview",
        "Is all well, is the mains there, where do the contacts stand, how is the battery: the last 24 hours.",
        "24h",
        "10s",
        [
            (
                "",
                [
                    parts.verdict(house),
                    parts.mains(house),
                    parts.mode(house),
                    parts.phase(house),
                    parts.battery_volts(house),
                    parts.battery_amperes(house),
                    parts.temperature(house),
                    parts.contact(house, "R1", "Mains contact R1").span(6).height(3),
                    parts.contact(house, "R2", "Battery contact R2").span(6).height(3),
                    parts.load_volts(house).span(6).height(3),
                    parts.load_amperes(house).span(6).height(3),
                ],
            ),
            ("The last 24 hours", [parts.strips(house)]),
            (
                "Battery and loads",
                [
                    parts.voltage_chart(
                        house,
                        Line(f"min_over_time({promql.LOAD_V}[$__interval])", "Loads, lowest", colours.LOAD),
                        Line(promql.CHARGE_V, "Charger", colours.CHARGE),
                    ),
                    parts.current_chart(house),
                ],
            ),
            ("Outages and alarms", [*_day(house), parts.alarms(house)]),
            ("Temperature", [parts.temperature_chart(house).span(24)]),
        ],
    )


def _day(house: House) -> list[stat.Panel]:
    out = promql.IS_OUT
    minutes_out = f"count_over_time((max_over_time({out}[1m]) == 1)[24h:1m]) * 60"
    lowest = f"min_over_time({promql.BATTERY_V}[24h])"
    moves = f"sum(changes({promql.both_contacts()}[24h]))"
    none = ((None, colours.GOOD), (1, colours.ATTENTION))
    return [
        house.figure(
            "Outages in 24 h",
            "How often the mains went away. Drills, where R1 cut it on purpose, do not count.",
            promql.began(out, "24h"),
            limits=none,
        ).span(6),
        house.figure(
            "Without mains in 24 h",
            "Minutes in which the mains was away, drills not counted.",
            f"({minutes_out}) or 0 * {out}",
            units.Seconds,
            limits=none,
        ).span(6),
        house.figure(
            "Lowest voltage in 24 h", "Lowest mean of a period at the battery.", lowest, units.Volt, 2, parts.VOLTAGES
        ).span(6),
        house.figure(
            "Switchings in 24 h",
            "Movements of R1 and R2 together. A contact is rated for some hundred thousand.",
            moves,
            limits=((None, colours.GOOD), (200, colours.ATTENTION)),
        ).span(6),
    ]
