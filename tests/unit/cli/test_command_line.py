"""The command line in one process: help, exit statuses, wrong arguments, settings shown and checked."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from vigie import errors
from vigie.cli import controller_process, exit_codes, process, web_process
from vigie.cli.app import app
from vigie.cli.exit_codes import Exit, exit_code
from vigie.cli.options import ContactName
from vigie.config import Config, load
from vigie.control.commands import Mode, ModeName
from vigie.control.signals import Contact

DOCS = Path(__file__).parents[3] / "docs" / "cli.md"


def commands(group: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command with its whole name."""
    group = typer.main.get_command(app) if group is None else group
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


NAMES = dict(commands())


@pytest.mark.parametrize(
    "words", ["backup |", "restore |", "backup --data |", "status --data |", "status --url |", "run --data |"]
)
def test_an_empty_name_is_refused_and_means_nothing_else(vigie: Callable[..., Any], words: str) -> None:
    told = vigie(*words.replace("|", "").split(" "))
    assert told.status == Exit.USAGE
    assert "is a variable not set?" in told.err


@pytest.mark.parametrize("name", NAMES)
def test_help_of_every_command_says_what_it_does_and_ends_with_an_example(vigie: Callable[..., Any], name: str) -> None:
    told = vigie(*name.split(), "--help")
    assert told.status == 0
    assert "Example:" in told.out
    assert f"vigie {name}" in told.out.split("Example:")[1]
    assert NAMES[name].help


def test_help_of_the_whole_tells_every_exit_status(vigie: Callable[..., Any]) -> None:
    told = " ".join(vigie("--help").out.split())
    for code, meaning in exit_codes.MEANINGS.items():
        assert f"{code:d} {meaning}" in told


def test_version_is_told(vigie: Callable[..., Any]) -> None:
    assert re.fullmatch(r"vigie \d+\.\d+.*\n", vigie("--version").out)


def test_page_lists_the_commands_that_exist() -> None:
    page = DOCS.read_text(encoding="utf-8")
    listed = re.findall(r"^\| `vigie ([a-z ]+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(NAMES)


def test_page_explains_every_exit_status_in_the_same_words() -> None:
    page = DOCS.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE))
    assert listed == {f"{code:d}": meaning for code, meaning in exit_codes.MEANINGS.items()}
    assert set(exit_codes.MEANINGS) == set(Exit)


@pytest.mark.parametrize("line", re.findall(r"^vigie ([^#|>\n]+)", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
def test_every_command_line_on_the_page_is_understood(line: str) -> None:
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)]
    name = " ".join(words[:2]) if " ".join(words[:2]) in NAMES else words[0]
    context = NAMES[name].make_context(name, words[len(name.split()) :])
    assert context.params is not None


def test_every_error_has_its_exit_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    found = {kind.__name__: exit_code(kind("x")) for kind in kinds}
    assert found["VigieError"] == Exit.FAILED
    assert found["RelayError"] == found["RecordingError"] == Exit.PLANT
    assert {Exit.SETTINGS, Exit.ALREADY_RUNNING, Exit.UNREACHABLE, Exit.REFUSED, Exit.JOURNAL} <= set(found.values())


