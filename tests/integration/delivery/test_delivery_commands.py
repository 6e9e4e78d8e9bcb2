"""`vigie delivery` and `vigie config check --probe`: what is wrong with the way to the store is told."""

import json
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.integration.process.installations import vigie
from tests.integration.telemetry.samples import START_MS
from vigie.cli.exit_codes import Exit

from .conftest import SITE, Delivery
from .histories import write
from .stores import Prometheus, Reply, ToldStore, journalled

Settings = Callable[..., tuple[str, str]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    def written(url: str, **more: str) -> tuple[str, str]:
        lines = [f'{key} = "{value}"' for key, value in {"url": url, **more}.items()]
        file = tmp_path / "vigie.toml"
        file.write_text("\n".join(["[remote_write]", *lines]) + "\n")
        return "--config", str(file)

    return written


def test_a_store_that_would_take_it_is_told(told: ToldStore, settings: Settings) -> None:
    done = vigie("delivery", "test", *settings(told.url))
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert f"{told.url} takes measurements" in done.stdout
    assert (told.requests, told.samples) == (1, {})


def test_a_store_whose_clock_is_off_is_told(settings: Settings) -> None:
    store = ToldStore(ahead_s=-7200)
    try:
        assert "its clock is -720" in vigie("delivery", "test", *settings(store.url)).stdout
    finally:
        store.close()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(401, "bad token"), "401 bad token; check remote_write.token_file"),
        (Reply(404, "not here"), "404 not here; check the path of remote_write.url"),
        (Reply(503, "busy"), "503 busy"),
        (Reply(400, "odd"), "400: odd"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else None,
)
def test_what_the_store_says_against_it_is_told(told: ToldStore, settings: Settings, reply: Reply, says: str) -> None:
    told.answer = lambda _blocks, _number: reply
    tried = vigie("delivery", "test", *settings(told.url))
    assert tried.returncode == Exit.REFUSED
    assert says in tried.stderr
    checked = vigie("config", "check", "--probe", *settings(told.url))
    assert checked.returncode == Exit.SETTINGS
    assert says in checked.stderr
    assert vigie("config", "check", *settings(told.url)).returncode == Exit.OK


def test_a_real_prometheus_is_asked_without_leaving_a_trace(tmp_path: Path, settings: Settings) -> None:
    store = Prometheus(tmp_path / "store").start()
    try:
        assert vigie("delivery", "test", *settings(store.url)).returncode == Exit.OK
        wrong = vigie("delivery", "test", *settings(store.url.replace("/prometheus", "")))
        assert wrong.returncode == Exit.REFUSED
        assert "check the path of remote_write.url" in wrong.stderr
        assert store.query('{__name__=~".+"}', START_MS) == []
    finally:
        store.kill()


def test_a_certificate_of_an_own_authority(tmp_path: Path, settings: Settings) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    store = ToldStore(context)
    try:
        assert "remote_write.ca_file" in vigie("delivery", "test", *settings(store.url)).stderr
        named = settings(store.url, ca_file=str(tmp_path / "ca.pem"))
        assert vigie("delivery", "test", *named).returncode == Exit.OK
    finally:
        store.close()


def test_files_that_cannot_be_read_are_faults_of_the_check_and_no_reason_not_to_start(
    told: ToldStore, tmp_path: Path, settings: Settings
) -> None:
    named = settings(told.url, token_file=f"{tmp_path}/none", ca_file=f"{tmp_path}/nothing")
    checked = vigie("config", "check", *named)
    assert checked.returncode == Exit.SETTINGS
    assert f"remote_write.token_file: {tmp_path}/none cannot be read" in checked.stderr
    assert f"remote_write.ca_file: {tmp_path}/nothing cannot be used" in checked.stderr
    assert vigie("config", "show", *named).returncode == Exit.OK  # controller and pages read settings like this


def test_what_was_refused_is_shown_sent_again_and_given_up(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery], settings: Settings
) -> None:
    write(path, range(50))
    told.answer = lambda _blocks, _number: Reply(400, "[red]no[/red]")
    deliver(told.url).finish()
    options = (*settings(told.url), "--data", str(path.parent))
    page = vigie("delivery", "show", *options).stdout
    assert "[red]no[/red]" in page
    assert "`vigie delivery retry` sends it again" in page
    shown = json.loads(vigie("delivery", "show", "--json", *options).stdout)
    assert (shown["set_aside"], len(shown["asides"]), shown["configured_url"]) == (1, 1, told.url)
    told.answer = lambda _blocks, _number: Reply()
    assert "1 stretch will be sent again" in vigie("delivery", "retry", *options).stdout
    deliver(told.url).finish()
    assert told.samples == journalled(path, SITE)
    assert json.loads(vigie("delivery", "show", "--json", *options).stdout)["asides"] == []
    assert "0 stretches given up" in vigie("delivery", "forget", *options).stdout


def test_a_store_that_lost_its_data_gets_it_again(
    path: Path, told: ToldStore, deliver: Callable[..., Delivery], settings: Settings
) -> None:
    write(path, range(100))
    deliver(told.url).finish()
    told.samples.clear()
    options = (*settings(told.url), "--data", str(path.parent))
    wrong = vigie("delivery", "retry", "--from", "yesterday", *options)
    assert wrong.returncode == Exit.FAILED
    assert "'yesterday' is no instant" in wrong.stderr
    delivery = deliver(told.url)  # a running one does it
    assert vigie("delivery", "retry", "--from", "2026-01-01", *options).returncode == Exit.OK
    delivery.finish()
    assert told.samples == journalled(path, SITE)


def test_without_a_journal_that_is_said(tmp_path: Path, settings: Settings) -> None:
    for command in ("show", "retry", "forget"):
        told = vigie("delivery", command, *settings("http://127.0.0.1:1/w"), "--data", str(tmp_path))
        assert told.returncode == Exit.JOURNAL
        assert "the controller has not run yet" in told.stderr
        missing = vigie("delivery", command, *settings("http://127.0.0.1:1/w"), "--data", str(tmp_path / "none"))
        assert missing.returncode == Exit.FAILED
        assert f"no data folder {tmp_path / 'none'}" in missing.stderr
        assert not (tmp_path / "none").exists()
