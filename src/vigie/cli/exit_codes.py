"""What the exit status of every command means."""

from enum import IntEnum

from vigie import streams
from vigie.errors import (
    AlreadyRunning,
    CommandRefused,
    HardwareError,
    JournalError,
    LinkError,
    RecordingError,
    SettingsError,
    VigieError,
)


class Exit(IntEnum):
    """Exit statuses; 0 is success, 2 a wrong command line."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SETTINGS = 3
    ALREADY_RUNNING = 4
    PLANT = 5
    UNREACHABLE = 6
    REFUSED = 7
    JOURNAL = 8
    READER_GONE = streams.READER_GONE


MEANINGS = {
    Exit.OK: "done",
    Exit.FAILED: "failed for a reason told in the message",
    Exit.USAGE: "wrong command line",
    Exit.SETTINGS: "the settings have faults",
    Exit.ALREADY_RUNNING: "another controller runs this installation",
    Exit.PLANT: "the installation (boards, or the recording) cannot be used",
    Exit.UNREACHABLE: "the web process or the controller does not answer",
    Exit.REFUSED: "the command was refused; the message says why",
    Exit.JOURNAL: "the journal cannot be read",
    Exit.READER_GONE: "nobody reads the output any more",
}

_BY_ERROR: tuple[tuple[type[VigieError], Exit], ...] = (
    (SettingsError, Exit.SETTINGS),
    (AlreadyRunning, Exit.ALREADY_RUNNING),
    (HardwareError, Exit.PLANT),
    (RecordingError, Exit.PLANT),
    (LinkError, Exit.UNREACHABLE),
    (CommandRefused, Exit.REFUSED),
    (JournalError, Exit.JOURNAL),
)


def exit_code(error: VigieError) -> Exit:
    """Return the exit status that goes with an error."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.FAILED)
