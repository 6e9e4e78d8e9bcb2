"""How long the loads are dark when the mains fails with R2 open: real drivers over emulated chips, at the real pace.

The whole control loop and its journal run on the machine's clock; transfers take the time of their bits, conversions
and the relay theirs. The mains fails at any moment of a period. What else runs on this machine is kept out of the way
where this process may (as root), for it is the program that is measured.
"""

import contextlib
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.waiting import wait_for
from vigie.assembly.plants import rig_over
from vigie.assembly.witnesses import JournalWitness
from vigie.clock import MachineClock
from vigie.config import check
from vigie.control.commands import Mode
from vigie.control.signals import Contact
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop
from vigie.controller.period import NO_PAST
from vigie.plant.emulated_site import EmulatedSite
from vigie.plant.faults import Fault, FaultKind, ListedFate
from vigie.telemetry.journal import Journal

from .site import Truth

LASTS_S = 0.25
AHEAD_S = 0.03
"""The world is told of a loss a little before it comes."""
TABLES: dict[str, dict[str, Any]] = {
    "plant": {"kind": "rig", "scenario": "chatter"},
    "twin": {"installation": {"battery": {"start_soc": 0.9}, "outages": {"kind": "none"}}},
    "rig": {"boards": "emulated", "r1_contact": "nc", "r2_contact": "nc"},
    "wiring": {"controller_supply": "independent"},
    "channels.battery": {"gain": 1.03125, "offset_v": 0.4, "calibration": "preset"},
    "protect": {"open_above_v": 12.1, "close_below_v": 11.9},
    "minimum_times": {"closed_s": 0, "open_s": 0, "passed_s": 0},
    "mains": {"steady_s": 0},
}
"""R2 opens again as soon as the mains has stood for a period."""


class Bus(NamedTuple):
    """What the installer set the meter's bus to, and what is promised there."""

    hertz: int
    promised_s: float
    """Dark for so long at most, without the relay's operating time."""

    @property
    def name(self) -> str:
        return f"{self.hertz // 1000} kHz"


BUSES = (Bus(400_000, 0.05), Bus(100_000, 0.1))


class Reaction(NamedTuple):
    """What the loads went through."""

    bus: Bus
    relay_s: float
    dark_s: tuple[float, ...]
    """Each loss."""

    @property
    def middle_s(self) -> float:
        return median(self.dark_s)

    @property
    def longest_s(self) -> float:
        return max(self.dark_s)

    @property
    def promised_s(self) -> float:
        return self.bus.promised_s + self.relay_s

    @property
    def is_worse(self) -> bool:
        return self.longest_s > self.promised_s


class Resting:
    """An installation that runs in protect, R2 open whenever the mains stands."""

    def __init__(self, folder: Path, bus: Bus) -> None:
        config = check(TABLES | {"site": {"data": str(folder)}}, "the reaction")
        assert config.rig is not None
        clock = MachineClock()
        self.truth = Truth(config.twin.installation)
        self.site = EmulatedSite(self.truth, config.rig, config.twin.miswiring, clock)
        self.site.boards.bus.clock_hz = bus.hertz
        self.faults: list[Fault] = []
        self.truth.fate = ListedFate(self.faults)
        self._began_s = clock.now_s()
        self._stop = threading.Event()
        self._plant = rig_over(self.site, config.rig, clock)
        self._journal = Journal(folder / "journal.sqlite", config.journal)
        self._journal.start()
        self.loop = Loop(
            self._plant,
            clock,
            Inbox(),
            [JournalWitness(self._journal)],
            channels=config.channels_settings(),
            filtering=config.filter,
            lookout=config.lookout_settings(),
            rhythm=config.loop,
            past=NO_PAST._replace(mode=Mode.PROTECT),
        )
        self._thread = threading.Thread(target=self.loop.run, args=(self._stop,))
        self._thread.start()

    def is_resting(self) -> bool:
        return self.truth.contacts.r2 == Contact.OPEN

    def lose(self) -> float:
        """Let the mains fail for an instant; return how long the loads were dark."""
        self.truth.longest_dark_s = 0.0
        self.cut(LASTS_S)
        time.sleep(AHEAD_S + LASTS_S + 0.1)
        return self.truth.longest_dark_s

    def cut(self, lasts_s: float) -> None:
        """Let the mains be away from an instant ahead."""
        begins_s = time.monotonic() - self._began_s + AHEAD_S
        self.faults[:] = [Fault(FaultKind.MAINS_OUT, start_s=begins_s, end_s=begins_s + lasts_s)]

    def transfers_a_second(self) -> float:
        """Watch the meter's bus for a while."""
        before, began_s = self.site.boards.bus.transfers, time.monotonic()
        time.sleep(2.0)
        return (self.site.boards.bus.transfers - before) / (time.monotonic() - began_s)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)
        self._plant.close()
        self._journal.close()


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Go before all else on this machine, the threads that are started too."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, *before)


def may_go_first() -> bool:
    """Return whether nothing else on this machine can disturb what is measured."""
    with undisturbed():
        return os.sched_getscheduler(0) == os.SCHED_FIFO


@contextlib.contextmanager
def resting(bus: Bus) -> Iterator[Resting]:
    """Run an installation."""
    with undisturbed(), tempfile.TemporaryDirectory(prefix="vigie-reaction-") as folder:
        one = Resting(Path(folder), bus)
        try:
            wait_for(one.is_resting, 20, "R2 opens")
            yield one
        finally:
            one.close()


def react(bus: Bus, losses: int, seed: int = 1) -> Reaction:
    """Live through some losses of the mains, one after the other."""
    moments = random.Random(seed)
    with resting(bus) as site:
        dark_s = []
        for _ in range(losses):
            wait_for(site.is_resting, 20, "R2 opens again")
            time.sleep(moments.uniform(0.1, 1.1))
            dark_s.append(site.lose())
    return Reaction(bus, site.truth.settings.relay_operate_s, tuple(dark_s))
