"""Limits that contradict each other: voltages, currents, temperatures and times of different sections."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from vigie.config.scales import beyond_scale
from vigie.config.sections import Fault
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

HEADROOM_K = 10.0
"""A battery this much over its limit must still be believed, or its heat would pass for a broken thermometer."""
ROOM_C = 25.0
"""A battery in a room does not reliably cool below."""
LEAST_STILL_S = 60.0
"""Healthy channels read exactly the same for seconds: the supply's voltage is steady and a meter step is 4 mV."""
LEAST_WAITING_S = 2.0
"""In real time: a commit to a slow card takes so long."""
_UNITS = {"v": "V", "a": "A", "s": "s"}


class Below(NamedTuple):
    """One limit that must be under another one."""

    lower: str
    upper: str
    otherwise: str = ""
    """What the program would do."""


ORDER = (
    Below("protect.close_below_v", "protect.open_above_v"),
    Below("cycle.discharge_to_v", "cycle.charge_to_v"),
    Below("cycle.recharge_below_v", "cycle.charge_to_v"),
    Below("interlocks.floor_v", "cycle.discharge_to_v"),
    Below("interlocks.floor_v", "interlocks.proof_v"),
    Below("interlocks.floor_v", "protect.close_below_v", "protect would rest the battery down to where a drill ends"),
    Below("interlocks.floor_v", "cycle.recharge_below_v", "cycle would rest the battery down to where a drill ends"),
    Below("interlocks.load_floor_v", "interlocks.floor_v", "loads get less than the battery has: no drill would last"),
    Below("alarms.loads_dark_v", "interlocks.floor_v", "loads fed well enough for a drill would count as dark"),
    Below("outage_log.dark_v", "interlocks.floor_v", "loads fed well enough for a drill would count as dark"),
    Below("channels.battery.plausible_min_v", "alarms.battery_under_v", "an empty battery would seem a broken meter"),
    Below("channels.charge.plausible_min_v", "alarms.battery_under_v", "an empty battery would seem a broken meter"),
    Below("alarms.battery_over_v", "channels.battery.plausible_max_v", "an overcharge would seem a broken meter"),
    Below("alarms.battery_over_v", "channels.charge.plausible_max_v", "an overcharge would seem a broken meter"),
    Below("mains.supply_present_v", "channels.load.plausible_max_v", "the supply would seem a broken meter"),
    Below("mains.charging_a", "channels.charge.plausible_max_a", "no believed current could show a charger"),
    Below("mains.discharging_a", "channels.charge.plausible_max_a", "no believed current could show an outage"),
    Below("loop.bus_deadline_s", "loop.period_s"),
)  # fmt: skip


def contradictions(sections: Mapping[str, Any]) -> list[Fault]:
    """Return the limits that contradict each other, among the sections that validated and the channels fitted."""
    usable = {
        name: table for name, table in sections.items() if getattr(table, "is_fitted", True) and table is not None
    }
    faults = [fault for line in ORDER if (fault := _disordered(line, usable)) is not None]
    return [
        *faults,
        *_of_readings(usable),
        *_of_heat(usable),
        *_of_charging(usable),
        *_of_times(usable),
        *beyond_scale(usable),
    ]


def _disordered(line: Below, sections: Mapping[str, Any]) -> Fault | None:
    (below, lower), (above, upper) = line.lower.rsplit(".", 1), line.upper.rsplit(".", 1)
    if below not in sections or above not in sections:
        return None
    low, high = getattr(sections[below], lower), getattr(sections[above], upper)
    if low < high:
        return None
    unit = _UNITS[lower.rsplit("_", 1)[1]]
    why = f"; {line.otherwise}" if line.otherwise else ""
    return Fault(line.lower, f"{low:g} {unit} must be under {line.upper} = {high:g} {unit}{why}")


def _of_readings(sections: Mapping[str, Any]) -> Iterator[Fault]:
    filtering, load = sections.get("filter"), sections.get("channels.load")
    if filtering is not None and 0 < filtering.frozen_after_s < LEAST_STILL_S:
        message = (
            f"{filtering.frozen_after_s:g} s would take healthy channels for frozen ones: at least "
            f"{LEAST_STILL_S:g} s, or 0 for no watch"
        )
        yield Fault("filter.frozen_after_s", message)
    if load is not None and load.plausible_min_v > 0:
        message = f"{load.plausible_min_v:g} V: loads without voltage would seem a broken meter; at most 0 V"
        yield Fault("channels.load.plausible_min_v", message)
    alarms, interlocks = sections.get("alarms"), sections.get("interlocks")
    if alarms is not None and interlocks is not None and 0 < interlocks.load_floor_v <= alarms.loads_dark_v:
        message = (
            f"{alarms.loads_dark_v:g} V must be under interlocks.load_floor_v = {interlocks.load_floor_v:g} V, "
            "or a drill darkens the loads before it ends"
        )
        yield Fault("alarms.loads_dark_v", message)


