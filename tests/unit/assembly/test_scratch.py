"""The folder that is gone again, whenever the work on it ends."""

from pathlib import Path

import pytest

from vigie.assembly.scratch import scratch_folder


@pytest.mark.parametrize("moment", ["before it is made", "once it is made", "while it is used"])
def test_a_signal_at_any_moment_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    make = Path.mkdir

    def stopped(path: Path, mode: int = 0o777) -> None:
        if moment != "before it is made":
            make(path, mode)
        if moment != "while it is used":
            raise SystemExit(143)

    monkeypatch.setattr(Path, "mkdir", stopped)
    with pytest.raises(SystemExit):
        _stopped_at_work(tmp_path)
    assert not list(tmp_path.iterdir())


def _stopped_at_work(place: Path) -> None:
    with scratch_folder(place, ".work-") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "half").write_text("half")
        raise SystemExit(143)
