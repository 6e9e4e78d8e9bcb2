"""docs/faults.md: how to read it, what is promised, what was measured."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from .cell import SLACK_S, Cell
from .faults import TROUBLES, Trouble
from .flicker import FLICKERS, LONGEST_MOMENT_S, MOST_MOMENTS, PLACES, Darkness
from .pairs import PairCell
from .processes import TALES, Outcome
from .promises import BOTH, FOR_GOOD, PROMISES, R2_OPEN, Promise
from .reaction import Reaction

INTRODUCTION = """# What happens when something fails

Written by `make faults`, which lives through every fault in every mode and wiring on the simulated installation, with
the real control loop, alarms and journal, and fails where anything is worse than promised here. The promises stand in
`tests/faults/promises.py`, the faults in `tests/faults/faults.py`. `make test` tries a selection.

## What is promised above all
* **The loads never go dark by the program's doing.** The one exception is physics: where R2 carries the backup (wiring
  `line`) and is open for a rest, a mains that fails leaves the loads dark until R2 is closed: for 50 ms at most and the
  time that the relay takes (10 ms here), 100 ms where the meter's bus runs at 100 kHz. Who cannot bear that fits the
  bypass diode, uses `charge_only`, or stays in observe.
* **A mains that flickers darkens them twice an hour at most**: after a loss it must stand for five minutes before R2
  opens again, twice as long after each further one (`mains.steady_s`; 20 s in the tables of faults, to be quicker).
* **While no controller runs nobody closes R2.** A restart takes some three seconds, a controller that hangs is started
  again within twenty. A mains that fails in just that time, with R2 open in wiring `line`, leaves the loads dark until
  the next controller runs.
* **A chip, bus or battery thermometer that is lost is noticed within one period**, and both contacts are closed in that
  period: a battery that is connected protects, one that is cut off does not.
* **R1 and R2 are never open together** where that would cut the loads off.
* **No measurement is lost** but those that nobody was there to take, and what a power cut takes from memory.
* **No false alarm**: a fault raises its own alarm, and others only where they are true too.

## How to read the tables
Every fault begins at the worst moment, right after a period's readings were taken. Times count from there; where a
fault shows only when a contact moves, from the order to move it; where it takes its time (heat, a charger set wrong),
from the moment the true value passes the limit. What is promised stands above each table: the first event in the
journal that names the fault, the alarm people are told of, how the contacts stand while it lasts, the longest stretch
the loads have no voltage, the periods missing in the journal. "Where true" names alarms that may come along. The rows
are the worst that was measured, by mode, in all its situations and in both wirings: after how long it was *noticed*,
the *alarm* raised and the *contacts* as promised, how long the loads were *dark*, how many periods were *lost*. A dash:
nothing is promised, because nothing shows. After each fault everything must be back: valid measurements and no alarm
that is still present, but those that say "stays".

