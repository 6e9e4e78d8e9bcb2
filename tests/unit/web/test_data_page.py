"""The page of data without a browser: what it offers and promises, the logs it shows, how one is deleted."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from tests.integration.telemetry.samples import START_MS, record, switching
from tests.unit.web.doors import Guarded
from vigie.link.hub import Hub
from vigie.logfile.columns import recognise
from vigie.logfile.log import read_log
from vigie.logfile.reading import ReadingSettings
from vigie.telemetry.foreign import periods
from vigie.telemetry.imported import Origin, Shelf
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.reader import Series
from vigie.telemetry.store import Store
from vigie.web import downloads, exports
from vigie.web.app import create_app
from vigie.web.data import choice_of, column_words, midnight_ms
from vigie.web.plots import plot_of, scale
from vigie.web.settings import WebSettings

NOW_MS = START_MS + 7_200_000
DAY_MS = 86_400_000


def put_log(folder: Path, name: str = "cellar") -> None:
    path = folder / f"{name}.csv"
    lines = [f"{START_MS // 1000 + 60 * n},{12 + n / 100:.2f},{n % 3},21\n" for n in range(300)]
    path.write_text("time,voltage,load current,ambient temp\n" + "".join(lines))
    log = read_log(path, recognise, ReadingSettings())
    held = [column.quantity for column in log.columns if column.quantity != "time"]
    origin = Origin(name, path.name, log.form.sha256, held)
    with Shelf(folder).writing(origin) as writing:
        for one in periods(log):
            writing.take(one)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(Store(tmp_path / "journal.sqlite", JournalSettings(raw_days=0))) as store:
        store.write([record(s) for s in range(0, 7200, 2)], [switching(5, "R2")], False)
    put_log(tmp_path)
    return tmp_path


@pytest.fixture
def client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(exports, "machine_utc_s", lambda: NOW_MS / 1000)
    app = create_app(WebSettings(), Hub("a-token"), folder / "journal.sqlite")
    yield app.test_client()
    app.extensions["vigie_journal"].close()


def page(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(f"/flask{path}", headers={"Accept-Language": language, "Host": "localhost"})
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def links(html: str) -> list[dict[str, str]]:
    found = re.findall(r'href="(/flask/api/v1/export[^"]+)"', html)
    return [{name: value for name, (value,) in parse_qs(urlsplit(link).query).items()} for link in found]


def test_every_table_is_offered_in_both_forms_with_rows_that_are_there(client: FlaskClient) -> None:
    html = page(client, "/data")
    tables = (("measurements", "minute"), ("measurements", "hour"), ("measurements", "raw"), ("events", None))
    offered = [(link["what"], link.get("resolution"), link["format"]) for link in links(html)]
    assert offered == [(*table, form) for table in tables for form in ("csv", "parquet")]
    rows = [int(text.replace(",", "")) for text in re.findall(r'<td class="num">([\d,]+)<span', html)]
    assert rows == [119, 1, 3600, 1]


def test_a_link_gives_the_rows_and_about_the_bytes_that_were_promised(client: FlaskClient) -> None:
    html = page(client, "/data")
    (path,) = re.findall(r'href="(/flask/api/v1/export[^"]+resolution=raw[^"]+format=csv)"', html)
    (promised,) = re.findall(r"resolution=raw&format=csv[^>]*>CSV <span[^>]*>≈\s([\d.]+)\skB", html)
    with closing(client.get(path, headers={"Host": "localhost"})) as answer:
        text = answer.get_data(as_text=True)
    assert len(list(csv.reader(io.StringIO(text)))) == 3601
    assert float(promised) == pytest.approx(len(text) / 1000, rel=0.05)


def test_days_of_one_s_own_begin_at_midnight_here_and_include_the_last(client: FlaskClient) -> None:
    first = links(page(client, "/data?from=2026-09-20&to=2026-09-21"))[0]
    assert int(first["from_utc_ms"]) == midnight_ms(date(2026, 9, 20))
    assert int(first["to_utc_ms"]) == midnight_ms(date(2026, 9, 22))


@pytest.mark.parametrize(
    "query", ["from=2026-09-21&to=2026-09-20", "from=x&to=y", "from=2026-09-21", "from=9999-12-31&to=9999-12-31"]
)
def test_days_that_make_no_sense_are_told_and_nothing_breaks(client: FlaskClient, query: str) -> None:
    html = page(client, f"/data?{query}")
    assert "The first day must be a date" in html


def test_everything_begins_with_the_first_row_there_is() -> None:
    assert choice_of(MultiDict({"days": "0"}), NOW_MS, START_MS).from_utc_ms == START_MS
    assert choice_of(MultiDict({"days": "0"}), NOW_MS, None).from_utc_ms == NOW_MS - DAY_MS
    for days in ("2", "-1", "many", ""):
        assert choice_of(MultiDict({"days": days}), NOW_MS, None).days == 1


def test_a_table_that_does_not_reach_back_says_since_when(client: FlaskClient) -> None:
    assert "kept since" in page(client, "/data?days=30")
    assert "kept since" not in page(client, "/data?days=0")


def test_without_a_journal_the_page_says_so_and_still_shows_the_logs(client: FlaskClient, folder: Path) -> None:
    for path in folder.glob("journal.sqlite*"):
        path.unlink()
    html = page(client, "/data")
    assert "no journal at" in html
    assert "/flask/data/logs/cellar" in html


def test_a_log_is_drawn_with_its_own_quantities_and_units(client: FlaskClient) -> None:
    html = page(client, "/data/logs/cellar")
    assert re.findall(r'<h3 id="plot-\d">([^<]+)</h3>', html) == ["Voltage (V)", "Current (A)", "Temperature (°C)"]
    assert "Voltage from 12.00 to 14.99 V." in html
    assert "Current (Loads)" in html
    assert "Air temperature" in html
    assert "cellar.csv" in html
    assert [link["log"] for link in links(html)] == ["cellar", "cellar"]


def test_zooming_in_keeps_to_the_log_and_leads_back_out(client: FlaskClient) -> None:
    html = page(client, "/data/logs/cellar")
    (start, end), *_ = re.findall(r'from=(\d+)&to=(\d+)#charts" aria-label="Zoom in"', html)
    closer = page(client, f"/data/logs/cellar?from={start}&to={end}")
    assert int(end) - int(start) < 300 * 60_000
    assert {"Earlier", "Later", "Zoom in", "Zoom out"} <= set(re.findall(r'#charts" aria-label="([^"]+)"', closer))
    assert int(links(closer)[0]["from_utc_ms"]) == int(start)
    for query in ("from=0&to=99999999999999", "from=9&to=3", "from=x&to=y"):
        assert int(links(page(client, f"/data/logs/cellar?{query}"))[0]["from_utc_ms"]) == START_MS


def test_a_log_that_is_not_there_is_a_page_that_says_so(client: FlaskClient) -> None:
    for path in ("/data/logs/none", "/data/logs/..%2Fjournal"):
        assert client.get(f"/flask{path}", headers={"Host": "localhost"}).status_code == 404


def test_deleting_asks_first_and_needs_a_form_of_this_site(client: FlaskClient, folder: Path) -> None:
    html = page(client, "/data/logs/cellar")
    assert re.search(
        r'<details class="todo"><summary[^>]*>Delete this log…</summary>.*?<form[^>]*method="post"', html, re.S
    )
    address = "/flask/data/logs/cellar/delete"
    assert client.get(address, headers={"Host": "localhost"}).status_code == 405
    foreign = {"Host": "localhost", "Origin": "http://evil.example"}
    assert client.post(address, headers=foreign).status_code == 403
    assert [log.name for log in Shelf(folder).logs()] == ["cellar"]
    done = client.post(address, headers={"Host": "localhost"})
    assert (done.status_code, done.headers["Location"]) == (303, "/flask/data#logs")
    assert Shelf(folder).logs() == []


def test_a_viewer_may_download_and_is_shown_no_way_to_delete(folder: Path) -> None:
    with closing(Guarded(folder)) as site:
        pages = {
            name: unescape(site.browser(name).get("/data/logs/cellar", **{"Accept-Language": "en"}).text)
            for name in ("vera", "olga")
        }
        assert all(len(links(html)) == 2 for html in pages.values())
        assert ["Delete for good" in pages[name] for name in ("vera", "olga")] == [False, True]


def test_a_broken_log_is_named_on_the_page_and_in_the_api(client: FlaskClient, folder: Path) -> None:
    (folder / "imported" / "broken.sqlite").write_bytes(b"not a database at all" * 99)
    assert "file is not a database" in page(client, "/data")
    broken, cellar = client.get("/flask/api/v1/logs", headers={"Host": "localhost"}).get_json()["logs"]
    assert ("not a database" in broken["fault"], cellar["fault"], cellar["rows"]) == (True, "", 300)


def test_where_parquet_is_not_installed_only_csv_is_offered(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigie.web.data.find_spec", lambda name: None)
    html = page(client, "/data")
    assert {link["format"] for link in links(html)} == {"csv"}
    assert "extra “lab”" in html


def test_a_reader_that_takes_nothing_is_given_up_after_a_while(client: FlaskClient) -> None:
    class Listener:
        timeout_s: float | None = None

        def settimeout(self, seconds: float) -> None:
            self.timeout_s = seconds

    listener = Listener()
    overrides = {"gunicorn.socket": listener}
    with closing(client.get("/flask/api/v1/export", headers={"Host": "localhost"}, environ_overrides=overrides)):
        assert listener.timeout_s == downloads.STALL_S


def test_words_of_columns_name_the_channel_unless_it_is_the_battery_s(client: FlaskClient) -> None:
    with client.application.test_request_context("/", headers={"Accept-Language": "fr"}):
        assert [column_words(name) for name in ("battery_bus_v", "load_current_a", "temperature_c")] == [
            "Tension", "Courant (Équipements)", "Température",
        ]  # fmt: skip


def test_a_scale_is_round_and_holds_all_values() -> None:
    for low, high in ((10.43, 14.68), (-3.06, 3.05), (0.0, 0.0), (13.6, 13.6), (-0.001, 0.0005), (1e3, 1e6)):
        marks, decimals = scale(low, high)
        assert marks[0] >= high
        assert marks[-1] <= low
        assert 2 <= len(marks) <= 8
        assert marks == sorted(set(marks), reverse=True)
        assert all(float(f"{mark:.{decimals}f}") == mark for mark in marks)


def test_a_gap_breaks_the_line_and_a_single_point_is_seen() -> None:
    series = Series([0, 10, 20, 30], [1.0, 1.0, None, 2.0], [1.0, 1.5, None, 2.0], [1.0, 2.0, None, 2.0], "raw")
    line = plot_of({"x": series}, 0, 40).lines[0]
    assert line.line == "M0.0 240.0L240.0 120.0M720.0 0.0L720.0 0.0"
    assert (line.low, line.mean, line.high) == (1.0, 1.5, 2.0)
    assert line.band.count("Z") == 2
