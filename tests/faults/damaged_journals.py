"""Starts on damaged journals: ``python -m tests.faults.damaged_journals [count]`` (20,000 by default).

A real journal is copied and damaged, and everything of a start that reads it is done on it: the past, the loop over a
plant whose R2 stands open in a lost mains, the journal's writer. Every start must control, close R2 and write again,
and must tell the damage when something was lost.
"""

import itertools
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.unit.controller.scripted_plant import CLOSED, OPEN, Bench, ScriptedPlant, lookout
from vigie.assembly.past import past_of
from vigie.assembly.witnesses import JournalWitness
from vigie.config.sections import StartMode
from vigie.control.commands import Mode
from vigie.controller.period import NO_PAST, Past, Period
from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import Event

MANY = 20_000
A_PART = 500
"""Starts between two lines of progress, at about."""
PATIENCE_S = 20.0
"""On a busy machine; an idle one starts within a fraction of a second."""
PERIODS_TO_CLOSE = 5
TOLD_SHARE = 0.99
SETTINGS = JournalSettings(batch_s=0.02)
SECTOR = 512


class Damage(NamedTuple):
    """What is done to a journal's bytes, found again by its number."""

    kind: str
    number: int

    def done_to(self, whole: bytes) -> bytes:
        chance = random.Random(f"{self.kind} {self.number}")
        raw = bytearray(whole)
        match self.kind:
            case "bit":
                raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            case "bits":
                for _ in range(chance.randint(2, 64)):
                    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            case "burst":
                at = chance.randrange(len(raw))
                length = min(chance.randint(1, 64), len(raw) - at)
                raw[at : at + length] = chance.randbytes(length)
            case "sector" | "page":
                size = SECTOR if self.kind == "sector" else 4096
                at = chance.randrange(len(raw) // size) * size
                raw[at : at + size] = chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size)))
            case _:
                del raw[chance.randrange(len(raw)) :]
        return bytes(raw)


KINDS = ("bit", "bits", "burst", "sector", "page", "truncation")


def damages(count: int) -> Iterator[Damage]:
    """Return as many damages, the kinds in turn."""
    return itertools.islice((Damage(kind, number) for number in itertools.count() for kind in KINDS), count)


class Started(NamedTuple):
    """How a start went."""

    damage: Damage
    wrong: str
    """What ended it, or what it did not do; empty when it is well."""
    is_told: bool
    is_lost: bool
    """Something of the past, or the file itself, is not what it was."""
    took_s: float


class _Both:
    """Puts a loop's periods and events into a journal."""

    def __init__(self, journal: Journal) -> None:
        self._witness = JournalWitness(journal)

    def period(self, period: Period) -> None:
        self._witness.period(period)

    def event(self, event: Event) -> None:
        self._witness.event(event)


def make_journal(path: Path) -> None:
    """Write a real journal: a loop in protect with an outage, hot hours, alarms and contacts that moved."""
    journal = Journal(path, SETTINGS)
    journal.start()
    bench = Bench()
    bench.loop._witnesses = (*bench.loop._witnesses, _Both(journal))
    bench.in_mode(Mode.PROTECT)
    for battery_v, charge_a, load_v, celsius, periods in (
        (12.4, 3.0, 13.6, 25.0, 200),
        (12.5, -2.0, 12.3, 25.0, 120),
        (13.4, 1.0, 13.6, 55.0, 60),
        (13.4, 1.0, 13.6, 30.0, 60),
        (12.95, 1.0, 13.6, 25.0, 400),
        (12.7, 0.0, 13.6, 42.0, 200),
    ):
        plant = bench.plant
        plant.battery_v, plant.charge_a, plant.load_v, plant.celsius = battery_v, charge_a, load_v, celsius
        bench.run(periods)
        bench.order("acknowledge")
    journal.close()


def past_in(path: Path) -> tuple[Past, tuple[str, ...]]:
    with closing(JournalReader(path)) as reader:
        found = past_of(reader, StartMode.LAST, lookout().rules)
    return found.past, found.damaged


