"""A service whose settings do not fit waits for them, says what to type, and simulates nothing nobody asked for."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.ports import free_port
from tests.waiting import wait_for
from vigie.assembly.setup import web_settings
from vigie.config import BadSettings, UnfitSettings, load

from .installations import QUICK, TWIN, vigie

RIG_TO_COMMISSION = """
[plant]
kind = "rig"

[rig]
boards = "emulated"
spare_address = 0
"""
FITS = (QUICK + TWIN).replace('[access]\nlogin = "off"\n', "")
HTML = {"Accept": "text/html"}


class Service:
    """One process as a service manager starts it: a notify socket, a log, the settings in a file to come."""

    def __init__(self, folder: Path, name: str, manager: str, port: int) -> None:
        self.config, self.data, self.log_path = folder / "vigie.toml", folder / "data", folder / f"{name}.log"
        self.url = f"http://127.0.0.1:{port}/flask"
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(folder / f"{name}.notify"))
        self._environment = {"NOTIFY_SOCKET": str(folder / f"{name}.notify"), "PATH": "/usr/bin:/bin"}
        files = ("--config", str(self.config), "--data", str(self.data))
        more = ("--port", str(port)) if name == "web" else ()
        self._command = [sys.executable, "-m", f"vigie.cli.{name}_process", "--service-of", manager, *files, *more]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Service":
        self._told.setblocking(False)
        with contextlib.suppress(BlockingIOError):  # what a process before it has told
            while self.told():
                pass
        self._told.settimeout(60)
        with self.log_path.open("a") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)
        while b"READY=1" not in (told := self.told()):
            assert told
        return self

    def told(self) -> bytes:
        """Return the next thing it told its manager."""
        return self._told.recv(65_536)

    def page(self, path: str = "/", **headers: str) -> requests.Response:
        answer = requests.get(self.url + path, headers={**HTML, **headers}, timeout=20, allow_redirects=False)
        answer.encoding = "utf-8"
        return answer

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def ended(self) -> int:
        """Wait for its end; return its exit status."""
        assert self.process is not None
        return self.process.wait(60)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._told.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Make services of one installation that has no settings yet; all are ended with the test."""
    made: list[Service] = []
    port = free_port()

    def make(name: str, manager: str = "systemd") -> Service:
        made.append(Service(tmp_path, name, manager, port))
        return made[-1]

    yield make
    for one in made:
        one.end()


def settings(text: str, web: int = 0) -> str:
    return text.format(web=web, metrics=0, speed=1, soc=0.9)


@pytest.mark.parametrize(
    ("manager", "commands"),
    [
        ("docker", ["docker compose run --rm controller vigie commission", "docker compose --profile demo up -d"]),
        ("systemd", ["sudo vigie commission", "deploy/systemd/demo.toml /etc/vigie/vigie.toml"]),
    ],
)
def test_the_page_says_what_to_type_in_both_languages(
    service: Callable[..., Service], manager: str, commands: list[str]
) -> None:
    web = service("web", manager).start()
    french, english = web.page(), web.page(**{"Accept-Language": "en"})
    assert french.status_code == 200
    assert "<h1>Rien n’est encore mis en service</h1>" in french.text
    assert "<h1>Nothing is commissioned yet</h1>" in english.text
    for command in commands:
        assert command in french.text
        assert command in english.text
    assert "default-src 'self'" in french.headers["Content-Security-Policy"]
    assert "Nothing is commissioned yet. This service waits" in web.log
    assert commands[0] in web.log


def test_every_other_address_leads_to_the_page_and_lets_nobody_in(service: Callable[..., Service]) -> None:
    web = service("web").start()
    assert web.page("/relays").headers["Location"] == "/flask/"
    assert web.page("/to-login").headers["Location"] == "/flask/"
    assert web.page("/auth").status_code == 401
    assert web.page("/static/css/vigie.css").status_code == 200
    assert web.page("/language/en").headers["Set-Cookie"].startswith("vigie_language=en")
    assert web.page("/language/xx").status_code == 404
    order = requests.post(f"{web.url}/api/v1/commands", json={"action": "set_mode", "mode": "cycle"}, timeout=20)
    assert order.status_code == 503
    assert order.json()["detail"] == "nothing is commissioned yet: the page /flask/ says what to do"
    told = vigie("status", "--url", web.url)
    assert told.returncode == 6
    assert told.stderr.startswith("nothing is commissioned yet: the page /flask/ says what to do\n")


