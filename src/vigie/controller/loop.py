"""The control loop: read, decide, switch, tell; once per period; it waits for nothing but the plant."""

import math
import threading
from collections.abc import Callable, Sequence

from vigie.clock import Clock, cpu_s
from vigie.control import steadiness, supervisor
from vigie.control.alarms.catalogue import Alarm
from vigie.control.between_periods import has_fallen, hurried_sweeps, is_watched
from vigie.control.commands import Mains, Mode, Reason
from vigie.control.estimation.estimate import BatteryEstimate
from vigie.control.filtering import (
    ChannelsSettings,
    FilterSettings,
    initial_filter_state,
    summarise,
    sweep_interval_s,
)
from vigie.control.interlocks import Latch
from vigie.control.modes.table import is_by_hand
from vigie.control.signals import (
    Contact,
    Contacts,
    Measurement,
    Reading,
    Relay,
    Status,
    Sweep,
    Temperature,
)
from vigie.control.supervisor import Action, Decision, Order, State
from vigie.controller.beat import Beat, LoopSettings
from vigie.controller.bus import BusReading, BusThread
from vigie.controller.chronicle import Chronicle, moved, words_of
from vigie.controller.estimator import Estimator
from vigie.controller.inbox import Inbox, Pending, lateness
from vigie.controller.lookout import UNKNOWN_MACHINE, Lookout, LookoutSettings, Machine, Seen
from vigie.controller.orders import Obeyed, answer_of, answered, order_of
from vigie.controller.period import NO_PAST, Past, Witness
from vigie.errors import PowerLost, VigieError
from vigie.plant.port import Plant
from vigie.telemetry.alarm_book import Instant
from vigie.telemetry.events import (
    MAINS,
    ControllerStarted,
    ControllerStopped,
    FaultFacts,
    Happening,
    HoldOff,
    ModeMoved,
)
from vigie.telemetry.records import Event, PeriodRecord
from vigie.telemetry.report import Counters, Period

__all__ = ["Loop", "LoopSettings"]

ACKNOWLEDGEMENT = Order(Action.ACKNOWLEDGE, Mode.OBSERVE, Relay.R1, Contact.CLOSED, 0.0)
TOO_HOT = Alarm.BATTERY_TOO_HOT.name.lower()
"""The alarm whose acknowledgement the interlock's latch waits for, too."""
FAILED_READING = Reading(math.nan, math.nan, int(Status.FAILED))
FAILED_SWEEP = Sweep(FAILED_READING, FAILED_READING, FAILED_READING, FAILED_READING)


