"""The rig: a real installation behind the drivers (or behind the drivers over emulated chips)."""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from itertools import combinations
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from vigie.clock import Clock, MachineClock
from vigie.control.signals import Channel, Contact, Contacts, Relay, Status, Sweep, Temperature
from vigie.errors import SettingsError, TemperatureError, VigieError
from vigie.hardware.gpio import Chip, GpioLines
from vigie.hardware.i2c import Adapter, I2cBus
from vigie.hardware.meter import Averaging
from vigie.hardware.relay_board import (
    PIRELAY_V1,
    PIRELAY_V2,
    ContactKind,
    RelayBoard,
    RelayWiring,
    is_closed_at,
)
from vigie.hardware.temperature import SYSFS, SysfsThermometer
from vigie.plant.instruments import Meter, Thermometer
from vigie.plant.meter_board import MeterBoard
from vigie.plant.meter_chips import ADDRESSES, METER_CHIPS, USUAL_METER, MeterModel
from vigie.plant.port import HasFallen
from vigie.units import by_name, setting
from vigie.wording.dialogue import spoken

_NAN = float("nan")
_GOOD, _ABSENT, _FAILED = int(Status.GOOD), int(Status.ABSENT), int(Status.FAILED)
_FIRST_TEMPERATURE_S = 2.0


class Boards(IntEnum):
    """What stands below the drivers."""

    REAL = 0
    EMULATED = 1


class BoardModel(IntEnum):
    """Relay boards whose lines are known."""

    PIRELAY_V1 = 1
    PIRELAY_V2 = 2


_LINES = {BoardModel.PIRELAY_V1: PIRELAY_V1, BoardModel.PIRELAY_V2: PIRELAY_V2}

ContactSetting = Annotated[
    ContactKind, *by_name(ContactKind), setting("Contact that carries the load: no (cut without power) or nc")
]


def _meter_address(address: int) -> int:
    if address and address not in ADDRESSES:
        raise ValueError(f"0x{address:02x} is outside 0x{ADDRESSES[0]:02x}..0x{ADDRESSES[-1]:02x}")
    return address


AddressSetting = Annotated[
    int,
    AfterValidator(_meter_address),
    setting("I2C address of the channel's meter chip, 0 when it is not fitted", ge=0, le=ADDRESSES[-1]),
]
NOT_FITTED = "-"
LineSetting = Annotated[str, setting("GPIO line by name; empty: that of the relay board, '-': not fitted (R3, R4)")]


class RigSettings(NamedTuple):
    """The boards of a real installation. How R1 and R2 are wired must be said: nothing can guess it safely."""

    r1_contact: ContactSetting
    r2_contact: ContactSetting
    r3_contact: ContactSetting = ContactKind.NO
    r4_contact: ContactSetting = ContactKind.NO
    boards: Annotated[Boards, *by_name(Boards), setting("Real boards, or emulated chips under the same drivers")] = (
        Boards.REAL
    )
    relay_board: Annotated[BoardModel, *by_name(BoardModel), setting("Relay board, which gives the lines")] = (
        BoardModel.PIRELAY_V2
    )
    relay_is_active_high: Annotated[bool, setting("A high line energises the relay's coil")] = True
    r1_line: LineSetting = ""
    r2_line: LineSetting = ""
    r3_line: LineSetting = ""
    r4_line: LineSetting = ""
    i2c_bus: Annotated[str, setting("I2C bus device")] = "/dev/i2c-1"
    i2c_timeout_ms: int = 100
    """Longest time the kernel waits for one stuck transfer. A constant: a transfer takes under 1 ms, a period 1 s."""
    meter: Annotated[
        MeterModel,
        *by_name(MeterModel),
        setting(
            f"Meter chip of all channels: {', '.join(model.name.lower() for model in MeterModel)}; any but "
            f"{USUAL_METER.name.lower()}, that of the four-channel HAT, needs its board's channels.*.shunt_ohm too"
        ),
    ] = USUAL_METER
    averaging: Annotated[
        Averaging,
        *by_name(Averaging),
        setting(
            "Conversions averaged in the meter chip, or as long in another way; a sweep takes 1.2, 38, 75 or 150 ms. "
            "While R2 is open in wiring line it is bits_12 whatever is set here"
        ),
    ] = Averaging.TIMES_32
    battery_address: AddressSetting = 0x40
    charge_address: AddressSetting = 0x41
    load_address: AddressSetting = 0x42
    spare_address: AddressSetting = 0x43
    verify_s: float = 1.0
    """How often each meter chip's configuration is read back. A constant: once in a usual period, so that a chip that
    was reset costs one period."""
    thermometer: Annotated[str, setting("Kernel driver of the battery thermometer, such as tmp117; empty: none")] = ""
    thermometer_address: Annotated[str, setting("Its bus address, such as 0x48; empty: the only one")] = ""
    ambient_thermometer: Annotated[
        str, setting("Kernel driver of the thermometer of the air around the battery; empty: none")
    ] = ""
    ambient_thermometer_address: Annotated[str, setting("Its bus address, such as 0x49; empty: the only one")] = ""
    thermometer_stale_s: float = 30.0
    """Age from which a temperature is no longer used. A constant: it is asked far more often, and a battery's
    temperature does not change in that time."""


