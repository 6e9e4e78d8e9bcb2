"""A Debian root for the installer: the one of `tools/vm.sh` under a layer that the test throws away."""

import hashlib
import os
import re
import shutil
import subprocess
import time
import zipfile
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

[mains]
steady_s = 0

[minimum_times]
closed_s = 0
open_s = 0
passed_s = 0

[channels.spare]
is_fitted = true
"""
"""What commissioning would have found."""
CONFIG_TXT = """\
#dtparam=i2c_arm=on
dtparam=audio=on
 dtparam=strict_gpiod
dtoverlay=vc4-kms-v3d

[cm4]
otg_mode=1"""
"""Of a Raspberry Pi; the last line has no end, as some editors leave it."""
CMDLINE_TXT = "console=serial0,115200 console=tty1 root=PARTUUID=1-2 rootfstype=ext4 fsck.repair=yes rootwait"


class Root:
    """The layered root, with a copy of this tree in it, as somebody would have it who has just unpacked Vigie."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "root"
        self._mounted: list[Path] = []
        for name in ("root", "upper", "work"):
            (folder / name).mkdir(parents=True)
        layers = f"lowerdir={CACHE / 'root'},upperdir={folder / 'upper'},workdir={folder / 'work'}"
        self.mount("", "-t", "overlay", "-o", layers, "overlay")
        self.mount("proc", "-t", "proc", "proc")
        shutil.rmtree(self.path / "opt/vigie")
        shutil.rmtree(self.path / "opt/source", ignore_errors=True)
        self.mount("srv/wheels", "--bind", str(CACHE / "wheels"))
        self._name_two_indexes()
        self.take_tree()

    def mount(self, where: str, *what: str) -> None:
        """Mount something in the root until it is closed."""
        target = self.path / where
        target.mkdir(exist_ok=True)
        subprocess.run(["mount", *what, str(target)], check=True)
        self._mounted.append(target)

    def _name_two_indexes(self) -> None:
        """Tell pip of a second index with the same versions, but other sums, as Raspberry Pi OS does."""
        for wheel in sorted((CACHE / "wheels").iterdir()):
            name = re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()
            rebuilt = self.file(f"/srv/rebuilt/{name}/{wheel.name}")
            rebuilt.parent.mkdir(parents=True)
            if wheel.name.endswith("-none-any.whl"):
                shutil.copy(wheel, rebuilt)
                with zipfile.ZipFile(rebuilt, "a") as archive:
                    archive.writestr("rebuilt.txt", "not what the lock file names")
                _list(rebuilt, self.file(f"/srv/rebuilt/{name}"), rebuilt.name)
            _list(wheel, self.file(f"/srv/index/{name}"), f"/srv/wheels/{wheel.name}")
        self.file("/etc/pip.conf").write_text(
            "[global]\nindex-url=file:///srv/index\nextra-index-url=file:///srv/rebuilt\n"
        )

    def become_raspberry_pi(self) -> None:
        """Give the root the model's name where the kernel has it, and firmware files as Raspberry Pi OS has them.

        Nobody can add a file to ``/proc``: it is a folder here whose other names lead to the real one.
        """
        self.mount("srv/proc", "-t", "proc", "proc")
        names = [
            path.name
            for path in self.file("/srv/proc").iterdir()
            if not path.name.isdigit() and path.name != "device-tree"
        ]
        self.mount("proc", "-t", "tmpfs", "tmpfs")
        for name in names:
            self.file(f"/proc/{name}").symlink_to(f"/srv/proc/{name}")
        self.file("/proc/device-tree").mkdir()
        self.file("/proc/device-tree/model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
        self.file("/boot/firmware").mkdir()
        self.file("/boot/firmware/config.txt").write_text(CONFIG_TXT)
        self.file("/boot/firmware/cmdline.txt").write_text(CMDLINE_TXT + "\n")
        self.file("/boot/config.txt").write_text("The file you want is /boot/firmware/config.txt\n")

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
        environment = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        told = subprocess.run(
            ["/usr/sbin/chroot", str(self.path), *command],
            capture_output=True, text=True, input=typed, timeout=1_000, check=False, env=environment,
        )  # fmt: skip
        assert told.returncode == 0 or not check, f"{' '.join(command)}: {told.returncode}\n{told.stdout}{told.stderr}"
        return told

    def install(self, *options: str, check: bool = True) -> str:
        """Run the installer; return what it said."""
        told = self.run(f"{SOURCE}/deploy/systemd/install.sh", "--yes", *options, check=check)
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
        while self._mounted:
            target = self._mounted.pop()
            for _ in range(50):  # a guest that was killed lets go of its root a moment later
                if subprocess.run(["umount", str(target)], check=False).returncode == 0:
                    break
                time.sleep(0.2)
            else:
                raise AssertionError(f"{target} is still in use; unmount it before deleting {self.path}")
        shutil.rmtree(self.path.parent)


def _list(wheel: Path, folder: Path, address: str) -> None:
    """Offer a wheel in a folder of an index."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "index.html").write_text(f'<a href="{address}#sha256={digest}">{wheel.name}</a>\n')
