"""A log replayed: the real control runs over every row, and an account says what it would have done.

The plant is :class:`Recorded`, so a silence looks as it does live. Its clock is set from row to row: nothing waits.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from vigie.clock import SimulatedClock
from vigie.control import supervisor
from vigie.control.commands import Mains, Mode, Phase, Reason
from vigie.control.filtering import (
    ChannelSettings,
    ChannelsSettings,
    FilterSettings,
    initial_filter_state,
    summarise,
)
from vigie.control.interlocks import Latch
from vigie.control.mains import MainsSettings
from vigie.control.modes.table import SPECS
from vigie.control.signals import NO_SENSOR, Contact, Contacts, Measurement, Relay, Status
from vigie.control.steadiness import MainsStanding, Steadiness
from vigie.control.supervisor import Decision, State, SupervisorSettings
from vigie.errors import VigieError
from vigie.plant.recorded import Recorded
from vigie.plant.recorded_settings import RecordedSettings
from vigie.plant.recording import Recording, Summary
from vigie.units import SECONDS_PER_HOUR

MODES = tuple(spec.mode for spec in SPECS if not spec.is_by_hand)
"""The modes that decide by themselves."""

NEVER_LOST = Steadiness(MainsStanding.UNPROVEN, 0.0, 0.0)
"""A log begins somewhere in a battery's life: nothing is known of a loss before it."""

LOSS_LAG_S = 0.001
"""How long after ``hold_s`` a silence is noticed; the plant holds a sample up to and including ``hold_s``."""


class Cause(StrEnum):
    """Why a period is a failed measurement; the first that holds."""

    SILENCE = "silence"
    """No row for longer than ``hold_s``."""
    VOLTAGE = "voltage_implausible"
    CURRENT = "current_implausible"
    TEMPERATURE = "temperature_lost"
    """Not logged yet, or older than ``hold_s``."""
    TEMPERATURE_IMPLAUSIBLE = "temperature_implausible"


class ReplaySettings(NamedTuple):
    """The installation's own settings; :func:`for_a_log` turns them into a battery-only log's."""

    recorded: RecordedSettings
    channels: ChannelsSettings
    filtering: FilterSettings
    control: SupervisorSettings


class ReplayedPeriod(NamedTuple):
    """One period of the replay."""

    utc_s: float
    """The log's own time."""
    is_row: bool
    """False: the moment a silence is noticed."""
    before: Contacts
    measurement: Measurement
    state: State
    decision: Decision


class Failure(NamedTuple):
    """Failed periods of one cause."""

    cause: Cause
    periods: int
    first_utc_s: float


class Switching(NamedTuple):
    """A contact that moved, and the reading it moved on."""

    utc_s: float
    relay: Relay
    before: Contact
    after: Contact
    reason: Reason
    battery_v: float
    """NaN when the voltage was lost."""
    current_a: float
    """Positive INTO the battery; NaN when lost."""


class Range(NamedTuple):
    """Smallest and largest value; both NaN when there was none."""

    lowest: float
    highest: float


class Throughput(NamedTuple):
    """Charge and energy through the battery, by trapezoids between neighbouring good rows."""

    charge_in_ah: float
    charge_out_ah: float
    energy_in_wh: float
    energy_out_wh: float
    charge_in_r2_open_ah: float
    """The part of ``charge_in_ah`` that flowed in the log while the control would have had R2 open."""
    integrated_s: float
    """Time covered; what is missing to the duration lies in gaps and failed rows."""


class Times(NamedTuple):
    """How long what held; each period counts until the next one."""

    r1_open_s: float
    r2_open_s: float
    phases_s: Mapping[Phase, float]
    mains_s: Mapping[Mains, float]


class ReplayReport(NamedTuple):
    """What a replay showed."""

    mode: Mode
    log: Summary
    periods: int
    failures: tuple[Failure, ...]
    voltage_v: Range
    current_a: Range
    temperature_c: Range
    throughput: Throughput
    times: Times
    switchings: tuple[Switching, ...]
    last: ReplayedPeriod

    @property
    def duration_s(self) -> float:
        """From the first row to the last."""
        return self.log.last_utc_s - self.log.first_utc_s

    @property
    def failed_periods(self) -> int:
        return sum(failure.periods for failure in self.failures)

    def share(self, part_s: float) -> float:
        """Return a part of the duration, 0..1; 0 for a log of one row."""
        return part_s / self.duration_s if self.duration_s > 0.0 else 0.0

    def counts(self) -> Mapping[tuple[Relay, Contact, Reason], int]:
        """Return how often each relay moved to which contact and why, most frequent first."""
        moves = Counter((one.relay, one.after, one.reason) for one in self.switchings)
        return dict(moves.most_common())


