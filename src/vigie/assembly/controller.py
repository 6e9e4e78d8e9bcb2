"""The controller process put together."""

import math
import threading
from contextlib import closing

import structlog

from vigie import __version__
from vigie.assembly.files import Files, files
from vigie.assembly.past import past_of
from vigie.assembly.plant_mark import claim, mark_of
from vigie.assembly.plants import open_plant, plant_clock
from vigie.assembly.witnesses import GoodSettings, JournalWitness, LifeSign, LinkWitness, LogWitness, MetricsWitness
from vigie.clock import Clock, cpu_s, machine_utc_s
from vigie.config import Config, kernel_risks, warnings
from vigie.config.sections import PlantKind
from vigie.control.signals import Relay
from vigie.controller.inbox import Inbox
from vigie.controller.lock import ControllerLock
from vigie.controller.lookout import Machine
from vigie.controller.loop import Loop
from vigie.controller.period import Witness
from vigie.controller.status import Labels, SnapshotParts
from vigie.errors import PowerLost, VigieError
from vigie.hardware.raspberry_pi import PiFigures, RaspberryPi
from vigie.hardware.systemd import Notifier
from vigie.hardware.watchdog import Watchdog
from vigie.link.client import LinkClient
from vigie.link.messages import Answer, Command
from vigie.plant.computer import Darkness
from vigie.plant.twin import Twin
from vigie.telemetry.events import FaultBegan
from vigie.telemetry.exporter import Exporter
from vigie.telemetry.journal import Journal, JournalStatus
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event
from vigie.telemetry.report import UNKNOWN_FIGURES, Figures, HostReport

log = structlog.get_logger("vigie.controller")

FIGURES_EVERY_S = 10.0
ON_RECORD_S = 1.0
"""An answer waits for the journal at most so long: whoever asked waits 3 s in all."""
POWER_TOLD_S = 30.0
"""A computer that waits for its power says so more often than this."""


def machine_of(figures: Figures, journal: JournalStatus, settings_faults: tuple[str, ...] = ()) -> Machine:
    """Return what alarms ask of the computer and its journal; NaN where this machine does not tell."""
    flags, is_synchronised = figures["throttled"], figures["clock_is_synchronised"]
    disk_used, disk_free = figures["disk_used_bytes"] or 0, figures["disk_free_bytes"] or 0
    usable = disk_used + disk_free  # what root alone may fill is full to this program
    return Machine(
        math.nan if flags is None else float("under_voltage" in flags),
        math.nan if flags is None else float(bool({"throttled", "soft_temperature_limit"} & set(flags))),
        math.nan if is_synchronised is None else float(not is_synchronised),
        disk_used / usable if usable else math.nan,
        float(journal.error is not None and not journal.is_writing),
        journal.damage,
        settings_faults,
    )


def snapshot_parts(config: Config) -> SnapshotParts:
    """Return what is the same in every snapshot of a controller that starts now."""
    return SnapshotParts(
        config.plant_name,
        config.plant.speed,
        config.loop.period_s,
        round(machine_utc_s() * 1_000),
        _labels(config),
        config.channels_settings(),
        config.supervisor_settings(),
    )


def figures_of(pi: PiFigures) -> Figures:
    """Return the computer's figures as everybody is told them."""
    return {
        "model": pi.model,
        "cpu_temp_c": pi.cpu_temp_c,
        "cpu_usage_percent": pi.cpu_usage_percent,
        "cpu_v": pi.cpu_v,
        "cpu_hz": pi.cpu_hz,
        "throttled": pi.throttled,
        "ram_total_bytes": pi.ram_total_bytes,
        "ram_used_bytes": pi.ram_used_bytes,
        "ram_free_bytes": pi.ram_free_bytes,
        "disk_total_bytes": pi.disk_total_bytes,
        "disk_used_bytes": pi.disk_used_bytes,
        "disk_free_bytes": pi.disk_free_bytes,
        "uptime_s": pi.uptime_s,
        "clock_is_synchronised": pi.clock_is_synchronised,
    }


