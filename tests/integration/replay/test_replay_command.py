"""The whole command, as a person types it, on small logs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from vigie.control.commands import Reason
from vigie.wording.words import describe, translator

HEADER = "time,voltage,current,temperature\n"
COMMAND = [sys.executable, "-c", "from vigie.cli.app import main; main()", "replay"]


def run(*arguments: str, language: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    environment = {"LC_ALL": language, "PYTHONUTF8": "1", "PATH": "", "COLUMNS": "200"}
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, env=environment
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Ten minutes at 13.2 V, ten of discharge at 1 A, a two-hour gap, ten minutes of charge at 2 A."""
    rows = [f"2026-01-01 00:{minute:02}:00,13.2,0.0,\n" for minute in range(10)]
    rows += [f"2026-01-01 00:{minute:02}:00,12.8,1.0,\n" for minute in range(10, 21)]
    rows += [f"2026-01-01 02:{minute:02}:00,12.6,-2.0,\n" for minute in range(21, 32)]
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


def test_json_is_one_object_with_units_in_its_names(log: Path) -> None:
    result = run(str(log), "--mode", "protect", "--json")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    report = json.loads(result.stdout)
    assert report["file"] == str(log)
    assert report["mode"] == "protect"
    assert (report["rows"], report["periods"], report["failed_periods"]) == (32, 33, 1)
    assert report["duration_s"] == 2 * 3600 + 31 * 60
    assert report["first_utc"] == "2026-01-01T00:00:00.000+00:00"
    assert report["first_utc_ms"] == 1_767_225_600_000
    (gap,) = report["gaps"]
    assert (gap["from_utc"], gap["length_s"]) == ("2026-01-01T00:20:00.000+00:00", 7_260.0)
    # 10 min at 1 A and the half minute of its ramp out; 10 min at 2 A in; nothing across the gap.
    assert report["charge_out_ah"] == pytest.approx((600 + 30) / 3600, abs=1e-4)
    assert report["charge_in_ah"] == pytest.approx(1_200 / 3600, abs=1e-4)
    assert report["energy_in_wh"] == pytest.approx(12.6 * 1_200 / 3600, abs=1e-4)
    assert report["temperature_min_c"] is None
    opened, closed = report["switchings"]
    assert opened == {  # not in the first row: R2 stays closed for its minimum time of 60 s
        "utc": "2026-01-01T00:01:00.000+00:00",
        "utc_ms": 1_767_225_660_000,
        "relay": "R2",
        "before": "closed",
        "after": "open",
        "reason": "upper_voltage_reached",
        "battery_v": 13.2,
        "current_a": 0.0,
    }
    assert (closed["utc_ms"], closed["reason"]) == (1_767_225_600_000 + 600_000, "mains_lost")
    assert (closed["battery_v"], closed["current_a"]) == (12.8, -1.0)
    assert report["switching_counts"] == [
        {"relay": "R2", "after": "open", "reason": "upper_voltage_reached", "count": 1},
        {"relay": "R2", "after": "closed", "reason": "mains_lost", "count": 1},
    ]
    assert report["final"]["contacts"] == {"R1": "closed", "R2": "closed", "R3": "open", "R4": "open"}


def test_every_key_of_the_json_is_described(log: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "replay.md").read_text(encoding="utf-8")
    report = json.loads(run(str(log), "--mode", "protect", "--json").stdout)
    undescribed = [key for key in report if f"`{key}`" not in page]
    assert undescribed == []


def test_text_names_the_switchings_the_gap_and_the_assumptions(log: Path) -> None:
    result = run(str(log), "--mode", "protect")
    assert result.returncode == 0, result.stderr
    text = " ".join(result.stdout.split())
    assert "2 switchings" in text
    assert "2026-01-01 00:10:00 R2 closed mains lost: the battery is needed 12.800 -1.000" in text
    assert "gap 2026-01-01 00:20:00 to 2026-01-01 02:21:00: 2 h 01 min" in text
    assert "0.33 Ah in, 0.17 Ah out" in text
    assert "Open loop: contacts that the control moves change nothing in what was logged" in text
    assert "without V3: the mains counts as present unless the battery discharges with 0.05 A or more" in text


def test_text_speaks_the_language_of_the_terminal(log: Path) -> None:
    result = run(str(log), "--mode", "protect", language="fr_FR.UTF-8")
    french, english = (describe(Reason.MAINS_LOST, translator(language)) for language in ("fr", "en"))
    assert french != english
    text = " ".join(result.stdout.split())
    assert " ".join(french.split()) in text  # a no-break space is white space to split()
    assert english not in text


def test_many_switchings_are_shown_at_both_ends_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "busy.csv"
    rows = (f"{1_700_000_000 + 300 * step},{13.0 if step % 2 else 12.5},0.0,\n" for step in range(101))
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    result = run(str(path), "--mode", "protect")
    lines = [line for line in result.stdout.splitlines() if " R2 open " in line or " R2 closed " in line]
    assert "100 switchings" in result.stdout
    assert "... 60 more" in result.stdout
    assert sum(line.startswith(" 2023-") for line in lines) == 40
    assert len(json.loads(run(str(path), "--mode", "protect", "--json").stdout)["switchings"]) == 100


def test_wrong_columns_end_with_status_5_and_are_named(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("when,U,I\n0,12,0\n", encoding="utf-8")
    result = run(str(path))
    assert result.returncode == 5
    assert "found the columns when, U, I; expected time, voltage, current, temperature" in result.stderr
    assert result.stdout == ""


def test_another_loggers_columns_are_mapped_by_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    rows = "".join(f"{1_700_000_000 + 60 * minute},12600,2000\n" for minute in range(61))
    path.write_text("when,U,I\n" + rows, encoding="utf-8")
    settings = tmp_path / "logger.toml"
    settings.write_text(
        '[recorded.columns]\ntime = "when"\nvoltage = "U"\ncurrent = "I"\ntemperature = ""\n'
        'positive_current = "charge"\nvolts_per_unit = 0.001\namperes_per_unit = 0.001\n',
        encoding="utf-8",
    )
    result = run(str(path), "--config", str(settings), "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["charge_in_ah"] == pytest.approx(2.0)
    assert report["energy_in_wh"] == pytest.approx(25.2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--mode", "manual"), "a person sets the contacts"),
        (("--mode", "rest"), "mode 'rest' is unknown; use one of observe, protect, cycle"),
        (("--plot", "out.pdf"), "suffix '.pdf' is unknown"),
    ],
)
def test_what_cannot_be_replayed_is_told_in_one_line(log: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run(str(log), *arguments)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_the_plot_is_written_where_it_was_asked_for(log: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra lab")
    picture = tmp_path / "protect.svg"
    result = run(str(log), "--mode", "protect", "--plot", str(picture))
    assert result.returncode == 0, result.stderr
    assert "<svg" in picture.read_text(encoding="utf-8")
