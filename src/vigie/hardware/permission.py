"""Who may open a device file, for messages that say what to do."""

import grp
from pathlib import Path


def who_may_open(path: str) -> str:
    """Say which group a user must be in to open ``path``."""
    try:
        group = grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (OSError, KeyError):
        return "no permission"
    if group == "root":
        return "it belongs to root; install the udev rules or run as root"
    return f"add the user to group {group} with 'sudo usermod -aG {group} $USER' and log in again"
