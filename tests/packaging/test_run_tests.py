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
        (run_tests.Stage("first", ("test_mixed.py",), 1), run_tests.Stage("second", ("test_fine.py",), 1)),
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
    assert {path.name for path in (stages / "results").iterdir()} == {"second-(3.9).xml", "later-(3.13).xml"}
    assert "second (3.9)" in capfd.readouterr().out


def test_a_missing_other_python_is_told(stages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_tests.os, "geteuid", lambda: 1000)
    result = run_tests.other_end({run_tests.THIS: sys.executable})
    assert "no Python" in result.note
    assert result.has_failed


UNSTEADY = """
from pathlib import Path

import pytest

TRIED = Path(__file__).with_name("tried")

class TestFew:
    @pytest.mark.long
    @pytest.mark.parametrize("word", ["a b"])
    def test_unsteady(self, word):
        was_tried = TRIED.exists()
        TRIED.touch()
        assert was_tried, "too busy"

@pytest.mark.parametrize("number", range(MANY))
def test_bad(number): assert False
"""


def _told(folder: Path, stage: run_tests.Stage, always_bad: int) -> run_tests.Result:
    (folder / "tests").mkdir()
    (folder / "tests" / "test_few.py").write_text(UNSTEADY.replace("MANY", str(always_bad)))
    command = run_tests.pytest(sys.executable)
    return run_tests.steadied(run_tests.tested("some", [*command, *run_tests.at_once(stage)]), command)


@pytest.fixture
def programs(stages: Path) -> run_tests.Stage:
    (stages / "pytest.ini").write_text("[pytest]\nmarkers =\n  long: takes long\n")
    return run_tests.Stage("some", ("tests",), 1, marked="long or not long")


def test_what_passes_alone_is_told_as_unsteady(stages: Path, programs: run_tests.Stage) -> None:
    result = _told(stages, programs, always_bad=0)
    assert not result.has_failed
    assert [case.name for case in result.unsteady] == ["tests.test_few.TestFew::test_unsteady[a b]"]
    told = run_tests.summary([result])
    assert "unsteady" in told
    assert "too busy" in told


def test_what_fails_again_has_failed(stages: Path, programs: run_tests.Stage) -> None:
    result = _told(stages, programs, always_bad=1)
    assert result.has_failed
    assert (result.count("failed"), result.count("passed"), len(result.unsteady)) == (1, 1, 1)


def test_many_failures_are_not_tried_again(stages: Path, programs: run_tests.Stage) -> None:
    result = _told(stages, programs, always_bad=run_tests.MOST_UNSTEADY)
    assert result.has_failed
    assert not result.unsteady
