"""The coils, moved one at a time and never without watching every chip that has a voltage."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from vigie.commission.known import CommissioningRefused, Contactor, Limits
from vigie.commission.looking import Effect, Look, Sources, described, effect, is_supplied, look, seen_once, sources
from vigie.control.signals import Contact, Reading, Relay
from vigie.errors import VigieError
from vigie.plant.bench import Bench
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

LONGEST_PROBE_S = 3.0
_SETTLES_S = 0.3
"""Contacts bounce and supplies swing this long."""
_LOW_IN_A_ROW = 3
"""Sweeps, some 20 ms on real boards: a change-over may dip for less."""
_AT_ONCE_S = 0.05
"""After a move every sweep counts; later on one every ``_PAUSE_S`` does, until one is low."""
_PAUSE_S = 0.02

Floors = Mapping[int, float]
"""Volts by chip."""


class Sagged(Exception):
    """A chip stayed under its floor; ``sweep`` is what all of them showed then."""

    def __init__(self, address: int, floor_v: float, sweep: Mapping[int, Reading]) -> None:
        super().__init__(
            spoken(
                "{chip} fell to {volts:.2f} V, under {floor_v:.1f} V",
                chip=f"0x{address:02x}",
                volts=sweep[address].bus_v,
                floor_v=floor_v,
            )
        )
        self.sweep = sweep


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
        self.candidates = self.fitted[:2]
        """Those of R1 and R2 unless somebody took others; further ones may hold what nobody knows of."""
        self.found = {coil: bench.is_energised(coil) for coil in self.fitted}
        self.contactors: dict[Relay, Contactor] = {}
        self.on_watch: Callable[[float, Mapping[int, Reading]], None] | None = None
        """Told of (seconds to go, newest sweep) during a wait."""
        self.on_move: Callable[[Mapping[str, bool]], None] | None = None
        """Told, before a coil moves, which lines to energise or release should this process die."""
        self._floors: Floors = {}
        self._low: dict[int, int] = {}

    def look(self) -> Look:
        """Return what all chips show now.

        Raises:
            Sagged: something is moved, and a chip stayed under its floor meanwhile.
        """
        return look(self._sweep, self._limits.shunt_ohm)

    def hold(self, seconds: float) -> None:
        """Wait; raises as :meth:`look`."""
        clock = self._bench.clock
        began_s = clock.now_s()
        while True:
            sweep = self._sweep()
            now_s = clock.now_s()
            if self.on_watch is not None:
                self.on_watch(max(began_s + seconds - now_s, 0.0), sweep)
            if now_s - began_s >= seconds:
                return
            if now_s - began_s > _AT_ONCE_S and not any(self._low.values()):
                clock.sleep_until(now_s + _PAUSE_S)

    def sources(self) -> Sources:
        """Tell what feeds the loads now."""
        return sources(self.look(), self._limits.supply_v)

    def floors(self, seen: Look) -> Floors:
        """Return the floor of every chip that has a voltage, while it is not known which one is the loads."""
        return {address: self._limits.load_floor_v for address, pins in seen.items() if pins.is_fed}

    def identify(self, relay: Relay, found: Contactor) -> None:
        """Remember what closes a relay's contact: from now on that is its safe state."""
        self.contactors[relay] = found
        self._announce()

    def toggle(self, coil: int) -> None:
        """Energise a released coil, or release an energised one."""
        self._set(coil, is_energised=not self._bench.is_energised(coil))

    def close(self, relay: Relay) -> None:
        """Close the contact of a relay that has been found."""
        self._move(relay, Contact.CLOSED)

    @contextmanager
    def opened(self, relay: Relay, floors: Floors) -> Iterator[None]:
        """Have a relay that has been found open while the body runs, under watch; it closes however the body ends."""
        self._watch(floors)
        try:
            self._move(relay, Contact.OPEN)
            yield
        finally:
            self._watch({})
            self._move(relay, Contact.CLOSED)

    def probe(self, coil: int) -> Probe:
        """Move a coil and leave it moved for the caller to judge, unless a voltage falls: then undo at once."""
        before = self.look()
        self._watch(self.floors(before))
        self.toggle(coil)
        until_s = self._bench.clock.now_s() + LONGEST_PROBE_S
        seen = Effect.NOTHING
        try:
            while seen is Effect.NOTHING and self._bench.clock.now_s() < until_s:
                self.hold(_SETTLES_S)
                after = self.look()
                seen = effect(before, after, self._limits.supply_v)
        except Sagged as sag:
            self.toggle(coil)
            after = seen_once(sag.sweep, self._limits.shunt_ohm)
            was_supplied = is_supplied(before, self._limits.supply_v)
            return Probe(before, after, Effect.MAINS_OPENED if was_supplied else Effect.BATTERY_OPENED, True)
        finally:
            self._watch({})
        return Probe(before, after, seen, False)

    def recover(self, before: Look) -> None:
        """Wait until the loads are fed as before.

        Raises:
            Refused: they are not, within the settling time.
        """
        self.await_sources(sources(before, self._limits.supply_v))

    def await_sources(self, wanted: Sources) -> None:
        """Wait until the loads are fed as ``wanted``.

        Raises:
            Refused: they are not, within the settling time.
        """
        until_s = self._bench.clock.now_s() + self._limits.settling_s
        while True:
            seen = self.look()
            if sources(seen, self._limits.supply_v) == wanted:
                return
            if self._bench.clock.now_s() >= until_s:
                raise CommissioningRefused(
                    spoken(
                        "the loads should be fed by {wanted} and are not, after {settling_s:g} s ({seen}): the mains "
                        "may have failed meanwhile; begin again when it is back",
                        wanted=wanted.said,
                        settling_s=self._limits.settling_s,
                        seen=described(seen),
                    )
                )
            self.hold(_SETTLES_S)

    def make_safe(self) -> None:
        """Close R1, then R2 where they are known; put every other coil back as it was found.

        One line that fails does not keep the others from being tried.

        Raises:
            RelayError: a line did not take its level.
        """
        self._watch({})
        failure: VigieError | None = None
        for coil, is_energised in self._safe_states().items():
            try:
                if self._bench.is_energised(coil) != is_energised:
                    self._set(coil, is_energised=is_energised)
            except VigieError as error:
                failure = error
        if failure is not None:
            raise failure

    def described(self) -> str:
        """Say how the contacts stand."""
        said = []
        for relay, found in sorted(self.contactors.items()):
            is_closed = self._bench.is_energised(found.coil) == found.closes_energised
            text = mark("{relay} is closed") if is_closed else mark("{relay} is open")
            said.append(spoken(text, relay=relay.name))
        for coil, was_energised in self._others().items():
            if self._bench.is_energised(coil) != was_energised:
                said.append(spoken("the relay at {line} is moved", line=self._bench.lines[coil]))
        return ", ".join([*said, spoken("all others are as they were found")])

    def _set(self, coil: int, *, is_energised: bool) -> None:
        self._announce()
        if is_energised:
            self._bench.energise(coil)
        else:
            self._bench.release(coil)

    def _move(self, relay: Relay, contact: Contact) -> None:
        found = self.contactors[relay]
        self._set(found.coil, is_energised=found.closes_energised == (contact == Contact.CLOSED))

    def _watch(self, floors: Floors) -> None:
        self._floors = floors
        self._low = dict.fromkeys(floors, 0)

    def _sweep(self) -> Mapping[int, Reading]:
        sweep = self._bench.sweep()
        for address, floor_v in self._floors.items():
            self._low[address] = self._low[address] + 1 if sweep[address].bus_v < floor_v else 0
            if self._low[address] >= _LOW_IN_A_ROW:
                raise Sagged(address, floor_v, sweep)
        return sweep

    def _safe_states(self) -> dict[int, bool]:
        """Return what each coil should be, in the order of moving: R1, R2, then those as they were found."""
        known = [self.contactors[relay] for relay in (Relay.R1, Relay.R2) if relay in self.contactors]
        return {**{found.coil: found.closes_energised for found in known}, **self._others()}

    def _others(self) -> dict[int, bool]:
        taken = {found.coil for found in self.contactors.values()}
        return {coil: is_energised for coil, is_energised in self.found.items() if coil not in taken}

    def _announce(self) -> None:
        if self.on_move is not None:
            self.on_move({self._bench.lines[coil]: state for coil, state in self._safe_states().items()})
