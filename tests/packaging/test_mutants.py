"""Small faults put into code: each is one change, and a test that sees it kills it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from tools.mutants import __main__ as command
from tools.mutants import trial
from tools.mutants.mutations import Mutant, mutants, mutated, sample
from tools.mutants.trial import Trial

ROOT = Path(__file__).resolve().parents[2]
CODE = '''"""A module."""
LIMIT = 3

class Door:
    def opens(self, name: str, tries: int = 1) -> bool:
        """Say whether."""
        log.info("asked", tries=1)
        if not name:
            raise ValueError("a name of 1 letter at least")
        self.note(name)
        return tries < LIMIT and True
'''
MODULE = Path("src/thing.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / MODULE).write_text(CODE)
    return tmp_path


def test_what_a_function_does_is_changed_and_neither_its_texts_nor_its_logs(root: Path) -> None:
    found = {(mutant.within, mutant.before, mutant.after) for mutant in mutants(MODULE, root)}
    assert found == {
        ("Door.opens", "not name", "name"),
        ("Door.opens", "self.note(name)", "pass"),
        ("Door.opens", "tries < LIMIT and True", "tries < LIMIT or True"),
        ("Door.opens", "tries < LIMIT", "tries <= LIMIT"),
        ("Door.opens", "True", "False"),
    }


def test_each_mutant_is_one_change_of_its_module(root: Path) -> None:
    before = ast.unparse(ast.parse(CODE)).splitlines()
    for mutant in mutants(MODULE, root):
        after = ast.unparse(mutated(mutant, root)).splitlines()
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert len(changed) == 1
        assert changed[0][0].replace(mutant.before, mutant.after) == changed[0][1]


def test_a_sample_is_the_same_for_the_same_seed(root: Path) -> None:
    assert sample([MODULE], root, 3, 1) == sample([MODULE], root, 3, 1)
    assert len(sample([MODULE], root, 3, 1)) == 3
    assert len(sample([MODULE], root, 99, 1)) == 5


def test_what_a_run_printed_as_survivors_is_found_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ROOT", root)
    one, *_ = mutants(MODULE, root)
    (root / "printed").write_text(f"package  mutants\n    line 999: {one.key}\n{mutants(MODULE, root)[1].key}\n")
    assert command.again([MODULE], root / "printed") == [one]


@pytest.fixture
def tested(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module with a test that reads one of its two numbers."""
    (root / MODULE).write_text("def seen(): return 1\ndef unseen(): return 1\ndef hangs(): return 0\n")
    (root / "test_thing.py").write_text(
        "import thing\ndef test_seen():\n    while thing.hangs(): pass\n    assert thing.seen() == 1\n"
    )
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(root / "src")
    return root


def _fate(mutant: Mutant, root: Path, wait_s: float) -> bool:
    on_trial = Trial(mutated(mutant, root), mutant.path, root, ["test_thing.py"])
    trial.select.select([on_trial.ends], [], [], wait_s)
    return on_trial.survives()


def test_only_what_no_test_sees_survives(tested: Path) -> None:
    fates = {mutant.within: _fate(mutant, tested, 60.0) for mutant in mutants(MODULE, tested)[:2]}
    assert fates == {"seen": False, "unseen": True}
    assert "thing" not in sys.modules


def test_what_hangs_is_killed(tested: Path) -> None:
    assert not _fate(mutants(MODULE, tested)[2], tested, 3.0)


class SeenByTheTest:
    def tests(self, _path: Path, _line: int) -> list[str]:
        return ["test_thing.py"]


def test_what_was_not_done_in_time_is_counted_as_late(tested: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ROOT", tested)
    monkeypatch.setattr(command, "LIMIT_S", 1.0)
    hanging = mutants(MODULE, tested)[2:]
    assert [mutant.within for mutant in hanging] == ["hangs"]
    assert command.tried(hanging, SeenByTheTest()) == ([], 1)  # type: ignore[arg-type]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_few_faults_in_the_door_go_unnoticed() -> None:
    arguments = [sys.executable, "-m", "tools.mutants", "access", "--near", "--many", "40", "--seed", "2"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
