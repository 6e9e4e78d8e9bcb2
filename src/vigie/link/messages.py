"""What the controller and the web process say to each other. One definition for link, web API and CLI.

Times on the wire are integer milliseconds since 1970-01-01 UTC on the plant's calendar; ages are
milliseconds counted by the sender's monotonic clock. Enum values travel as lower-case names.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ModeName = Literal["observe", "protect", "cycle", "manual"]
ContactName = Literal["open", "closed"]
RelayName = Literal["R1", "R2", "R3", "R4"]
ChannelName = Literal["battery", "charge", "load", "spare"]
SeverityName = Literal["info", "warning", "critical"]
StandingName = Literal["unacknowledged", "acknowledged", "returned", "latched", "shelved"]
TruthName = Literal["unknown", "obeyed", "no_effect", "cannot_tell"]
ContactFaultName = Literal["none", "no_effect", "welded", "dead", "swapped", "reversed"]
OutageName = Literal["outage", "drill", "charger_fault"]
FullnessName = Literal["unknown", "not_full", "full"]

SHORTEST_STALE_MS = 2500.0
STALE_AFTER_PERIODS = 2.5


class Message(BaseModel):
    """Base of all messages: unknown keys are refused. Built at first use: a controller never validates a snapshot."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ChannelState(Message):
    """One meter channel, averaged over the last period. ``None`` means no valid value."""

    channel: ChannelName
    label: str = Field(description="The user's name for it, V1..V4 by default")
    is_fitted: bool = Field(description="Part of this installation")
    bus_v: float | None
    bus_spread_v: float | None
    shunt_v: float | None
    current_a: float | None
    power_w: float | None
    good: int = Field(ge=0, description="Sweeps averaged in")
    rejected: int = Field(ge=0, description="Sweeps kept out")
    status: list[str] = Field(description="Names of the Status bits seen, lower case; empty when good")
    calibration: Literal["none", "preset", "two_point"]
    error: str | None = Field(default=None, description="The driver's last words when the channel failed")


class RelayState(Message):
    """One contact: what it was told, what the line reads, and why."""

    relay: RelayName
    label: str = Field(description="The user's name for it")
    contact: ContactName = Field(description="Read back from the line")
    commanded: ContactName
    reason: str = Field(description="Name of the control Reason, lower case")
    since_utc_ms: int = Field(description="Last movement")
    switchings: int = Field(ge=0, description="Movements counted in the journal")
    refusal_to_open: str | None = Field(
        default=None, description="Reason why it could not be opened now, None when it could"
    )
    opens_in_s: float | None = Field(
        default=None,
        description="After a loss, so long the mains must still stand before it may open; None when it has",
    )
    truth: TruthName = Field(default="unknown", description="What the readings say of the last movement")
    fault: ContactFaultName = Field(default="none", description="What they accuse the contact of")
    wear_share: float = Field(default=0.0, ge=0, description="Used part of the contact's rated life, 1 is all of it")
    switched_a: float = Field(default=0.0, ge=0, description="Sum of the currents it has switched")


class Figures(Message):
    """The Raspberry Pi's own figures; ``None`` where this machine does not offer one."""

    model: str | None = None
    cpu_temp_c: float | None = None
    cpu_usage_percent: float | None = None
    cpu_v: float | None = None
    cpu_hz: float | None = None
    throttled: list[str] | None = Field(default=None, description="Names of the flags set; [] is healthy")
    ram_total_bytes: int | None = None
    ram_used_bytes: int | None = None
    ram_free_bytes: int | None = None
    disk_total_bytes: int | None = None
    disk_used_bytes: int | None = None
    disk_free_bytes: int | None = None
    uptime_s: float | None = None
    clock_is_synchronised: bool | None = None


class JournalState(Message):
    """How the journal is doing."""

    path: str
    bytes: int
    is_writing: bool
    error: str | None = None
    waiting_periods: int = Field(ge=0, description="Periods held in memory")
    lost_periods: int = Field(ge=0, description="Periods that could not be kept since start")


class AlarmReport(Message):
    """One alarm that is not at rest."""

    alarm: str = Field(description="Name of the Alarm, lower case")
    severity: SeverityName
    standing: StandingName
    is_present: bool = Field(description="Its condition holds")
    is_chattering: bool = Field(description="It comes and goes too often to be told each time")
    is_first_out: bool = Field(description="It was the first of those that stand")
    raised_utc_ms: int
    returned_utc_ms: int | None
    value: float | None = Field(description="The worst since it was raised; None where there is no number")
    now: float | None = Field(
        default=None,
        description="The same in the newest period; None where it cannot be told or is no reading",
    )
    limit: float | None
    unit: str
    detail: list[str] = Field(description="What it is about: channels, relays, faults of a contact")
    protection: str = Field(description="Name of what the program does about it, 'none' for nothing")
    shelved_until_utc_ms: int | None
    by: str = Field(description="Who acknowledged or shelved it, empty when nobody did")
    why: str = Field(description="What they gave as the reason")
    times: int = Field(ge=0, description="How often it was raised since it was at rest")


class OutageReport(Message):
    """What the battery is going through now."""

    kind: OutageName
    began_utc_ms: int
    lowest_v: float | None
    charge_out_ah: float
    dark_s: float = Field(description="How long the loads have been without voltage")
    rest_dark_s: float = Field(default=0.0, description="How much of it R2 was open: the battery was not asked yet")


