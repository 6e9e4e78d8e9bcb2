"""The installed system as it boots: systemd is process 1, the boards are kernel modules, the cases run in the guest."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .root import CACHE, REPOSITORY, RIG, SOURCE, Root

GUEST_S = int(os.environ.get("VIGIE_GUEST_S", "1500"))
"""Python starts ten to thirty times slower in there; a machine that others use too needs more."""
EMULATED = """
[loop]
period_s = 5
bus_deadline_s = 2.5
"""
PATIENT = "[Service]\nTimeoutStartSec=400\n"
LESS_WATCHED = "WatchdogSec=30\n"


@pytest.mark.timeout(GUEST_S + 1_000)
def test_the_installed_system_boots_and_every_case_in_it_passes(root: Root, tmp_path: Path) -> None:
    root.install("--raspberry-pi", "no")
    settings = root.file("/etc/vigie/vigie.toml")
    settings.write_text(settings.read_text() + RIG + EMULATED)
    for unit in ("controller", "web", "delivery"):
        drop_in = root.file(f"/etc/systemd/system/vigie-{unit}.service.d/emulation.conf")
        drop_in.parent.mkdir()
        drop_in.write_text(PATIENT + (LESS_WATCHED if unit == "controller" else ""))
    share = tmp_path / "share"
    (share / "out").mkdir(parents=True)
    (share / "cases").write_text(os.environ.get("VIGIE_CASES", "."))
    for module in ("i2c_vigie.ko", "pinctrl_vigie.ko"):
        shutil.copy(CACHE / "root/opt/modules" / module, share)
    shutil.copytree(REPOSITORY / "tests/systemd/guest", share / "guest")
    shutil.copytree(REPOSITORY / "tests/vm/guest", share / "vm")
    shutil.copy(REPOSITORY / "tests/systemd/guest/probe.py", root.file("/srv/probe.py"))
    console = tmp_path / "console"
    _boot(root, share, console)
    table = share / "out/installed.txt"
    told = table.read_text() if table.exists() else "no table\n"
    kept = CACHE / "installed.txt"
    kept.write_text(told)
    print(told)  # noqa: T201 - the report of this target
    assert (share / "out/status").exists(), f"the guest did not finish:\n{told}{console.read_text()[-4000:]}"
    assert (share / "out/status").read_text().strip() == "0", told
    assert root.file(SOURCE).is_dir()


def _boot(root: Root, share: Path, console: Path) -> None:
    """Run the guest to its end, as `tools/vm.sh` does its own."""
    (release,) = [path.name for path in (root.path / "lib/modules").iterdir()]
    folders = []
    for tag, path, more in (("root", root.path, ",readonly=on,multidevs=remap"), ("share", share, "")):
        folders += ["-fsdev", f"local,id={tag},path={path},security_model=passthrough{more}"]
        folders += ["-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    machine = ["-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-m", "1536", "-nodefaults"]
    machine += ["-display", "none", "-no-reboot", "-serial", f"file:{console}"]
    kernel = ["-kernel", str(CACHE / "root/boot" / f"vmlinuz-{release}"), "-initrd", str(CACHE / "initramfs.gz")]
    words = ["-append", "console=ttyS0 quiet panic=-1 mitigations=off vigie.first=/share/guest/first.sh"]
    limit = ["timeout", "--signal=KILL", str(GUEST_S)]
    subprocess.run([*limit, "qemu-system-x86_64", *machine, *kernel, *words, *folders], check=False)
