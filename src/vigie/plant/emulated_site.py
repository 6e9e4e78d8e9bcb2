"""A simulated installation behind emulated boards: the real drivers run on it as on a real one."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

from vigie.clock import Clock
from vigie.control.signals import Channel, Relay
from vigie.hardware.emulated.boards import EmulatedBoards, build_emulated_boards
from vigie.hardware.relay_board import ContactKind
from vigie.plant.installation import Installation, Node
from vigie.plant.meter_chips import METER_CHIPS
from vigie.plant.miswired import MiswiringSettings, TrueContact, TruePolarity
from vigie.plant.rig import RigSettings, contact_at, relay_wiring

BUS_NOISE_V = 0.001
SHUNT_NOISE_V = 5e-6
"""Standard deviation of what a real meter adds; one that never moves by a bit is taken for a broken one."""


class EmulatedSite:
    """The emulated boards of an installation, its lines and pins joined as they truly are."""

    def __init__(
        self,
        installation: Installation,
        settings: RigSettings,
        miswiring: MiswiringSettings,
        clock: Clock,
        levels_file: Path | None = None,
    ) -> None:
        """Put boards before ``installation``, whose world begins now; its contacts follow the lines as they stand.

        Args:
            installation: what the pins feel and the contacts move.
            settings: the relay board and, where ``miswiring`` does not say otherwise, its wiring.
            miswiring: what is different.
            clock: time of the installation and of the chips.
            levels_file: keeps the lines' levels through the end of the process.

        Raises:
            SettingsError: R1 or R2 has no line, or two relays have the same.
        """
        self.installation = installation
        self._miswiring = miswiring
        self._settings = settings
        self._truth = true_settings(settings, miswiring)
        self._clock = clock
        self._random = random.Random(1)  # noqa: S311 - noise, not secrets
        self._one_at_a_time = threading.Lock()  # the bus thread reads while the loop switches
        self._lag_s = clock.now_s() - installation.now_s
        self.boards: EmulatedBoards = build_emulated_boards(
            [self._pins(channel) for channel in miswiring.channels],
            METER_CHIPS[settings.meter].emulation,
            levels_file=levels_file,
            on_level_change=self._move,
            monotonic_s=clock.now_s,
            sleep=lambda seconds: clock.sleep_until(clock.now_s() + seconds),
        )
        if miswiring.absent_address in self.boards.bus.chips:
            self.boards.bus.chips[miswiring.absent_address].is_absent = True
        for relay in relay_wiring(self._truth):
            if relay.line in self.boards.gpio.names:  # the driver tells of a line that is not there
                self._move(relay.line, self.boards.gpio.is_high(relay.line))

    def celsius(self) -> float:
        """Return the battery's temperature."""
        with self._one_at_a_time:
            return self.installation.temperature_c

    def ambient_celsius(self) -> float:
        """Return the temperature of the air."""
        with self._one_at_a_time:
            return self.installation.ambient_c

    def multimeter_v(self, channel: Channel) -> float:
        """Return what a multimeter shows: at the battery's poles for V1, else between the channel's IN- and GND."""
        with self._one_at_a_time:
            self._catch_up()
            return self.installation.battery_v if channel == Channel.BATTERY else self._node(channel).bus_v

    @property
    def leds_follow_settings(self) -> bool:
        """Whether a coil is energised, and its LED lit, at the level that the settings say."""
        return self._truth.relay_is_active_high == self._settings.relay_is_active_high

    def has_mains(self) -> bool:
        """Return whether 230 V stands before R1."""
        with self._one_at_a_time:
            self._catch_up()
            return self.installation.has_mains

    def _catch_up(self) -> None:
        self.installation.advance_to(self._clock.now_s() - self._lag_s)

    def _move(self, line: str, is_high: bool) -> None:
        moved = contact_at(self._truth, line, is_high)
        if moved is not None:
            with self._one_at_a_time:
                self._catch_up()
                self.installation.set_contact(*moved)

    def _pins(self, channel: Channel) -> Callable[[], tuple[float, float]]:
        def read() -> tuple[float, float]:
            with self._one_at_a_time:
                self._catch_up()
                node, gauss = self._node(channel), self._random.gauss
                return node.bus_v + gauss(0.0, BUS_NOISE_V), node.shunt_v + gauss(0.0, SHUNT_NOISE_V)

        return read

    def _node(self, channel: Channel) -> Node:
        node = self.installation.node(channel)
        site = self.installation.settings
        if channel == Channel.BATTERY and self._miswiring.sense_is_load and site.sense_ohm > 0.0:
            battery_v = self.installation.battery_v
            return Node(battery_v, battery_v / site.sense_ohm * site.shunt_ohm)
        is_reversed = {Channel.CHARGE: self._miswiring.charge_reversed, Channel.LOAD: self._miswiring.load_reversed}
        if is_reversed.get(channel, False):  # the bus voltage is taken at IN-, now the shunt's other end
            return Node(node.bus_v + node.shunt_v, -node.shunt_v)
        return node


def true_settings(settings: RigSettings, miswiring: MiswiringSettings) -> RigSettings:
    """Return ``settings`` with the lines, the contacts and the polarity that R1 and R2 really have.

    Raises:
        SettingsError: R1 or R2 has no line, or two relays have the same.
    """
    if miswiring.relays_swapped:
        boards = relay_wiring(settings._replace(r1_line="", r2_line=""))
        settings = settings._replace(r1_line=boards[Relay.R2].line, r2_line=boards[Relay.R1].line)
    if miswiring.r1_contact != TrueContact.AS_SET:
        settings = settings._replace(r1_contact=ContactKind(miswiring.r1_contact))
    if miswiring.r2_contact != TrueContact.AS_SET:
        settings = settings._replace(r2_contact=ContactKind(miswiring.r2_contact))
    if miswiring.relays_active != TruePolarity.AS_SET:
        settings = settings._replace(relay_is_active_high=miswiring.relays_active == TruePolarity.HIGH)
    return settings
