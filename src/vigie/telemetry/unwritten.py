"""What a controller holds in memory while the disk refuses it, noted where a full disk still takes it.

Should the controller be killed meanwhile, the next one tells the gap. The file is made while there is space and then
only overwritten in place, which needs none.
"""

import contextlib
import os
import struct
from pathlib import Path

from vigie.telemetry.events import DroppedRows
from vigie.telemetry.records import is_instant

_LAYOUT = struct.Struct("<4q")
_NOTHING = bytes(_LAYOUT.size)


class Unwritten:
    """The file beside a journal. Nothing of it raises: a note that cannot be made is missing, no more."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(f"{journal.name}-unwritten")
        self._noted = _NOTHING

    def recall(self) -> DroppedRows | None:
        """Return what the last controller could not write before it ended, None when it wrote all it had."""
        with contextlib.suppress(OSError):
            self._noted = self._path.read_bytes()
        if len(self._noted) != _LAYOUT.size:
            return None
        gap = DroppedRows(*_LAYOUT.unpack(self._noted))
        is_sound = is_instant(gap.from_utc_ms) and is_instant(gap.to_utc_ms) and min(gap.periods, gap.events) >= 0
        return gap if is_sound and gap.periods + gap.events else None

    def note(self, gap: DroppedRows | None) -> None:
        """Note what waits now; None: nothing any more."""
        with contextlib.suppress(OSError, struct.error):
            wanted = _NOTHING if gap is None else _LAYOUT.pack(*gap)
            if wanted == self._noted and self._path.exists():
                return
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(descriptor, wanted, 0)
                os.ftruncate(descriptor, _LAYOUT.size)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._noted = wanted
