"""Who stands before the installation: asked before anything moves, free to stop at any question."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Protocol

from vigie.errors import VigieError


class Topic(Enum):
    """What a question is about, so that a script can answer it."""

    GO_ON = "go_on"
    """A step has said what it will do: shall it?"""
    MAINS = "mains"
    """Is there 230 V before R1?"""
    CONTROLLER_SUPPLY = "controller_supply"
    BYPASS_DIODE = "bypass_diode"
    """Does a diode stand across the battery contact?"""
    LEDS = "leds"
    """Do the relay board's LEDs show what the lines should do?"""
    CAPACITY = "capacity_ah"
    BLINK = "blink"
    """May the loads lose their voltage for some milliseconds?"""
    SPARE_RELAYS = "spare_relays"
    """May the third and fourth relay be moved too?"""
    BATTERY_V = "battery_v"
    CHARGE_V = "charge_v"
    LOAD_V = "load_v"


class Stopped(VigieError):
    """The person, a signal or an answer ended the commissioning; the text says how the contacts were left."""


class Person(Protocol):
    """Port to the person. Each method that asks may raise :class:`Stopped`."""

    def begin(self, number: int, count: int, title: str, effect: str) -> None:
        """Show a step and what it will do to the loads."""
        ...

    def tell(self, text: str, *, is_weak: bool = False) -> None:
        """Show a finding or a reason; ``is_weak`` marks what should be looked at."""
        ...

    def agrees(self, topic: Topic, question: str) -> bool:
        """Ask yes or no. Only asked while nothing is moved."""
        ...

    def choose(self, topic: Topic, question: str, options: Mapping[str, str]) -> str:
        """Ask for one key of ``options``, whose values explain them."""
        ...

    def number(self, topic: Topic, question: str, unit: str, meanwhile: Callable[[], None] | None) -> float:
        """Ask for a number; ``meanwhile`` is called again and again until it comes: it watches, and may raise."""
        ...