def mode_named(name: str) -> Mode:
    """Return the mode of that name.

    Raises:
        VigieError: there is none, or it needs a person.
    """
    known = ", ".join(mode.name.lower() for mode in MODES)
    for spec in SPECS:
        if name.lower() == spec.name and not spec.is_by_hand:
            return spec.mode
        if name.lower() == spec.name:
            raise VigieError(
                f"mode {spec.name}: a person sets the contacts, there is nothing to replay; use one of {known}"
            )
    raise VigieError(f"mode {name!r} is unknown; use one of {known}")


def for_a_log(settings: ReplaySettings) -> ReplaySettings:
    """Return the settings as a battery-only log needs them; thresholds, limits and plausible ranges stay.

    A log holds true volts and amperes, so the installation's calibration is not applied. It has no V3 and V4: the
    mains counts as present unless the battery discharges. A row is a sweep, and what must hold for some seconds live
    has held for the row that shows it. The watch for frozen values is off: an idle battery logged with few digits reads
    the same for hours.
    """
    channels, filtering, control = settings.channels, settings.filtering, settings.control
    mains: MainsSettings = control.mains._replace(present_unless_discharging=True, alone_still_s=0.0)
    return ReplaySettings(
        settings.recorded,
        ChannelsSettings(
            _uncalibrated(channels.battery, is_fitted=True),
            _uncalibrated(channels.charge, is_fitted=True),
            _uncalibrated(channels.load, is_fitted=False),
            _uncalibrated(channels.spare, is_fitted=False),
        ),
        filtering._replace(sweeps=1, least_good=1, frozen_after_s=0.0, contradiction_v=0.0),
        control._replace(
            mains=mains,
            interlocks=control.interlocks._replace(hot_periods=1),
            minimum_times=control.minimum_times._replace(passed_s=0.0),
        ),
    )


def replay(
    recording: Recording, settings: ReplaySettings, mode: Mode, watch: Callable[[ReplayedPeriod], None] | None = None
) -> ReplayReport:
    """Run ``mode`` over a log and account for it.

    Args:
        recording: the log.
        settings: of the installation, see :func:`for_a_log`.
        mode: one of :data:`MODES`, chosen at the first row with R1 and R2 closed.
        watch: told of every period.
    """
    account = _Account(settings.recorded.gap_s)
    for period in periods(recording, settings, mode):
        account.take(period)
        if watch is not None:
            watch(period)
    return account.report(recording, mode)


def periods(recording: Recording, settings: ReplaySettings, mode: Mode) -> Iterator[ReplayedPeriod]:
    """Yield every period: one per row, and one where each silence longer than ``hold_s`` is noticed."""
    recorded, channels, filtering, control = for_a_log(settings)
    first_s = recording[0].utc_s
    clock = SimulatedClock(math.inf, first_s)
    plant = Recorded(recording, clock, recorded.hold_s)
    latch = Latch(False, False, 0)
    adopted = supervisor.adopted(plant.read_contacts(), Mode.OBSERVE, clock.now_s(), 0.0, latch, NEVER_LOST)
    state = supervisor.entered(adopted, mode, adopted.plan.hands, clock.now_s())
    filter_state = initial_filter_state()
    for utc_s, is_row in _instants(recording, recorded.hold_s):
        clock.sleep_until(_since_s(first_s, utc_s))
        before = plant.read_contacts()
        sweeps, temperature = (plant.read_sweep(),), plant.read_temperature()
        filter_state, measurement = summarise(
            filter_state, sweeps, temperature, NO_SENSOR, before, clock.now_s(), channels, filtering
        )
        state, decision = supervisor.step(state, measurement, control)
        for relay in Relay:
            plant.switch(relay, decision.contacts[relay])
        yield ReplayedPeriod(utc_s, is_row, before, measurement, state, decision)


def cause_of(period: ReplayedPeriod) -> Cause | None:
    """Return why a period is a failed measurement; None when it is a good one."""
    measurement = period.measurement
    if measurement.is_valid:
        return None
    if not period.is_row:
        return Cause.SILENCE
    if not measurement.battery.is_valid:
        return Cause.VOLTAGE
    if not measurement.charge.is_valid:
        return Cause.CURRENT
    if measurement.temperature.status & Status.IMPLAUSIBLE:
        return Cause.TEMPERATURE_IMPLAUSIBLE
    return Cause.TEMPERATURE


def trapezoid(before: float, after: float, width: float) -> tuple[float, float]:
    """Return the areas above and below zero, both positive, of a line from ``before`` to ``after``.

    >>> trapezoid(2.0, 4.0, 10.0)
    (30.0, 0.0)
    >>> trapezoid(1.0, -3.0, 8.0)
    (1.0, 9.0)
    """
    if before * after >= 0.0:
        area = (before + after) / 2.0 * width
        return max(area, 0.0), max(-area, 0.0)
    slope = abs(before - after) / width
    first, last = before * before / (2.0 * slope), after * after / (2.0 * slope)
    return (first, last) if before > 0.0 else (last, first)


