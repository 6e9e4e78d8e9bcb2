"""The product with its door: the first password is told once, the command line needs none, the journal names people."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.process.installations import TWIN, Site, vigie
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

GUARDED = '\n[access]\nlogin = "required"\n'
OWN = "a password of mine"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    guarded = Site(tmp_path, TWIN, speed=1, soc=0.9)
    text = guarded.config.read_text(encoding="utf-8")
    guarded.config.write_text(text.replace('\n[access]\nlogin = "off"\n', GUARDED), encoding="utf-8")
    yield guarded
    guarded.end()


def answers(site: Site) -> bool:
    try:
        return requests.get(f"{site.url}/healthz", timeout=2).json()["link"] == "connected"
    except requests.RequestException:
        return False


def test_from_the_first_start_to_an_order_under_one_s_own_name(site: Site) -> None:
    site.start()
    wait_for(lambda: answers(site), what="a connected web process", log=lambda: site.log)
    (password,) = re.findall(r"Log in as admin with the password (\S+)", site.log)
    assert requests.get(f"{site.url}/api/v1/state", timeout=5).status_code == 401
    told = site.cli("mode", "protect")
    assert told.returncode == 0, told.stderr
    browser = requests.Session()
    browser.post(f"{site.url}/login", {"name": "admin", "password": password}, timeout=5)
    assert browser.get(f"{site.url}/api/v1/state", timeout=5).status_code == 403
    form = {"old": password, "new": OWN, "again": OWN}
    browser.post(f"{site.url}/password", form, timeout=5)
    order = {"action": "set_mode", "mode": "observe", "who": "somebody else"}
    assert browser.post(f"{site.url}/api/v1/commands", json=order, timeout=5).status_code == 200

    def orders() -> list[str]:
        return [event.who for event in site.events(EventKind.MODE) if event.who != "controller"]

    assert [who.split(":")[0] for who in wait_for(lambda: len(orders()) == 2 and orders())] == ["cli", "admin"]
    assert site.cli("user", "passwd", "admin", "--generate").returncode == 0
    assert browser.get(f"{site.url}/api/v1/state", timeout=5).status_code == 401
    site.stop()
    site.start()
    wait_for(lambda: answers(site), what="a connected web process", log=lambda: site.log)
    assert site.log.count("with the password") == 1


def test_a_damaged_users_file_stops_neither_control_nor_the_command_line(site: Site) -> None:
    site.data.mkdir()
    (site.data / "users.sqlite").write_bytes(b"garbage" * 100)
    site.start()
    wait_for(lambda: answers(site), what="a connected web process", log=lambda: site.log)
    assert "nobody can log in" in site.log
    assert requests.get(f"{site.url}/", headers={"Accept": "text/html"}, timeout=5).status_code == 503
    told = site.cli("mode", "protect")
    assert told.returncode == 0, told.stderr
    (site.data / "users.sqlite").unlink()
    assert site.cli("user", "add", "ada", "--role", "admin", "--generate").returncode == 0
    wait_for(lambda: requests.get(f"{site.url}/api/v1/state", timeout=5).status_code == 401, what="the door is back")


def test_a_program_without_the_secret_is_told_how_to_get_in(site: Site, tmp_path: Path) -> None:
    site.start()
    wait_for(lambda: answers(site), what="a connected web process", log=lambda: site.log)
    elsewhere = ("--data", str(tmp_path / "elsewhere"), "--config", str(site.config))
    told = vigie("status", *elsewhere)
    assert told.returncode == 7
    assert "VIGIE_TOKEN to the content of link.token" in told.stderr
    secret = (site.data / "link.token").read_text().strip()
    assert vigie("status", *elsewhere, VIGIE_TOKEN=secret).returncode == 0
