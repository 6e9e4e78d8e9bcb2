"""All tests, stage by stage: one stage's failure hides no other, and the end says what passed, failed, skipped and why.

The oldest supported Python of this machine runs what only computes, the newest what starts processes. Stages that wait
and stages that compute run beside each other, in lanes. ``--only "other python"`` runs the quick stage on the end that
did not, in a Debian root where this machine has but one Python.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
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
TELL_EVERY_S = 30


class Stage(NamedTuple):
    """Some tests, and how many of them may run at once."""

    name: str
    paths: tuple[str, ...]
    at_once: int
    lane: str
    """The stages of a lane follow each other; the lanes run beside each other."""
    spread: tuple[str, ...] = ("--dist", "worksteal")
    is_on_oldest: bool = False
    marked: str = "not long"


WHOLE_FILES = ("--dist", "loadfile", "--no-loadscope-reorder")
"""The cases of a file share what they start, and the longest begin."""
STAGES = (
    Stage("quick", QUICK, CORES, "computing", is_on_oldest=True),
    Stage("proof", ("tests/proof",), CORES, "computing", ("--dist", "loadgroup"), is_on_oldest=True),
    Stage("processes and servers", ("tests/integration", "tests/recipes"), 3 * CORES, "serving", WHOLE_FILES),
    Stage("faults", ("tests/faults",), CORES + 1, "looking", ("--dist", "loadgroup"), is_on_oldest=True),
    Stage("browser", ("tests/browser",), CORES, "looking"),
)
LONG = (
    Stage(
        "long: computing",
        (*QUICK, "tests/proof", "tests/faults"),
        CORES,
        "computing",
        is_on_oldest=True,
        marked="long",
    ),
    Stage("long: running", ("tests/integration", "tests/browser"), 2 * CORES, "serving", WHOLE_FILES, marked="long"),
)
"""What takes most of a minute, or says once more in another language or store what a shorter case says."""


class Case(NamedTuple):
    """One test as pytest told it: ``outcome`` is passed, failed or skipped, ``reason`` says why."""

    name: str
    seconds: float
    outcome: str
    reason: str


class Result(NamedTuple):
    """What became of a stage; ``note`` says why it did not run or end as it should."""

    name: str
    seconds: float
    cases: tuple[Case, ...]
    note: str = ""
    has_failed: bool = False

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
    began_s = time.monotonic()
    try:
        wanted = options.only or [stage.name for stage in (LONG if options.long else STAGES)]
        results += side_by_side([stage for stage in (*STAGES, *LONG) if stage.name in wanted], pythons)
        if OTHER in options.only:
            results.append(other_end(pythons))
    except subprocess.CalledProcessError as error:
        results.append(Result("environment", 0.0, (), f"status {error.returncode} of {error.cmd}", has_failed=True))
    print(summary(results, time.monotonic() - began_s))
    return int(any(result.has_failed for result in results))


def side_by_side(stages: Sequence[Stage], pythons: dict[str, str]) -> list[Result]:
    """Run the lanes of some stages beside each other; what a stage says is printed when it ends.

    Ctrl-C, which reaches what runs as well, keeps the next ones from starting.
    """
    jobs: dict[str, list[tuple[str, list[str]]]] = {}
    for stage in stages:
        version = (min if stage.is_on_oldest else max)(pythons, key=number)
        command = [*pytest(prepared(version, pythons)), *at_once(stage)]
        jobs.setdefault(stage.lane, []).append((f"{stage.name} ({version})", command))
    is_stopped = threading.Event()
    results: list[Result] = []
    running: dict[str, Path] = {}

    def run(lane: Sequence[tuple[str, list[str]]]) -> None:
        for name, command in lane:
            if is_stopped.is_set():
                results.append(Result(name, 0.0, (), "interrupted", has_failed=True))
                continue
            running[name] = RESULTS / f"{name.replace(' ', '-')}.log"
            result = tested(name, command, running[name])
            print(f"\n== {name} ==\n{running.pop(name).read_text(errors='replace')}", flush=True)
            results.append(result)

    with ThreadPoolExecutor(max_workers=max(len(jobs), 1)) as pool:
        waiting = {pool.submit(run, lane) for lane in jobs.values()}
        while waiting:
            try:
                done, waiting = wait(waiting, timeout=TELL_EVERY_S)
                for lane in done:
                    lane.result()
                if waiting:
                    print("  ".join(f"{name} {percent(log)} %" for name, log in [*running.items()]), flush=True)
            except KeyboardInterrupt:
                is_stopped.set()
    names = [stage.name for stage in stages]
    return sorted(results, key=lambda result: names.index(result.name.rpartition(" (")[0]))


def percent(log: Path) -> int:
    """Return how far pytest says it has come."""
    told = re.findall(r"\[ *(\d+)%\]", log.read_text(errors="replace")) if log.exists() else []
    return int(told[-1]) if told else 0


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


def tested(name: str, command: Sequence[str], log: Path) -> Result:
    """Run a command that ends in pytest; its report is kept beside the others under ``name``."""
    report = RESULTS / f"{name.replace(' ', '-')}.xml"
    report.unlink(missing_ok=True)
    began_s = time.monotonic()
    with log.open("wb") as output:
        told = subprocess.run(
            [*command, f"--junitxml={report}"], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    cases = read(report)
    is_told = told.returncode == 0 or any(case.outcome == "failed" for case in cases)
    note = "" if is_told else f"ended with status {told.returncode}"
    return Result(name, time.monotonic() - began_s, cases, note, has_failed=bool(told.returncode))


def other_end(pythons: dict[str, str]) -> Result:
    """Run the quick stage on the end of the supported Pythons that has not run it."""
    other = SUPPORTED[-1] if min(pythons, key=number) == SUPPORTED[0] else SUPPORTED[0]
    name = f"{STAGES[0].name} ({other})"
    if other in pythons:
        (result,) = side_by_side([STAGES[0]], {other: pythons[other]})
        return result
    if os.geteuid() == 0 and shutil.which("apt-get"):
        log = RESULTS / "other-python.log"
        result = tested(name, ["tools/other_python.sh", SUITES[other], *at_once(STAGES[0])], log)
        print(f"\n== {name} ==\n{log.read_text(errors='replace')}", flush=True)
        return result
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


def summary(results: Sequence[Result], seconds: float) -> str:
    """Say what passed, failed and skipped in how long, why, and which were the slowest."""
    cases = [case for result in results for case in result.cases]
    lines = ["", f"{'stage':34}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}"]
    for result in results:
        counts = "".join(f"{result.count(outcome):8}" for outcome in ("passed", "failed", "skipped"))
        lines.append(f"{result.name:34}{counts}{result.seconds:9.0f}  {result.note}".rstrip())
    lines.append(f"{'all':34}{'':24}{seconds:9.0f}")
    skipped = Counter(case.reason for case in cases if case.outcome == "skipped")
    if skipped:
        lines += ["", "skipped, and why:", *(f"{count:6} x  {reason}" for reason, count in skipped.most_common())]
    lines += ["", f"the {SLOWEST} slowest:"]
    lines += [f"{case.seconds:6.1f} s  {case.name}" for case in sorted(cases, key=lambda case: -case.seconds)[:SLOWEST]]
    failed = [case for case in cases if case.outcome == "failed"]
    if failed:
        lines += ["", "failed:", *(f"  {case.name}  {case.reason[:200]}" for case in failed)]
    lines += ["", "FAILED" if any(result.has_failed for result in results) else "all that ran has passed"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
