"""PromQL for one battery of one site: the one the dashboard's variables name."""

from enum import IntEnum

from vigie.control.commands import Mains, Mode, Phase

HERE = 'site="$site", battery="$battery"'
"""What every query of a dashboard of one battery asks for."""


def series(name: str, **labels: str) -> str:
    """Return the selector of a metric of the chosen battery.

    >>> series("vigie_contact_closed", relay="R2")
    'vigie_contact_closed{site="$site", battery="$battery", relay="R2"}'
    """
    matchers = [HERE, *(f'{label}="{value}"' for label, value in labels.items())]
    return f"{name}{{{', '.join(matchers)}}}"


def volts(role: str) -> str:
    return series("vigie_channel_bus_volts", role=role)


def amperes(role: str) -> str:
    return series("vigie_channel_current_amperes", role=role)


def coded(metric: str, label: str, kind: type[IntEnum]) -> str:
    """Return one series with the number of the present state, from a metric that has one series per state."""
    terms = (
        f"{member.value} * sum({series(metric, **{label: member.name.lower()})})" for member in kind if member.value
    )
    return " + ".join(terms)


def worst(metric: str, window: str) -> str:
    """Return the lowest value of a 0/1 series in each step, so that a short gap is seen at any zoom."""
    return f"min_over_time({metric}[{window}])"


def worst_mains(window: str) -> str:
    """Return the numbers of ``Mains``, the least good that was the case in each step: an outage, a cut, the mains."""

    def was(state: Mains) -> str:
        return f"sum(max_over_time({series('vigie_mains', mains=state.name.lower())}[{window}]))"

    ranked = (Mains.ABSENT, Mains.CUT)
    return " or ".join([*(f"{state.value} * ({was(state)} > 0)" for state in ranked), was(Mains.PRESENT)])


def began(metric: str, window: str) -> str:
    """Return how often a 0/1 series became 1 within ``window``, a half step up counted as begun."""
    return f"ceil(changes({metric}[{window}]) / 2)"


BATTERY_V = volts("battery")
BATTERY_A = amperes("charge")
"""V1 only senses the battery's voltage; its current flows through V2."""
LOAD_V = volts("load")
LOAD_A = amperes("load")
CHARGE_V = volts("charge")
TEMPERATURE = series("vigie_temperature_celsius")
AMBIENT = series("vigie_ambient_celsius")
MODE = coded("vigie_mode", "mode", Mode)
PHASE = coded("vigie_phase", "phase", Phase)
MAINS = coded("vigie_mains", "mains", Mains)
IS_OUT = series("vigie_mains", mains="absent")


def closed(relay: str) -> str:
    return series("vigie_contact_closed", relay=relay)


def commanded(relay: str) -> str:
    return series("vigie_contact_commanded_closed", relay=relay)


def both_contacts() -> str:
    return matching(series("vigie_contact_closed"), "relay", "R1|R2")


def matching(selector: str, label: str, pattern: str) -> str:
    """Return a selector that also wants ``label`` to match ``pattern``.

    >>> matching(series("vigie_contact_closed"), "relay", "R1|R2")
    'vigie_contact_closed{site="$site", battery="$battery", relay=~"R1|R2"}'
    """
    return f'{selector[:-1]}, {label}=~"{pattern}"}}'


def verdict(chosen: str = "") -> str:
    """Return each battery's verdict as the numbers of ``Verdict``: 3 alarm, 2 attention, 1 all is well.

    No series, hence unknown, where nothing fresh is heard or the last period is no good measurement.

    Args:
        chosen: label matchers; empty for every battery of every site.
    """

    def present(severity: str) -> str:
        matchers = ", ".join(filter(None, [chosen, f'severity="{severity}"']))
        return f"vigie_alarm_present{{{matchers}}}"

    weighed = f"3 * {present('critical')} or 2 * {present('warning')} or 0 * {present('info')}"
    worst = f"max by (site, battery) ({weighed})"
    valid = f"vigie_measurement_valid{{{chosen}}}" if chosen else "vigie_measurement_valid"
    return f"({worst} >= 2) or (clamp_min({worst}, 1) and on (site, battery) {valid} == 1)"


def taken(window: str) -> str:
    """Return the charge that came out of the battery within ``window``, Ah; time without measurements adds nothing."""
    return f"sum(sum_over_time(clamp_min(-{BATTERY_A}, 0)[{window}:10s])) / 360"


def given(window: str) -> str:
    """Return the charge that went into the battery within ``window``, Ah; time without measurements adds nothing."""
    return f"sum(sum_over_time(clamp_min({BATTERY_A}, 0)[{window}:10s])) / 360"
