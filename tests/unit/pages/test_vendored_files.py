"""The libraries the browser gets are byte for byte the ones vendor.toml names."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import vendor  # noqa: E402


def test_every_vendored_file_has_the_recorded_hash_and_there_are_no_others() -> None:
    assert vendor.faults() == []


def test_a_changed_and_a_strange_file_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(vendor.TARGET, tmp_path / "vendor")
    shutil.copy(ROOT / "vendor.toml", tmp_path)
    monkeypatch.setattr(vendor, "ROOT", tmp_path)
    monkeypatch.setattr(vendor, "TARGET", tmp_path / "vendor")
    assert vendor.faults() == []
    victim = next(tmp_path.glob("vendor/uplot-*/uPlot.iife.min.js"))
    victim.write_bytes(victim.read_bytes() + b" ")
    (tmp_path / "vendor" / "extra.js").write_text("")
    changed, strange = vendor.faults()
    assert "uPlot.iife.min.js is not the file" in changed
    assert "extra.js is not named" in strange


def test_every_library_comes_with_its_licence() -> None:
    for package in vendor.packages():
        assert "MIT" in (vendor.folder_of(package) / "LICENSE").read_text()
