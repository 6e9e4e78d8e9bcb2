"""What a journal lies on: a folder, a disk that fills up, a disk that turns read-only. All real; root mounts them."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Protocol

from vigie.telemetry.report import UNKNOWN_FIGURES, Figures

RELEASED_WITHIN_S = 30.0
"""A journal lets go of its file when it notices."""


class Disk(Protocol):
    """A place for the journal with a fault of its own."""

    def mounted(self, folder: Path) -> Path:
        """Return the folder to write to."""
        ...

    def fail(self) -> None:
        """Let the fault begin."""
        ...

    def heal(self) -> None:
        """Let it end."""
        ...

    def figures(self) -> Figures:
        """Return what the computer knows of it."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


def can_mount() -> bool:
    """Return whether this process may make and mount disks of its own."""
    return os.geteuid() == 0 and shutil.which("mkfs.ext4") is not None


class NoDisk:
    """A folder on a disk that works."""

    def mounted(self, folder: Path) -> Path:
        return folder

    def fail(self) -> None:
        raise AssertionError("a plain folder has no fault of its own")

    def heal(self) -> None:
        raise AssertionError("a plain folder has no fault of its own")

    def figures(self) -> Figures:
        return UNKNOWN_FIGURES

    def close(self) -> None:
        """Nothing to give back."""


class _Mounted:
    """A file system of its own."""

    def __init__(self) -> None:
        self._at: Path | None = None

    @property
    def at(self) -> Path:
        assert self._at is not None, "not mounted"
        return self._at

    def figures(self) -> Figures:
        if self._at is None:
            return UNKNOWN_FIGURES
        usage = shutil.disk_usage(self._at)
        return Figures(**(UNKNOWN_FIGURES | {"disk_used_bytes": usage.used, "disk_free_bytes": usage.free}))

    def close(self) -> None:
        if self._at is not None:
            subprocess.run(["umount", "-l", self._at], check=True)
            self._at = None


class SmallDisk(_Mounted):
    """A disk of 2 MB that something else fills up."""

    def mounted(self, folder: Path) -> Path:
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
        self._at = disk
        return disk

    def fail(self) -> None:
        with (self.at / "ballast").open("wb", buffering=0) as file:
            for block in (4096, 1):
                try:
                    while True:
                        file.write(bytes(block))
                except OSError:
                    continue

    def heal(self) -> None:
        (self.at / "ballast").unlink()


class ErringDisk(_Mounted):
    """An ext4 disk that turns read-only upon an error, as they do; healed, it is checked and mounted again.

    The journal reaches it by a link that leads nowhere meanwhile: it must not write under the mount point.
    """

    def mounted(self, folder: Path) -> Path:
        self._image, self._link, medium = folder / "disk.img", folder / "disk", folder / "medium"
        medium.mkdir()
        with self._image.open("wb") as file:
            file.truncate(8_000_000)
        subprocess.run(["mkfs.ext4", "-q", "-F", self._image], check=True)
        self._mount(medium)
        return self._link

    def fail(self) -> None:
        subprocess.run(["mount", "-o", "remount,abort", self.at], check=True)

    def heal(self) -> None:
        self._lead_to(Path("away"))
        medium = self.at
        deadline_s = time.monotonic() + RELEASED_WITHIN_S
        while (tried := subprocess.run(["umount", medium], check=False, capture_output=True, text=True)).returncode:
            assert time.monotonic() < deadline_s, f"the journal holds on to its broken disk: {tried.stderr}"
            time.sleep(0.05)
        self._at = None
        subprocess.run(["e2fsck", "-p", self._image], check=False, capture_output=True)
        self._mount(medium)

    def _mount(self, medium: Path) -> None:
        subprocess.run(["mount", "-o", "loop", self._image, medium], check=True)
        self._at = medium
        self._lead_to(medium)

    def _lead_to(self, medium: Path) -> None:
        new = self._link.with_name("new-link")
        new.symlink_to(medium)
        new.replace(self._link)