class Rig:
    """Implements ``plant.port.Plant`` over the drivers.

    Meter and thermometers belong to one thread and the contacts to one thread; the two may differ, so that a
    stalled bus never keeps the contacts from being moved.
    """

    def __init__(
        self,
        meters: Sequence[Meter | None],
        board: RelayBoard,
        thermometer: Thermometer | None,
        clock: Clock,
        *,
        ambient_thermometer: Thermometer | None = None,
        averaging: Averaging = Averaging.TIMES_32,
        verify_s: float = 1.0,
        bus: I2cBus | None = None,
        name: str = "rig",
    ) -> None:
        """Take over the drivers.

        Args:
            meters: one per channel in the order of ``Channel``; None where none is fitted.
            board: the four relays in the order of ``Relay``.
            thermometer: on the battery; None where none is fitted.
            clock: paces the sweeps, so that each finds a new conversion.
            ambient_thermometer: in the air around it; None where none is fitted.
            averaging: of the chips while nobody watches.
            verify_s: how often each chip's configuration is read back.
            bus: closed with the rig.
            name: ``emulated`` over boards that are none.
        """
        self._meter_board = MeterBoard(meters, clock, averaging, verify_s)
        self._bus = bus
        self.name = name
        self._board = board
        self._thermometer = thermometer
        self._ambient_thermometer = ambient_thermometer
        self.temperature_error: TemperatureError | None = None
        """Why the newest battery temperature failed."""
        self.ambient_error: TemperatureError | None = None
        """Why the newest temperature of the air failed."""

    def read_sweep(self) -> Sweep:
        """Read all channels, each no sooner than one conversion after the sweep before.

        Raises:
            BusError: the bus as a whole is gone.
        """
        return self._meter_board.read_sweep()

    def set_watchful(self, is_watchful: bool) -> None:
        """Let the chips average nothing, or what the settings say.

        Raises:
            BusError: the bus as a whole is gone.
        """
        self._meter_board.set_watchful(is_watchful)

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        """Look at V2 and V3 until ``until_s``, or until they have fallen.

        Raises:
            BusError: the bus as a whole is gone.
        """
        return self._meter_board.watch(until_s, has_fallen)

    def read_temperature(self) -> Temperature:
        """Return the newest battery temperature; FAILED when the sensor is lost or its value too old."""
        temperature, self.temperature_error = _temperature(self._thermometer)
        return temperature

    def read_ambient(self) -> Temperature:
        """Return the newest temperature of the air; FAILED when the sensor is lost or its value too old."""
        temperature, self.ambient_error = _temperature(self._ambient_thermometer)
        return temperature

    def read_contacts(self) -> Contacts:
        """Read the contacts back from the lines.

        Raises:
            RelayError: the lines cannot be read.
        """
        return Contacts(*(Contact(is_closed) for is_closed in self._board.read_closed()))

    def switch(self, relay: Relay, contact: Contact) -> None:
        """Move one contact and verify it.

        Raises:
            RelayError: the line did not take the level.
        """
        self._board.switch(relay, closed=contact == Contact.CLOSED)

    def errors(self) -> Mapping[Channel, VigieError]:
        """Return why channels failed in the newest sweep."""
        return self._meter_board.errors

    def close(self) -> None:
        """Let thermometers, bus and lines go; no contact moves."""
        for thermometer in (self._thermometer, self._ambient_thermometer):
            if thermometer is not None:
                thermometer.close()
        if self._bus is not None:
            self._bus.close()
        self._board.close()


def _temperature(thermometer: Thermometer | None) -> tuple[Temperature, TemperatureError | None]:
    if thermometer is None:
        return Temperature(_NAN, _ABSENT), None
    try:
        return Temperature(thermometer.read(), _GOOD), None
    except TemperatureError as error:
        return Temperature(_NAN, _FAILED), error


