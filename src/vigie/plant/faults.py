"""Any plant, with things that go wrong: chosen by name, from a list or at run time."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from math import inf, nan
from typing import Annotated, NamedTuple

from vigie.clock import Clock
from vigie.control.signals import Channel, Contact, Contacts, Reading, Relay, Status, Sweep, Temperature
from vigie.errors import ChipError, RelayError, VigieError
from vigie.plant.port import Plant
from vigie.units import by_name, setting


class FaultKind(IntEnum):
    """What can go wrong. ``value`` of a fault means what is said here."""

    LOST_CHANNEL = 0
    """The channel's chip does not answer."""
    FROZEN = 1
    """The channel repeats the value it had when the fault began."""
    NOISY = 2
    """Noise of ``value`` volts (standard deviation) on the channel's bus voltage."""
    IMPLAUSIBLE = 3
    """The channel's bus voltage reads ``value`` volts."""
    STUCK_RELAY = 4
    """The contact no longer moves; its line reads back what was told, as a welded contact's does."""
    DEAD_LINE = 5
    """The relay's line no longer takes levels: switching raises, as the relay board would."""
    STALLED_BUS = 6
    """Every sweep blocks for ``value`` seconds."""
    LOST_TEMPERATURE = 7
    """The temperature sensor does not answer."""
    LOST_AMBIENT = 8
    """The air's temperature sensor does not answer."""


class Fault(NamedTuple):
    """One fault, on between two times of the plant's clock counted from the start."""

    kind: Annotated[FaultKind, *by_name(FaultKind), setting("What goes wrong")]
    channel: Annotated[Channel, *by_name(Channel), setting("Channel it befalls")] = Channel.BATTERY
    relay: Annotated[Relay, *by_name(Relay), setting("Relay it befalls")] = Relay.R1
    value: Annotated[float, setting("Volts or seconds, see the kind")] = 0.0
    start_s: Annotated[float, setting("Begins", unit="s", ge=0.0, le=1e9)] = 0.0
    end_s: Annotated[float, setting("Ends", unit="s", ge=0.0, le=1e12)] = 1e12


class FaultSettings(NamedTuple):
    """The faults of a run."""

    listed: Annotated[tuple[Fault, ...], setting("Faults in the order in which they are applied")] = ()
    seed: Annotated[int, setting("Seed of noisy faults", ge=0)] = 1


class Faulty:
    """A plant behind faults. It keeps the name of the plant it wraps.

    A stuck contact is caught up with what was told last when its fault ends.
    """

    def __init__(
        self,
        plant: Plant,
        clock: Clock,
        faults: Sequence[Fault] = (),
        seed: int = 1,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wrap ``plant``; ``sleep`` is what a stalled bus waits with (machine seconds)."""
        self.name = plant.name
        self._plant = plant
        self._clock = clock
        self._faults = list(faults)
        self._sleep = sleep
        self._random = random.Random(seed)  # noqa: S311 - noise, not secrets
        self._start_s = clock.now_s()
        self._frozen: dict[Channel, Reading] = {}
        self._told: dict[Relay, Contact] = {}
        self._errors: dict[Channel, VigieError] = {}

    @property
    def active(self) -> list[Fault]:
        """Faults that are on now."""
        now_s = self._clock.now_s() - self._start_s
        return [fault for fault in self._faults if fault.start_s <= now_s < fault.end_s]

    def begin(self, fault: Fault) -> None:
        """Switch ``fault`` on now, whatever its start; it ends at its ``end_s`` or by :meth:`clear`."""
        self._faults.append(fault._replace(start_s=-inf))

    def clear(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    def read_sweep(self) -> Sweep:
        self._release_contacts()
        self._errors = {}
        active = self.active
        for fault in active:
            if fault.kind == FaultKind.STALLED_BUS:
                self._sleep(fault.value)
        readings = list(self._plant.read_sweep())
        frozen = {fault.channel for fault in active if fault.kind == FaultKind.FROZEN}
        self._frozen = {channel: self._frozen.get(channel, readings[channel]) for channel in frozen}
        for fault in active:
            readings[fault.channel] = self._touched(fault, readings[fault.channel])
        return Sweep(*readings)

    def _touched(self, fault: Fault, reading: Reading) -> Reading:
        if fault.kind == FaultKind.LOST_CHANNEL:
            self._errors[fault.channel] = ChipError(
                f"channel {fault.channel.name.lower()}: no answer (fault injected by the settings)"
            )
            return Reading(nan, nan, int(Status.FAILED))
        if fault.kind == FaultKind.FROZEN:
            return self._frozen[fault.channel]
        if fault.kind == FaultKind.NOISY:
            return reading._replace(bus_v=reading.bus_v + self._random.gauss(0.0, fault.value))
        if fault.kind == FaultKind.IMPLAUSIBLE:
            return reading._replace(bus_v=fault.value)
        return reading

    def read_temperature(self) -> Temperature:
        if any(fault.kind == FaultKind.LOST_TEMPERATURE for fault in self.active):
            return Temperature(nan, int(Status.FAILED))
        return self._plant.read_temperature()

    def read_ambient(self) -> Temperature:
        if any(fault.kind == FaultKind.LOST_AMBIENT for fault in self.active):
            return Temperature(nan, int(Status.FAILED))
        return self._plant.read_ambient()

    def read_contacts(self) -> Contacts:
        self._release_contacts()
        contacts = list(self._plant.read_contacts())
        for relay in self._held(FaultKind.STUCK_RELAY):
            contacts[relay] = self._told.get(relay, contacts[relay])
        return Contacts(*contacts)

    def switch(self, relay: Relay, contact: Contact) -> None:
        self._release_contacts()
        if relay in self._held(FaultKind.DEAD_LINE) and self._plant.read_contacts()[relay] != contact:
            raise RelayError(
                f"{relay.name}: told {contact.name.lower()}, the line did not follow (fault injected by the settings)"
            )
        if relay in self._held(FaultKind.STUCK_RELAY):
            self._told[relay] = contact
            return
        self._plant.switch(relay, contact)

    def errors(self) -> Mapping[Channel, VigieError]:
        return {**self._plant.errors(), **self._errors}

    def close(self) -> None:
        self._plant.close()

    def _held(self, kind: FaultKind) -> set[Relay]:
        return {fault.relay for fault in self.active if fault.kind == kind}

    def _release_contacts(self) -> None:
        if not self._told:
            return
        held = self._held(FaultKind.STUCK_RELAY)
        for relay in [relay for relay in self._told if relay not in held]:
            self._plant.switch(relay, self._told.pop(relay))
