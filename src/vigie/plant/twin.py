"""The twin: a simulated installation seen through a meter with the real one's faults."""

import contextlib
import random
import threading
from collections.abc import Callable, Mapping
from math import isfinite, nan
from pathlib import Path
from typing import Annotated, NamedTuple

from vigie.clock import Clock
from vigie.control.signals import (
    Channel,
    Contact,
    Contacts,
    Reading,
    Relay,
    Status,
    Sweep,
    Temperature,
)
from vigie.errors import PowerLost, SettingsError, VigieError
from vigie.plant.computer import Darkness
from vigie.plant.installation import Installation
from vigie.plant.miswired import MiswiringSettings
from vigie.plant.port import LOOK_EVERY_S, HasFallen
from vigie.plant.site import InstallationSettings
from vigie.plant.world_file import read_world, write_world
from vigie.units import setting

BUS_STEP_V = 4e-3
SHUNT_STEP_V = 10e-6
SHUNT_FULL_SCALE_V = 0.32
BUS_FULL_SCALE_V = 32.0
THERMOMETER_STEP_K = 1.0 / 16.0
_TELL_EVERY_S = 0.25
_UNPACED_STEP_S = 60.0
_ABSENT = Reading(nan, nan, int(Status.ABSENT))


class MeterSettings(NamedTuple):
    """How the simulated meter and thermometer differ from ideal ones."""

    bus_noise_v: float = 0.002
    """Noise of a bus voltage, standard deviation. With the three after it a constant: an INA219's typical noise and
    offset, which nobody chooses."""
    shunt_noise_v: float = 1e-5
    """Noise of a shunt voltage, standard deviation."""
    gain_error: float = 0.0
    """Largest gain error of a bus voltage, drawn per channel."""
    shunt_offset_v: float = 20e-6
    """Largest offset of a shunt voltage, drawn per channel."""
    has_spare: Annotated[bool, setting("V4 is fitted (and measures nothing)")] = False
    has_thermometer: Annotated[bool, setting("The battery has a temperature sensor")] = True
    has_ambient: Annotated[bool, setting("The air around the battery has a temperature sensor")] = True


class TwinSettings(NamedTuple):
    """The simulated installation and its meter."""

    installation: InstallationSettings = InstallationSettings()
    meter: MeterSettings = MeterSettings()
    miswiring: MiswiringSettings = MiswiringSettings()
    seed: Annotated[int, setting("Seed of the meter's noise and errors", ge=0)] = 1
    save_every_s: float = 60.0
    """Plant time between two writes of the world's file. A constant: a killed twin loses a minute of its world."""


