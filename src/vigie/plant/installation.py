"""The electricity of a simulated installation: mains, charger, supply, loads, contacts and battery.

Here the battery's own sign (positive on discharge) ends: what leaves this module has the product's
sign, positive into the battery and positive into the loads.
"""

from math import pi, sin, sqrt
from typing import NamedTuple

from vigie.battery.charge import Charger
from vigie.battery.step import (
    BatteryState,
    BatteryStep,
    load_current_a,
    resting,
    step_at_current,
    step_on_charger,
)
from vigie.battery.wells import state_of_charge
from vigie.control.signals import Channel, Contact, Contacts, Relay, Wiring
from vigie.plant.outages import Outages
from vigie.plant.site import InstallationSettings, chosen_battery
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

_LONGEST_STEP_S = 10.0
_INSTANT_S = 0.01
_METER_INPUT_OHM = 320e3
_METER_BIAS_A = 40e-6


class Node(NamedTuple):
    """True electrical values at a meter channel's pins."""

    bus_v: float
    """IN- to ground, behind the sense resistor where there is one."""
    shunt_v: float
    """IN+ to IN-: positive into the battery, positive into the loads."""


class WorldState(NamedTuple):
    """What a restarted program must find again."""

    now_s: float
    """Seconds since this world began; outages and the time of day count from here."""
    battery: BatteryState
    contacts: Contacts
    loads_dropped: bool


class _Flows(NamedTuple):
    battery_v: float
    into_battery_a: float
    through_v2_a: float
    load_v: float
    load_a: float


