"""Terminals that are not as usual: one that shows ASCII alone, one whose input was closed."""

import json
import os
import subprocess
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
