"""The settings file may be named once for all commands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_the_environment_names_the_settings_file_and_the_command_line_lies_over_it(
    vigie: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'[site]\nname = "{name}"\n', encoding="utf-8")
    monkeypatch.setenv("VIGIE_CONFIG", str(tmp_path / "one.toml"))
    assert 'name = "one"' in vigie("config", "show").out
    assert 'name = "two"' in vigie("config", "show", "--config", str(tmp_path / "two.toml")).out
