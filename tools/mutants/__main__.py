"""Put small faults into the control, the drivers, the delivery and the door: do the fast tests notice?

Prints a row a package and every fault that survived; fails where fewer than 90 % are noticed, or where a survivor is
not listed with the reason why it may survive.

Own code, for mutmut makes a dispatcher of each function, which numba cannot compile, and cosmic-ray changes the files
themselves and starts a Python for each fault; a fork in which one module is exchanged does neither.
"""

import argparse
import os
import select
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.mutants.mutations import Mutant, mutants, mutated, sample
from tools.mutants.seen_by import SeenBy, measured
from tools.mutants.trial import Trial

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("control", "hardware", "delivery", "access")
LISTED = Path(__file__).with_name("survivors.toml")
KEPT = ROOT / "build" / "mutants"
FEWEST_KILLED = 0.9
LIMIT_S = 120.0
"""For the tests of one mutant. What takes longer counts as killed, and as late too: on a busy machine some are
only slow."""


def main(arguments: Sequence[str]) -> int:
    """Try a sample of mutants; 0 when enough were killed and every survivor is listed with its reason."""
    parser = argparse.ArgumentParser(description="Try whether the fast tests notice small faults in the code.")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=f"of {', '.join(PACKAGES)}; all of them if none")
    parser.add_argument("--many", type=int, default=50, help="mutants of each package; a number above all takes all")
    parser.add_argument(
        "--near", action="store_true", help="only the tests in the package's own folder; judged by the share alone"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed takes other ones")
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what survived in the run printed in this file")
    options = parser.parse_args(arguments)
    if unknown := set(options.packages) - set(PACKAGES):
        parser.error(f"no such package: {', '.join(sorted(unknown))}; there are {', '.join(PACKAGES)}")
    packages = options.packages or PACKAGES
    seen_by = measured(ROOT, KEPT, packages if options.near else PACKAGES, only_near=options.near)
    listed: dict[str, str] = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    has_failed = False
    print(f"{'package':12}{'mutants':>9}{'killed':>8}{'listed':>8}{'survive':>9}{'share':>8}{'late':>6}{'seconds':>9}")
    for package in packages:
        paths = sorted(path.relative_to(ROOT) for path in (ROOT / "src" / "vigie" / package).rglob("*.py"))
        chosen = again(paths, options.again) if options.again else sample(paths, ROOT, options.many, options.seed)
        began_s = time.monotonic()
        survivors, late = tried(chosen, seen_by)
        counts = Counter(
            "killed" if m not in survivors else "listed" if m.key in listed else "survives" for m in chosen
        )
        share = counts["killed"] / max(1, len(chosen))
        print(
            f"{package:12}{len(chosen):9}{counts['killed']:8}{counts['listed']:8}{counts['survives']:9}"
            f"{share:8.0%}{late:6}{time.monotonic() - began_s:9.0f}",
            flush=True,
        )
        for mutant in survivors:
            if mutant.key not in listed:
                print(f"    line {mutant.line}: {mutant.key}", flush=True)
        has_failed |= share < FEWEST_KILLED or (counts["survives"] > 0 and not options.near)
    return int(has_failed)


def again(paths: Sequence[Path], printed: Path) -> list[Mutant]:
    """Return the mutants that a run before printed as survivors."""
    lines = printed.read_text(encoding="utf-8").splitlines()
    keys = {line.partition(": ")[2] for line in lines if line.startswith("    line ")}
    return [mutant for path in paths for mutant in mutants(path, ROOT) if mutant.key in keys]


def tried(chosen: Sequence[Mutant], seen_by: SeenBy) -> tuple[list[Mutant], int]:
    """Return the mutants that no test noticed, and how many were not done in time; tries one a core at once."""
    survivors = [mutant for mutant in chosen if not seen_by.tests(mutant.path, mutant.line)]
    waiting = [mutant for mutant in chosen if mutant not in survivors]
    under_way: dict[int, tuple[Mutant, Trial]] = {}
    late = 0
    while waiting or under_way:
        while waiting and len(under_way) < len(os.sched_getaffinity(0)):
            mutant = waiting.pop(0)
            tests = seen_by.tests(mutant.path, mutant.line)
            trial = Trial(mutated(mutant, ROOT), mutant.path, ROOT, tests)
            under_way[trial.ends] = mutant, trial
        over = set(select.select([*under_way], [], [], 1.0)[0])
        too_long = {ends for ends, (_, trial) in under_way.items() if trial.outlasts(LIMIT_S)} - over
        late += len(too_long)
        over |= too_long
        for ends in over:
            mutant, trial = under_way.pop(ends)
            if trial.survives():
                survivors.append(mutant)
    return survivors, late


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
