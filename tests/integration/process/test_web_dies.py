"""The web process killed or hanging: nothing of it is left, and the page follows the installation again."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.process.installations import TWIN, Site
from tests.waiting import wait_for

HANGS_WHEN_TOLD = """
import signal, sys, time
from pathlib import Path
from vigie.link.hub import Hub
from vigie.web import server
from vigie.web.app import create_app
from vigie.web.settings import WebSettings

def ready(port):
    signal.signal(signal.SIGUSR2, lambda *_: time.sleep(600))
    print(port, flush=True)

server.HANGING_S = 2
folder = Path(sys.argv[1])
settings = WebSettings(port=0)
server.serve(create_app(settings, Hub("token", folder / "last.json"), folder / "journal.sqlite"), settings, ready)
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    installation = Site(tmp_path, TWIN, speed=1, soc=0.9).started()
    yield installation
    installation.end()


def test_killed_web_is_replaced_and_leaves_nothing_that_keeps_the_controller(site: Site) -> None:
    web, controller = site.web(), site.controller()
    web.kill()
    wait_for(lambda: site.child("web_process") not in {None, web}, what="a new web process", log=lambda: site.log)
    assert site.wait_until_connected()["link"] == "connected"
    assert site.controller() == controller


@pytest.mark.long
@pytest.mark.timeout(180)
def test_web_that_is_frozen_is_replaced(site: Site) -> None:
    web, controller = site.web(), site.controller()
    web.suspend()
    wait_for(
        lambda: site.child("web_process") not in {None, web}, 100.0, what="a new web process", log=lambda: site.log
    )
    assert site.wait_until_connected()["link"] == "connected"
    assert site.controller() == controller
    assert "no sign of life" in site.log


def test_web_that_hangs_ends_and_says_where(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HANGS_WHEN_TOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as web:
        assert web.stdout is not None
        assert web.stderr is not None
        assert int(web.stdout.readline())
        web.send_signal(signal.SIGUSR2)
        assert web.wait(60) == 1
        assert "Timeout" in web.stderr.read()
