"""What one setting alone cannot show: settings that contradict each other, and what should be known before use."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vigie.access.settings import Login
from vigie.config.alarm_limits import alarm_faults
from vigie.config.limits import contradictions
from vigie.config.retired import retired_settings
from vigie.config.scales import beyond_meter, scale_risks
from vigie.config.sections import Calibration, Config, PlantKind, SettingsFault
from vigie.config.texts import unusable_texts
from vigie.config.wiring import wiring_risks
from vigie.control.modes.spec import Crossing
from vigie.control.modes.table import SPECS
from vigie.control.signals import Channel, Wiring
from vigie.delivery import settings as delivery_settings
from vigie.errors import SettingsError
from vigie.notify import settings as notify_settings
from vigie.plant.air import Air
from vigie.plant.meter_chips import METER_CHIPS
from vigie.plant.outages import Outages, OutageSource
from vigie.plant.rig import Boards, RigSettings, relay_wiring
from vigie.plant.site import ControllerSupply, InstallationSettings, chosen_battery
from vigie.web import settings as web_settings
from vigie.wording.dialogue import spoken
from vigie.wording.modes import words_of
from vigie.wording.words import mark

LONGEST_PERIOD_S = 5.0
"""In real time: a finished period is the controller's sign of life, and the watchdogs wait 10 s for two of them."""


def crossed(sections: Mapping[str, Any], *, is_rig: bool) -> list[SettingsFault]:
    """Return the faults that one section alone cannot show; sections that did not validate are left out."""
    faults = contradictions(sections) + unusable_texts(sections)

    def need(is_met: bool, key: str, message: str) -> None:
        if not is_met:
            faults.append(SettingsFault(key, message))

    filtering = sections.get("filter")
    if filtering is not None:
        sweeps, good = filtering.sweeps, filtering.least_good
        need(
            good <= sweeps,
            "filter.least_good",
            spoken("{good} is more than filter.sweeps = {sweeps}", good=good, sweeps=sweeps),
        )
    faults += _crossed_modes(sections)
    alarms, interlocks, mail = sections.get("alarms"), sections.get("interlocks"), sections.get("mail")
    if alarms is not None and interlocks is not None:
        faults += alarm_faults(alarms, interlocks)
    if mail is not None:
        try:
            notify_settings.check(mail)
        except SettingsError as error:
            faults.append(SettingsFault("mail", str(error)))
    remote_write = sections.get("remote_write")
    if remote_write is not None:
        faults += [SettingsFault(f"remote_write.{key}", text) for key, text in delivery_settings.faults(remote_write)]
    return faults + _crossed_plant(sections) + _crossed_web(sections) + (_crossed_rig(sections) if is_rig else [])


def _crossed_plant(sections: Mapping[str, Any]) -> list[SettingsFault]:
    faults: list[SettingsFault] = []
    plant, recorded, loop = sections.get("plant"), sections.get("recorded"), sections.get("loop")
    if plant is not None and loop is not None and loop.period_s / plant.speed > LONGEST_PERIOD_S:
        message = spoken(
            "{period_s:g} s at plant.speed = {speed:g} is a period of {real_s:g} s; the watchdogs restart a controller "
            "that is silent for 10 s, so at most {longest_s:g} s",
            period_s=loop.period_s,
            speed=plant.speed,
            real_s=loop.period_s / plant.speed,
            longest_s=LONGEST_PERIOD_S,
        )
        faults.append(SettingsFault("loop.period_s", message))
    for channel in Channel:
        config = sections.get(f"channels.{channel.name.lower()}")
        if config is not None and config.sign == 0:
            faults.append(
                SettingsFault(f"channels.{channel.name.lower()}.sign", spoken("0 is neither direction; use 1 or -1"))
            )
        if config is not None and config.plausible_min_v >= config.plausible_max_v:
            faults.append(
                SettingsFault(
                    f"channels.{channel.name.lower()}.plausible_min_v", spoken("must be under plausible_max_v")
                )
            )
    battery = sections.get("channels.battery")
    if battery is not None and not battery.is_fitted:
        faults.append(
            SettingsFault("channels.battery.is_fitted", spoken("V1 is the battery voltage; nothing works without it"))
        )
    if plant is not None and recorded is not None and plant.kind == PlantKind.RECORDED and not recorded.path:
        faults.append(
            SettingsFault(
                "recorded.path", spoken("names no log; give the CSV file to play here or with --recording FILE")
            )
        )
    twin = sections.get("twin")
    if twin is not None:
        faults += _unusable_site(twin.installation)
    return faults


