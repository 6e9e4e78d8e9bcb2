"""Limits that the scale of a channel leaves no room for: shunt, gain and offset decide what it can read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from vigie.config.sections import EVERY_CHANNEL, ChannelConfig, Config, PlantKind, PlantSettings, SettingsFault
from vigie.control.modes.spec import Crossing
from vigie.control.modes.table import SPECS
from vigie.control.signals import Channel
from vigie.hardware.meter import Capability
from vigie.plant.meter_chips import METER_CHIPS, USUAL_METER, MeterModel
from vigie.plant.rig import RigSettings
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

LEAST_STEPS = 4
"""A limit of fewer steps of the meter is met by its offset (up to 100 uV) and noise alone."""
_NEVER = mark(
    "{value:g} {unit} is never met by the readings of its channel: with that channel's {keys} it reads {reach}"
)
_SATURATED = 1.05
"""Believed may be a little more than can be read, as by default: a reading at full scale says so itself."""
_WIDE = 2.0
"""A meter that reads this many times more or less than the default limit has another shunt than the limit is for."""


class Read(NamedTuple):
    """A limit, and the channel whose reading is held against it."""

    limit: str
    channel: str


VOLTAGES = (
    *(
        Read(f"{spec.name}.{threshold.setting}", "battery")
        for spec in SPECS
        for threshold in spec.thresholds
        if threshold.crossing == Crossing.RISING
    ),
    Read("interlocks.proof_v", "load"),
    Read("mains.supply_present_v", "load"),
    Read("alarms.battery_over_v", "battery"),
)
LOWEST = (Read("alarms.loads_dark_v", "load"),)
CURRENTS = (Read("mains.charging_a", "charge"), Read("mains.discharging_a", "charge"))


def beyond_scale(sections: Mapping[str, Any]) -> Iterator[SettingsFault]:
    """Yield the limits that no reading can reach."""
    meter = _fitted(sections.get("plant"), sections.get("rig"))
    for limit, value, channel in _held_against(VOLTAGES, sections):
        if value >= (most_v := highest_v(channel, meter)):
            reach = spoken("up to {most:g} {unit}", most=most_v, unit="V")
            yield SettingsFault(limit, spoken(_NEVER, value=value, unit="V", keys="gain, offset_v", reach=reach))
    for limit, value, channel in _held_against(LOWEST, sections):
        if value <= channel.offset_v:
            reach = spoken("down to {least:g} {unit}", least=channel.offset_v, unit="V")
            yield SettingsFault(limit, spoken(_NEVER, value=value, unit="V", keys="offset_v", reach=reach))
    for limit, value, channel in _held_against(CURRENTS, sections):
        if value >= (most_a := highest_a(channel, meter)):
            reach = spoken("up to {most:g} {unit}", most=most_a, unit="A")
            yield SettingsFault(limit, spoken(_NEVER, value=value, unit="A", keys="shunt_ohm", reach=reach))


def beyond_meter(sections: Mapping[str, Any], model: MeterModel) -> Iterator[SettingsFault]:
    """Yield the channels believed more than a chip reads for which the channels' defaults are not made."""
    if model == USUAL_METER:
        return  # told by scale_risks
    meter = METER_CHIPS[model].capability
    for role in Channel:
        name = f"channels.{role.name.lower()}"
        channel = sections.get(name)
        if channel is None or not channel.is_fitted:
            continue
        believed_a, most_a = channel.plausible_max_a, highest_a(channel, meter)
        if believed_a > _SATURATED * most_a:
            message = spoken(
                "with {shunt_ohm:g} Ohm an {chip} reads up to {highest_a:.3g} A ({full_mv:g} mV), but plausible_max_a "
                "believes {believed_a:g} A: more than the chip reads would fail every period. Give the board's own "
                "shunt, at most {most_ohm:.2g} Ohm for that current, or lower plausible_max_a to what can flow there",
                shunt_ohm=channel.shunt_ohm,
                chip=meter.name,
                highest_a=most_a,
                full_mv=round(meter.shunt_full_scale_v * 1e3, 2),
                believed_a=believed_a,
                most_ohm=meter.shunt_full_scale_v / believed_a,
            )
            yield SettingsFault(f"{name}.shunt_ohm", message)


def _fitted(plant: PlantSettings | None, rig: RigSettings | None) -> Capability:
    """Return what the chip of a rig can do; the other plants imitate the usual one."""
    is_rig = plant is not None and plant.kind == PlantKind.RIG
    return METER_CHIPS[rig.meter if is_rig and rig is not None else USUAL_METER].capability


def _held_against(limits: Sequence[Read], sections: Mapping[str, Any]) -> Iterator[tuple[str, float, ChannelConfig]]:
    """Yield each limit with its value and the channel it is held against, where both are there."""
    for limit, name in limits:
        section, key = limit.rsplit(".", 1)
        channel = sections.get(f"channels.{name}")
        if sections.get(section) is not None and channel is not None and channel.is_fitted:
            yield limit, getattr(sections[section], key), channel


def scale_risks(config: Config) -> Iterator[SettingsFault]:
    """Yield the limits a changed shunt has left behind."""
    meter = _fitted(config.plant, config.rig)
    for role in Channel:
        name, channel = f"channels.{role.name.lower()}", config.channels[role]
        if not channel.is_fitted:
            continue
        highest, believed = highest_a(channel, meter), channel.plausible_max_a
        if believed == EVERY_CHANNEL["plausible_max_a"] and not believed / _WIDE < highest < believed * _WIDE:
            message = spoken(
                "{believed_a:g} A was made for the usual shunt; with shunt_ohm = {shunt_ohm:g} the meter reads up to "
                "{highest_a:.3g} A, and what is not believed would seem a broken meter. Set what can flow there",
                believed_a=believed,
                shunt_ohm=channel.shunt_ohm,
                highest_a=highest,
            )
            yield SettingsFault(f"{name}.plausible_max_a", message)
    charge = config.channels[Channel.CHARGE]
    step_a = meter.shunt_step_v / charge.shunt_ohm
    for key in ("charging_a", "discharging_a"):
        value = getattr(config.mains, key)
        if charge.is_fitted and value < LEAST_STEPS * step_a:
            message = spoken(
                "{amperes:g} A is under {steps} steps of the meter ({step_a:g} A each with channels.charge.shunt_ohm = "
                "{shunt_ohm:g}): noise shows or hides an outage. Raise it, or use a larger shunt",
                amperes=value,
                steps=LEAST_STEPS,
                step_a=step_a,
                shunt_ohm=charge.shunt_ohm,
            )
            yield SettingsFault(f"mains.{key}", message)


def highest_v(channel: ChannelConfig, meter: Capability) -> float:
    """Return the highest voltage a channel can read."""
    return channel.gain * meter.bus_full_scale_v + channel.offset_v


def highest_a(channel: ChannelConfig, meter: Capability) -> float:
    """Return the largest current a channel can read: the shunt voltage at full scale over its shunt."""
    return meter.shunt_full_scale_v / channel.shunt_ohm
