"""The real Prometheus over the real controller: scrape, delivered series, the client's names, alerts, mail."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.notify.mail_servers import Mailbox, serving
from tests.integration.process.installations import TWIN, Site, free_port, wait_for
from vigie.delivery.wire import SeriesBlock
from vigie.telemetry.metrics import METRICS, delivered_names

from .servers import Prometheus, alertmanager, hurry, now_ms

HOT = """
[plant]
kind = "twin"
speed = 300

[twin.installation.battery]
c20_ah = 1.2

[twin.installation.ambient]
course = [[0, 25], [300, 70]]

[twin.installation.outages]
kind = "none"
"""


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "site", TWIN, speed=1, soc=0.9).start(command="controller")
    yield site
    site.end()


@pytest.fixture
def prometheus(tmp_path: Path, controller: Site) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path / "prometheus", vigie=controller.metrics_port)
    hurry(server.folder)
    yield server
    server.stop()


def page(site: Site) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Return what the controller shows: labels and value of every series, by name."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    try:
        text = requests.get(f"http://127.0.0.1:{site.metrics_port}/metrics", timeout=3).text
    except requests.RequestException:
        return {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return found


@contextmanager
def delivering(site: Site, prometheus: Prometheus) -> Iterator[dict[str, set[float]]]:
    """Send each second what a period delivers, under our names only; give every value that was sent, by series name."""
    ours = {metric.name for metric in METRICS if metric.is_of_period}
    sent: dict[str, set[float]] = {}
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(1.0):
            blocks = []
            for name, samples in page(site).items():
                for labels, value in samples if name in ours else ():
                    series = tuple(sorted({"__name__": name, **labels}.items()))
                    blocks.append(SeriesBlock(series, [now_ms()], [value]))
                    sent.setdefault(name + labels.get("channel", ""), set()).add(value)
            prometheus.write(blocks)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join(5)


def words_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def test_each_series_is_there_once_and_under_the_clients_names(controller: Site, prometheus: Prometheus) -> None:
    shown = wait_for(lambda: page(controller), 20, "metrics", lambda: controller.log)
    prometheus.start()
    with delivering(controller, prometheus) as sent:
        wait_for(lambda: prometheus.query("count_over_time(rs_04[1m]) > 3"), 30, "the client's names", prometheus.log)
        wait_for(lambda: prometheus.value("count(up == 1)") == 2, 30, "a scrape of both", prometheus.log)
        names = {row["metric"]["__name__"] for row in prometheus.query('count by (__name__) ({job="vigie"})')}
        scraped = {name for name in shown if name not in delivered_names()}
        assert scraped <= names
        assert not names & set(delivered_names())

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
                    assert float(found[0]["value"][1]) in sent[f"{metric.name}{number}"]
        assert prometheus.value('rs_01{rs_01="starting"}') == 1
        assert prometheus.value('rs_02{rs_02="stopped"}') == 0
        assert prometheus.value('mode{mode="au_ob"}') == 1
        assert prometheus.value("sum(mode) by (site)") == 1
        minutes = 'channel:vigie_channel_bus_volts:avg1m{role="battery"}'
        mean = wait_for(lambda: prometheus.value(minutes), 10)
        assert min(sent["vigie_channel_bus_volts1"]) <= mean <= max(sent["vigie_channel_bus_volts1"])

        assert prometheus.value("sum(prometheus_rule_evaluation_failures_total)") == 0
        wait_for(lambda: prometheus.query('ALERTS{alertname!="VigieDiskFullSoon"}') == [], 10, "no alert")
    assert prometheus.complaints() == []
    controller.stop()
    unreachable = 'ALERTS{alertname="VigieControllerUnreachable", alertstate="firing"}'
    (alert,) = wait_for(lambda: prometheus.query(unreachable), 20, "the alert", prometheus.log)
    assert alert["metric"]["site"] == "Tests [/bold]"
    assert alert["metric"]["severity"] == "critical"


def test_a_hot_battery_becomes_a_mail_about_its_site(tmp_path: Path) -> None:
    box, mail_port, alert_port = Mailbox(), free_port(), free_port()
    site = Site(tmp_path / "site", HOT).start(command="controller")
    prometheus = Prometheus(tmp_path / "prometheus", vigie=site.metrics_port, alertmanager=alert_port)
    hurry(prometheus.folder)
    try:
        with serving(box, mail_port), alertmanager(tmp_path / "alertmanager", alert_port, mail_port):
            prometheus.start()

            def saying(words: str) -> list[EmailMessage]:
                return [message for message in box.messages if words in words_of(message)]

            message = wait_for(lambda: saying("Batterie trop chaude"), 60, "a mail", prometheus.log)[0]
            assert box.to[0] == "me@example.org"
            assert str(message["Subject"]).startswith("[Vigie] Tests [/bold]\u00a0: ")
            text = words_of(message)
            assert "Tests [/bold]\u00a0: Batterie trop chaude" in text
            assert "Critique, depuis" in text
            assert "aérez le local" in text
            assert "(Tests [/bold]: Battery too hot)" in text
            site.stop()
            wait_for(lambda: saying("le contrôleur ne répond pas"), 40, "a second mail")
    finally:
        prometheus.stop()
        site.end()
