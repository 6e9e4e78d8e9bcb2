"""The delivery process: ``python -m vigie.cli.delivery_process``."""

import os
import sys

from vigie.cli.starting import end_quietly
from vigie.memory import keep_out_the_unneeded

if __name__ == "__main__":
    end_quietly()
    keep_out_the_unneeded(needed=("requests",))

from vigie.assembly.delivery import deliver
from vigie.cli import process
from vigie.config import Config

NICENESS = 10
"""Below controller and pages: a backfill of days must not be felt."""


def body(config: Config) -> None:
    """Deliver measurements until a signal stops it."""
    os.nice(NICENESS)
    deliver(config, process.stop_on_signals())


if __name__ == "__main__":
    process.end(process.run(body, sys.argv[1:]))
