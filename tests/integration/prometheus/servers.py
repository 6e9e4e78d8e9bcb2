"""The real Prometheus and Alertmanager with the files of deploy/prometheus, in a folder and on ports of their own."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.ports import free_port
from tests.waiting import wait_for
from vigie.delivery.wire import HEADERS, SeriesBlock, encode

DEPLOY = Path(__file__).parents[3] / "deploy" / "prometheus"
FLAGS = (
    "--storage.tsdb.retention.time=5y",
    "--storage.tsdb.retention.size=16GB",
    "--web.enable-remote-write-receiver",
    "--web.external-url=/prometheus/",
)


def program_or_skip(name: str, package: str) -> str:
    """Return where a program is; a skip is a failure in CI."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {package})")
    return found


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program_or_skip("promtool", "prometheus"), *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def hurry(folder: Path) -> None:
    """Let every rule of a copy be evaluated each second and fire at once: only the waiting is taken out."""
    for path in [folder / "prometheus.yml", *folder.glob("rules/*.yml")]:
        text = path.read_text(encoding="utf-8")
        text = re.sub(
            r"(?m)^( *(?:scrape_interval|evaluation_interval|interval|scrape_timeout)): \w+$", r"\1: 1s", text
        )
        path.write_text(re.sub(r"(?m)^( *for): \w+$", r"\1: 0s", text), encoding="utf-8")


class Prometheus:
    """A server with a copy of our configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.data = folder / "data"
        self.log_path = folder / "log"
        shutil.copytree(DEPLOY, folder, dirs_exist_ok=True)
        config = folder / "prometheus.yml"
        config.write_text(config.read_text().replace("127.0.0.1:9090]", f"127.0.0.1:{self.port}]"))
        for shipped in folder.glob("targets/*.yml"):
            shipped.unlink()
        self.url = f"http://127.0.0.1:{self.port}/prometheus"
        self._server: subprocess.Popen[bytes] | None = None

    def ask(self, kind: str, port: int) -> None:
        """Name the address of a controller (``vigie``) or of an ``alertmanager``."""
        (self.folder / "targets" / f"{kind}.yml").write_text(f"- targets: ['127.0.0.1:{port}']\n")

    def start(self) -> "Prometheus":
        program = program_or_skip("prometheus", "prometheus")
        files = (f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.data}")
        address = f"--web.listen-address=127.0.0.1:{self.port}"
        with self.log_path.open("a") as log:
            self._server = subprocess.Popen([program, *files, address, *FLAGS], stdout=log, stderr=log)
        wait_for(lambda: answers(f"{self.url}/-/ready"), what="Prometheus is ready", log=self.log)
        return self

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def complaints(self) -> list[str]:
        return [line for line in self.log().splitlines() if re.search(r"level=(warn|error)", line, re.IGNORECASE)]

    def query(self, promql: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """Return the series of an instant query."""
        asked = {"query": promql} | ({} if at_s is None else {"time": f"{at_s:.3f}"})
        answer = requests.get(f"{self.url}/api/v1/query", params=asked, timeout=30)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def value(self, promql: str, at_s: float | None = None) -> float | None:
        """Return the value of the only series there is, None without one."""
        found = self.query(promql, at_s)
        assert len(found) < 2, found
        return float(found[0]["value"][1]) if found else None

    def write(self, blocks: list[SeriesBlock]) -> None:
        answer = requests.post(f"{self.url}/api/v1/write", data=encode(blocks), headers=HEADERS, timeout=30)
        assert answer.status_code in {200, 204}, answer.text

    def stop(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            self._server.wait(20)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def alertmanager(folder: Path, port: int, smtp_port: int) -> Iterator[str]:
    """Run Alertmanager with a copy of our configuration, mailing to a local server without TLS; give its address."""
    program = program_or_skip("prometheus-alertmanager", "prometheus-alertmanager")
    shutil.copytree(DEPLOY, folder, dirs_exist_ok=True)
    config = folder / "alertmanager.yml"
    text = config.read_text(encoding="utf-8").replace("mail.example.org:587", f"127.0.0.1:{smtp_port}")
    text = re.sub(r"(?m)^  smtp_auth_.*\n", "", text).replace("smtp_require_tls: true", "smtp_require_tls: false")
    text = re.sub(r"(?m)^( *group_(?:wait|interval)): \w+$", r"\1: 1s", text)
    config.write_text(text, encoding="utf-8")
    with (folder / "log").open("a") as log:
        server = subprocess.Popen(
            [
                program, f"--config.file={config}", f"--storage.path={folder}/data", "--cluster.listen-address=",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{url}/-/ready"), what="Alertmanager is ready", log=(folder / "log").read_text)
        yield url
    finally:
        server.terminate()
        server.wait(10)
