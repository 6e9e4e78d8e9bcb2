"""The charge as measured, beside the charge one may expect."""

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, parts, promql, reference
from tools.dashboards.panels import House, Line
from tools.dashboards.sheet import Sheet

from vigie.control.alarms.settings import AlarmSettings

ALARMS = AlarmSettings()
EMPTY, A_THIRD_OUT = reference.modelled(0.0), reference.modelled(0.7)
_IDLE = f"{promql.BATTERY_A} < 0.01 * $capacity and on (site, battery) {promql.BATTERY_V} < 13.2"
BEGAN = f"max(max_over_time(timestamp({_IDLE})[$__range:1m] @ end()))"
"""The last minute shown in which the battery neither took a current nor was held at the charger's voltage."""
HOURS = f"(vector(time()) - scalar({BEGAN})) / 3600"


def _expected(points: tuple[reference.Point, ...], field: str, factor: str = "1") -> str:
    """Return the expected value at each instant since the charge began."""
    values = [(point.hours, getattr(point, field)) for point in points]
    return f"{factor} * ({reference.over_time(values, HOURS)}) and ({HOURS} >= 0)"


def charge(house: House) -> Sheet:
    return Sheet(
        "charge",
        "Charge",
        (
            "Voltage and current of the last charge in this time, beside what a healthy battery of this capacity would "
            "show."
        ),
        "2d",
        "1m",
        [
            ("", _figures(house)),
            ("Measured and expected", [_volts(house).span(24).height(9), _amperes(house).span(24).height(9)]),
            ("Charge", [parts.charge_since_the_left_edge(house), parts.strips(house).span(12).height(8)]),
            (
                "",
                [
                    house.note(
                        "What the expected curves are",
                        "The reference begins where the last charge shown here began: at the last minute in which "
                        "the battery neither took a current nor stood at the charger's voltage. Choose an earlier "
                        "time to see an earlier charge.\n\n* **Expected at 13.6 V** is computed with Vigie's "
                        "battery model (a new AGM battery of the capacity above, 25 °C, charger 13.6 V, at most 0.2 "
                        "C): the band lies between a battery that was 30 % empty and one that was wholly empty. "
                        "Below the band the current ends sooner than it should: the battery has lost capacity, or "
                        "was hardly discharged. Above it, for hours: a cell is failing, or the battery is warm.\n* "
                        "**Data sheet at 14.4 V** is read off the chart in the battery's data sheet (wholly "
                        "discharged, 2.4 V per cell, 0.2 C, 25 °C). A charger of 13.6 V cannot follow it: the last "
                        "part of the charge takes it days instead of hours.",
                        8,
                    )
                ],
            ),
        ],
        numbers=[("capacity", "Capacity (Ah)", 7.0)],
    )


def _figures(house: House) -> list[stat.Panel]:
    return [
        parts.battery_volts(house).span(4),
        parts.battery_amperes(house).span(4),
        house.figure(
            "The charge began", "Where the expected curves begin.", f"1000 * {BEGAN}", "dateTimeFromNow",
            missing="no charge in this time",
        ).span(4),
        house.figure("Taken", "Charge taken from the battery in this time.", promql.taken("$__range"),
                     units.AmpereHour, 2).span(4),
        house.figure("Given", "Charge given to the battery in this time.", promql.given("$__range"),
                     units.AmpereHour, 2).span(4),
        parts.given_back(house).span(4),
    ]  # fmt: skip


def _volts(house: House) -> timeseries.Panel:
    about = "Measured at the battery (V1), with the expected band for a charger of 13.6 V and the data sheet's curve."
    lines = [
        Line(promql.BATTERY_V, "Measured", colours.BATTERY),
        Line(_expected(A_THIRD_OUT, "volts"), "Expected at 13.6 V, 30 % empty", colours.EXPECTED,
             fills_to="Expected at 13.6 V, wholly empty"),
        Line(_expected(EMPTY, "volts"), "Expected at 13.6 V, wholly empty", colours.EXPECTED),
        Line(_expected(reference.SHEET, "volts"), "Data sheet at 14.4 V", colours.LIMIT, is_dashed=True),
        Line(f"vector({ALARMS.charger_v:g})", "Charger's voltage", colours.NOTHING, is_dashed=True),
    ]  # fmt: skip
    return house.lines("Voltage", about, lines, units.Volt, 2, soft=(12, 14.6), step="30s")


def _amperes(house: House) -> timeseries.Panel:
    about = "Measured between charger and battery (V2); positive is charge. Expected for the capacity above."
    lines = [
        Line(promql.BATTERY_A, "Measured", colours.CHARGE),
        Line(_expected(EMPTY, "current_per_ah", "$capacity"), "Expected at 13.6 V, wholly empty", colours.EXPECTED,
             fills_to="Expected at 13.6 V, 30 % empty"),
        Line(_expected(A_THIRD_OUT, "current_per_ah", "$capacity"), "Expected at 13.6 V, 30 % empty",
             colours.EXPECTED),
        Line(_expected(reference.SHEET, "current_per_ah", "$capacity"), "Data sheet at 14.4 V", colours.LIMIT,
             is_dashed=True),
    ]  # fmt: skip
    return house.lines("Current", about, lines, units.Ampere, 2, soft=(0, 1), step="30s")