class _Account:
    """Sums up the periods as they come."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._last: ReplayedPeriod | None = None
        self._count = 0
        self._failures: dict[Cause, Failure] = {}
        self._switchings: list[Switching] = []
        self._voltage = Range(math.nan, math.nan)
        self._current = Range(math.nan, math.nan)
        self._throughput = Throughput(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._r1_open_s = 0.0
        self._r2_open_s = 0.0
        self._phases_s: defaultdict[Phase, float] = defaultdict(float)
        self._mains_s: defaultdict[Mains, float] = defaultdict(float)

    def take(self, period: ReplayedPeriod) -> None:
        self._count += 1
        cause = cause_of(period)
        if cause is not None:
            known = self._failures.get(cause, Failure(cause, 0, period.utc_s))
            self._failures[cause] = known._replace(periods=known.periods + 1)
        measurement = period.measurement
        if measurement.battery.is_valid:
            self._voltage = _wider(self._voltage, measurement.battery.bus_v)
        if measurement.charge.is_valid:
            self._current = _wider(self._current, measurement.charge.current_a)
        if self._last is not None:
            self._elapse(self._last, period)
        self._switchings += _switchings(period)
        self._last = period

    def _elapse(self, last: ReplayedPeriod, period: ReplayedPeriod) -> None:
        seconds = period.utc_s - last.utc_s
        contacts = last.decision.contacts
        self._phases_s[last.state.plan.phase] += seconds
        self._mains_s[last.decision.mains] += seconds
        self._r1_open_s += seconds if contacts.r1 == Contact.OPEN else 0.0
        self._r2_open_s += seconds if contacts.r2 == Contact.OPEN else 0.0
        before, after = last.measurement.charge, period.measurement.charge
        if seconds > self._gap_s or not before.is_valid or not after.is_valid:
            return
        hours = seconds / SECONDS_PER_HOUR
        charge_in_ah, charge_out_ah = trapezoid(before.current_a, after.current_a, hours)
        energy_in_wh, energy_out_wh = trapezoid(before.power_w, after.power_w, hours)
        so_far = self._throughput
        self._throughput = Throughput(
            so_far.charge_in_ah + charge_in_ah,
            so_far.charge_out_ah + charge_out_ah,
            so_far.energy_in_wh + energy_in_wh,
            so_far.energy_out_wh + energy_out_wh,
            so_far.charge_in_r2_open_ah + (charge_in_ah if contacts.r2 == Contact.OPEN else 0.0),
            so_far.integrated_s + seconds,
        )

    def report(self, recording: Recording, mode: Mode) -> ReplayReport:
        if self._last is None:
            raise VigieError("replay: the recording has no rows")
        celsius = [point.celsius for point in recording.temperatures]
        return ReplayReport(
            mode,
            recording.summary,
            self._count,
            tuple(self._failures.values()),
            self._voltage,
            self._current,
            Range(min(celsius, default=math.nan), max(celsius, default=math.nan)),
            self._throughput,
            Times(self._r1_open_s, self._r2_open_s, dict(self._phases_s), dict(self._mains_s)),
            tuple(self._switchings),
            self._last,
        )


def _uncalibrated(channel: ChannelSettings, *, is_fitted: bool) -> ChannelSettings:
    return channel._replace(is_fitted=is_fitted, gain=1.0, offset_v=0.0, sign=1.0, shunt_ohm=0.1, current_offset_a=0.0)


def _instants(recording: Recording, hold_s: float) -> Iterator[tuple[float, bool]]:
    yield recording[0].utc_s, True
    for before, after in pairwise(recording.samples()):
        noticed_s = before.utc_s + hold_s + LOSS_LAG_S
        if noticed_s < after.utc_s:
            yield noticed_s, False
        yield after.utc_s, True


def _since_s(first_s: float, utc_s: float) -> float:
    """Return the plant time at which the plant shows ``utc_s``, not one rounding earlier."""
    now_s = utc_s - first_s
    while first_s + now_s < utc_s:
        now_s = math.nextafter(now_s, math.inf)
    return now_s


def _wider(known: Range, value: float) -> Range:
    return Range(min(value, known.lowest), max(value, known.highest))  # a NaN that comes second never wins


def _switchings(period: ReplayedPeriod) -> Iterator[Switching]:
    measurement, decided = period.measurement, period.decision.contacts
    for relay in sorted(Relay, key=lambda one: decided[one] == Contact.OPEN):  # closing before opening, as live
        if decided[relay] != period.before[relay]:
            yield Switching(
                period.utc_s,
                relay,
                period.before[relay],
                decided[relay],
                period.state.relays[relay].reason,
                measurement.battery.bus_v if measurement.battery.is_valid else math.nan,
                measurement.charge.current_a if measurement.charge.is_valid else math.nan,
            )
