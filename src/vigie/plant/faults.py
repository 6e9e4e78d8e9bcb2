"""Things that go wrong, by name: before any plant, and in a simulated installation; listed or at run time."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from math import inf, nan
from typing import Annotated, NamedTuple

from vigie.clock import Clock
from vigie.control.signals import Channel, Contact, Contacts, Reading, Relay, Status, Sweep, Temperature
from vigie.errors import BusError, ChipError, RelayError, SettingsError, VigieError
from vigie.plant.circumstances import SOUND, Circumstances, Pull
from vigie.plant.installation import Installation
from vigie.plant.port import HasFallen, Plant
from vigie.plant.twin import Twin
from vigie.units import by_name, setting


class FaultKind(IntEnum):
    """What can go wrong. ``value`` of a fault means what is said here.

    From CHARGER_DEAD on it befalls the installation itself and not what the program sees of it or tells it.
    """

    LOST_CHANNEL = 0
    """The channel's chip does not answer."""
    FROZEN = 1
    """The channel repeats the value it had when the fault began."""
    NOISY = 2
    """Noise of ``value`` volts (standard deviation) on the channel's bus voltage."""
    IMPLAUSIBLE = 3
    """The channel's bus voltage reads ``value`` volts."""
    STUCK_RELAY = 4
    """The contact stays where it is; its line reads back what was told."""
    DEAD_LINE = 5
    """The relay's line no longer takes levels: switching raises, as the relay board would."""
    STALLED_BUS = 6
    """Every sweep blocks for ``value`` seconds."""
    LOST_TEMPERATURE = 7
    """The temperature sensor does not answer."""
    LOST_AMBIENT = 8
    """The air's temperature sensor does not answer."""
    FROZEN_TEMPERATURE = 9
    """The temperature sensor repeats the value it had when the fault began."""
    CHIP_RESET = 10
    """The channel's chip is found reset in one sweep and set up again."""
    BUS_LOST = 11
    """The bus is gone: no sweep at all."""
    RELAYS_UNREADABLE = 12
    """The relay lines can be moved but not read back."""
    OFFSET = 13
    """The channel's bus voltage reads ``value`` volts more than it is."""
    CHARGER_DEAD = 20
    """The charger gives nothing; the supply still feeds the loads."""
    CHARGER_SET_POINT = 21
    """The charger holds ``value`` volts."""
    CELL_SHORTED = 22
    """A cell of the battery is shorted: 2 V less, and a charging current that does not taper but heats."""
    BATTERY_OPEN = 23
    """A cell of the battery is broken through: no current in or out."""
    LOADS_OVER = 24
    """The loads draw ``value`` amperes."""
    MAINS_OUT = 25
    """The 230 V is away."""
    MAINS_FLICKER = 26
    """The 230 V is away and there by turns of ``value`` seconds."""
    AMBIENT = 27
    """The air has ``value`` degC."""
    WELDED = 28
    """The contact conducts, whatever its relay is told."""
    DEAD_CONTACT = 29
    """The contact does not conduct, whatever its relay is told."""


SHORTEST_TURN_S = 0.05
"""The simulation takes a step for every turn of the mains: with shorter ones it could not keep up with the time."""

OF_THE_INSTALLATION = frozenset(kind for kind in FaultKind if kind >= FaultKind.CHARGER_DEAD)
"""Kinds that need a simulated installation; all others go before any plant."""


class Fault(NamedTuple):
    """One fault, on between two times.

    What the program sees counts from its start, on the plant's clock; what befalls the installation from the
    beginning of its world, as its outages do.
    """

    kind: Annotated[FaultKind, *by_name(FaultKind), setting("What goes wrong")]
    channel: Annotated[Channel, *by_name(Channel), setting("Channel it befalls")] = Channel.BATTERY
    relay: Annotated[Relay, *by_name(Relay), setting("Relay it befalls")] = Relay.R1
    value: Annotated[float, setting("Volts, amperes, degC or seconds, see the kind")] = 0.0
    start_s: Annotated[float, setting("Begins", unit="s", ge=0.0, le=1e9)] = 0.0
    end_s: Annotated[float, setting("Ends", unit="s", ge=0.0, le=1e12)] = 1e12
    ramp_s: Annotated[
        float,
        setting("charger_set_point, loads_over, ambient: reached in a straight line over", unit="s", ge=0.0, le=1e9),
    ] = 0.0

    def is_on(self, now_s: float) -> bool:
        """Say whether it is on at ``now_s`` of its own time."""
        return self.start_s <= now_s < self.end_s


