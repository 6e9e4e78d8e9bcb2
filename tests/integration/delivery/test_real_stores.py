"""Every sample of the journal in real stores: exactly what was recorded, once."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.integration.telemetry.samples import START_MS
from tests.waiting import wait_for

from .conftest import SITE, Delivery
from .histories import write
from .stores import Prometheus, Store, counted, counts, journalled


def agrees(store: Store, path: Path, end_ms: int) -> None:
    expected = journalled(path, SITE)
    assert store.samples(SITE, end_ms) == expected
    assert counted(store, SITE, end_ms, expected) == counts(expected)


def test_everything_recorded_arrives_with_its_own_time_stamp(
    store: Store, path: Path, deliver: Callable[..., Delivery]
) -> None:
    end_ms = write(path, range(2000))
    state = deliver(store.url).finish()
    assert (state.set_aside, state.lost_periods, state.last_error) == (0, 0, "")
    assert state.delivered_utc_ms == START_MS + 1_999_000
    agrees(store, path, end_ms)


def test_what_is_sent_again_counts_once(store: Store, path: Path, deliver: Callable[..., Delivery]) -> None:
    end_ms = write(path, range(300))
    deliver(store.url).finish()
    forget_cursor(path)
    deliver(store.url).finish()
    agrees(store, path, end_ms)


def forget_cursor(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM delivery")


def test_a_calendar_that_runs_backwards_leaves_nothing_out(
    store: Store, path: Path, deliver: Callable[..., Delivery]
) -> None:
    write(path, range(600))
    delivery = deliver(store.url)
    # the same milliseconds again with other values, between them, and on beyond
    write(path, [second + shift for second in range(200, 300) for shift in (0.0, 0.5)])
    end_ms = write(path, [*range(100, 150), *range(150, 700)])
    state = delivery.finish()
    assert state.set_aside == 0
    assert state.merged_periods >= 100
    agrees(store, path, end_ms)


def test_a_store_killed_and_brought_back_has_everything(
    store: Store, path: Path, deliver: Callable[..., Delivery]
) -> None:
    write(path, range(300))
    delivery = deliver(store.url)
    write(path, range(300, 400))
    store.kill()
    write(path, range(400, 1500))
    wait_for(lambda: delivery.state().last_error, what="delivery notices that its store is away")
    store.start()
    end_ms = write(path, range(1500, 1600))
    state = delivery.finish(60)
    assert (state.set_aside, state.last_error) == (0, "")
    agrees(store, path, end_ms)


def test_a_store_killed_and_back_before_anything_is_sent_has_everything(
    store: Store, path: Path, deliver: Callable[..., Delivery]
) -> None:
    """No request fails; only the connection that was kept is another one."""
    write(path, range(300))
    delivery = deliver(store.url)
    wait_for(delivery.is_done, what="the first part is delivered")
    store.kill()
    store.start()
    end_ms = write(path, range(300, 400))
    assert delivery.finish(60).last_error == ""
    agrees(store, path, end_ms)


def test_an_ended_series_is_not_shown_any_more(store: Store, path: Path, deliver: Callable[..., Delivery]) -> None:
    write(path, range(20))  # 14 and 15 have no battery channel, 16 has one again
    deliver(store.url).finish()
    name = f'vigie_channel_bus_volts{{site="{SITE}",role="battery"}}'
    shown = [bool(store.query(name, START_MS + second * 1000)) for second in (13, 14, 15, 16)]
    assert shown == [True, False, False, True]


def test_a_day_too_old_for_the_store_is_set_aside_and_the_rest_arrives(
    tmp_path: Path, path: Path, deliver: Callable[..., Delivery]
) -> None:
    prometheus = Prometheus(tmp_path / "store", window="10m").start()
    try:
        write(path, [0])
        deliver(prometheus.url).finish()  # its clock stands at START now
        write(path, range(-86_400, -86_400 + 2000))
        end_ms = write(path, range(1, 500))
        state = deliver(prometheus.url, batch_samples=20_000).finish(60)
        assert state.set_aside == 1
        expected = journalled(path, SITE)
        fresh = {name: {at: v for at, v in values.items() if at >= START_MS} for name, values in expected.items()}
        assert prometheus.samples(SITE, end_ms) == fresh
    finally:
        prometheus.kill()
