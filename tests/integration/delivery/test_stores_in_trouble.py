"""Stores that are slow, full, refusing, hanging, lying: what was recorded arrives once, and the trouble is told."""

import base64
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from tests.integration.telemetry.samples import START_MS
from tests.waiting import wait_for
from vigie.delivery.wire import SeriesBlock
from vigie.telemetry.delivery_log import Aside, DeliveryLog

from .conftest import SITE, Delivery
from .histories import write
from .stores import Reply, ToldStore, is_stale_marker, journalled, named

Answer = Callable[[list[SeriesBlock], int], Reply]
ONE = 'vigie_temperature_celsius{battery="1",site="mill"}'


def times(blocks: list[SeriesBlock]) -> list[int]:
    return [time_ms for block in blocks for time_ms in block.times_ms]


def first_times(*replies: Reply) -> Answer:
    """Answer with each of these in turn, then take everything."""
    return lambda _blocks, number: replies[number - 1] if number <= len(replies) else Reply()


def test_values_are_exactly_the_journals_and_ended_series_are_marked(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    write(path, range(200))
    deliver(told.url).finish()
    assert told.samples == journalled(path, SITE)
    assert told.doubled == 0
    assert all(is_stale_marker(value) for series in told.stale.values() for value in series.values())
    battery = named(
        {"__name__": "vigie_channel_bus_volts", "battery": "1", "channel": "1", "role": "battery", "site": SITE}
    )
    ended = {START_MS + 1000 * second for second in range(200) if second % 11 == 3}
    assert set(told.stale[battery]) == ended


def test_the_clients_names_are_sent_too_when_wished(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    write(path, range(50))
    deliver(told.url, client_names=True).finish()
    ours = journalled(path, SITE)
    assert {name: values for name, values in told.samples.items() if name.startswith("vigie_")} == ours
    battery = ours[f'vigie_channel_bus_volts{{battery="1",channel="1",role="battery",site="{SITE}"}}']
    assert told.samples[f'bus_voltage_01{{battery="1",site="{SITE}"}}'] == battery
    cycle = ours[f'vigie_mode{{battery="1",mode="cycle",site="{SITE}"}}']
    assert told.samples[f'mode{{battery="1",mode="au_co",site="{SITE}"}}'] == cycle
    closed = ours[f'vigie_contact_closed{{battery="1",relay="R2",site="{SITE}"}}']
    assert told.samples[f'rs_02{{battery="1",rs_02="starting",site="{SITE}"}}'] == closed


def test_headers_are_those_of_remote_write_v1(path: Path, told: ToldStore, deliver: Callable[..., Delivery]) -> None:
    write(path, [0])
    deliver(told.url, tenant="mill").finish()
    headers = {name.lower(): value for name, value in told.headers[-1].items()}
    assert headers["content-encoding"] == "snappy"
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["x-prometheus-remote-write-version"] == "0.1.0"
    assert headers["x-scope-orgid"] == "mill"
    assert headers["user-agent"].startswith("vigie/")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(500, "boom"), "500 boom; it is tried again"),
        (Reply(503, "<html><head><title>503 Service Unavailable</title>"), "503 503 Service Unavailable"),
        (Reply(429, "slow down", {"Retry-After": "1"}), "429 slow down"),
        (Reply(401, "no token"), "check remote_write.token_file"),
        (Reply(403, ""), "403 no words"),
        (Reply(404, "remote write receiver needs to be enabled"), "--web.enable-remote-write-receiver"),
        (Reply(405), "check the path of remote_write.url"),
        (Reply(302, "", {"Location": "https://store/login"}), "it leads to https://store/login"),
        (Reply(400, "Client sent an HTTP request to an HTTPS server."), "must begin with https"),
        (Reply(cut=True), "is it on and reachable from here?"),
        (Reply(hang_s=30), "no answer within 1 s"),
        (Reply(507, "no space left on device\x00\n" + "x" * 100_000), "507 no space left on device"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else None,
)  # fmt: skip
def test_what_may_pass_is_tried_again_and_told_meanwhile(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery], reply: Reply, says: str
) -> None:
    write(path, range(100))
    is_open = False
    told.answer = lambda _blocks, _number: Reply() if is_open else reply
    delivery = deliver(told.url, timeout_s=1.0)
    wait_for(lambda: says in delivery.state().last_error, what=says)
    state = delivery.state()
    assert (state.waiting_periods, state.set_aside) == (100, 0)
    assert told.url in state.last_error
    assert len(state.last_error) < 600
    is_open = True
    state = delivery.finish()
    assert (state.last_error, state.waiting_periods) == ("", 0)
    assert state.last_ok_utc_ms is not None
    assert told.samples == journalled(path, SITE)


def test_the_store_says_how_long_to_wait(path: Path, told: ToldStore, deliver: Callable[..., Delivery]) -> None:
    write(path, range(10))
    told.answer = first_times(Reply(429, "", {"Retry-After": "4"}))
    began_s = time.monotonic()
    deliver(told.url).finish()
    assert time.monotonic() - began_s >= 4.0
    assert told.requests == 2


