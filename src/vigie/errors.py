"""The one exception tree. Each message names the thing, the value, the unit, the limit and what to do."""


class VigieError(Exception):
    """Any error this program raises on purpose; its text can be shown to a person as it is."""


class SettingsError(VigieError):
    """The settings file cannot be used: unknown keys, values out of range, a demanded key missing."""


class HardwareError(VigieError):
    """Something outside the program did not answer as its data sheet says."""


class BusError(HardwareError):
    """The I2C bus itself failed: no such device, permission, stalled past its deadline."""


class ChipError(HardwareError):
    """One chip on the bus did not answer (absent, NACK) or answered nonsense."""


class WrongChipError(ChipError):
    """Another kind of chip answers at the address than the one that is asked for."""


class ReadingError(HardwareError):
    """A chip answered, but its reading must not be used: overflow, stale, out of range."""


class RelayError(HardwareError):
    """A relay line is missing, taken by another program, or did not take the level it was given."""


class TemperatureError(HardwareError):
    """The temperature sensor is absent, or its reading is one of the chip's error values."""


class WatchdogError(HardwareError):
    """The hardware watchdog cannot be opened or refuses the timeout."""


class PowerLost(VigieError):
    """The computer this program runs on has lost its power: simulated, and to be obeyed like a real power cut."""


class RecordingError(VigieError):
    """A recorded log cannot be read: missing columns, no rows, not a number."""


class JournalError(VigieError):
    """The journal cannot be opened, read or written."""


class LinkError(VigieError):
    """The other process cannot be reached, refused this one, or did not answer in time."""


class CommandRefused(VigieError):
    """A command was not carried out: late, malformed, or an interlock forbids it."""


class AccessError(VigieError):
    """The file of users cannot be read or written; nobody is let in until it can."""


class AlreadyRunning(VigieError):
    """Another controller holds this installation."""
