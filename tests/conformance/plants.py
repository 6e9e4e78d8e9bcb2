"""The plants the suite runs on. To have another one tested, add its bench to the tables at the end."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from vigie.clock import SimulatedClock
from vigie.control.signals import Channel, Contact, Relay
from vigie.hardware.emulated import EmulatedThermometer, build_emulated_boards
from vigie.hardware.meter import Capability
from vigie.hardware.relay_board import ContactKind
from vigie.plant.faults import Fault, FaultKind, Faulty
from vigie.plant.installation import Installation
from vigie.plant.meter_chips import METER_CHIPS, MeterModel
from vigie.plant.port import Plant
from vigie.plant.recorded import Recorded
from vigie.plant.recorded_settings import RecordedSettings
from vigie.plant.recording import read_recording
from vigie.plant.rig import Boards, RigSettings, contact_at, open_rig, relay_wiring
from vigie.plant.site import BatterySettings, InstallationSettings
from vigie.plant.twin import Twin, TwinSettings

SITE = InstallationSettings(battery=BatterySettings(start_soc=0.5))
SHUNT_OHM = {MeterModel.INA219: 0.1, MeterModel.INA226: 0.02}
"""On the boards that carry these chips."""


class WatchedInstallation(Installation):
    """An installation that counts what is done to its contacts."""

    def __init__(self, meter: MeterModel = MeterModel.INA219) -> None:
        super().__init__(SITE._replace(shunt_ohm=SHUNT_OHM[meter]), METER_CHIPS[meter].capability)
        self.movements: list[tuple[Relay, Contact]] = []

    def set_contact(self, relay: Relay, contact: Contact) -> None:
        if self.contacts[relay] != contact:
            self.movements.append((relay, contact))
        super().set_contact(relay, contact)


class Bench(Protocol):
    """A plant under test and its clock."""

    plant: Plant
    clock: SimulatedClock


class SiteBench(Bench, Protocol):
    """A plant that stands before a simulated installation."""

    installation: WatchedInstallation
    meter: Capability
    """What its readings are made with."""

    def restart(self) -> None:
        """End the program and start it again; the installation stays as it is. Movements count from 0."""
        ...


class FaultyBench(Bench, Protocol):
    """A plant whose parts can be made to fail."""

    def lose_channel(self, channel: Channel) -> None: ...
    def lose_thermometer(self) -> None: ...
    def lose_ambient_thermometer(self) -> None: ...
    def jam(self, relay: Relay) -> None:
        """Let the relay's line take no more levels."""
        ...

    def mend(self) -> None:
        """Take all faults away."""
        ...


class TwinBench:
    """The twin, with a world file."""

    def __init__(self, directory: Path) -> None:
        self._world = directory / "world.json"
        self.meter = METER_CHIPS[MeterModel.INA219].capability
        self.clock = SimulatedClock(float("inf"), 0.0)
        self._start()

    def restart(self) -> None:
        self.plant.close()
        self._start()

    def _start(self) -> None:
        self.installation = WatchedInstallation()
        self.plant: Plant = Twin(self.installation, self.clock, TwinSettings(installation=SITE), self._world)