class EstimatedValue(Message):
    """A value with the bounds it lies between with about two chances in three, or why there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = Field(description="Name of UnknownWhy, lower case; 'none' when the value is known")


class EstimateReport(Message):
    """What is believed of the battery."""

    fullness: FullnessName
    full_since_utc_ms: int | None
    last_full_utc_ms: int | None
    is_discharging: bool = Field(description="An outage or a drill goes on")
    discharge_began_utc_ms: int | None = Field(description="Of the one that goes on, or the last one")
    drawn_ah: EstimatedValue = Field(description="In that discharge")
    drawn_wh: EstimatedValue
    returned_ah: EstimatedValue = Field(description="Since it ended")
    rest_since_utc_ms: int | None
    rest_v: EstimatedValue = Field(description="Voltage the rest has settled at")
    resistance_ohm: EstimatedValue = Field(description="Median of the newest steps of the current, at 25 degC")
    soc: EstimatedValue = Field(description="State of charge, 0..1 of what it holds now")
    capacity_ah: EstimatedValue = Field(description="20 h rate, 25 degC")
    load_w: float | None = Field(description="What the loads draw, smoothed over a minute")
    remaining_s: EstimatedValue = Field(
        description="How long it carries the loads as they are, rounded to what is known; with mains: were it lost now"
    )


class MailReport(Message):
    """How the messages to people are doing."""

    is_configured: bool
    waiting: int = Field(ge=0, description="Messages not handed over yet")
    refused: int = Field(ge=0, description="Messages a server refused for good, or given up")
    last_error: str
    last_sent_utc_ms: int | None = Field(description="Machine calendar")


class DeliveryReport(Message):
    """How the delivery of measurements to a central store is doing."""

    url: str = Field(default="", description="Where it sends to; empty when nothing was ever sent")
    delivered_utc_ms: int | None = Field(default=None, description="Newest period delivered, plant calendar")
    waiting_periods: int = Field(default=0, ge=0, description="Periods not delivered yet")
    lag_s: float = Field(default=0.0, description="Longest wait lately between a period's end and the store's yes")
    set_aside: int = Field(default=0, ge=0, description="Stretches of the journal the store refused for good")
    lost_periods: int = Field(default=0, ge=0, description="Periods deleted before they were delivered")
    last_ok_utc_ms: int | None = Field(default=None, description="Machine calendar")
    last_error: str = Field(default="", description="Why nothing is taken now; empty while all is well")
    is_settings: bool = Field(default=False, description="The error stays until somebody changes a setting")


class LoopState(Message):
    """How the control loop is doing since the controller started."""

    periods: int = Field(ge=0)
    failed_periods: int = Field(ge=0)
    overruns: int = Field(ge=0)
    period_s: float
    cpu_ms: float = Field(description="CPU of the last period, milliseconds")
    started_utc_ms: int


class Snapshot(Message):
    """Everything a page needs, once per period; the newest one wins."""

    seq: int = Field(ge=0, description="Counts up by one per period; restarts with the controller")
    version: str
    site: str
    battery: str = Field(default="", description="Name of the battery; a new one gets a new name")
    plant: Literal["rig", "emulated", "twin", "recorded"] = Field(
        description="Only rig is real; emulated: the rig's drivers over emulated boards"
    )
    speed: float = Field(gt=0, description="Plant seconds per machine second; 1 on real hardware")
    utc_ms: int = Field(description="End of the period on the plant's calendar")
    is_valid: bool = Field(description="The period is a good measurement")
    mode: ModeName
    phase: Literal["steady", "charge", "rest", "discharge"]
    phase_since_utc_ms: int
    mode_since_utc_ms: int
    mode_by: str = Field(description="Who chose the mode: 'start', or the name in the command")
    manual_until_utc_ms: int | None
    wiring: Literal["line", "charge_only"]
    mains: Literal["unknown", "present", "absent", "cut"]
    mains_since_utc_ms: int
    verdict: Literal["unknown", "ok", "attention", "alarm"]
    verdict_reasons: list[str] = Field(description="Names of Reason, most serious first")
    over_temperature_latched: bool
    channels: list[ChannelState] = Field(min_length=4, max_length=4)
    temperature_c: float | None
    temperature_status: list[str]
    ambient_c: float | None = Field(default=None, description="Temperature of the air around the battery")
    relays: list[RelayState] = Field(min_length=4, max_length=4)
    alarms: list[AlarmReport] = Field(default=[], description="Everything not at rest, most urgent first")
    outage: OutageReport | None = Field(default=None, description="None while the mains is there and charges")
    estimate: EstimateReport | None = Field(default=None, description="What is believed of the battery")
    thresholds: dict[str, float] = Field(
        description="Settings the pages draw as limits, by name: protect_open_above_v, protect_close_below_v, "
        "cycle_discharge_to_v, cycle_charge_to_v, cycle_recharge_below_v, floor_v, temperature_limit_c, "
        "temperature_release_c"
    )
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


def stale_after_ms(snapshot: Mapping[str, Any]) -> float:
    """Return the age in milliseconds from which a ``Snapshot`` no longer tells the present."""
    period_ms = 1000.0 * snapshot["loop"]["period_s"] / snapshot["speed"]
    return float(max(SHORTEST_STALE_MS, STALE_AFTER_PERIODS * period_ms))
