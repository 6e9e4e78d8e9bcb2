"""What befalls a simulated installation from outside its settings: the door faults come in by."""

from math import inf
from typing import NamedTuple, Protocol

from vigie.control.signals import Relay


class Pull(NamedTuple):
    """How far a quantity has been drawn from its own value towards another."""

    towards: float
    share: float
    """0 its own value .. 1 the other."""

    def on(self, own: float) -> float:
        """Return what becomes of ``own``.

        >>> Pull(55.0, 0.5).on(25.0)
        40.0
        """
        return own + self.share * (self.towards - own)


_OWN = Pull(0.0, 0.0)


class Circumstances(NamedTuple):
    """How things stand at an instant; the defaults leave the installation as its settings have it."""

    has_mains: bool = True
    """False: the 230 V is away, whatever the outages say."""
    ambient_c: Pull = _OWN
    charger_set_v: Pull = _OWN
    load_a: Pull = _OWN
    """All that the loads draw, constant power included."""
    is_charger_dead: bool = False
    is_cell_shorted: bool = False
    is_battery_open: bool = False
    """A cell is broken through: no current in or out."""
    welded: frozenset[Relay] = frozenset()
    """Contacts that conduct whatever their coils do."""
    dead: frozenset[Relay] = frozenset()
    """Contacts that never conduct."""


SOUND = Circumstances()


class Fate(Protocol):
    """What the installation asks at each of its steps, in its own seconds."""

    def at(self, now_s: float) -> Circumstances:
        """Return how things stand at ``now_s``."""
        ...

    def next_change_s(self, now_s: float) -> float:
        """Return when a thing next begins or ends after ``now_s``; infinite when never."""
        ...


class NoFate:
    """Nothing happens."""

    def at(self, now_s: float) -> Circumstances:
        del now_s
        return SOUND

    def next_change_s(self, now_s: float) -> float:
        del now_s
        return inf
