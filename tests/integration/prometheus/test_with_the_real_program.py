"""The real Prometheus over the real controller: scrape, delivered series, the client's names, alerts, mail."""

import re
import textwrap
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.notify.mail_servers import Mailbox, serving
from tests.integration.process.installations import TWIN, Site
from tests.ports import free_port
from tests.waiting import wait_for
from vigie.telemetry.metrics import METRICS, delivered_names

from .servers import DEPLOY, Prometheus, alertmanager, hurry

PAGE = DEPLOY.parents[1] / "docs" / "prometheus.md"

DELIVERING = """
[remote_write]
url = "{store}"
interval_s = 0.5
"""

HOT = """
[plant]
kind = "twin"
scenario = "chatter"
speed = 300

[twin.installation.battery]
c20_ah = 1.2

[twin.installation.ambient]
course = [[0, 25], [300, 70]]

[twin.installation.outages]
kind = "none"
"""


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path / "prometheus")
    hurry(server.folder)
    yield server
    server.stop()


@pytest.fixture
def vigie(tmp_path: Path, prometheus: Prometheus) -> Iterator[Site]:
    """The whole product in real time, delivering to the Prometheus that scrapes it."""
    site = Site(tmp_path / "site", TWIN + DELIVERING, speed=1, soc=0.9, store=f"{prometheus.url}/api/v1/write")
    prometheus.ask("vigie", site.metrics_port)
    yield site
    site.end()


def shown_by(site: Site) -> set[str]:
    """Return the names on the controller's page."""
    text = requests.get(f"http://127.0.0.1:{site.metrics_port}/metrics", timeout=3).text
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


def passing_on_as_documented(central_url: str) -> str:
    """Return the lines that docs/prometheus.md tells to add, for what is not delivered."""
    page = PAGE.read_text(encoding="utf-8")
    (lines,) = re.findall(r"(?ms)^  ```yaml\n(  remote_write:.*?)^  ```", page)
    (relabel,) = re.findall(r"`(\{source_labels: \[job\][^`]*\})`", page)
    lines = re.sub(r"\{source_labels.*\}", relabel, textwrap.dedent(lines))
    return "\n" + str(lines).replace("https://central.example.org", central_url)


def words_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def test_each_series_is_there_once_and_under_the_clients_names(vigie: Site, prometheus: Prometheus) -> None:
    prometheus.start()
    vigie.started()
    wait_for(lambda: prometheus.value("count(up == 1)") == 2, what="a scrape of both", log=prometheus.log)
    wait_for(
        lambda: prometheus.query("count_over_time(rs_04[1m]) > 3"), what="the client's names", log=lambda: vigie.log
    )
    shown = shown_by(vigie)
    scraped = {row["metric"]["__name__"] for row in prometheus.query('count by (__name__) ({job="vigie"})')}
    assert shown - set(delivered_names()) <= scraped
    assert not scraped & set(delivered_names())
    ours = {metric.name for metric in METRICS if metric.is_of_period} & shown
    delivered = prometheus.query('{job="", __name__=~"vigie_.*"}')
    assert {row["metric"]["__name__"] for row in delivered} == ours

    labels = {"site": "Tests [/bold]", "battery": "1"}
    for metric in METRICS:
        for number, name in enumerate(metric.client_names, start=1) if metric.is_of_period else ():
            found = prometheus.query(name)
            if name not in shown:  # the spare channel of this installation
                assert found == [], name
                continue
            has_states = bool(metric.client_states)
            states = {row["metric"].pop(name) for row in found if has_states}
            assert states == set(metric.client_states)
            assert [row["metric"] for row in found] == [{"__name__": name, **labels}] * max(len(states), 1)
            if not has_states:
                (channel,) = prometheus.query(f'{metric.name}{{channel="{number}"}}[5m]')
                assert found[0]["value"][1] in {value for _, value in channel["values"]}
    assert prometheus.value('rs_01{rs_01="starting"}') == 1
    assert prometheus.value('rs_02{rs_02="stopped"}') == 0
    assert prometheus.value('mode{mode="au_ob"}') == 1
    assert prometheus.value("sum by (site) (mode)") == 1
    assert prometheus.value("vigie_mains_present") == 1
    mean = wait_for(lambda: prometheus.value('channel:vigie_channel_bus_volts:avg1m{role="battery"}'), what="a figure")
    assert mean == pytest.approx(prometheus.value("bus_voltage_01"), abs=0.1)

    assert prometheus.value("sum(prometheus_rule_evaluation_failures_total)") == 0
    wait_for(lambda: prometheus.query('ALERTS{alertname!="VigieDiskFullSoon"}') == [], what="no alert")
    assert prometheus.complaints() == []
    vigie.stop()
    unreachable = 'ALERTS{alertname="VigieControllerUnreachable", alertstate="firing"}'
    (alert,) = wait_for(lambda: prometheus.query(unreachable), what="the alert", log=prometheus.log)
    assert alert["metric"]["site"] == "Tests [/bold]"
    assert alert["metric"]["severity"] == "critical"


def test_a_sites_prometheus_passes_its_alarms_on_to_a_central_one(tmp_path: Path, prometheus: Prometheus) -> None:
    central = Prometheus(tmp_path / "central")
    site = Site(tmp_path / "site", TWIN, speed=1, soc=0.9)
    prometheus.ask("vigie", site.metrics_port)
    with (prometheus.folder / "prometheus.yml").open("a") as config:
        config.write(passing_on_as_documented(central.url))
    try:
        central.start()
        site.start(command="controller")
        prometheus.start()
        waiting = 'vigie_alarm_unacknowledged{alarm="mains_lost"}'
        (alarm,) = wait_for(lambda: central.query(waiting), what="an alarm's series", log=prometheus.log)
        assert alarm["metric"]["site"] == "Tests [/bold]"
        passed = {row["metric"]["__name__"] for row in central.query('count by (__name__) ({job="vigie"})')}
        assert not passed & set(delivered_names())
    finally:
        site.end()
        prometheus.stop()  # the central one later, or it would wait a minute to hand over the rest
        central.stop()


def test_a_hot_battery_becomes_a_mail_about_its_site(tmp_path: Path, prometheus: Prometheus) -> None:
    box, mail_port, alert_port = Mailbox(), free_port(), free_port()
    site = Site(tmp_path / "site", HOT).start(command="controller")
    prometheus.ask("vigie", site.metrics_port)
    prometheus.ask("alertmanager", alert_port)
    try:
        with serving(box, mail_port), alertmanager(tmp_path / "alertmanager", alert_port, mail_port):
            prometheus.start()

            def saying(words: str) -> list[EmailMessage]:
                return [message for message in box.messages if words in words_of(message)]

            message = wait_for(lambda: saying("Batterie trop chaude"), what="a mail", log=prometheus.log)[0]
            assert box.to[0] == "me@example.org"
            assert str(message["Subject"]).startswith("[Vigie] Tests [/bold]\u00a0: ")
            text = words_of(message)
            assert "Tests [/bold]\u00a0: Batterie trop chaude" in text
            assert "Critique, depuis" in text
            assert "aérez le local" in text
            assert "(Tests [/bold]: Battery too hot)" in text
            site.stop()
            wait_for(lambda: saying("le contrôleur ne répond pas"), what="a second mail")
    finally:
        site.end()
