"""CONTRIBUTING's recipe "add a mode" in a copy of the tree: the mode is everywhere, and no part can be forgotten."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.a_mode import (
    CONTROL,
    NUMBER,
    PARTS,
    ROOT,
    SAID,
    SETTINGS,
    SPEC,
    WISH,
    WORDING,
    add_nap,
    copy_of_the_tree,
    translate_nap,
)

JUDGED = (f"{CONTROL}/commands.py", f"{CONTROL}/modes", f"{WORDING}/modes.py", "src/vigie/translatable.py")
"""What the type checker is shown: the files of the recipe, and those they stand on."""


def python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tree's own program, not the installed one."""
    environment = {**os.environ, "PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}", "PYTHONDONTWRITEBYTECODE": "1"}
    return _told([sys.executable, *arguments], tree, environment)


def _told(command: list[str], tree: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=110, check=False)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what every place shows of the new mode."""
    tree = copy_of_the_tree(tmp_path_factory.mktemp("tree"), "src", "tools", "deploy/prometheus", "tests/recipes")
    copy_of_the_tree(tree, "tests/unit/control")
    add_nap(tree)
    translate_nap(tree)
    told = python(tree, "-m", "tests.recipes.look_at_nap", str(tmp_path_factory.mktemp("scratch")))
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_settings_and_their_checks_know_the_mode(shown: dict[str, Any]) -> None:
    found = shown["settings"]
    assert found["keys"] == ["doze_above_v", "wake_below_v"]
    assert found["shown"] == {"doze_above_v": 13.1, "wake_below_v": 12.5}
    assert found["start"] == "NAP"
    crossed, low = found["faults"]
    assert crossed == "nap.wake_below_v: 12.5 V must be under nap.doze_above_v = 12.4 V"
    assert low.startswith("interlocks.floor_v: 11.8 V must be under nap.wake_below_v = 11.5 V; nap would doze too deep")
    (unreached,) = found["warnings"]
    assert unreached.startswith("nap.doze_above_v: 14.9 V")
    assert unreached.endswith("nap never dozes")


def test_orders_of_command_line_link_and_replay_name_it(shown: dict[str, Any]) -> None:
    found = shown["orders"]
    assert found["help"] == "observe, protect, cycle, manual, maintain or nap."
    assert (found["command_line"], found["link"], found["replay"]) == ("nap", "NAP", "NAP")


def test_pages_offer_it_in_the_reader_s_language_and_charts_draw_its_thresholds(shown: dict[str, Any]) -> None:
    found = shown["pages"]
    assert [found[place] for place in ("button", "french", "waits", "relays")] == [True] * 4
    assert (found["word"], shown["word"]) == ("Nap", "de-Nap")
    assert found["lines"] == ["nap: doze above", "nap: wake below"]
    assert found["snapshot"] == {"nap_doze_above_v": 13.1, "nap_wake_below_v": 12.5}
    assert found["picture"] == ["R2 opens above 13.1 V", "R2 closes below 12.5 V"]


def test_metrics_show_it_under_both_names(shown: dict[str, Any]) -> None:
    assert {name for name, value in shown["metrics"].items() if value == 1.0} == {"nap", "au_na"}
    assert len(shown["metrics"]) == 12


def test_a_journal_from_before_it_takes_and_names_its_periods(shown: dict[str, Any]) -> None:
    assert shown["journal"] == {"view": ["nap", "rest", "present"], "resumed": ["NAP", "ada"]}


def test_control_runs_it_and_nothing_else(shown: dict[str, Any]) -> None:
    assert shown["control"] == {"13.0": True, "13.2": True, "phase": True}


def test_dashboards_rules_and_reference_pages_are_made_with_it(shown: dict[str, Any]) -> None:
    found = shown["generated"]
    assert found["dashboards"] == [f"vigie-nap-{language}.json" for language in ("de", "en", "fr")]
    assert {"vigie-overview-en.json", "vigie-ageing-en.json", "vigie-fleet-en.json"} <= set(found["shown in"])
    assert [found[place] for place in ("threshold", "modes", "settings", "metrics", "rules")] == [True] * 5


def copied(tmp_path: Path) -> Path:
    """Return a copy of what a forgotten part is looked for in."""
    tree = copy_of_the_tree(tmp_path, CONTROL, WORDING)
    for name in ("__init__.py", "units.py", "errors.py", "translatable.py"):
        (tree / "src/vigie" / name).write_bytes((ROOT / "src/vigie" / name).read_bytes())
    return tree


def judged(tree: Path) -> str:
    """Return what the type checker, as strict as on the real tree, says of the recipe's files."""
    files = [str(tree / part) for part in JUDGED]
    strict = ("--strict", "--follow-imports=silent", "--no-incremental", "--no-site-packages", "--config-file=")
    quiet = ("--disable-error-code=import-not-found", "--allow-any-generics", "--no-warn-unused-ignores")
    environment = {**os.environ, "MYPYPATH": str(tree / "src")}
    told = _told([sys.executable, "-m", "mypy", *strict, *quiet, *files], tree, environment)
    return told.stdout + told.stderr


def test_the_type_checker_refuses_each_forgotten_branch(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    add_nap(tree, forgotten=(SPEC, WISH, SAID))
    said = judged(tree)
    refused = re.findall(r"(\w+)\.py:\d+: error: Argument 1 to \"assert_never\" .*Literal\[Mode\.NAP\]", said)
    assert sorted(refused) == ["modes", "table", "table"], said


@pytest.mark.parametrize(
    ("part", "why"),
    [(NUMBER, '"type[Mode]" has no attribute "NAP"'), (SETTINGS, '"ModeSettings" has no attribute "nap"')],
)
def test_the_type_checker_refuses_a_mode_without_number_or_settings(tmp_path: Path, part: str, why: str) -> None:
    tree = copied(tmp_path)
    add_nap(tree, forgotten=(part,))
    assert why in judged(tree)


@pytest.mark.parametrize("part", [SPEC, WISH, SAID])
def test_a_program_with_a_forgotten_part_fails_instead_of_running_another_mode(tmp_path: Path, part: str) -> None:
    tree = copied(tmp_path)
    add_nap(tree, forgotten=(part,))
    program = (
        "from vigie.control.commands import Mode; from vigie.control.modes import table, wish; "
        "from vigie.wording.modes import words_of; words_of(Mode.NAP); table.wish(Mode.NAP, None, None)"
    )
    told = python(tree, "-c", program)
    assert told.returncode != 0
    assert "assert_never" in told.stderr
    assert "NAP" in told.stderr


def test_the_recipe_lists_exactly_the_files_that_were_written() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = text.split("### Add a mode", 1)[1].split("\n##", 1)[0]
    steps = "\n".join(re.findall(r"(?m)^\d\. .*$", recipe))
    listed = set(re.findall(r"`((?:src|tests)/[^`]+)`", steps))
    written = {file for file, _, _ in PARTS.values()} | {"src/vigie/control/modes/<mode>.py"}
    assert listed == written | {"src/vigie/translations", "tests/faults/situations.py"}
