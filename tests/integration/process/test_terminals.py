"""Terminals that are not as usual: one that shows ASCII alone, one whose input was closed."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .installations import VIGIE, vigie

ASCII = {"PYTHONIOENCODING": "ascii"}
POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("environment", [ASCII, POSIX], ids=["ascii", "posix"])
def test_what_a_terminal_cannot_show_is_escaped_on_both_streams(environment: dict[str, str]) -> None:
    told = vigie("config", "show", **environment)
    assert told.returncode == 0, told.stderr
    assert told.stdout.isascii()
    assert tomllib.loads(told.stdout)["site"]["name"] == "Démonstration"
    as_json = vigie("config", "show", "--json", **environment).stdout
    assert (as_json.isascii(), json.loads(as_json)["site"]["name"]) == (True, "Démonstration")
    told = vigie("config", "check", "--config", "/né𝄞.toml", **environment)
    assert told.returncode == 3
    assert "Traceback" not in told.stderr
    assert "\\u" in told.stderr


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ("user add x --role viewer", 7, "use --password-stdin or --generate"),
        ("user add x --role viewer --password-stdin", 7, "has ended without a password"),
        ("restore -", 1, "not a complete backup"),
        ("commission --plant twin --output practice.toml", 1, "the input has ended before the commissioning did"),
    ],
)
def test_a_closed_input_is_an_end_and_no_traceback(tmp_path: Path, words: str, status: int, says: str) -> None:
    told = subprocess.run(
        ["/bin/sh", "-c", '"$@" <&-', "sh", VIGIE, *words.split(), "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)},
    )
    assert (told.returncode, "Traceback" in told.stderr) == (status, False), told.stderr
    assert says in told.stderr


AT_IMPORT = """
import os, sys

module = sys.argv.pop(1)

class AtImport:
    def find_spec(name, *_):
        if name == module:
            os.kill(os.getpid(), 2)

sys.modules.pop("signal", None)
sys.meta_path.insert(0, AtImport)
from vigie.cli.entry import main

main()
"""
"""``vigie`` with a Ctrl-C at the very moment in which a module is imported."""


@pytest.mark.parametrize("module", ["signal", "vigie.cli.starting", "vigie.cli.app", "typer", "tomlkit"])
def test_ctrl_c_at_once_is_quiet_whatever_is_imported_then(tmp_path: Path, module: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", AT_IMPORT, module, "config", "show"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)},
    )
    assert told.returncode in {-2, 130}, told.stderr
    assert "Traceback" not in told.stderr
    assert told.stdout == ""
