"""Every metric, defined once: its names (ours and the client's), unit, labels, and where its value comes from."""

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum, StrEnum
from typing import NamedTuple

from vigie.control.alarms.table import TABLE
from vigie.control.commands import Mains, Mode, Phase
from vigie.control.estimation.estimate import BatteryEstimate
from vigie.control.estimation.estimated import Estimated
from vigie.control.estimation.fullness import Fullness
from vigie.control.modes.table import SPECS
from vigie.control.signals import ChannelMean, Relay
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.report import AlarmReport, Figures, HostReport, Period
from vigie.telemetry.schema import CHANNELS


class MetricKind(StrEnum):
    """How Prometheus is to understand a metric."""

    GAUGE = "gauge"
    COUNTER = "counter"
    STATES = "states"
    """One series per possible state, 1 for the present one (prometheus_client calls it Enum)."""
    INFO = "info"
    """Always 1; the labels are the message."""


Sample = tuple[tuple[str, ...], float | None]
"""Label values and value; None is not exported."""
Exposed = tuple[str, tuple[tuple[str, str], ...], float | None]
"""Name as exposed, labels, value; None (or NaN) is not exported."""


class FromRecord(NamedTuple):
    """All samples, in the client's unit and always in the same order, from what the journal keeps of a period."""

    read: Callable[[PeriodRecord], Iterable[Sample]]


class FromPeriod(NamedTuple):
    """The same from what only the running controller knows of a period."""

    read: Callable[[Period], Iterable[Sample]]


class FromHost(NamedTuple):
    """The same from the controller's process and its computer."""

    read: Callable[[HostReport], Iterable[Sample]]


class Metric(NamedTuple):
    """One row of the table."""

    name: str
    """Prometheus name; counters without ``_total``, infos without ``_info``."""
    kind: MetricKind
    help: str
    unit: str
    labels: tuple[str, ...]
    source: FromRecord | FromPeriod | FromHost
    client_names: tuple[str, ...] = ()
    """The client's own names, one per sample in the same order (one for all states of a STATES)."""
    client_unit: str = ""
    """Where it differs from ``unit``."""
    client_states: tuple[str, ...] = ()
    """The client's state names: of the states in their order, or of a gauge's 0 and 1."""
    factor: float = 1.0
    """``unit`` per ``client_unit``."""
    is_live: bool = True
    """Not exported any more when the control loop falls silent."""

    @property
    def is_of_period(self) -> bool:
        """A period in the journal gives it: delivery sends it with the period's own time stamp."""
        return isinstance(self.source, FromRecord)

    def samples(self, period: Period, host: HostReport) -> list[Sample]:
        """Return its samples of now."""
        match self.source:
            case FromRecord(read):
                return list(read(period.record))
            case FromPeriod(read):
                return list(read(period))
            case FromHost(read):
                return list(read(host))


_ROLES = tuple((str(number), role) for number, role in enumerate(CHANNELS, start=1))


def _of_channels(take: Callable[[ChannelMean], float]) -> FromRecord:
    def read(record: PeriodRecord) -> Iterable[Sample]:
        image = record.measurement
        means = (image.battery, image.charge, image.load, image.spare)
        return [(labels, take(mean) if mean.is_valid else None) for labels, mean in zip(_ROLES, means, strict=True)]

    return FromRecord(read)


def _of_contacts(take: Callable[[PeriodRecord, Relay], float]) -> FromRecord:
    return FromRecord(lambda record: [((relay.name,), take(record, relay)) for relay in Relay])


def _of_relays(take: Callable[[Period, Relay], float]) -> FromPeriod:
    return FromPeriod(lambda period: [((relay.name,), take(period, relay)) for relay in Relay])


def _one(take: Callable[[PeriodRecord], float | None]) -> FromRecord:
    return FromRecord(lambda record: [((), take(record))])


def _counted(take: Callable[[Period], float | None]) -> FromPeriod:
    return FromPeriod(lambda period: [((), take(period))])


def _of_host(take: Callable[[HostReport], float | None]) -> FromHost:
    return FromHost(lambda host: [((), take(host))])


def _states(kind: type[IntEnum], take: Callable[[PeriodRecord], IntEnum]) -> FromRecord:
    names = [(member, (member.name.lower(),)) for member in kind]
    return FromRecord(lambda record: [(labels, float(take(record) == member)) for member, labels in names])


