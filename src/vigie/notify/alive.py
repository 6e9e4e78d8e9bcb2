"""When the weekly sign of life is due, whatever the clock does."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from vigie.notify.settings import MailSettings, Weekday
from vigie.units import SECONDS_PER_DAY

_WEEK = timedelta(days=7)


class Due(NamedTuple):
    """What to do about the sign of life now."""

    day: str | None
    """Day to remember as the last one; None changes nothing."""
    is_sent: bool


NOT_NOW = Due(None, is_sent=False)


class SignOfLife:
    """Decides once a round; the last day told is kept by the caller."""

    def __init__(self, settings: MailSettings, monotonic_s: Callable[[], float], utc_s: Callable[[], float]) -> None:
        self._settings = settings
        self._monotonic_s = monotonic_s
        self._utc_s = utc_s
        self._ahead_since_s: float | None = None

    def look(self, last: str | None) -> Due:
        """Return what is due after the ``last`` day told (ISO); None, when there never was one, begins the weeks."""
        if self._settings.alive_weekday == Weekday.OFF or not self._settings.is_configured:
            return NOT_NOW
        day = last_day(self._settings, datetime.fromtimestamp(self._utc_s()).astimezone())
        if last is None:
            return Due(day.isoformat(), is_sent=False)
        if date.fromisoformat(last) > day + _WEEK:
            return self._ahead(day)
        self._ahead_since_s = None
        return Due(day.isoformat(), is_sent=True) if day > date.fromisoformat(last) else NOT_NOW

    def _ahead(self, day: date) -> Due:
        """The last one lies ahead: one of the two clocks is wrong; after a whole day of it today's counts."""
        now_s = self._monotonic_s()
        if self._ahead_since_s is None:
            self._ahead_since_s = now_s
        if now_s - self._ahead_since_s < SECONDS_PER_DAY:
            return NOT_NOW
        return Due(day.isoformat(), is_sent=False)


def last_day(settings: MailSettings, now: datetime) -> date:
    """Return the latest day a sign of life was due.

    >>> last_day(MailSettings(), datetime(2026, 11, 23, 7, 59)), last_day(MailSettings(), datetime(2026, 11, 23, 8, 0))
    (datetime.date(2026, 11, 16), datetime.date(2026, 11, 23))
    """
    began = now - timedelta(hours=settings.alive_hour)
    return began.date() - timedelta(days=(began.weekday() - settings.alive_weekday) % 7)
