"""What the controller and the web process say to each other. One definition for link, web API and CLI.

Times on the wire are integer milliseconds since 1970-01-01 UTC on the plant's calendar; ages are
milliseconds counted by the sender's monotonic clock. Enum values travel as lower-case names.
"""

from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from vigie.control.commands import Mains, Mode, Phase, Verdict
from vigie.control.contact_findings import ContactFault, Truth
from vigie.control.estimation.estimated import UnknownWhy
from vigie.control.estimation.fullness import Fullness
from vigie.control.signals import Channel, Contact, Wiring
from vigie.telemetry.report import STRICT, AlarmReport, Figures, OneOf, OutageReport, names_of

ModeName = Annotated[str, names_of(Mode)]
ContactName = Annotated[str, names_of(Contact)]
RelayName = Annotated[str, OneOf("R1", "R2", "R3", "R4")]
ChannelName = Annotated[str, names_of(Channel)]
TruthName = Annotated[str, names_of(Truth)]
ContactFaultName = Annotated[str, names_of(ContactFault)]

SHORTEST_STALE_MS = 2500.0
STALE_AFTER_PERIODS = 2.5


class Message(BaseModel):
    """Base of orders and answers: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


@with_config(STRICT)
class ChannelState(TypedDict):
    """One meter channel, averaged over the last period. ``None`` means no valid value."""

    channel: ChannelName
    label: Annotated[str, Field(description="The user's name for it, V1..V4 by default")]
    is_fitted: Annotated[bool, Field(description="Part of this installation")]
    bus_v: float | None
    bus_spread_v: float | None
    shunt_v: float | None
    current_a: float | None
    power_w: float | None
    good: Annotated[int, Field(ge=0, description="Sweeps averaged in")]
    rejected: Annotated[int, Field(ge=0, description="Sweeps kept out")]
    status: Annotated[list[str], Field(description="Names of the Status bits seen, lower case; empty when good")]
    calibration: Annotated[str, OneOf("none", "preset", "two_point")]
    error: Annotated[str | None, Field(description="The driver's last words when the channel failed")]


@with_config(STRICT)
class RelayState(TypedDict):
    """One contact: what it was told, what the line reads, and why."""

    relay: RelayName
    label: Annotated[str, Field(description="The user's name for it")]
    contact: Annotated[ContactName, Field(description="Read back from the line")]
    commanded: ContactName
    reason: Annotated[str, Field(description="Name of the control Reason, lower case")]
    since_utc_ms: Annotated[int, Field(description="Last movement")]
    switchings: Annotated[int, Field(ge=0, description="Movements counted in the journal")]
    refusal_to_open: Annotated[
        str | None, Field(description="Reason why it could not be opened now, None when it could")
    ]
    opens_in_s: Annotated[
        float | None,
        Field(description="After a loss, so long the mains must still stand before it may open; None when it has"),
    ]
    truth: Annotated[TruthName, Field(description="What the readings say of the last movement")]
    fault: Annotated[ContactFaultName, Field(description="What they accuse the contact of")]
    wear_share: Annotated[float, Field(ge=0, description="Used part of the contact's rated life, 1 is all of it")]
    switched_a: Annotated[float, Field(ge=0, description="Sum of the currents it has switched")]


@with_config(STRICT)
class JournalState(TypedDict):
    """How the journal is doing."""

    path: str
    bytes: int
    is_writing: bool
    error: str | None
    waiting_periods: Annotated[int, Field(ge=0, description="Periods held in memory")]
    lost_periods: Annotated[int, Field(ge=0, description="Periods that could not be kept since start")]


@with_config(STRICT)
class EstimatedValue(TypedDict):
    """A value with the bounds it lies between with about two chances in three, or why there is none."""

    value: float | None
    low: float | None
    high: float | None
    why: Annotated[str, names_of(UnknownWhy), Field(description="'none' when the value is known")]


@with_config(STRICT)
class EstimateReport(TypedDict):
    """What is believed of the battery."""

    fullness: Annotated[str, names_of(Fullness)]
    full_since_utc_ms: int | None
    last_full_utc_ms: int | None
    is_discharging: Annotated[bool, Field(description="An outage or a drill goes on")]
    discharge_began_utc_ms: Annotated[int | None, Field(description="Of the one that goes on, or the last one")]
    drawn_ah: Annotated[EstimatedValue, Field(description="In that discharge")]
    drawn_wh: EstimatedValue
    returned_ah: Annotated[EstimatedValue, Field(description="Since it ended")]
    rest_since_utc_ms: int | None
    rest_v: Annotated[EstimatedValue, Field(description="Voltage the rest has settled at")]
    resistance_ohm: Annotated[
        EstimatedValue, Field(description="Median of the newest steps of the current, at 25 degC")
    ]
    soc: Annotated[EstimatedValue, Field(description="State of charge, 0..1 of what it holds now")]
    capacity_ah: Annotated[EstimatedValue, Field(description="20 h rate, 25 degC")]
    load_w: Annotated[float | None, Field(description="What the loads draw, smoothed over a minute")]
    remaining_s: Annotated[
        EstimatedValue,
        Field(
            description="How long it carries the loads as they are, rounded to what is known; "
            "with mains: were it lost now"
        ),
    ]


@with_config(STRICT)
class MailReport(TypedDict):
    """How the messages to people are doing."""

    is_configured: bool
    waiting: Annotated[int, Field(ge=0, description="Messages not handed over yet")]
    refused: Annotated[int, Field(ge=0, description="Messages a server refused for good, or given up")]
    last_error: str
    last_sent_utc_ms: Annotated[int | None, Field(description="Machine calendar")]


@with_config(STRICT)
class DeliveryReport(TypedDict):
    """How the delivery of measurements to a central store is doing."""

    url: Annotated[str, Field(description="Where it sends to; empty when nothing was ever sent")]
    delivered_utc_ms: Annotated[int | None, Field(description="Newest period delivered, plant calendar")]
    waiting_periods: Annotated[int, Field(ge=0, description="Periods not delivered yet")]
    lag_s: Annotated[float, Field(description="Longest wait lately between a period's end and the store's yes")]
    set_aside: Annotated[int, Field(ge=0, description="Stretches of the journal the store refused for good")]
    lost_periods: Annotated[int, Field(ge=0, description="Periods deleted before they were delivered")]
    last_ok_utc_ms: Annotated[int | None, Field(description="Machine calendar")]
    last_error: Annotated[str, Field(description="Why nothing is taken now; empty while all is well")]
    is_settings: Annotated[bool, Field(description="The error stays until somebody changes a setting")]


@with_config(STRICT)
class LoopState(TypedDict):
    """How the control loop is doing since the controller started."""

    periods: Annotated[int, Field(ge=0)]
    failed_periods: Annotated[int, Field(ge=0)]
    overruns: Annotated[int, Field(ge=0)]
    period_s: float
    cpu_ms: Annotated[float, Field(description="CPU of the last period, milliseconds")]
    started_utc_ms: int


@with_config(STRICT)
class Snapshot(TypedDict):
    """Everything a page needs, once per period; the newest one wins."""

    seq: Annotated[int, Field(ge=0, description="Counts up by one per period; restarts with the controller")]
    version: str
    site: str
    battery: Annotated[str, Field(description="Name of the battery; a new one gets a new name")]
    plant: Annotated[
        str,
        OneOf("rig", "emulated", "twin", "recorded"),
        Field(description="Only rig is real; emulated: the rig's drivers over emulated boards"),
    ]
    speed: Annotated[float, Field(gt=0, description="Plant seconds per machine second; 1 on real hardware")]
    utc_ms: Annotated[int, Field(description="End of the period on the plant's calendar")]
    is_valid: Annotated[bool, Field(description="The period is a good measurement")]
    mode: ModeName
    phase: Annotated[str, names_of(Phase)]
    phase_since_utc_ms: int
    mode_since_utc_ms: int
    mode_by: Annotated[str, Field(description="Who chose the mode: 'start', or the name in the command")]
    manual_until_utc_ms: int | None
    wiring: Annotated[str, names_of(Wiring)]
    mains: Annotated[str, names_of(Mains)]
    mains_since_utc_ms: int
    verdict: Annotated[str, names_of(Verdict)]
    verdict_reasons: Annotated[list[str], Field(description="Names of Reason, most serious first")]
    over_temperature_latched: bool
    channels: Annotated[list[ChannelState], Field(min_length=4, max_length=4)]
    temperature_c: float | None
    temperature_status: list[str]
    ambient_c: Annotated[float | None, Field(description="Temperature of the air around the battery")]
    relays: Annotated[list[RelayState], Field(min_length=4, max_length=4)]
    alarms: Annotated[list[AlarmReport], Field(description="Everything not at rest, most urgent first")]
    outage: Annotated[OutageReport | None, Field(description="None while the mains is there and charges")]
    estimate: Annotated[EstimateReport | None, Field(description="What is believed of the battery")]
    thresholds: Annotated[
        dict[str, float],
        Field(
            description="Settings the pages draw as limits, by name: those of a mode as protect_open_above_v, floor_v, "
            "temperature_limit_c, temperature_release_c"
        ),
    ]
    loop: LoopState
    journal: JournalState
    figures: Figures


class Command(Message):
    """An order from a person or a program. A repeated ``id`` is answered again, not carried out again."""

    id: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    action: Literal["set_mode", "set_contact", "acknowledge", "shelve", "unshelve"]
    mode: ModeName | None = None
    relay: RelayName | None = None
    contact: ContactName | None = None
    manual_s: float | None = Field(default=None, gt=0, le=86_400, description="How long manual mode lasts")
    alarm: str | None = Field(
        default=None, max_length=40, description="Alarm to acknowledge (none: all), shelve or take back from the shelf"
    )
    shelve_s: float | None = Field(default=None, ge=60, le=604_800, description="How long it is put aside")
    not_after_utc_ms: int = Field(description="Machine calendar: refused when later than this")
    who: str = Field(min_length=1, max_length=64)
    why: str = Field(default="", max_length=200)


class Answer(Message):
    """What became of a command."""

    id: str
    is_accepted: bool
    reason: str = Field(description="Name of the control Reason, lower case")
    mode: ModeName
    contacts: dict[RelayName, ContactName] = Field(description="Commanded contacts after the decision")
    seq: int = Field(ge=0, description="The period that decided")


@cache
def _snapshots() -> TypeAdapter[Snapshot]:
    return TypeAdapter(Snapshot)  # built at first use: a controller never validates one


def validated_snapshot(data: object) -> Snapshot:
    """Return what came as a snapshot.

    Raises:
        ValidationError: it is none.
    """
    return _snapshots().validate_python(data)


def stale_after_ms(snapshot: Snapshot) -> float:
    """Return the age in milliseconds from which a ``Snapshot`` no longer tells the present."""
    period_ms = 1000.0 * snapshot["loop"]["period_s"] / snapshot["speed"]
    return float(max(SHORTEST_STALE_MS, STALE_AFTER_PERIODS * period_ms))
