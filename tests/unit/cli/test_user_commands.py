"""``vigie user``, ``--login``, and which secret the command line shows to whom."""

import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from vigie.access.door import Door
from vigie.access.settings import AccessSettings, Login
from vigie.cli import client, process
from vigie.config import BadSettings, Config

GOOD = "correct horse battery"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def user(vigie: Callable[..., Any], data: Path) -> Callable[..., Any]:
    """Run ``vigie user ...`` on a data folder of the test's own."""

    def run(*words: str) -> Any:
        data.mkdir(exist_ok=True)
        return vigie("user", *words, "--data", str(data))

    return run


def opens(data: Path, name: str, password: str) -> bool:
    """Return whether a password opens the pages."""
    with closing(Door(AccessSettings(), data / "users.sqlite")) as door:
        try:
            door.log_in(name, password, "::1", "test")
        except Exception:
            return False
    return True


def config(data: Path, **more: Any) -> Config:
    return process.settings(None, data=str(data), **more)


def test_a_generated_password_is_printed_once_and_opens(user: Callable[..., Any], data: Path) -> None:
    told = user("add", "panel", "--role", "viewer", "--generate")
    assert told.status == 0
    (password,) = re.findall(r"^password: (\S+)$", told.out, re.M)
    assert opens(data, "panel", password)
    assert password not in user("list").out
    assert "must choose a password" in user("list").out


def test_a_password_from_standard_input_is_the_user_s_own(
    user: Callable[..., Any], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{GOOD}\nnot this\n"))
    assert user("add", "marie", "--role", "operator", "--password-stdin").status == 0
    (row,) = json.loads(user("list", "--json").out)["users"]
    assert (row["name"], row["role"], row["must_change"]) == ("marie", "operator", False)
    assert opens(data, "marie", GOOD)


def test_a_typed_password_is_asked_for_twice(
    user: Callable[..., Any], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = [GOOD, "something else", GOOD, GOOD]
    monkeypatch.setattr("getpass.getpass", lambda prompt: typed.pop(0))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    told = user("add", "marie", "--role", "operator")
    assert (told.status, "differ" in told.err) == (7, True)
    assert user("add", "marie", "--role", "operator").status == 0
    assert typed == []
    assert opens(data, "marie", GOOD)


def test_without_a_terminal_nothing_is_guessed(user: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    told = user("add", "marie", "--role", "operator")
    assert told.status == 7
    assert "--password-stdin or --generate" in told.err
    assert user("add", "marie", "--role", "operator", "--generate", "--password-stdin").status == 7


def test_roles_passwords_and_users_change_and_the_last_admin_stays(user: Callable[..., Any], data: Path) -> None:
    user("add", "ada", "--role", "admin", "--generate")
    user("add", "marie", "--role", "viewer", "--generate")
    assert user("role", "marie", "operator").status == 0
    told = user("passwd", "marie", "--generate")
    (password,) = re.findall(r"^password: (\S+)$", told.out, re.M)
    assert opens(data, "marie", password)
    assert "marie" in user("sessions").out
    assert "nobody is logged in" in user("sessions", "--revoke", "all").out
    told = user("remove", "ada")
    assert (told.status, told.err) == (7, "the only admin is ada: make another one first\n")
    assert user("remove", "marie").status == 0
    told = user("passwd", "marie", "--generate")
    assert (told.status, told.err) == (7, "there is no user marie; there are ada\n")


@pytest.mark.parametrize("name", ["Marie", "guest", "a b", ""])
def test_a_name_that_cannot_be_one_is_refused(user: Callable[..., Any], name: str) -> None:
    assert user("add", name, "--role", "viewer", "--generate").status == 7


def test_a_damaged_file_is_told_with_what_to_do(user: Callable[..., Any], data: Path) -> None:
    data.mkdir()
    (data / "users.sqlite").write_bytes(b"garbage" * 100)
    told = user("list")
    assert told.status == 1
    assert "is damaged: restore it from a backup" in told.err


def test_the_login_is_chosen_on_the_command_line_too(data: Path) -> None:
    assert config(data).access.login == Login.REQUIRED
    assert config(data, login="off").access.login == Login.OFF
    with pytest.raises(BadSettings, match=r"access\.login"):
        config(data, login="maybe")


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "192.168.1.5", "pi.local")],
)
def test_without_a_login_only_this_machine_may_come(tmp_path: Path, host: str, is_allowed: bool) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text(f'[web]\nhost = "{host}"\n[access]\nlogin = "off"\n')
    if is_allowed:
        assert process.parsed(["--config", str(file)]).web.host == host
    else:
        with pytest.raises(BadSettings, match=rf"access\.login: off lets whoever reaches {re.escape(host)}"):
            process.parsed(["--config", str(file)])


def test_the_secret_of_the_data_folder_is_shown_to_this_machine_only(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIGIE_TOKEN", raising=False)
    data.mkdir()
    (data / "link.token").write_text("secret-of-the-folder\n")
    settings = config(data)
    for url in (None, "http://localhost:9/flask/", "http://127.0.0.1/flask"):
        assert client.program(settings, url).headers == {"Authorization": "Bearer secret-of-the-folder"}, url
    for url in (
        "http://pi.local/flask",
        "https://evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://127.0.0.1.x/",
    ):
        assert client.program(settings, url).headers == {}, url
    monkeypatch.setenv("VIGIE_TOKEN", "given")
    assert client.program(settings, "http://pi.local/flask").token == "given"


def test_asking_makes_no_data_folder(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIGIE_TOKEN", raising=False)
    assert client.program(config(data), None).token is None
    assert not data.exists()