Slow faults are lived through with periods of 10 or 60 s; their times are as coarse. Wiring and mode are those of
[settings](settings.md), alarms those of [alarms](alarms.md).
"""

DASH = "–"


def page(
    cells: Sequence[Cell],
    pair_cells: Sequence[PairCell],
    flickers: Mapping[str, Darkness],
    reactions: Sequence[Reaction],
    outcomes: Sequence[Outcome],
    stamp: str,
) -> str:
    """Return the whole page."""
    worse = sum(map(is_worse, [*cells, *pair_cells, *reactions, *outcomes])) + sum(map(is_darker, flickers.values()))
    lines = [INTRODUCTION, "## Result", ""]
    lines += [
        f"{len(TROUBLES)} faults in {len(cells)} cells, {len(pair_cells)} cells with two faults at once, "
        f"{len(outcomes)} stories of real processes: "
        + ("**every promise held**." if not worse else f"**{worse} worse than promised**."),
        stamp,
        "",
    ]
    for family, troubles in groupby(TROUBLES.values(), lambda trouble: trouble.family):
        lines += [f"## Faults of the {family}" if family != "heat" else "## Heat", ""]
        for trouble in troubles:
            lines += fault_table(trouble, [cell for cell in cells if cell.trouble == trouble.name])
    lines += flicker_table(flickers)
    lines += reaction_table(reactions)
    lines += process_table(outcomes)
    lines += pair_table(pair_cells)
    return "\n".join(lines).rstrip() + "\n"


def is_worse(one: Cell | PairCell | Outcome | Reaction) -> bool:
    """Return whether a promise is broken."""
    return one.is_worse if isinstance(one, Reaction) else bool(one.worse)


def is_darker(seen: Darkness) -> bool:
    """Return whether a flicker darkens the loads more often, or for longer, than promised."""
    return seen.moments > MOST_MOMENTS or seen.longest_s > LONGEST_MOMENT_S + SLACK_S


def flicker_table(flickers: Mapping[str, Darkness]) -> list[str]:
    """Return the section of a mains that flickers for an hour: the worst of every flicker, by what opens R2."""
    turns_s = [turn_s for flicker in FLICKERS for turn_s in (flicker.away_s, flicker.there_s)]
    lines = [
        "## A mains that flickers for an hour",
        "",
        f"{len(FLICKERS)} flickers, turns of {span(min(turns_s))} to {span(max(turns_s))}, equal and unequal, begun at",
        "several moments of a period, on the real filter and supervisor over a plain circuit, R2 in the line and",
        "wanted open all the time, default settings. Promised: in any hour",
        f"at most {MOST_MOMENTS} dark moments of at most {span(LONGEST_MOMENT_S)}.",
        "The last column is the worst hour's sum. Gaps shorter than a period do not part two moments.",
        "",
        "| R2 is opened by | dark moments | longest | dark in all | |",
        "|---|---:|---:|---:|---|",
    ]
    for where in PLACES:
        seen = flickers.get(where.name)
        if seen is not None:
            verdict = "**worse**" if is_darker(seen) else "held"
            lines.append(
                f"| {where.name} | {seen.moments} | {span(seen.longest_s)} | {span(seen.total_s)} | {verdict} |"
            )
    return [*lines, ""]


def reaction_table(reactions: Sequence[Reaction]) -> list[str]:
    """Return the section of the dark time in real time."""
    lines = [
        "## The mains fails with R2 open, in real time",
        "",
        "Control loop, journal and the real drivers over emulated chips on the machine's clock, wiring line, protect;",
        "transfers take the time of their bits, the relay 10 ms. The mains fails at any moment of a period.",
        "",
        "| the meter's bus at | losses | dark, median | dark, longest | promised | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for one in reactions:
        times = f"{one.middle_s * 1e3:.0f} ms | {one.longest_s * 1e3:.0f} ms | {one.promised_s * 1e3:.0f} ms"
        verdict = "**worse**" if one.is_worse else "held"
        lines.append(f"| {one.bus.name} | {len(one.dark_s)} | {times} | {verdict} |")
    return [*lines, ""]


def fault_table(trouble: Trouble, cells: Sequence[Cell]) -> list[str]:
    """Return the section of one fault: what is promised, and a row for each mode with the worst that was measured."""
    lines = [f"### `{trouble.name}`: {trouble.title}", ""]
    by_promise = {
        promise: [cell for cell in cells if cell.promise == promise]
        for promise in dict.fromkeys(PROMISES[trouble.name].values())
    }
    groups = {promise: mine for promise, mine in by_promise.items() if mine}
    for promise, mine in groups.items():
        where = "" if len(groups) == 1 else f" in {_where(mine, cells)}"
        lines.append(f"* Promised{where}: {'; '.join(filter(None, promised(promise)))}.")
    reasons = dict.fromkeys(f"* {promise.because}." for promise in groups if promise.because)
    lines += [
        *reasons,
        "",
        "| where | noticed | alarm | contacts so | dark | lost | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for promise, mine in groups.items():
        lines += [_row(_where(some, cells), promise, some) for some in _by_mode(mine).values()]
    return [*lines, ""]


def promised(promise: Promise) -> tuple[str, str, str, str, str]:
    """Return a promise in words: noticed, alarm, contacts, dark, lost."""
    noticed = f"`{promise.noticed_by}` within {span(promise.noticed_s)}" if promise.noticed_by else "nothing shows"
    alarm = f"alarm `{promise.alarm}` within {span(promise.alarm_s)}" if promise.alarm else "no alarm"
    alarm += f" ({_names(promise.also)} where true)" if promise.also else ""
    alarm += f" ({_names(promise.stays)} stays)" if promise.stays else ""
    contacts = f"contacts {promise.contacts}"
    if promise.contacts in {BOTH, R2_OPEN}:
        contacts += f" within {span(promise.contacts_s)}"
    dark = f"dark for {span(promise.dark_s)} at most" if promise.dark_s else "never dark"
    dark = "dark until the mains is back" if promise.dark_s >= FOR_GOOD else dark
    return noticed, alarm, contacts, dark, f"{promise.lost or 'no'} period{'s' * (promise.lost > 1)} lost"


def _names(alarms: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in alarms)


def _row(where: str, promise: Promise, cells: Sequence[Cell]) -> str:
    seen = [cell.seen for cell in cells]
    are_timed = promise.contacts in {BOTH, R2_OPEN}
    shown = [
        where,
        _worst([one.noticed_s for one in seen]) if promise.noticed_by else DASH,
        _worst([one.alarm_s for one in seen]) if promise.alarm else DASH,
        _worst([one.contacts_s for one in seen]) if are_timed else DASH,
        span(max(one.dark_s for one in seen)),
        str(max(one.lost for one in seen)),
        "held" if not any(cell.worse for cell in cells) else "**worse**: " + _faults(cells),
    ]
    return f"| {' | '.join(shown)} |"


def _worst(measured_s: Sequence[float]) -> str:
    return "never" if any(map(math.isnan, measured_s)) else span(max(measured_s))


def _by_mode(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    modes: dict[str, list[Cell]] = {}
    for cell in cells:
        modes.setdefault(cell.situation.partition(",")[0], []).append(cell)
    return modes


def _where(mine: Sequence[Cell], all_of_it: Sequence[Cell]) -> str:
    """Name some cells of a fault: by their modes where all of a mode are meant, else by situation and wiring."""
    every = _by_mode(all_of_it)
    return "; ".join(
        mode if len(some) == len(every[mode]) else _situations(some) for mode, some in _by_mode(mine).items()
    )


def _situations(cells: Iterable[Cell]) -> str:
    wirings: dict[str, list[str]] = {}
    for cell in cells:
        wirings.setdefault(cell.situation, []).append(cell.wiring.name.lower())
    return "; ".join(
        f"{situation}" + ("" if len(names) > 1 else f" ({names[0]})") for situation, names in wirings.items()
    )


def _faults(cells: Iterable[Cell]) -> str:
    return "; ".join(
        f"{cell.situation}, {cell.wiring.name.lower()}: {', '.join(cell.worse)}" for cell in cells if cell.worse
    )


def process_table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the section of the stories with real processes."""
    lines = ["## Real processes", "", "The real drivers over emulated chips, mode protect with R2 open, killed and "]
    lines[-1] += "stopped from outside."
    lines += ["", "| story | promised | measured | |", "|---|---|---|---|"]
    told = {outcome.name: outcome for outcome in outcomes}
    for name, tale in TALES.items():
        one = told.get(name)
        measured = "not tried" if one is None else one.measured
        verdict = "" if one is None else "held" if not one.worse else f"**worse**: {'; '.join(one.worse)}"
        lines.append(f"| `{name}`: {tale.title} | {tale.promised} | {measured} | {verdict} |")
    return [*lines, ""]


