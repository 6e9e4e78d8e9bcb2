"""The demonstration in full: through the one door, hardened, killed part by part, taken down and up again."""

import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from tests.docker.cases.test_a_first_steps import SERVICES
from tests.docker.stack import PROJECT, ROOT, Stack, until

OWN = ("controller", "web", "delivery")
SERIES = 'vigie_channel_bus_volts{role="battery",site="Démonstration"}'
LONGEST_GAP_MS = 1_600


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Stack]:
    """Return the demonstration, running."""
    stack.profile = "demo"
    stack.figures["up to healthy, demo"] = f"{stack.up():.1f} s"
    yield stack
    stack.remove_everything()


def test_page_opens_through_nginx_for_who_has_logged_in(running: Stack) -> None:
    stranger = requests.get(running.url("/flask/"), headers={"Accept": "text/html"}, timeout=10)
    assert stranger.url.split("?")[0] == running.url("/flask/login")
    page = running.logged_in().get(running.url("/flask/"), timeout=10)
    assert page.ok
    assert "Démonstration" in page.text


def test_mode_and_contacts_change_through_nginx_in_the_name_of_the_user(running: Stack) -> None:
    session = running.logged_in()
    order = {"action": "set_mode", "mode": "manual", "why": "a test", "manual_s": 3600}
    assert requests.post(running.url("/flask/api/v1/commands"), json=order, timeout=10).status_code == 401
    answer = session.post(running.url("/flask/api/v1/commands"), json=order, timeout=10)
    assert answer.json()["is_accepted"], answer.text
    open_r3 = {"action": "set_contact", "relay": "R3", "contact": "closed", "why": "a test"}
    assert session.post(running.url("/flask/api/v1/commands"), json=open_r3, timeout=10).json()["is_accepted"]
    snapshot = until(lambda: _in_manual(running), "manual mode is shown")
    assert snapshot["mode_by"] == "admin"
    assert running.contacts()["R3"][0] == "closed"


def _in_manual(stack: Stack) -> dict[str, object] | None:
    snapshot = stack.state()["snapshot"]
    return snapshot if snapshot["mode"] == "manual" else None


def test_one_login_opens_grafana_and_prometheus(running: Stack) -> None:
    session = running.logged_in()
    for path in ("/grafana/", "/prometheus/api/v1/query?query=up"):
        assert requests.get(running.url(path), timeout=10).status_code == 401
    spoofed = session.get(running.url("/grafana/d/x"), headers={"X-WEBAUTH-USER": "root"}, timeout=10)
    assert spoofed.json()["path"] == "/grafana/d/x"
    assert spoofed.json()["headers"]["x-webauth-user"] == "admin"
    assert "cookie" not in spoofed.json()["headers"]


def test_prometheus_scrapes_what_is_not_delivered(running: Stack) -> None:
    def both_up() -> bool:
        return [sample["value"][1] for sample in running.prometheus("query", {"query": "up"})] == ["1", "1"]

    until(both_up, "both targets are up")
    (info,) = running.prometheus("query", {"query": "vigie_build_info"})
    assert info["metric"]["site"] == "Démonstration"


def test_prometheus_complains_of_nothing(running: Stack) -> None:
    assert running.complaints("prometheus") == []


def test_every_period_arrives_in_prometheus_once(running: Stack) -> None:
    until_ms = time.time() * 1_000
    _compare(running, until_ms - 10_000, until_ms)


def _compare(stack: Stack, from_ms: float, to_ms: float) -> list[int]:
    """Wait until Prometheus holds the journal's periods of a time, every one at its own instant."""

    def arrived() -> list[int] | None:
        written = stack.periods_ms(from_ms)
        periods = [instant for instant in written if instant < to_ms]
        is_complete = len(periods) < len(written)  # a later one is there: none is still on its way into the journal
        return periods if is_complete and stack.samples_ms(SERIES, from_ms, to_ms) == periods else None

    return until(arrived, "Prometheus holds what the journal holds")


@pytest.mark.parametrize("service", SERVICES)
def test_container_is_locked_in(running: Stack, service: str) -> None:
    assert_locked_in(running, service)


def assert_locked_in(stack: Stack, service: str) -> None:
    """Look at what the engine says of a container."""
    found = stack.inspect(service)
    host, user = found["HostConfig"], found["Config"]["User"]
    assert re.match(r"[1-9]\d*:", user), f"runs as {user!r}"
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert not host["Privileged"]
    assert not host["Devices"]
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Config"]["max-size"]
    assert host["Memory"] > 0
    ports = [port for port, where in found["NetworkSettings"]["Ports"].items() if where]
    assert ports == (["80/tcp"] if service == "nginx" else [])
    assert all(not mount["RW"] for mount in found["Mounts"] if mount["Type"] == "bind")


