"""``python -m tests.proof``: explore, print what was seen, and write it into docs/interlock-proof.md."""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.proof.breakages import BREAKAGES, broken_on_purpose
from tests.proof.darkness import DARK, DEAD, Limit, World
from tests.proof.explore import Hostile
from tests.proof.properties import PROPERTIES
from tests.proof.reactions import Reactions
from tests.proof.returns import after_breaking, returns, row
from tests.proof.states import Control
from tests.proof.story import described, told
from tests.proof.variants import controls, finer, quick_sites, sites
from tests.proof.world import Site
from vigie.control.signals import Contact, Wiring
from vigie.control.supervisor import SupervisorSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interlock-proof.md"
FEWEST_TRANSITIONS = 10_000
BEGIN = "<!-- what `make proof` saw; do not edit below -->"


class NotProvenError(Exception):
    """A statement is broken; the message is the story."""


def main() -> int:
    """Explore everything and write the page; 1 and the story when a statement is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="only the settings that `make test` explores; writes no page"
    )
    arguments = parser.parse_args()
    try:
        page = "\n".join(_page(is_quick=arguments.quick))
    except NotProvenError as broken:
        sys.stdout.write(f"{broken}\n")
        return 1
    if not arguments.quick:
        written = PAGE.read_text(encoding="utf-8").split(BEGIN)[0]
        PAGE.write_text(f"{written}{BEGIN}\n\n{page}\n", encoding="utf-8")
    return 0


def _said(lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.flush()
    return [*lines, ""]


def _page(*, is_quick: bool) -> list[str]:
    page = _said(_statements())
    page += _said(_interlocks([*controls(), *([] if is_quick else finer())]))
    limits: dict[Limit, str] = {}
    comings: list[str] = []
    page += _said(_dark(quick_sites() if is_quick else tuple(sites()), limits, comings))
    page += _said(_limits(limits))
    page += _said(["### What comes back by itself", "", *comings])
    page += _said(_without_power())
    page += _said(_broken())
    return page[:-1]


def _statements() -> list[str]:
    return ["### The statements", "", *(f"- **{prop.name}**: {prop.text}" for prop in (*PROPERTIES, DARK, DEAD))]


def _interlocks(variants: Iterable[tuple[str, SupervisorSettings]]) -> list[str]:
    rows = [
        "### Interlocks, in a hostile world",
        "",
        "| settings | states | transitions | paths through `step` | broken | seconds |",
        "|---|---:|---:|---:|---|---:|",
    ]
    total = 0
    for name, settings in variants:
        began = time.process_time()
        control = Control(settings)
        found = Hostile(control).explore()
        if found.broken is not None:
            raise NotProvenError(f"{name}\n{told(control, found.broken, None)}")
        total += found.transitions
        seconds = time.process_time() - began
        rows.append(
            f"| {name} | {found.states:,} | {found.transitions:,} | {found.paths:,} | none of "
            f"{len(PROPERTIES)} | {seconds:.0f} |"
        )
    return [*rows, "", f"{total:,} transitions in all."]


def _dark(places: Iterable[Site], limits: dict[Limit, str], comings: list[str]) -> list[str]:
    rows = [
        "### Dark loads, in a true world",
        "",
        "| wiring | controller | states | transitions | dark for nothing | known limits met | seconds |",
        "|---|---|---:|---:|---|---|---:|",
    ]
    comings += [
        "| | | the mains fails | | | the battery gives out | |",
        "|---|---|---|---|---|---|---|",
        "| wiring | controller | R2 closed | R2 open | in a drill | in a drill | in an outage |",
    ]
    shared: dict[tuple[Wiring, bool], Reactions] = {}
    settings = {(one.wiring, one.r2_may_black_out): one for _, one in controls()}
    for site in places:
        began = time.process_time()
        key = (site.wiring, site.r2_may_black_out)
        if key not in shared:
            shared[key] = Reactions(Control(settings[key]))
        world = World(shared[key], site)
        seen = world.explore()
        if seen.broken is not None:
            raise NotProvenError(told(world.control, seen.broken, site))
        if seen.transitions < FEWEST_TRANSITIONS:
            raise NotProvenError(f"{described(site)}: {seen.transitions} transitions are no exploration")
        for limit, story in seen.limits.items():
            limits.setdefault(limit, told(world.control, story, site))
        met = ", ".join(limit.name for limit in seen.limits) or "none"
        seconds = time.process_time() - began
        where = f"| {site.wiring.name.lower()} | {described(site)} "
        rows.append(f"{where}| {seen.states:,} | {seen.transitions:,} | none | {met} | {seconds:.0f} |")
        comings.append(row(returns(world)))
    return rows


def _limits(limits: dict[Limit, str]) -> list[str]:
    lines = ["### Known limits, each with its shortest story"]
    for limit, story in limits.items():
        lines += ["", f"**{limit.name}**: {limit.text}", "", "```", *story.splitlines()[:-1], "```"]
    return lines


def _without_power() -> list[str]:
    rows = [
        "A controller that breaks for good, or loses its own supply, lets its coils go. With a battery that is able:",
        "",
        "| wiring | R1 | R2 | mains there | no mains |",
        "|---|---|---|---|---|",
    ]
    for wiring in Wiring:
        for r1 in Contact:
            for r2 in Contact:
                site = Site(wiring, False, r1, r2, False)
                fed = [after_breaking(site, has_mains=has_mains) for has_mains in (True, False)]
                names = [("NO", "NC")[contact] for contact in (r1, r2)]
                rows.append(f"| {wiring.name.lower()} | {names[0]} | {names[1]} | {fed[0]} | {fed[1]} |")
    return rows


def _broken() -> list[str]:
    settings = dict(controls())
    rows = [
        "### Interlocks broken on purpose",
        "",
        "| broken | found after | as a break of |",
        "|---|---:|---|",
    ]
    examples = []
    for breakage in BREAKAGES:
        with broken_on_purpose(breakage):
            control = Control(settings[breakage.shows_in])
            broken = Hostile(control).explore().broken
            if broken is None:
                raise NotProvenError(f"not found: {breakage.name}")
            rows.append(f"| {breakage.name} | {_periods(len(broken.events))} | {broken.prop.name} |")
            if breakage.is_example:
                examples += ["", f"{breakage.name}:", "", "```", *told(control, broken, None).splitlines(), "```"]
    return [*rows, *examples]


def _periods(count: int) -> str:
    return "1 period" if count == 1 else f"{count} periods"


if __name__ == "__main__":
    sys.exit(main())
