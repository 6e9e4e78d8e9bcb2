"""All sites at a glance."""

from grafana_foundation_sdk.builders import stat, table
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue
from tools.dashboards import colours, parts, promql
from tools.dashboards.panels import House, Limits, Line, plain, value_map
from tools.dashboards.sheet import Sheet

from vigie.control.alarms.catalogue import Alarm
from vigie.control.commands import Mode

_BY = "by (site, battery)"
HEARD = f"max {_BY} (timestamp(vigie_measurement_valid) or max_over_time(timestamp(vigie_measurement_valid)[7d:5m]))"
"""When each battery was last heard of, within a week."""
WORST = promql.verdict()
MAINS = (
    f'max {_BY} (vigie_mains{{mains="present"}}) + 2 * max {_BY} (vigie_mains{{mains="absent"}}) '
    f'+ 3 * max {_BY} (vigie_mains{{mains="cut"}})'
)
MODE = " + ".join(
    f'{"" if mode == 1 else f"{mode} * "}max {_BY} (vigie_mode{{mode="{mode.name.lower()}"}})' for mode in Mode if mode
)
BATTERY_V = f'max {_BY} (vigie_channel_bus_volts{{role="battery"}})'
TEMPERATURE = f"max {_BY} (vigie_temperature_celsius)"
SILENT: Limits = ((None, colours.GOOD), (60, colours.ATTENTION), (600, colours.ALARM))


def fleet(house: House) -> Sheet:
    return Sheet(
        "fleet",
        "Sites",
        (
            "Every battery of every site that sends its measurements here: state, mains, voltage, and when it was last "
            "heard."
        ),
        "24h",
        "30s",
        [
            ("", _figures(house)),
            ("Sites", [_sites(house).height(9)]),
            (
                "The last 24 hours",
                [
                    house.lines(
                        "Battery voltage", "Every battery of every site.",
                        [Line(BATTERY_V, "{{site}} {{battery}}")], units.Volt, 2, soft=(12, 13.8), step="30s",
                    ),
                    house.lines(
                        "Battery temperature", "Every battery of every site.",
                        [Line(TEMPERATURE, "{{site}} {{battery}}")], units.Celsius, 1, parts.TEMPERATURES,
                        soft=(15, 30), step="30s",
                    ),
                    house.happenings(
                        "Alarms",
                        "Each alarm that was present in this time, at any site.",
                        "max by (site, alarm) (max_over_time(vigie_alarm_present[$__interval])) == 1",
                        {alarm.name.lower(): house.say.alarm(alarm) for alarm in Alarm},
                        (house.say("present"), colours.ALARM),
                        "No alarm.",
                        legend="{{site}}: {{alarm}}",
                    ),
                ],
            ),
        ],
        is_of_one_battery=False,
    )  # fmt: skip


def _figures(house: House) -> list[stat.Panel]:
    bad: Limits = ((None, colours.GOOD), (1, colours.ALARM))
    some: Limits = ((None, colours.GOOD), (1, colours.ATTENTION))
    return [
        house.figure("Batteries heard", "Within the last minute.", f"sum(time() - {HEARD} < bool 60)").span(6),
        house.figure("Silent batteries", "Heard of within a week, but not within the last minute.",
                     f"sum(time() - {HEARD} >= bool 60)", limits=bad).span(6),
        house.figure("With an alarm", "Batteries whose worst alarm is critical or a warning.",
                     f"sum(({WORST}) >= bool 2)", limits=some).span(6),
        house.figure("Without mains", "Batteries that carry their loads in an outage.",
                     'sum(max by (site, battery) (vigie_mains{mains="absent"}))', limits=some).span(6),
    ]  # fmt: skip


def _sites(house: House) -> table.Panel:
    columns = [
        (WORST, "State"),
        (MAINS, "Mains"),
        (MODE, "Mode"),
        (BATTERY_V, "Battery voltage"),
        (TEMPERATURE, "Temperature"),
        (f"sum {_BY} (vigie_alarm_present)", "Alarms present"),
        (f"time() - {HEARD}", "Last heard"),
    ]
    about = "A row per battery. A state that is missing is unknown: nothing fresh is heard of it."
    panel, fields = house.rows("Sites", about, columns, "No site sends its measurements here yet.")
    for field, states in zip(
        fields, (parts.verdicts(house), parts.mains_states(house), parts.modes(house)), strict=False
    ):
        panel.override_by_name(
            field,
            [
                DynamicConfigValue("mappings", [plain(value_map(states))]),
                DynamicConfigValue("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
            ],
        )
    shown = (
        (units.Volt, 2, parts.VOLTAGES),
        (units.Celsius, 1, parts.TEMPERATURES),
        ("none", 0, ()),
        (units.Seconds, 0, SILENT),
    )
    for field, (unit, decimals, limits) in zip(fields[3:], shown, strict=True):
        properties = [DynamicConfigValue("unit", unit), DynamicConfigValue("decimals", decimals)]
        if limits:
            steps = [{"value": value, "color": colour} for value, colour in limits]
            properties.append(DynamicConfigValue("thresholds", {"mode": "absolute", "steps": steps}))
            properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        panel.override_by_name(field, properties)
    panel.override_by_name("site", [DynamicConfigValue("displayName", house.say("Site"))])
    panel.override_by_name("battery", [DynamicConfigValue("displayName", house.say("Battery"))])
    return panel.with_transformation(house.without("Time"))
