import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from vigie.controller.lock import ControllerLock
from vigie.errors import AlreadyRunning, VigieError


def test_lock_names_its_holder_and_is_free_after_it(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "controller.lock"
    first = ControllerLock(path)
    with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}, since 2\d\d\d-.* UTC"):
        ControllerLock(path)
    first.close()
    ControllerLock(path).close()


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "controller.lock"
    code = (
        "import sys, time; from pathlib import Path; from vigie.controller.lock import ControllerLock;"
        "lock = ControllerLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"):
            ControllerLock(path)
        holder.kill()
    ControllerLock(path).close()


@pytest.mark.parametrize("deleted", ["deleted", "replaced"])
def test_the_lock_survives_the_deletion_of_its_file(tmp_path: Path, deleted: str) -> None:
    path = tmp_path / "controller.lock"
    first = ControllerLock(path)
    path.unlink()
    if deleted == "replaced":
        path.write_text("process 1, since yesterday\n")
    with pytest.raises(AlreadyRunning, match="another controller runs this installation already"):
        ControllerLock(path)
    with closing(ControllerLock(tmp_path / "delivery.lock", with_folder=False)):
        pass
    first.close()
    ControllerLock(path).close()


def test_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(VigieError, match=r"cannot write /proc/vigie/controller.lock.*--data"):
        ControllerLock(Path("/proc/vigie/controller.lock"))


def test_garbage_in_the_file_does_not_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "controller.lock"
    path.write_bytes(b"\x00\xff" * 500)
    ControllerLock(path).close()
    assert path.read_text().startswith(f"process {os.getpid()}")
