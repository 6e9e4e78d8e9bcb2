"""All tests, stage by stage: one stage's failure hides no other, and the end says what passed, failed, skipped and why.

The oldest supported Python of this machine runs what only computes, the newest what starts processes. ``--only "other
python"`` runs the quick stage on the end that did not, in a Debian root where this machine has but one Python.

A case of real programs that failed is run once more, alone: what passes then had too little of the machine, and is told
as unsteady. What only computes, the proof and the fault matrix among it, has one try.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "test-results"
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHER = "other python"
SUPPORTED = ("3.11", "3.12", "3.13")
SUITES = {"3.11": "bookworm", "3.13": "trixie"}
CORES = len(os.sched_getaffinity(0))
QUICK = ("src/vigie", "tests/unit", "tests/property", "tests/conformance", "tests/packaging")
SLOWEST = 10
MOST_UNSTEADY = 3
"""More in one stage are a fault of the product or of the tests, not of a busy machine."""


class Stage(NamedTuple):
    """Some tests, and how many of them may run at once."""

    name: str
    paths: tuple[str, ...]
    at_once: int
    spread: tuple[str, ...] = ("--dist", "worksteal")
    is_on_oldest: bool = False
    """Computes only."""
    marked: str = "not long"


STAGES = (
    Stage("quick", QUICK, CORES, is_on_oldest=True),
    # Faults wait for real time while proofs compute.
    Stage("proof and faults", ("tests/proof", "tests/faults"), CORES + 1, ("--dist", "loadgroup"), is_on_oldest=True),
    # These wait as much as they work; the cases of a file share what they start, and the longest begin.
    Stage(
        "processes and servers",
        ("tests/integration", "tests/recipes"),
        3 * CORES,
        ("--dist", "loadfile", "--no-loadscope-reorder"),
    ),
    Stage("browser", ("tests/browser",), CORES),
)
LONG = (
    Stage("long: computing", (*QUICK, "tests/proof", "tests/faults"), CORES, is_on_oldest=True, marked="long"),
    Stage("long: running", ("tests/integration", "tests/browser"), 2 * CORES, STAGES[2].spread, marked="long"),
)
"""What takes most of a minute, or a shorter case again in another language, theme, store or setting."""


class Case(NamedTuple):
    """One test as pytest told it: ``outcome`` is passed, failed or skipped, ``reason`` says why."""

    name: str
    seconds: float
    outcome: str
    reason: str


class Result(NamedTuple):
    """What became of a stage; ``note`` says why it did not run or end as it should.

    ``unsteady`` are the cases that failed at first and passed alone; they stand among the passed ones of ``cases``.
    """

    name: str
    seconds: float
    cases: tuple[Case, ...]
    note: str = ""
    has_failed: bool = False
    unsteady: tuple[Case, ...] = ()

    def count(self, outcome: str) -> int:
        """How many cases ended so."""
        return sum(case.outcome == outcome for case in self.cases)


def main(arguments: Sequence[str]) -> int:
    """Run the stages asked for; 0 when none failed."""
    names = [*(stage.name for stage in (*STAGES, *LONG)), OTHER]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=names, action="append", default=[], help="this stage; may be repeated")
    parser.add_argument("--long", action="store_true", help="what the stages leave out because it takes long")
    parser.add_argument("--here", action="store_true", help="with the Python that runs this, whatever else there is")
    options = parser.parse_args(arguments)
    RESULTS.mkdir(parents=True, exist_ok=True)
    pythons = {THIS: sys.executable} if options.here else interpreters()
    results: list[Result] = []
    try:
        wanted = options.only or [stage.name for stage in (LONG if options.long else STAGES)]
        for stage in (*STAGES, *LONG):
            if stage.name in wanted:
                version = (min if stage.is_on_oldest else max)(pythons, key=number)
                command = pytest(prepared(version, pythons))
                result = tested(f"{stage.name} ({version})", [*command, *at_once(stage)])
                results.append(result if stage.is_on_oldest else steadied(result, command))
        if OTHER in options.only:
            results.append(other_end(pythons))
    except KeyboardInterrupt:
        results.append(Result("interrupted", 0.0, (), "what came after it did not run", has_failed=True))
    except subprocess.CalledProcessError as error:
        results.append(Result("environment", 0.0, (), f"status {error.returncode} of {error.cmd}", has_failed=True))
    print(summary(results))
    return int(any(result.has_failed for result in results))


def number(version: str) -> int:
    """3.11 -> 11."""
    return int(version.partition(".")[2])


def interpreters() -> dict[str, str]:
    """Return the supported Pythons of this machine that can make a virtual environment; this one is among them."""
    found = {THIS: sys.executable}
    for version in SUPPORTED:
        here = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        for candidate in (f"python{version}", *map(str, here)):
            if version not in found and can_make_environments(candidate):
                found[version] = candidate
    return found


def can_make_environments(python: str) -> bool:
    """Say whether an interpreter is there and has all of the standard library that is needed."""
    asked = [python, "-c", "import ensurepip, venv, sqlite3, ssl"]
    return bool(shutil.which(python)) and subprocess.run(asked, capture_output=True, check=False).returncode == 0


def prepared(version: str, pythons: dict[str, str]) -> str:
    """Return the Python of a virtual environment that has what the tests need."""
    if pythons[version] == sys.executable:
        return sys.executable
    venv = ROOT / f".venv-{version}"
    environment = {**os.environ, "PYTHON": pythons[version], "UV": str(Path(sys.executable).with_name("uv"))}
    stamp = venv / "dev.stamp"
    needs = [ROOT / "requirements/dev.txt", ROOT / "pyproject.toml"]
    if not stamp.exists() or any(need.stat().st_mtime > stamp.stat().st_mtime for need in needs):
        subprocess.run(
            ["tools/environment.sh", venv.name, "requirements/dev.txt"], cwd=ROOT, env=environment, check=True
        )
        stamp.touch()
    return str(venv / "bin" / "python")


def pytest(python: str) -> list[str]:
    """Return the command that runs tests with an interpreter."""
    return [python, "-m", "pytest"]


def at_once(stage: Stage) -> list[str]:
    """Return what tells pytest a stage's tests and how to spread them."""
    return ["-n", str(stage.at_once), *stage.spread, "-m", stage.marked, *stage.paths]


