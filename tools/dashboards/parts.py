"""Panels that several dashboards show in the same way."""

from collections.abc import Sequence
from enum import IntEnum
from itertools import chain, cycle, islice

from grafana_foundation_sdk.builders import stat, statetimeline, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, promql
from tools.dashboards.panels import House, Limits, Line, States, Strip

from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.commands import Mains, Mode, Phase, Verdict
from vigie.control.interlocks import InterlockSettings
from vigie.control.modes.cycle import CycleSettings
from vigie.control.signals import Contact

ALARMS, INTERLOCKS, CYCLE = AlarmSettings(), InterlockSettings(), CycleSettings()
TEMPERATURES: Limits = (
    (None, colours.GOOD),
    (ALARMS.battery_warm_c, colours.ATTENTION),
    (INTERLOCKS.temperature_limit_c, colours.ALARM),
)
VOLTAGES: Limits = (
    (None, colours.ALARM),
    (INTERLOCKS.floor_v, colours.ATTENTION),
    (CYCLE.discharge_to_v, colours.GOOD),
    (ALARMS.battery_over_v, colours.ALARM),
)
LOAD_VOLTAGES: Limits = (
    (None, colours.ALARM),
    (ALARMS.loads_dark_v, colours.ATTENTION),
    (INTERLOCKS.load_floor_v, colours.GOOD),
)
VERDICT = promql.verdict(promql.HERE)


def shades(kind: type[IntEnum], *first: str) -> tuple[str, ...]:
    """Return a colour for each member: the given ones, then others in turn."""
    return tuple(islice(chain(first, cycle(colours.FURTHER)), len(kind)))


def verdicts(house: House) -> States:
    return house.states(Verdict, colours.NOTHING, colours.GOOD, colours.ATTENTION, colours.ALARM)


def modes(house: House) -> States:
    return house.states(Mode, *shades(Mode, colours.BATTERY, colours.LOAD, colours.SPARE, colours.ATTENTION))


def phases(house: House) -> States:
    return house.states(Phase, *shades(Phase, colours.NOTHING, colours.CHARGE, colours.BATTERY, colours.SPARE))


def mains_states(house: House) -> States:
    return house.states(Mains, colours.NOTHING, colours.GOOD, colours.ALARM, colours.ATTENTION)


def contact_states(house: House) -> States:
    return house.states(Contact, colours.ATTENTION, colours.GOOD)


def verdict(house: House) -> stat.Panel:
    return house.figure(
        "State",
        "The worst alarm that is present. Unknown when nothing fresh is heard: never “all is well” with old values.",
        VERDICT,
        states=verdicts(house),
        missing="State unknown",
    ).span(5)


def mains(house: House) -> stat.Panel:
    return house.figure(
        "Mains", "The 230 V before R1, as far as the meters can tell.", promql.MAINS, states=mains_states(house)
    )


def mode(house: House) -> stat.Panel:
    return house.figure("Mode", "What the installation is being used for.", promql.MODE, states=modes(house)).span(3)


def phase(house: House) -> stat.Panel:
    return house.figure("Phase", "Where the mode stands.", promql.PHASE, states=phases(house)).span(3)


def contact(house: House, relay: str, title: str) -> stat.Panel:
    about = "As read back from its line. Open: circuit cut. Closed: circuit connected."
    return house.figure(title, about, promql.closed(relay), states=contact_states(house))


def battery_volts(house: House) -> stat.Panel:
    about = "Mean of the last period, measured at the battery (V1)."
    return house.figure("Battery voltage", about, promql.BATTERY_V, units.Volt, 2, VOLTAGES).span(3)


def battery_amperes(house: House) -> stat.Panel:
    about = "Positive: charge. Negative: discharge. Measured between charger and battery (V2)."
    return house.figure("Battery current", about, promql.BATTERY_A, units.Ampere, 2).span(3)


def load_volts(house: House) -> stat.Panel:
    about = "What the equipment gets (V3)."
    return house.figure("Loads’ voltage", about, promql.LOAD_V, units.Volt, 2, LOAD_VOLTAGES)


def load_amperes(house: House) -> stat.Panel:
    return house.figure("Loads’ current", "What the equipment takes (V3).", promql.LOAD_A, units.Ampere, 2)


def temperature(house: House) -> stat.Panel:
    about = "Of the battery. Orange warns, at red the charge is stopped."
    return house.figure("Temperature", about, promql.TEMPERATURE, units.Celsius, 1, TEMPERATURES).span(3)


