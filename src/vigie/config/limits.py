"""Limits that contradict each other: voltages, currents, temperatures and times of different sections."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from vigie.config.scales import beyond_scale
from vigie.config.sections import SettingsFault
from vigie.control.modes.spec import Crossing
from vigie.control.modes.table import SPECS
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR
from vigie.wording.dialogue import spoken
from vigie.wording.modes import words_of
from vigie.wording.words import mark

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


def _of_modes() -> Iterator[Below]:
    """Yield, of each mode, each falling threshold under each rising one, and over the floor of a drill."""
    for spec in SPECS:
        for low in spec.thresholds:
            if low.crossing != Crossing.FALLING:
                continue
            for high in spec.thresholds:
                if high.crossing == Crossing.RISING:
                    yield Below(f"{spec.name}.{low.setting}", f"{spec.name}.{high.setting}")
            otherwise = words_of(spec.mode).thresholds[low.setting].otherwise
            yield Below("interlocks.floor_v", f"{spec.name}.{low.setting}", otherwise)


ORDER = (
    *_of_modes(),
    Below("interlocks.floor_v", "interlocks.proof_v"),
    Below("interlocks.load_floor_v", "interlocks.floor_v",
          mark("loads get less than the battery has: no drill would last")),
    Below("alarms.loads_dark_v", "interlocks.floor_v", mark("loads fed well enough for a drill would count as dark")),
    Below("channels.battery.plausible_min_v", "alarms.battery_under_v",
          mark("an empty battery would seem a broken meter")),
    Below("channels.charge.plausible_min_v", "alarms.battery_under_v",
          mark("an empty battery would seem a broken meter")),
    Below("alarms.battery_over_v", "channels.battery.plausible_max_v", mark("an overcharge would seem a broken meter")),
    Below("alarms.battery_over_v", "channels.charge.plausible_max_v", mark("an overcharge would seem a broken meter")),
    Below("mains.supply_present_v", "channels.load.plausible_max_v", mark("the supply would seem a broken meter")),
    Below("mains.charging_a", "channels.charge.plausible_max_a", mark("no believed current could show a charger")),
    Below("mains.discharging_a", "channels.charge.plausible_max_a", mark("no believed current could show an outage")),
    Below("loop.bus_deadline_s", "loop.period_s"),
)  # fmt: skip


def contradictions(sections: Mapping[str, Any]) -> list[SettingsFault]:
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


def _disordered(line: Below, sections: Mapping[str, Any]) -> SettingsFault | None:
    (below, lower), (above, upper) = line.lower.rsplit(".", 1), line.upper.rsplit(".", 1)
    if below not in sections or above not in sections:
        return None
    low, high = getattr(sections[below], lower), getattr(sections[above], upper)
    if low < high:
        return None
    unit = _UNITS[lower.rsplit("_", 1)[1]]
    told = spoken(
        "{low:g} {unit} must be under {upper} = {high:g} {unit}", low=low, unit=unit, upper=line.upper, high=high
    )
    otherwise = line.otherwise and f"; {spoken(line.otherwise)}"
    return SettingsFault(line.lower, told + otherwise)


def _of_readings(sections: Mapping[str, Any]) -> Iterator[SettingsFault]:
    filtering, load = sections.get("filter"), sections.get("channels.load")
    if filtering is not None and 0 < filtering.frozen_after_s < LEAST_STILL_S:
        message = spoken(
            "{given_s:g} s would take healthy channels for frozen ones: at least {least_s:g} s, or 0 for no watch",
            given_s=filtering.frozen_after_s,
            least_s=LEAST_STILL_S,
        )
        yield SettingsFault("filter.frozen_after_s", message)
    if load is not None and load.plausible_min_v > 0:
        message = spoken(
            "{volts:g} V: loads without voltage would seem a broken meter; at most 0 V", volts=load.plausible_min_v
        )
        yield SettingsFault("channels.load.plausible_min_v", message)
    alarms, interlocks = sections.get("alarms"), sections.get("interlocks")
    if alarms is not None and interlocks is not None and 0 < interlocks.load_floor_v <= alarms.loads_dark_v:
        message = spoken(
            "{dark_v:g} V must be under interlocks.load_floor_v = {floor_v:g} V, or a drill darkens the loads before "
            "it ends",
            dark_v=alarms.loads_dark_v,
            floor_v=interlocks.load_floor_v,
        )
        yield SettingsFault("alarms.loads_dark_v", message)


def _of_heat(sections: Mapping[str, Any]) -> Iterator[SettingsFault]:
    interlocks = sections.get("interlocks")
    if interlocks is None:
        return
    limit_c = interlocks.temperature_limit_c
    release_c = limit_c - interlocks.temperature_release_k
    if release_c < ROOM_C:
        message = spoken(
            "{given_k:g} K under the limit is {release_c:g} degC; a battery in a room may never be so cool and R2 "
            "never close again: at most {most_k:g} K with this limit",
            given_k=interlocks.temperature_release_k,
            release_c=release_c,
            most_k=limit_c - ROOM_C,
        )
        yield SettingsFault("interlocks.temperature_release_k", message)


def _of_charging(sections: Mapping[str, Any]) -> Iterator[SettingsFault]:
    alarms = sections.get("alarms")
    if alarms is None:
        return
    if alarms.recharged_h * SECONDS_PER_HOUR >= alarms.undercharge_days * SECONDS_PER_DAY:
        message = spoken(
            "{days:g} d must be longer than alarms.recharged_h = {hours:g} h, or the alarm stands before a battery can "
            "count as charged",
            days=alarms.undercharge_days,
            hours=alarms.recharged_h,
        )
        yield SettingsFault("alarms.undercharge_days", message)


def _of_times(sections: Mapping[str, Any]) -> Iterator[SettingsFault]:
    loop, plant, alarms, journal = (sections.get(name) for name in ("loop", "plant", "alarms", "journal"))
    if loop is None:
        return
    if alarms is not None and plant is not None and alarms.controller_silent_s < 2 * loop.period_s / plant.speed:
        message = spoken(
            "{silent_s:g} s must be at least two control periods = {two_s:g} s of real time, or a healthy controller "
            "counts as lost",
            silent_s=alarms.controller_silent_s,
            two_s=2 * loop.period_s / plant.speed,
        )
        yield SettingsFault("alarms.controller_silent_s", message)
    if journal is not None and plant is not None:
        held_s = journal.waiting_periods * loop.period_s / plant.speed
        if held_s < LEAST_WAITING_S:
            message = spoken(
                "{periods} periods are {held_s:g} s at plant.speed = {speed:g}, and a slow disk would lose some: at "
                "least {least}",
                periods=journal.waiting_periods,
                held_s=held_s,
                speed=plant.speed,
                least=math.ceil(LEAST_WAITING_S * plant.speed / loop.period_s),
            )
            yield SettingsFault("journal.waiting_periods", message)
