"""The installer in a Debian root: what it leaves, what a second run changes, what the uninstaller spares."""

import re
import shutil

import pytest

from .root import CMDLINE_TXT, CONFIG_TXT, RIG, SOURCE, Root

pytestmark = pytest.mark.timeout(1_200)  # the first run on a busy machine
PERSISTENT = "pinctrl_rp1.persist_gpio_outputs=1 pinctrl_bcm2835.persist_gpio_outputs=1"
UNITS = ("vigie-controller", "vigie-web", "vigie-delivery")


@pytest.fixture(scope="module")
def first(root: Root) -> str:
    """What the first run says, on a Raspberry Pi on which nothing has been commissioned."""
    root.become_raspberry_pi()
    before = root.kept()
    told = root.install("--dry-run")
    assert "Raspberry Pi: yes" in told
    assert "would run: useradd" in told
    assert root.kept() == before, "a dry run changes nothing"
    assert not root.file("/opt/vigie").exists()
    return root.install()


def test_pip_takes_what_the_lock_file_names_from_two_indexes(root: Root, first: str) -> None:
    assert "making /opt/vigie/releases/" in first
    assert root.run("/opt/vigie/current/bin/python", "-m", "pip", "check").stdout == "No broken requirements found.\n"
    assert list(root.file("/srv/rebuilt").rglob("*.whl"))
    assert not list(root.file("/opt/vigie").rglob("rebuilt.txt"))


def test_a_first_run_says_what_is_missing_and_what_to_do_next(root: Root, first: str) -> None:
    assert "wiring.controller_supply: demanded on the rig" in first
    assert "the services wait for them, and the page says what to do" in first
    assert "sudo vigie commission" in first
    assert root.run("/usr/local/bin/vigie", "--version").stdout.startswith("vigie ")


def test_the_program_belongs_to_root_and_its_data_to_its_user(root: Root, first: str) -> None:
    assert first
    users = dict(line.split(":")[0:3:2] for line in root.file("/etc/passwd").read_text().splitlines())
    uid = int(users["vigie"])
    assert root.file("/var/lib/vigie").stat().st_uid == uid
    assert root.file("/var/lib/vigie").stat().st_mode & 0o777 == 0o750
    program = root.path / str(root.file("/opt/vigie/current").readlink()).lstrip("/")
    assert [path for path in program.rglob("*") if path.lstat().st_uid != 0] == []
    assert root.file("/etc/vigie/vigie.toml").stat().st_mode & 0o777 == 0o660
    assert "vigie" in root.run("id", "-nG", "vigie").stdout.split()
    assert {"i2c", "gpio", "video"} <= set(root.run("id", "-nG", "vigie").stdout.split())


def test_the_units_are_enabled_and_nothing_in_them_is_unknown_to_this_systemd(root: Root, first: str) -> None:
    assert first
    for unit in UNITS:
        assert root.run("systemctl", "is-enabled", unit).stdout == "enabled\n"
        told = root.run("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{unit}.service")
        assert told.stdout + told.stderr == ""
        exposure = root.run("systemd-analyze", "security", "--offline=true", "--threshold=100",
                            f"/etc/systemd/system/{unit}.service").stdout  # fmt: skip
        match = re.search(r"Overall exposure level for \S+: ([\d.]+)", exposure)
        assert match is not None
        assert float(match[1]) <= 1.5, exposure


def test_udev_understands_the_rules(root: Root, first: str) -> None:
    assert first
    rules = "/etc/udev/rules.d/60-vigie.rules"
    told = root.run("udevadm", "verify", rules, check=False)
    if "Unknown command verb" in told.stderr:  # systemd 252 says what it does not understand when it reads the rules
        root.mount("sys", "--bind", "-o", "ro", "/sys")
        told = root.run("udevadm", "--debug", "test", "/sys/devices/system/cpu/cpu0")
        assert f"Reading rules file: {rules}" in told.stderr
        assert f"{rules}:" not in told.stderr, told.stderr
    else:
        assert re.search(r"Fail: +0", told.stdout), told.stdout + told.stderr


