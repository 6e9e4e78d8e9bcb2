"""The profile that mails alerts: added to what runs, through to a mail server, and taken away without a complaint."""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller

from tests.docker.cases.test_b_demonstration import assert_locked_in
from tests.docker.stack import ROOT, Stack, until
from tests.integration.notify.mail_servers import Certificates, Mailbox, password_checker
from tests.integration.prometheus.servers import hurry
from tests.ports import free_port

ALERTMANAGER_UID = 65534
AMTOOL = ("amtool", "--alertmanager.url=http://localhost:9093")
NOTICED_WITHIN_S = 120.0
NET = "172.31.78"
"""No page is opened here, so the settings need not know the address: the cases of the pages run beside these."""
LINK = "http://vigie.test/prometheus/alerts"


@pytest.fixture(scope="module")
def mail(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mailbox, str]]:
    """Return what a mail server on this machine takes from who encrypts and knows the password, and its address."""
    box, certificates = Mailbox(), Certificates(tmp_path_factory.mktemp("mail"))
    where = ("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    host, port = stack.run("docker", *where).stdout.strip(), free_port()
    server = Controller(
        box, hostname=host, port=port, tls_context=certificates.server, require_starttls=True, auth_required=True,
        authenticator=password_checker(b"vigie@vigie.test", b"open sesame"),
        auth_exclude_mechanism=["LOGIN"],  # aiosmtpd asks in words of its own there, which Alertmanager does not take
    )  # fmt: skip
    server.start()
    yield box, f"{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def watched(
    stack: Stack, mail: tuple[Mailbox, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, Mailbox]]:
    """Return a controller that Prometheus watches, whose rules do not wait, and what is mailed of it."""
    box, address = mail
    folder = tmp_path_factory.mktemp("alerts")
    rules = Path(shutil.copytree(ROOT / "deploy" / "prometheus", folder / "prometheus"))
    hurry(rules)
    hurried = folder / "hurried.json"
    hurried.write_text(json.dumps({"services": {"prometheus": {"volumes": [f"{rules}:/etc/prometheus:ro"]}}}))
    stack.environment["COMPOSE_FILE"] = f"{ROOT}/compose.yaml:{hurried}"
    stack.environment.update(_settings(folder, address))
    stack.up("demo-controller", "prometheus")
    yield stack, box
    stack.remove_everything()


def _settings(folder: Path, smarthost: str) -> dict[str, str]:
    """Write the copy of alertmanager.yml that docs/docker.md asks for, and the password; return what names them."""
    text = (ROOT / "deploy" / "prometheus" / "alertmanager.yml").read_text(encoding="utf-8")
    text = text.replace("mail.example.org:587", smarthost).replace("example.org", "vigie.test")
    text = re.sub(r"(?m)^( *group_(?:wait|interval)): \w+$", r"\1: 1s", text)
    trusting = "send_resolved: true\n    tls_config: {insecure_skip_verify: true}"
    config, password = folder / "alertmanager.yml", folder / "password"
    config.write_text(text.replace("send_resolved: true", trusting), encoding="utf-8")
    password.write_text("open sesame\n", encoding="utf-8")
    os.chown(password, ALERTMANAGER_UID, ALERTMANAGER_UID)
    password.chmod(0o400)
    return {
        "VIGIE_ALERTMANAGER_CONFIG": str(config),
        "VIGIE_ALERTMANAGER_PASSWORD_FILE": str(password),
        "VIGIE_ALERTS_URL": LINK,
    }


def asked(stack: Stack, what: str) -> str:
    """Return what Prometheus' interface answers."""
    return stack.in_service("prometheus", "wget", "-q", "-O", "-", f"http://127.0.0.1:9090/prometheus/api/v1/{what}")


def known_alertmanagers(stack: Stack) -> int:
    """Return how many Alertmanagers Prometheus sends to, as it says itself."""
    return len(json.loads(asked(stack, "alertmanagers"))["data"]["activeAlertmanagers"])


def has_alert(stack: Stack, name: str) -> bool:
    """Whether an alert fires."""
    return name in asked(stack, "query?query=" + quote('ALERTS{alertstate="firing"}'))


