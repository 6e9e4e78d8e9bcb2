"""Commands from people and programs: dated, answered once, never carried out twice."""

import threading
from collections import OrderedDict

from vigie.clock import machine_utc_s
from vigie.control.commands import Reason
from vigie.errors import LinkError
from vigie.link.messages import Answer, Command


class Pending:
    """A command that waits for the period that decides it."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._answered = threading.Event()
        self._answer: Answer | None = None

    def answer(self, answer: Answer) -> None:
        self._answer = answer
        self._answered.set()

    def wait(self, timeout_s: float) -> Answer | None:
        self._answered.wait(timeout_s)
        return self._answer


class Inbox:
    """Thread-safe: any thread submits, the loop takes once per period."""

    REMEMBERED = 1_000
    WAITING_AT_MOST = 50

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Pending] = []
        self._known: OrderedDict[str, Pending] = OrderedDict()

    def submit(self, command: Command, timeout_s: float = 3.0) -> Answer:
        """Hand in a command and wait for what became of it.

        A repeated ``id`` gets the first one's answer (waiting for it if need be); it is not carried out again.

        Args:
            command: validated by its model.
            timeout_s: machine seconds to wait for the period that decides.

        Raises:
            LinkError: no period decided in time, or too many commands wait.
        """
        with self._lock:
            pending = self._known.get(command.id)
            if pending is None:
                if len(self._waiting) >= self.WAITING_AT_MOST:
                    raise LinkError(f"{self.WAITING_AT_MOST} commands wait already; try again in a few seconds")
                pending = Pending(command)
                self._waiting.append(pending)
                self._known[command.id] = pending
                while len(self._known) > self.REMEMBERED:
                    self._known.popitem(last=False)
        answer = pending.wait(timeout_s)
        if answer is None:
            raise LinkError(f"the control loop has not decided command {command.id} within {timeout_s:g} s")
        return answer

    def take(self) -> list[Pending]:
        """Return the commands that came in since the last call, oldest first."""
        with self._lock:
            waiting = self._waiting
            self._waiting = []
        return waiting


def lateness(command: Command) -> Reason:
    """Return TOO_LATE when the command's own deadline has passed on the machine's calendar, else NONE."""
    if machine_utc_s() * 1_000 > command.not_after_utc_ms:
        return Reason.TOO_LATE
    return Reason.NONE
