"""The web process killed, master and worker: nothing of it is left, and the page follows the installation again."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.integration.process.installations import TWIN, Site
from tests.waiting import wait_for


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    installation = Site(tmp_path, TWIN, speed=1, soc=0.9).started()
    yield installation
    installation.end()


def test_killed_master_leaves_no_worker_that_keeps_the_controller(site: Site) -> None:
    master = site.web()
    workers = wait_for(master.children, what="a worker")
    master.kill()
    wait_for(lambda: not any(worker.is_running() for worker in workers), what="no orphan", log=lambda: site.log)
    wait_for(lambda: site.child("web_process") not in {None, master}, what="a new web process", log=lambda: site.log)
    assert site.wait_until_connected()["link"] == "connected"


def test_killed_worker_is_replaced(site: Site) -> None:
    master = site.web()
    (worker,) = wait_for(master.children, what="a worker")
    worker.kill()
    wait_for(
        lambda: [one.pid for one in master.children()] not in ([], [worker.pid]), what="another", log=lambda: site.log
    )
    assert psutil.pid_exists(master.pid)
    assert site.wait_until_connected()["link"] == "connected"
