"""A simulated installation in time: its world's clock, battery, contacts, and the computer of its controller."""

from math import inf
from typing import NamedTuple

from vigie.battery.step import BatteryState, resting
from vigie.battery.wells import state_of_charge
from vigie.control.signals import Channel, Contact, Contacts, Relay, Wiring
from vigie.hardware.meter import Capability
from vigie.hardware.relay_board import ContactKind
from vigie.plant import computer
from vigie.plant.air import Air
from vigie.plant.circuit import Circuit, Flows
from vigie.plant.circumstances import Circumstances, Fate, NoFate
from vigie.plant.computer import Computer, ComputerPhase, Darkness
from vigie.plant.meter_chips import METER_CHIPS, USUAL_METER
from vigie.plant.outages import Outages
from vigie.plant.site import ControllerSupply, InstallationSettings, chosen_battery
from vigie.units import SECONDS_PER_DAY

FORETOLD_S = 30 * SECONDS_PER_DAY
"""How far ahead a dark world is looked through for its end."""
_LONGEST_STEP_S = 10.0
_LONGEST_STEP_FORETOLD_S = 21_600.0
"""Nothing flows in the dark, and a battery at rest is solved exactly."""
_INSTANT_S = 0.01


class Node(NamedTuple):
    """True electrical values at a meter channel's pins."""

    bus_v: float
    """IN- to ground, behind the sense resistor where there is one."""
    shunt_v: float
    """IN+ to IN-: positive into the battery, positive into the loads."""


class WorldState(NamedTuple):
    """What a restarted program must find again."""

    now_s: float
    """Seconds since this world began; outages, faults and the time of day count from here."""
    battery: BatteryState
    contacts: Contacts
    loads_dropped: bool
    computer: Computer = computer.ALWAYS_UP