def _of_heat(sections: Mapping[str, Any]) -> Iterator[Fault]:
    interlocks, filtering = sections.get("interlocks"), sections.get("filter")
    if interlocks is None:
        return
    limit_c = interlocks.temperature_limit_c
    if filtering is not None and limit_c + HEADROOM_K > filtering.temperature_max_c:
        message = (
            f"{limit_c:g} degC must be at least {HEADROOM_K:g} K under filter.temperature_max_c = "
            f"{filtering.temperature_max_c:g} degC: a hotter one would seem a broken thermometer and be charged on"
        )
        yield Fault("interlocks.temperature_limit_c", message)
    release_c = limit_c - interlocks.temperature_release_k
    if release_c < ROOM_C:
        message = (
            f"{interlocks.temperature_release_k:g} K under the limit is {release_c:g} degC; a battery in a room may "
            f"never be so cool and R2 never close again: at most {limit_c - ROOM_C:g} K with this limit"
        )
        yield Fault("interlocks.temperature_release_k", message)


def _of_charging(sections: Mapping[str, Any]) -> Iterator[Fault]:
    alarms = sections.get("alarms")
    if alarms is None:
        return
    held_v = alarms.charger_v - alarms.charger_tolerance_v
    for name, key in (("outage_log", "low_v"), ("contact_truth", "takes_charge_below_v")):
        if name in sections and (low_v := getattr(sections[name], key)) >= held_v:
            message = (
                f"{low_v:g} V must be under alarms.charger_v less charger_tolerance_v = {held_v:g} V: "
                "a full battery there takes no charge, and charger or contact would be blamed"
            )
            yield Fault(f"{name}.{key}", message)
    if alarms.recharged_h * SECONDS_PER_HOUR >= alarms.undercharge_days * SECONDS_PER_DAY:
        message = (
            f"{alarms.undercharge_days:g} d must be longer than alarms.recharged_h = {alarms.recharged_h:g} h, "
            "or the alarm stands before a battery can count as charged"
        )
        yield Fault("alarms.undercharge_days", message)


def _of_times(sections: Mapping[str, Any]) -> Iterator[Fault]:
    loop, plant, alarms = sections.get("loop"), sections.get("plant"), sections.get("alarms")
    truth, outage_log, journal = (sections.get(name) for name in ("contact_truth", "outage_log", "journal"))
    if truth is not None and truth.settle_s + truth.proof_s >= truth.answer_s:
        message = (
            f"{truth.answer_s:g} s must be longer than settle_s and proof_s together = "
            f"{truth.settle_s + truth.proof_s:g} s, or every switching is called unproven before it can be proven"
        )
        yield Fault("contact_truth.answer_s", message)
    if loop is None:
        return
    if outage_log is not None and outage_log.longest_gap_s < 2 * loop.period_s:
        message = (
            f"{outage_log.longest_gap_s:g} s must be at least two control periods = {2 * loop.period_s:g} s, "
            "or no outage would have cost any charge"
        )
        yield Fault("outage_log.longest_gap_s", message)
    if alarms is not None and plant is not None and alarms.controller_silent_s < 2 * loop.period_s / plant.speed:
        message = (
            f"{alarms.controller_silent_s:g} s must be at least two control periods = "
            f"{2 * loop.period_s / plant.speed:g} s of real time, or a healthy controller counts as lost"
        )
        yield Fault("alarms.controller_silent_s", message)
    if journal is not None and plant is not None:
        held_s = journal.waiting_periods * loop.period_s / plant.speed
        if held_s < LEAST_WAITING_S:
            message = (
                f"{journal.waiting_periods} periods are {held_s:g} s at plant.speed = {plant.speed:g}, and a slow disk "
                f"would lose some: at least {math.ceil(LEAST_WAITING_S * plant.speed / loop.period_s)}"
            )
            yield Fault("journal.waiting_periods", message)
