"""Who may open a device file, for messages that say what to do."""

import grp
from pathlib import Path

USUAL_GROUPS = {"gpiochip": "gpio", "i2c": "i2c", "watchdog": "watchdog"}
"""Groups that Raspberry Pi OS and our udev rules give devices to, by the beginning of their names."""


def who_may_open(path: str) -> str:
    """Say which group a user must be in to open ``path``."""
    try:
        number = Path(path).stat().st_gid
    except OSError:
        usual = next((group for start, group in USUAL_GROUPS.items() if Path(path).name.startswith(start)), "")
        return _joining(usual) if usual else "no permission"
    try:
        group = grp.getgrgid(number).gr_name
    except KeyError:
        return f"it belongs to group number {number}, which has no name here: in a container, add that group to it"
    if group == "root":
        return "it belongs to root; install the udev rules or run as root"
    return _joining(group)


def _joining(group: str) -> str:
    return f"add the user to group {group} with 'sudo usermod -aG {group} $USER' and log in again"
