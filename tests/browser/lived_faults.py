"""Every fault of the matrix, lived once: what its controller tells the web process while it lasts and after it."""

import math
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.cell import SETTLED_S, Moments, patiently, story
from tests.faults.disks import NoDisk, can_mount
from tests.faults.faults import A_PERIOD_OF_10_S, SLOWLY, TROUBLES, Trouble
from tests.faults.promises import promise_of
from tests.faults.site import Site
from tests.faults.situations import Situation
from vigie.assembly.controller import snapshot_parts
from vigie.controller.period import Period
from vigie.controller.status import snapshot
from vigie.link.messages import Snapshot
from vigie.telemetry.journal import JournalStatus
from vigie.telemetry.report import HostReport

QUIET = 25
"""Periods without anything new to tell after which a fault is left, and what comes after it too."""
SHORTLY_S = 10.0
"""A situation is as good as settled, but for what meters are not told of at the start."""
LONGEST_AFTER = 150
"""Periods an alarm may outlast its fault: what stays hot for hours is not waited for."""


class Told(NamedTuple):
    """One moment of a fault, as the web process has it."""

    fault: str
    snapshot: dict[str, Any]
    journal: Path
    """As it was at the end."""


class Telling:
    """A witness that keeps what the link would send whenever something else is to be told of a fault."""

    def __init__(self, site: Site, moments: Moments, alarm: str) -> None:
        """Watch a fault that is promised to raise ``alarm``, none when it is empty."""
        self.snapshots: list[Snapshot] = []
        self._site = site
        self._moments = moments
        self._parts = snapshot_parts(site.config)
        self._missing = {alarm} - {""}
        self._said: Any = None
        self._present = False
        self._quiet = 0

    def period(self, period: Period, journal: JournalStatus) -> None:
        """Take a period."""
        if not self._site.now_s >= self._moments.began_s:  # NaN before it has begun
            return
        alarms = tuple((one["alarm"], one["standing"], one["is_present"], *one["detail"]) for one in period.alarms)
        said = alarms, period.decision.verdict, period.decision.verdict_reason, period.disobeyed
        self._quiet = self._quiet + 1 if said == self._said else 0
        self._said = said
        self._present = any(one["is_present"] for one in period.alarms)
        self._missing -= {one["alarm"] for one in period.alarms}
        if self._quiet == 0:
            host = HostReport(self._site.disk.figures(), journal, 0.0, "0.1.0", "twin")
            self.snapshots.append(snapshot(self._parts, period, host))

    def is_enough(self) -> bool:
        """Tell whether a fault has shown all that it shows, or what came after it has."""
        is_over = not math.isnan(self._moments.ended_s)
        return self._quiet >= QUIET and not (self._present if is_over else self._missing or self._is_to_come())

    def _is_to_come(self) -> bool:
        return math.isnan(self._moments.counts_from_s)


class _TellingSite(Site):
    telling: Telling

    def period(self, period: Period) -> None:
        assert self._journal is not None
        self.telling.period(period, self._journal.state())
        super().period(period)


def live_all(folder: Path) -> Iterator[Told]:
    """Live every fault this machine can make, each in another of its situations; journals are kept in ``folder``."""
    for number, trouble in enumerate(TROUBLES.values()):
        if trouble.disk is NoDisk or can_mount():
            yield from live(trouble, trouble.where[number % len(trouble.where)], folder)


def live(trouble: Trouble, situation: Situation, folder: Path) -> list[Told]:
    """Live one fault, once more when the machine was too busy."""
    if trouble.settings == A_PERIOD_OF_10_S:
        trouble = trouble._replace(settings=SLOWLY, period_s=60.0)
    short = trouble._replace(after_s=min(trouble.after_s, LONGEST_AFTER * trouble.period_s))
    return patiently(lambda: _lived(short, situation, folder / f"{trouble.name}.sqlite"))


def _lived(trouble: Trouble, situation: Situation, journal: Path) -> list[Told]:
    wiring, moments = trouble.wirings[0], Moments()
    settled_s = SETTLED_S if trouble.family == "sensors" else SHORTLY_S
    with tempfile.TemporaryDirectory(prefix="vigie-told-") as folder:
        site = _TellingSite(Path(folder), wiring, situation, dict(trouble.settings), trouble.disk())
        site.telling = telling = Telling(site, moments, promise_of(trouble.name, situation, wiring).alarm)
        try:
            site.live(story(site, (trouble,), situation, moments, telling.is_enough, settled_s))
            shutil.copy(site.path, journal)
        finally:
            site.close()
    return [Told(trouble.name, told, journal) for told in telling.snapshots]
