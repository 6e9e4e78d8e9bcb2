"""The controller process: ``python -m vigie.cli.controller_process``."""

import sys

if __name__ == "__main__":
    # Libraries of ours import these when they are there, for what this process never does: coloured tracebacks, HTTP
    # long polling, greenlets. Kept out they save 9 MB for as long as it runs; None makes `import` say "not installed".
    for _unneeded in ("rich", "requests", "greenlet"):
        sys.modules[_unneeded] = None  # type: ignore[assignment]

from vigie.assembly.controller import ControllerProcess
from vigie.cli import process
from vigie.config import Config


def body(config: Config) -> None:
    """Run the controller until a signal stops it; contacts stay as they are."""
    stop = process.stop_on_signals()
    controller = ControllerProcess(config)
    try:
        controller.run(stop)
    finally:
        controller.close()


if __name__ == "__main__":
    process.end(process.run(body, sys.argv[1:]))
