"""A store that is away for months: what the journal keeps for it, and that the running program keeps it too."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.integration.process.installations import TWIN, Site
from tests.integration.telemetry.samples import START_MS, record, wait_until
from tests.waiting import wait_for
from vigie.clock import machine_utc_s
from vigie.delivery.wire import HEADERS, SeriesBlock, encode
from vigie.telemetry.delivery_log import FRESH_MS, Cursor, DeliveryLog, DeliveryStanding
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.retention import DAY_MS
from vigie.telemetry.schema import KEYS_PER_MS
from vigie.telemetry.store import Store

from .conftest import SITE, Delivery
from .stores import Prometheus

DAY_S = DAY_MS // 1000
EVERY_S = 900
A_DAY = DAY_S // EVERY_S
"""Periods a day."""
SETTINGS = JournalSettings(raw_days=30, undelivered_days=90, batch_s=0.01, waiting_periods=100_000)
PROMETHEUS_YML = Path(__file__).parents[3] / "deploy" / "prometheus" / "prometheus.yml"
HASTE = """
[loop]
period_s = 60
"""
NOBODY = "http://127.0.0.1:9/api/v1/write"


class History:
    """A journal whose calendar runs through months, and a delivery that comes to where it is told."""

    def __init__(self, path: Path, *, keeps_undelivered: bool) -> None:
        self._path = path
        self._journal = Journal(path, SETTINGS, keeps_undelivered=keeps_undelivered)
        self._journal.start()
        self._periods = 0
        self.log = DeliveryLog(path)

    def go_on(self, days: int) -> None:
        """Let so many days go by."""
        for _ in range(days):
            for _ in range(A_DAY):
                self._journal.record(record(self._periods * EVERY_S))
                self._periods += 1
            wait_until(lambda: self._journal.state().rows == self._periods)

    def log_begun(self) -> None:
        """Let delivery begin, and come nowhere."""
        wait_until(lambda: self._journal.state().is_writing)
        self.log.begin()

    def deliver_up_to(self, day: float) -> None:
        """Let everything before a day be delivered."""
        saved, _ = self.log.begin()
        cursor = Cursor(0, (START_MS + round(day * DAY_MS)) * KEYS_PER_MS - 1)
        self.log.save(saved, cursor, DeliveryStanding("http://store", *cursor))

    def days_kept(self) -> tuple[float, int]:
        """Return the day of the oldest row, and how many rows there are."""
        with closing(sqlite3.connect(self._path)) as connection:
            oldest_key, rows = connection.execute("SELECT min(key), count(*) FROM period").fetchone()
        return (oldest_key // KEYS_PER_MS - START_MS) / DAY_MS, rows

    def close(self) -> None:
        self._journal.close()
        self.log.close()


@pytest.fixture
def history(path: Path) -> Iterator[Callable[..., History]]:
    made: list[History] = []

    def make(*, keeps_undelivered: bool = True) -> History:
        made.append(History(path, keeps_undelivered=keeps_undelivered))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_two_months_without_a_store_lose_nothing(history: Callable[..., History]) -> None:
    one = history()
    one.go_on(20)
    one.deliver_up_to(10)
    one.go_on(60)
    assert one.days_kept() == (10.0, 70 * A_DAY)
    state = one.log.state(FRESH_MS + 1)
    assert (state.waiting_periods, state.lost_periods) == (70 * A_DAY, 0)
    one.deliver_up_to(80)
    one.go_on(2)  # bites: more than one commit
    assert one.days_kept() == (pytest.approx(52, abs=0.1), pytest.approx(30 * A_DAY, abs=10))
    state = one.log.state(FRESH_MS + 1)
    assert (state.waiting_periods, state.lost_periods) == (2 * A_DAY, 0)


def test_what_is_older_than_the_limit_is_lost_and_counted(history: Callable[..., History]) -> None:
    one = history()
    one.log_begun()
    one.go_on(100)
    oldest_day, rows = one.days_kept()
    assert oldest_day == pytest.approx(10, abs=0.1)
    state = one.log.state(FRESH_MS + 1)
    assert (state.waiting_periods, state.lost_periods) == (rows, 100 * A_DAY - rows)


def test_a_site_without_a_store_keeps_its_periods_for_raw_days(history: Callable[..., History]) -> None:
    one = history(keeps_undelivered=False)
    one.go_on(40)
    assert one.days_kept() == (pytest.approx(10, abs=0.1), pytest.approx(30 * A_DAY, abs=10))


def test_a_prometheus_that_was_away_for_months_gets_every_period(
    path: Path, tmp_path: Path, history: Callable[..., History], deliver: Callable[..., Delivery]
) -> None:
    one = history()
    one.go_on(10)
    one.deliver_up_to(10)
    one.go_on(80)
    one.close()
    window = re.search(r"out_of_order_time_window: (\w+)", PROMETHEUS_YML.read_text())
    assert window is not None
    store = Prometheus(tmp_path / "store", "--storage.tsdb.retention.time=5y", window=window[1]).start()
    try:
        end_ms = START_MS + 90 * DAY_MS
        scraped = SeriesBlock((("__name__", "up"),), [end_ms], [1.0])
        assert requests.post(store.url, data=encode([scraped]), headers=HEADERS, timeout=10).ok
        state = deliver(store.url).finish(60)
        assert (state.waiting_periods, state.set_aside, state.lost_periods) == (0, 0, 0)
        (found,) = store.query(f'count_over_time(vigie_measurement_valid{{site="{SITE}"}}[95d])', end_ms)
        assert int(found["value"][1]) == 80 * A_DAY
    finally:
        store.kill()


def test_the_store_takes_what_the_journal_keeps_for_it() -> None:
    """The window of deploy/prometheus is longer than the journal's default, with room for delivering it."""
    window = re.search(r"out_of_order_time_window: (\d+)d", PROMETHEUS_YML.read_text())
    assert window is not None
    assert int(window[1]) >= JournalSettings().undelivered_days + 3


def test_the_running_program_keeps_for_its_store_and_without_one_does_not(tmp_path: Path) -> None:
    """Rows of 40 and 100 days ago: the second go in any case, which tells that the time to delete has come."""
    remote = f'[remote_write]\nurl = "{NOBODY}"\n'
    sites = [
        Site(tmp_path / name, TWIN + HASTE + more, speed=300, soc=0.9) for name, more in (("a", remote), ("b", ""))
    ]
    now_s = machine_utc_s() - START_MS / 1000
    for site in sites:
        site.data.mkdir()
        with closing(Store(site.data / "journal.sqlite", JournalSettings())) as store:
            old = [record(now_s - days * DAY_S + n) for days in (100, 40) for n in range(10)]
            week = [record(now_s - 3600.0 * hour) for hour in range(200, 0, -1)]  # the calendar is believed after it
            store.write([*old, *week], [], False)

    def rows_older_than(days: float, site: Site) -> int:
        with closing(sqlite3.connect(site.data / "journal.sqlite")) as connection:
            key = round((machine_utc_s() - days * DAY_S) * 1000) * KEYS_PER_MS
            return int(connection.execute("SELECT count(*) FROM period WHERE key < ?", (key,)).fetchone()[0])

    try:
        for site in sites:
            site.start(command="controller")
        wait_for(lambda: not any(rows_older_than(95, site) for site in sites), what="rows past their limit are gone")
        assert [rows_older_than(35, site) for site in sites] == [10, 0]
    finally:
        for site in sites:
            site.end()