@pytest.mark.parametrize("service", OWN)
def test_process_has_no_capability_and_cannot_write_its_program(running: Stack, service: str) -> None:
    status = running.in_service(service, "cat", "/proc/self/status")
    assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    refused = running.run(
        "docker", "exec", running.container(service), "touch", "/opt/vigie/x", is_expected_to_fail=True
    )
    assert "Read-only file system" in refused.stderr


def test_controller_reaches_nothing_outside(running: Stack) -> None:
    assert list(running.inspect("controller")["NetworkSettings"]["Networks"]) == [f"{PROJECT}_inside"]


@pytest.mark.parametrize("service", ["web", "delivery", "prometheus", "grafana", "nginx", "controller"])
def test_killed_part_comes_back_and_nothing_is_lost(running: Stack, service: str) -> None:
    before, contacts = running.inspect(service)["RestartCount"], running.contacts()
    from_ms = time.time() * 1_000 - 5_000
    began_s = time.monotonic()
    running.kill(service)
    until(lambda: running.inspect(service)["RestartCount"] == before + 1, f"the engine starts {service} again")
    assert running.contacts() == contacts
    until(lambda: _opens(running, "/grafana/"), "a page behind the login opens")
    running.figures[f"{service} killed, all works again"] = f"{time.monotonic() - began_s:.1f} s"
    periods = _compare(running, from_ms, time.time() * 1_000)
    if service == "controller":
        assert running.state()["snapshot"]["mode"] == "observe", "manual mode outlives nobody"
    else:
        assert max(later - earlier for earlier, later in pairwise(periods)) < LONGEST_GAP_MS


def _opens(stack: Stack, path: str) -> bool:
    try:
        return stack.browser().get(stack.url(path), timeout=3).ok
    except requests.RequestException:
        return False


def test_controller_that_hangs_is_ended_and_started_again(running: Stack) -> None:
    until(lambda: running.health("controller") == "healthy", "it has been heard of")
    before, contacts = running.inspect("controller")["RestartCount"], running.contacts()
    began_s = time.monotonic()
    listed = running.run("docker", "top", running.container("controller"), "-eo", "pid,args").stdout
    (pid,) = re.findall(r"^ *(\d+) .*vigie\.cli\.controller_process", listed, re.MULTILINE)
    running.run("kill", "-STOP", pid)
    until(lambda: running.inspect("controller")["RestartCount"] == before + 1, "it is started again", 90)
    running.figures["hung controller, started again"] = f"{time.monotonic() - began_s:.0f} s"
    until(lambda: running.health("controller") == "healthy", "it measures again")
    assert running.contacts() == contacts


def test_stopping_is_orderly_and_quick(running: Stack) -> None:
    began_s = time.monotonic()
    running.compose("stop", "demo-controller", "demo-web", "demo-delivery")
    assert time.monotonic() - began_s < 15
    assert {running.inspect(service)["State"]["ExitCode"] for service in OWN} == {0}
    running.compose("up", "--detach", "--wait")


def test_down_and_up_keep_everything(running: Stack) -> None:
    session, contacts = running.browser(), running.contacts()
    to_ms = time.time() * 1_000
    from_ms = to_ms - 60_000
    periods = _compare(running, from_ms, to_ms)
    running.compose("down")
    assert running.services() == []
    running.figures["up to healthy again after down"] = f"{running.up():.1f} s"
    assert running.periods_ms(from_ms, to_ms) == periods
    assert running.samples_ms(SERIES, from_ms, to_ms) == periods
    assert session.get(running.url("/flask/"), allow_redirects=False, timeout=10).status_code == 200
    assert running.contacts() == contacts


def test_backup_of_the_running_stack_can_be_put_into_new_volumes(running: Stack, tmp_path: Path) -> None:
    file = tmp_path / "vigie.tar.gz"
    from_ms = time.time() * 1_000 - 30_000
    to_ms = from_ms + 20_000
    periods = running.periods_ms(from_ms, to_ms)
    running.save(file, "web", "vigie", "backup", "-")
    running.compose("down", "--volumes")
    with file.open("rb") as backup:
        running.compose("run", "--rm", "-T", "demo-controller", "vigie", "restore", "-", stdin=backup)
    running.up()
    assert running.periods_ms(from_ms, to_ms) == periods
    assert running.logged_in().get(running.url("/flask/"), timeout=10).ok


def test_encrypted_access_beside_plain(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tls") / "certificates"
    running.run("sh", "deploy/nginx/make-certificate.sh", "-u", "101", "-o", str(folder), "localhost")
    running.environment["VIGIE_CERTIFICATES"] = str(folder)
    running.environment["COMPOSE_FILE"] = f"{ROOT}/compose.yaml:{ROOT}/deploy/docker/tls.yaml"
    running.up()
    address = f"https://localhost:{running.tls_port}/flask/login"
    assert requests.get(address, verify=str(folder / "ca.crt"), timeout=10).ok
    assert requests.get(running.url("/flask/login"), timeout=10).ok