class Installation:
    """A simulated site, moved on by :meth:`advance_to` and switched by :meth:`set_contact`."""

    def __init__(self, settings: InstallationSettings) -> None:
        """Begin a world at 0 s: R1 and R2 closed, battery rested at its start state of charge.

        Raises:
            SettingsError: unknown battery model, outages that cannot be used.
        """
        self.settings = settings
        self.battery = chosen_battery(settings.battery)
        self._outages = Outages(settings.outages)
        self._now_s = 0.0
        self._state = resting(settings.battery.start_soc, self.ambient_c)
        self._contacts = [Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN]
        self._loads_dropped = False
        self._flows: _Flows | None = None

    @property
    def now_s(self) -> float:
        """Seconds since this world began."""
        return self._now_s

    @property
    def contacts(self) -> Contacts:
        return Contacts(*self._contacts)

    @property
    def temperature_c(self) -> float:
        """Battery temperature."""
        return self._state.temperature_c

    @property
    def ambient_c(self) -> float:
        ambient = self.settings.ambient
        hour = self._now_s % SECONDS_PER_DAY / SECONDS_PER_HOUR
        return ambient.mean_c + ambient.swing_c * sin((hour - 9.0) * pi / 12.0)

    @property
    def soc(self) -> float:
        """True state of charge, 0..1."""
        return state_of_charge(self._state.wells, self.battery.parameters.available_share)

    @property
    def has_mains(self) -> bool:
        """230 V before R1."""
        return not self._outages.is_out(self._now_s)

    @property
    def battery_v(self) -> float:
        """True voltage at the battery's terminals."""
        return self._present().battery_v

    @property
    def battery_current_a(self) -> float:
        """True current, positive INTO the battery."""
        return self._present().into_battery_a

    @property
    def loads_are_powered(self) -> bool:
        """Whether the 12 V equipment, and a controller that lives on it, has its voltage."""
        return self._present().load_v >= self.settings.load.drop_out_v

    @property
    def state(self) -> WorldState:
        """What :meth:`restore` takes."""
        return WorldState(self._now_s, self._state, self.contacts, self._loads_dropped)

    def restore(self, state: WorldState) -> None:
        """Go on from ``state``: its time, battery and contacts."""
        self._outages = Outages(self.settings.outages)
        self._now_s = state.now_s
        self._state = state.battery
        self._contacts = list(state.contacts)
        self._loads_dropped = state.loads_dropped
        self._flows = None

    def set_contact(self, relay: Relay, contact: Contact) -> None:
        """Move a contact; voltages and currents follow at once."""
        self._contacts[relay] = contact
        self._flows = None
        if self._has_supply:
            self._loads_dropped = False

    def advance_to(self, now_s: float) -> None:
        """Let the world run until ``now_s``; an instant that has passed is no step."""
        while self._now_s < now_s:
            ends_s = min(now_s, self._now_s + _LONGEST_STEP_S, self._outages.next_change_s(self._now_s))
            step = self._step(ends_s - self._now_s)
            self._state = step.state
            if self._has_supply:
                self._loads_dropped = False
            elif self._is_backing and self._flows_after(step).load_v < self.settings.load.drop_out_v:
                self._loads_dropped = True
            self._now_s = ends_s
            self._flows = None

    def node(self, channel: Channel) -> Node:
        """Return the true values at the pins of ``channel``; the spare channel is at 0 V."""
        flows = self._present()
        shunt_ohm = self.settings.shunt_ohm
        if channel == Channel.BATTERY:
            return Node(self._behind_sense_resistor(flows.battery_v), 0.0)
        if channel == Channel.CHARGE:
            return Node(flows.battery_v, flows.through_v2_a * shunt_ohm)
        if channel == Channel.LOAD:
            return Node(flows.load_v, flows.load_a * shunt_ohm)
        return Node(0.0, 0.0)

    @property
    def _has_supply(self) -> bool:
        return self._contacts[Relay.R1] == Contact.CLOSED and self.has_mains

    @property
    def _is_backing(self) -> bool:
        """The battery feeds the loads (the supply being away)."""
        is_connected = self.settings.wiring == Wiring.CHARGE_ONLY or self._contacts[Relay.R2] == Contact.CLOSED
        return is_connected and not self._loads_dropped

    @property
    def _backup_ohm(self) -> float:
        """From the battery's terminals to the loads."""
        settings = self.settings
        through_v2_ohm = settings.shunt_ohm if settings.wiring == Wiring.LINE else 0.0
        return settings.charger.line_ohm + settings.charger.changeover_ohm + settings.shunt_ohm + through_v2_ohm

    def _step(self, dt_s: float) -> BatteryStep:
        settings = self.settings
        if self._has_supply and self._contacts[Relay.R2] == Contact.CLOSED:
            line_ohm = settings.charger.line_ohm + settings.shunt_ohm
            charger = Charger(settings.charger.set_v, settings.charger.limit_a, line_ohm)
            return step_on_charger(self.battery, self._state, charger, self.ambient_c, dt_s)
        current_a = 0.0
        if not self._has_supply and self._is_backing:
            load = settings.load
            current_a = load_current_a(self.battery, self._state, load.current_a, load.power_w, self._backup_ohm)
        return step_at_current(self.battery, self._state, current_a, self.ambient_c, dt_s)

    def _present(self) -> _Flows:
        if self._flows is None:
            self._flows = self._flows_after(self._step(_INSTANT_S))
        return self._flows

    def _flows_after(self, step: BatteryStep) -> _Flows:
        settings = self.settings
        if self._has_supply:
            load_v, load_a = self._on_supply()
            into_battery_a = 0.0 - step.current_a
            return _Flows(step.voltage_v, into_battery_a, into_battery_a, load_v, load_a)
        if not self._is_backing:
            return _Flows(step.voltage_v, 0.0, 0.0, 0.0, 0.0)
        load_a = step.current_a
        load_v = max(step.voltage_v - load_a * self._backup_ohm, 0.0)
        through_v2_a = -load_a if settings.wiring == Wiring.LINE else 0.0
        return _Flows(step.voltage_v, -load_a, through_v2_a, load_v, load_a)

    def _on_supply(self) -> tuple[float, float]:
        """Return voltage and current at the loads on the supply."""
        load, shunt_ohm = self.settings.load, self.settings.shunt_ohm
        open_v = self.settings.supply_v - load.current_a * shunt_ohm
        load_v = 0.5 * (open_v + sqrt(max(open_v * open_v - 4.0 * load.power_w * shunt_ohm, 0.0)))
        return load_v, (self.settings.supply_v - load_v) / shunt_ohm

    def _behind_sense_resistor(self, true_v: float) -> float:
        """Return what reaches the pin: input resistance and both bias currents flow through the resistor."""
        sense_ohm = self.settings.sense_ohm
        return max((true_v - sense_ohm * _METER_BIAS_A) / (1.0 + sense_ohm / _METER_INPUT_OHM), 0.0)
