"""The web process's own alarm events on their way into the journal."""

import threading

import structlog

from vigie.errors import JournalError
from vigie.telemetry.outbox import NOT_YET_WRITTEN, AlarmEvent, Outbox

log = structlog.get_logger(__name__)

_MOST_WAITING = 10_000


class OwnEvents:
    """Writes them in order; what the disk does not take is told from memory at once, and written when it can be.

    Safe from any thread. :meth:`note` may wait as long as the journal is locked.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._unwritten: list[AlarmEvent] = []
        self._untold: list[AlarmEvent] = []
        self._told: set[tuple[str, int, str]] = set()
        """Told from memory: not again when they are read from the journal."""
        self._lock = threading.Lock()

    def note(self, event: AlarmEvent) -> None:
        """Take an event."""
        with self._lock:
            self._unwritten.append(event)
            if self._write():
                return
            self._untold.append(event)
            if len(self._unwritten) > _MOST_WAITING:
                log.warning("alarm_event_lost", lost=str(self._unwritten.pop(0)))

    def write(self) -> None:
        """Try again to write what the disk did not take."""
        with self._lock:
            self._write()

    def untold(self) -> list[AlarmEvent]:
        """Return, once, the events that must be told from memory."""
        with self._lock:
            events, self._untold = self._untold, []
            self._told.update(map(_key, events))
        return [event._replace(id=NOT_YET_WRITTEN) for event in events]

    def is_told(self, event: AlarmEvent) -> bool:
        """Return, once, whether an event of the journal has been told from memory."""
        with self._lock:
            is_told = _key(event) in self._told
            self._told.discard(_key(event))
        return is_told

    def _write(self) -> bool:
        try:
            while self._unwritten:
                event = self._unwritten[0]
                self._outbox.note(event)
                del self._unwritten[0]
                if event in self._untold:
                    self._untold.remove(event)
        except JournalError:
            return False
        return True


def _key(event: AlarmEvent) -> tuple[str, int, str]:
    return event.alarm, event.utc_ms, event.change
