"""The Raspberry Pi, the program on it, and whether its measurements arrive."""

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, promql
from tools.dashboards.panels import House, Limits, Line
from tools.dashboards.sheet import Sheet

_TOLD = promql.series("vigie_last_measurement_timestamp_seconds")
_ARRIVED = promql.series("vigie_measurement_valid")
LAG = f"clamp_min(max({_TOLD}) - max(timestamp({_ARRIVED})), 0)"
"""Newest period the controller tells of, less newest one that was delivered."""
SHARES: Limits = ((None, colours.GOOD), (0.8, colours.ATTENTION), (0.9, colours.ALARM))
HEAT: Limits = ((None, colours.GOOD), (70, colours.ATTENTION), (80, colours.ALARM))
_RATE = "$__rate_interval"


def computer(house: House) -> Sheet:
    return Sheet(
        "computer",
        "Raspberry Pi",
        "The computer, the program on it, its journal, and whether the measurements arrive here.",
        "24h",
        "30s",
        [
            ("", _figures(house)),
            ("Computer", [_cpu(house), _heat(house), _memory(house), _disk(house)]),
            ("Delivery", [_lag(house), _scrape(house)]),
            ("Program and journal", [_journal(house), _lost(house), _periods(house), _program(house)]),
        ],
    )


def _figures(house: House) -> list[stat.Panel]:
    one = promql.series
    return [
        house.figure("CPU temperature", "A Raspberry Pi slows down from 80 °C on.",
                     one("vigie_cpu_temperature_celsius"), units.Celsius, 1, HEAT).span(4),
        house.figure("CPU use", "Of all cores.", one("vigie_cpu_usage_ratio"), units.PercentUnit, 0, SHARES).span(4),
        house.figure("Memory used", "Of all memory.", one("vigie_ram_used_ratio"), units.PercentUnit, 0,
                     SHARES).span(4),
        house.figure("Disk used", "Of the disk with the journal.", one("vigie_disk_used_ratio"), units.PercentUnit, 0,
                     SHARES).span(4),
        house.figure(
            "Delivery behind by", "How much older the newest measurement here is than the controller's newest period.",
            LAG, units.Seconds, 1,
            ((None, colours.GOOD), (60, colours.ATTENTION), (3600, colours.ALARM)),
        ).span(4),
        house.figure(
            "Journal", "Whether the last attempt to write succeeded.", one("vigie_journal_writing"),
            states={0: (house.say("not writing"), colours.ALARM), 1: (house.say("writing"), colours.GOOD)},
        ).span(4),
    ]  # fmt: skip


def _cpu(house: House) -> timeseries.Panel:
    share = promql.series("vigie_cpu_usage_ratio")
    program = f"rate({promql.series('vigie_controller_cpu_seconds_total')}[{_RATE}])"
    lines = [
        Line(share, "All programs, of all cores", colours.BATTERY),
        Line(program, "Controller, of one core", colours.CHARGE),
    ]
    about = "What the computer is busy with, and the controller's part of it."
    return house.lines("CPU use", about, lines, units.PercentUnit, 1, soft=(0, 0.2), step="15s")


def _heat(house: House) -> timeseries.Panel:
    lines = [
        Line(promql.series("vigie_cpu_temperature_celsius"), "CPU", colours.CHARGE),
        Line(promql.series("vigie_cpu_core_volts"), "CPU voltage", colours.NOTHING, is_right=True, unit=units.Volt),
    ]
    about = "Temperature of the processor, and the voltage of its core where the machine tells it."
    return house.lines("CPU temperature and voltage", about, lines, units.Celsius, 1, HEAT, soft=(30, 60), step="15s")


def _memory(house: House) -> timeseries.Panel:
    lines = [
        Line(promql.series("vigie_ram_used_bytes"), "used", colours.BATTERY),
        Line(promql.series("vigie_ram_free_bytes"), "free", colours.LOAD),
        Line(promql.series("vigie_ram_size_bytes"), "in all", colours.NOTHING, is_dashed=True),
    ]
    return house.lines("Memory", "Of the whole computer.", lines, units.BytesIEC, 1, soft=(0, 1e9), step="15s")


def _disk(house: House) -> timeseries.Panel:
    lines = [
        Line(promql.series("vigie_disk_used_bytes"), "used", colours.BATTERY),
        Line(promql.series("vigie_disk_free_bytes"), "free", colours.LOAD),
        Line(promql.series("vigie_disk_size_bytes"), "in all", colours.NOTHING, is_dashed=True),
    ]
    return house.lines("Disk", "The one with the journal.", lines, units.BytesIEC, 1, soft=(0, 1e9), step="15s")


def _lag(house: House) -> timeseries.Panel:
    about = (
        "Newest period the controller tells of, less the newest measurement that has arrived here. After an outage of "
        "this server it falls back to a few seconds once everything was sent again."
    )
    lines = [Line(LAG, "behind by", colours.CHARGE)]
    return house.lines("Delivery behind by", about, lines, units.Seconds, 1, soft=(0, 10), step="15s")


def _scrape(house: House) -> timeseries.Panel:
    about = "Whether this server reaches the controllers' own page of figures (1 or 0), and how long that takes."
    lines = [
        Line('up{job="vigie"}', "{{instance}}", colours.BATTERY),
        Line(
            'scrape_duration_seconds{job="vigie"}', "{{instance}} s", colours.NOTHING, is_right=True, unit=units.Seconds
        ),
    ]
    return house.lines("Reached", about, lines, "none", 0, soft=(0, 1), step="15s")


def _journal(house: House) -> timeseries.Panel:
    lines = [Line(promql.series("vigie_journal_size_bytes"), "File and log", colours.BATTERY)]
    return house.lines(
        "Size of the journal", "Its file and write-ahead log.", lines, units.BytesIEC, 1, soft=(0, 1e6), step="15s"
    )


def _lost(house: House) -> timeseries.Panel:
    lines = [
        Line(promql.series("vigie_journal_waiting_periods"), "waiting", colours.ATTENTION),
        Line(f"increase({promql.series('vigie_journal_lost_periods_total')}[{_RATE}])", "lost", colours.ALARM),
    ]
    about = "Periods held in memory for the journal, and periods it could not keep."
    return house.lines("Waiting and lost periods", about, lines, "none", 0, soft=(0, 5), step="15s")


def _periods(house: House) -> timeseries.Panel:
    lines = [
        Line(f"rate({promql.series('vigie_periods_total')}[{_RATE}])", "Periods", colours.BATTERY),
        Line(f"rate({promql.series('vigie_failed_periods_total')}[{_RATE}])", "Failed", colours.ALARM),
        Line(f"rate({promql.series('vigie_overruns_total')}[{_RATE}])", "Late", colours.ATTENTION),
    ]
    return house.lines("Periods per second", "One a second is normal.", lines, "none", 2, soft=(0, 1.2), step="15s")


def _program(house: House) -> timeseries.Panel:
    build = promql.series("vigie_build_info")
    lines = [Line(build, "{{version}} ({{plant}})", colours.BATTERY)]
    return house.lines("Version", "Which version ran when, on which plant.", lines, "none", 0, soft=(0, 1), step="15s")
