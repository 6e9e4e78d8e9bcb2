import hashlib
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from vigie.control.signals import Contact, Contacts, Status, Temperature
from vigie.telemetry import schema

from .samples import START_MS, lost_channel, measurement, record


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for step in schema.MIGRATIONS:
            for statement in step:
                connection.execute(statement)
        connection.executemany("INSERT INTO state_name VALUES (?, ?, ?)", schema.state_names())
        yield connection


def shown(database: sqlite3.Connection, period: tuple[int | None, ...]) -> dict[str, object]:
    database.execute(f"INSERT INTO period VALUES ({', '.join('?' * len(period))})", period)
    cursor = database.execute("SELECT * FROM period_si")
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


def test_a_released_migration_is_never_changed() -> None:
    digests = [hashlib.sha256("\n".join(step).encode()).hexdigest()[:16] for step in schema.MIGRATIONS]
    released = [
        "5f19172ffd646c76",
        "257a4e2d518158c0",
        "30cf62b2324cd06e",
        "b2765ec63aac98de",
        "d481337a10821363",
        "847b673ed1e7b837",
    ]
    assert digests == released, "add a step to MIGRATIONS instead of changing one"


def test_the_view_gives_back_what_was_recorded_in_si_units(database: sqlite3.Connection) -> None:
    row = shown(database, schema.period_row(record(1.5, battery_v=12.91234)))
    assert row["utc_ms"] == START_MS + 1500
    assert row["battery_bus_v"] == pytest.approx(12.91234, abs=5e-5)
    assert row["battery_bus_spread_v"] == pytest.approx(0.0021, abs=5e-6)
    assert row["charge_current_a"] == pytest.approx(-0.25, abs=5e-6)
    assert row["charge_shunt_v"] == pytest.approx(-0.025, abs=5e-7)
    assert row["load_power_w"] == pytest.approx(13.5 * 1.75, abs=5e-5)
    assert row["temperature_c"] == pytest.approx(23.4375, abs=5e-4)
    assert (row["mode"], row["phase"], row["mains"]) == ("protect", "charge", "present")
    assert (row["battery_good"], row["battery_rejected"], row["battery_status"]) == (10, 0, 0)
    assert (row["is_valid"], row["is_overrun"]) == (1, 0)


def test_an_invalid_channel_is_null_and_keeps_its_counts_and_flags(database: sqlite3.Connection) -> None:
    row = shown(database, schema.period_row(record(is_valid=False)))
    values = ("bus_v", "bus_spread_v", "shunt_v", "current_a", "current_spread_a", "power_w")
    assert [row[f"battery_{name}"] for name in values] == [None] * 6
    assert (row["battery_good"], row["battery_rejected"], row["battery_status"]) == (0, 10, Status.FAILED)
    assert row["is_valid"] == 0


def test_a_lost_temperature_is_null(database: sqlite3.Connection) -> None:
    lost = measurement()._replace(temperature=Temperature(23.0, Status.FAILED))
    row = shown(database, schema.period_row(record()._replace(measurement=lost)))
    assert (row["temperature_c"], row["temperature_status"]) == (None, Status.FAILED)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_null(value: float) -> None:
    assert schema.stored(value, schema.BUS.per_unit) is None


def test_a_single_good_sweep_has_no_spread_but_a_mean(database: sqlite3.Connection) -> None:
    one = measurement().battery._replace(good=1, bus_spread_v=math.nan)
    row = shown(database, schema.period_row(record()._replace(measurement=measurement()._replace(battery=one))))
    assert row["battery_bus_v"] == pytest.approx(12.9)
    assert row["battery_bus_spread_v"] is None


def test_contacts_read_back_and_commanded_are_kept_apart(database: sqlite3.Connection) -> None:
    told = Contacts(Contact.CLOSED, Contact.OPEN, Contact.CLOSED, Contact.CLOSED)
    row = shown(database, schema.period_row(record()._replace(commanded=told)))
    assert [row[f"r{n}_is_closed"] for n in (1, 2, 3, 4)] == [1, 1, 0, 0]
    assert [row[f"commanded_r{n}_is_closed"] for n in (1, 2, 3, 4)] == [1, 0, 1, 1]


def test_an_absent_channel_costs_a_byte_a_value(database: sqlite3.Connection) -> None:
    values = schema.period_row(record()._replace(measurement=measurement()._replace(spare=lost_channel())))
    assert values[-11:-2] == (None, None, None, None, None, None, 0, 10, Status.FAILED)
