"""What a person can say about another program's log; what is not said is judged from the whole file."""

from datetime import UTC, datetime, tzinfo
from enum import IntEnum
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigie.errors import RecordingError
from vigie.units import by_name, setting


class DateOrder(IntEnum):
    """The order of day, month and year in dates such as 03/04/2026."""

    AUTO = 0
    DMY = 1
    MDY = 2
    YMD = 3


class Decimal(IntEnum):
    """The decimal mark of numbers such as 12,700."""

    AUTO = 0
    POINT = 1
    COMMA = 2


class ClockSet(IntEnum):
    """Which of the logger's two clocks was right when it was set back in the middle of a log."""

    ASK = 0
    BEFORE = 1
    AFTER = 2


class ReadingSettings(NamedTuple):
    """How to understand times and numbers, and whether a large loss is accepted."""

    timezone: Annotated[str, setting("Zone of times that do not say their own, like Europe/Zurich")] = "UTC"
    dates: Annotated[
        DateOrder,
        *by_name(DateOrder),
        setting("Order in dates such as 03/04/2026: dmy, mdy, ymd, or auto (what the file proves)"),
    ] = DateOrder.AUTO
    decimal: Annotated[
        Decimal, *by_name(Decimal), setting("Decimal mark: point, comma, or auto (what the file proves)")
    ] = Decimal.AUTO
    clock: Annotated[
        ClockSet,
        *by_name(ClockSet),
        setting("When the logger's clock was set back: which one was right, before or after; ask refuses the log"),
    ] = ClockSet.ASK
    start: Annotated[
        str, setting("Instant of the first row (ISO 8601) of a log that counts seconds since its own start")
    ] = ""
    accept_loss: Annotated[bool, setting("Take a log of which a large part cannot be used")] = False

    def zone(self) -> tzinfo:
        """Return the zone of times that do not say their own.

        Raises:
            RecordingError: this machine knows no such zone.
        """
        try:
            return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise RecordingError(
                f"timezone {self.timezone}: no such time zone here; write one like Europe/Zurich or UTC"
            ) from None

    def start_s(self) -> float | None:
        """Return the instant of the first row, None when nobody has said it.

        Raises:
            RecordingError: it is no instant.
        """
        if not self.start:
            return None
        try:
            moment = datetime.fromisoformat(self.start)
        except ValueError:
            raise RecordingError(f"start {self.start!r}: write an instant such as 2026-11-22T10:00:00Z") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone())).timestamp()
