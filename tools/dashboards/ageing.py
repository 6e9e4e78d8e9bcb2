"""Fifteen months of a battery, a point a day, from Prometheus' recording rules."""

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, parts, promql
from tools.dashboards.panels import House, Limits, Line
from tools.dashboards.sheet import Sheet

from vigie.control.commands import Mode
from vigie.control.interlocks import InterlockSettings
from vigie.control.modes.cycle import CycleSettings
from vigie.wording.modes import words_of

FULL_EMF_V = 12.95
"""Electromotive force of a full battery (vigie.battery.parameters)."""
LOWEST = promql.series("battery:discharge_volts:min1d")
FLOAT = promql.series("battery:float_amperes:min1d")
GIVEN = promql.series("battery:charged_ampere_hours:sum1d")
TAKEN = promql.series("battery:discharged_ampere_hours:sum1d")
ON_BATTERY = promql.series("battery:on_battery_seconds:sum1d")
_MINUTE_V = promql.series("channel:vigie_channel_bus_volts:avg1m", role="battery")
_MINUTE_A = promql.series("channel:vigie_channel_current_amperes:avg1m", role="charge")
SAG = f"quantile_over_time(0.5, (({FULL_EMF_V} - {_MINUTE_V}) / on (site, battery) (-{_MINUTE_A} > 0.1))[1d:1m])"


def ageing(house: House) -> Sheet:
    return Sheet(
        "ageing",
        "Ageing",
        "What the battery shows of its age: lowest voltage of a discharge, charge taken and given, current while held "
        "charged, temperature, sag under load. A point is a day.",
        "15M",
        "1h",
        [
            ("", _figures(house)),
            ("Discharges", [_lowest(house), _sag(house), _charge(house), _on_battery(house)]),
            ("Charge and rest", [_float(house), _rest(house)]),
            ("Temperature", [_temperature(house), _hours_warm(house)]),
            ("Use", [_modes(house), _moves(house)]),
            (
                "",
                [
                    house.note(
                        "How to read this",
                        "A battery that ages falls **deeper at the same discharge**, sags **more under the same "
                        "load**, and takes **more current while held charged**; each alone may have another reason "
                        "(more load, longer outages, more heat). At 40 °C fifteen months is what heat alone "
                        "predicts. The figures of a day are recorded by Prometheus while it runs: days it did not "
                        "hear of leave a gap.",
                        5,
                    )
                ],
            ),
        ],
    )


def _daily(
    house: House,
    title: str,
    about: str,
    lines: list[Line],
    unit: str,
    decimals: int,
    *,
    soft: tuple[float, float] | None = None,
    limits: Limits = (),
    is_bars: bool = False,
) -> timeseries.Panel:
    return house.lines(title, about, lines, unit, decimals, limits, soft, step="1d", is_bars=is_bars)  # fmt: skip


def _figures(house: House) -> list[stat.Panel]:
    return [
        house.figure(
            "Known days", "Days in this time of which there is any figure.",
            f"count_over_time({GIVEN}[$__range:1d])", decimals=0,
        ).span(4),
        house.figure(
            "Lowest voltage of a discharge", "In all this time, minutes on the battery only.",
            f"min_over_time({LOWEST}[$__range:1d])", units.Volt, 2, parts.VOLTAGES, missing="no discharge",
        ).span(4),
        house.figure(
            "Charge taken", "In all this time.", f"sum_over_time({TAKEN}[$__range:1d])", units.AmpereHour, 0,
        ).span(4),
        house.figure(
            "Time on the battery", "Outages and drills in all this time.",
            f"sum_over_time({ON_BATTERY}[$__range:1d])", units.DurationSeconds, 0,
        ).span(4),
        house.figure(
            "Mean temperature", "In all this time. The makers' promises hold at 20 °C.",
            f"avg_over_time({promql.series('battery:vigie_temperature_celsius:avg1d')}[$__range:1d])",
            units.Celsius, 1, ((None, colours.GOOD), (25, colours.ATTENTION), (35, colours.ALARM)),
        ).span(4),
        house.figure(
            "Switchings of R2", "In all this time.",
            f"sum_over_time({promql.series('relay:vigie_contact_closed:changes1d', relay='R2')}[$__range:1d])",
            decimals=0,
        ).span(4),
    ]  # fmt: skip


def _lowest(house: House) -> timeseries.Panel:
    about = "Lowest minute of the battery's voltage while it carried the loads. It falls from discharge to discharge."
    lines = [
        Line(LOWEST, "Lowest minute", colours.BATTERY),
        Line(f"vector({CycleSettings().discharge_to_v:g})", "Discharge to", colours.LIMIT, is_dashed=True),
        Line(f"vector({InterlockSettings().floor_v:g})", "Floor", colours.ALARM, is_dashed=True),
    ]
    return _daily(house, "Voltage at the end of a discharge", about, lines, units.Volt, 2, soft=(11.5, 13))


