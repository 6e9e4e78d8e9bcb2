"""Live through every fault, print the table, keep it in docs/faults.md: ``python -m tests.faults [fault ...]``."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vigie.control.signals import Wiring

from .cell import Cell, run
from .disks import NoDisk, can_mount
from .faults import TROUBLES
from .flicker import PLACES, Darkness, worst
from .page import fault_table, flicker_table, is_darker, is_worse, page, pair_table, process_table, reaction_table
from .pairs import WORST, PairCell, pairs, run_pair
from .processes import TALES, Outcome, can_run, run_tale
from .reaction import BUSES, react

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
PAIRS = "pairs"
FLICKER = "flicker"
REACTION = "reaction"
LOSSES = 50
OTHERS = (PAIRS, FLICKER, REACTION)


def main(names: Sequence[str]) -> int:
    """Run everything, or what is named (a fault, a story of processes, ``pairs``, ``flicker``,
    ``reaction``).

    Returns:
        1 where a promise is broken, 2 for a name that is none.
    """
    unknown = [name for name in names if name not in {*TROUBLES, *TALES, *OTHERS}]
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(unknown)}; known: {', '.join((*TROUBLES, *TALES, *OTHERS))}\n")
        return 2
    console = Console(stderr=True)
    if not can_mount():
        console.print("[red]disks that fail need root and mkfs.ext4 (e2fsprogs): those faults are missing[/red]")
    cells, pair_cells, flickers, outcomes, failures = _lived(names, console)
    reactions = [react(bus, LOSSES) for bus in BUSES] if not names or REACTION in names else []
    if names:
        for name in dict.fromkeys(cell.trouble for cell in cells):
            _say("\n".join(fault_table(TROUBLES[name], [cell for cell in cells if cell.trouble == name])))
        _say("\n".join([*process_table(outcomes), *pair_table(pair_cells)]) if outcomes or pair_cells else "")
        _say("\n".join(flicker_table(flickers)) if flickers else "")
        _say("\n".join(reaction_table(reactions)) if reactions else "")
    else:
        text = page(cells, pair_cells, flickers, reactions, outcomes, f"Last run: {datetime.now(UTC):%Y-%m-%d}.")
        _say(text)
        if can_mount() and not failures:
            PAGE.write_text(text, encoding="utf-8")
    broken = [*filter(is_worse, cells), *filter(is_worse, pair_cells), *filter(is_worse, outcomes)]
    slow = list(filter(is_worse, reactions))
    darker = [name for name, seen in flickers.items() if is_darker(seen)]
    for failure in failures:
        console.print(failure, markup=False)
    measured = len(cells) + len(pair_cells) + len(flickers) + len(reactions) + len(outcomes)
    console.print(
        f"{measured} cells, {len(broken) + len(darker) + len(slow)} worse than promised, {len(failures)} not measured"
    )
    return 1 if broken or darker or slow or failures or not can_mount() else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _lived(
    names: Sequence[str], console: Console
) -> tuple[list[Cell], list[PairCell], dict[str, Darkness], list[Outcome], list[str]]:
    """Live through cells in parallel, then through processes one after the other (they want the machine).

    Returns:
        What was measured, in the order of the tables, and what could not be.
    """
    wanted = names or [*TROUBLES, *TALES, *OTHERS]
    jobs: list[tuple[Any, tuple[Any, ...]]] = [
        (run, (trouble.name, situation.name, wiring))
        for trouble in TROUBLES.values()
        if trouble.name in wanted and (trouble.disk is NoDisk or can_mount())
        for situation in trouble.where
        for wiring in trouble.wirings
    ]
    if PAIRS in wanted:
        jobs += [(run_pair, (pair, where, wiring)) for pair in pairs() for where in WORST for wiring in Wiring]
    if FLICKER in wanted:
        jobs += [(worst, (where,)) for where in PLACES]
    tales = [name for name in TALES if name in wanted and can_run(name)]
    columns = (TextColumn("{task.description:30}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    found: dict[int, Any] = {}
    failures: list[str] = []
    outcomes = []
    with Progress(*columns, console=console) as progress, ProcessPoolExecutor(os.cpu_count()) as pool:
        task = progress.add_task("faults", total=len(jobs) + len(tales))
        waiting: dict[Future[Any], int] = {pool.submit(_job, *job): at for at, job in enumerate(jobs)}
        for future in as_completed(waiting):
            at = waiting[future]
            try:
                found[at] = future.result()
            except Exception as error:  # one cell that cannot be lived through must not cost the others
                failures.append(f"{jobs[at]}: {error!r}")
            progress.update(task, advance=1, description=str(jobs[at][1][0]))
        for name in tales:
            progress.update(task, description=name)
            try:
                outcomes.append(run_tale(name))
            except AssertionError as error:
                failures.append(f"{name}: {error}")
            progress.advance(task)
    ordered = [found[at] for at in sorted(found)]
    return (
        [one for one in ordered if isinstance(one, Cell)],
        [one for one in ordered if isinstance(one, PairCell)],
        {jobs[at][1][0].name: one for at, one in found.items() if isinstance(one, Darkness)},
        outcomes,
        failures,
    )


def _job(what: Any, arguments: tuple[Any, ...]) -> Any:
    """Run one cell in a process of the pool; a trouble is found again there by its name."""
    if what is not run:
        return what(*arguments)
    name, situation_name, wiring = arguments
    trouble = TROUBLES[name]
    (situation,) = (one for one in trouble.where if one.name == situation_name)
    return run(trouble, situation, wiring)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
