"""Command blocks of a page of the documentation, and a shell beside a running installation to run them in."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import requests

ROOT = Path(__file__).parents[3]
_BLOCK = re.compile(r"(?:^<!-- not run: (.*?) Instead: (.*?) -->\n\n?)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_OURS = frozenset({"curl"})
_STATUS = re.compile(r"# (\d): ")
SITE = """
[site]
name = "Documentation"

[plant]
kind = "twin"
scenario = "demo"

[web]
port = {web}

[metrics]
port = {metrics}

[mains]
steady_s = 0

[journal]
batch_s = 0.3
"""


class Block(NamedTuple):
    """One fenced block."""

    language: str
    text: str
    why_not: str
    """Why it is not run as it stands; empty for one that is."""
    instead: str

    def lines(self) -> list[str]:
        """Return the command lines that are run."""
        text = self.instead if self.why_not else self.text
        lines = text.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page in order."""
    found = _BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    return [Block(language, text, why, instead.strip("`")) for why, instead, language, text in found]


def commands(page: str) -> list[Block]:
    return [block for block in blocks(page) if block.language == "sh"]


class Desk:
    """A home folder with the sample log in it, a clean environment, and one installation that runs when asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "usb").mkdir()
        (folder / "examples").symlink_to(ROOT / "examples")
        self.ports = {name: _free_port() for name in ("web", "metrics", "other")}
        (folder / "site.toml").write_text(SITE.format(**self.ports), encoding="utf-8")
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "VIGIE_CONFIG": str(folder / "site.toml"),
        }
        self.stand_ins = {
            "/mnt/usb": str(folder / "usb"),
            "/var/lib/vigie": str(folder / ".local/share/vigie"),
            "127.0.0.1:8000": f"127.0.0.1:{self.ports['web']}",
            "8080": str(self.ports["other"]),
        }
        """Of what a page names and a test machine need not have: a memory stick, an installed service, free ports."""
        self._running: subprocess.Popen[str] | None = None
        self._command = ""
        self.missing: set[str] = set()

    def do(self, line: str) -> str:
        """Run one line of a page as a person would, and return what it printed.

        A program that this machine lacks is remembered in ``missing`` instead.

        Raises:
            AssertionError: its exit status is another one than the line says (`# 7: ...`; 0 without).
        """
        for name, stand_in in self.stand_ins.items():
            line = line.replace(name, stand_in)
        words = shlex.split(line, comments=True)
        if words[0] in _NOT_OURS and shutil.which(words[0]) is None:
            self.missing.add(words[0])
            return ""
        if words[:2] == ["vigie", "run"]:
            self.start(shlex.join(words))
            return ""
        if words[1] != "commission" and (words[1] != "restore" or "--check" in words):
            self.start("vigie run")
        else:
            self.stop()
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = _STATUS.search(line)
        expected = int(said[1]) if said else 0
        assert done.returncode == expected, f"{line}\n{done.returncode}, not {expected}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, f"{line}\n{done.stderr}"
        return done.stdout

    def start(self, command: str) -> None:
        """Have the installation of this command run, and no other one."""
        if self._running is not None and self._command == command:
            return
        self.stop()
        log = (self.folder / "run.log").open("a", encoding="utf-8")
        with log:
            self._running = subprocess.Popen(
                shlex.split(command.replace("~", str(self.folder))),
                cwd=self.folder, env=self.environment, stdout=log, stderr=log, text=True,
            )  # fmt: skip
        self._command = command
        port = self.ports["other"] if str(self.ports["other"]) in command else self.ports["web"]
        deadline_s = time.monotonic() + 90
        while not self._has_reported(port):
            assert self._running.poll() is None, f"{command}\n{self.log}"
            assert time.monotonic() < deadline_s, f"{command} does not answer\n{self.log}"
            time.sleep(0.05)

    def stop(self) -> None:
        """End what runs, as Ctrl+C does."""
        running, self._running = self._running, None
        if running is not None:
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 0, f"{self._command}\n{self.log}"

    @property
    def log(self) -> str:
        return (self.folder / "run.log").read_text(encoding="utf-8")

    def _has_reported(self, port: int) -> bool:
        tokens = [path.read_text(encoding="utf-8").strip() for path in self.folder.rglob("link.token")]
        for token in tokens:
            try:
                answer = requests.get(
                    f"http://127.0.0.1:{port}/flask/api/v1/state",
                    headers={"Authorization": f"Bearer {token}"}, timeout=5, auth=lambda request: request,
                )  # fmt: skip
            except requests.RequestException:
                return False
            if answer.ok and answer.json()["link"] == "connected" and answer.json()["snapshot"] is not None:
                return True
        return False


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
