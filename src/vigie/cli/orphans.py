"""Pages and delivery whose ``vigie run`` was killed: they go on, and give way to those of the next one."""

import os
import signal
import threading
import time
from pathlib import Path

import structlog

from vigie.cli import installation

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0


def give_way(folder: Path) -> None:
    """Let this process end when its own ``vigie run`` has gone and another one watches the controller in ``folder``.

    Not before: without the pages nobody would be told that control has stopped.
    """
    parent = os.getppid()
    if installation.is_run(parent):
        threading.Thread(target=_wait, args=(parent, folder.resolve()), name="orphan", daemon=True).start()


def _wait(parent: int, folder: Path) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    log.warning("vigie run has gone: this goes on, but nobody restarts what dies", run=parent, data=str(folder))
    while not installation.is_watched(folder):
        time.sleep(LOOK_EVERY_S)
    log.warning("another vigie run has taken over: ending", data=str(folder))
    os.kill(os.getpid(), signal.SIGTERM)
