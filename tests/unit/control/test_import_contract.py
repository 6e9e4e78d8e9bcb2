"""The contract that modes never import each other names every mode there is."""

import tomllib
from pathlib import Path

from vigie.control.modes.table import SPECS

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def test_every_mode_is_in_the_contract_between_modes() -> None:
    contracts = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
    between_modes = next(one for one in contracts if one["name"] == "Modes never import each other")
    assert set(between_modes["modules"]) == {f"vigie.control.modes.{spec.name}" for spec in SPECS}
