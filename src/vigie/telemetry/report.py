"""The report of a period, built once by the controller: journal, metrics, link and log read it.

Alarms and an outage are told by everybody in the same words, so their reports are plain JSON with types.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, with_config
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict

from vigie.control.alarms.catalogue import Severity, Standing
from vigie.control.contact_findings import ContactFault, Truth
from vigie.control.estimation.estimate import BatteryEstimate
from vigie.control.outages import OutageKind
from vigie.control.signals import Channel, Contacts, Measurement, Relay
from vigie.control.supervisor import Decision, State
from vigie.errors import VigieError
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.records import PeriodRecord

STRICT = ConfigDict(extra="forbid")
"""Unknown keys are refused where it is validated."""


class OneOf:
    """Says which texts a field of a message may hold."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        return core_schema.literal_schema(list(self.names))


def names_of(kind: type[Enum], *but: Enum) -> OneOf:
    """Return the lower-case names of an enum's members, without those of ``but``.

    >>> names_of(Standing, Standing.NORMAL).names[0]
    'unacknowledged'
    """
    return OneOf(*(member.name.lower() for member in kind if member not in but))


SeverityName = Annotated[str, names_of(Severity)]
StandingName = Annotated[str, names_of(Standing, Standing.NORMAL)]
OutageName = Annotated[str, names_of(OutageKind)]


@with_config(STRICT)
class AlarmReport(TypedDict):
    """One alarm that is not at rest."""

    alarm: Annotated[str, Field(description="Name of the Alarm, lower case")]
    severity: SeverityName
    standing: StandingName
    is_present: Annotated[bool, Field(description="Its condition holds")]
    is_chattering: Annotated[bool, Field(description="It comes and goes too often to be told each time")]
    is_first_out: Annotated[bool, Field(description="It was the first of those that stand")]
    raised_utc_ms: int
    returned_utc_ms: int | None
    value: Annotated[float | None, Field(description="The worst since it was raised; None where there is no number")]
    now: Annotated[
        float | None,
        Field(description="The same in the newest period; None where it cannot be told or is no reading"),
    ]
    limit: float | None
    unit: str
    detail: Annotated[list[str], Field(description="What it is about: channels, relays, faults of a contact")]
    protection: Annotated[str, Field(description="Name of what the program does about it, 'none' for nothing")]
    shelved_until_utc_ms: int | None
    by: Annotated[str, Field(description="Who acknowledged or shelved it, empty when nobody did")]
    why: Annotated[str, Field(description="What they gave as the reason")]
    times: Annotated[int, Field(ge=0, description="How often it was raised since it was at rest")]


@with_config(STRICT)
class OutageReport(TypedDict):
    """What the battery is going through now."""

    kind: OutageName
    began_utc_ms: int
    lowest_v: float | None
    charge_out_ah: float
    dark_s: Annotated[float, Field(description="How long the loads have been without voltage")]
    rest_dark_s: Annotated[float, Field(description="How much of it R2 was open: the battery was not asked yet")]


@with_config(STRICT)
class Figures(TypedDict):
    """The Raspberry Pi's own figures; ``None`` where this machine does not offer one."""

    model: str | None
    cpu_temp_c: float | None
    cpu_usage_percent: float | None
    cpu_v: float | None
    cpu_hz: float | None
    throttled: Annotated[list[str] | None, Field(description="Names of the flags set; [] is healthy")]
    ram_total_bytes: int | None
    ram_used_bytes: int | None
    ram_free_bytes: int | None
    disk_total_bytes: int | None
    disk_used_bytes: int | None
    disk_free_bytes: int | None
    uptime_s: float | None
    clock_is_synchronised: bool | None


UNKNOWN_FIGURES = Figures(
    model=None,
    cpu_temp_c=None,
    cpu_usage_percent=None,
    cpu_v=None,
    cpu_hz=None,
    throttled=None,
    ram_total_bytes=None,
    ram_used_bytes=None,
    ram_free_bytes=None,
    disk_total_bytes=None,
    disk_used_bytes=None,
    disk_free_bytes=None,
    uptime_s=None,
    clock_is_synchronised=None,
)
"""Before the first look at the computer."""


class ContactReport(NamedTuple):
    """What is known of one relay's contact."""

    truth: Truth
    """What the readings say of the last movement."""
    fault: ContactFault
    """What they accuse the contact of."""
    wear_share: float
    """Used part of its rated life, 1 is all of it."""
    switched_a: float
    """Sum of the currents it has switched."""


class Counters(NamedTuple):
    """What the loop counts since it started."""

    periods: int
    failed_periods: int
    overruns: int
    cpu_ms: float
    """Of the last period."""
    rejected: tuple[int, int, int, int]
    """Rejected sweeps by channel."""
    switchings: tuple[int, ...]
    """Movements by relay, those counted in the journal before too."""

    def after(self, measurement: Measurement, cpu_ms: float) -> "Counters":
        """Return them after one more period, which took ``cpu_ms``."""
        battery, charge, load, spare = self.rejected
        return Counters(
            self.periods + 1,
            self.failed_periods + (0 if measurement.is_valid else 1),
            self.overruns,
            cpu_ms,
            (
                battery + measurement.battery.rejected,
                charge + measurement.charge.rejected,
                load + measurement.load.rejected,
                spare + measurement.spare.rejected,
            ),
            self.switchings,
        )


class Period(NamedTuple):
    """The report of one finished period, for everybody who wants to know."""

    record: PeriodRecord
    """What the journal keeps of it."""
    utc_s: float
    """Its end on the plant's calendar, finer than the record's."""
    contacts: Contacts
    """As the lines read at the end of the period."""
    state: State
    decision: Decision
    disobeyed: tuple[Relay, ...]
    """Relays whose line does not read what it was told."""
    errors: Mapping[Channel, VigieError]
    mode_by: str
    counters: Counters
    alarms: Sequence[AlarmReport]
    """Most urgent first."""
    outage: OutageReport | None
    """The one that lasts."""
    contact_reports: Sequence[ContactReport]
    """By relay."""
    estimate: BatteryEstimate
    """What is believed of the battery."""

    @property
    def measurement(self) -> Measurement:
        """The process image it was decided on."""
        return self.record.measurement


class HostReport(NamedTuple):
    """What belongs to the controller's process and its computer, and not to a period."""

    figures: Figures
    journal: JournalStatus
    cpu_s: float
    """CPU time of the process so far."""
    version: str
    plant: str
    """``rig``, ``emulated``, ``twin`` or ``recorded``."""