@pytest.mark.parametrize("text", ["", "[site]\nname = 'x'\n", RIG_TO_COMMISSION])
def test_settings_that_choose_no_plant_or_lack_the_wiring_start_nothing(
    service: Callable[..., Service], text: str
) -> None:
    controller = service("controller")
    controller.config.write_text(text)
    controller.start()
    assert "Nothing is commissioned yet." in controller.log
    assert "demanded" in controller.log
    assert not controller.data.exists(), "no journal, no lock, no simulated world"


def test_the_controller_lives_quietly_in_its_manager_s_eyes_and_says_what_changes(
    service: Callable[..., Service],
) -> None:
    controller = service("controller").start()
    assert controller.process is not None
    assert Path(f"/proc/{controller.process.pid}/comm").read_text() == "vigie-waits\n"
    assert b"WATCHDOG=1" in controller.told()
    assert b"WATCHDOG=1" in controller.told()
    assert controller.log.count("does not exist") == 1
    controller.config.write_text("[nonsense]\n")
    wait_for(lambda: "nonsense: unknown section" in controller.log, what="the new fault is told")
    assert "sudo vigie config check" in controller.log
    controller.process.send_signal(signal.SIGTERM)
    assert controller.ended() == 0


@pytest.mark.parametrize("name", ["controller", "web", "delivery"])
def test_once_the_settings_fit_it_ends_to_be_started_again(service: Callable[..., Service], name: str) -> None:
    waiting = service(name).start()
    part = waiting.config.with_suffix(".part")
    part.write_text(settings(FITS))
    part.rename(waiting.config)
    assert waiting.ended() == 0


def test_started_again_it_is_the_product(service: Callable[..., Service]) -> None:
    web = service("web").start()
    web.config.write_text(settings(FITS, web=int(web.url.split(":")[2].partition("/")[0])))
    assert web.ended() == 0
    web.start()
    assert web.page().headers["Location"].startswith("/flask/login")
    assert "first login" in web.log


def test_faults_are_told_in_the_log_and_not_to_who_has_not_logged_in(service: Callable[..., Service]) -> None:
    web = service("web")
    web.config.write_text('[plant]\nkind = "rig"\n[mail]\npassword_fil = "of somebody"\n')
    web.start()
    text = web.page(**{"Accept-Language": "en"}).text
    assert "<h1>The settings have faults</h1>" in text
    assert "nobody watches the battery" in text
    assert "sudo vigie config check" in text
    assert "password_fil" not in text
    assert "mail.password_fil" in web.log
    web.config.unlink()
    wait_for(lambda: web.page("/healthz").json() == {"waits_for": "commissioning"}, what="it follows the file")


@pytest.mark.parametrize("text", ["no TOML at all", '[web]\nport = "x"\n', '[web]\ntrusted_proxies = ["nobody"]\n'])
def test_the_page_comes_up_whatever_the_settings_hold(tmp_path: Path, text: str) -> None:
    """It cannot say where then: the address is the one its service manager counts on."""
    config = tmp_path / "vigie.toml"
    config.write_text(text)
    unfit = UnfitSettings(config, {}, lambda: load(config, is_service=True), BadSettings("", []))
    assert web_settings(unfit, "0.0.0.0")[:2] == ("0.0.0.0", 8000)


def test_a_person_at_the_command_line_is_told_at_once(tmp_path: Path) -> None:
    told = vigie("web", "--config", str(tmp_path / "none.toml"))
    assert told.returncode == 3
    assert "does not exist" in told.stderr


def test_a_service_without_a_settings_file_has_nothing_to_wait_for() -> None:
    told = vigie("controller", "--service-of", "systemd", VIGIE_CONFIG="")
    assert told.returncode == 3
    assert "a service has no default plant" in told.stderr
