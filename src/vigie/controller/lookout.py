"""What people should know, looked for in every period: alarms, obedience and wear of the contacts, outages.

It tells and never decides: nothing in here reaches a contact.
"""

import math
from collections import deque
from typing import NamedTuple

from vigie.control.alarms.catalogue import Alarm, Protection
from vigie.control.alarms.charge import WatchSettings
from vigie.control.alarms.rules import Rule
from vigie.control.alarms.watch import Surroundings, initial_watch, observe
from vigie.control.commands import Reason
from vigie.control.contact_findings import Truth
from vigie.control.contact_truth import ContactFault, TruthSettings, check, resumed_truth
from vigie.control.estimation.charge import ChargeState
from vigie.control.estimation.settings import EstimationRules
from vigie.control.outages import (
    Outage,
    OutageRules,
    OutageState,
    follow,
    initial_outages,
    resumed_outages,
)
from vigie.control.signals import Contact, Contacts, Measurement, Relay
from vigie.control.supervisor import Decision, State, SupervisorSettings
from vigie.control.wear import WearSettings, switched, worn
from vigie.controller.period import Past
from vigie.link.messages import Command
from vigie.telemetry.alarm_book import AlarmBook, Instant
from vigie.telemetry.events import ChargeMoved, OutageMoved
from vigie.telemetry.records import Event
from vigie.telemetry.report import ContactReport, OutageReport
from vigie.units import SECONDS_PER_HOUR


class LookoutSettings(NamedTuple):
    """All settings of what is told, already checked."""

    rules: tuple[Rule, ...]
    watch: WatchSettings
    truth: TruthSettings
    wear: WearSettings
    outages: OutageRules
    control: SupervisorSettings
    has_contacts: bool
    """The contacts act on what is measured; false on a recording, whose readings no contact can change."""
    estimation: EstimationRules


class Machine(NamedTuple):
    """The computer and its journal, as far as alarms ask: 1.0 or 0.0, NaN where this machine does not tell."""

    under_voltage: float
    is_throttled: float
    clock_unsynchronised: float
    disk_used_share: float
    """0..1"""
    journal_fault: float
    journal_damage: tuple[str, ...] = ()
    """What of the journal was found damaged lately, in words."""
    settings_faults: tuple[str, ...] = ()
    """Why the settings file is not what is in force, in words."""


UNKNOWN_MACHINE = Machine(math.nan, math.nan, math.nan, math.nan, math.nan)


class Seen(NamedTuple):
    """One period as the lookout sees it."""

    before: Contacts
    """Commanded while the readings were taken."""
    measurement: Measurement
    charge: ChargeState
    """As the estimation followed it."""
    state: State
    decision: Decision
    disobeyed: tuple[Relay, ...]
    """Relays whose line does not read what it was told."""
    is_bus_lost: bool
    machine: Machine


