"""R2 stands open and the controller is killed: whatever else is broken by then, R2 is closed again soon."""

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.waiting import wait_for
from vigie.config.last_good import NAME
from vigie.telemetry.records import EventKind

from .installations import RIG, Site, vigie
from .test_controller_dies import WIRED_NC_OPEN, open_r2_by_hand

WITHIN_S = 15.0
STARTS = 4.0
"""On a busy machine: so many times what the first start of all took."""


limits = {"s": WITHIN_S}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One installation for all cases, whose settings have been kept."""
    one = Site(tmp_path_factory.mktemp("rig"), RIG, soc=0.8)
    try:
        began_s = time.monotonic()
        one.started()
        limits["s"] = max(WITHIN_S, STARTS * (time.monotonic() - began_s))
        wait_for((one.data / NAME).exists, what="the settings are kept", log=lambda: one.log)
        yield one
    finally:
        one.end()


@contextlib.contextmanager
def settings(rig: Site, change: Callable[[str], str]) -> Iterator[None]:
    good = rig.config.read_text(encoding="utf-8")
    rig.config.write_text(change(good), encoding="utf-8")
    try:
        yield
    finally:
        starts = len(rig.events(EventKind.START))
        rig.config.write_text(good, encoding="utf-8")
    if change(good) != good.replace('login = "off"', 'login = "required"'):  # that one has no fault
        wait_for(lambda: len(rig.events(EventKind.START)) > starts, what="the file is taken over", log=lambda: rig.log)


@contextlib.contextmanager
def an_empty_token(rig: Site) -> Iterator[None]:
    (rig.data / "link.token").write_bytes(b"")
    yield


@contextlib.contextmanager
def a_damaged_users_file(rig: Site) -> Iterator[None]:
    users = rig.data / "users.sqlite"
    try:
        with settings(rig, lambda text: text.replace('login = "off"', 'login = "required"')):
            users.write_bytes(b"no users" * 1_000)
            rig.web().kill()
            yield
            status, text = wait_for(lambda: answered(rig), what="the page says why", log=lambda: rig.log)
            assert status == requests.codes.service_unavailable
            assert "users.sqlite" in text
    finally:
        users.unlink()
        for part in (rig.web(), rig.controller()):
            part.kill()


def answered(rig: Site) -> tuple[int, str] | None:
    with contextlib.suppress(requests.RequestException):
        page = requests.get(f"{rig.url}/", headers={"Accept": "text/html"}, timeout=5)
        return page.status_code, page.text
    return None


@contextlib.contextmanager
def a_taken_port(rig: Site) -> Iterator[None]:
    rig.web().kill()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_for(lambda: is_bound(other, rig.web_port), what="the port is taken")
        other.listen()
        yield


def is_bound(other: socket.socket, port: int) -> bool:
    with contextlib.suppress(OSError):
        other.bind(("127.0.0.1", port))
        return True
    return False


@contextlib.contextmanager
def a_web_process_killed_again_and_again(rig: Site) -> Iterator[None]:
    done = threading.Event()

    def kill() -> None:
        while not done.wait(0.05):
            web = rig.child("web_process")
            with contextlib.suppress(psutil.Error):
                if web is not None:
                    web.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        done.set()
        killer.join()


def breaks(change: Callable[[str], str]) -> Callable[[Site], contextlib.AbstractContextManager[None]]:
    return lambda rig: settings(rig, change)


CASES: dict[str, Callable[[Site], contextlib.AbstractContextManager[None]]] = {
    "empty settings": breaks(lambda text: ""),
    "truncated settings": breaks(lambda text: text[: len(text) // 2]),
    "contradictory settings": breaks(lambda text: text + "\n[protect]\nopen_above_v = 12.0\nclose_below_v = 12.7\n"),
    "bad mail settings": breaks(lambda text: text + "\n[mail]\nport = 99999\n"),
    "bad alarm settings": breaks(lambda text: text + "\n[alarms]\nbattery_warm_c = 90\n"),
    "bad web settings": breaks(lambda text: text.replace("[web]\n", '[web]\ntrusted_proxies = ["nobody"]\n')),
    "bad delivery settings": breaks(lambda text: text + '\n[remote_write]\nurl = "nowhere"\n'),
    "an empty token": an_empty_token,
    "a damaged users file": a_damaged_users_file,
    "a taken port": a_taken_port,
    "a web process killed again and again": a_web_process_killed_again_and_again,
}

REPEATED = ("contradictory settings", "bad alarm settings", "bad web settings", "bad delivery settings")
"""Settings that are refused as those of another case are, in another section."""
KILLED_WHOLE = ("bad mail settings", "an empty token", "a taken port")


@pytest.mark.parametrize(
    "case", [pytest.param(one, marks=[pytest.mark.long] if one in REPEATED else []) for one in CASES]
)
def test_r2_is_closed_again_within_15_s_of_a_kill(rig: Site, case: str) -> None:
    rig.wait_until_connected()
    open_r2_by_hand(rig)
    assert rig.levels()["R2"] == WIRED_NC_OPEN
    with CASES[case](rig):
        starts = len(rig.events(EventKind.START))
        rig.controller().kill()
        see_it_controlled(rig, starts)
    assert rig.run.poll() is None


def see_it_controlled(rig: Site, starts: int) -> None:
    began_s = time.monotonic()
    wait_for(lambda: rig.levels()["R2"] != WIRED_NC_OPEN, limits["s"], "R2 is closed", lambda: rig.log)
    left_s = limits["s"] - (time.monotonic() - began_s)
    wait_for(lambda: len(rig.events(EventKind.START)) > starts, left_s, "the start is on record", lambda: rig.log)


@pytest.mark.parametrize(
    "case", ["empty settings", *(pytest.param(one, marks=pytest.mark.long) for one in KILLED_WHOLE)]
)
def test_r2_is_closed_again_when_the_whole_program_was_killed(rig: Site, case: str) -> None:
    rig.wait_until_connected()
    open_r2_by_hand(rig)
    with CASES[case](rig):
        family = [*psutil.Process(rig.run.pid).children(recursive=True)]
        rig.run.kill()
        for part in family:
            part.send_signal(signal.SIGKILL)
        rig.run.wait()
        starts = len(rig.events(EventKind.START))
        rig.start()
        see_it_controlled(rig, starts)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("\n[mail]\nport = 99999\n", "mail.port"),
        ("\n[alarms]\nbattery_warm_c = 90\n", "alarms.battery_warm_c"),
        ('\n[remote_write]\nurl = "nowhere"\n', "remote_write.url"),
    ],
)
def test_the_very_first_start_controls_without_what_only_tells(
    site: Callable[..., Site], tmp_path: Path, more: str, named: str
) -> None:
    one = site(RIG, soc=0.8)
    good = one.config.read_text(encoding="utf-8")
    one.config.write_text(good + more, encoding="utf-8")
    one.started()
    alarm = wait_for(lambda: refusal(one), what="the alarm", log=lambda: one.log)
    assert any(named in fault for fault in alarm["detail"])
    assert not (one.data / NAME).exists()
    told = vigie("config", "check", "--config", str(one.config), VIGIE_DATA=str(one.data))
    assert told.returncode == 3
    assert f"{named.partition('.')[0]}" in told.stdout
    assert "left out" in told.stdout
    one.config.write_text(good, encoding="utf-8")
    wait_for(lambda: refusal(one) is None, what="the corrected file is taken over", log=lambda: one.log)


def refusal(site: Site) -> dict[str, object] | None:
    alarms = ((site.state() or {}).get("snapshot") or {}).get("alarms", ())
    return next((one for one in alarms if one["alarm"] == "settings_refused" and one["is_present"]), None)
