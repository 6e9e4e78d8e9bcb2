"""What people wrote stands on the screen as they wrote it, and nothing is cut in a pipe."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from vigie.cli import alarms, messages, screen, status
from vigie.cli.targets import refuse_loss
from vigie.config import check
from vigie.errors import VigieError

CLI = Path(screen.__file__).parent
WRITTEN = "[mill] [/bold] [[mail.receivers]] :bell: " + "long " * 60
CONFIG = check({}, "test")


def test_no_command_prints_through_a_console_of_its_own() -> None:
    own = [path.name for path in CLI.rglob("*.py") if re.search(r"\bConsole\(|markup import", path.read_text("utf-8"))]
    assert set(own) <= {"screen.py", "supervise.py"}, "supervise.py names no text of anybody but the data folder"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the answers of the program, by path."""
    found: dict[str, Any] = {}
    for module in (alarms, messages, status):
        monkeypatch.setattr(module, "get", lambda _asked, path, *_names: found[path])
    monkeypatch.delenv("COLUMNS", raising=False)
    return found


def test_a_table_in_a_pipe_shows_all_of_what_was_written(capsys: pytest.CaptureFixture[str], answers: Any) -> None:
    message = {"created_utc_ms": 0, "receiver": "a@b", "state": "waiting", "tries": 3}
    message |= {"subject": WRITTEN, "last_error": WRITTEN}
    answers["/api/v1/mail"] = {"is_configured": True, "waiting": 1, "refused": 0, "messages": [message]}
    messages.show(CONFIG, None, as_json=False)
    assert capsys.readouterr().out.count(WRITTEN.strip()) == 2


def test_names_of_settings_in_brackets_are_told(capsys: pytest.CaptureFixture[str], answers: Any) -> None:
    answers["/api/v1/mail"] = {"is_configured": False}
    messages.show(CONFIG, None, as_json=False)
    assert "[[mail.receivers]]" in capsys.readouterr().out


def test_an_alarm_that_is_over_does_not_say_what_the_battery_is_doing(
    capsys: pytest.CaptureFixture[str], answers: Any
) -> None:
    alarm = {"alarm": "mains_lost", "severity": "warning", "standing": "unacknowledged", "is_present": True}
    alarm |= {"raised_utc_ms": 0, "value": None, "unit": "", "detail": [], "protection": "r2_closed"}
    answers["/api/v1/alarms"] = {"alarms": [alarm]}
    snapshot = {"loop": {"period_s": 1.0}, "speed": 1.0}
    answers["/api/v1/state"] = {"snapshot": snapshot, "age_ms": 0, "link": "connected", "web_alarms": []}
    alarms.show(CONFIG, None, as_json=False)
    present = capsys.readouterr().out
    assert "R2 is closed" in present
    assert "The battery carries the loads" in present
    alarm |= {"standing": "returned", "is_present": False, "protection": "none"}
    alarms.show(CONFIG, None, as_json=False)
    over = capsys.readouterr().out
    assert "It is over" in over
    assert "carries" not in over
    assert "program" not in over


def test_a_narrow_terminal_folds_words_and_keeps_instants_whole() -> None:
    drawn = screen.table("from", "file", whole=("from",))
    drawn.add_row("2026-11-22 22:00:00 UTC", "cellar-of-the-old-mill.csv")
    shown = Console(file=io.StringIO(), width=40)
    shown.print(drawn)
    text = shown.file.getvalue()  # type: ignore[attr-defined]
    assert "2026-11-22 22:00:00 UTC" in text
    assert "…" not in text


def test_an_output_never_takes_the_place_of_an_input_nor_unasked_of_another_file(tmp_path: Path) -> None:
    log, other = tmp_path / "log.csv", tmp_path / "other.csv"
    log.write_text("1")
    refuse_loss("--output", other, (log,), may_replace=False)
    other.write_text("2")
    refuse_loss("--output", other, (log,), may_replace=True)
    with pytest.raises(VigieError, match="--force"):
        refuse_loss("--output", other, (log,), may_replace=False)
    (tmp_path / "same.csv").symlink_to(log)
    with pytest.raises(VigieError, match="what this command reads"):
        refuse_loss("--output", tmp_path / "same.csv", (log,), may_replace=True)
