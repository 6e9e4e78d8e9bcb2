"""Every metric, defined once: its names (ours and the client's), unit, labels, and where its value comes from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from vigie.control.alarms.table import TABLE
from vigie.control.commands import Mains, Mode, Phase
from vigie.control.estimation.estimate import BatteryEstimate
from vigie.control.estimation.estimated import Estimated
from vigie.control.estimation.fullness import Fullness
from vigie.control.signals import ChannelMean, Contacts, Measurement, Relay
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.schema import CHANNELS


class LoopCounters(NamedTuple):
    """What the control loop has counted since the controller started."""

    periods: int
    failed_periods: int
    overruns: int
    rejected: tuple[int, int, int, int]
    """Sweeps kept out of the averages, by channel."""
    cpu_s: float


class MetricInputs(NamedTuple):
    """Everything the metrics of one period are taken from."""

    utc_ms: int
    measurement: Measurement
    mode: Mode
    phase: Phase
    mains: Mains
    commanded: Contacts
    switchings: Mapping[str, int]
    """Movements counted in the journal, by relay name; a relay that never moved may be missing."""
    figures: Mapping[str, Any]
    """The machine's own figures, fields of ``hardware.raspberry_pi.PiFigures``; None or missing where not offered."""
    counters: LoopCounters
    alarms: Sequence[Mapping[str, Any]]
    """Fields of ``link.messages.AlarmReport``: every alarm that is not at rest."""
    contacts: Sequence[Mapping[str, Any]]
    """``wear_share`` and ``switched_a`` by relay."""
    journal: JournalStatus
    version: str
    plant: str
    estimate: BatteryEstimate | None = None
    """None for a period out of the journal, which keeps none."""


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


class Metric(NamedTuple):
    """One row of the table."""

    name: str
    """Prometheus name; counters without ``_total``, infos without ``_info``."""
    kind: MetricKind
    help: str
    unit: str
    labels: tuple[str, ...]
    read: Callable[[MetricInputs], Iterable[Sample]]
    """All samples, always in the same order, in the client's unit."""
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
    is_of_period: bool = False
    """A period in the journal gives it: delivery sends it with the period's own time stamp."""


_ROLES = tuple((str(number), role) for number, role in enumerate(CHANNELS, start=1))


def _of_channels(take: Callable[[ChannelMean], float]) -> Callable[[MetricInputs], Iterable[Sample]]:
    def read(inputs: MetricInputs) -> Iterable[Sample]:
        image = inputs.measurement
        means = (image.battery, image.charge, image.load, image.spare)
        return [(labels, take(mean) if mean.is_valid else None) for labels, mean in zip(_ROLES, means, strict=True)]

    return read


def _of_relays(take: Callable[[MetricInputs, Relay], float]) -> Callable[[MetricInputs], Iterable[Sample]]:
    return lambda inputs: [((relay.name,), take(inputs, relay)) for relay in Relay]


def _one(take: Callable[[MetricInputs], float | None]) -> Callable[[MetricInputs], Iterable[Sample]]:
    return lambda inputs: [((), take(inputs))]


def _states(kind: type[IntEnum], take: Callable[[MetricInputs], IntEnum]) -> Callable[[MetricInputs], Iterable[Sample]]:
    names = [(member, (member.name.lower(),)) for member in kind]
    return lambda inputs: [(labels, float(take(inputs) == member)) for member, labels in names]


def _figure_of(figures: Mapping[str, Any], field: str) -> float | None:
    """Return a figure; ``used/total`` and ``used/used+free`` are shares in percent."""
    part, _, whole = field.partition("/")
    value: float | None = figures.get(part)
    if not whole or value is None:
        return value
    total: float = sum(figures.get(one) or 0.0 for one in whole.split("+"))
    return 100.0 * value / total if total else None


def _figure(
    name: str, kind: str, unit: str, field: str, client_name: str, client_unit: str = "", factor: float = 1.0
) -> Metric:
    return Metric(
        name,
        MetricKind.GAUGE,
        kind,
        unit,
        (),
        _one(lambda inputs: _figure_of(inputs.figures, field)),
        (client_name,),
        client_unit,
        factor=factor,
    )


def _mains_present(inputs: MetricInputs) -> float | None:
    return None if inputs.mains == Mains.UNKNOWN else float(inputs.mains == Mains.PRESENT)


def _temperature(inputs: MetricInputs) -> float | None:
    temperature = inputs.measurement.temperature
    return temperature.celsius if temperature.status == 0 else None


def _ambient(inputs: MetricInputs) -> float | None:
    ambient = inputs.measurement.ambient
    return ambient.celsius if ambient.status == 0 else None


