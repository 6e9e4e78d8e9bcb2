import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from vigie.cli.app import main


class Told(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


@pytest.fixture
def vigie(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Told]:
    """Run a command line in this process; in a home of its own it meets no installation that runs meanwhile."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["vigie", *arguments])
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        else:
            status = 0
        return Told(status, *capsys.readouterr())

    return run
