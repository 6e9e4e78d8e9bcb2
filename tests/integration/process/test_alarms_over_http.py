"""Alarms, outages and messages as programs ask for them, from the real product on the twin."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import TypeAdapter

from tests.integration.process.installations import Site
from tests.waiting import wait_for
from vigie.telemetry.records import EventKind
from vigie.telemetry.report import AlarmReport

STORMY = """
[plant]
kind = "twin"
scenario = "chatter"
speed = 60

[alarms]
controller_silent_s = 5

[twin.installation.battery]
start_soc = 0.8

[twin.installation.outages]
kind = "every"
every_s = 600
lasting_s = 120
first_s = 60
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    stormy = Site(tmp_path_factory.mktemp("stormy"), STORMY).started()
    yield stormy
    stormy.end()


def got(site: Site, path: str, **query: Any) -> dict[str, Any]:
    answer = requests.get(f"{site.url}/api/v1/{path}", params=query, timeout=5)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def alarm(site: Site, name: str) -> dict[str, Any] | None:
    return next((one for one in got(site, "alarms")["alarms"] if one["alarm"] == name), None)


def test_outage_is_an_alarm_and_afterwards_a_record(site: Site) -> None:
    found = wait_for(lambda: alarm(site, "mains_lost"), what="an outage", log=lambda: site.log)
    TypeAdapter(AlarmReport).validate_python(found)
    assert found["severity"] == "warning"
    assert "mains_lost" in site.cli("alarms").stdout
    assert "Mains lost" in site.cli("status").stdout
    span = {"from_utc_ms": 0, "to_utc_ms": 10**14}
    records = wait_for(lambda: got(site, "outages", **span)["outages"], what="a record", log=lambda: site.log)
    record = records[-1]
    assert record["kind"] == "outage"
    assert record["duration_s"] == pytest.approx(120, abs=3)
    assert (record["was_enough"], record["dark_s"]) == (True, 0)
    assert record["charge_out_ah"] == pytest.approx(0.5 * 120 / 3600, rel=0.1)
    told = site.cli("outages")
    assert "Mains outage" in told.stdout
    assert "enough" in told.stdout


def test_metrics_count_what_stands(site: Site) -> None:
    wait_for(lambda: alarm(site, "mains_lost"), what="an outage")
    series = 'vigie_alarm_unacknowledged{alarm="mains_lost",severity="warning"}'
    wait_for(lambda: site.metrics().get(series) == 1.0, what="the metric")
    assert site.metrics()['vigie_alarm_present{alarm="battery_too_hot",severity="critical"}'] == 0.0


def test_alarm_is_shelved_acknowledged_and_taken_back_from_the_command_line(site: Site) -> None:
    wait_for(lambda: alarm(site, "mains_lost"), what="an outage")
    assert site.cli("shelve", "mains_lost", "--hours", "100", "--why", "works on the grid").returncode == 0
    found = wait_for(lambda: alarm(site, "mains_lost"), what="the alarm")
    assert (found["standing"], found["why"]) == ("shelved", "works on the grid")
    assert found["by"].startswith("cli:")
    assert site.cli("unshelve", "mains_lost").returncode == 0
    assert site.cli("unshelve", "mains_lost").returncode == 7
    site.cli("acknowledge")
    kinds = [event.reason for event in site.events(EventKind.ALARM) if event.subject == "mains_lost"]
    assert {"raised", "shelved", "unshelved"} <= set(kinds)


def test_unknown_alarm_is_refused_with_the_nearest_name(site: Site) -> None:
    told = site.cli("acknowledge", "mains_last")
    assert told.returncode == 7
    assert "did you mean mains_lost?" in told.stderr


def test_without_receivers_the_messages_say_so(site: Site) -> None:
    assert got(site, "mail")["is_configured"] is False
    answer = requests.post(f"{site.url}/api/v1/mail/test", json={}, timeout=5)
    assert answer.status_code == 422
    assert "mail.host" in answer.json()["detail"]
    assert site.cli("mail", "show").returncode == 0
    assert site.cli("mail", "test").returncode == 7


@pytest.mark.slow
def test_controller_that_falls_silent_is_an_alarm_of_the_web_process(site: Site) -> None:
    """Last in the module: it stops the controller for good."""
    controller = site.controller()
    controller.suspend()
    found = wait_for(lambda: alarm(site, "controller_lost"), what="the alarm", log=lambda: site.log)
    assert (found["severity"], found["standing"]) == ("critical", "unacknowledged")
    body = {"action": "acknowledge", "alarm": "controller_lost", "who": "test"}
    answer = requests.post(f"{site.url}/api/v1/commands", json=body, timeout=5)
    assert (answer.status_code, answer.json()["reason"]) == (200, "acknowledged")
    again = requests.post(f"{site.url}/api/v1/commands", json={**body, "action": "unshelve"}, timeout=5)
    assert (again.status_code, again.json()["reason"]) == (409, "not_shelved")
    wait_for(lambda: alarm(site, "controller_lost") is None, what="the watchdog's new controller", log=lambda: site.log)
    mine = [event for event in site.events(EventKind.ALARM) if event.subject == "controller_lost"]
    assert [event.reason for event in mine] == ["raised", "acknowledged", "cleared"]
    assert mine[0].who == "web"