class FaultSettings(NamedTuple):
    """The faults of a run."""

    listed: Annotated[tuple[Fault, ...], setting("Faults in the order in which they are applied")] = ()
    seed: Annotated[int, setting("Seed of noisy faults", ge=0)] = 1


class ListedFate:
    """What a list of faults does to an installation."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Read ``faults`` anew whenever asked: the list may change."""
        self._faults = faults

    def at(self, now_s: float) -> Circumstances:
        """Return how things stand; of two faults of a kind the later in the list holds."""
        befalling = {fault.kind: fault for fault in self._of_the_installation() if fault.is_on(now_s)}
        if not befalling:
            return SOUND
        flicker = befalling.get(FaultKind.MAINS_FLICKER)
        is_flicked_off = flicker is not None and int((now_s - flicker.start_s) // flicker.value) % 2 == 0
        return Circumstances(
            has_mains=FaultKind.MAINS_OUT not in befalling and not is_flicked_off,
            ambient_c=_pull(befalling.get(FaultKind.AMBIENT), now_s),
            charger_set_v=_pull(befalling.get(FaultKind.CHARGER_SET_POINT), now_s),
            load_a=_pull(befalling.get(FaultKind.LOADS_OVER), now_s),
            is_charger_dead=FaultKind.CHARGER_DEAD in befalling,
            is_cell_shorted=FaultKind.CELL_SHORTED in befalling,
            is_battery_open=FaultKind.BATTERY_OPEN in befalling,
            welded=self._relays(FaultKind.WELDED, now_s),
            dead=self._relays(FaultKind.DEAD_CONTACT, now_s),
        )

    def next_change_s(self, now_s: float) -> float:
        """Return the next beginning or end, or the next turn of a mains that flickers."""
        changes_s = [inf]
        for fault in self._of_the_installation():
            changes_s += [fault.start_s, fault.end_s]
            if fault.kind == FaultKind.MAINS_FLICKER and fault.is_on(now_s):
                turns = (now_s - fault.start_s) // fault.value
                changes_s += [fault.start_s + (turns + further) * fault.value for further in (1.0, 2.0)]
        return min(change_s for change_s in changes_s if change_s > now_s)

    def _of_the_installation(self) -> list[Fault]:
        return [fault for fault in self._faults if fault.kind in OF_THE_INSTALLATION]

    def _relays(self, kind: FaultKind, now_s: float) -> frozenset[Relay]:
        return frozenset(fault.relay for fault in self._faults if fault.kind == kind and fault.is_on(now_s))


def _pull(fault: Fault | None, now_s: float) -> Pull:
    if fault is None:
        return Pull(0.0, 0.0)
    if fault.ramp_s <= 0.0:
        return Pull(fault.value, 1.0)
    return Pull(fault.value, min((now_s - fault.start_s) / fault.ramp_s, 1.0))


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
        installation: Installation | None = None,
    ) -> None:
        """Wrap ``plant``.

        Args:
            plant: any.
            clock: the plant's.
            faults: more can follow by :meth:`begin`.
            seed: of noisy faults.
            sleep: what a stalled bus waits with (machine seconds).
            installation: what stands behind ``plant`` if it is simulated; a twin brings its own.

        Raises:
            SettingsError: a fault of the installation where none is simulated.
        """
        self.name = plant.name
        self._plant = plant
        self._clock = clock
        self._installation = plant.installation if isinstance(plant, Twin) else installation
        self._faults: list[Fault] = []
        for fault in faults:
            self._faults.append(self._checked(fault))
        if self._installation is not None:
            self._installation.fate = ListedFate(self._faults)
        self._sleep = sleep
        self._random = random.Random(seed)  # noqa: S311 - noise, not secrets
        self._start_s = clock.now_s()
        self._frozen: dict[Channel, Reading] = {}
        self._frozen_temperature: Temperature | None = None
        self._has_reset: set[Fault] = set()
        self._told: dict[Relay, Contact] = {}
        self._errors: dict[Channel, VigieError] = {}

    @property
    def active(self) -> list[Fault]:
        """Faults that are on now."""
        return [fault for fault in self._faults if fault.is_on(self._now_s(fault))]

    def begin(self, fault: Fault) -> None:
        """Switch ``fault`` on now, whatever its start; it ends at its ``end_s`` or by :meth:`clear`.

        Raises:
            SettingsError: it befalls an installation and none is simulated.
        """
        self._faults.append(self._checked(fault)._replace(start_s=self._now_s(fault)))

    def clear(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    def read_sweep(self) -> Sweep:
        self._release_contacts()
        self._errors = {}
        active = self.active
        self._stall(active)
        readings = list(self._plant.read_sweep())
        if _is_among(active, FaultKind.BUS_LOST):
            raise BusError("the meter's bus is gone (fault injected by the settings)")
        frozen = {fault.channel for fault in active if fault.kind == FaultKind.FROZEN}
        self._frozen = {channel: self._frozen.get(channel, readings[channel]) for channel in frozen}
        for fault in active:
            readings[fault.channel] = self._touched(fault, readings[fault.channel])
        return Sweep(*readings)

    def set_watchful(self, is_watchful: bool) -> None:
        self._plant.set_watchful(is_watchful)

    def watch(self, until_s: float, has_fallen: HasFallen) -> bool:
        return self._plant.watch(until_s, lambda charge, load: has_fallen(*self._looked_at(charge, load)))

    def _looked_at(self, charge: Reading, load: Reading) -> tuple[Reading, Reading]:
        active = self.active
        self._stall(active)
        if _is_among(active, FaultKind.BUS_LOST):
            raise BusError("the meter's bus is gone (fault injected by the settings)")
        seen = {Channel.CHARGE: charge, Channel.LOAD: load}
        for fault in active:
            if fault.channel not in seen or fault.kind == FaultKind.CHIP_RESET:  # which a sweep shows, once
                continue
            if fault.kind == FaultKind.FROZEN:
                self._frozen.setdefault(fault.channel, seen[fault.channel])
            seen[fault.channel] = self._touched(fault, seen[fault.channel])
        return seen[Channel.CHARGE], seen[Channel.LOAD]

    def _stall(self, active: Sequence[Fault]) -> None:
        for fault in active:
            if fault.kind == FaultKind.STALLED_BUS:
                self._sleep(fault.value)

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
        if fault.kind == FaultKind.OFFSET:
            return reading._replace(bus_v=reading.bus_v + fault.value)
        if fault.kind == FaultKind.CHIP_RESET and fault not in self._has_reset:
            self._has_reset.add(fault)
            return reading._replace(status=reading.status | int(Status.RESET))
        return reading

    def read_temperature(self) -> Temperature:
        active = self.active
        temperature = self._plant.read_temperature()
        if not _is_among(active, FaultKind.FROZEN_TEMPERATURE):
            self._frozen_temperature = None
        elif self._frozen_temperature is None:
            self._frozen_temperature = temperature
        if _is_among(active, FaultKind.LOST_TEMPERATURE):
            return Temperature(nan, int(Status.FAILED))
        return self._frozen_temperature or temperature

    def read_ambient(self) -> Temperature:
        if _is_among(self.active, FaultKind.LOST_AMBIENT):
            return Temperature(nan, int(Status.FAILED))
        return self._plant.read_ambient()

    def read_contacts(self) -> Contacts:
        self._release_contacts()
        self._check_lines_are_readable()
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
        else:
            self._plant.switch(relay, contact)
        self._check_lines_are_readable()

    def errors(self) -> Mapping[Channel, VigieError]:
        return {**self._plant.errors(), **self._errors}

    def close(self) -> None:
        self._plant.close()

    def _now_s(self, fault: Fault) -> float:
        """Return the time that ``fault`` counts in."""
        if fault.kind in OF_THE_INSTALLATION and self._installation is not None:
            return self._installation.now_s
        return self._clock.now_s() - self._start_s

    def _checked(self, fault: Fault) -> Fault:
        name = fault.kind.name.lower()
        if fault.kind in OF_THE_INSTALLATION and self._installation is None:
            raise SettingsError(
                f"fault {name} befalls a simulated installation, and none stands behind this {self.name}: take it out "
                "of faults.listed, or run the twin"
            )
        if fault.kind == FaultKind.MAINS_FLICKER and not fault.value >= SHORTEST_TURN_S:
            raise SettingsError(
                f"fault {name} with value {fault.value:g} s: give the seconds of a turn, at least {SHORTEST_TURN_S:g}"
            )
        return fault

    def _check_lines_are_readable(self) -> None:
        if _is_among(self.active, FaultKind.RELAYS_UNREADABLE):
            raise RelayError("the relay lines cannot be read (fault injected by the settings)")

    def _held(self, kind: FaultKind) -> set[Relay]:
        return {fault.relay for fault in self.active if fault.kind == kind}

    def _release_contacts(self) -> None:
        if not self._told:
            return
        held = self._held(FaultKind.STUCK_RELAY)
        for relay in [relay for relay in self._told if relay not in held]:
            self._plant.switch(relay, self._told.pop(relay))


def _is_among(faults: Sequence[Fault], kind: FaultKind) -> bool:
    return any(fault.kind == kind for fault in faults)
