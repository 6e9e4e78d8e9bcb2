"""CPU of one control period: everything the controller does but the transfers on the bus."""

import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from vigie.assembly import controller as assembly
from vigie.assembly.files import files
from vigie.assembly.plants import open_plant
from vigie.assembly.witnesses import JournalWitness, LinkWitness, MetricsWitness
from vigie.clock import SimulatedClock
from vigie.config import Config, check
from vigie.control.signals import Sweep, Temperature
from vigie.controller.inbox import Inbox
from vigie.controller.loop import Loop
from vigie.controller.status import SnapshotParts
from vigie.link.client import LinkClient
from vigie.plant.port import Plant
from vigie.telemetry.exporter import Exporter
from vigie.telemetry.journal import Journal
from vigie.telemetry.report import UNKNOWN_FIGURES, HostReport

Row = tuple[str, float, str, float | None]
PERIODS = 600


class TimedBus:
    """A plant whose time on the bus is measured apart."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self.bus_s = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plant, name)

    def read_sweep(self) -> Sweep:
        began_s = time.thread_time()
        sweep = self._plant.read_sweep()
        self.bus_s += time.thread_time() - began_s
        return sweep

    def read_temperature(self) -> Temperature:
        return self._plant.read_temperature()


def _emulated_rig(folder: Path) -> Config:
    return check(
        {
            "site": {"data": str(folder)},
            "plant": {"kind": "rig"},
            "rig": {"boards": "emulated", "r1_contact": "nc", "r2_contact": "nc"},
            "wiring": {"controller_supply": "independent"},
            "channels.battery": {"gain": 1.03125, "offset_v": 0.4, "calibration": "preset"},
        },
        "bench",
    )


def rows() -> list[Row]:
    """Measure 600 periods over the emulated boards, flat out, journal and metrics and snapshots included."""
    with tempfile.TemporaryDirectory() as name:
        config = _emulated_rig(Path(name))
        clock = SimulatedClock(math.inf)
        paths = files(config)
        plant = TimedBus(open_plant(config, clock, paths))
        journal = Journal(paths.journal, config.journal)
        journal.start()
        exporter = Exporter(0)
        link = LinkClient(paths.link, Inbox().submit)
        parts = SnapshotParts(
            "rig",
            1.0,
            1.0,
            0,
            assembly._labels(config),
            config.channels_settings(),
            config.supervisor_settings(),
        )

        def host() -> HostReport:
            return HostReport(UNKNOWN_FIGURES, journal.state(), time.process_time(), "0.1.0", "rig")

        every_period = LinkWitness(link, parts, host)
        every_period.LEAST_S = 0.0  # type: ignore[misc]
        loop = Loop(
            plant,
            clock,
            Inbox(),
            [JournalWitness(journal), every_period, MetricsWitness(exporter, host)],
            channels=config.channels_settings(),
            filtering=config.filter,
            lookout=config.lookout_settings(),
            rhythm=config.loop,
        )
        for _ in range(20):
            loop.run_period()
        taken_ms = []
        for _ in range(PERIODS // 100):
            bus_before_s, began_s = plant.bus_s, time.process_time()
            for _period in range(100):
                loop.run_period()
                clock.sleep_until(clock.now_s() + 0.5)
            busy_s = time.process_time() - began_s - (plant.bus_s - bus_before_s)
            taken_ms.append(busy_s * 10.0)
        last = loop.run_period()
        if last.counters.failed_periods:
            raise RuntimeError(
                f"{last.counters.failed_periods} of {last.counters.periods} periods failed: {last.errors}"
            )
        journal.close()
        exporter.close()
    middle = statistics.median(taken_ms)
    return [
        ("control period, CPU without bus and journal writer", middle, "ms", 3.0),
        ("share of one core at a period of 1 s", middle / 10.0, "%", 0.5),
        ("emulated bus and driver, per period of 10 sweeps", plant.bus_s / (PERIODS + 20) * 1_000, "ms", None),
    ]


if __name__ == "__main__":
    for name, value, unit, limit in rows():
        print(f"{name:50} {value:8.3f} {unit:3}" + (f" (at most {limit:g})" if limit is not None else ""))