class FiguresThread:
    """Looks at the Raspberry Pi every ten seconds; the loop takes the newest look."""

    def __init__(self, paths: Files) -> None:
        self._pi = RaspberryPi(paths.directory)
        self._newest = UNKNOWN_FIGURES
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
        self._thread.start()

    def newest(self) -> Figures:
        """Return the newest look; nothing is known before the first."""
        return self._newest

    def close(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._newest = figures_of(self._pi.read_figures())
            self._stop.wait(FIGURES_EVERY_S)


class ControllerProcess:
    """Everything the controller process holds, opened in an order that leaves nothing behind on a failure."""

    def __init__(self, config: Config, stop: threading.Event) -> None:
        """Take the lock, open journal and plant, adopt the contacts.

        A simulated computer that is without power is waited for until ``stop``.

        Raises:
            AlreadyRunning: another controller holds this installation.
            SettingsError: the data folder belongs to another plant; nothing is written in it.
            HardwareError, RecordingError, SettingsError: the plant cannot be opened; the journal says so too.
        """
        self._paths = files(config)
        self._refused = config.refused
        self._lock = ControllerLock(self._paths.lock)
        with closing(JournalReader(self._paths.journal)) as reader:
            past = past_of(reader, config.start.mode, config.lookout_settings().rules)
        clock = plant_clock(config, past.newest_utc_ms)
        trouble = self._claimed(config, clock)
        self._is_rig = config.plant.kind == PlantKind.RIG
        self._plant_name = config.plant_name
        self._journal = Journal(self._paths.journal, config.journal, keeps_undelivered=bool(config.remote_write.url))
        self._journal.start()
        for part in past.damaged:
            log.warning("journal damaged", what=part)
            self._journal.found_damaged(part)
        if trouble:
            log.warning("data folder", why=trouble)
            self._journal.note(_fault(clock.utc_s(), "data_folder", "mark of the plant", trouble))
        try:
            self._plant = open_plant(config, clock, self._paths, lambda twin: _await_power(twin, stop))
        except VigieError as error:
            if isinstance(error, PowerLost):  # stopped while it was dark: nothing is wrong with the plant
                self._journal.close()
                self._lock.close()
                raise
            self._journal.note(_fault(clock.utc_s(), "plant", f"{config.plant_name} cannot be opened", str(error)))
            self._journal.close()
            self._lock.close()
            raise
        self._inbox = Inbox()
        self._figures = FiguresThread(self._paths)
        self._exporter: Exporter | None = None
        self._link = LinkClient(self._paths.link, self._obeyed)
        self._watchdog = Watchdog(config.loop.watchdog) if config.loop.watchdog else None
        parts = snapshot_parts(config)
        witnesses: list[Witness] = [
            JournalWitness(self._journal),
            LogWitness(),
            LinkWitness(self._link, parts, self._host),
            LifeSign(Notifier(), self._watchdog),
            GoodSettings(config),
        ]
        try:
            labels = {"site": config.site.name, "battery": config.site.battery}
            self._exporter = Exporter(config.metrics.port, config.metrics.host, labels=labels)
            witnesses.append(MetricsWitness(self._exporter, self._host))
        except VigieError as error:
            # Metrics are no reason to leave a battery unwatched.
            log.warning("no metrics", why=str(error))
            self._journal.note(_fault(clock.utc_s(), "metrics", "not served", str(error)))
        unkept = kernel_risks(config)
        for warning in unkept:
            self._journal.note(_fault(clock.utc_s(), "outputs", "lost at the end", warning.message))
        for warning in [*warnings(config), *unkept]:
            log.warning("settings", key=warning.key, why=warning.message)
        self._loop = Loop(
            self._plant,
            clock,
            self._inbox,
            witnesses,
            channels=config.channels_settings(),
            filtering=config.filter,
            lookout=config.lookout_settings(),
            rhythm=config.loop,
            machine=self._machine,
            past=past.past,
        )

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set; every contact stays as it is."""
        self._link.start()
        self._loop.run(stop)

    def close(self) -> None:
        """Let everything go; the journal writes what waits."""
        Notifier().stopping()
        self._link.close()
        self._figures.close()
        if self._exporter is not None:
            self._exporter.close()
        if self._watchdog is not None:
            self._watchdog.stop()
        self._plant.close()
        self._journal.close()
        self._lock.close()

    def _claimed(self, config: Config, clock: Clock) -> str:
        """Let the data folder bear the plant, before anything is written in it."""
        try:
            return claim(self._paths, mark_of(config, clock.utc_s()))
        except VigieError:
            self._lock.close()
            raise

    def _obeyed(self, command: Command) -> Answer:
        """Answer an order once it is on record; a disk that does not take it delays the answer, no more."""
        answer = self._inbox.submit(command)
        self._journal.is_written(ON_RECORD_S)
        return answer

    def _machine(self) -> Machine:
        machine = machine_of(self._figures.newest(), self._journal.state(), self._refused)
        return machine if self._is_rig else machine._replace(clock_unsynchronised=math.nan)  # its calendar is made up

    def _host(self) -> HostReport:
        return HostReport(self._figures.newest(), self._journal.state(), cpu_s(), __version__, self._plant_name)


def _await_power(twin: Twin, stop: threading.Event) -> None:
    """Wait until the simulated computer has its power and has booted; say why it is dark."""
    notifier = Notifier()
    said: str | None = None

    def tell(darkness: Darkness) -> None:
        nonlocal said
        notifier.extend_start(POWER_TOLD_S, str(darkness))
        if darkness.why != said:
            said = darkness.why
            log.warning("no power", what=str(darkness))

    twin.wait_for_power(stop, tell)


def _labels(config: Config) -> Labels:
    return Labels(
        config.site.name,
        config.site.battery,
        tuple(channel.label for channel in config.channels),
        tuple(channel.calibration.name.lower() for channel in config.channels),
        tuple(getattr(config.relays, relay.name.lower()) for relay in Relay),
    )


def _fault(utc_s: float, subject: str, after: str, text: str) -> Event:
    return FaultBegan(subject, "", after, text).event(round(utc_s * 1_000))