def _share_percent(part: float | None, *whole: float | None) -> float | None:
    """Return a part of the sum of ``whole`` in percent; None where there is none."""
    total = sum(one or 0.0 for one in whole)
    return 100.0 * part / total if part is not None and total else None


def _figure(
    name: str,
    kind: str,
    unit: str,
    take: Callable[[Figures], float | None],
    client_name: str,
    client_unit: str = "",
    factor: float = 1.0,
) -> Metric:
    source = _of_host(lambda host: take(host.figures))
    return Metric(name, MetricKind.GAUGE, kind, unit, (), source, (client_name,), client_unit, factor=factor)


def _mains_present(record: PeriodRecord) -> float | None:
    return None if record.mains == Mains.UNKNOWN else float(record.mains == Mains.PRESENT)


def _temperature(record: PeriodRecord) -> float | None:
    temperature = record.measurement.temperature
    return temperature.celsius if temperature.status == 0 else None


def _ambient(record: PeriodRecord) -> float | None:
    ambient = record.measurement.ambient
    return ambient.celsius if ambient.status == 0 else None


def _of_alarms(is_so: Callable[[AlarmReport], bool]) -> FromPeriod:
    def read(period: Period) -> Iterable[Sample]:
        found = {report["alarm"] for report in period.alarms if is_so(report)}
        return [(labels, float(labels[0] in found)) for labels in _ALARMS]

    return FromPeriod(read)


def _of_estimate(take: Callable[[BatteryEstimate], Estimated]) -> FromPeriod:
    return FromPeriod(lambda period: zip(_BOUNDS, take(period.estimate)[:3], strict=True))


def _full(period: Period) -> float | None:
    fullness = period.estimate.fullness
    return None if fullness == Fullness.UNKNOWN else float(fullness == Fullness.FULL)


def _rejected(period: Period) -> Iterable[Sample]:
    return zip(_ROLES, period.counters.rejected, strict=True)


def _numbered(pattern: str) -> tuple[str, ...]:
    return tuple(f"{pattern}_{number:02d}" for number in range(1, 5))


_CHANNEL = ("channel", "role")
_BOUND = ("bound",)
_BOUNDS = (("middle",), ("low",), ("high",))
_ALARM = ("alarm", "severity")
_ALARMS = tuple((row.name, row.severity.name.lower()) for row in TABLE)
_ASKING = ("unacknowledged", "returned", "latched")
_G, _C = MetricKind.GAUGE, MetricKind.COUNTER