def test_nginx_and_prometheus_take_what_they_were_given(root: Root, first: str) -> None:
    assert first
    assert "syntax is ok" in root.run("nginx", "-t").stderr
    assert not root.file("/etc/nginx/sites-enabled/default").is_symlink()
    root.run("promtool", "check", "config", "/etc/vigie/prometheus/prometheus.yml")
    root.run(
        "setpriv",
        "--reuid=prometheus",
        "--clear-groups",
        "--regid=prometheus",
        "cat",
        "/etc/vigie/prometheus/prometheus.yml",
    )
    told = root.run("systemd-analyze", "verify", "--man=no", "prometheus.service", check=False)
    faults = [line for line in told.stderr.splitlines() if "/bin/kill" not in line]  # procps is not in so small a root
    assert faults == []
    conf = root.file("/etc/systemd/system/prometheus.service.d/vigie.conf").read_text()
    for flag in ("retention.time=5y", "enable-remote-write-receiver", "external-url=/prometheus/", "127.0.0.1:9090"):
        assert flag in conf
    assert re.search(r"retention\.size=\d+GB", conf)


def test_the_firmware_turns_the_bus_on_and_keeps_outputs(root: Root, first: str) -> None:
    assert "restart the Raspberry Pi once" in first
    config = root.file("/boot/firmware/config.txt")
    assert config.read_text() == (
        CONFIG_TXT.replace(
            " dtparam=strict_gpiod",
            "# dtparam=strict_gpiod  # switched off by vigie: outputs must keep their level",
        )
        + "\n# vigie: begin\n[all]\ndtparam=i2c_arm=on\n# vigie: end\n"
    )
    assert root.file("/boot/firmware/cmdline.txt").read_text() == f"{CMDLINE_TXT} {PERSISTENT}\n"
    assert config.with_name("config.txt.before-vigie").read_text() == CONFIG_TXT
    assert config.with_name("cmdline.txt.before-vigie").read_text() == CMDLINE_TXT + "\n"
    assert sorted(path.name for path in root.file("/boot").glob("*.before-vigie")) == []
    watchdog = root.file("/etc/systemd/system.conf.d/60-vigie-watchdog.conf").read_text()
    assert "RuntimeWatchdogSec=15s" in watchdog


def test_firmware_files_that_another_computer_edited_are_brought_up_to_date(root: Root, first: str) -> None:
    """A card in a PC: lines end as they do there, one line too many, and one setting among others."""
    assert first
    folder = root.file("/boot/firmware")
    ours = {name: (folder / name).read_bytes() for name in ("config.txt", "cmdline.txt")}
    for name, content in ours.items():
        (folder / name).write_bytes(content.replace(b"\n", b"\r\n") + b"dtparam=audio=off,strict_gpiod")
    told = root.install("--fast-i2c", "--no-nginx", "--no-prometheus")
    assert "config.txt: take strict_gpiod out of its line by hand" in told
    config = (folder / "config.txt").read_text()
    assert config.count("# vigie: begin") == 1
    assert config.endswith(
        "dtparam=audio=off,strict_gpiod\n"
        "# vigie: begin\n[all]\ndtparam=i2c_arm=on\ndtparam=i2c_arm_baudrate=400000\n# vigie: end\n"
    )
    line, rest = (folder / "cmdline.txt").read_text().split("\n")
    assert (line, rest) == (f"{CMDLINE_TXT} {PERSISTENT}", "dtparam=audio=off,strict_gpiod")
    for name, content in ours.items():
        (folder / name).write_bytes(content)


def test_what_it_cannot_do_here_is_said_before_anything_is_done(root: Root, first: str) -> None:
    assert first
    config = root.file("/boot/firmware/config.txt")
    hidden = config.rename(config.with_name("elsewhere"))
    told = root.install(check=False)
    hidden.rename(config)
    assert "no /boot/firmware/config.txt although this is a Raspberry Pi: sudo mount /boot/firmware" in told
    dpkg = root.file("/usr/local/sbin/dpkg")
    dpkg.write_text("#!/bin/sh\n[ $1 = --print-architecture ] && echo armhf\n")
    dpkg.chmod(0o755)
    told_32 = root.install(check=False)
    dpkg.unlink()
    assert "this system is armhf" in told_32
    assert "Raspberry Pi OS (64-bit)" in told_32
    assert "Debian's packages" not in told + told_32


def test_a_second_run_changes_nothing(root: Root, first: str) -> None:
    assert first
    before, release = root.kept(), root.file("/opt/vigie/current").readlink()
    told = root.install("--raspberry-pi", "yes")  # which it has found out by itself before
    assert root.kept() == before
    assert root.file("/opt/vigie/current").readlink() == release
    assert "already in /opt/vigie/releases/" in told
    assert "vigie.toml is there and is not touched" in told
    assert "backup" not in told
    assert "restart the Raspberry Pi" not in told


