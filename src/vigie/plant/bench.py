"""The bench: relay coils and meter chips as they are, below the plant port, for finding out how they are wired."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from vigie.clock import Clock
from vigie.control.signals import Reading
from vigie.errors import ChipError, TemperatureError, WrongChipError
from vigie.hardware.gpio import Chip, GpioLines
from vigie.hardware.i2c import Adapter, I2cBus
from vigie.hardware.meter import Averaging
from vigie.hardware.relay_board import ContactKind, RelayBoard, RelayWiring
from vigie.hardware.temperature import list_thermometers, read_celsius
from vigie.plant.instruments import Meter
from vigie.plant.meter_chips import METER_CHIPS, as_reading
from vigie.plant.rig import Boards, RigSettings, relay_wiring

FOUR_CHANNEL_HAT = (0x40, 0x41, 0x42, 0x43)
_AVERAGING = Averaging.BITS_12
"""The quickest: a voltage that falls is seen within milliseconds, and means are taken over sweeps."""


class Sensed(NamedTuple):
    """A thermometer and what it shows."""

    name: str
    """The kernel driver's name."""
    address: str
    celsius: float

    def __str__(self) -> str:
        return f"{self.name} ({self.address})" if self.address else self.name


class Bench(Protocol):
    """Coils by their place on the relay board (0 is the first), chips by their I2C address. For one thread."""

    lines: tuple[str, ...]
    """GPIO line of each coil; empty where the settings say that none is fitted."""
    clock: Clock

    def is_energised(self, coil: int) -> bool:
        """Tell whether the line of ``coil`` has the level that energises it.

        Raises:
            RelayError: the lines cannot be read.
        """
        ...

    def energise(self, coil: int) -> None:
        """Energise a coil and read its line back.

        Raises:
            RelayError: no line, refused, or the line did not take the level.
        """
        ...

    def release(self, coil: int) -> None:
        """Let a coil go and read its line back; raises as :meth:`energise`."""
        ...

    def scan(self) -> tuple[int, ...]:
        """Return the addresses where a meter chip answers.

        Raises:
            WrongChipError: all that answer are other chips than the settings say.
            BusError: the bus itself is gone.
        """
        ...

    def sweep(self) -> Mapping[int, Reading]:
        """Read every chip of the last scan once, each with a new conversion.

        Raises:
            ChipError: one of them no longer answers.
            BusError: the bus itself is gone.
        """
        ...

    def fine_shunt_v(self, address: int) -> float:
        """Return one shunt voltage as finely as the chip can, where its offset is smallest.

        Raises:
            ChipError: the chip does not answer.
        """
        ...

    def thermometers(self) -> Sequence[Sensed]:
        """Return the thermometers that answer."""
        ...

    def close(self) -> None:
        """Release what is held; no coil moves."""
        ...


class DriverBench:
    """The bench over the drivers: real boards, or emulated chips below the same drivers."""

    def __init__(
        self,
        settings: RigSettings,
        clock: Clock,
        *,
        open_bus: Callable[[], Adapter] | None = None,
        open_chips: Callable[[], Sequence[Chip]] | None = None,
        thermometers: Callable[[], Sequence[Sensed]] | None = None,
    ) -> None:
        """Claim the relay lines as they stand; no coil moves.

        Args:
            settings: board, lines and bus; contacts and addresses are what is to be found.
            clock: paces the sweeps.
            open_bus: opens emulated chips in place of the kernel's I2C bus.
            open_chips: gives an emulated GPIO chip in place of the kernel's.
            thermometers: reads others than the kernel's.

        Raises:
            RelayError: the relay lines cannot be claimed.
            SettingsError: two relays share a line.
        """
        self.lines = tuple(relay.line for relay in relay_wiring(settings))
        self.clock = clock
        self._bus = I2cBus(settings.i2c_bus, timeout_ms=settings.i2c_timeout_ms, open_adapter=open_bus)
        # Over its NO contact a relay is closed when its coil is energised: positions are coils here.
        coils = [RelayWiring(f"of line {line}" if line else "-", line, ContactKind.NO) for line in self.lines]
        lines = GpioLines([line for line in self.lines if line], open_chips)
        self._board = RelayBoard(coils, lines, is_active_high=settings.relay_is_active_high)
        self._thermometers = thermometers or kernel_thermometers
        fitted = (settings.battery_address, settings.charge_address, settings.load_address, settings.spare_address)
        self._addresses = tuple(sorted({*FOUR_CHANNEL_HAT, *fitted} - {0}))
        self._chip = METER_CHIPS[settings.meter]
        self._meters: dict[int, Meter] = {}
        self._sweep_at_s = clock.now_s()

    def is_energised(self, coil: int) -> bool:
        return self._board.read_closed()[coil]

    def energise(self, coil: int) -> None:
        self._board.switch(coil, closed=True)

    def release(self, coil: int) -> None:
        self._board.switch(coil, closed=False)

    def scan(self) -> tuple[int, ...]:
        self._meters = {}
        others: list[WrongChipError] = []
        for address in self._addresses:
            meter = self._chip.driver(self._bus, address, _AVERAGING)
            try:
                meter.verify()
                self._meters[address] = meter
            except WrongChipError as error:
                others.append(error)
            except ChipError:
                continue
        if others and not self._meters:
            raise others[0]
        self._wait_for_conversion()
        return tuple(self._meters)

    def sweep(self) -> Mapping[int, Reading]:
        self.clock.sleep_until(self._sweep_at_s)
        readings = {address: as_reading(meter.read()) for address, meter in self._meters.items()}
        self._wait_for_conversion()
        return readings

    def fine_shunt_v(self, address: int) -> float:
        meter = self._meters[address]
        try:
            wait_s = meter.begin_fine_shunt()
            self.clock.sleep_until(self.clock.now_s() + wait_s)
            return meter.look_at_shunt_v()
        except OSError as error:
            name = self._chip.capability.name
            raise ChipError(f"{name} at 0x{address:02x} stopped answering ({error.strerror}); check the HAT") from error
        finally:  # a new driver takes the change for no reset of the chip
            meter = self._chip.driver(self._bus, address, _AVERAGING)
            with contextlib.suppress(ChipError):
                meter.verify()
            self._meters[address] = meter
            self._wait_for_conversion()

    def thermometers(self) -> Sequence[Sensed]:
        return self._thermometers()

    def close(self) -> None:
        self._bus.close()
        self._board.close()

    def _wait_for_conversion(self) -> None:
        conversion_s = max((meter.conversion_s for meter in self._meters.values()), default=0.0)
        self._sweep_at_s = self.clock.now_s() + conversion_s


def open_bench(settings: RigSettings, clock: Clock) -> DriverBench:
    """Return the bench over the real boards.

    Raises:
        RelayError: the relay lines cannot be claimed.
        SettingsError: two relays share a line.
    """
    return DriverBench(settings._replace(boards=Boards.REAL), clock)


def kernel_thermometers() -> Sequence[Sensed]:
    """Return the kernel's thermometers that may sit on a battery and that answer."""
    found = []
    for sensor in list_thermometers():
        with contextlib.suppress(TemperatureError):
            found.append(Sensed(sensor.name, sensor.address, read_celsius(sensor)))
    return found
