"""What goes in and out of the API, on top of the messages controller and web share."""

from difflib import get_close_matches
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vigie.access.passwords import LONGEST
from vigie.control.alarms.catalogue import Alarm
from vigie.control.modes.table import SPECS
from vigie.link.messages import ChannelName, ContactName, DeliveryReport, MailReport, ModeName, RelayName, Snapshot
from vigie.telemetry.report import AlarmReport, OutageName

LAST_UTC_MS = 253_402_300_799_999
"""The end of the year 9999."""
DAY_MS = 86_400_000

ChannelQuantity = Literal["bus_v", "current_a", "power_w"]
UNITS = {"bus_v": "V", "current_a": "A", "power_w": "W", "temperature_c": "°C", "ambient_c": "°C"}
MOST_OUTAGES = 500
MOST_MESSAGES = 100
BY_HAND = tuple(spec.name for spec in SPECS if spec.is_by_hand)
"""Modes in which a person sets the contacts."""
ALARMS = tuple(alarm.name.lower() for alarm in Alarm)


class Strict(BaseModel):
    """Unknown keys and wrong types are refused."""

    model_config = ConfigDict(extra="forbid")


class WireLook(Strict):
    """How one conductor of the diagram is drawn."""

    state: Literal["flow", "live", "dead", "unknown"]
    direction: Literal["forward", "back"]
    speed: Literal["1", "2", "3"]


class StateLook(Strict):
    """What is to be said of the snapshot while the link is connected and its age is at most `stale_after_ms`."""

    verdict: Literal["unknown", "ok", "attention", "alarm"]
    why: dict[str, str] = Field(description="By language; empty without a snapshot")
    since_utc_ms: int | None = Field(description="Since when the verdict is as it is, where that is known")
    wires: dict[str, WireLook]
    alarms: list[str] = Field(description="Names of all alarms, what is now and worst first")
    alarm_count: int = Field(description="Alarms that wait for somebody to take note")
    stale_after_ms: float = Field(description="An older snapshot says nothing: the state is unknown")


class StateAnswer(Strict):
    """The newest snapshot, how old it is, and whether the controller is there."""

    snapshot: Snapshot | None
    age_ms: int | None = Field(description="Since the web process received it; null when nobody can tell")
    link: Literal["connected", "lost", "never"]
    web_version: str
    web_alarms: list[AlarmReport] = Field(description="Raised by the web process itself")
    mail: MailReport | None = Field(description="null where no mail is set up")
    delivery: DeliveryReport | None = Field(description="null where nothing is sent to a central store")
    look: StateLook


class Health(Strict):
    """The web process is alive; what it knows of the controller is said beside, not judged."""

    status: Literal["ok"] = "ok"
    link: Literal["connected", "lost", "never"]
    age_ms: int | None


_FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "set_mode": ({"mode"}, set()),
    "set_contact": ({"relay", "contact"}, set()),
    "acknowledge": (set(), {"alarm"}),
    "shelve": ({"alarm", "shelve_s"}, set()),
    "unshelve": ({"alarm"}, set()),
}
"""What each action needs, and what it may have beside."""