def _crossed_web(sections: Mapping[str, Any]) -> list[SettingsFault]:
    faults: list[SettingsFault] = []
    web, metrics, access = sections.get("web"), sections.get("metrics"), sections.get("access")
    if web is not None:
        try:
            web_settings.check(web)
        except SettingsError as error:
            faults.append(SettingsFault("web", str(error)))
    if web is not None and metrics is not None and web.port == metrics.port != 0:
        message = spoken(
            "{port} is web.port too, and one port answers for one program: give another", port=metrics.port
        )
        faults.append(SettingsFault("metrics.port", message))
    if web is not None and access is not None and access.login == Login.OFF and not _is_this_machine(web.host):
        message = spoken(
            "off lets whoever reaches {host} switch the relays: only with web.host = 127.0.0.1", host=web.host
        )
        faults.append(SettingsFault("access.login", message))
    return faults


def _unusable_site(site: InstallationSettings) -> list[SettingsFault]:
    """Return what a simulated installation could not be built from; a file of outages is read by the twin alone."""
    parts: dict[str, Callable[[], object]] = {
        "battery.model": lambda: chosen_battery(site.battery),
        "ambient.course": lambda: Air(site.ambient),
    }
    if site.outages.kind != OutageSource.CSV:
        parts["outages"] = lambda: Outages(site.outages)
    faults = []
    for key, build in parts.items():
        try:
            build()
        except SettingsError as error:
            faults.append(SettingsFault(f"twin.installation.{key}", str(error)))
    return faults


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _crossed_rig(sections: Mapping[str, Any]) -> list[SettingsFault]:
    plant, wiring, mains = sections.get("plant"), sections.get("wiring"), sections.get("mains")
    faults: list[SettingsFault] = []
    if plant is not None and plant.speed != 1.0:
        faults.append(
            SettingsFault(
                "plant.speed",
                spoken("{speed:g}: real time runs at 1; only twin and recorded can differ", speed=plant.speed),
            )
        )
    if wiring is not None and wiring.controller_supply is None:
        faults.append(
            SettingsFault(
                "wiring.controller_supply",
                spoken(
                    "demanded on the rig: 'loads' when this computer lives on the loads' 12 V, 'independent' when not. "
                    "A blackout depends on it, so there is no default"
                ),
                is_demanded=True,
            )
        )
    twin = sections.get("twin")
    if twin is not None and twin.installation.controller_supply == ControllerSupply.LOADS:
        message = spoken("only plant.kind = twin lets its computer die: emulated lines keep their levels without power")
        faults.append(SettingsFault("twin.installation.controller_supply", message))
    rig = sections.get("rig")
    if rig is not None:
        try:
            relay_wiring(rig)
        except SettingsError as error:
            faults.append(SettingsFault("rig", str(error)))
        faults += _crossed_meter(rig, sections)
    made = sections.get("faults")
    if rig is not None and made is not None and made.listed and rig.boards == Boards.REAL:
        faults.append(
            SettingsFault(
                "faults.listed", spoken("faults are made on the twin, a recording or emulated boards, never here")
            )
        )
    if mains is not None and mains.present_unless_discharging:
        faults.append(
            SettingsFault(
                "mains.present_unless_discharging", spoken("only for recordings; V3 proves the mains on a rig")
            )
        )
    return faults


def _crossed_meter(rig: RigSettings, sections: Mapping[str, Any]) -> list[SettingsFault]:
    faults = list(beyond_meter(sections, rig.meter))
    for name in (channel.name.lower() for channel in Channel):
        config = sections.get(f"channels.{name}")
        if config is not None and config.is_fitted and getattr(rig, f"{name}_address") == 0:
            message = spoken(
                "0 is no chip, but channels.{name} is fitted: give its address, or is_fitted = false", name=name
            )
            faults.append(SettingsFault(f"rig.{name}_address", message))
    filtering, loop = sections.get("filter"), sections.get("loop")
    sweep_s = METER_CHIPS[rig.meter].capability.conversion_s[rig.averaging]  # the chips convert at once
    if filtering is not None and loop is not None and filtering.sweeps * sweep_s >= loop.period_s:
        message = spoken(
            "{averaging} makes a sweep take {sweep_s:.2g} s: {sweeps} of them do not fit into loop.period_s = "
            "{period_s:g} s; average less, sweep less, or lengthen the period",
            averaging=rig.averaging.name.lower(),
            sweep_s=sweep_s,
            sweeps=filtering.sweeps,
            period_s=loop.period_s,
        )
        faults.append(SettingsFault("rig.averaging", message))
    return faults


