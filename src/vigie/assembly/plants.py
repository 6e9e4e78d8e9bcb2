"""The plant that the settings name, and its clock. Nothing falls back to another one."""

from collections.abc import Callable

from vigie.assembly.files import Files
from vigie.clock import Clock, MachineClock, SimulatedClock, machine_utc_s
from vigie.config import Config
from vigie.config.sections import PlantKind
from vigie.control.signals import Channel
from vigie.errors import SettingsError
from vigie.hardware.emulated.boards import EmulatedThermometer
from vigie.plant.emulated_site import EmulatedSite
from vigie.plant.faults import Faulty
from vigie.plant.installation import Installation
from vigie.plant.meter_chips import METER_CHIPS
from vigie.plant.port import Plant
from vigie.plant.recorded import Recorded
from vigie.plant.recording import read_recording
from vigie.plant.rig import Boards, Rig, RigSettings, open_rig
from vigie.plant.twin import Twin


def plant_clock(config: Config, newest_utc_ms: int | None) -> Clock:
    """Return the clock of the plant.

    A simulated calendar begins now, or right after what the journal already holds when an earlier, faster run has
    left it ahead of now.
    """
    if config.plant.kind == PlantKind.RIG:
        return MachineClock()
    start_s = machine_utc_s()
    if config.plant.kind == PlantKind.RECORDED:
        start_s = read_recording(config.recorded).summary.first_utc_s
    elif newest_utc_ms is not None:
        start_s = max(start_s, newest_utc_ms / 1_000 + config.loop.period_s)
    return SimulatedClock(config.plant.speed, start_s)


def open_plant(
    config: Config, clock: Clock, paths: Files, await_power: Callable[[Twin], None] = lambda _: None
) -> Plant:
    """Open the plant that ``plant.kind`` names, behind the faults of ``[faults]`` when there are any. No contact moves.

    ``await_power`` is given a twin before it is used: the computer it simulates may be without power.

    Raises:
        HardwareError: a board, line or bus is missing.
        RecordingError: the log cannot be used.
        SettingsError: settings and plant do not fit.
    """
    plant, installation = _open_sound_plant(config, clock, paths)
    listed, seed = config.faults.listed, config.faults.seed
    faulty = Faulty(plant, clock, listed, seed, installation=installation) if listed else plant
    if isinstance(plant, Twin):
        await_power(plant)
    return faulty


def _open_sound_plant(config: Config, clock: Clock, paths: Files) -> tuple[Plant, Installation | None]:
    """Return the plant, and the simulated installation behind it where there is one."""
    match config.plant.kind:
        case PlantKind.TWIN:
            installation = Installation(config.twin.installation)
            return Twin(installation, clock, config.twin, paths.world), installation
        case PlantKind.RECORDED:
            shunt_ohm = config.channels[Channel.CHARGE].shunt_ohm
            return Recorded(read_recording(config.recorded), clock, config.recorded.hold_s, shunt_ohm), None
        case PlantKind.RIG:
            if config.rig is None:
                raise SettingsError("plant.kind is rig, but there is no section [rig]")
            if config.rig.boards == Boards.EMULATED:
                site = open_emulated_site(config, config.rig, clock, paths)
                return rig_over(site, config.rig, clock), site.installation
            return open_rig(config.rig, clock), None


def open_emulated_site(config: Config, settings: RigSettings, clock: Clock, paths: Files) -> EmulatedSite:
    """Return the simulated installation with its emulated boards, wired as [twin.miswiring] says.

    The relay lines keep their levels in a file, as a Raspberry Pi's kernel keeps them when a program dies.
    """
    installation = Installation(config.twin.installation, METER_CHIPS[settings.meter].capability)
    return EmulatedSite(installation, settings, config.twin.miswiring, clock, paths.levels)


def rig_over(site: EmulatedSite, settings: RigSettings, clock: Clock) -> Rig:
    """Return the real drivers over a site's emulated boards; no contact moves."""
    return open_rig(
        settings,
        clock,
        open_bus=site.boards.bus.open,
        open_chips=lambda: [site.boards.gpio],
        thermometer=EmulatedThermometer(site.celsius),
        ambient_thermometer=EmulatedThermometer(site.ambient_celsius),
    )