def start_on(damage: Damage, whole: bytes, known: Past, folder: Path) -> Started:
    """Damage a copy and start on it."""
    path = folder / "journal.sqlite"
    path.write_bytes(damage.done_to(whole))
    began_s = time.monotonic()
    journal = Journal(path, SETTINGS)
    wrong, past, bench = "", NO_PAST, None
    try:
        past, damaged = past_in(path)
        plant = ScriptedPlant(CLOSED, OPEN)
        plant.load_v, plant.charge_a = 11.9, 0.0
        bench = Bench(plant, past)
        journal.start()
        for part in damaged:
            journal.found_damaged(part)
        bench.loop._witnesses = (*bench.loop._witnesses, _Both(journal))
        bench.run(PERIODS_TO_CLOSE)
        took_s = time.monotonic() - began_s
        if plant.contacts[1] != CLOSED:
            wrong = "R2 stays open in a lost mains"
        elif not _settled(journal, bench):
            wrong = f"the journal does not write: {journal.state().error}"
    except Exception as error:  # what must not happen is what is looked for
        took_s, wrong = time.monotonic() - began_s, f"the start ended: {error!r}"
    finally:
        journal.close()
        if bench is not None:
            bench.loop._bus.close()
    is_lost = past != known or any(".corrupt-" in one.name for one in folder.iterdir())
    return Started(damage, wrong, bool(journal.state().damage), is_lost, took_s)


def _settled(journal: Journal, bench: Bench) -> bool:
    """Go on until the journal has looked through its file and written; return whether it writes."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        look = journal._look
        is_done = look is None or not (look._thread.is_alive() or look.verdict or look.odd_events)
        if is_done and journal.state().is_writing:
            return True
        bench.run()
        time.sleep(0.005)
    return False


def start_on_each(count: int, of: int, part: int) -> list[Started]:
    """Start on every ``of``-th of ``count`` damages."""
    found = []
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as top:
        first = Path(top, "whole.sqlite")
        make_journal(first)
        whole, (known, _) = first.read_bytes(), past_in(first)
        for damage in itertools.islice(damages(count), part, None, of):
            folder = Path(top, f"{damage.kind}-{damage.number}")
            folder.mkdir()
            found.append(start_on(damage, whole, known, folder))
            shutil.rmtree(folder)
    return found


def untold(starts: list[Started]) -> list[Started]:
    return [one for one in starts if one.is_lost and not one.is_told]


def starts_on(count: int) -> list[Started]:
    """Start on ``count`` damages with all processors, and say how far it is."""
    of = max(os.cpu_count() or 1, count // A_PART)
    with ProcessPoolExecutor() as pool:
        parts = [pool.submit(start_on_each, count, of, part) for part in range(of)]
        for done, _ in enumerate(as_completed(parts), 1):
            sys.stderr.write(f"{done * count // of} of {count} damaged journals\n")
        return [one for part in parts for one in part.result()]


def main(count: int) -> int:
    """Start on all, print the figures; return 1 when one start was wrong or too little was told."""
    starts = starts_on(count)
    wrong = [one for one in starts if one.wrong]
    lost = [one for one in starts if one.is_lost]
    silent = untold(starts)
    for one in [*wrong, *silent]:
        sys.stdout.write(f"{one.damage.kind} {one.damage.number}: {one.wrong or 'lost and not told'}\n")
    by_kind = Counter(one.damage.kind for one in lost)
    sys.stdout.write(
        f"{len(starts)} damaged journals, {len(starts) - len(wrong)} starts that control, close R2 and write; "
        f"slowest {max(one.took_s for one in starts):.2f} s; something lost in {len(lost)} ({dict(by_kind)}), "
        f"told in {len(lost) - len(silent)}\n"
    )
    return 1 if wrong or len(silent) > (1 - TOLD_SHARE) * len(lost) else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))
