"""What the installer left, booted by systemd: readiness, sandbox, restarts, backup, a second run, the end."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import outside
import requests
from processes import wait_for
from report import See, shown

CONTROLLER, WEB, DELIVERY = "vigie-controller", "vigie-web", "vigie-delivery"
OTHERS = (WEB, DELIVERY, "prometheus", "nginx")
DATA = Path("/var/lib/vigie")
STARTED_S = 400
QUERY = "http://127.0.0.1:9090/prometheus/api/v1/query"


def told(*command: str, check: bool = True) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 or not check, (
        f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}{log()}"
    )
    return (done.stdout + done.stderr).strip()


def exit_status(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode


def log(*units: str) -> str:
    chosen = [word for unit in units or (CONTROLLER, WEB, DELIVERY) for word in ("--unit", unit)]
    return subprocess.run(
        ["journalctl", *chosen, "--output", "short-monotonic", "--no-pager", "--lines", "40"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


def shows(unit: str, name: str) -> str:
    return told("systemctl", "show", "--value", "--property", name, unit)


def pid(unit: str) -> int:
    return int(shows(unit, "MainPID"))


def is_active(unit: str) -> bool:
    return shows(unit, "ActiveState") == "active"


def restarted(unit: str, before: int) -> Callable[[], bool]:
    return lambda: pid(unit) not in (0, before) and is_active(unit)


def r2_is_open() -> bool:
    return outside.levels()["GPIO13"] == "out high"


def answer(path: str, **more: Any) -> requests.Response:
    return requests.get(f"http://127.0.0.1{path}", timeout=20, allow_redirects=False, **more)


def everything_comes_up_at_boot(see: See) -> None:
    outside.heal()
    for unit in (CONTROLLER, *OTHERS):
        wait_for(lambda unit=unit: is_active(unit), STARTED_S, unit, log, every_s=1)
        ready_s = int(shows(unit, "ActiveEnterTimestampMonotonic")) / 1e6
        see(f"{unit} active {ready_s:.1f} s after power-on, restarts {shows(unit, 'NRestarts')}")
    wait_for(r2_is_open, 60, "protect opens R2 on its own boards", log)
    # udev was still giving the boards to their groups: one line a start, however many chips it names
    late = sum("may not be opened: it belongs to root" in line for line in log_of(CONTROLLER).splitlines())
    assert shows(CONTROLLER, "NRestarts") == str(late), log()


def devices_have_their_groups_and_names(see: See) -> None:
    for path, group in (("/dev/i2c-1", "i2c"), ("/dev/gpiochip1", "gpio")):
        mode = told("stat", "-c", "%U:%G %a", path)
        see(f"{path} {mode}")
        assert mode == f"root:{group} 660"
    assert os.path.realpath("/dev/vigie/header-i2c") == "/dev/i2c-1"


def probed(unit: str) -> dict[str, str]:
    """Run the probe in the sandbox of a unit: the unit itself with another program."""
    text = Path(f"/etc/systemd/system/{unit}.service").read_text()
    text = re.sub(r"(?m)^(WatchdogSec|Restart|NotifyAccess|ExecCondition)=.*\n", "", text)
    text = re.sub(r"(?m)^Type=.*", "Type=oneshot", text)
    text = re.sub(r"(?m)^TimeoutStartSec=.*", "TimeoutStartSec=400", text)
    text = re.sub(r"(?m)^ExecStart=.*", "ExecStart=/usr/bin/python3 /srv/probe.py /var/lib/vigie/probe.json", text)
    text = text.replace("[Service]", "[Service]\nLoadCredential=probe:/etc/vigie/secrets/probe")
    Path("/etc/vigie/secrets/probe").write_text("a password")
    Path("/run/systemd/system/vigie-probe.service").write_text(text)
    told("systemctl", "daemon-reload")
    told("systemctl", "start", "vigie-probe")
    facts: dict[str, str] = json.loads((DATA / "probe.json").read_text())
    (DATA / "probe.json").unlink()
    (DATA / "probe.tmp").unlink()
    return facts


FORBIDDEN_TO_ALL = (
    "write settings", "write program", "write system", "home of root", "secrets", "serial line", "kernel log", "memory",
    "executable memory", "raw packets", "namespace", "root", "clock", "signal to systemd",
)  # fmt: skip


def sandbox(unit: str, see: See) -> dict[str, str]:
    exit_status("busybox", "ip", "address", "add", "192.0.2.1/32", "dev", "lo")  # only the first time is news
    facts = probed(unit)
    see(", ".join(f"{name}: {what}" for name, what in facts.items()))
    assert [name for name in FORBIDDEN_TO_ALL if facts[name] == "done"] == []
    assert [facts[name] for name in ("own file", "read settings", "credential")] == ["done"] * 3
    assert (facts["capabilities"], facts["no new privileges"], facts["user"]) == ("0000000000000000", "1", "True")
    assert int(facts["processes seen"]) <= 4
    assert facts["loopback"] == "ECONNREFUSED"
    return facts


def the_controller_s_sandbox_holds(see: See) -> None:
    facts = sandbox(CONTROLLER, see)
    assert (facts["i2c"], facts["gpio"]) == ("done", "done")
    assert facts["outside"] not in ("done", "ECONNREFUSED"), "it speaks to this machine only"


def the_sandboxes_of_web_and_delivery_hold(see: See) -> None:
    for unit in (WEB, DELIVERY):
        facts = sandbox(unit, see)
        assert "done" not in (facts["i2c"], facts["gpio"])
        assert facts["outside"] == "ECONNREFUSED", "mail servers and stores may be anywhere"


def one_door_leads_to_the_pages_and_to_nothing_else(see: See) -> None:
    for path, expected in (("/", 308), ("/flask/login", 200), ("/prometheus/", 401), ("/elsewhere", 404)):
        got = answer(path).status_code
        see(f"{path} {got}")
        assert got == expected, path
    listening = told("sh", "-c", "cat /proc/net/tcp /proc/net/tcp6")
    public = {
        int(line.split()[1].split(":")[1], 16)
        for line in listening.splitlines()
        if line.split()[3:4] == ["0A"] and set(line.split()[1].split(":")[0]) == {"0"}
    }
    see(f"open to the network: {sorted(public)}")
    assert public == {80}


def the_status_and_the_first_login_are_told(see: See) -> None:
    wait_for(lambda: exit_status("/usr/local/bin/vigie", "status") == 0, 120, "a fresh snapshot", log)
    see(told("/usr/local/bin/vigie", "status", check=False).splitlines()[0])
    line = next(line for line in log_of(WEB).splitlines() if "first login" in line)
    told_once = json.loads(line)
    see(f"{told_once['event']!r} of {told_once['user']}, password of {len(told_once['password'])} characters")
    assert told_once["user"] == "admin"
    assert len(told_once["password"]) >= 12


def log_of(unit: str) -> str:
    return told("journalctl", "--unit", unit, "--output", "cat", "--no-pager")


def measurements_reach_prometheus(see: See) -> None:
    def sample() -> Any:
        return requests.get(QUERY, params={"query": "vigie_channel_bus_volts"}, timeout=20).json()["data"]["result"]

    found = wait_for(sample, 200, "remote write", lambda: log(DELIVERY), every_s=2)
    see(f"{len(found)} series, {found[0]['metric']} {found[0]['value']}")
    assert {one["metric"]["site"] for one in found} == {"Vigie"}


def the_watchdog_restarts_a_stopped_controller_and_no_line_moves(see: See) -> None:
    before, web, start = pid(CONTROLLER), pid(WEB), outside.mark("SIGSTOP")
    began_s = time.monotonic()
    os.kill(before, signal.SIGSTOP)
    wait_for(restarted(CONTROLLER, before), STARTED_S, "a restart by systemd", log, every_s=0.5)
    see(f"active again after {time.monotonic() - began_s:.1f} s")
    time.sleep(3)
    shown(outside.log(start - 1), see, "the kernel's log")
    assert outside.moved(start) == []
    assert r2_is_open()
    assert pid(WEB) == web, "the pages do not go with it"


def the_controller_lives_on_when_all_others_are_killed(see: See) -> None:
    controller, start = pid(CONTROLLER), outside.mark("kill the others")
    before = {unit: pid(unit) for unit in OTHERS}
    for unit, number in before.items():
        if unit != "nginx":  # Debian's unit leaves it down
            os.kill(number, signal.SIGKILL)
    for unit, number in before.items():
        if unit != "nginx":
            wait_for(restarted(unit, number), STARTED_S, unit, lambda unit=unit: log(unit), every_s=1)
    see(f"all back; controller still {controller}")
    assert pid(CONTROLLER) == controller
    assert outside.moved(start) == [], log()


def a_backup_and_a_restore_as_root_leave_everything_to_the_user(see: See) -> None:
    see(told("/usr/local/bin/vigie", "backup", "/srv/b.tar.gz").splitlines()[1])
    refused = told("/usr/local/bin/vigie", "restore", "/srv/b.tar.gz", check=False)
    assert "another controller runs this installation already" in refused, refused
    start = outside.mark("restore")
    told("systemctl", "stop", WEB, DELIVERY, CONTROLLER)
    for line in told("/usr/local/bin/vigie", "restore", "/srv/b.tar.gz").splitlines():
        see(line)
    owners = {path.stat().st_uid for path in DATA.rglob("*")}
    assert owners == {DATA.stat().st_uid}
    told("systemctl", "start", CONTROLLER, WEB, DELIVERY)
    assert outside.moved(start) == []
    assert r2_is_open()


def a_second_run_of_the_installer_restarts_nothing(see: See) -> None:
    before = {unit: pid(unit) for unit in (CONTROLLER, *OTHERS)}
    for line in told("/srv/vigie/deploy/systemd/install.sh", "--yes", "--raspberry-pi", "no").splitlines():
        see(line)
    assert {unit: pid(unit) for unit in before} == before


def the_uninstaller_ends_the_program_and_no_line_moves(see: See) -> None:
    start, data = outside.mark("uninstall"), {path.name for path in DATA.iterdir()}
    for line in told("/opt/vigie/uninstall.sh").splitlines():
        see(line)
    assert outside.moved(start) == []
    assert r2_is_open()
    assert {path.name for path in DATA.iterdir()} >= data - {"journal.sqlite-wal", "journal.sqlite-shm", "link.sock"}
    assert told("systemctl", "list-units", "--no-legend", "vigie*") == ""
    assert is_active("nginx")
    assert is_active("prometheus")


CASES = (
    everything_comes_up_at_boot,
    devices_have_their_groups_and_names,
    the_controller_s_sandbox_holds,
    the_sandboxes_of_web_and_delivery_hold,
    one_door_leads_to_the_pages_and_to_nothing_else,
    the_status_and_the_first_login_are_told,
    measurements_reach_prometheus,
    the_watchdog_restarts_a_stopped_controller_and_no_line_moves,
    the_controller_lives_on_when_all_others_are_killed,
    a_backup_and_a_restore_as_root_leave_everything_to_the_user,
    a_second_run_of_the_installer_restarts_nothing,
    the_uninstaller_ends_the_program_and_no_line_moves,
)