class RigBench:
    """The rig: real drivers over emulated chips, with the relays wired as the guide recommends."""

    def __init__(self, directory: Path, meter: MeterModel = MeterModel.INA219) -> None:
        del directory  # the lines live as long as the chip
        chip = METER_CHIPS[meter]
        self.meter = chip.capability
        self.settings = RigSettings(
            ContactKind.NC, ContactKind.NC, boards=Boards.EMULATED, meter=meter, spare_address=0
        )
        self.clock = SimulatedClock(float("inf"), 0.0)
        self.installation = WatchedInstallation(meter)
        self.boards = build_emulated_boards(
            [self._pins_of(channel) for channel in Channel],
            chip.emulation,
            on_level_change=self._move,
            monotonic_s=self.clock.now_s,
            sleep=lambda seconds: self.clock.sleep_until(self.clock.now_s() + seconds),
        )
        for line in self.boards.gpio.names:
            self._move(line, self.boards.gpio.is_high(line))
        self._start()

    def restart(self) -> None:
        self.plant.close()
        self._start()

    def lose_channel(self, channel: Channel) -> None:
        self.boards.bus.chips[0x40 + channel].is_absent = True

    def lose_thermometer(self) -> None:
        self.thermometer.is_lost = True

    def lose_ambient_thermometer(self) -> None:
        self.ambient_thermometer.is_lost = True

    def jam(self, relay: Relay) -> None:
        self.boards.gpio.stuck.add(relay_wiring(self.settings)[relay].line)

    def mend(self) -> None:
        for chip in self.boards.bus.chips.values():
            chip.is_absent = False
        self.thermometer.is_lost = self.ambient_thermometer.is_lost = False
        self.boards.gpio.stuck.clear()

    def _start(self) -> None:
        self.installation.movements.clear()
        self.thermometer = EmulatedThermometer(lambda: self.installation.temperature_c)
        self.ambient_thermometer = EmulatedThermometer(lambda: self.installation.ambient_c)
        self.plant: Plant = open_rig(
            self.settings,
            self.clock,
            open_bus=self.boards.bus.open,
            open_chips=lambda: [self.boards.gpio],
            thermometer=self.thermometer,
            ambient_thermometer=self.ambient_thermometer,
        )

    def _pins_of(self, channel: Channel) -> Callable[[], tuple[float, float]]:
        def pins() -> tuple[float, float]:
            self.installation.advance_to(self.clock.now_s())
            return self.installation.node(channel)

        return pins

    def _move(self, line: str, is_high: bool) -> None:
        moved = contact_at(self.settings, line, is_high)
        if moved is not None:
            self.installation.advance_to(self.clock.now_s())
            self.installation.set_contact(*moved)


class RecordedBench:
    """A log replayed."""

    def __init__(self, directory: Path) -> None:
        log = directory / "log.csv"
        rows = [
            f"{1_700_000_000 + second},13.{second % 10},{0.1 * (second % 7):.1f},25.0" for second in range(0, 600, 10)
        ]
        log.write_text("\n".join(["time,voltage,current,temperature", *rows, ""]))
        self.clock = SimulatedClock(float("inf"), 0.0)
        self.plant: Plant = Recorded(read_recording(RecordedSettings(path=str(log))), self.clock, 900.0)


class FaultyTwinBench:
    """The twin behind faults put between it and the program."""

    def __init__(self, directory: Path) -> None:
        twin = TwinBench(directory)
        self.clock = twin.clock
        self.faulty = Faulty(twin.plant, twin.clock)
        self.plant: Plant = self.faulty

    def lose_channel(self, channel: Channel) -> None:
        self.faulty.begin(Fault(FaultKind.LOST_CHANNEL, channel=channel))

    def lose_thermometer(self) -> None:
        self.faulty.begin(Fault(FaultKind.LOST_TEMPERATURE))

    def lose_ambient_thermometer(self) -> None:
        self.faulty.begin(Fault(FaultKind.LOST_AMBIENT))

    def jam(self, relay: Relay) -> None:
        self.faulty.begin(Fault(FaultKind.DEAD_LINE, relay=relay))

    def mend(self) -> None:
        self.faulty.clear()


def rig_of(meter: MeterModel) -> Callable[[Path], RigBench]:
    """Return what builds the bench of a rig with these chips."""
    return lambda directory: RigBench(directory, meter)


RIGS = {f"rig {meter.name.lower()}": rig_of(meter) for meter in MeterModel}
PLANTS: dict[str, Callable[[Path], Bench]] = {
    **RIGS,
    "twin": TwinBench,
    "recorded": RecordedBench,
    "faulty": FaultyTwinBench,
}
SITES: dict[str, Callable[[Path], SiteBench]] = {**RIGS, "twin": TwinBench}
FAULTY: dict[str, Callable[[Path], FaultyBench]] = {**RIGS, "faulty": FaultyTwinBench}