METRICS: tuple[Metric, ...] = (
    Metric("vigie_channel_bus_volts", _G, "Mean voltage of a meter channel over the last period", "V", _CHANNEL,
           _of_channels(lambda mean: mean.bus_v), _numbered("bus_voltage")),
    Metric("vigie_channel_shunt_volts", _G, "Mean voltage over a channel's shunt", "V", _CHANNEL,
           _of_channels(lambda mean: mean.shunt_v), _numbered("shunt_voltage")),
    Metric("vigie_channel_current_amperes", _G,
           "Mean current, positive into the battery (battery, charge) and into the loads (load)", "A", _CHANNEL,
           _of_channels(lambda mean: mean.current_a), _numbered("current")),
    Metric("vigie_channel_power_watts", _G, "Mean power, signed like the current", "W", _CHANNEL,
           _of_channels(lambda mean: mean.power_w), _numbered("power")),
    Metric("vigie_channel_bus_spread_volts", _G, "Standard deviation of the voltage over the period's sweeps",
           "V", _CHANNEL, _of_channels(lambda mean: mean.bus_spread_v)),
    Metric("vigie_temperature_celsius", _G, "Battery temperature", "degC", (), _one(_temperature)),
    Metric("vigie_ambient_celsius", _G, "Temperature of the air around the battery", "degC", (), _one(_ambient)),
    Metric("vigie_measurement_valid", _G, "1 when every reading control needs was there and plausible", "", (),
           _one(lambda record: float(record.measurement.is_valid))),
    Metric("vigie_last_measurement_timestamp_seconds", _G,
           "End of the newest control period on the plant's calendar", "s", (),
           _counted(lambda period: period.record.utc_ms / 1000.0), is_live=False),
    Metric("vigie_contact_closed", _G, "Contact as read back from its line: 1 closed, 0 open", "", ("relay",),
           _of_contacts(lambda record, relay: record.measurement.contacts[relay]), _numbered("rs"),
           client_states=("stopped", "starting")),
    Metric("vigie_contact_commanded_closed", _G, "Contact as commanded: 1 closed, 0 open", "", ("relay",),
           _of_contacts(lambda record, relay: record.commanded[relay])),
    Metric("vigie_switchings", _C, "Movements of a contact, counted in the journal", "", ("relay",),
           _of_relays(lambda period, relay: period.counters.switchings[relay]), is_live=False),
    Metric("vigie_contact_wear_ratio", _G, "Used part of a contact's rated life, 0..1", "1", ("relay",),
           _of_relays(lambda period, relay: period.contact_reports[relay].wear_share)),
    Metric("vigie_contact_switched_amperes", _C, "Sum of the currents a contact has switched, where a meter saw them",
           "A", ("relay",), _of_relays(lambda period, relay: period.contact_reports[relay].switched_a), is_live=False),
    Metric("vigie_alarm_present", _G, "1 while the condition of an alarm holds and it is not put aside", "", _ALARM,
           _of_alarms(lambda report: report["is_present"] and report["standing"] != "shelved")),
    Metric("vigie_alarm_unacknowledged", _G, "1 while an alarm waits for somebody to take note", "", _ALARM,
           _of_alarms(lambda report: report["standing"] in _ASKING)),
    Metric("vigie_mode", MetricKind.STATES, "What the installation is being used for", "", ("mode",),
           _states(Mode, lambda record: record.mode), ("mode",),
           client_states=tuple(spec.client_name for spec in SPECS)),
    Metric("vigie_phase", MetricKind.STATES, "Where the mode stands", "", ("phase",),
           _states(Phase, lambda record: record.phase)),
    Metric("vigie_mains", MetricKind.STATES, "The 230 V behind R1, as far as the meter can tell", "", ("mains",),
           _states(Mains, lambda record: record.mains)),
    Metric("vigie_mains_present", _G, "1 mains present, 0 absent or cut by a drill; absent while unknown", "", (),
           _one(_mains_present)),
    Metric("vigie_estimate_remaining_seconds", _G,
           "How long the battery carries the loads as they are now; with mains: were it lost now", "s", _BOUND,
           _of_estimate(lambda estimate: estimate.remaining_s)),
    Metric("vigie_estimate_state_of_charge_ratio", _G, "State of charge, 0..1 of what the battery holds now", "1",
           _BOUND, _of_estimate(lambda estimate: estimate.soc)),
    Metric("vigie_estimate_capacity_ampere_hours", _G, "Capacity as the discharges have shown it, 20 h rate, 25 degC",
           "Ah", _BOUND, _of_estimate(lambda estimate: estimate.capacity_ah)),
    Metric("vigie_estimate_drawn_ampere_hours", _G, "Charge the running discharge has taken, or the last one", "Ah",
           _BOUND, _of_estimate(lambda estimate: estimate.drawn_ah)),
    Metric("vigie_estimate_drawn_watt_hours", _G, "Energy the running discharge has taken, or the last one", "Wh",
           _BOUND, _of_estimate(lambda estimate: estimate.drawn_wh)),
    Metric("vigie_estimate_returned_ampere_hours", _G, "Charge given back since the last discharge", "Ah", _BOUND,
           _of_estimate(lambda estimate: estimate.returned_ah)),
    Metric("vigie_estimate_rest_volts", _G, "Voltage a rest of at least four hours has settled at", "V", _BOUND,
           _of_estimate(lambda estimate: estimate.rest_v)),
    Metric("vigie_estimate_resistance_ohms", _G, "Resistance at the newest steps of the current, at 25 degC", "ohm",
           _BOUND, _of_estimate(lambda estimate: estimate.resistance_ohm)),
    Metric("vigie_estimate_full", _G, "1 full, 0 not full; absent while neither was seen since the start", "", (),
           _counted(_full)),
    Metric("vigie_periods", _C, "Control periods since the controller started", "", (),
           _counted(lambda period: period.counters.periods), is_live=False),
    Metric("vigie_failed_periods", _C, "Periods without a valid measurement", "", (),
           _counted(lambda period: period.counters.failed_periods), is_live=False),
    Metric("vigie_overruns", _C, "Periods that ended after their deadline", "", (),
           _counted(lambda period: period.counters.overruns), is_live=False),
    Metric("vigie_sweeps_rejected", _C, "Readings kept out of the averages", "", _CHANNEL, FromPeriod(_rejected),
           is_live=False),
    Metric("vigie_controller_cpu_seconds", _C, "CPU time of the controller process", "s", (),
           _of_host(lambda host: host.cpu_s), is_live=False),
    Metric("vigie_journal_size_bytes", _G, "Size of the journal's file and write-ahead log", "B", (),
           _of_host(lambda host: host.journal.bytes)),
    Metric("vigie_journal_writing", _G, "1 when the journal's last attempt to write succeeded", "", (),
           _of_host(lambda host: float(host.journal.is_writing))),
    Metric("vigie_journal_waiting_periods", _G, "Periods held in memory for the journal", "", (),
           _of_host(lambda host: host.journal.waiting_periods)),
    Metric("vigie_journal_written_periods", _C, "Periods written to the journal", "", (),
           _of_host(lambda host: host.journal.rows), is_live=False),
    Metric("vigie_journal_lost_periods", _C, "Periods the journal could not keep", "", (),
           _of_host(lambda host: host.journal.lost_periods), is_live=False),
    Metric("vigie_build", MetricKind.INFO, "What runs here", "", ("version", "plant"),
           FromHost(lambda host: [((host.version, host.plant), 1.0)]), is_live=False),
    _figure("vigie_cpu_temperature_celsius", "CPU temperature", "degC", lambda pi: pi["cpu_temp_c"], "cpu_temp"),
    _figure("vigie_cpu_usage_ratio", "CPU usage, 0..1 of all cores", "1",
            lambda pi: pi["cpu_usage_percent"], "cpu_usage", "%", 0.01),
    _figure("vigie_cpu_core_volts", "CPU core voltage", "V", lambda pi: pi["cpu_v"], "cpu_volt"),
    _figure("vigie_ram_used_ratio", "Share of memory in use, 0..1", "1",
            lambda pi: _share_percent(pi["ram_used_bytes"], pi["ram_total_bytes"]),
            "porcent_ram_ussed", "%", 0.01),
    _figure("vigie_ram_free_bytes", "Memory available", "B", lambda pi: pi["ram_free_bytes"], "ram_free"),
    _figure("vigie_ram_used_bytes", "Memory in use", "B", lambda pi: pi["ram_used_bytes"], "ram_ussed"),
    _figure("vigie_ram_size_bytes", "Memory of the machine", "B", lambda pi: pi["ram_total_bytes"], "ram_total"),
    _figure("vigie_disk_used_ratio", "Share of the disk in use, 0..1, of what programs may use", "1",

            lambda pi: _share_percent(pi["disk_used_bytes"], pi["disk_used_bytes"], pi["disk_free_bytes"]),
            "porcent_disk_ussed", "%", 0.01),
    _figure("vigie_disk_used_bytes", "Disk space in use", "B", lambda pi: pi["disk_used_bytes"], "disk_ussed"),
    _figure("vigie_disk_free_bytes", "Disk space free", "B", lambda pi: pi["disk_free_bytes"], "disk_free"),
    _figure("vigie_disk_size_bytes", "Size of the disk", "B", lambda pi: pi["disk_total_bytes"], "disk_total"),
)  # fmt: skip
"""The only definition of every metric; exporter and docs/metrics.md are made from it."""


