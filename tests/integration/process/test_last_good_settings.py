"""A settings file that does not fit any more: control goes on with the last settings it ran well on."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import wait_for
from vigie.config.last_good import NAME
from vigie.telemetry.records import EventKind

from .installations import RIG, Site, vigie

FAULTS = {
    "empty": lambda text: "",
    "truncated": lambda text: text[: len(text) // 2],
    "not a port": lambda text: text + "\n[mail]\nport = 99999\n",
    "a limit that contradicts another": lambda text: text + "\n[alarms]\nbattery_warm_c = 90\n",
}


def is_kept(site: Site) -> bool:
    return (site.data / NAME).exists()


def alarm_of(site: Site) -> dict[str, object] | None:
    state = site.state()
    alarms = ((state or {}).get("snapshot") or {}).get("alarms", ())
    return next((one for one in alarms if one["alarm"] == "settings_refused"), None)


def is_over(site: Site) -> bool:
    alarm = alarm_of(site)
    return alarm is not None and not alarm["is_present"]


@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=[] if one == "truncated" else [pytest.mark.long]) for one in FAULTS]
)
def test_killed_controller_goes_on_with_the_last_good_settings_until_the_file_is_corrected(
    site: Callable[..., Site], fault: str
) -> None:
    one = site(RIG, soc=0.8).started()
    wait_for(lambda: is_kept(one), what="the settings are kept", log=lambda: one.log)
    assert (one.data / NAME).stat().st_mode & 0o077 == 0
    good = one.config.read_text(encoding="utf-8")
    one.config.write_text(FAULTS[fault](good), encoding="utf-8")
    first = one.controller()
    first.send_signal(signal.SIGKILL)
    alarm = wait_for(lambda: alarm_of(one), what="the alarm", log=lambda: one.log)
    assert alarm["detail"]
    assert one.snapshot()["plant"] == "emulated"
    checked = vigie("config", "check", "--config", str(one.config), VIGIE_DATA=str(one.data))
    assert checked.returncode == 3
    one.config.write_text(good, encoding="utf-8")
    wait_for(lambda: is_over(one), what="the corrected file is taken over", log=lambda: one.log)
    assert len(one.events(EventKind.START)) >= 3


def test_check_says_what_is_in_force_instead(site: Callable[..., Site]) -> None:
    one = site(RIG, soc=0.8).started()
    wait_for(lambda: is_kept(one), what="the settings are kept", log=lambda: one.log)
    one.config.write_text(one.config.read_text(encoding="utf-8") + "\n[mail]\nport = 99999\n", encoding="utf-8")
    told = vigie("config", "check", "--config", str(one.config), VIGIE_DATA=str(one.data))
    assert told.returncode == 3
    assert "mail.port: 99999 in the file, not set in force" in told.stdout
    asked = vigie("status", "--json", "--config", str(one.config), VIGIE_DATA=str(one.data))
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["snapshot"]["plant"] == "emulated"
    assert asked.stderr.count("mail.port") == 1


def test_without_settings_that_were_ever_good_nothing_is_taken_in_their_place(tmp_path: Path) -> None:
    one = Site(tmp_path, "[plant]\nkind = 'rig'\n[mail]\nport = 99999\n")
    told = vigie("controller", *one.options)
    assert told.returncode == 3
    assert "mail.port" in told.stderr
