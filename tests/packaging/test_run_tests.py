"""What `make test` tells at its end, from what a real pytest left."""

import sys
from pathlib import Path

import pytest
from tools import run_tests

CASES = """
import pytest

def test_good(): pass

@pytest.mark.skip(reason="no such server: sudo apt-get install server")
def test_skipped(): pass

def test_bad(): assert 1 == 2, "one is not two"
"""

MEETING = """
import pathlib, time

def test_the_other_is_there():
    pathlib.Path("{own}").touch()
    by = time.monotonic() + 30
    while not pathlib.Path("{other}").exists():
        assert time.monotonic() < by
        time.sleep(0.05)
"""


@pytest.fixture
def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two stages in a folder of their own: the first fails, the second passes."""
    (tmp_path / "test_mixed.py").write_text(CASES)
    (tmp_path / "test_fine.py").write_text("def test_fine(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(
        run_tests,
        "STAGES",
        (
            run_tests.Stage("first", ("test_mixed.py",), 1, "one"),
            run_tests.Stage("second", ("test_fine.py",), 1, "one"),
        ),
    )
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def test_a_failed_stage_hides_no_other(stages: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_tests.main(["--here", "--only", "first", "--only", "second"]) == 1
    told = capfd.readouterr().out
    rows = {
        line.split()[0]: line.split()[2:5] for line in told.splitlines() if line.startswith(("first (", "second ("))
    }
    assert rows == {"first": ["1", "1", "1"], "second": ["1", "0", "0"]}
    assert "1 x  no such server: sudo apt-get install server" in told
    assert "one is not two" in told
    assert "test_fine::test_fine" in told.partition("slowest:")[2]
    assert told.rstrip().endswith("FAILED")


def test_a_stage_that_collects_nothing_has_failed(stages: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (stages / "test_fine.py").write_text("import no_such_module\n")
    assert run_tests.main(["--here", "--only", "second"]) == 1
    assert "no_such_module" in capfd.readouterr().out


def test_all_that_passed_is_a_zero(stages: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_tests.main(["--here", "--only", "second"]) == 0
    assert "all that ran has passed" in capfd.readouterr().out


def test_the_oldest_python_runs_the_quick_stage_and_the_newest_the_others(
    stages: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    quick, other = run_tests.STAGES[1], run_tests.STAGES[1]
    monkeypatch.setattr(run_tests, "STAGES", (quick._replace(is_on_oldest=True), other._replace(name="later")))
    monkeypatch.setattr(run_tests, "interpreters", lambda: {"3.11": sys.executable, "3.9": "", "3.13": sys.executable})
    monkeypatch.setattr(run_tests, "SUPPORTED", ("3.9", "3.11", "3.13"))
    monkeypatch.setattr(run_tests, "prepared", lambda version, _pythons: sys.executable if version != "3.11" else "")
    assert run_tests.main([]) == 0
    assert {path.name for path in (stages / "results").glob("*.xml")} == {"second-(3.9).xml", "later-(3.13).xml"}
    assert "second (3.9)" in capfd.readouterr().out


def test_lanes_run_beside_each_other(stages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for own, other in (("mixed", "fine"), ("fine", "mixed")):
        (stages / f"test_{own}.py").write_text(MEETING.format(own=own, other=other))
    first, second = run_tests.STAGES
    monkeypatch.setattr(run_tests, "STAGES", (first._replace(lane="another"), second))
    assert run_tests.main(["--here"]) == 0


def test_a_missing_other_python_is_told(stages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_tests.os, "geteuid", lambda: 1000)
    result = run_tests.other_end({run_tests.THIS: sys.executable})
    assert "no Python" in result.note
    assert result.has_failed
