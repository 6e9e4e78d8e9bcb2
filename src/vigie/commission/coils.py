"""The coils, moved one at a time and never without watching every chip that has a voltage."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from vigie.commission.known import Contactor, Limits, Refused
from vigie.commission.looking import Effect, Look, Pins, Sources, described, effect, is_supplied, look, sources
from vigie.control.signals import Contact, Reading, Relay
from vigie.errors import VigieError
from vigie.plant.bench import Bench

LONGEST_PROBE_S = 3.0
_SETTLES_S = 0.3
"""Contacts bounce and supplies swing this long."""
_LOW_IN_A_ROW = 3
"""Sweeps, some 20 ms on real boards: a change-over may dip for less."""
_PAUSE_S = 0.02


class Sagged(Exception):
    """A chip fell under its floor."""

    def __init__(self, address: int, bus_v: float, floor_v: float) -> None:
        super().__init__(f"0x{address:02x} fell to {bus_v:.2f} V, under {floor_v:.1f} V")
        self.bus_v = bus_v


class Probe(NamedTuple):
    """One coil moved, and what it did."""

    before: Look
    after: Look
    effect: Effect
    is_undone: bool
    """A voltage fell under its floor, and the move was undone at once."""


class Coils:
    """Moves coils, remembers how they were found, and puts everything into the safest state that is known."""

    def __init__(self, bench: Bench, limits: Limits) -> None:
        self._bench = bench
        self._limits = limits
        self.fitted = tuple(coil for coil, line in enumerate(bench.lines) if line)
        self.found = {coil: bench.is_energised(coil) for coil in self.fitted}
        self.contactors: dict[Relay, Contactor] = {}
        self.on_watch: Callable[[float, Mapping[int, Reading]], None] | None = None
        """Told of (seconds to go, newest sweep) while a wait is watched."""

    def look(self) -> Look:
        """Return what all chips show now."""
        return look(self._bench, self._limits.shunt_ohm)

    def sources(self) -> Sources:
        """Tell what feeds the loads now."""
        return sources(self.look(), self._limits.supply_v)

    def set(self, coil: int, *, is_energised: bool) -> None:
        """Give a coil its state."""
        if is_energised:
            self._bench.energise(coil)
        else:
            self._bench.release(coil)

    def toggle(self, coil: int) -> None:
        """Energise a released coil, or release an energised one."""
        self.set(coil, is_energised=not self._bench.is_energised(coil))

    def move(self, relay: Relay, contact: Contact) -> None:
        """Move a relay that has been found."""
        found = self.contactors[relay]
        self.set(found.coil, is_energised=found.closes_energised == (contact == Contact.CLOSED))

    def make_safe(self) -> None:
        """Close R1, then R2 where they are known; put every other coil back as it was found.

        One line that fails does not keep the others from being tried.

        Raises:
            RelayError: a line did not take its level.
        """
        levels = dict(self.found)
        for relay in (Relay.R2, Relay.R1):
            if relay in self.contactors:
                found = self.contactors[relay]
                levels = {found.coil: found.closes_energised, **{c: v for c, v in levels.items() if c != found.coil}}
        failure: VigieError | None = None
        for coil, is_energised in levels.items():
            try:
                if self._bench.is_energised(coil) != is_energised:
                    self.set(coil, is_energised=is_energised)
            except VigieError as error:
                failure = error
        if failure is not None:
            raise failure

    def hold(self, seconds: float, floors: Mapping[int, float]) -> None:
        """Wait, watching.

        Raises:
            Sagged: a chip stayed under its floor.
        """
        clock = self._bench.clock
        began_s = clock.now_s()
        low = dict.fromkeys(floors, 0)
        while True:
            sweep = self._bench.sweep()
            for address, floor_v in floors.items():
                low[address] = low[address] + 1 if sweep[address].bus_v < floor_v else 0
                if low[address] >= _LOW_IN_A_ROW:
                    raise Sagged(address, sweep[address].bus_v, floor_v)
            now_s = clock.now_s()
            if self.on_watch is not None:
                self.on_watch(max(began_s + seconds - now_s, 0.0), sweep)
            if now_s - began_s >= seconds:
                return
            if now_s - began_s > _SETTLES_S and not any(low.values()):
                clock.sleep_until(now_s + _PAUSE_S)

    def floors(self, seen: Look) -> dict[int, float]:
        """Return the floor of every chip that has a voltage, while it is not known which one is the loads."""
        return {address: self._limits.load_floor_v for address, pins in seen.items() if pins.is_fed}

    def probe(self, coil: int) -> Probe:
        """Move a coil and leave it moved for the caller to judge, unless a voltage falls: then undo at once."""
        before = self.look()
        floors = self.floors(before)
        self.toggle(coil)
        began_s = self._bench.clock.now_s()
        try:
            self.hold(_SETTLES_S, floors)
            after = self.look()
            while self._effect(before, after) is Effect.NOTHING:
                if self._bench.clock.now_s() - began_s >= LONGEST_PROBE_S:
                    break
                self.hold(_SETTLES_S, floors)
                after = self.look()
        except Sagged:
            after = self._glance()
            self.toggle(coil)
            was_supplied = is_supplied(before, self._limits.supply_v)
            return Probe(before, after, Effect.MAINS_OPENED if was_supplied else Effect.BATTERY_OPENED, True)
        return Probe(before, after, self._effect(before, after), False)

    def recover(self, before: Look) -> None:
        """Wait until the loads are fed as before.

        Raises:
            Refused: they are not, within the settling time.
        """
        wanted = sources(before, self._limits.supply_v)
        self.await_sources(lambda fed_by: fed_by == wanted, f"as before ({wanted.name.lower()})")

    def await_sources(self, is_right: Callable[[Sources], bool], wanted: str) -> None:
        """Wait until what feeds the loads is right.

        Raises:
            Refused: it is not, within the settling time.
        """
        until_s = self._bench.clock.now_s() + self._limits.settling_s
        while True:
            seen = self.look()
            if is_right(sources(seen, self._limits.supply_v)):
                return
            if self._bench.clock.now_s() >= until_s:
                raise Refused(
                    f"the loads are not fed {wanted} {self._limits.settling_s:g} s after the move was undone "
                    f"({described(seen)}): the mains may have failed meanwhile; begin again when it is back"
                )
            self.hold(_SETTLES_S, {})

    def _effect(self, before: Look, after: Look) -> Effect:
        return effect(before, after, self._limits.supply_v)

    def _glance(self) -> Look:
        """Return one sweep, for when there is no time for a mean."""
        shunt_ohm = self._limits.shunt_ohm
        sweep = self._bench.sweep()
        return {address: Pins(one.bus_v, one.shunt_v / shunt_ohm, False) for address, one in sweep.items()}
