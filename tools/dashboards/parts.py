"""Panels that several dashboards show in the same way."""

from collections.abc import Sequence

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
VERDICT = "clamp_min(max by (site, battery) (3 * {critical} or 2 * {warning} or 0 * {info}), 1)".format(
    **{
        severity: promql.series("vigie_alarm_present", severity=severity)
        for severity in ("critical", "warning", "info")
    }
)
"""3 alarm, 2 attention, 1 all is well: the numbers of ``Verdict``. No series when nothing fresh is known."""


def verdicts(house: House) -> States:
    return house.states(Verdict, colours.NOTHING, colours.GOOD, colours.ATTENTION, colours.ALARM)


def modes(house: House) -> States:
    return house.states(Mode, colours.BATTERY, colours.LOAD, colours.SPARE, colours.ATTENTION)


def phases(house: House) -> States:
    return house.states(Phase, colours.NOTHING, colours.CHARGE, colours.BATTERY, colours.SPARE)


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


def temperature(house: House) -> stat.Panel:
    about = "Of the battery. Orange warns, at red the charge is stopped."
    return house.figure("Temperature", about, promql.TEMPERATURE, units.Celsius, 1, TEMPERATURES).span(3)


def strips(house: House, height: int = 7, relays: Sequence[str] = ("R1", "R2")) -> statetimeline.Panel:
    """Draw mains, contacts, mode and phase under one another."""
    names = {"R1": "R1 mains contact", "R2": "R2 battery contact"}
    return house.strips(
        "Mains, contacts, mode",
        "What was the case when. A contact counts as open in a step in which it was open at all.",
        [
            Strip(promql.MAINS, "Mains", mains_states(house)),
            *(
                Strip(promql.worst(promql.closed(relay), "$__interval"), names[relay], contact_states(house))
                for relay in relays
            ),
            Strip(promql.MODE, "Mode", modes(house)),
            Strip(promql.PHASE, "Phase", phases(house)),
        ],
        height,
    )


def voltage_chart(house: House, *more: Line, title: str = "Battery voltage") -> timeseries.Panel:
    about = "The battery's voltage (V1), and the limits that matter here."
    line = Line(promql.BATTERY_V, "Battery", colours.BATTERY)
    return house.lines(title, about, [line, *more], units.Volt, 2, soft=(11.8, 13.8))


def current_chart(house: House, *more: Line) -> timeseries.Panel:
    about = "Battery: positive is charge, negative is discharge (V2). Loads: what the equipment takes (V3)."
    lines = [Line(promql.BATTERY_A, "Battery", colours.BATTERY), Line(promql.LOAD_A, "Loads", colours.LOAD), *more]
    return house.lines("Currents", about, lines, units.Ampere, 2, soft=(-0.5, 0.5))


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
