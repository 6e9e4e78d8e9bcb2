"""Vigie's containers as a test sees them: through compose, through nginx, and through the engine."""

import contextlib
import json
import math
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import requests

ROOT = Path(__file__).parents[2]
IMAGES = "vigie-test"
PROJECT = f"{IMAGES}-{os.environ.get('PYTEST_XDIST_WORKER', 'only')}"
PASSWORD = "a better one than the first"
READY_S = 180.0
"""A bound, no promise: other work may keep the machine busy."""
PROBES = {"interval": "2s", "start_period": "300s"}
"""Oftener than in compose.yaml, whose 10 s would be most of what a test waits for; a slow start is no illness."""
_Answer = TypeVar("_Answer")


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("", 0))
        return int(listener.getsockname()[1])


def until(ask: Callable[[], _Answer | None], what: str, within_s: float = READY_S) -> _Answer:
    """Ask until the answer is true, and return it."""
    deadline_s = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline_s, f"not within {within_s:g} s: {what} (last answer {answer!r})"
        time.sleep(0.25)


class Stack:
    """One compose project of its own: ports, volumes and network are not those of an installation."""

    def __init__(self, folder: Path) -> None:
        """Prepare to run compose; ``folder`` takes what this machine needs beside the files in the repository."""
        self.port, self.tls_port = free_port(), free_port()
        self.figures: dict[str, str] = {}
        self.profile = "demo"
        self.has_alerts = False
        self._folder = folder
        self._extra = folder / "machine.json"  # JSON is YAML
        self._extra.write_text(json.dumps(_of_this_machine()), encoding="utf-8")
        self.environment = {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "VIGIE_IMAGE": f"{IMAGES}:latest",
            "VIGIE_BASE": f"{IMAGES}-python",
            "VIGIE_NGINX_IMAGE": f"{IMAGES}-nginx",
            "VIGIE_PROMETHEUS_IMAGE": f"{IMAGES}-prometheus",
            "VIGIE_ALERTMANAGER_IMAGE": f"{IMAGES}-alertmanager",
            "VIGIE_GRAFANA_IMAGE": f"{IMAGES}-echo",
            "VIGIE_HTTP_PORT": str(self.port),
            "VIGIE_HTTPS_PORT": str(self.tls_port),
        }

    # -- compose and the engine

    def build(self) -> None:
        """Build the image as compose.yaml says; the engine joins builds of the same at the same time."""
        began_s = time.monotonic()
        self.compose("build")
        self.figures["first build"] = f"{time.monotonic() - began_s:.0f} s"

    def run(self, *command: str, is_expected_to_fail: bool = False, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository; it must succeed unless it is expected to fail."""
        profiles = f"{self.profile},alerts" if self.has_alerts else self.profile
        environment = {**os.environ, **self.environment, "COMPOSE_PROFILES": profiles}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False, **how
        )
        told = f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        assert (done.returncode != 0) == is_expected_to_fail, told
        return done

    def compose(self, *arguments: str, is_expected_to_fail: bool = False, **how: Any) -> str:
        """Run docker compose; return everything it said."""
        files = self.environment.get("COMPOSE_FILE", f"compose.yaml:{self._extra}")
        files = files if str(self._extra) in files else f"{files}:{self._extra}"
        command = ("docker", "compose", *(part for file in files.split(":") for part in ("--file", file)), *arguments)
        done = self.run(*command, is_expected_to_fail=is_expected_to_fail, **how)
        return done.stdout + done.stderr

    def in_service(self, service: str, *command: str) -> str:
        """Run a command in a running container; return its output."""
        return self.run("docker", "exec", self.container(service), *command).stdout

    def save(self, file: Path, service: str, *command: str) -> None:
        """Run a command in a running container, its output into a file."""
        with file.open("wb") as out:
            subprocess.run(["docker", "exec", self.container(service), *command], stdout=out, check=True, timeout=120)

    def container(self, service: str) -> str:
        """Return the name of a service's container; of the twin's three their demo container."""
        is_twins = self.profile == "demo" and service in {"controller", "web", "delivery"}
        return f"{PROJECT}-{'demo-' if is_twins else ''}{service}-1"

    def inspect(self, service: str) -> Mapping[str, Any]:
        """Return what the engine knows of a service's container."""
        (found,) = json.loads(self.run("docker", "inspect", self.container(service)).stdout)
        return dict(found)

    def services(self) -> list[str]:
        """Return the services that run, by their names in the network."""
        names = self.run("docker", "ps", "--filter", f"name={PROJECT}-", "--format", "{{.Names}}").stdout.split()
        return sorted(name.removeprefix(f"{PROJECT}-").removeprefix("demo-").removesuffix("-1") for name in names)

    def complaints(self, service: str) -> list[str]:
        """Return the lines of warnings and errors that a service has said."""
        said = self.run("docker", "logs", self.container(service))
        lines = (said.stdout + said.stderr).splitlines()
        return [line for line in lines if re.search(r"level=(warn|error)", line, re.IGNORECASE)]

    def health(self, service: str) -> str:
        """Return what the engine thinks of a service: healthy, starting, unhealthy."""
        return str(self.inspect(service)["State"].get("Health", {}).get("Status", "none"))

    def up(self, *arguments: str) -> float:
        """Start everything and wait until it is healthy; return how long that took, in seconds."""
        began_s = time.monotonic()
        self.compose("up", "--detach", "--wait", *arguments)
        return time.monotonic() - began_s

    def kill(self, service: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Signal a service's process from outside, as a crash would.

        ``docker kill`` would not do: the engine takes that for a wish, and a stop that is wished for is kept.
        """
        os.kill(int(self.inspect(service)["State"]["Pid"]), number)

    def remove_everything(self) -> None:
        """Take down containers, network and volumes of every profile."""
        self.has_alerts = True
        for self.profile in ("demo", "full", "full"):  # after a failed start the engine may still be starting something
            with contextlib.suppress(AssertionError):
                self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")
        assert self.services() == []
        self.profile, self.has_alerts = "demo", False
        self._session = None

    # -- as people and programs see it

    def url(self, path: str) -> str:
        """Return an address behind nginx."""
        return f"http://localhost:{self.port}{path}"

    def logged_in(self) -> requests.Session:
        """Return a browser's session of the first user, who has changed the first password."""
        session = requests.Session()
        session.headers["Origin"] = self.url("")
        if self._logs_in(session, PASSWORD):
            return session
        said = self.compose("logs", "--no-log-prefix", self._web())
        first = re.findall(r'"password": "([^"]+)"', said)[-1]
        assert self._logs_in(session, first), "the password in the log is not the one that opens"
        form = {"old": first, "new": PASSWORD, "again": PASSWORD}
        changed = session.post(self.url("/flask/password"), form, timeout=10)
        assert changed.ok, changed.text
        return session

    def _logs_in(self, session: requests.Session, password: str) -> bool:
        form = {"name": "admin", "password": password}
        answer = session.post(self.url("/flask/login"), form, timeout=10, allow_redirects=False)
        return answer.status_code == 303

    def _web(self) -> str:
        return "demo-web" if self.profile == "demo" else "web"

    def state(self) -> dict[str, Any]:
        """Return the newest snapshot, asked of the web process itself."""
        return dict(json.loads(self.in_service("web", "vigie", "status", "--json")))

    def contacts(self) -> dict[str, tuple[str, int]]:
        """Return every relay's contact and how often it has moved, from a snapshot that is not older than now."""
        asked_ms = time.time() * 1_000

        def fresh() -> dict[str, Any] | None:
            done = subprocess.run(
                ["docker", "exec", self.container("web"), "vigie", "status", "--json"], capture_output=True, check=False
            )
            state = json.loads(done.stdout) if done.returncode == 0 else None
            return state if state is not None and state["snapshot"]["utc_ms"] >= asked_ms else None

        relays = until(fresh, "a snapshot of now")["snapshot"]["relays"]
        return {relay["relay"]: (relay["contact"], relay["switchings"]) for relay in relays}

    def periods_ms(self, from_ms: float, to_ms: float = math.inf) -> list[int]:
        """Return the instants of the journal's periods in a time, in UTC milliseconds."""
        program = (
            "import os, sqlite3; from pathlib import Path\n"
            "uri = f\"file:{os.environ['VIGIE_DATA']}/journal.sqlite?mode=ro\"\n"
            "rows = sqlite3.connect(uri, uri=True).execute('SELECT key FROM period').fetchall()\n"
            "from vigie.telemetry.schema import KEYS_PER_MS\n"
            "print(*(key // KEYS_PER_MS for key, in rows))"
        )
        told = self.in_service("web", "python", "-c", program).split()
        return sorted(instant for instant in map(int, told) if from_ms <= instant < to_ms)

    def samples_ms(self, selector: str, from_ms: float, to_ms: float) -> list[int]:
        """Return the instants of one series' samples in Prometheus, as they were recorded."""
        span_s = (to_ms - from_ms) / 1_000
        question = {"query": f"{selector}[{span_s * 1_000:.0f}ms]", "time": f"{to_ms / 1_000:.3f}"}
        result = self.prometheus("query", question)
        assert len(result) <= 1, f"{selector} is {len(result)} series"
        values = result[0]["values"] if result else []
        return sorted(ms for ms in (round(second * 1_000) for second, _ in values) if from_ms <= ms < to_ms)

    def prometheus(self, endpoint: str, question: Mapping[str, str]) -> list[dict[str, Any]]:
        """Ask Prometheus through nginx as a user who is logged in."""
        answer = self.browser().get(self.url(f"/prometheus/api/v1/{endpoint}"), params=question, timeout=10)
        assert answer.ok, f"{answer.status_code} {answer.text}"
        return list(answer.json()["data"]["result"])

    _session: requests.Session | None = None

    def browser(self) -> requests.Session:
        """Return a session that logged in once and stays in, whatever is started again meanwhile."""
        if self._session is None:
            self._session = self.logged_in()
        return self._session

    def tell_figures(self, path: Path) -> None:
        """Write down what was measured."""
        path.write_text("".join(f"{name}: {value}\n" for name, value in self.figures.items()), encoding="utf-8")


def _of_this_machine() -> dict[str, Any]:
    """Return what compose needs on this machine alone."""
    service: dict[str, Any] = {"build": {"network": "host"}}
    if Path("/etc/pip.conf").exists():
        service["build"]["secrets"] = ["pip_conf"]
    if not _may_be_spared():
        service["oom_score_adj"] = 0
    probed = ("web", "delivery", "demo-web", "demo-delivery", "nginx", "prometheus", "grafana", "alertmanager")
    services = {name: {"healthcheck": PROBES} for name in probed}
    service["healthcheck"] = PROBES
    file: dict[str, Any] = {"services": {**services, "controller": service, "demo-controller": service}}
    if Path("/etc/pip.conf").exists():
        file["secrets"] = {"pip_conf": {"file": "/etc/pip.conf"}}
    return file


def _may_be_spared() -> bool:
    """Whether this machine lets a process be made the last one to be killed for its memory (some sandboxes do not)."""
    try:
        Path("/proc/self/oom_score_adj").write_text("-1", encoding="ascii")
    except OSError:
        return False
    return True
