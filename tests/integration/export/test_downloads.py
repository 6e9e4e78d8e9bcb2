"""Exports over HTTP from the real web process: whole, bounded, and gone with whoever asked for them."""

import csv
import io
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from tests.integration.telemetry.samples import START_MS, record, switching
from tests.integration.web.programs import TOKEN, Web, link
from tests.integration.web.snapshots import make_snapshot
from tests.waiting import wait_for
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.store import Store

ROWS = 30_000
SPAN = {"from_utc_ms": START_MS, "to_utc_ms": START_MS + 1000 * ROWS}
WORKER_LIMIT_MB = 70


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("export")
    web = Web(folder)
    with closing(Store(web.journal, JournalSettings(raw_days=0))) as store:
        store.write([record(s, is_valid=s != 3) for s in range(ROWS)], [switching(5, "R2"), switching(9, "R1")], False)
    web.start()
    yield web
    web.end()


def exporters(web: Web) -> list[psutil.Process]:
    return web.running().children()


def begin(web: Web, query: str) -> socket.socket:
    """Ask and read nothing; the kernel's buffers take little, so that the export cannot run to its end."""
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asking.connect(("127.0.0.1", web.port))
    asking.sendall(f"GET /flask/api/v1/export?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return asking


def begun(web: Web, query: str) -> socket.socket:
    """Ask until it has begun: an export that has just been taken is counted for a moment longer."""
    while not (asking := begin(web, query)).recv(12).endswith(b" 200"):
        asking.close()
        time.sleep(0.05)
    return asking


def whole(resolution: str = "raw", form: str = "csv") -> str:
    return "&".join(f"{name}={value}" for name, value in {**SPAN, "resolution": resolution, "format": form}.items())


def test_every_row_of_the_range_arrives_as_csv_with_a_name(web: Web) -> None:
    answer = web.get("/api/v1/export", params={**SPAN, "resolution": "raw"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="vigie-site-raw-20260921-20260921.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["utc_ms"]) for row in rows] == [START_MS + 1000 * s for s in range(ROWS)]
    assert (rows[2]["battery_bus_v"], rows[3]["battery_bus_v"]) == ("12.9", "")


@pytest.mark.parametrize(("resolution", "rows"), [("raw", ROWS), ("minute", 499), ("hour", 8)])
def test_parquet_through_the_pipe_is_a_whole_file(web: Web, resolution: str, rows: int) -> None:
    answer = web.get("/api/v1/export", params={**SPAN, "resolution": resolution, "format": "parquet"})
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.num_rows == rows
    assert table.schema.metadata[b"vigie.table"] == resolution.encode()


def test_the_file_says_which_site_and_battery_it_is_of(web: Web) -> None:
    snapshot = make_snapshot()
    with closing(link(web)) as controller:
        controller.publish(snapshot)
        wait_for(lambda: web.state()["snapshot"])
        answer = web.get("/api/v1/export", params={**SPAN, "resolution": "hour", "format": "parquet"})
    schema = pq.read_schema(io.BytesIO(answer.content))
    assert schema.metadata[b"vigie.site"].decode() == snapshot["site"]
    assert schema.field("battery_bus_v_mean").metadata == {b"unit": b"V"}
    assert schema.field("utc_ms").metadata == {b"unit": b"ms"}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_events_are_exported_oldest_first_with_their_data(web: Web, form: str) -> None:
    answer = web.get("/api/v1/export", params={**SPAN, "what": "events", "format": form})
    if form == "csv":
        rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(answer.text)))
    else:
        rows = pq.read_table(io.BytesIO(answer.content)).to_pylist()
    assert [(row["subject"], row["data"]) for row in rows] == [
        ("R2", '{"battery_v":12.91}'),
        ("R1", '{"battery_v":12.91}'),
    ]


def test_a_browser_that_goes_away_ends_the_work(web: Web) -> None:
    asking = begun(web, whole())
    asking.recv(100)
    asking.close()
    wait_for(lambda: not exporters(web), what="the end of the export's process")
    wait_for(lambda: web.get("/api/v1/export", params={**SPAN, "resolution": "hour"}).ok, what="its place")


def test_a_third_export_at_once_is_told_to_wait_and_the_pages_go_on(web: Web) -> None:
    asking = [begun(web, whole()) for _ in range(2)]
    assert len(exporters(web)) == 2
    refused = web.get("/api/v1/export", params=SPAN)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert refused.json()["detail"].startswith("2 exports are running")
    assert web.get("/data").ok
    for one in asking:
        one.close()
    wait_for(lambda: not exporters(web))
    wait_for(lambda: web.get("/api/v1/export", params=SPAN).ok, what="a place for another export")


def test_a_reader_that_stands_still_does_not_hold_the_journal_s_log_back(web: Web) -> None:
    asking = begun(web, whole())
    time.sleep(0.5)
    log = web.journal.with_name(web.journal.name + "-wal")
    with closing(Store(web.journal, JournalSettings(raw_days=0))) as store:
        for second in range(ROWS, ROWS + 3000, 10):
            store.write([record(s) for s in range(second, second + 10)], [], False)
    assert not log.exists() or log.stat().st_size < 5_000_000
    asking.close()
    wait_for(lambda: not exporters(web))


def test_the_web_process_stays_small_whatever_is_exported(web: Web) -> None:
    for form in ("parquet", "csv"):
        assert web.get("/api/v1/export", params={**SPAN, "resolution": "raw", "format": form}).ok
    assert web.running().memory_info().rss / 1e6 < WORKER_LIMIT_MB


def test_an_export_that_breaks_off_is_not_taken_for_whole(web: Web) -> None:
    asking = begun(web, whole())
    asking.recv(1000)
    exporters(web)[0].kill()
    received = b""
    while piece := asking.recv(1 << 16):
        received += piece
    asking.close()
    assert not received.endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("log=none", 404, "no imported log 'none'"),
        ("log=../../etc/passwd", 404, "is no name of a log"),
        ("format=xls", 422, "format"),
        ("resolution=day", 422, "resolution"),
        ("what=secrets", 422, "what"),
        ("from_utc_ms=9&to_utc_ms=9", 422, "is empty"),
        ("from_utc_ms=-1", 422, "from_utc_ms"),
        ("colour=red", 422, "colour"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_problem(web: Web, query: str, status: int, says: str) -> None:
    answer = web.get(f"/api/v1/export?{query}")
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_end_of_time_can_be_asked_for(web: Web) -> None:
    answer = web.get(
        "/api/v1/export", params={"from_utc_ms": 0, "to_utc_ms": 253_402_300_799_999, "resolution": "hour"}
    )
    assert answer.headers["Content-Disposition"].endswith('-hour-19700101-99991231.csv"')
    assert answer.text.count("\n") > 8


def test_asking_only_for_the_head_begins_no_export(web: Web) -> None:
    import requests  # noqa: PLC0415

    head = requests.head(f"{web.url}/flask/api/v1/export", timeout=5)
    assert head.headers["Content-Type"].startswith("text/csv")
    assert exporters(web) == []


def test_a_journal_that_cannot_be_read_is_a_503(tmp_path: Path) -> None:
    web = Web(tmp_path)
    web.journal.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    web.start()
    try:
        answer = web.get("/api/v1/export", params=SPAN)
        assert answer.status_code == 503
        assert "not a database" in answer.json()["detail"]
        assert TOKEN not in answer.text
    finally:
        web.end()
