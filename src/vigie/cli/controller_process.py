"""The controller process: ``python -m vigie.cli.controller_process``."""

import os
import signal
import sys

from vigie.cli.starting import end_quietly
from vigie.memory import keep_out_the_unneeded, keep_out_tls

if __name__ == "__main__":
    end_quietly()
    keep_out_the_unneeded()
    keep_out_tls()

from vigie.assembly.controller import ControllerProcess
from vigie.cli import process
from vigie.config import Config
from vigie.errors import PowerLost


def body(config: Config) -> None:
    """Run the controller until a signal stops it; contacts stay as they are."""
    stop = process.stop_on_signals()
    controller = ControllerProcess(config, stop)
    try:
        controller.run(stop)
    except PowerLost as cut:
        sys.stderr.write(f"{cut}\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)  # as a power cut ends it: nothing is written, and it comes again
    finally:
        controller.close()


if __name__ == "__main__":
    process.end(process.run(body, sys.argv[1:]))
