"""The dashboard of a mode that has none of its own: its state, its thresholds, what went in and out."""

from collections.abc import Callable

from grafana_foundation_sdk.builders import stat
from tools.dashboards import colours, parts
from tools.dashboards.panels import House, Line
from tools.dashboards.sheet import Sheet

from vigie.control.modes.spec import ModeSpec
from vigie.wording.modes import words_of


def general(spec: ModeSpec) -> Callable[[House], Sheet]:
    """Return what makes the dashboard of a mode from its spec and words."""
    words = words_of(spec.mode)
    numbers = [
        (threshold.setting, words.thresholds[threshold.setting].label, getattr(spec.settings(), threshold.setting))
        for threshold in spec.thresholds
    ]
    limits = [Line(f"vector(${name})", label, colours.LIMIT, is_dashed=True) for name, label, _ in numbers]

    def sheet(house: House) -> Sheet:
        return Sheet(
            spec.name,
            words.name,
            words.what,
            "12h",
            "5s",
            [
                ("", [*_states(house)]),
                ("", [parts.strips(house), parts.voltage_chart(house, *limits), parts.current_chart(house)]),
                ("", [parts.charge_since_the_left_edge(house), parts.charge_per_hour(house)]),
            ],
            numbers=numbers,
        )

    return sheet


def _states(house: House) -> list[stat.Panel]:
    return [
        parts.mode(house).span(3),
        parts.phase(house).span(3),
        parts.mains(house).span(3),
        parts.battery_volts(house),
        parts.battery_amperes(house),
        parts.temperature(house),
        parts.contact(house, "R1", "Mains contact R1").span(3),
        parts.contact(house, "R2", "Battery contact R2").span(3),
    ]
