"""One controller per installation: a lock file that names its holder."""

import contextlib
import errno
import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

from vigie.clock import machine_utc_s
from vigie.errors import AlreadyRunning, VigieError
from vigie.wording.dialogue import spoken, technical
from vigie.wording.words import mark

CANNOT_WRITE = mark("cannot write {path}: {why}; choose another folder with --data")


class ControllerLock:
    """Held while a controller runs; the kernel releases it when the process dies, however it dies.

    The folder of the file is locked with it: a file that somebody deletes lets no second controller in.
    """

    def __init__(self, path: Path, *, with_folder: bool = True) -> None:
        """Take the lock; one that stands beside another in the same folder is ``with_folder = False``.

        Raises:
            AlreadyRunning: another controller holds it; the text names it.
            VigieError: the folder cannot be written.
        """
        self._fd = _opened(path)
        self._folder: int | None = None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if with_folder:
                self._folder = _locked_folder(path.parent)
        except OSError:
            holder = os.pread(self._fd, 200, 0).decode(errors="replace").strip() or spoken("unknown process")
            self.close()
            raise AlreadyRunning(
                spoken(
                    "another controller runs this installation already: {holder} (lock {path}); stop it first, or give "
                    "this one its own folder with --data",
                    holder=holder,
                    path=path,
                )
            ) from None
        since = datetime.fromtimestamp(machine_utc_s(), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        with contextlib.suppress(OSError):  # the lock holds on a full or read-only disk too; only the name is missing
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"process {os.getpid()}, since {since}\n".encode(), 0)

    def close(self) -> None:
        for fd in (self._fd, self._folder):
            if fd is not None:
                with contextlib.suppress(OSError):
                    os.close(fd)


def _locked_folder(folder: Path) -> int | None:
    """Lock a folder; None where its file system locks none.

    Raises:
        BlockingIOError: somebody holds it.
    """
    fd = -1
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if fd >= 0:
            os.close(fd)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return fd


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno == errno.EROFS and path.exists():  # a controller must come back although the disk went read-only
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        raise VigieError(spoken(CANNOT_WRITE, path=path, why=technical(error.strerror))) from error