def test_names_on_the_command_line_are_those_of_control() -> None:
    assert get_args(ModeName) == tuple(mode.name.lower() for mode in Mode)
    assert get_args(ContactName) == tuple(contact.name.lower() for contact in Contact)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("fly",), 2, "fly"),
        (("run", "--nonsense"), 2, "--nonsense"),
        (("run", "--speed", "fast"), 2, "valid number"),
        (("run", "--speed"), 2, "--speed"),
        (("relay", "9", "open"), 2, "less than or equal to 4"),
        (("relay", "2", "ajar"), 2, "ajar"),
        (("relay", "2"), 2, "Missing"),
        (("mode", "holiday"), 2, "holiday"),
        (("run", "--speed", "1000"), 3, "plant.speed"),
        (("run", "--speed", "nan"), 3, "plant.speed"),
        (("run", "--plant", "submarine"), 3, "must be one of twin, rig, recorded"),
        (("run", "--plant", "rig"), 3, "wiring.controller_supply"),
        (("run", "--port", "99999"), 3, "99999"),
        (("run", "--port", "-1"), 3, "web.port"),
        (("config", "check", "--config", "/nowhere.toml"), 3, "does not exist"),
        (("config", "check", "--config", "/"), 3, "cannot be read"),
        (("config", "show", "--plant", "rig"), 3, "demanded"),
        (("status", "--url", "http://127.0.0.1:1/flask"), 6, "nobody answers"),
        (("run", "--plant", "rig"), 3, "`vigie commission --plant rig` finds out how the boards are wired"),
        (("run", "--plant", "recorded"), 3, "or with --recording FILE"),
        *(
            (("status", "--url", url), 6, f"--url {url} is no address: write http://HOST:PORT/flask")
            for url in (
                "nonsense",
                "localhost:8000",
                "http://",
                "http://[::1",
                "http://pi.local:port/",
                "//pi.local",
            )
        ),
        (("status", "--url", ""), 2, "is empty"),
        (("mode", "protect", "--url", "http://127.0.0.1:1"), 6, "nobody answers"),
        (("relay", "2", "OPEN", "--url", "http://127.0.0.1:1"), 6, "nobody answers"),
        (("acknowledge", "--url", "ftp://127.0.0.1:1"), 6, "ftp://127.0.0.1:1 is no address"),
        (("export", "--from", "yesterday", "--to", "2026-01-01"), 1, "yesterday"),
        (("export", "--from", "2026-01-02", "--to", "2026-01-01"), 1, "not before"),
        (("export", "--from", "0001-01-01", "--to", "9999-12-31T23:59:59-12:00"), 8, "has not run yet"),
        (("export", "--from", "2026-01-01", "--to", "2026-01-02", "--format", "xls"), 1, "csv, parquet"),
        (("export", "--from", "2026-01-01", "--to", "2026-01-02", "--format", "parquet"), 1, "--output"),
        (("export", "--from", "2026-01-01", "--to", "2026-01-02", "--resolution", "day"), 1, "raw, minute, hour"),
        (("export", "--from", "2026-01-01", "--to", "2026-01-02"), 8, "has not run yet"),
    ],
)
def test_hostile_command_line_is_a_message_and_a_status(
    vigie: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    status: int,
    says: str,
) -> None:
    monkeypatch.setenv("VIGIE_DATA", str(tmp_path))
    told = vigie(*arguments)
    assert told.status == status, told.err
    assert says in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("body", [controller_process.body, web_process.body])
def test_data_folder_that_cannot_be_made_is_named(capsys: pytest.CaptureFixture[str], body: Any) -> None:
    assert process.run(body, ["--data", "/proc/vigie", "--port", "0"]) == Exit.FAILED
    told = capsys.readouterr().err
    assert "/proc/vigie" in told
    assert "--data" in told


@pytest.mark.parametrize(
    "arguments", [(), ("--plant", "rig", "--config", "RIG"), ("--plant", "recorded", "--recording", "x.csv")]
)
def test_settings_shown_are_a_file_that_reads_back_the_same(
    vigie: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text(
        '[plant]\nkind = "rig"\n[wiring]\ncontroller_supply = "loads"\n'
        '[rig]\nr1_contact = "nc"\nr2_contact = "no"\n[site]\nname = "été \\"x\\" [y]"\n'
    )
    given = [str(rig) if word == "RIG" else word for word in arguments]
    told = vigie("config", "show", *given)
    assert told.status == 0, told.err
    shown = tmp_path / "shown.toml"
    shown.write_text(told.out, encoding="utf-8")
    assert load(shown)._replace(source="", given={}) == process.parsed(given)._replace(source="", given={})
    assert vigie("config", "show", "--config", str(shown)).out == told.out


def test_settings_shown_as_json_are_the_same_settings(vigie: Callable[..., Any]) -> None:
    shown = json.loads(vigie("config", "show", "--json").out)
    assert shown["protect"]["open_above_v"] == 12.9
    assert shown["plant"]["kind"] == "twin"


def test_check_of_a_good_file_says_so_and_names_the_known_risks(vigie: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "rig [1].toml"
    file.write_text(
        '[plant]\nkind = "rig"\n[wiring]\ncontroller_supply = "loads"\n[rig]\nr1_contact = "nc"\nr2_contact = "no"\n'
    )
    told = vigie("config", "check", "--config", str(file))
    assert told.status == 0
    assert "known risk wiring: " in told.out
    assert f"{file}: no faults" in told.out
    as_json = json.loads(vigie("config", "check", "--config", str(file), "--json").out)
    assert as_json["faults"] == []
    assert "wiring" in [warning["key"] for warning in as_json["warnings"]]


def test_check_of_a_bad_file_names_all_faults_and_ends_with_3(vigie: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[protect]\nopen_above_v = 99\n[nonsense]\n")
    told = vigie("config", "check", "--config", str(file))
    assert told.status == 3
    assert "2 faults" in told.err
    told = vigie("config", "check", "--config", str(file), "--json")
    assert told.status == 3
    assert {fault["key"] for fault in json.loads(told.out)["faults"]} == {"protect.open_above_v", "nonsense"}


def test_surprise_in_a_process_is_a_traceback_and_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    def body(_config: Config) -> None:
        raise ZeroDivisionError("surprise")

    assert process.run(body, []) == Exit.FAILED
    assert "ZeroDivisionError: surprise" in capsys.readouterr().err
