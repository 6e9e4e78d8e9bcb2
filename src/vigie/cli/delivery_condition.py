"""Whether there is anything to deliver to: exit status 1 when not (``ExecCondition=`` of the systemd unit)."""

import sys

from vigie.cli import process
from vigie.errors import VigieError


def status(argv: list[str]) -> int:
    """Return 1 when the settings name no store, 0 otherwise; settings with faults are told by the delivery itself."""
    try:
        return 0 if process.parsed(argv).remote_write.url else 1
    except VigieError:
        return 0


if __name__ == "__main__":
    sys.exit(status(sys.argv[1:]))