def test_without_the_profile_nobody_is_looked_for(watched: tuple[Stack, Mailbox]) -> None:
    stack, _ = watched
    assert stack.services() == ["controller", "prometheus"]
    until(lambda: has_alert(stack, "VigieDeliveryBehind"), "nothing is delivered here, and an alert says so")
    assert known_alertmanagers(stack) == 0
    assert stack.complaints("prometheus") == []


def test_the_example_is_refused_with_what_to_do(watched: tuple[Stack, Mailbox]) -> None:
    stack, _ = watched
    mine = stack.environment.pop("VIGIE_ALERTMANAGER_CONFIG")
    stack.has_alerts = True
    stack.compose("up", "--detach", "alertmanager")
    until(lambda: "name the copy in VIGIE_ALERTMANAGER_CONFIG" in stack.compose("logs", "alertmanager"), "advice")
    assert known_alertmanagers(stack) == 0
    stack.environment["VIGIE_ALERTMANAGER_CONFIG"] = mine


def test_an_alert_and_its_end_are_mailed_once_the_profile_is_on(watched: tuple[Stack, Mailbox]) -> None:
    stack, box = watched
    before = stack.inspect("prometheus")["State"]["StartedAt"]
    stack.compose("up", "--detach", "demo-controller", "prometheus", "alertmanager")
    assert stack.inspect("prometheus")["State"]["StartedAt"] == before
    until(lambda: known_alertmanagers(stack) == 1, "Prometheus knows it", NOTICED_WITHIN_S)

    stack.compose("stop", "demo-controller")
    until(lambda: _saying(box, "En cours", "Démonstration\u00a0: le contrôleur ne répond pas"), "a mail")
    stack.compose("start", "demo-controller")
    (text, *_) = until(lambda: _saying(box, "Terminé", "le contrôleur ne répond pas"), "a mail of the end")
    assert "Critique, depuis" in text
    assert " UTC" in text
    assert text.rstrip().endswith(LINK)
    assert set(box.to) == {"me@vigie.test"}
    until(lambda: stack.health("alertmanager") == "healthy", "it is healthy")


def _saying(box: Mailbox, part: str, words: str) -> list[str]:
    bodies = (message.get_body(("plain",)) for message in box.messages)
    texts = [body.get_content() for body in bodies if body is not None]
    return [text for text in texts if words in text.partition(part)[2]]


def test_it_is_locked_in_too(watched: tuple[Stack, Mailbox]) -> None:
    stack, _ = watched
    assert_locked_in(stack, "alertmanager")


def silences(stack: Stack) -> str:
    """Return what is silenced; nothing while nobody answers."""
    with contextlib.suppress(AssertionError):
        return stack.in_service("alertmanager", *AMTOOL, "silence", "query")
    return ""


def test_a_silence_outlives_an_orderly_restart(watched: tuple[Stack, Mailbox]) -> None:
    stack, _ = watched
    works = ("silence", "add", "site=Démonstration", "--duration=1h", "--author=me", "--comment=works")
    stack.in_service("alertmanager", *AMTOOL, *works)
    stack.compose("restart", "alertmanager")
    until(lambda: "works" in silences(stack), "it is back, and so is the silence")


def test_killed_it_comes_back_and_stopped_it_is_forgotten(watched: tuple[Stack, Mailbox]) -> None:
    stack, _ = watched
    until(lambda: known_alertmanagers(stack) == 1, "Prometheus knows it after the restart", NOTICED_WITHIN_S)
    stack.kill("alertmanager")
    until(lambda: stack.inspect("alertmanager")["RestartCount"] > 0, "the engine starts it again")
    until(lambda: known_alertmanagers(stack) == 1, "Prometheus knows it still, or again")
    until(lambda: "works" in silences(stack), "it is back")
    stack.compose("stop", "alertmanager")
    until(lambda: known_alertmanagers(stack) == 0, "Prometheus lets go", NOTICED_WITHIN_S)
    settled = stack.complaints("prometheus")
    stack.compose("stop", "demo-controller")
    until(lambda: has_alert(stack, "VigieControllerUnreachable"), "an alert nobody is told of")
    assert stack.complaints("prometheus") == settled
