"""Series and events from a journal that the real writer wrote."""

import math
from pathlib import Path

import pytest
import requests

from tests.integration.web.programs import Web
from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Status, Temperature
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.records import Event, EventKind, PeriodRecord

START_MS = 1_790_000_000_000
PERIODS = 120


def mean(bus_v: float) -> ChannelMean:
    return ChannelMean(bus_v, 0.001, 0.01, 0.1, 0.001, bus_v * 0.1, 10, 0, int(Status.GOOD), True)


def period(number: int) -> PeriodRecord:
    volts = 11.2 if number == 60 else 13.0 + 0.001 * number
    contacts = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN)
    measurement = Measurement(
        float(number),
        mean(volts),
        mean(13.6),
        mean(13.5),
        ChannelMean(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 0, 0, int(Status.ABSENT), False),
        Temperature(24.0 + number / 100, int(Status.GOOD)),
        Temperature(22.0, int(Status.GOOD)),
        contacts,
        True,
    )
    utc_ms = START_MS + number * 1000
    return PeriodRecord(utc_ms, measurement, Mode.OBSERVE, Phase.STEADY, Mains.PRESENT, contacts, False)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    web = Web(tmp_path_factory.mktemp("journal"))
    journal = Journal(web.journal, JournalSettings())
    journal.start()
    for number in range(PERIODS):
        journal.record(period(number))
    journal.note(Event(START_MS + 5000, EventKind.MODE, "mode", "observe", "protect", "", "Ada", "because", {"n": 1}))
    journal.note(
        Event(START_MS + 9000, EventKind.SWITCHING, "R2", "closed", "open", "upper_voltage_reached", "", "", {})
    )
    journal.close()
    web.start()
    yield web
    web.end()


def series(web: Web, path: str, **query: object) -> requests.Response:
    span = {"from_utc_ms": START_MS, "to_utc_ms": START_MS + PERIODS * 1000}
    return web.get(f"/api/v1/{path}", params={**span, **query})


def test_series_keeps_the_single_spike(web: Web) -> None:
    body = series(web, "channels/battery/series", quantity="bus_v", points=10).json()
    assert (body["quantity"], body["channel"], body["unit"]) == ("bus_v", "battery", "V")
    assert len(body["utc_ms"]) == len(body["minimum"]) == len(body["mean"]) == len(body["maximum"]) <= 10
    assert min(body["minimum"]) == pytest.approx(11.2)
    assert max(body["maximum"]) == pytest.approx(13.0 + 0.001 * (PERIODS - 1), abs=0.002)


def test_channel_that_measured_nothing_is_null_and_not_zero(web: Web) -> None:
    body = series(web, "channels/spare/series", quantity="current_a", points=10).json()
    assert set(body["mean"]) <= {None}


def test_temperature_is_a_series_of_no_channel(web: Web) -> None:
    body = series(web, "temperature/series", points=100).json()
    assert (body["channel"], body["unit"]) == (None, "°C")
    assert body["mean"][0] == pytest.approx(24.0, abs=0.1)


def test_events_come_newest_first_and_by_kind(web: Web) -> None:
    events = series(web, "events").json()["events"]
    assert [event["kind"] for event in events] == ["switching", "mode"]
    assert events[1] | {"utc_ms": 0} == {
        "utc_ms": 0,
        "kind": "mode",
        "subject": "mode",
        "before": "observe",
        "after": "protect",
        "reason": "",
        "who": "Ada",
        "text": "because",
        "data": {"n": 1},
    }
    assert [event["subject"] for event in series(web, "events", kind="switching").json()["events"]] == ["R2"]
    assert len(series(web, "events", kind="switching,mode").json()["events"]) == 2
    assert len(series(web, "events", limit=1).json()["events"]) == 1


@pytest.mark.parametrize(
    ("path", "query", "fields"),
    [
        ("channels/battery/series", {}, {"quantity"}),
        (
            "channels/battery/series",
            {"quantity": "ohm", "points": 1, "to_utc_ms": -1},
            {"quantity", "points", "to_utc_ms"},
        ),
        ("channels/battery/series", {"quantity": "bus_v", "points": 5001}, {"points"}),
        ("channels/battery/series", {"quantity": "bus_v", "to_utc_ms": START_MS}, {"from_utc_ms"}),
        ("temperature/series", {"quantity": "bus_v"}, {"quantity"}),
        ("temperature/series", {"from_utc_ms": "yesterday"}, {"from_utc_ms"}),
        ("events", {"kind": "party"}, {"kind"}),
        ("events", {"kind": "'; DROP TABLE event"}, {"kind"}),
        ("events", {"limit": 0}, {"limit"}),
    ],
)
def test_bad_questions_name_every_fault(web: Web, path: str, query: dict[str, object], fields: set[str]) -> None:
    reply = series(web, path, **query)
    assert reply.status_code == 422
    assert {fault["field"] for fault in reply.json()["errors"]} == fields


def test_unknown_channel_is_a_404_that_names_the_known_ones(web: Web) -> None:
    reply = series(web, "channels/V1/series", quantity="bus_v")
    assert reply.status_code == 404
    assert "battery, charge, load, spare" in reply.json()["detail"]


def test_missing_and_broken_journals_are_a_503_that_says_why(tmp_path: Path) -> None:
    web = Web(tmp_path).start()
    missing = web.get("/api/v1/events")
    web.journal.write_bytes(b"this is no journal" * 1000)
    broken = web.get("/api/v1/temperature/series")
    web.end()
    for reply in (missing, broken):
        assert reply.status_code == 503
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert str(web.journal) in reply.json()["detail"]