class CommandRequest(BaseModel):
    """An order. Its ``id`` makes it safe to repeat: the controller carries it out once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str | None = Field(
        default=None, min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Made up when missing"
    )
    action: Literal["set_mode", "set_contact", "acknowledge", "shelve", "unshelve"]
    mode: ModeName | None = Field(default=None, description="For set_mode")
    relay: RelayName | None = Field(default=None, description="For set_contact")
    contact: ContactName | None = Field(default=None, description="For set_contact")
    manual_s: float | None = Field(
        default=None, gt=0, le=86_400, description="For set_mode manual: how long it lasts, seconds"
    )
    alarm: str | None = Field(
        default=None, max_length=40, description="For acknowledge (all alarms when missing), shelve, unshelve"
    )
    shelve_s: float | None = Field(
        default=None, ge=60, le=604_800, description="For shelve: how long the alarm is put aside, seconds"
    )
    not_after_utc_ms: int | None = Field(
        default=None, ge=0, le=LAST_UTC_MS, description="Refused when later than this; 5 s from now when missing"
    )
    who: str = Field(default="web", min_length=1, max_length=64)
    why: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _needs_what_its_action_needs(self) -> "CommandRequest":
        needed, allowed = _FIELDS[self.action]
        given = {name for name in ("mode", "relay", "contact", "alarm", "shelve_s") if getattr(self, name) is not None}
        faults = [f"{self.action} needs {name}" for name in sorted(needed - given)]
        faults += [f"{self.action} takes no {name}" for name in sorted(given - needed - allowed)]
        if self.action == "shelve" and not self.why.strip():
            faults.append("shelve needs why: the reason is kept with the alarm")
        if self.alarm is not None and self.alarm not in ALARMS:
            near = get_close_matches(self.alarm, ALARMS, 1)
            faults.append(f"no alarm {self.alarm!r}" + (f"; did you mean {near[0]}?" if near else ""))
        if self.manual_s is not None and self.mode not in BY_HAND:
            faults.append(f"manual_s belongs to set_mode {' or '.join(BY_HAND)}")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class PasswordAgain(Strict):
    """The password of whoever is logged in."""

    password: str = Field(max_length=LONGEST, json_schema_extra={"format": "password", "writeOnly": True})


class Confirmation(Strict):
    """The password was right."""

    valid_s: float = Field(description="For so long no order asks for it again")


class AlarmsReply(Strict):
    """Every alarm that is not at rest."""

    alarms: list[AlarmReport]


NO_MAIL = {"is_configured": False, "waiting": 0, "refused": 0, "last_error": "", "last_sent_utc_ms": None}


class MailMessage(Strict):
    """One message to a person."""

    id: int
    receiver: str
    subject: str
    state: str
    tries: int
    created_utc_ms: int = Field(description="Machine calendar, as the other times of messages")
    next_try_utc_ms: int | None
    last_error: str


class MailReply(Strict):
    """How the messages to people are doing, and the newest of them."""

    is_configured: bool
    waiting: int
    refused: int
    last_error: str
    last_sent_utc_ms: int | None
    messages: list[MailMessage]


class MailTest(Strict):
    """Whom to send a test message."""

    receiver: str | None = Field(default=None, max_length=254, description="Address of one receiver; all when missing")


class MailTestResult(Strict):
    """How it went with one receiver."""

    receiver: str
    is_sent: bool
    error: str


class MailTestReply(Strict):
    """How it went."""

    results: list[MailTestResult]


class OutageRecord(Strict):
    """One outage, drill or charger fault from its beginning to its end."""

    kind: OutageName
    began_utc_ms: int
    ended_utc_ms: int
    duration_s: float
    lowest_v: float | None = Field(description="Lowest battery voltage")
    end_v: float | None = Field(description="Battery voltage at the end")
    charge_out_ah: float
    energy_out_wh: float
    dark_s: float = Field(description="How long the loads had no voltage")
    rest_dark_s: float = Field(default=0.0, description="How much of it R2 was open: the battery was not asked yet")
    was_enough: bool = Field(description="The battery carried the loads to the end")


class OutagesReply(Strict):
    """What the battery has been through."""

    outages: list[OutageRecord]


class AskedSpan(Strict):
    """A stretch of time; the last 24 hours when nothing is said."""

    from_utc_ms: int | None = Field(
        default=None, ge=0, le=LAST_UTC_MS, description="Inclusive; 24 h before the end when missing"
    )
    to_utc_ms: int | None = Field(default=None, ge=0, le=LAST_UTC_MS, description="Exclusive; now when missing")

    def bounds(self, now_utc_ms: int) -> tuple[int, int]:
        """Return begin and end with what is missing filled in."""
        end = now_utc_ms if self.to_utc_ms is None else self.to_utc_ms
        return (max(0, end - DAY_MS) if self.from_utc_ms is None else self.from_utc_ms), end


class TemperatureQuery(AskedSpan):
    """Which stretch of the temperature."""

    points: int = Field(default=600, ge=2, le=5000, description="At most so many points come back")


class ChannelQuery(TemperatureQuery):
    """Which stretch of which quantity of a channel."""

    quantity: ChannelQuantity


class EventsQuery(AskedSpan):
    """Which events."""

    kind: str = Field(
        default="",
        max_length=200,
        pattern=r"^[a-z_]*(,[a-z_]+)*$",
        description="Kinds, separated by commas; all when empty",
    )
    limit: int = Field(default=200, ge=1, le=1000)


class SeriesReply(Strict):
    """A stretch of one quantity. Each point is the minimum, mean and maximum of its slice; null where nothing was."""

    quantity: str
    channel: ChannelName | None = Field(description="null for the temperature")
    unit: str
    resolution: Literal["raw", "minute", "hour"]
    utc_ms: list[int]
    minimum: list[float | None]
    mean: list[float | None]
    maximum: list[float | None]


class EventReply(Strict):
    """One line of the journal."""

    utc_ms: int
    kind: str
    subject: str
    before: str
    after: str
    reason: str
    who: str
    text: str
    data: dict[str, float | int | str]


class EventsReply(Strict):
    """Events, newest first."""

    events: list[EventReply]


class RequestFault(Strict):
    """One fault of a request."""

    where: Literal["json", "query"]
    field: str
    message: str


class Problem(BaseModel):
    """What every error of the API looks like (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[RequestFault] | None = Field(
        default=None, description="Every single fault, when the request was invalid"
    )