class Loop:
    """Owns the supervisor's state; everything else is handed in."""

    def __init__(
        self,
        plant: Plant,
        clock: Clock,
        inbox: Inbox,
        witnesses: Sequence[Witness],
        *,
        channels: ChannelsSettings,
        filtering: FilterSettings,
        lookout: LookoutSettings,
        rhythm: LoopSettings,
        machine: Callable[[], Machine] = lambda: UNKNOWN_MACHINE,
        past: Past = NO_PAST,
    ) -> None:
        """Adopt the contacts as they are.

        Args:
            plant: the installation.
            clock: the plant's time.
            inbox: where commands come in.
            witnesses: told of every period and event, in this order.
            channels: calibration and plausibility.
            filtering: of the sweeps.
            lookout: checked settings of supervisor and alarms.
            rhythm: period and deadline.
            machine: what is known of the computer; asked once a period, must be quick.
            past: what is known of the time before this start.

        Raises:
            HardwareError: the contacts cannot be read.
        """
        self._plant = plant
        self._clock = clock
        self._inbox = inbox
        self._witnesses = tuple(witnesses)
        self._channels = channels
        self._filtering = filtering
        self._control = control = lookout.control
        self._machine = machine
        self._bus = BusThread(
            plant,
            clock,
            filtering.sweeps,
            sweep_interval_s(filtering, rhythm.period_s),
            hurried_sweeps=hurried_sweeps(filtering.sweeps, filtering.least_good),
            has_fallen=lambda charge, load: has_fallen(charge, load, channels, control.mains),
        )
        self._beat = Beat(clock, self._bus, rhythm)
        self._chronicle = Chronicle()
        self._filter_state = initial_filter_state()
        self._mode_by = past.mode_by
        self._moved_by: dict[Relay, str] = {}
        contacts = plant.read_contacts()
        r1_open_s = 0.0
        if contacts.r1 == Contact.OPEN:  # with no record of when it opened, the drill has lasted long enough
            r1_open_s = control.interlocks.longest_drill_s
            if past.r1_opened_utc_s is not None:
                r1_open_s = max(clock.utc_s() - past.r1_opened_utc_s, 0.0)
        latch = Latch(past.is_over_temperature, False, 0)
        age_s = clock.utc_s() - past.hold_off_utc_s
        known = steadiness.at_start(past.hold_off_s, age_s, past.was_stopped, control.mains)
        self._state = supervisor.adopted(contacts, past.mode, clock.now_s(), r1_open_s, latch, known)
        self._commanded = contacts
        self._bus.is_watched = is_watched(contacts.r2, control.wiring)
        at = self._at(clock.now_s())
        self._lookout = Lookout(lookout, past, at)
        self._estimator = Estimator(lookout.estimation, past, at, self._lookout.emptied_v)
        self._counters = Counters(0, 0, 0, 0.0, (0, 0, 0, 0), past.switchings)
        self._has_thermometer = False
        self._has_ambient = False

    @property
    def state(self) -> State:
        """The supervisor's state after the last period."""
        return self._state

    def run(self, stop: threading.Event) -> None:
        """Run periods until ``stop`` is set; leaves every contact as it is.

        An end without a STOP event in the journal was none on purpose.
        """
        mode = self._state.plan.mode
        self._tell(ControllerStarted(self._plant.name, mode, self._known_contacts(), self._hold_off()))
        due_s, is_hurried = self._clock.now_s(), False
        try:
            while not stop.is_set():
                self.run_period(due_s, is_hurried=is_hurried)
                missed = self._beat.ended()
                self._counters = self._counters._replace(overruns=self._counters.overruns + missed)
                due_s, is_hurried = self._beat.wait()
            self._tell(ControllerStopped(self._state.plan.mode))
        finally:
            self._bus.close()

    def run_period(self, due_s: float = math.inf, *, is_hurried: bool = False) -> Period:
        """Run one period: read, decide, switch, tell, answer.

        Args:
            due_s: when it was due to begin; now by default.
            is_hurried: a reading has begun it, and its sweeps follow each other at once.
        """
        began_cpu_s = cpu_s()
        reading, (contacts, relays_are_read) = self._read_bus(due_s, is_hurried), self._read_contacts()
        self._filter_state, measurement = summarise(
            self._filter_state,
            reading.sweeps,
            reading.temperature,
            reading.ambient,
            contacts,
            self._clock.now_s(),
            self._channels,
            self._filtering,
            reading.is_hurried,
        )
        if not relays_are_read:
            measurement = measurement._replace(is_valid=False)
        measurement, believed = self._estimator.period(measurement)
        before = self._state
        obeyed = [self._obey(pending, measurement.now_s) for pending in self._inbox.take()]
        self._state, decision = supervisor.step(self._state, measurement, self._control)
        self._tell_mode(before)
        self._tell_all(self._chronicle.latch(self._state.latch.is_set, measurement))
        self._tell_mains(before, measurement.now_s)
        contacts = self._switch(contacts, decision, measurement)
        self._bus.is_watched = is_watched(decision.contacts.r2, self._control.wiring)
        self._tell_all(self._chronicle.channel_faults(measurement, reading.errors))
        self._look(contacts, measurement, decision)
        period = self._finished(measurement, believed, contacts, decision, reading, began_cpu_s)
        for witness in self._witnesses:
            witness.period(period)
        for one in obeyed:
            self._answer(one, decision)
        return period

    def _look(self, contacts: Contacts, measurement: Measurement, decision: Decision) -> None:
        standing, charge = self._chronicle.standing(), self._estimator.charge
        disobeyed = tuple(Relay) if "relays" in standing else _disobeyed(contacts, decision)  # unread: none is known
        seen = Seen(
            self._commanded, measurement, charge, self._state, decision, disobeyed, "bus" in standing, self._machine()
        )
        self._commanded = decision.contacts
        self._note(self._lookout.period(seen, self._at(measurement.now_s)))

    def _at(self, now_s: float) -> Instant:
        return Instant(now_s, self._utc_ms())

    def _utc_ms(self) -> int:
        return round(self._clock.utc_s() * 1_000)

    def _tell(self, happening: Happening) -> None:
        self._note([happening.event(self._utc_ms())])

    def _tell_all(self, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            self._tell(happening)

    def _note(self, events: Sequence[Event]) -> None:
        for event in events:
            for witness in self._witnesses:
                witness.event(event)

    def _read_bus(self, due_s: float, is_hurried: bool) -> BusReading:
        try:
            reading = self._beat.read(due_s, is_hurried=is_hurried)
        except PowerLost:
            raise
        except VigieError as error:
            self._tell_fault("bus", "failed", str(error))
            sweeps = (FAILED_SWEEP,) * self._filtering.sweeps
            return BusReading(sweeps, _lost(self._has_thermometer), _lost(self._has_ambient), {})
        self._has_thermometer = reading.temperature.status != Status.ABSENT
        self._has_ambient = reading.ambient.status != Status.ABSENT
        self._tell_fault("bus", "", "")
        return reading

    def _read_contacts(self) -> tuple[Contacts, bool]:
        try:
            contacts = self._plant.read_contacts()
        except PowerLost:
            raise
        except Exception as error:
            self._tell_fault("relays", "unreadable", words_of(error))
            return self._known_contacts(), False
        self._tell_fault("relays", "", "")
        return contacts, True

    def _known_contacts(self) -> Contacts:
        relays = self._state.relays
        return Contacts(relays.r1.contact, relays.r2.contact, relays.r3.contact, relays.r4.contact)

    def _tell_fault(self, subject: str, fault: str, text: str, facts: FaultFacts | None = None) -> None:
        self._tell_all(self._chronicle.tell(subject, fault, text, facts))

    def _obey(self, pending: Pending, now_s: float) -> Obeyed:
        late = lateness(pending.command)
        if late != Reason.NONE:
            return Obeyed(pending, None, late)
        if pending.command.action in {"acknowledge", "shelve", "unshelve"}:
            return self._obey_about_alarms(pending, now_s)
        order = order_of(pending.command)
        if isinstance(order, Reason):
            return Obeyed(pending, None, order)
        mode = self._state.plan.mode
        self._state, reason = supervisor.obey(self._state, order, self._control, now_s)
        if self._state.plan.mode != mode or (order.action == Action.SET_MODE and is_by_hand(order.mode)):
            self._mode_by = pending.command.who
        if order.action == Action.SET_CONTACT and reason == Reason.DONE:
            self._moved_by[order.relay] = pending.command.who
        return Obeyed(pending, order, reason)

    def _obey_about_alarms(self, pending: Pending, now_s: float) -> Obeyed:
        reason, events = self._lookout.obey(pending.command, self._at(now_s))
        self._note(events)
        if pending.command.action == "acknowledge" and pending.command.alarm in {None, TOO_HOT}:
            self._state, latch = supervisor.obey(self._state, ACKNOWLEDGEMENT, self._control, now_s)
            reason = latch if latch == Reason.ACKNOWLEDGED else reason
        return Obeyed(pending, None, reason)

    def _switch(self, contacts: Contacts, decision: Decision, measurement: Measurement) -> Contacts:
        """Move the contacts that differ from the decision, closing before opening; return how they stand then."""
        moves = [relay for relay in Relay if decision.contacts[relay] != contacts[relay]]
        moves.sort(key=lambda relay: decision.contacts[relay] == Contact.OPEN)
        for relay in Relay:
            if relay not in moves:
                self._tell_fault(relay.name, "", "")
        for relay in moves:
            self._move(relay, decision.contacts[relay], contacts[relay], measurement)
        if not moves:
            return contacts
        after, are_read = self._read_contacts()
        return after if are_read else contacts

    def _move(self, relay: Relay, contact: Contact, before: Contact, measurement: Measurement) -> None:
        state = self._state.relays[relay]
        try:
            self._plant.switch(relay, contact)
        except PowerLost:
            raise
        except Exception as error:  # whatever it is, the other contacts must still be moved
            self._tell_fault(relay.name, f"not_{contact.name.lower()}", words_of(error))
            return
        self._tell_fault(relay.name, "", "")
        counted = list(self._counters.switchings)
        counted[relay] += 1
        self._counters = self._counters._replace(switchings=tuple(counted))
        is_by_hand = state.reason in {Reason.MANUAL_WISH, Reason.SET_BY_USER}
        who = self._moved_by.get(relay, self._mode_by) if is_by_hand else self._state.plan.mode.name.lower()
        switched_a = self._lookout.moved(relay, measurement)
        self._tell(moved(relay, before, contact, state.reason, who, measurement, switched_a))

    def _tell_mains(self, before: State, now_s: float) -> None:
        """Tell a mains that is lost or back; a cut is ours, and so is a supply that takes its time after a drill."""
        supply, known_s = self._state.supply, before.supply.steadiness.hold_off_s
        is_lost = supply.mains == Mains.ABSENT and not supervisor.is_settling(before, now_s, self._control.mains)
        if is_lost or supply.steadiness.hold_off_s > known_s:
            self._tell_fault(MAINS, "absent", "", self._hold_off())
        elif supply.mains == Mains.PRESENT:
            self._tell_fault(MAINS, "", "", self._hold_off())

    def _hold_off(self) -> HoldOff:
        """Return what a restart must know of the losses so far."""
        return HoldOff(self._state.supply.steadiness.hold_off_s)

    def _tell_mode(self, before: State) -> None:
        mode = self._state.plan.mode
        if mode == before.plan.mode:
            return
        reason = Reason.MODE_CHANGED
        if is_by_hand(before.plan.mode) and self._state.plan.mode_since_s >= before.plan.hands.until_s:
            reason = Reason.MANUAL_EXPIRED
            self._mode_by = "expiry"
        self._tell(ModeMoved(before.plan.mode, mode, reason, self._mode_by))

    def _finished(
        self,
        measurement: Measurement,
        believed: BatteryEstimate,
        contacts: Contacts,
        decision: Decision,
        reading: BusReading,
        began_cpu_s: float,
    ) -> Period:
        at = self._at(measurement.now_s)
        self._counters = counters = self._counters.after(measurement, (cpu_s() - began_cpu_s) * 1_000)
        utc_s, state = self._clock.utc_s(), self._state
        record = PeriodRecord(
            round(utc_s * 1_000),
            measurement,
            state.plan.mode,
            state.plan.phase,
            state.supply.mains,
            decision.contacts,
            self._beat.is_overrun,
        )
        return Period(
            record,
            utc_s,
            contacts,
            state,
            decision,
            _disobeyed(contacts, decision),
            reading.errors,
            self._mode_by,
            counters,
            self._lookout.book.reports(at),
            self._lookout.outage_report(at),
            self._lookout.contact_reports(),
            believed,
        )

    def _answer(self, obeyed: Obeyed, decision: Decision) -> None:
        answer = answer_of(obeyed, decision, self._state.plan.mode, self._counters.periods)
        self._tell(answered(obeyed.pending.command, answer))
        obeyed.pending.answer(answer)


def _disobeyed(contacts: Contacts, decision: Decision) -> tuple[Relay, ...]:
    return tuple(relay for relay in Relay if contacts[relay] != decision.contacts[relay])


def _lost(is_fitted: bool) -> Temperature:
    return Temperature(math.nan, int(Status.FAILED if is_fitted else Status.ABSENT))
