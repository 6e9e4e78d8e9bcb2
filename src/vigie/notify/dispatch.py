"""From alarms in the journal to messages that have left: the thread of the web process that tells people."""

import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import structlog

from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.errors import CommandRefused, JournalError
from vigie.link.messages import MailReport
from vigie.notify.alive import SignOfLife
from vigie.notify.compose import Composer
from vigie.notify.delivery import Delivery
from vigie.notify.live import LiveAlarms
from vigie.notify.own_events import OwnEvents
from vigie.notify.policy import REMINDED_STANDINGS, MessageKind, follow
from vigie.notify.settings import MailSettings
from vigie.telemetry.outbox import AlarmEvent, Letter, Outbox, TrackedAlarm
from vigie.telemetry.report import AlarmReport
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

log = structlog.get_logger(__name__)

_POLL_S = 1.0
_BATCH = 100
_DAYS_SHOWN = 7
_ALIVE = "alive"


class TestResult(NamedTuple):
    """How a test message went."""

    receiver: str
    is_sent: bool
    error: str


class Dispatcher:
    """Tells people of alarms. :meth:`start` it in the process that serves.

    Nothing that happens to mail server, disk or journal raises out of it; :meth:`state` tells it.
    """

    def __init__(
        self,
        outbox: Outbox,
        settings: MailSettings,
        site: str,
        monotonic_s: Callable[[], float] = machine_monotonic_s,
        utc_s: Callable[[], float] = machine_utc_s,
    ) -> None:
        """Name the journal's outbox, the settings, the site's name, and the machine's (not the plant's) clocks."""
        self._file = outbox
        self._spare = Outbox(None)
        self._settings = settings
        self._monotonic_s = monotonic_s
        self._utc_s = utc_s
        self._composer = Composer(site, settings)
        self._delivery = Delivery(settings, self._composer, monotonic_s, utc_s)
        self._live = LiveAlarms()
        self._alarms: dict[str, TrackedAlarm] = {}
        self._told_s: dict[str, float] = {}
        self._generation = -1
        self._identity = -1
        self._saved = 0
        """The cursor as the file has it."""
        self._seen = 0
        """The last event read; beyond ``_saved`` while the disk takes nothing."""
        self._is_unsaved = False
        self._alive_day: str | None = None
        self._sign_of_life = SignOfLife(settings, monotonic_s, utc_s)
        self._trimmed_s = monotonic_s()
        self._undelivered = 0
        self._journal_error = ""
        self._own = OwnEvents(outbox)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_closed = False
        self._each_round: Callable[[], None] = lambda: None
        self._thread: threading.Thread | None = None

    def start(self, each_round: Callable[[], None] = lambda: None) -> None:
        """Start the thread; it calls ``each_round`` every second before it looks at the journal."""
        self._each_round = each_round
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Stop; what has not left waits in the journal."""
        self._is_closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        self._file.close()
        self._spare.close()

    def state(self) -> MailReport | None:
        """Return how messages are doing, None where nobody is told; asks memory only."""
        if not self._settings.is_configured:
            return None
        report = self._delivery.report()
        return {
            "is_configured": True,
            "waiting": report.waiting,
            "refused": self._undelivered,
            "last_error": report.error or self._journal_error,
            "last_sent_utc_ms": report.last_sent_utc_ms,
        }

    def is_in_trouble(self) -> bool:
        """Return whether messages cannot be handed over and a person should look."""
        return self._settings.is_configured and self._delivery.report().is_in_trouble

    def letters(self, limit: int = 100) -> list[dict[str, Any]]:
        """Return the newest messages, newest first: id, receiver, subject, state, tries, times, last_error.

        Raises:
            JournalError: the journal cannot be read.
        """
        return [_shown(letter) for letter in self._file.letters(limit)]

    def test(self, receiver: str | None = None) -> list[TestResult]:
        """Hand over a test message to one receiver or to all, now; blocks up to the settings' timeouts.

        Raises:
            CommandRefused: nobody is told, or no receiver is called so.
        """
        if not self._settings.is_configured:
            raise CommandRefused("no messages are set up: set mail.host and a [[mail.receivers]] first")
        chosen = [one for one in self._settings.receivers if receiver in {None, one.address}]
        if not chosen:
            known = ", ".join(one.address for one in self._settings.receivers)
            raise CommandRefused(f"no receiver is called {receiver!r}; there are {known}")
        results = []
        for one in chosen:
            error = self._delivery.test(one)
            results.append(TestResult(one.address, not error, error))
        return results

    def note(self, event: AlarmEvent) -> None:
        """Take an alarm event of the web process itself: into the journal, and straight on when that takes nothing."""
        self._own.note(event._replace(data={**self._live.readings, **event.data}))
        self._wake.set()

    def notice(self, reports: Sequence[AlarmReport], readings: Mapping[str, float] = MappingProxyType({})) -> None:
        """Take the alarms of the controller's newest snapshot, and its readings.

        They count only when the journal does not tell the same within seconds: a disk that takes nothing must not
        keep an alarm from anybody.
        """
        with self._lock:
            self._live.notice(reports, readings)

    def tick(self) -> None:
        """Do one round: read, tell, remind, hand over."""
        self._own.write()
        self._collect()
        with self._lock:
            missing = self._live.missing(self._alarms, self._monotonic_s(), self._now_ms())
        self._tell([*self._own.untold(), *missing], None)
        self._remind()
        self._give_sign_of_life()
        for box in (self._file, self._spare):
            self._delivery.run(box)
        self._tidy()

    def _run(self) -> None:
        while not self._is_closed:
            for act in (self._each_round, self.tick):
                try:
                    act()
                except Exception:
                    log.exception("notify_failed")
            self._wake.wait(_POLL_S)
            self._wake.clear()

    def _collect(self) -> None:
        """Turn new events of the journal into messages, each exactly once."""
        try:
            self._settle_in()
            while True:
                events, end = self._file.new_events(self._seen, _BATCH)
                if not self._tell([event for event in events if not self._own.is_told(event)], end):
                    self._generation, self._alarms = -1, {}  # another program reads it too: go on from where it is
                    return
                self._seen = end
                if len(events) < _BATCH:
                    break
            if not self._is_unsaved:
                self._journal_error = ""
        except JournalError as error:
            self._journal_error = str(error)

    def _settle_in(self) -> None:
        """Make sure that memory and the file that is there now know the same."""
        saved = self._file.cursor()
        if self._file.generation != self._generation:
            self._adopt(saved)
        if self._is_unsaved and self._file.enqueue((), list(self._alarms.values()), (self._saved, self._seen)):
            self._saved, self._is_unsaved = self._seen, False

    def _adopt(self, saved: int) -> None:
        stored = {alarm.alarm: alarm for alarm in self._file.alarms()}
        if self._identity == -1:
            self._delivery.load(self._file)
            now_s, now_ms = self._monotonic_s(), self._now_ms()
            self._told_s = {
                name: now_s - max(0.0, (now_ms - alarm.reminded_utc_ms) / 1000) for name, alarm in stored.items()
            }
        carried = self._delivery.undelivered(self._file)
        news = [alarm for name, alarm in self._alarms.items() if stored.get(name) != alarm]
        if carried or news:
            self._file.enqueue(carried, news)
        if self._file.identity != self._identity:
            self._seen, self._is_unsaved = saved, False
        self._seen = max(self._seen, saved)
        self._saved = saved
        self._alarms = {**stored, **self._alarms}
        self._generation, self._identity = self._file.generation, self._file.identity

    def _tell(self, events: Sequence[AlarmEvent], cursor: int | None) -> bool:
        """Make and keep the messages of events; return False when another program has read them already."""
        if not events:
            return True
        now_ms = self._now_ms()
        alarms, letters, told = dict(self._alarms), [], set()
        for event in events:
            alarms[event.alarm], kind = follow(alarms.get(event.alarm), event, now_ms)
            if kind is None:
                continue
            told.add(event.alarm)
            tracked = alarms[event.alarm]
            letters += [
                self._composer.about(event, tracked, kind, receiver, now_ms)
                for receiver in self._settings.receivers
                if tracked.severity >= receiver.severity
            ]
        changed = [alarms[name] for name in {event.alarm for event in events}]
        if not self._keep(letters, changed, cursor):
            return False
        self._alarms = alarms
        self._told_s.update(dict.fromkeys(told, self._monotonic_s()))
        return True

    def _keep(self, letters: Sequence[Letter], alarms: Sequence[TrackedAlarm], cursor: int | None = None) -> bool:
        """Keep messages on the disk, or in memory while it takes none."""
        moved = None if cursor is None else (self._saved, cursor)
        try:
            is_kept = self._file.enqueue(letters, alarms, moved)
        except JournalError as error:
            self._journal_error = f"messages are kept in memory only: {error}"
            self._is_unsaved = True
            self._spare.enqueue(letters)
            return True
        if is_kept and cursor is not None:
            self._saved = cursor
        return is_kept

    def _remind(self) -> None:
        """Tell again what nobody has taken note of; the machine's monotonic clock says when."""
        if not self._settings.reminder_h:
            return
        now_s, now_ms = self._monotonic_s(), self._now_ms()
        standing = [alarm for alarm in self._alarms.values() if alarm.standing in REMINDED_STANDINGS]
        after_s = self._settings.reminder_h * SECONDS_PER_HOUR
        if not any(now_s - self._told_s.setdefault(alarm.alarm, now_s) >= after_s for alarm in standing):
            return
        busy = {x.receiver for x in self._delivery.undelivered(self._file) if x.kind == MessageKind.REMINDER}
        letters = []
        for receiver in self._settings.receivers:
            mine = [alarm for alarm in standing if alarm.severity >= receiver.severity]
            if mine and receiver.address not in busy:
                letters.append(self._composer.reminder(mine, receiver, now_ms, self._live.readings))
        told = [alarm._replace(reminded_utc_ms=now_ms) for alarm in standing]
        self._keep(letters, told)
        self._alarms.update({alarm.alarm: alarm for alarm in told})
        self._told_s.update({alarm.alarm: now_s for alarm in told})

    def _give_sign_of_life(self) -> None:
        try:
            last = self._alive_day or self._file.mark(_ALIVE)
            due = self._sign_of_life.look(last)
            if due.day is None:
                return
            letters: list[Letter] = []
            if due.is_sent:
                standing = [alarm for alarm in self._alarms.values() if alarm.standing in REMINDED_STANDINGS]
                letters = [
                    self._composer.alive(due.day, standing, receiver, self._now_ms(), self._live.readings)
                    for receiver in self._settings.receivers
                ]
            self._file.enqueue(letters, marks={_ALIVE: due.day})
            self._alive_day = due.day
        except JournalError:
            return  # a sign of life from a broken disk would be a lie

    def _tidy(self) -> None:
        now_s, now_ms = self._monotonic_s(), self._now_ms()
        try:
            self._undelivered = self._file.undelivered_since(now_ms - _DAYS_SHOWN * int(SECONDS_PER_DAY * 1000))
            if now_s - self._trimmed_s > SECONDS_PER_HOUR:
                self._trimmed_s = now_s
                self._file.trim(now_ms)
        except JournalError:
            return

    def _now_ms(self) -> int:
        return int(self._utc_s() * 1000)


def _shown(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "receiver": letter.receiver,
        "subject": letter.subject,
        "state": letter.state,
        "tries": letter.tries,
        "created_utc_ms": letter.created_utc_ms,
        "next_try_utc_ms": letter.next_try_utc_ms or None,
        "last_error": letter.last_error,
    }