def exposed_names(metric: Metric) -> list[str]:
    """Return the names as Prometheus shows them: ours, then the client's."""
    suffix = {MetricKind.COUNTER: "_total", MetricKind.INFO: "_info"}.get(metric.kind, "")
    return [metric.name + suffix, *metric.client_names]


def delivered_names() -> list[str]:
    """Return the names, ours and the client's, of everything delivery sends: a scrape of it would be a second copy."""
    return [name for metric in METRICS if metric.is_of_period for name in exposed_names(metric)]


def our_series(metric: Metric, samples: Iterable[Sample]) -> list[Exposed]:
    """Return a metric's samples under our name."""
    name = exposed_names(metric)[0]
    return [
        (name, tuple(zip(metric.labels, labels, strict=True)), None if value is None else value * metric.factor)
        for labels, value in samples
    ]


def client_series(metric: Metric, samples: Iterable[Sample]) -> Iterator[Exposed]:
    """Yield the same samples under the client's names, in his units and states."""
    if not metric.client_names:
        return
    if metric.kind is MetricKind.STATES:
        (name,) = metric.client_names
        for state, (_, value) in zip(metric.client_states, samples, strict=True):
            yield name, ((name, state),), value
        return
    for name, (_, value) in zip(metric.client_names, samples, strict=False):
        if not metric.client_states:
            yield name, (), value
        for number, state in enumerate(metric.client_states):
            yield name, ((name, state),), None if value is None else float(value == number)