def warnings(config: Config) -> list[SettingsFault]:
    """Return what is allowed but should be known before a battery is trusted to it."""
    found = [*retired_settings(config.given), *wiring_risks(config)]
    if config.plant.kind == PlantKind.RIG and not config.channels[Channel.LOAD].is_fitted:
        found.append(
            SettingsFault(
                "channels.load.is_fitted",
                spoken("without V3 a mains failure cannot be seen while R2 is open: it never opens"),
            )
        )
    if config.plant.kind == PlantKind.RIG and not config.channels[Channel.CHARGE].is_fitted:
        found.append(
            SettingsFault(
                "channels.charge.is_fitted",
                spoken(
                    "without V2 nothing shows that the battery is not feeding the loads: in wiring line R2 never opens"
                ),
            )
        )
    is_recorded = config.plant.kind == PlantKind.RECORDED
    if is_recorded and config.channels[Channel.LOAD].is_fitted:
        message = spoken(
            "a recording has no V3: every period of `vigie run` fails (`vigie replay` leaves V3 out); set false"
        )
        found.append(SettingsFault("channels.load.is_fitted", message))
    if config.channels[Channel.BATTERY].calibration == Calibration.NONE and not is_recorded:
        found.append(
            SettingsFault(
                "channels.battery.calibration",
                spoken(
                    "V1 is not calibrated; a 10 kOhm resistor in its lead makes it read about 0.8 V low (gain 1.03125 "
                    "and offset_v 0.4 are a starting guess; `vigie commission` calibrates it against a multimeter)"
                ),
            )
        )
    if config.plant.kind == PlantKind.TWIN and config.twin.installation.wiring != config.wiring.battery_contact:
        found.append(
            SettingsFault(
                "twin.installation.wiring",
                spoken(
                    "the simulated installation is wired {true}, the settings believe {believed}: only to practise on",
                    true=config.twin.installation.wiring.name.lower(),
                    believed=config.wiring.battery_contact.name.lower(),
                ),
            )
        )
    if config.wiring.bypass_diode and config.wiring.battery_contact == Wiring.CHARGE_ONLY:
        message = spoken(
            "with charge_only the battery feeds the loads past R2: a diode across it does nothing there; set false"
        )
        found.append(SettingsFault("wiring.bypass_diode", message))
    if config.plant.kind == PlantKind.TWIN and config.wiring.bypass_diode > config.twin.installation.bypass_diode:
        message = spoken(
            "the simulated installation has no diode (twin.installation.bypass_diode): only to practise on"
        )
        found.append(SettingsFault("wiring.bypass_diode", message))
    if config.rig is not None and not config.rig.thermometer:
        found.append(
            SettingsFault(
                "rig.thermometer", spoken("no battery thermometer: the over-temperature interlock has nothing to read")
            )
        )
    found += _never_reached(config)
    found += scale_risks(config)
    found += [SettingsFault("mail", text) for text in notify_settings.warnings(config.mail)]
    delivery_warnings = delivery_settings.warnings(config.remote_write, config.journal.batch_s)
    found += [SettingsFault(f"remote_write.{key}", text) for key, text in delivery_warnings]
    if config.remote_write.url and config.plant.speed > 1.0:
        message = spoken(
            "at plant.speed = {speed:g} the dates run ahead of the store's clock; Prometheus from 3.0 on takes none "
            "that are more than ten minutes ahead, and they wait: run at plant.speed = 1 to fill a store",
            speed=config.plant.speed,
        )
        found.append(SettingsFault("remote_write.url", message))
    return found


def _crossed_modes(sections: Mapping[str, Any]) -> Iterator[SettingsFault]:
    """Yield a mode's settings that are more than another one of it allows."""
    for spec in SPECS:
        table = sections.get(spec.name)
        for low, high in spec.ordered if table is not None else ():
            if getattr(table, low) > (most := getattr(table, high)):
                told = spoken("more than {limit} = {most:g}", limit=f"{spec.name}.{high}", most=most)
                yield SettingsFault(f"{spec.name}.{low}", told)


def _never_reached(config: Config) -> list[SettingsFault]:
    """Return the thresholds a battery on the charger, or V3 on the supply, does not come up to."""
    limits = (
        *_rising(config),
        ("interlocks.proof_v", config.interlocks.proof_v, mark("R1 never opens, and cycle never begins")),
        (
            "mains.supply_present_v",
            config.mains.supply_present_v,
            mark("a supply of that voltage never proves the mains"),
        ),
    )
    charger_v = config.alarms.charger_v
    text = mark("{volts:g} V is not under alarms.charger_v = {charger_v:g} V: {otherwise}")
    return [
        SettingsFault(key, spoken(text, volts=value, charger_v=charger_v, otherwise=spoken(otherwise)))
        for key, value, otherwise in limits
        if value >= charger_v
    ]


def _rising(config: Config) -> Iterator[tuple[str, float, str]]:
    """Yield name, value and meaning of the thresholds of modes that the battery must come up to."""
    for spec in SPECS:
        for threshold in spec.thresholds:
            if threshold.crossing == Crossing.RISING:
                value = getattr(getattr(config.modes, spec.name), threshold.setting)
                otherwise = words_of(spec.mode).thresholds[threshold.setting].otherwise
                yield f"{spec.name}.{threshold.setting}", value, otherwise


def unusable_files(config: Config) -> list[SettingsFault]:
    """Return the faults of files that settings name and that one process alone needs: the others start without them."""
    return [
        SettingsFault(f"remote_write.{key}", text)
        for key, text in delivery_settings.unusable_files(config.remote_write)
    ]