class Lookout:
    """Keeps what is told from period to period. One thread, the loop's, calls it."""

    def __init__(self, settings: LookoutSettings, past: Past, at: Instant) -> None:
        """Go on where the journal left off.

        Args:
            settings: checked.
            past: what the journal knows of the time before.
            at: the start, on both axes.
        """
        self._settings = settings
        self.book = AlarmBook(settings.rules, past.alarms, at)
        self._is_charged = past.charge is not None and ChargeMoved.of(past.charge).is_charged
        self.emptied_v = self.book.value(Alarm.BATTERY_EMPTIED) or math.nan
        """Lowest voltage of a battery that was emptied before the start; NaN when it was not."""
        self._watch = initial_watch(at.now_s)
        r1, r2 = (self.book.value(alarm) for alarm in (Alarm.R1_DISOBEYED, Alarm.R2_DISOBEYED))
        self._truth = resumed_truth(ContactFault(max(int(r1), 0)), ContactFault(max(int(r2), 0)))
        self._outages = _resumed(past.outage, at)
        self._wear = [
            worn(operations, current_a, settings.wear)
            for operations, current_a in zip(past.switchings, past.switched_a, strict=True)
        ]
        self._moved_s: deque[float] = deque()
        self._watchdog_restart = 0.0 if past.was_stopped else 1.0

    def moved(self, relay: Relay, measurement: Measurement) -> float | None:
        """Count a movement of a contact; return the current it switched (A), None where no meter sees it."""
        current_a = math.nan
        if relay == Relay.R2 and measurement.charge.is_valid:
            current_a = abs(measurement.charge.current_a)
        self._wear[relay] = switched(self._wear[relay], current_a, self._settings.wear)
        if relay in {Relay.R1, Relay.R2}:
            self._moved_s.append(measurement.now_s)
        return None if math.isnan(current_a) else current_a

    def obey(self, command: Command, at: Instant) -> tuple[Reason, list[Event]]:
        """Carry out an order about alarms; return its reason and what changed."""
        alarm, who, why = command.alarm, command.who, command.why
        if alarm is not None and not self.book.knows(alarm):
            return Reason.UNKNOWN_COMMAND, []
        if command.action == "acknowledge":
            events = self.book.acknowledge(alarm, who, why, at)
            return Reason.ACKNOWLEDGED if events else Reason.NOT_LATCHED, events
        if alarm is None:
            return Reason.UNKNOWN_COMMAND, []
        if command.action == "shelve":
            events = self.book.shelve(alarm, command.shelve_s or 0.0, who, why, at)
        else:
            events = self.book.unshelve(alarm, who, why, at)
        return Reason.DONE if events else Reason.NOT_SHELVED, events

    def period(self, seen: Seen, at: Instant) -> list[Event]:
        """Look at one period; return what is to be told of it."""
        settings, measurement, decision = self._settings, seen.measurement, seen.decision
        if settings.has_contacts:
            self._truth = check(
                self._truth,
                seen.before,
                decision.contacts,
                measurement,
                decision.mains,
                settings.control.wiring,
                settings.truth,
            )
        self._watch, values = observe(
            self._watch, seen.charge, seen.state, decision, measurement, self._surroundings(seen), settings.watch
        )
        events = self._charge_events(seen.charge, measurement, at)
        self._outages, has_begun, has_ended, ended = follow(
            self._outages, seen.state, decision, measurement, settings.outages
        )
        if has_ended:
            events.append(_outage_moved(ended, at).event(at.utc_ms))
        if has_begun:
            events.append(_outage_moved(self._outages.outage, at).event(at.utc_ms))
        outage = self._outages.outage if self._outages.is_open else ended if has_ended else None
        words = {
            Alarm.JOURNAL_DAMAGED: seen.machine.journal_damage,
            Alarm.SETTINGS_REFUSED: seen.machine.settings_faults,
        }
        return events + self.book.period(
            values._asdict(), _in_force(decision), at, _readings(measurement, outage), words
        )

    def contact_reports(self) -> list[ContactReport]:
        """Return what is known of each relay's contact, in relay order; R3 and R4 are never judged."""
        judged = (self._truth.r1, self._truth.r2)
        verdicts = [(one.verdict, one.fault) for one in judged] + [(Truth.UNKNOWN, ContactFault.NONE)] * 2
        return [
            ContactReport(verdict, fault, round(wear.share, 6), round(wear.switched_a_sum, 2))
            for (verdict, fault), wear in zip(verdicts, self._wear, strict=True)
        ]

    def outage_report(self, at: Instant) -> OutageReport | None:
        """Return the outage, drill or charger fault that lasts; None when there is none."""
        if not self._outages.is_open:
            return None
        outage = self._outages.outage
        return OutageReport(
            kind=outage.kind.name.lower(),
            began_utc_ms=at.calendar_ms(outage.began_s) or at.utc_ms,
            lowest_v=round(outage.lowest_v, 4) if math.isfinite(outage.lowest_v) else None,
            charge_out_ah=round(outage.charge_out_ah, 4),
            dark_s=round(outage.dark_s, 4),
            rest_dark_s=round(outage.rest_dark_s, 4),
        )

    def _surroundings(self, seen: Seen) -> Surroundings:
        now_s, machine = seen.measurement.now_s, seen.machine
        while self._moved_s and now_s - self._moved_s[0] >= SECONDS_PER_HOUR:
            self._moved_s.popleft()
        return Surroundings(
            relay_line_faults=float(sum(1 << int(relay) for relay in seen.disobeyed)),
            bus_is_lost=float(seen.is_bus_lost),
            pi_under_voltage=machine.under_voltage,
            pi_is_throttled=machine.is_throttled,
            clock_unsynchronised=machine.clock_unsynchronised,
            disk_used_share=machine.disk_used_share,
            journal_fault=machine.journal_fault,
            watchdog_restart=self._watchdog_restart,
            r1_truth=float(self._truth.r1.fault),
            r2_truth=float(self._truth.r2.fault),
            r1_wear=self._wear[Relay.R1].share,
            r2_wear=self._wear[Relay.R2].share,
            switchings_last_hour=float(len(self._moved_s)),
            journal_damage=float(len(machine.journal_damage)),
            settings_faults=float(len(machine.settings_faults)),
        )

    def _charge_events(self, charge: ChargeState, measurement: Measurement, at: Instant) -> list[Event]:
        """Tell when the battery is charged and when it is no longer held so; a restart reads it back from here."""
        is_judged = charge.seen_s == measurement.now_s
        is_charged = charge.recharged_s == measurement.now_s
        if not is_judged or is_charged == self._is_charged:
            return []
        self._is_charged = is_charged
        battery_v = measurement.battery.bus_v if measurement.battery.is_valid else None
        return [ChargeMoved(is_charged, battery_v).event(at.utc_ms)]