class Installation:
    """A simulated site, moved on by :meth:`advance_to` and switched by :meth:`set_contact`."""

    def __init__(self, settings: InstallationSettings, meter: Capability = METER_CHIPS[USUAL_METER].capability) -> None:
        """Begin a world at 0 s: R1 and R2 closed, battery rested at its start state of charge.

        Args:
            settings: the site.
            meter: takes its input currents through the resistor at V1.

        Raises:
            SettingsError: unknown battery model; outages or a course of the air that cannot be used.
        """
        self.settings = settings
        self._meter = meter
        self.battery = chosen_battery(settings.battery)
        self.fate: Fate = NoFate()
        """What befalls this installation beside its settings."""
        self._air = Air(settings.ambient)
        self._outages = Outages(settings.outages)
        self._longest_step_s = _LONGEST_STEP_S
        self._now_s = 0.0
        self._state = resting(settings.battery.start_soc, self._air.celsius(0.0))
        self._contacts = [Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN]
        self._moving: dict[Relay, tuple[float, Contact]] = {}
        """When a contact leaves how it stands, and how it stands until then."""
        self._loads_dropped = False
        self._computer = computer.ALWAYS_UP
        self._flows: tuple[Circumstances, Flows] | None = None

    @property
    def now_s(self) -> float:
        """Seconds since this world began."""
        return self._now_s

    @property
    def contacts(self) -> Contacts:
        """As the relays' lines have them; a contact at fault conducts otherwise."""
        return Contacts(*self._contacts)

    @property
    def temperature_c(self) -> float:
        """Battery temperature."""
        return self._state.temperature_c

    @property
    def ambient_c(self) -> float:
        """Temperature of the air around the battery."""
        return self._circuit().ambient_c

    @property
    def soc(self) -> float:
        """True state of charge, 0..1."""
        return state_of_charge(self._state.wells, self.battery.parameters.available_share)

    @property
    def has_mains(self) -> bool:
        """230 V before R1."""
        return self._circuit().has_mains

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
    def computer(self) -> Computer:
        """The controller's computer; one that is fed independently is always up."""
        return self._computer

    @property
    def state(self) -> WorldState:
        """What :meth:`restore` takes."""
        return WorldState(self._now_s, self._state, self.contacts, self._loads_dropped, self._computer)

    def restore(self, state: WorldState) -> None:
        """Go on from ``state``: its time, battery, contacts and computer."""
        self._outages = Outages(self.settings.outages)
        self._now_s = state.now_s
        self._state = state.battery
        self._contacts = list(state.contacts)
        self._moving.clear()
        self._loads_dropped = state.loads_dropped
        self._computer = state.computer
        self._flows = None

    def set_contact(self, relay: Relay, contact: Contact) -> None:
        """Move a contact, whose line reads as told at once; voltages and currents follow ``relay_operate_s`` later.

        Before its time runs the contacts of a world stand where they are put.
        """
        self._move(relay, contact)
        self._flows = None
        if self._circuit().has_supply:
            self._loads_dropped = False

    def advance_to(self, now_s: float) -> None:
        """Let the world run until ``now_s``; an instant that has passed is no step."""
        self._follow_computer()
        while self._now_s < now_s:
            ends_s = min(now_s, self._now_s + self._longest_step_s, self.next_change_s())
            circuit = self._circuit()
            step = circuit.step(self._state, ends_s - self._now_s)
            self._state = step.state
            if circuit.has_supply:
                self._loads_dropped = False
            elif circuit.is_backing and circuit.flows(step).load_v < self.settings.load.drop_out_v:
                self._loads_dropped = True
            self._now_s = ends_s
            self._flows = None
            self._arrive()
            self._follow_computer()

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

    def up_again_s(self) -> float:
        """Return when the controller's computer is up: now if it is, infinite if not within :data:`FORETOLD_S`.

        Found by letting a copy of this world run on without a controller.
        """
        ahead = Installation(self.settings)
        ahead.fate = self.fate
        ahead._longest_step_s = _LONGEST_STEP_FORETOLD_S
        ahead.restore(self.state)
        while not ahead.computer.is_up and ahead.now_s < self._now_s + FORETOLD_S:
            ahead.advance_to(min(ahead.now_s + _LONGEST_STEP_FORETOLD_S, ahead.next_change_s()))
        return ahead.now_s if ahead.computer.is_up else inf

    def darkness(self, up_again_s: float) -> Darkness | None:
        """Say how the controller's computer fares, given what :meth:`up_again_s` foretold; None while it is up."""
        if self._computer.is_up:
            return None
        is_booting = self._computer.phase == ComputerPhase.BOOTING
        lasted_s, ends_in_s = self._now_s - self._computer.died_s, max(up_again_s - self._now_s, 0.0)
        return Darkness(is_booting, lasted_s, ends_in_s, "" if is_booting else self._why_dark())

    def next_change_s(self) -> float:
        """Return when something next changes at a stroke: mains, a fault, a contact that arrives, the computer."""
        now_s = self._now_s
        by_itself_s = computer.next_change_s(self._computer, self.settings)
        arrives_s = min((at_s for at_s, _ in self._moving.values()), default=inf)
        return min(self._outages.next_change_s(now_s), self.fate.next_change_s(now_s), by_itself_s, arrives_s)

    def _circuit(self) -> Circuit:
        circumstances = self.fate.at(self._now_s)
        return Circuit(
            self.settings,
            self.battery,
            circumstances,
            circumstances.ambient_c.on(self._air.celsius(self._now_s)),
            circumstances.has_mains and not self._outages.is_out(self._now_s),
            self._conducts(Relay.R1, circumstances),
            self._conducts(Relay.R2, circumstances),
            self._loads_dropped,
        )

    def _conducts(self, relay: Relay, circumstances: Circumstances) -> bool:
        if self._computer.is_bridged:
            return True
        if relay in circumstances.dead:
            return False
        stands = self._moving[relay][1] if relay in self._moving else self._contacts[relay]
        return relay in circumstances.welded or stands == Contact.CLOSED

    def _move(self, relay: Relay, contact: Contact) -> None:
        operate_s = self.settings.relay_operate_s if self._now_s > 0.0 else 0.0
        if operate_s > 0.0 and self._contacts[relay] != contact and relay not in self._moving:
            self._moving[relay] = (self._now_s + operate_s, self._contacts[relay])
        elif relay in self._moving and self._moving[relay][1] == contact:  # told back before it went
            del self._moving[relay]
        self._contacts[relay] = contact

    def _arrive(self) -> None:
        for relay in [relay for relay, (at_s, _) in self._moving.items() if at_s <= self._now_s]:
            del self._moving[relay]

    def _follow_computer(self) -> None:
        if self.settings.controller_supply == ControllerSupply.INDEPENDENT:
            return
        while True:
            after = computer.follow(self._computer, self.loads_are_powered, self._now_s, self.settings)
            if after == self._computer:
                return
            has_died = after.deaths > self._computer.deaths
            self._computer = after
            self._flows = None
            if has_died:
                self._drop_coils()

    def _drop_coils(self) -> None:
        for relay, kind in ((Relay.R1, self.settings.r1_contact), (Relay.R2, self.settings.r2_contact)):
            self._move(relay, Contact.CLOSED if kind == ContactKind.NC else Contact.OPEN)
        self._contacts[Relay.R3] = self._contacts[Relay.R4] = Contact.OPEN

    def _why_dark(self) -> str:
        circuit = self._circuit()
        causes = []
        if not circuit.has_mains:
            causes.append("the mains is away")
        if not circuit.r1_conducts:
            causes.append("R1 does not conduct")
        if self.settings.wiring == Wiring.LINE and not circuit.r2_conducts and not self.settings.bypass_diode:
            causes.append("R2 does not conduct")
        if self._loads_dropped:
            causes.append("the battery could not carry the loads")
        if circuit.circumstances.is_battery_open:
            causes.append("the battery is open inside")
        return ", ".join(causes)

    def _present(self) -> Flows:
        circumstances = self.fate.at(self._now_s)
        if self._flows is None or self._flows[0] != circumstances:
            circuit = self._circuit()
            self._flows = circumstances, circuit.flows(circuit.step(self._state, _INSTANT_S))
        return self._flows[1]

    def _behind_sense_resistor(self, true_v: float) -> float:
        """Return what reaches the pin: input resistance and both bias currents flow through the resistor."""
        sense_ohm = self.settings.sense_ohm
        return max((true_v - sense_ohm * self._meter.bias_a) / (1.0 + sense_ohm / self._meter.input_ohm), 0.0)