def tested(name: str, command: Sequence[str]) -> Result:
    """Run a command that ends in pytest; its report is kept beside the others under ``name``."""
    print(f"\n== {name} ==", flush=True)
    report = RESULTS / f"{name.replace(' ', '-')}.xml"
    report.unlink(missing_ok=True)
    began_s = time.monotonic()
    status = subprocess.run([*command, f"--junitxml={report}"], cwd=ROOT, check=False).returncode
    cases = read(report)
    is_told = status == 0 or any(case.outcome == "failed" for case in cases)
    note = "" if is_told else f"ended with status {status}"
    return Result(name, time.monotonic() - began_s, cases, note, has_failed=bool(status))


def steadied(result: Result, command: Sequence[str]) -> Result:
    """Run the few cases that failed once more, one after the other, and count what passes then as unsteady."""
    failed = [case for case in result.cases if case.outcome == "failed"]
    if result.note or not 0 < len(failed) <= MOST_UNSTEADY:
        return result
    again = tested(f"{result.name} again", [*command, "-m", "", *map(node, failed)])
    steady = {case.name for case in again.cases if case.outcome == "passed"}
    cases = tuple(case._replace(outcome="passed") if case.name in steady else case for case in result.cases)
    return result._replace(
        seconds=result.seconds + again.seconds,
        cases=cases,
        has_failed=any(case.outcome == "failed" for case in cases),
        unsteady=tuple(case for case in failed if case.name in steady),
    )


def node(case: Case) -> str:
    """Return what pytest calls a case: ``tests/unit/test_a.py::test_b[c]``."""
    module, _, name = case.name.partition("::")
    folder = module.split(".")
    inside: list[str] = []  # classes
    while len(folder) > 1 and not (ROOT / Path(*folder)).with_suffix(".py").exists():
        inside.insert(0, folder.pop())
    return "::".join([f"{'/'.join(folder)}.py", *inside, name])


def other_end(pythons: dict[str, str]) -> Result:
    """Run the quick stage on the end of the supported Pythons that has not run it."""
    other = SUPPORTED[-1] if min(pythons, key=number) == SUPPORTED[0] else SUPPORTED[0]
    name = f"{STAGES[0].name} ({other})"
    if other in pythons:
        return tested(name, [*pytest(prepared(other, pythons)), *at_once(STAGES[0])])
    if os.geteuid() == 0 and shutil.which("apt-get"):
        return tested(name, ["tools/other_python.sh", SUITES[other], *at_once(STAGES[0])])
    return Result(
        name, 0.0, (), f"no Python {other} here; as root a Debian {SUITES[other]} root has it", has_failed=True
    )


def read(report: Path) -> tuple[Case, ...]:
    """Return the cases of one JUnit report; none when pytest left none."""
    if not report.exists():
        return ()
    cases = []
    for element in ET.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest a moment ago
        failed = next((element.find(kind) for kind in ("failure", "error") if element.find(kind) is not None), None)
        skipped = element.find("skipped")
        told = failed if failed is not None else skipped
        outcome = "failed" if failed is not None else "skipped" if skipped is not None else "passed"
        reason = "" if told is None else told.get("message", "").strip().partition("\n")[0]
        name = f"{element.get('classname', '')}::{element.get('name', '')}"
        cases.append(Case(name, float(element.get("time", 0)), outcome, reason))
    return tuple(cases)


def summary(results: Sequence[Result]) -> str:
    """Say what passed, failed and skipped, why, and which were the slowest."""
    cases = [case for result in results for case in result.cases]
    lines = ["", f"{'stage':34}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}"]
    for result in results:
        counts = "".join(f"{result.count(outcome):8}" for outcome in ("passed", "failed", "skipped"))
        lines.append(f"{result.name:34}{counts}{result.seconds:9.0f}  {result.note}".rstrip())
    lines.append(f"{'all':34}{'':24}{sum(result.seconds for result in results):9.0f}")
    skipped = Counter(case.reason for case in cases if case.outcome == "skipped")
    if skipped:
        lines += ["", "skipped, and why:", *(f"{count:6} x  {reason}" for reason, count in skipped.most_common())]
    lines += ["", f"the {SLOWEST} slowest:"]
    lines += [f"{case.seconds:6.1f} s  {case.name}" for case in sorted(cases, key=lambda case: -case.seconds)[:SLOWEST]]
    unsteady = [case for result in results for case in result.unsteady]
    if unsteady:
        lines += ["", "unsteady (failed, and passed alone; the reason is that of the first try):"]
        lines += [f"  {case.name}  {case.reason[:200]}" for case in unsteady]
    failed = [case for case in cases if case.outcome == "failed"]
    if failed:
        lines += ["", "failed:", *(f"  {case.name}  {case.reason[:200]}" for case in failed)]
    lines += ["", "FAILED" if any(result.has_failed for result in results) else "all that ran has passed"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
