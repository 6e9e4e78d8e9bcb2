"""Stopping on purpose: quickly, every contact as it was, told in the journal."""

import signal
from collections.abc import Callable

import psutil
import pytest

from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

from .installations import RIG, Site, Watcher

KILLED_AFTER_S = 10.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_leaves_every_contact_and_is_in_the_journal(site: Callable[..., Site], number: int) -> None:
    rig = site(RIG, soc=0.8).started()
    family = psutil.Process(rig.run.pid).children(recursive=True)
    assert rig.order(action="set_mode", mode="manual", manual_s=600)["is_accepted"]
    assert rig.order(action="set_contact", relay="R2", contact="open")["is_accepted"]
    wait_for(lambda: rig.relay("R2")["contact"] == "open")
    before = rig.levels()
    with Watcher(rig.levels) as watcher:
        status, took_s = rig.stop(number)
    assert status == 0
    assert took_s < KILLED_AFTER_S, "nothing had to be killed"
    assert watcher.seen == [before]
    assert rig.events(EventKind.STOP)
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    last = rig.periods()[-1]
    assert (last["commanded_r1_is_closed"], last["commanded_r2_is_closed"]) == ("1", "0")
