"""How a process begins: as which module, and what a stop does that is asked for before it can listen to one."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

MODULES = {
    "run": "vigie.cli.supervise",
    "controller": "vigie.cli.controller_process",
    "web": "vigie.cli.web_process",
    "delivery": "vigie.cli.delivery_process",
}
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def become(name: str, argv: Sequence[str]) -> NoReturn:
    """Replace this process by the light entry point of ``run``, ``controller``, ``web`` or ``delivery``.

    A stop that comes meanwhile waits until the new one calls :func:`end_quietly`.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    os.execv(sys.executable, [sys.executable, "-m", MODULES[name], *argv])  # noqa: S606 - our own interpreter


def end_quietly() -> None:
    """Let Ctrl-C end this process without a traceback: call it first, while there is nothing to put in order.

    Who has something to put in order sets a handler of its own later, or calls :func:`put_in_order`.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


def put_in_order() -> None:
    """Let Ctrl-C raise ``KeyboardInterrupt`` again: from here on there may be something to put in order."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
