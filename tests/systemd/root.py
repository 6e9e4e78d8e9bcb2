"""A Debian root for the installer: the one of `tools/vm.sh` under a layer that the test throws away."""

import os
import shutil
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CACHE = Path(os.environ.get("VIGIE_INSTALL_CACHE", "/var/cache/vigie-vm"))
SOURCE = "/srv/vigie"
RIG = """
[wiring]
controller_supply = "independent"

[rig]
r1_contact = "nc"
r2_contact = "nc"

[start]
mode = "protect"

[minimum_times]
closed_s = 0
open_s = 0

[channels.spare]
is_fitted = true
"""
"""What commissioning would have found."""


class Root:
    """The layered root, with a copy of this tree in it, as somebody would have it who has just unpacked Vigie."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "root"
        for name in ("root", "upper", "work"):
            (folder / name).mkdir(parents=True)
        layers = f"lowerdir={CACHE / 'root'},upperdir={folder / 'upper'},workdir={folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", str(self.path)], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", str(self.path / "proc")], check=True)
        shutil.rmtree(self.path / "opt/vigie")
        shutil.rmtree(self.path / "opt/source", ignore_errors=True)
        (self.path / "srv/wheels").mkdir()
        subprocess.run(["mount", "--bind", str(CACHE / "wheels"), str(self.path / "srv/wheels")], check=True)
        archives = CACHE / "archives"
        archives.mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", str(archives), str(self.path / "var/cache/apt/archives")], check=True)
        self.take_tree()

    def take_tree(self) -> None:
        """Copy what a release has of this tree."""
        target = self.path / SOURCE[1:]
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in ("pyproject.toml", "README.md", "LICENSE", "src", "requirements", "deploy", "docs"):
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                shutil.copy2(source, target / name)

    def run(self, *command: str, typed: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the root; without systemd, as in a chroot."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        told = subprocess.run(
            ["/usr/sbin/chroot", str(self.path), *command],
            capture_output=True, text=True, input=typed, timeout=400, check=False, env=environment,
        )  # fmt: skip
        assert told.returncode == 0 or not check, f"{' '.join(command)}: {told.returncode}\n{told.stdout}{told.stderr}"
        return told

    def install(self, *options: str, check: bool = True) -> str:
        """Run the installer; return what it said."""
        told = self.run(
            f"{SOURCE}/deploy/systemd/install.sh", "--yes", "--wheels", "/srv/wheels", *options, check=check
        )
        return told.stdout + told.stderr

    def file(self, path: str) -> Path:
        return self.path / path.lstrip("/")

    def kept(self) -> dict[str, bytes]:
        """Return every file that the installer may have a hand in, with its content."""
        found = {}
        for folder in ("etc", "usr/local/bin", "boot"):
            for path in sorted((self.path / folder).rglob("*")):
                if path.is_file() and not path.is_symlink() and not path.name.startswith("vmlinuz"):
                    found[str(path.relative_to(self.path))] = path.read_bytes()
        return found

    def close(self) -> None:
        """Throw the layer away; what is mounted in it goes first."""
        for part in ("var/cache/apt/archives", "srv/wheels", "proc", ""):
            for _ in range(50):  # a guest that was killed lets go of its root a moment later
                if subprocess.run(["umount", str(self.path / part)], check=False).returncode == 0:
                    break
                time.sleep(0.2)
            else:
                raise AssertionError(f"{self.path / part} is still in use; unmount it before deleting {self.path}")
        shutil.rmtree(self.path.parent)
