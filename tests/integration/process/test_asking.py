"""What the command line says of an installation: of an outage that is going on, and once the controller is silent."""

import json
import signal
from collections.abc import Callable

from tests.waiting import wait_for

from .installations import TWIN, Site

DARK = TWIN.replace('kind = "none"', 'kind = "every"\nfirst_s = 10\nlasting_s = 1e6\nevery_s = 1e7')


def test_an_outage_that_goes_on_is_told_and_a_silent_controller_is_not_well(site: Callable[..., Site]) -> None:
    alone = site(DARK, speed=10, soc=0.9).start(command="controller")  # without the watchdog of `vigie run`
    pages = site(DARK, speed=10, soc=0.9)
    pages.web_port, pages.url, pages.config, pages.data = alone.web_port, alone.url, alone.config, alone.data
    pages.start(command="web").wait_until_connected()
    wait_for(lambda: pages.snapshot()["outage"], what="the outage", log=lambda: alone.log)

    told = pages.cli("outages")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[1].strip().startswith("Mains outage, going on now")
    now = json.loads(pages.cli("outages", "--json").stdout)["now"]
    assert (now["kind"], now["dark_s"]) == ("outage", 0)

    alone.run.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: ((pages.state() or {}).get("age_ms") or 0) > 4_000, what="silence", log=lambda: pages.log)
        for command in ("status", "alarms", "outages"):
            told = pages.cli(command)
            assert told.returncode == 6, told.stdout
            assert "State unknown since 20" in told.stdout.splitlines()[0]
            assert "the controller is away" in told.stderr
            assert "link connected" not in told.stderr
        assert "Mains outage, going on now" in told.stdout
    finally:
        alone.run.send_signal(signal.SIGCONT)