def _sag(house: House) -> timeseries.Panel:
    about = (
        "(12.95 V less the voltage) over the current, median of the day's minutes on the battery. Like a "
        "resistance, but with the state of charge in it: compare days of like outages, and watch the trend only."
    )
    return _daily(
        house, "Sag under load", about, [Line(SAG, "Median of the day", colours.BATTERY)], units.Ohm, 2, soft=(0, 1)
    )


def _charge(house: House) -> timeseries.Panel:
    about = (
        "Charge taken and given in a day (V2). Less given than 105 % of what was taken leaves the battery undercharged."
    )
    lines = [Line(f"-{TAKEN}", "Taken", colours.SPARE), Line(GIVEN, "Given", colours.CHARGE)]
    return _daily(house, "Charge per day", about, lines, units.AmpereHour, 2, is_bars=True, soft=(-1, 1))


def _on_battery(house: House) -> timeseries.Panel:
    about = "Time the battery carried the loads in a day, outages and drills together."
    lines = [Line(ON_BATTERY, "On the battery", colours.SPARE)]
    return _daily(house, "Time on the battery per day", about, lines, units.Seconds, 0, is_bars=True, soft=(0, 600))


def _float(house: House) -> timeseries.Panel:
    about = (
        "Smallest hourly mean of the current in hours held at the charger's voltage. Twice its early value: look at "
        "the battery; five times: it is drying out."
    )
    lines = [Line(FLOAT, "Smallest hour", colours.CHARGE)]
    return _daily(house, "Current while held charged", about, lines, units.Ampere, 3, soft=(0, 0.01))


def _rest(house: House) -> timeseries.Panel:
    about = "Voltages of a day: lowest, mean and highest minute. A full battery rests at 12.84 V; 12.4 V is about 65 %."
    lines = [
        Line(promql.series("channel:vigie_channel_bus_volts:max1d", role="battery"), "Highest", colours.EXPECTED),
        Line(promql.series("channel:vigie_channel_bus_volts:avg1d", role="battery"), "Mean", colours.BATTERY),
        Line(promql.series("channel:vigie_channel_bus_volts:min1d", role="battery"), "Lowest", colours.EXPECTED),
    ]
    return _daily(house, "Voltage per day", about, lines, units.Volt, 2, soft=(12, 14))


def _temperature(house: House) -> timeseries.Panel:
    celsius = "battery:vigie_temperature_celsius"
    lines = [
        Line(promql.series(f"{celsius}:max1d"), "Highest", colours.CHARGE),
        Line(promql.series(f"{celsius}:avg1d"), "Mean", colours.BATTERY),
        Line(promql.series("battery:vigie_ambient_celsius:avg1d"), "Air", colours.NOTHING, is_dashed=True),
    ]
    about = "Battery and air per day. Ten degrees more halve a battery's life."
    return _daily(
        house, "Temperature per day", about, lines, units.Celsius, 1, soft=(10, 30), limits=parts.TEMPERATURES
    )


def _hours_warm(house: House) -> timeseries.Panel:
    hourly = promql.series("battery:vigie_temperature_celsius:avg1h")
    lines = [
        Line(f"sum_over_time(({hourly} > bool {limit})[1d:1h]) * 3600", f"Over {limit} °C", colour)
        for limit, colour in ((25, colours.BATTERY), (30, colours.ATTENTION), (40, colours.ALARM))
    ]
    about = "Hours of a day in which the battery was warmer than this on average."
    return _daily(house, "Hours in the warm per day", about, lines, units.Seconds, 0, soft=(0, 3600))


def _modes(house: House) -> timeseries.Panel:
    lines = [
        Line(promql.series("mode:vigie_mode:seconds1d", mode=mode.name.lower()), words_of(mode).name, colour)
        for mode, (_, colour) in zip(Mode, parts.modes(house).values(), strict=True)
    ]
    about = "How long each mode was on in a day."
    return _daily(house, "Modes per day", about, lines, units.Seconds, 0, is_bars=True)


def _moves(house: House) -> timeseries.Panel:
    lines = [
        Line(promql.series("relay:vigie_contact_closed:changes1d", relay=relay), relay, colour)
        for relay, colour in (("R1", colours.BATTERY), ("R2", colours.CHARGE))
    ]
    about = "Movements of the contacts in a day."
    return _daily(house, "Switchings per day", about, lines, "none", 0, is_bars=True, soft=(0, 10))
