"""Every dashboard file against Grafana's own TypeScript schema, compiled strictly."""

import json
import shutil
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.grafana.dashboards import FILES, read

HERE = Path(__file__).parent
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "dashboard.ts")


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which ``npm ci`` has installed what the lock file names."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: sudo apt-get install npm")
    folder = tmp_path_factory.mktemp("schema")
    for source in SOURCES:
        shutil.copy(HERE / source, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=110)
    return folder


def complaints(folder: Path, boards: list[dict[str, Any]]) -> str:
    """Return what the compiler says of dashboards written as literals, so that a key nobody knows is a fault."""
    literals = [f"export const d{number}: Dashboard = {json.dumps(board)};" for number, board in enumerate(boards)]
    source = "\n".join(["import type { Dashboard } from './dashboard';", *literals])
    (folder / "checked.ts").write_text(source, encoding="utf-8")
    command = ["node", "node_modules/typescript/bin/tsc", "--project", "."]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=110).stdout


def test_the_lock_file_names_no_registry() -> None:
    assert "://" not in (HERE / "package-lock.json").read_text(encoding="utf-8")


def test_every_dashboard_fits_grafanas_schema(compiler: Path) -> None:
    assert complaints(compiler, [read(path) for path in FILES]) == ""


def of_kind(board: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(panel for panel in board["panels"] if panel["type"] == kind)
    return found


def in_options(board: dict[str, Any]) -> None:
    of_kind(board, "timeseries")["options"]["legend"]["columns"] = 2


def in_custom(board: dict[str, Any]) -> None:
    of_kind(board, "state-timeline")["fieldConfig"]["defaults"]["custom"]["lineWeight"] = 2


def in_override(board: dict[str, Any]) -> None:
    of_kind(board, "timeseries")["fieldConfig"]["overrides"][0]["properties"][0]["id"] = "colour"


def in_query(board: dict[str, Any]) -> None:
    of_kind(board, "stat")["targets"][0]["expression"] = "up"


def in_enum(board: dict[str, Any]) -> None:
    of_kind(board, "stat")["options"]["colorMode"] = "foreground"


def in_variable(board: dict[str, Any]) -> None:
    board["templating"]["list"][0]["multiple"] = True


def in_annotation(board: dict[str, Any]) -> None:
    board["annotations"]["list"][0]["colour"] = "#000000"


def missing(board: dict[str, Any]) -> None:
    del of_kind(board, "stat")["options"]["graphMode"]


MISTAKES = (in_options, in_custom, in_override, in_query, in_enum, in_variable, in_annotation, missing)


def test_a_mistake_anywhere_is_found(compiler: Path) -> None:
    """All mistakes are compiled at once: each in a dashboard of its own, each told by its line."""

    def spoilt(mistake: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        board = deepcopy(read(FILES[-1]))
        mistake(board)
        return board

    told = complaints(compiler, [spoilt(mistake) for mistake in MISTAKES])
    lines = {int(line.split("(")[1].split(",")[0]) for line in told.splitlines() if line.startswith("checked.ts(")}
    assert lines == set(range(2, 2 + len(MISTAKES))), told
