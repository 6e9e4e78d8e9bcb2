"""What compose.yaml's profile `alerts` starts: the program around Alertmanager, and that its files fit each other."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ports import free_port
from tests.waiting import wait_for

from .servers import DEPLOY, program_or_skip

ROOT = DEPLOY.parents[1]
PROGRAM = ROOT / "deploy" / "docker" / "alertmanager.sh"
NAME = "vigie-alertmanager.yml"
Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    """Return a function that runs alertmanager.sh with a configuration, as the container does."""
    program_or_skip("wget", "wget")
    (tmp_path / "alertmanager").symlink_to(program_or_skip("prometheus-alertmanager", "prometheus-alertmanager"))
    (tmp_path / "alertmanager.tmpl").write_text((DEPLOY / "alertmanager.tmpl").read_text(encoding="utf-8"))
    config = tmp_path / "alertmanager.yml"
    flags = (
        f"--config.file={config}", f"--storage.path={tmp_path}/data", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    started: list[subprocess.Popen[str]] = []

    def run(text: str) -> subprocess.Popen[str]:
        config.write_text(text, encoding="utf-8")
        started.append(
            subprocess.Popen(
                ["sh", str(PROGRAM), *flags], text=True, stderr=subprocess.PIPE, start_new_session=True,
                env={**os.environ, **path, "CONFIG": str(config), "PORT": str(port), "RUN": str(tmp_path)},
            )
        )  # fmt: skip
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def example() -> str:
    return (DEPLOY / "alertmanager.yml").read_text(encoding="utf-8")


def of_a_person(example: str) -> str:
    return example.replace("example.org", "vigie.test")


def test_names_itself_once_it_is_ready_and_takes_the_name_back_when_stopped(
    start: Start, tmp_path: Path, port: int, example: str
) -> None:
    process = start(of_a_person(example))
    wait_for((tmp_path / NAME).exists, what="its name")
    assert yaml.safe_load((tmp_path / NAME).read_text(encoding="utf-8")) == [{"targets": [f"alertmanager:{port}"]}]
    process.terminate()
    assert process.wait(20) == 0
    assert not (tmp_path / NAME).exists()
    assert (tmp_path / "data" / "silences").exists(), "Alertmanager was waited for"


def test_a_crash_ends_the_container_but_leaves_the_name(start: Start, tmp_path: Path, example: str) -> None:
    process = start(of_a_person(example))
    wait_for((tmp_path / NAME).exists, what="its name")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    os.kill(int(children[0]), signal.SIGKILL)
    assert process.wait(20) == 128 + signal.SIGKILL
    assert (tmp_path / NAME).exists()


@pytest.mark.parametrize("where", ["mail.example.org:587", "smtp_from: vigie@example.org", "to: me@example.org"])
def test_any_rest_of_the_example_is_refused(start: Start, tmp_path: Path, example: str, where: str) -> None:
    process = start(of_a_person(example).replace(where.replace("example.org", "vigie.test"), where))
    _, told = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "VIGIE_ALERTMANAGER_CONFIG" in told
    assert not (tmp_path / NAME).exists()


def test_what_alertmanager_refuses_is_never_named(start: Start, tmp_path: Path) -> None:
    process = start("route: {receiver: nobody}\n")
    _, told = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "nobody" in told
    assert not (tmp_path / NAME).exists()


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def target_of(volume: str | dict[str, str]) -> str:
    return volume["target"] if isinstance(volume, dict) else volume.split(":")[1]


def test_it_runs_only_when_asked_for_and_publishes_nothing(compose: dict[str, Any]) -> None:
    service = compose["services"]["alertmanager"]
    assert service["profiles"] == ["alerts"]
    assert "ports" not in service
    assert [name for name, other in compose["services"].items() if "alertmanager" in str(other.get("depends_on"))] == []
    assert re.fullmatch(r"\$\{VIGIE_ALERTMANAGER_IMAGE:-prom/alertmanager:v\d+\.\d+\.\d+\}", service["image"])
    for conf in (ROOT / "deploy" / "nginx").glob("*.conf"):
        assert "alertmanager" not in conf.read_text(encoding="utf-8"), conf.name


def test_the_name_is_written_where_prometheus_looks(compose: dict[str, Any]) -> None:
    services = compose["services"]
    shared = "alertmanager-name:/run"
    assert f"{shared}:nocopy" in services["alertmanager"]["volumes"]
    assert f"{shared}:ro,nocopy" in services["prometheus"]["volumes"]
    prometheus = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    ((discovery,),) = (one["file_sd_configs"] for one in prometheus["alerting"]["alertmanagers"])
    assert f"/run/{NAME}" in discovery["files"]


def test_the_files_of_the_configuration_are_in_the_container(compose: dict[str, Any], example: str) -> None:
    service, config = compose["services"]["alertmanager"], yaml.safe_load(example)
    there = {target_of(volume) for volume in service["volumes"]}
    (file,) = (flag.removeprefix("--config.file=") for flag in service["command"] if flag.startswith("--config.file="))
    assert file in there
    assert {str(Path(file).with_name(name)) for name in config["templates"]} <= there
    (secret,) = service["secrets"]
    assert secret["target"] == config["global"]["smtp_auth_password_file"]


@pytest.mark.parametrize(("address", "shown"), [("http://localhost:9093", ""), ("http://pi.lan/", "http://pi.lan/")])
def test_a_mail_has_no_link_that_opens_nothing_elsewhere(tmp_path: Path, address: str, shown: str) -> None:
    (tmp_path / "data").write_text(json.dumps({"status": "firing", "externalURL": address, "alerts": []}))
    told = subprocess.run(
        [
            program_or_skip("amtool", "prometheus-alertmanager"), "template", "render",
            f"--template.glob={DEPLOY}/alertmanager.tmpl", '--template.text={{ template "vigie.text" . }}',
            f"--template.data={tmp_path}/data",
        ],
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == shown
