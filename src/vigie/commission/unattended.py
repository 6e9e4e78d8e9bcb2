"""A person who agrees to everything and knows the simulated installation: practice without hands, on the twin only."""

from collections.abc import Callable, Mapping

from vigie.commission.person import Topic
from vigie.control.signals import Channel
from vigie.plant.emulated_site import EmulatedSite

MULTIMETER_STEP_V = 0.01
"""Last digit of a common multimeter in its 20 V range."""
_METER = {Topic.BATTERY_V: Channel.BATTERY, Topic.CHARGE_V: Channel.CHARGE, Topic.LOAD_V: Channel.LOAD}


class Unattended:
    """Implements ``Person`` with the installation's own truth; says everything through ``say``."""

    def __init__(self, site: EmulatedSite, controller_supply: str, say: Callable[[str, bool], None]) -> None:
        """Answer for ``site``; ``controller_supply`` is ``loads`` or ``independent``."""
        self._site = site
        self._controller_supply = controller_supply
        self._say = say

    def begin(self, number: int, count: int, title: str, effect: str) -> None:
        self._say(f"{number}/{count} {title}. {effect}", False)

    def tell(self, text: str, *, is_weak: bool = False) -> None:
        self._say(text, is_weak)

    def agrees(self, topic: Topic, question: str) -> bool:
        del question
        if topic is Topic.MAINS:
            return self._site.has_mains()
        if topic is Topic.BYPASS_DIODE:
            return self._site.installation.settings.bypass_diode
        if topic is Topic.LEDS:
            return self._site.leds_follow_settings
        return True

    def choose(self, topic: Topic, question: str, options: Mapping[str, str]) -> str:
        del topic, question, options
        return self._controller_supply

    def number(self, topic: Topic, question: str, unit: str, meanwhile: Callable[[], None] | None) -> float:
        del question, unit
        if topic is Topic.CAPACITY:
            return self._site.installation.battery.parameters.c20_ah
        if meanwhile is not None:
            meanwhile()
        return round(self._site.multimeter_v(_METER[topic]) / MULTIMETER_STEP_V) * MULTIMETER_STEP_V