def pair_table(cells: Sequence[PairCell]) -> list[str]:
    """Return the section of two faults at once."""
    lines = [
        "## Two at once",
        "",
        "Every pair of a dozen faults, begun together, in protect while it rests and in cycle while it discharges,",
        "both wirings. What must hold: the loads are never dark for longer than the worse of the two promises (and the",
        "time a controller is away), contacts safe where either fault asks for it, both told unless one hides the",
        "other, no period lost, no false alarm.",
        "",
        "| pair | longest darkness, promised: measured | |",
        "|---|---|---|",
    ]
    for names, group in groupby(cells, lambda cell: cell.names):
        mine = list(group)
        worse = [f"{one.situation}, {one.wiring.name.lower()}: {', '.join(one.worse)}" for one in mine if one.worse]
        dark = f"{span(max(one.promised_dark_s for one in mine))}: {span(max(one.dark_s for one in mine))}"
        verdict = "held" if not worse else f"**worse**: {'; '.join(worse)}"
        lines.append(f"| {names[0]} + {names[1]} | {dark} | {verdict} |")
    return [*lines, ""]


def span(seconds: float) -> str:
    """Return a time with a unit a person reads easily.

    >>> span(0.02), span(72.0), span(5400.0)
    ('0.02 s', '72 s', '1.5 h')
    """
    if seconds >= 3600.0:
        return f"{seconds / 3600.0:.3g} h"
    return f"{seconds:.0f} s" if seconds >= 60.0 or seconds == round(seconds) else f"{seconds:.2g} s"