def test_what_somebody_changed_is_kept_and_the_new_file_lies_beside_it(root: Root, first: str) -> None:
    assert first
    targets = root.file("/etc/vigie/prometheus/targets/vigie.yml")
    ours = targets.read_text()
    targets.write_text(ours + "- targets: [other:9108]\n")
    told = root.install("--raspberry-pi", "yes")
    assert "targets/vigie.yml was changed by somebody and is kept" in told
    assert "other:9108" in targets.read_text()
    assert targets.with_name("vigie.yml.vigie-new").read_text() == ours
    targets.write_text(ours)
    targets.with_name("vigie.yml.vigie-new").unlink()


def test_an_upgrade_backs_up_first_and_keeps_the_release_before(root: Root, first: str) -> None:
    assert first
    config = root.file("/etc/vigie/vigie.toml")
    config.write_text(config.read_text() + RIG)
    _let_it_run_for_a_moment(root)
    before = root.file("/opt/vigie/current").readlink()
    version = root.file(f"{SOURCE}/src/vigie/__init__.py")
    version.write_text(re.sub(r'__version__ = ".*"', '__version__ = "99.1"', version.read_text()))
    told = root.install("--raspberry-pi", "no", "--wheels", "/srv/wheels")
    backups = list(root.file("/var/backups/vigie").iterdir())
    assert len(backups) == 1, told
    assert backups[0].stat().st_mode & 0o777 == 0o600
    assert "Backup of Vigie (battery 1)" in told
    assert root.run("/usr/local/bin/vigie", "--version").stdout == "vigie 99.1\n"
    assert root.file(str(before)).is_dir(), "a way back"
    root.run("/usr/local/bin/vigie", "restore", "--check", f"/var/backups/vigie/{backups[0].name}")


def _let_it_run_for_a_moment(root: Root) -> None:
    """As root, the wrapper drops to the user vigie; the twin needs no boards."""
    root.run("sh", "-c", "timeout -s TERM 8 /usr/local/bin/vigie controller --plant twin; true")
    data = root.file("/var/lib/vigie")
    owner = data.stat().st_uid
    assert {path.stat().st_uid for path in data.iterdir()} == {owner}
    assert (data / "journal.sqlite").stat().st_size > 0


def test_the_uninstaller_leaves_what_was_measured_and_set(root: Root, first: str) -> None:
    assert first
    data = {path.name: path.read_bytes() for path in root.file("/var/lib/vigie").iterdir() if path.is_file()}
    settings = root.file("/etc/vigie/vigie.toml").read_bytes()
    assert "journal.sqlite" in data
    shutil.copy(root.file("/opt/vigie/uninstall.sh"), root.file("/srv/uninstall.sh"))
    told = root.run("/srv/uninstall.sh")
    assert "left as it is: /etc/vigie (settings), /var/lib/vigie (journal, users)" in told.stdout
    assert {path.name: path.read_bytes() for path in root.file("/var/lib/vigie").iterdir() if path.is_file()} == data
    assert root.file("/etc/vigie/vigie.toml").read_bytes() == settings
    for gone in (
        "/opt/vigie",
        "/usr/local/bin/vigie",
        "/etc/nginx/vigie",
        "/etc/systemd/system/vigie-web.service",
        "/etc/systemd/system/prometheus.service.d/vigie.conf",
        "/etc/udev/rules.d/60-vigie.rules",
    ):
        assert not root.file(gone).exists(), gone
    assert "syntax is ok" in root.run("nginx", "-t").stderr
    assert root.file("/etc/nginx/sites-enabled/default").is_symlink()


def test_what_was_left_is_taken_up_by_the_next_installation(root: Root, first: str) -> None:
    assert first
    data = root.file("/var/lib/vigie/journal.sqlite").read_bytes()
    root.install("--no-nginx", "--no-prometheus", "--raspberry-pi", "no")
    assert root.file("/var/lib/vigie/journal.sqlite").read_bytes() == data
    assert not root.file("/etc/nginx/vigie").exists()
    assert root.run("/usr/local/bin/vigie", "config", "check").returncode == 0


def test_purge_wants_to_be_told_in_words(root: Root, first: str) -> None:
    assert first
    told = root.run("/opt/vigie/uninstall.sh", "--purge", typed="yes\n", check=False)
    assert told.returncode == 1
    assert root.file("/var/lib/vigie/journal.sqlite").exists()
    root.run("/opt/vigie/uninstall.sh", "--purge", typed="delete everything\n")
    for gone in ("/etc/vigie", "/var/lib/vigie", "/var/backups/vigie"):
        assert not root.file(gone).exists()
    assert "vigie:" not in root.file("/etc/passwd").read_text()