class Twin:
    """A plant without hardware. The clock's time drives it; it never waits, but for :meth:`wait_for_power`.

    With a ``world`` file the battery, the contacts and the time of its world outlive the process, as
    the real ones would: the file is read at the start and written after each switching, every
    ``save_every_s`` and at the end.

    Where the simulated computer lives on the loads and they go dark, every call of the port raises PowerLost from
    then on: the program is dead and must end as if by a power cut.
    """

    name = "twin"

    def __init__(
        self,
        installation: Installation,
        clock: Clock,
        settings: TwinSettings,
        world: Path | None = None,
    ) -> None:
        """Put the meter of ``settings`` before ``installation`` (itself built from ``settings.installation``).

        Raises:
            SettingsError: the world file belongs to another battery or is damaged.
        """
        self.installation = installation
        self._clock = clock
        self._one_at_a_time = threading.Lock()  # the bus thread reads while the loop switches
        self._meter = settings.meter
        self._save_every_s = settings.save_every_s
        self._world = world
        self._random = random.Random(settings.seed)  # noqa: S311 - noise, not secrets
        gain, offset_v = settings.meter.gain_error, settings.meter.shunt_offset_v
        self._gains = [1.0 + self._random.uniform(-gain, gain) for _ in Channel]
        self._offsets_v = [self._random.uniform(-offset_v, offset_v) for _ in Channel]
        self._lag_s = clock.now_s() - installation.now_s
        if world is not None and world.exists():
            self.load(world)
        self._saved_s = installation.now_s
        self._deaths = installation.computer.deaths

    def wait_for_power(self, stop: threading.Event, tell: Callable[[Darkness], None] = lambda _: None) -> None:
        """Let the world run, at the clock's pace, until its computer has booted; return at once when it is up.

        Args:
            stop: ends the waiting.
            tell: told about four times a machine second how things stand.

        Raises:
            PowerLost: stopped before the computer was up.
        """
        with self._one_at_a_time:
            up_again_s = self.installation.up_again_s()
        pace_s = _TELL_EVERY_S * self._clock.speed if isfinite(self._clock.speed) else _UNPACED_STEP_S
        while True:
            with self._one_at_a_time:
                self._run_on()
                darkness = self.installation.darkness(up_again_s)
                if darkness is None:
                    self._deaths = self.installation.computer.deaths
                    self._keep()
                    return
            if stop.is_set():
                raise PowerLost(f"stopped while waiting: {darkness}")
            tell(darkness)
            self._clock.sleep_until(self._clock.now_s() + pace_s)

    def read_sweep(self) -> Sweep:
        with self._one_at_a_time:
            self._catch_up()
            spare = self._read(Channel.SPARE) if self._meter.has_spare else _ABSENT
            return Sweep(self._read(Channel.BATTERY), self._read(Channel.CHARGE), self._read(Channel.LOAD), spare)

    def set_watchful(self, is_watchful: bool) -> None:
        """Its meter does not average."""

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        """Look once, and then after each change of the world: as late as a look of the rig comes at worst."""
        look_s = self._clock.now_s() + LOOK_EVERY_S
        while look_s < until_s:
            self._clock.sleep_until(look_s)
            with self._one_at_a_time:
                self._catch_up()
                if has_fallen(self._read(Channel.CHARGE), self._read(Channel.LOAD)):
                    return True
                changes_s = self.installation.next_change_s() + self._lag_s
            look_s = max(look_s, changes_s) + LOOK_EVERY_S
        self._clock.sleep_until(until_s)
        return False

    def read_temperature(self) -> Temperature:
        with self._one_at_a_time:
            self._catch_up()
            return _thermometer(self.installation.temperature_c, self._meter.has_thermometer)

    def read_ambient(self) -> Temperature:
        with self._one_at_a_time:
            self._catch_up()
            return _thermometer(self.installation.ambient_c, self._meter.has_ambient)

    def read_contacts(self) -> Contacts:
        with self._one_at_a_time:
            self._catch_up()
            return self.installation.contacts

    def switch(self, relay: Relay, contact: Contact) -> None:
        with self._one_at_a_time:
            self._catch_up()
            if self.installation.contacts[relay] == contact:
                return
            self.installation.set_contact(relay, contact)
            self._keep()

    def errors(self) -> Mapping[Channel, VigieError]:
        return {}

    def close(self) -> None:
        with self._one_at_a_time:
            self._run_on()
            self._keep()

    def save(self, path: Path) -> None:
        """Write the world to ``path``, whole or not at all."""
        write_world(path, self.installation.state, self.installation.battery.parameters.c20_ah)

    def load(self, path: Path) -> None:
        """Go on from the world in ``path``; the plant's clock need not be the one it was saved by.

        Raises:
            SettingsError: unreadable, damaged, or the world of another battery.
        """
        state, c20_ah = read_world(path)
        fitted_ah = self.installation.battery.parameters.c20_ah
        if c20_ah != fitted_ah:
            raise SettingsError(
                f"world file {path} holds a battery of {c20_ah} Ah, the settings one of {fitted_ah} Ah: "
                "delete the file to begin a new world, or set the capacity back"
            )
        self.installation.restore(state)
        self._lag_s = self._clock.now_s() - state.now_s

    def _catch_up(self) -> None:
        """Bring the world up to the clock.

        Raises:
            PowerLost: the computer has died since the program started on it, or is not up yet.
        """
        self._run_on()
        if self.installation.computer.is_up and self.installation.computer.deaths == self._deaths:
            return
        self._keep()
        darkness = self.installation.darkness(self.installation.up_again_s())
        raise PowerLost(f"the loads went dark, and this computer lives on them: {darkness or 'it has booted since'}")

    def _run_on(self) -> None:
        self.installation.advance_to(self._clock.now_s() - self._lag_s)
        if self.installation.now_s - self._saved_s >= self._save_every_s:
            self._keep()

    def _keep(self) -> None:
        """Write the world's file if there is one; a disk that refuses must not look like a broken installation."""
        self._saved_s = self.installation.now_s
        if self._world is not None:
            with contextlib.suppress(OSError):
                self.save(self._world)

    def _read(self, channel: Channel) -> Reading:
        meter, gauss = self._meter, self._random.gauss
        true_v, true_shunt_v = self.installation.node(channel)
        bus_v = true_v * self._gains[channel] + gauss(0.0, meter.bus_noise_v)
        shunt_v = true_shunt_v + self._offsets_v[channel] + gauss(0.0, meter.shunt_noise_v)
        counts = round(shunt_v / SHUNT_STEP_V)
        status = int(Status.GOOD)
        if abs(shunt_v) >= SHUNT_FULL_SCALE_V:
            shunt_v = SHUNT_FULL_SCALE_V if shunt_v > 0.0 else -SHUNT_FULL_SCALE_V
            status = int(Status.SATURATED)
        else:
            shunt_v = counts / 100_000
        bus_v = round(min(max(bus_v, 0.0), BUS_FULL_SCALE_V) / BUS_STEP_V) * BUS_STEP_V
        return Reading(bus_v, shunt_v, status)


def _thermometer(celsius: float, is_fitted: bool) -> Temperature:
    if not is_fitted:
        return Temperature(nan, int(Status.ABSENT))
    return Temperature(round(celsius / THERMOMETER_STEP_K) * THERMOMETER_STEP_K, int(Status.GOOD))