def _readings(measurement: Measurement, outage: Outage | None) -> dict[str, float]:
    """Return what a person who is told of an alarm wants to know, by the names of ``wording.readings``."""
    battery, charge, load = measurement.battery, measurement.charge, measurement.load
    told = {
        "battery_v": battery.bus_v if battery.is_valid else math.nan,
        "charge_a": charge.current_a if charge.is_valid else math.nan,
        "temperature_c": measurement.temperature.celsius,
        "load_v": load.bus_v if load.is_valid else math.nan,
        "load_w": load.power_w if load.is_valid else math.nan,
        "lowest_v": math.nan if outage is None else outage.lowest_v,
    }
    return {name: round(value, 3) for name, value in told.items() if math.isfinite(value)}


def _in_force(decision: Decision) -> set[Protection]:
    """Return the protections whose contacts stand as they would have them."""
    has_r1, has_r2 = decision.contacts.r1 == Contact.CLOSED, decision.contacts.r2 == Contact.CLOSED
    stand = {
        Protection.R2_OPENED: not has_r2,
        Protection.R2_CLOSED: has_r2,
        Protection.R1_CLOSED: has_r1,
        Protection.CONTACTS_CLOSED: has_r1 and has_r2,
    }
    return {protection for protection, does_stand in stand.items() if does_stand}


def _outage_moved(outage: Outage, at: Instant) -> OutageMoved:
    """Return an outage's record on the calendar; one without an end lasts."""
    return OutageMoved(
        outage.kind,
        at.calendar_ms(outage.began_s) or at.utc_ms,
        at.calendar_ms(outage.ended_s),
        outage.ended_s - outage.began_s,
        outage.lowest_v,
        outage.end_v,
        outage.charge_out_ah,
        outage.energy_out_wh,
        outage.dark_s,
        outage.rest_dark_s,
        outage.was_enough,
    )


def _resumed(event: Event | None, at: Instant) -> OutageState:
    """Return the outage log as the last run left it; what passed in between is not known.

    Raises:
        ValueError, TypeError, OverflowError: a number of the record cannot be.
    """
    record = None if event is None else OutageMoved.of(event)
    if record is None or record.ended_utc_ms is not None:
        return initial_outages(at.now_s)
    return resumed_outages(
        record.kind,
        at.monotonic_s(record.began_utc_ms),
        record.lowest_v,
        record.charge_out_ah,
        record.energy_out_wh,
        record.dark_s,
        record.rest_dark_s,
        record.end_v,
        at.now_s,
    )
