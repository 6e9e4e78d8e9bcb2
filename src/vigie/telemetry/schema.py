"""The journal's tables: which column holds what, in which unit, and how versions follow each other.

Values are whole numbers of a unit finer than the meter's averaged resolution, because SQLite stores
small integers in 1 to 4 bytes and every float in 8. A value that is not valid is NULL. The views
``period_si``, ``minute_si`` and ``hour_si`` show the same rows in SI units.
"""

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import Channel, ChannelMean, Contacts, Relay
from vigie.telemetry import delivery_schema, outbox_schema
from vigie.telemetry.records import PeriodRecord

APPLICATION_ID = 0x56494749
"""``VIGI`` in the file's header: tells a journal from any other SQLite file."""
KEYS_PER_MS = 64
"""A period's key is ``utc_ms * KEYS_PER_MS + n``: ordered by time, and a calendar that comes by the same
millisecond again (it may run backwards) takes the next free ``n``."""
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


class Quantity(NamedTuple):
    """One measured quantity: its SI name, its column's suffix, and stored units per SI unit."""

    name: str
    column: str
    per_unit: int


BUS = Quantity("bus_v", "bus_100uv", 10_000)
SHUNT = Quantity("shunt_v", "shunt_uv", 1_000_000)
CURRENT = Quantity("current_a", "current_10ua", 100_000)
POWER = Quantity("power_w", "power_100uw", 10_000)
BUS_SPREAD = Quantity("bus_spread_v", "bus_spread_10uv", 100_000)
CURRENT_SPREAD = Quantity("current_spread_a", "current_spread_10ua", 100_000)
TEMPERATURE = Quantity("temperature_c", "temperature_mc", 1000)
AMBIENT = Quantity("ambient_c", "ambient_mc", 1000)

CHANNELS = tuple(channel.name.lower() for channel in Channel)
PER_CHANNEL = (BUS, BUS_SPREAD, SHUNT, CURRENT, CURRENT_SPREAD, POWER)
ROLLED_PER_CHANNEL = (BUS, CURRENT, POWER)
STATE_COLUMNS = ("is_valid", "is_overrun", "mode", "phase", "mains", "contacts", "commanded")
STATES: tuple[tuple[str, type[IntEnum]], ...] = (("mode", Mode), ("phase", Phase), ("mains", Mains))
COUNT_COLUMNS = ("good", "rejected", "status")


def rolled() -> list[tuple[str, Quantity]]:
    """Return (column in the raw table, quantity) of everything that is rolled up."""
    per_channel = [(f"{name}_{q.column}", q) for name in CHANNELS for q in ROLLED_PER_CHANNEL]
    return [*per_channel, (TEMPERATURE.column, TEMPERATURE), (AMBIENT.column, AMBIENT)]


def period_columns() -> list[str]:
    """Return the raw table's columns in the order of :func:`period_row`."""
    return [*_first_period_columns(), AMBIENT.column, "ambient_status"]


def _first_period_columns() -> list[str]:
    columns = ["key", *STATE_COLUMNS, TEMPERATURE.column, "temperature_status"]
    for name in CHANNELS:
        columns += [f"{name}_{q.column}" for q in PER_CHANNEL]
        columns += [f"{name}_{count}" for count in COUNT_COLUMNS]
    return columns


def _first_rollup_columns() -> list[str]:
    columns = ["start_utc_ms", "periods", "failed"]
    for column, _ in rolled()[:-1]:
        columns += _extremes(column)
    return columns


def _extremes(column: str) -> list[str]:
    return [f"{column}_min", f"{column}_mean", f"{column}_max"]


def stored(value: float, per_unit: int) -> int | None:
    """Return ``value`` as it is stored, None for NaN and infinities.

    >>> stored(12.34567, BUS.per_unit), stored(float("nan"), BUS.per_unit)
    (123457, None)
    """
    return round(value * per_unit) if math.isfinite(value) else None


def state_names() -> list[tuple[str, int, str]]:
    """Return the rows of the table ``state_name``: state, number, name."""
    return [(state, int(member), member.name.lower()) for state, kind in STATES for member in kind]


def contact_bits(contacts: Contacts) -> int:
    """Return the four contacts as bits, R1 lowest, 1 = closed."""
    return contacts.r1 | contacts.r2 << 1 | contacts.r3 << 2 | contacts.r4 << 3


def _channel_values(mean: ChannelMean) -> tuple[int | None, ...]:
    counts = (mean.good, mean.rejected, mean.status)
    if not mean.is_valid:
        return (None, None, None, None, None, None, *counts)
    return (
        stored(mean.bus_v, BUS.per_unit),
        stored(mean.bus_spread_v, BUS_SPREAD.per_unit),
        stored(mean.shunt_v, SHUNT.per_unit),
        stored(mean.current_a, CURRENT.per_unit),
        stored(mean.current_spread_a, CURRENT_SPREAD.per_unit),
        stored(mean.power_w, POWER.per_unit),
        *counts,
    )


def period_row(record: PeriodRecord) -> tuple[int | None, ...]:
    """Return a record as a row of the raw table, its key without a tie breaker."""
    measurement = record.measurement
    temperature, ambient = measurement.temperature, measurement.ambient
    return (
        record.utc_ms * KEYS_PER_MS,
        int(measurement.is_valid),
        int(record.is_overrun),
        int(record.mode),
        int(record.phase),
        int(record.mains),
        contact_bits(measurement.contacts),
        contact_bits(record.commanded),
        stored(temperature.celsius, TEMPERATURE.per_unit) if temperature.status == 0 else None,
        temperature.status,
        *_channel_values(measurement.battery),
        *_channel_values(measurement.charge),
        *_channel_values(measurement.load),
        *_channel_values(measurement.spare),
        stored(ambient.celsius, AMBIENT.per_unit) if ambient.status == 0 else None,
        ambient.status,
    )