def test_a_cut_after_the_store_took_it_counts_once(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    write(path, range(100))
    told.answer = first_times(Reply(204, cut=True))
    deliver(told.url).finish()
    assert told.doubled > 1000
    assert told.samples == journalled(path, SITE)


def test_one_series_refused_for_good_does_not_hold_up_the_others(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    def refuse(blocks: list[SeriesBlock], _number: int) -> Reply:
        has_bad = any(dict(block.labels)["__name__"] == "vigie_temperature_celsius" for block in blocks)
        return Reply(400, "label value too odd") if has_bad else Reply()

    write(path, range(1000))
    told.answer = refuse
    delivery = deliver(told.url, batch_samples=10_000)
    state = delivery.finish()
    expected = journalled(path, SITE)
    refused = expected.pop(ONE)
    assert told.samples == expected
    assert state.set_aside == 1  # batch after batch the same series: one stretch
    told.answer = first_times()
    aside(path, again=True)
    delivery = deliver(told.url)
    state = delivery.finish()
    assert state.set_aside == 0
    assert told.samples == {**expected, ONE: refused}


def aside(path: Path, *, again: bool = False) -> list[Aside]:
    with closing(DeliveryLog(path)) as log:
        if again:
            log.want_again()
        return log.asides()


@pytest.mark.parametrize("words", ["duplicate sample for timestamp", "out of order sample"])
@pytest.mark.parametrize("status", [400, 409, 500])
def test_a_single_sample_refused_stands_alone(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery], words: str, status: int
) -> None:
    bad_ms = START_MS + 617_000

    def refuse(blocks: list[SeriesBlock], _number: int) -> Reply:
        is_bad = any(
            bad_ms in block.times_ms
            for block in blocks
            if dict(block.labels)["__name__"] == "vigie_temperature_celsius"
        )
        return Reply(status, words) if is_bad else Reply()

    write(path, range(1000))
    told.answer = refuse
    state = deliver(told.url).finish()
    (one,) = aside(path)
    assert (one.series, one.samples, one.status, one.words) == (ONE, 1, status, words)
    assert (one.from_key // 64, one.to_key // 64) == (bad_ms, bad_ms)
    expected = journalled(path, SITE)
    del expected[ONE][bad_ms]
    assert told.samples == expected
    assert state.set_aside == 1


@pytest.mark.parametrize(
    ("status", "words"), [(400, "out of bounds"), (500, "too old sample"), (409, "too old sample")]
)
def test_what_is_too_old_is_found_with_few_requests(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery], status: int, words: str
) -> None:
    limit_ms = START_MS + 1_234_000

    def refuse(blocks: list[SeriesBlock], _number: int) -> Reply:
        return Reply(status, words) if min(times(blocks), default=limit_ms) < limit_ms else Reply()

    write(path, range(2000))
    told.answer = refuse
    state = deliver(told.url, batch_samples=20_000).finish()
    expected = journalled(path, SITE)
    fresh = {name: {at: v for at, v in values.items() if at >= limit_ms} for name, values in expected.items()}
    assert told.samples == fresh
    (one,) = aside(path)
    assert (one.series, one.to_key // 64) == ("", limit_ms - 1000)
    assert state.set_aside == 1
    assert told.requests < 5 * 30


def test_a_store_that_refuses_everything_gets_it_aside_as_a_whole(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    write(path, range(1000))
    told.answer = lambda _blocks, _number: Reply(422, "never")
    state = deliver(told.url, batch_samples=10_000).finish()
    assert told.samples == {}
    (one,) = aside(path)
    assert (one.series, one.status, state.waiting_periods) == ("", 422, 0)
    assert told.requests < 4 * 40
    told.answer = first_times()
    aside(path, again=True)
    deliver(told.url).finish()
    assert told.samples == journalled(path, SITE)


def test_requests_too_large_are_made_smaller(path: Path, told: ToldStore, deliver: Callable[..., Delivery]) -> None:
    write(path, range(1000))
    told.answer = lambda blocks, _number: Reply(413, "too large") if len(times(blocks)) > 300 else Reply()
    state = deliver(told.url).finish()
    assert told.samples == journalled(path, SITE)
    assert (told.doubled, state.set_aside) == (0, 0)


def test_a_store_that_takes_next_to_nothing_gets_it_in_pieces(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    write(path, range(5))
    told.answer = lambda blocks, _number: Reply(413) if len(times(blocks)) > 7 else Reply()
    assert deliver(told.url).finish().set_aside == 0
    assert told.samples == journalled(path, SITE)


def test_trouble_in_the_middle_of_halving_is_waited_for(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    def refuse(blocks: list[SeriesBlock], number: int) -> Reply:
        if number in (3, 6):
            return Reply(503, "restarting")
        if number == 9:
            return Reply(503, cut=True)
        return Reply(400, "no") if ONE in {named(dict(block.labels)) for block in blocks} else Reply()

    write(path, range(100))
    told.answer = refuse
    deliver(told.url).finish(40)
    expected = journalled(path, SITE)
    expected.pop(ONE)
    assert told.samples == expected


def test_a_clock_years_ahead_does_not_reach_the_store(path: Path, deliver: Callable[..., Delivery]) -> None:
    """The journal's calendar (and this machine's with it) is ahead of the store's."""
    store = ToldStore(ahead_s=START_MS / 1000 + 100 - time.time())
    try:
        end_ms = write(path, [*range(200), *range(90_000_000, 90_000_050), *range(300, 400)])
        state = deliver(store.url, is_real_time=True).finish()
        expected = journalled(path, SITE)
        sane_ms = START_MS + 400_000
        assert store.samples == {name: {at: v for at, v in s.items() if at < sane_ms} for name, s in expected.items()}
        (one,) = aside(path)
        assert (one.status, one.series) == (0, "")
        assert "ahead of the store's clock" in one.words
        assert state.set_aside == 1
        assert end_ms > sane_ms
    finally:
        store.close()


@pytest.mark.parametrize("is_dated", [True, False])
def test_periods_of_a_store_that_agrees_on_the_time_are_all_sent(
    path: Path, deliver: Callable[..., Delivery], is_dated: bool
) -> None:
    store = ToldStore(is_dated=is_dated)
    try:
        now_s = int(time.time() - START_MS / 1000)
        write(path, range(now_s - 100, now_s + 100))
        state = deliver(store.url, is_real_time=True).finish()
        assert state.set_aside == 0
        assert store.samples == journalled(path, SITE)
    finally:
        store.close()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_store(authority: trustme.CA) -> Iterator[ToldStore]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    store = ToldStore(context)
    yield store
    store.close()


def test_a_store_with_an_own_authority_is_trusted_when_it_is_named(
    path: Path, tmp_path: Path, authority: trustme.CA, tls_store: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "password").write_text("sésame\n")
    write(path, range(20))
    deliver(
        tls_store.url, ca_file=str(tmp_path / "ca.pem"), username="mill", password_file=str(tmp_path / "password")
    ).finish()
    assert tls_store.samples == journalled(path, SITE)
    assert tls_store.headers[-1]["Authorization"] == "Basic " + base64.b64encode("mill:sésame".encode()).decode()


def test_a_certificate_of_nobody_known_is_told(
    path: Path, tls_store: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    write(path, [0])
    delivery = deliver(tls_store.url)
    wait_for(lambda: "name the CA of its certificate in remote_write.ca_file" in delivery.state().last_error)
    assert tls_store.requests == 0


def test_a_certificate_of_another_name_is_told(
    path: Path, tmp_path: Path, authority: trustme.CA, deliver: Callable[..., Delivery]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    store = ToldStore(context)
    try:
        write(path, [0])
        delivery = deliver(store.url, ca_file=str(tmp_path / "ca.pem"))
        wait_for(lambda: "its true name" in delivery.state().last_error)
        assert store.requests == 0
    finally:
        store.close()


def test_tls_spoken_to_a_store_without_it_is_told(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    write(path, [0])
    delivery = deliver(told.url.replace("http:", "https:"))
    wait_for(lambda: "does the store speak TLS there" in delivery.state().last_error)


def test_a_new_token_counts_at_once(
    path: Path, tmp_path: Path, told: ToldStore, deliver: Callable[..., Delivery]
) -> None:
    token = tmp_path / "token"
    told.answer = lambda _blocks, _number: (
        Reply() if told.headers[-1].get("Authorization") == "Bearer right" else Reply(401, "who are you")
    )
    write(path, range(10))
    delivery = deliver(told.url, token_file=str(token))
    wait_for(lambda: f"{token} cannot be read: No such file" in delivery.state().last_error)
    token.write_text("wrong\n")
    wait_for(lambda: "401 who are you" in delivery.state().last_error)
    assert delivery.state().is_settings
    token.write_text("right\n")
    assert delivery.finish().last_error == ""
    assert told.samples == journalled(path, SITE)


def test_nobody_there_is_told(path: Path, deliver: Callable[..., Delivery]) -> None:
    write(path, [0])
    delivery = deliver("http://127.0.0.1:1/api/v1/write")
    wait_for(lambda: "127.0.0.1:1/api/v1/write: Connection refused" in delivery.state().last_error)
    assert "is it on and reachable from here?" in delivery.state().last_error


def test_a_host_without_an_address_is_told(path: Path, deliver: Callable[..., Delivery]) -> None:
    write(path, [0])
    delivery = deliver("http://store.invalid/api/v1/write")
    wait_for(lambda: "http://store.invalid/api/v1/write: " in delivery.state().last_error)
    assert "reachable from here?" in delivery.state().last_error


def test_an_end_is_prompt_while_the_store_hangs(path: Path, told: ToldStore, deliver: Callable[..., Delivery]) -> None:
    write(path, [0])
    told.answer = lambda _blocks, _number: Reply(503)
    delivery = deliver(told.url)
    wait_for(lambda: told.requests >= 3)
    began_s = time.monotonic()
    delivery.stop()
    assert time.monotonic() - began_s < 10.0