def strips(house: House, height: int = 7, relays: Sequence[str] = ("R1", "R2")) -> statetimeline.Panel:
    """Draw mains, contacts, mode and phase under one another."""
    names = {"R1": "R1 mains contact", "R2": "R2 battery contact"}
    return house.strips(
        "Mains, contacts, mode",
        "What was the case when. A contact counts as open, and the mains as absent, in a step in which it was so "
        "at all.",
        [
            Strip(promql.worst_mains("$__interval"), "Mains", mains_states(house)),
            *(
                Strip(promql.worst(promql.closed(relay), "$__interval"), names[relay], contact_states(house))
                for relay in relays
            ),
            Strip(promql.MODE, "Mode", modes(house)),
            Strip(promql.PHASE, "Phase", phases(house)),
        ],
        height,
    )


def banded(expr: str, name: str, colour: str) -> list[Line]:
    """Return a line of means over a band from each step's lowest to its highest value: no spike is lost."""
    highest, lowest = f"{name}, highest", f"{name}, lowest"
    return [
        Line(f"max_over_time({expr}[$__interval])", highest, colour, fills_to=lowest, is_edge=True),
        Line(f"min_over_time({expr}[$__interval])", lowest, colour, is_edge=True),
        Line(f"avg_over_time({expr}[$__interval])", name, colour),
    ]


def voltage_chart(house: House, *more: Line) -> timeseries.Panel:
    about = "The battery's voltage (V1), mean and band of each step, and what matters beside it here."
    lines = [*banded(promql.BATTERY_V, "Battery", colours.BATTERY), *more]
    return house.lines("Battery voltage", about, lines, units.Volt, 2, soft=(11.8, 13.8))


def current_chart(house: House) -> timeseries.Panel:
    about = "Battery: positive is charge, negative is discharge (V2). Loads: what the equipment takes (V3)."
    lines = [
        *banded(promql.BATTERY_A, "Battery", colours.BATTERY),
        Line(f"avg_over_time({promql.LOAD_A}[$__interval])", "Loads", colours.LOAD),
    ]
    return house.lines("Currents", about, lines, units.Ampere, 2, soft=(-0.5, 0.5))


def charge_per_hour(house: House) -> timeseries.Panel:
    about = "Charge into and out of the battery in the hour before each point."
    lines = [
        Line(promql.given("1h"), "in", colours.CHARGE),
        Line(f"-{promql.taken('1h')}", "out", colours.SPARE),
    ]
    return house.lines("Charge in and out per hour", about, lines, units.AmpereHour, 2, soft=(-0.1, 0.1), step="1m")


def charge_since_the_left_edge(house: House) -> timeseries.Panel:
    about = (
        "The current summed up from the left edge of the chart: it falls while the battery gives and rises while it is "
        "charged. What is missing at the end of a charge was not given back."
    )
    added = f"avg_over_time({promql.BATTERY_A}[$__interval]) * $__interval_ms / 3600000"
    line = Line(added, "Battery", colours.BATTERY)
    return house.summed("Charge since the left edge", about, line, units.AmpereHour, 2)


def given_back(house: House) -> stat.Panel:
    return house.figure(
        "Given back",
        "Charge given over charge taken. A lead-acid battery wants 105 to 110 % back.",
        f"({promql.given('$__range')}) / ({promql.taken('$__range')} > 0)",
        units.PercentUnit,
        0,
        ((None, colours.ALARM), (0.9, colours.ATTENTION), (1.05, colours.GOOD), (1.3, colours.ATTENTION)),
        missing="nothing taken",
    )


def temperature_chart(house: House) -> timeseries.Panel:
    return house.lines(
        "Temperatures",
        "Battery and air. Ten degrees more halve a battery's life; the difference to the air betrays thermal runaway.",
        [
            Line(promql.TEMPERATURE, "Battery", colours.BATTERY),
            Line(promql.AMBIENT, "Air", colours.NOTHING, is_dashed=True),
        ],
        units.Celsius,
        1,
        TEMPERATURES,
        soft=(15, 30),
    )


def alarms(house: House, wanted: Sequence[Alarm] = tuple(Alarm)) -> statetimeline.Panel:
    """Draw which of the wanted alarms were present when."""
    some = "|".join(alarm.name.lower() for alarm in wanted)
    present = promql.series("vigie_alarm_present")
    chosen = present if len(wanted) == len(Alarm) else promql.matching(present, "alarm", some)
    return house.happenings(
        "Alarms",
        "Each alarm that was present in this time, from when to when.",
        f"max_over_time({chosen}[$__interval]) == 1",
        {alarm.name.lower(): house.say.alarm(alarm) for alarm in wanted},
        (house.say("present"), colours.ALARM),
        "No alarm.",
    )