def _table(name: str, columns: list[str]) -> str:
    body = ", ".join([f"{columns[0]} INTEGER PRIMARY KEY", *(f"{c} INTEGER" for c in columns[1:])])
    return f"CREATE TABLE {name} ({body}) STRICT"


def _si(column: str, prefix: str, quantity: Quantity, suffix: str = "") -> tuple[str, str]:
    return f"{column}{suffix} / {quantity.per_unit}.0", f"{prefix}{quantity.name}{suffix}"


def _named(column: str, words: Sequence[str]) -> tuple[str, str]:
    cases = " ".join(f"WHEN {number} THEN '{word}'" for number, word in enumerate(words))
    return f"CASE {column} {cases} END", column


def _looked_up(column: str) -> tuple[str, str]:
    return f"(SELECT name FROM state_name WHERE state = '{column}' AND number = {column})", column  # noqa: S608 - own names only


def _closed(column: str, prefix: str) -> list[tuple[str, str]]:
    return [(f"{column} >> {int(r)} & 1", f"{prefix}{r.name.lower()}_is_closed") for r in Relay]


def period_si() -> list[tuple[str, str]]:
    """Return (expression, name) of a raw row in SI units and words, the name carrying the unit."""
    return _with_ambient([_named(state, [member.name.lower() for member in kind]) for state, kind in STATES])


def _with_ambient(states: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*_first_period_si(states), _si(AMBIENT.column, "", AMBIENT), ("ambient_status", "ambient_status")]


def _first_period_si(states: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    shown = [(f"key / {KEYS_PER_MS}", "utc_ms"), ("is_valid", "is_valid"), ("is_overrun", "is_overrun")]
    shown += states
    shown += [*_closed("contacts", ""), *_closed("commanded", "commanded_")]
    shown += [_si(TEMPERATURE.column, "", TEMPERATURE), ("temperature_status", "temperature_status")]
    for name in CHANNELS:
        shown += [_si(f"{name}_{q.column}", f"{name}_", q) for q in PER_CHANNEL]
        shown += [(f"{name}_{count}", f"{name}_{count}") for count in COUNT_COLUMNS]
    return shown


def rollup_si() -> list[tuple[str, str]]:
    """Return (expression, name) of a minute or an hour in SI units, the name carrying the unit."""
    return _rollup_si(rolled())


def _rollup_si(quantities: list[tuple[str, Quantity]]) -> list[tuple[str, str]]:
    shown = [("start_utc_ms", "utc_ms"), ("periods", "periods"), ("failed", "failed")]
    for column, quantity in quantities:
        prefix = column.removesuffix(quantity.column)
        shown += [_si(column, prefix, quantity, suffix) for suffix in ("_min", "_mean", "_max")]
    return shown


def _view(table: str, shown: list[tuple[str, str]]) -> str:
    columns = ", ".join(f"{expression} AS {name}" for expression, name in shown)
    return f"CREATE VIEW {table}_si AS SELECT {columns} FROM {table}"  # noqa: S608 - own names only


_RELEASED_STATES = (
    _named("mode", ("observe", "protect", "cycle", "manual")),
    _named("phase", ("steady", "charge", "rest", "discharge")),
    _named("mains", ("unknown", "present", "absent", "cut")),
)
"""As released: the enums of today may have grown since."""
_OPEN_BUCKET = """CREATE TABLE open_bucket (
  width_ms INTEGER, start_utc_ms INTEGER, PRIMARY KEY (width_ms, start_utc_ms)
) STRICT, WITHOUT ROWID"""

_EVENT = """CREATE TABLE event (
  id INTEGER PRIMARY KEY, utc_ms INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL,
  text TEXT NOT NULL, data TEXT NOT NULL
) STRICT"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        _table("period", _first_period_columns()),
        _table("minute", _first_rollup_columns()),
        _table("hour", _first_rollup_columns()),
        # Minutes and hours with raw rows that their roll-up does not hold yet; read from raw till then.
        _OPEN_BUCKET,
        _EVENT,
        "CREATE INDEX event_by_time ON event (utc_ms)",
        "CREATE INDEX event_by_subject ON event (kind, subject)",
        _view("period", _first_period_si(_RELEASED_STATES)),
        _view("minute", _rollup_si(rolled()[:-1])),
        _view("hour", _rollup_si(rolled()[:-1])),
    ),
    (
        *(f"ALTER TABLE period ADD COLUMN {column} INTEGER" for column in (AMBIENT.column, "ambient_status")),
        *(
            f"ALTER TABLE {table} ADD COLUMN {column} INTEGER"
            for table in ("minute", "hour")
            for column in _extremes(AMBIENT.column)
        ),
        *(f"DROP VIEW {table}_si" for table in ("period", "minute", "hour")),
        _view("period", _with_ambient(_RELEASED_STATES)),
        _view("minute", rollup_si()),
        _view("hour", rollup_si()),
    ),
    outbox_schema.STATEMENTS,
    delivery_schema.STATEMENTS,
    delivery_schema.WHOSE_FAULT,
    (
        # What the numbers of states are called: each writer brings it up to its own enums (`state_names`).
        """CREATE TABLE state_name (
  state TEXT, number INTEGER, name TEXT NOT NULL, PRIMARY KEY (state, number)
) STRICT, WITHOUT ROWID""",
        "DROP VIEW period_si",
        _view("period", _with_ambient([_looked_up(state) for state in ("mode", "phase", "mains")])),
    ),
)
"""Statements that lead from one version to the next; the file's version (PRAGMA user_version) counts the
steps taken. A step that has been released is never changed: a change is a new step."""