def open_rig(
    settings: RigSettings,
    clock: Clock | None = None,
    *,
    open_bus: Callable[[], Adapter] | None = None,
    open_chips: Callable[[], Sequence[Chip]] | None = None,
    thermometer: Thermometer | None = None,
    ambient_thermometer: Thermometer | None = None,
) -> Rig:
    """Assemble the rig of ``settings``; no contact moves.

    Chips or a whole bus that are not there do not keep the controller from starting, for it has contacts to
    hold: their sweeps fail until they come.

    Args:
        settings: the boards.
        clock: the machine's by default.
        open_bus: opens emulated chips in place of the kernel's I2C bus; demanded with ``boards = emulated``.
        open_chips: gives an emulated GPIO chip in place of the kernel's; demanded with ``boards = emulated``.
        thermometer: replaces the kernel's thermometer of the battery.
        ambient_thermometer: replaces the kernel's thermometer of the air.

    Raises:
        RelayError: the relay lines cannot be claimed.
        SettingsError: two channels on one chip, two relays on one line, one thermometer for battery and air; R1 or
            R2 not fitted; emulated boards asked for and none given, or the reverse.
    """
    is_emulated = settings.boards is Boards.EMULATED
    if is_emulated != (open_bus is not None) or is_emulated != (open_chips is not None):
        raise SettingsError(f"boards = {settings.boards.name.lower()}, but other boards were given to the rig")
    bus = I2cBus(settings.i2c_bus, timeout_ms=settings.i2c_timeout_ms, open_adapter=open_bus)
    driver = METER_CHIPS[settings.meter].driver
    meters = [driver(bus, address, settings.averaging) if address else None for address in _addresses(settings)]
    wiring = relay_wiring(settings)
    lines = GpioLines([relay.line for relay in wiring if relay.line], open_chips)
    board = RelayBoard(wiring, lines, is_active_high=settings.relay_is_active_high)
    if thermometer is None and settings.thermometer:
        thermometer = open_thermometer(settings)
    if ambient_thermometer is None and settings.ambient_thermometer:
        ambient_thermometer = open_ambient_thermometer(settings)
    return Rig(
        meters,
        board,
        thermometer,
        clock or MachineClock(),
        ambient_thermometer=ambient_thermometer,
        averaging=settings.averaging,
        verify_s=settings.verify_s,
        bus=bus,
        name="emulated" if is_emulated else "rig",
    )


def open_thermometer(settings: RigSettings, sysfs: Path = SYSFS) -> SysfsThermometer:
    """Start reading the battery's thermometer and give it a moment, so that the first period has a value."""
    return _open_thermometer(settings.thermometer, settings.thermometer_address, settings, sysfs)


def open_ambient_thermometer(settings: RigSettings, sysfs: Path = SYSFS) -> SysfsThermometer:
    """Start reading the thermometer of the air in the same way.

    Raises:
        SettingsError: the settings name the battery's own thermometer.
    """
    name, address = settings.ambient_thermometer, settings.ambient_thermometer_address
    if (name, address) == (settings.thermometer, settings.thermometer_address):
        raise SettingsError(
            spoken(
                "thermometer {name} {address} cannot measure battery and air at once: give thermometer_address and "
                "ambient_thermometer_address one sensor each",
                name=name,
                address=address or spoken("without an address"),
            )
        )
    return _open_thermometer(name, address, settings, sysfs)


def _open_thermometer(name: str, address: str, settings: RigSettings, sysfs: Path) -> SysfsThermometer:
    thermometer = SysfsThermometer(name, address, stale_s=settings.thermometer_stale_s, sysfs=sysfs)
    thermometer.wait_for_first(_FIRST_TEMPERATURE_S)
    return thermometer


def _addresses(settings: RigSettings) -> tuple[int, ...]:
    addresses = (settings.battery_address, settings.charge_address, settings.load_address, settings.spare_address)
    for channel, other in combinations(Channel, 2):
        if addresses[channel] and addresses[channel] == addresses[other]:
            raise SettingsError(
                spoken(
                    "channels {one} and {other} cannot share the meter chip at 0x{address:02x}: give each its own "
                    "address, or 0 to the one that is not fitted",
                    one=channel.name,
                    other=other.name,
                    address=addresses[channel],
                )
            )
    return addresses


def relay_wiring(settings: RigSettings) -> tuple[RelayWiring, ...]:
    """Return line and contact of each relay; the line is empty where none is fitted.

    Raises:
        SettingsError: R1 or R2 is not fitted, or two relays have the same line.
    """
    own = (settings.r1_line, settings.r2_line, settings.r3_line, settings.r4_line)
    contacts = (settings.r1_contact, settings.r2_contact, settings.r3_contact, settings.r4_contact)
    lines = [mine or boards for mine, boards in zip(own, _LINES[settings.relay_board], strict=True)]
    if NOT_FITTED in (lines[Relay.R1], lines[Relay.R2]):
        raise SettingsError(
            spoken("R1 and R2 must be fitted: give r1_line and r2_line a GPIO line, or leave them empty")
        )
    for relay, other in combinations(Relay, 2):
        if lines[relay] == lines[other] != NOT_FITTED:
            raise SettingsError(
                spoken(
                    "{one} and {other} cannot share the line {line}: give each its own",
                    one=relay.name,
                    other=other.name,
                    line=lines[relay],
                )
            )
    return tuple(
        RelayWiring(relay.name, "" if line == NOT_FITTED else line, contact)
        for relay, line, contact in zip(Relay, lines, contacts, strict=True)
    )


def contact_at(settings: RigSettings, line: str, is_high: bool) -> tuple[Relay, Contact] | None:
    """Return the relay on ``line`` and its contact at this level, for installations behind emulated boards.

    None when the line is no relay's.
    """
    for relay, wiring in zip(Relay, relay_wiring(settings), strict=True):
        if wiring.line == line:
            is_closed = is_closed_at(is_high, wiring.contact, is_active_high=settings.relay_is_active_high)
            return relay, Contact(is_closed)
    return None
