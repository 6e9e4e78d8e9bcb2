"""``vigie run`` itself is killed: what it started goes on, says so, and gives way to the next one."""

from collections.abc import Callable

import psutil

from tests.waiting import wait_for

from .installations import TWIN, Site, vigie


def has_ended(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_the_orphans_of_a_killed_run_go_on_and_give_way_to_the_next(site: Callable[..., Site]) -> None:
    one = site(TWIN, speed=10, soc=0.8).started()
    controller, pages = one.controller(), one.web()
    one.run.kill()
    one.run.wait()
    wait_for(lambda: "nobody restarts what dies" in one.log, what="the pages say it", log=lambda: one.log)
    refused = vigie("run", *one.options, HOME=str(one.data.parent))
    assert refused.returncode == 4
    assert f"process {controller.pid}" in refused.stderr
    controller.terminate()
    wait_for(lambda: has_ended(controller), what="control has stopped")
    state = one.state()
    assert state is not None, "neither a refused run nor the controller's end takes the pages"
    assert not has_ended(pages)

    one.start()
    wait_for(lambda: has_ended(pages), what="the old pages give way", log=lambda: one.log)
    assert "another vigie run has taken over" in one.log
    one.wait_until_connected()
    assert one.web().pid != pages.pid