def _of_alarms(is_so: Callable[[Mapping[str, Any]], bool]) -> Callable[[MetricInputs], Iterable[Sample]]:
    def read(inputs: MetricInputs) -> Iterable[Sample]:
        found = {report["alarm"] for report in inputs.alarms if is_so(report)}
        return [(labels, float(labels[0] in found)) for labels in _ALARMS]

    return read


def _of_estimate(take: Callable[[BatteryEstimate], Estimated]) -> Callable[[MetricInputs], Iterable[Sample]]:
    def read(inputs: MetricInputs) -> Iterable[Sample]:
        if inputs.estimate is None:
            return []
        return zip(_BOUNDS, take(inputs.estimate)[:3], strict=True)

    return read


def _full(inputs: MetricInputs) -> float | None:
    if inputs.estimate is None or inputs.estimate.fullness == Fullness.UNKNOWN:
        return None
    return float(inputs.estimate.fullness == Fullness.FULL)


def _rejected(inputs: MetricInputs) -> Iterable[Sample]:
    return zip(_ROLES, inputs.counters.rejected, strict=True)


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
           _of_channels(lambda mean: mean.bus_v), _numbered("bus_voltage"), is_of_period=True),
    Metric("vigie_channel_shunt_volts", _G, "Mean voltage over a channel's shunt", "V", _CHANNEL,
           _of_channels(lambda mean: mean.shunt_v), _numbered("shunt_voltage"), is_of_period=True),
    Metric("vigie_channel_current_amperes", _G,
           "Mean current, positive into the battery (battery, charge) and into the loads (load)", "A", _CHANNEL,
           _of_channels(lambda mean: mean.current_a), _numbered("current"), is_of_period=True),
    Metric("vigie_channel_power_watts", _G, "Mean power, signed like the current", "W", _CHANNEL,
           _of_channels(lambda mean: mean.power_w), _numbered("power"), is_of_period=True),
    Metric("vigie_channel_bus_spread_volts", _G, "Standard deviation of the voltage over the period's sweeps",
           "V", _CHANNEL, _of_channels(lambda mean: mean.bus_spread_v), is_of_period=True),
    Metric("vigie_temperature_celsius", _G, "Battery temperature", "degC", (), _one(_temperature), is_of_period=True),
    Metric("vigie_ambient_celsius", _G, "Temperature of the air around the battery", "degC", (), _one(_ambient),
           is_of_period=True),
    Metric("vigie_measurement_valid", _G, "1 when every reading control needs was there and plausible", "", (),
           _one(lambda inputs: float(inputs.measurement.is_valid)), is_of_period=True),
    Metric("vigie_last_measurement_timestamp_seconds", _G,
           "End of the newest control period on the plant's calendar", "s", (),
           _one(lambda inputs: inputs.utc_ms / 1000.0), is_live=False),
    Metric("vigie_contact_closed", _G, "Contact as read back from its line: 1 closed, 0 open", "", ("relay",),
           _of_relays(lambda inputs, relay: inputs.measurement.contacts[relay]), _numbered("rs"),
           client_states=("stopped", "starting"), is_of_period=True),
    Metric("vigie_contact_commanded_closed", _G, "Contact as commanded: 1 closed, 0 open", "", ("relay",),
           _of_relays(lambda inputs, relay: inputs.commanded[relay]), is_of_period=True),
    Metric("vigie_switchings", _C, "Movements of a contact, counted in the journal", "", ("relay",),
           _of_relays(lambda inputs, relay: inputs.switchings.get(relay.name, 0)), is_live=False),
    Metric("vigie_contact_wear_ratio", _G, "Used part of a contact's rated life, 0..1", "1", ("relay",),
           _of_relays(lambda inputs, relay: inputs.contacts[relay]["wear_share"])),
    Metric("vigie_contact_switched_amperes", _C, "Sum of the currents a contact has switched, where a meter saw them",
           "A", ("relay",), _of_relays(lambda inputs, relay: inputs.contacts[relay]["switched_a"]), is_live=False),
    Metric("vigie_alarm_present", _G, "1 while the condition of an alarm holds and it is not put aside", "", _ALARM,
           _of_alarms(lambda report: report["is_present"] and report["standing"] != "shelved")),
    Metric("vigie_alarm_unacknowledged", _G, "1 while an alarm waits for somebody to take note", "", _ALARM,
           _of_alarms(lambda report: report["standing"] in _ASKING)),
    Metric("vigie_mode", MetricKind.STATES, "What the installation is being used for", "", ("mode",),
           _states(Mode, lambda inputs: inputs.mode), ("mode",),
           client_states=("au_ob", "au_pr", "au_co", "au_ma"), is_of_period=True),
    Metric("vigie_phase", MetricKind.STATES, "Where the mode stands", "", ("phase",),
           _states(Phase, lambda inputs: inputs.phase), is_of_period=True),
    Metric("vigie_mains", MetricKind.STATES, "The 230 V behind R1, as far as the meter can tell", "", ("mains",),
           _states(Mains, lambda inputs: inputs.mains), is_of_period=True),
    Metric("vigie_mains_present", _G, "1 mains present, 0 absent or cut by a drill; absent while unknown", "", (),
           _one(_mains_present), is_of_period=True),
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
           _one(_full)),
    Metric("vigie_periods", _C, "Control periods since the controller started", "", (),
           _one(lambda inputs: inputs.counters.periods), is_live=False),
    Metric("vigie_failed_periods", _C, "Periods without a valid measurement", "", (),
           _one(lambda inputs: inputs.counters.failed_periods), is_live=False),
    Metric("vigie_overruns", _C, "Periods that ended after their deadline", "", (),
           _one(lambda inputs: inputs.counters.overruns), is_live=False),
    Metric("vigie_sweeps_rejected", _C, "Readings kept out of the averages", "", _CHANNEL, _rejected,
           is_live=False),
    Metric("vigie_controller_cpu_seconds", _C, "CPU time of the controller process", "s", (),
           _one(lambda inputs: inputs.counters.cpu_s), is_live=False),
    Metric("vigie_journal_size_bytes", _G, "Size of the journal's file and write-ahead log", "B", (),
           _one(lambda inputs: inputs.journal.bytes)),
    Metric("vigie_journal_writing", _G, "1 when the journal's last attempt to write succeeded", "", (),
           _one(lambda inputs: float(inputs.journal.is_writing))),
    Metric("vigie_journal_waiting_periods", _G, "Periods held in memory for the journal", "", (),
           _one(lambda inputs: inputs.journal.waiting_periods)),
    Metric("vigie_journal_written_periods", _C, "Periods written to the journal", "", (),
           _one(lambda inputs: inputs.journal.rows), is_live=False),
    Metric("vigie_journal_lost_periods", _C, "Periods the journal could not keep", "", (),
           _one(lambda inputs: inputs.journal.lost_periods), is_live=False),
    Metric("vigie_build", MetricKind.INFO, "What runs here", "", ("version", "plant"),
           lambda inputs: [((inputs.version, inputs.plant), 1.0)], is_live=False),
    _figure("vigie_cpu_temperature_celsius", "CPU temperature", "degC", "cpu_temp_c", "cpu_temp"),
    _figure("vigie_cpu_usage_ratio", "CPU usage, 0..1 of all cores", "1", "cpu_usage_percent", "cpu_usage", "%", 0.01),
    _figure("vigie_cpu_core_volts", "CPU core voltage", "V", "cpu_v", "cpu_volt"),
    _figure("vigie_ram_used_ratio", "Share of memory in use, 0..1", "1",
            "ram_used_bytes/ram_total_bytes", "porcent_ram_ussed", "%", 0.01),
    _figure("vigie_ram_free_bytes", "Memory available", "B", "ram_free_bytes", "ram_free"),
    _figure("vigie_ram_used_bytes", "Memory in use", "B", "ram_used_bytes", "ram_ussed"),
    _figure("vigie_ram_size_bytes", "Memory of the machine", "B", "ram_total_bytes", "ram_total"),
    _figure("vigie_disk_used_ratio", "Share of the disk in use, 0..1, of what programs may use", "1",
            "disk_used_bytes/disk_used_bytes+disk_free_bytes", "porcent_disk_ussed", "%", 0.01),
    _figure("vigie_disk_used_bytes", "Disk space in use", "B", "disk_used_bytes", "disk_ussed"),
    _figure("vigie_disk_free_bytes", "Disk space free", "B", "disk_free_bytes", "disk_free"),
    _figure("vigie_disk_size_bytes", "Size of the disk", "B", "disk_total_bytes", "disk_total"),
)  # fmt: skip
"""The only definition of every metric; exporter and docs/metrics.md are made from it."""


def exposed_names(metric: Metric) -> list[str]:
    """Return the names as Prometheus shows them: ours, then the client's."""
    suffix = {MetricKind.COUNTER: "_total", MetricKind.INFO: "_info"}.get(metric.kind, "")
    return [metric.name + suffix, *metric.client_names]


def delivered_names() -> list[str]:
    """Return the names, ours and the client's, of everything delivery sends: a scrape of it would be a second copy."""
    return [name for metric in METRICS if metric.is_of_period for name in exposed_names(metric)]


def our_series(metric: Metric, inputs: MetricInputs) -> list[Exposed]:
    """Return a metric's samples under our name."""
    name = exposed_names(metric)[0]
    return [
        (name, tuple(zip(metric.labels, labels, strict=True)), None if value is None else value * metric.factor)
        for labels, value in metric.read(inputs)
    ]


def client_series(metric: Metric, inputs: MetricInputs) -> Iterator[Exposed]:
    """Yield the same samples under the client's names, in his units and states."""
    if not metric.client_names:
        return
    samples = metric.read(inputs)
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
