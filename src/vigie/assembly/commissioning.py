"""A commissioning put together: lock, boards, simulated installation, and the check with what was found."""

from typing import NamedTuple

from vigie.assembly.files import Files, files
from vigie.assembly.plants import open_emulated_site, rig_over
from vigie.clock import Clock, MachineClock, SimulatedClock
from vigie.commission.coils import Coils
from vigie.commission.known import CommissioningRefused, Limits
from vigie.config import Config
from vigie.control.commands import Mains
from vigie.control.filtering import initial_filter_state, summarise
from vigie.control.mains import evidence
from vigie.control.signals import Channel, Contact, Measurement
from vigie.controller.lock import ControllerLock
from vigie.errors import SettingsError
from vigie.plant.bench import DriverBench, Sensed, open_bench
from vigie.plant.emulated_site import EmulatedSite
from vigie.plant.meter_chips import METER_CHIPS
from vigie.plant.rig import Boards, Rig, RigSettings, open_rig
from vigie.wording.dialogue import spoken
from vigie.wording.words import describe

AGREE = 0.02
"""V1 and V2 stand at the same battery: a calibrated pair differs by the wires' drop at most."""


class CommissioningSession(NamedTuple):
    """What is open while a person commissions."""

    paths: Files
    lock: ControllerLock
    clock: Clock
    settings: RigSettings
    limits: Limits
    bench: DriverBench
    coils: Coils
    site: EmulatedSite | None
    """The simulated installation behind emulated boards; None on real ones."""

    def close(self) -> None:
        """Let boards and lock go; no coil moves."""
        self.bench.close()
        self.lock.close()


def open_session(config: Config, speed: float) -> CommissioningSession:
    """Take the installation and open its boards as they stand.

    Args:
        config: the settings so far, their plant the rig.
        speed: seconds of a simulated installation per second; infinite does not wait.

    Raises:
        AlreadyRunning: a controller holds the installation.
        HardwareError: the relay lines cannot be claimed.
        SettingsError: no section [rig], or two relays on one line.
    """
    if config.rig is None:
        raise SettingsError(spoken("commissioning needs plant.kind = rig and a section [rig]"))
    paths = files(config)
    lock = ControllerLock(paths.lock)
    try:
        clock: Clock = MachineClock()
        site = None
        if config.rig.boards == Boards.EMULATED:
            clock = SimulatedClock(speed)
            site = open_emulated_site(config, config.rig, clock, paths)
        bench = open_bench(config.rig, clock) if site is None else _bench_over(site, config.rig, clock)
    except BaseException:
        lock.close()
        raise
    limits = _limits(config, config.rig)
    return CommissioningSession(paths, lock, clock, config.rig, limits, bench, Coils(bench, limits), site)


def _bench_over(site: EmulatedSite, settings: RigSettings, clock: Clock) -> DriverBench:
    return DriverBench(
        settings,
        clock,
        open_bus=site.boards.bus.open,
        open_chips=lambda: [site.boards.gpio],
        thermometers=lambda: [Sensed("emulated", "", site.celsius())],
    )


def _limits(config: Config, settings: RigSettings) -> Limits:
    return Limits(
        supply_v=config.mains.supply_present_v,
        proof_v=config.interlocks.proof_v,
        floor_v=config.interlocks.floor_v,
        load_floor_v=max(config.interlocks.load_floor_v, 10.0),
        settling_s=config.mains.settling_s,
        shunt_ohm=config.channels[Channel.CHARGE].shunt_ohm,
        meter=METER_CHIPS[settings.meter].capability,
    )


def check(session: CommissioningSession, config: Config) -> list[str]:
    """Measure one period through the rig of the new settings and return what it shows.

    The bench lets the boards go for it.

    Raises:
        Refused: the readings make no sense with these settings.
        HardwareError: a board cannot be opened.
    """
    if config.rig is None:
        raise SettingsError(spoken("the new settings have no section [rig]"))
    session.bench.close()
    rig = (
        open_rig(config.rig, session.clock)
        if session.site is None
        else rig_over(session.site, config.rig, session.clock)
    )
    try:
        measurement = _measured(rig, config, session.clock)
    finally:
        rig.close()
    battery, charge, load = measurement.battery, measurement.charge, measurement.load
    shown = [
        spoken(
            "contacts: R1 {r1}, R2 {r2}",
            r1=describe(measurement.contacts.r1, spoken),
            r2=describe(measurement.contacts.r2, spoken),
        ),
        f"V1 {battery.bus_v:.3f} V",
        spoken("V2 {volts:.3f} V, {amperes:+.3f} A into the battery", volts=charge.bus_v, amperes=charge.current_a),
        spoken("V3 {volts:.3f} V, {amperes:+.3f} A into the loads", volts=load.bus_v, amperes=load.current_a),
    ]
    doubts = _doubts(measurement, config)
    if doubts:
        raise CommissioningRefused(
            spoken(
                "with the new settings {doubts} ({shown}): nothing was written",
                doubts="; ".join(doubts),
                shown="; ".join(shown),
            )
        )
    return shown


def _measured(rig: Rig, config: Config, clock: Clock) -> Measurement:
    rig.read_sweep()  # the first one finds the chips unconfigured
    sweeps = tuple(rig.read_sweep() for _ in range(config.filter.sweeps))
    _, measurement = summarise(
        initial_filter_state(),
        sweeps,
        rig.read_temperature(),
        rig.read_ambient(),
        rig.read_contacts(),
        clock.now_s(),
        config.channels_settings(),
        config.filter,
    )
    return measurement


def _doubts(measurement: Measurement, config: Config) -> list[str]:
    battery, charge, load = measurement.battery, measurement.charge, measurement.load
    doubts = []
    if (measurement.contacts.r1, measurement.contacts.r2) != (Contact.CLOSED, Contact.CLOSED):
        doubts.append(spoken("a contact is not closed"))
    if not measurement.is_valid:
        doubts.append(spoken("a needed channel has no plausible reading"))
        return doubts
    if evidence(measurement, config.mains) != Mains.PRESENT:
        doubts.append(spoken("V2 and V3 do not prove the mains"))
    if load.current_a <= 0.0:
        doubts.append(spoken("the loads' current is not positive"))
    drop_v = abs(charge.current_a) * config.channels[Channel.CHARGE].shunt_ohm
    if abs(battery.bus_v - charge.bus_v) > AGREE * battery.bus_v + drop_v:
        doubts.append(spoken("V1 and V2 do not agree"))
    return doubts
