"""Follows the journal and hands every period to the store, once, in order, however long it takes."""

import contextlib
import threading
from collections.abc import Callable, Sequence

import structlog
import tenacity
from tenacity.wait import wait_base

from vigie.delivery.answers import NotTakenNow, Offence, RefusedForGood
from vigie.delivery.asides import asides_of
from vigie.delivery.dates import MachineCalendar, SendableDates
from vigie.delivery.feed import Feed
from vigie.delivery.halving import Blocks, Halving, Offender, cut
from vigie.delivery.progress import BatchOutcome, DeliveryProgress, step
from vigie.delivery.sender import Sender
from vigie.delivery.settings import RemoteWriteSettings
from vigie.delivery.wire import encode
from vigie.errors import JournalError
from vigie.pauses import GrowingPause
from vigie.telemetry.delivery_log import START, Aside, Chunk, Cursor, DeliveryLog, DeliveryStanding
from vigie.telemetry.rows import Row, utc_ms_of

log = structlog.get_logger("vigie.delivery")

LOOK_S = 0.25
"""How often the journal is asked whether anybody has written; that costs microseconds."""
SAVE_HEALTHY_S = 60.0
SAVE_BEHIND_S = 5.0
PAUSE = GrowingPause(1.0, 20.0, spread=0.2)
AFTER_TROUBLE_S = 2.0


class DeliveryStopped(Exception):
    """The process is to end."""


class _Again(Exception):
    """The store takes no such request: the same again in a smaller one. Its words say which."""


class _Pause(wait_base):
    """tenacity's way to ask for the next pause; never shorter than the store asked for."""

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked_s = error.retry_after_s if isinstance(error, NotTakenNow) else 0.0
        return max(PAUSE.after_s(retry_state.attempt_number), asked_s)


class Courier:
    """Delivers from one journal to one store. One thread runs it.

    A batch counts as delivered when the store said so; the cursor is saved after that. A kill at any point sends a
    batch again and never leaves one out, and a store keeps one sample per series and time stamp.
    """

    def __init__(
        self,
        settings: RemoteWriteSettings,
        journal: DeliveryLog,
        feed: Feed,
        sender: Sender,
        stop: threading.Event,
        *,
        machine: MachineCalendar,
        is_real_time: bool = True,
        alive: Callable[[], object] = lambda: None,
    ) -> None:
        """Take what it works with.

        Args:
            settings: where to, how often, how much at once.
            journal: what to deliver, and where to remember how far that went.
            feed: makes series of rows.
            sender: the way to the store.
            stop: ends it.
            machine: this computer's calendar.
            is_real_time: the journal's calendar is this machine's, not a simulated one.
            alive: told at every step, also while the store does not answer.
        """
        self._settings = settings
        self._journal = journal
        self._feed = feed
        self._sender = sender
        self._stop = stop
        self._is_real_time = is_real_time
        self._alive = alive
        self._monotonic_s = machine.monotonic_s
        self._utc_s = machine.utc_s
        self._dates = SendableDates(machine, sender.store_utc_s, self._ask, is_real_time=is_real_time)
        self._held = ""
        self._rows = max(1, settings.batch_samples // len(feed.labels))
        self._progress = DeliveryProgress(START, START)
        self._saved = START
        self._was_away = False
        self._has_taken_stock = False
        self._standing = DeliveryStanding()
        self._lag_s = 0.0
        self._unsaved: list[Aside] = []
        self._journal_trouble = ""
        self._generation = -1
        self._saved_s = float("-inf")

    def run(self) -> None:
        """Deliver until ``stop`` is set."""
        with contextlib.suppress(DeliveryStopped):
            while not self._stop.is_set():
                self._alive()
                try:
                    is_behind = self._step()
                    self._journal_trouble = ""
                except _Again as error:
                    log.info(str(error), periods=self._rows)
                    continue
                except JournalError as error:
                    self._tell_journal(error)
                    self._generation = -1
                    self._stop.wait(AFTER_TROUBLE_S)
                    continue
                if not is_behind:
                    self._wait_for_more()
        if self._generation != -1:
            self._save()
        self._journal.close()

    def _step(self) -> bool:
        """Deliver one batch; return whether more waits already."""
        self._open()
        before = self._progress
        began = before.cursor
        chunk = self._in_time(self._journal.read(began, self._rows), began)
        refused = self._deliver(chunk) if chunk.rows else []
        was_away, self._was_away = self._was_away, False
        outcome = BatchOutcome(chunk.end, bool(chunk.rows), chunk.is_all, was_away, self._monotonic_s())
        self._progress = step(before, outcome)
        if chunk.rows:
            fresh = [row for row in chunk.rows if Cursor(began.step_id, row[0] or 0) > before.furthest]
            self._note(fresh, refused, has_caught_up=before.is_behind and not self._progress.is_behind)
        return self._send_wanted() or (self._progress.is_behind and not self._held)

    def _in_time(self, chunk: Chunk, began: Cursor) -> Chunk:
        """Leave what may not be sent yet for later.

        What lies ahead in a pass after which the calendar was set back does not wait: its dates are known to be wrong.
        """
        sendable = self._dates.sendable(chunk, began, self._journal.was_set_back)
        self._hold(sendable.words)
        return sendable.chunk

    def _hold(self, words: str) -> None:
        is_news = bool(words) and not self._held
        self._held = words
        if is_news:
            log.warning("measurements wait", why=words)
            self._progress = self._progress._replace(is_behind=True)
            self._save()

    def _open(self) -> None:
        """Learn how far delivery has come, at the start and when the path leads to another file."""
        self._journal.has_changed()
        if self._journal.generation == self._generation:
            return
        self._saved, standing = self._journal.begin()
        self._progress = self._progress.reopened(self._saved, Cursor(standing.reached_step_id, standing.reached_key))
        self._standing = standing._replace(url=self._settings.url)
        self._unsaved.clear()
        self._generation = self._journal.generation

    def _note(self, fresh: Sequence[Row], refused: Sequence[Aside], *, has_caught_up: bool) -> None:
        """Take stock after a batch; the cursor is saved about once a minute, more often while there is much to send."""
        if fresh:
            newest_s = self._utc_s() if self._is_real_time else utc_ms_of(fresh[-1]) / 1000
            self._lag_s = max(self._lag_s, newest_s - utc_ms_of(fresh[0]) / 1000)
        self._unsaved += refused
        if refused:
            samples = sum(aside.samples for aside in refused)
            log.warning("refused for good, set aside", samples=samples, why=refused[0].words)
        due_s = SAVE_BEHIND_S if self._progress.is_behind else SAVE_HEALTHY_S
        is_first, self._has_taken_stock = not self._has_taken_stock, True
        if refused or has_caught_up or is_first or self._progress.yes_s - self._saved_s >= due_s:
            self._save()

    def _send_wanted(self) -> bool:
        """Send a piece of what somebody asked to send again; return whether there was any."""
        wanted = self._journal.wanted()
        if wanted is None:
            return False
        chunk = self._journal.read_stretch(wanted.from_key - 1, wanted.to_key, self._rows)
        refused = self._deliver(chunk, wanted.series) if chunk.rows else []
        self._journal.shorten(wanted, wanted.to_key if chunk.is_all else chunk.end.key, refused)
        return True

    def _save(self) -> None:
        """Keep how far it went; a disk that does not take it costs a repetition after a restart, no sample."""
        progress = self._progress
        try:
            is_to_count = progress.is_behind or self._standing.last_error
            self._standing = self._standing._replace(
                reached_step_id=progress.cursor.step_id,
                reached_key=progress.cursor.key,
                waiting_periods=self._journal.waiting(progress.cursor) if is_to_count else 0,
                lag_s=self._lag_s,
                updated_utc_ms=round(self._utc_s() * 1000),
            )
            told = self._standing._replace(last_error=self._standing.last_error or self._held)
            self._journal.save(self._saved, progress.safe, told, self._unsaved)
        except JournalError as error:
            self._tell_journal(error)
            return
        finally:
            self._saved_s = self._monotonic_s()
        self._saved, self._lag_s = progress.safe, 0.0
        self._unsaved.clear()

    def _tell_journal(self, error: JournalError) -> None:
        if str(error) != self._journal_trouble:
            log.warning("journal", why=str(error))
        self._journal_trouble = str(error)

    def _wait_for_more(self) -> None:
        due_s = self._progress.yes_s + self._settings.interval_s
        while not self._stop.wait(LOOK_S):
            self._alive()
            now_s = self._monotonic_s()
            if now_s - self._saved_s >= SAVE_HEALTHY_S:
                self._save()
            if now_s >= due_s and (self._journal.has_changed() or self._held):
                return

    def _deliver(self, chunk: Chunk, only: str = "") -> list[Aside]:
        """Hand a piece of the journal over; return what of it was refused for good.

        Raises:
            Stopped: the process is to end; nothing is known of what was under way.
            _Again: nothing was taken; read less, or less far ahead.
        """
        whole, merged = self._feed.blocks(chunk, only)
        blocks, offenders = self._without_the_future(whole)
        refusal = self._refusal_of(blocks) if blocks else None
        if refusal is not None:
            if refusal.offence == Offence.TOO_LARGE and len(chunk.rows) > 1:
                self._rows = len(chunk.rows) // 2
                raise _Again("the store takes smaller requests only")
            if refusal.offence == Offence.TOO_NEW and self._dates.narrow():
                raise _Again("the store takes no measurements that are ahead of its clock")
            offenders += Halving(self._send).offenders(blocks, refusal)
        self._standing = self._standing._replace(merged_periods=self._standing.merged_periods + merged)
        return asides_of(offenders, whole, self._settings.url, round(self._utc_s() * 1000))

    def _refusal_of(self, blocks: Blocks) -> RefusedForGood | None:
        try:
            self._send(blocks)
        except RefusedForGood as refusal:
            return refusal
        return None

    def _without_the_future(self, blocks: Blocks) -> tuple[Blocks, list[Offender]]:
        newest_ms = max((block.times_ms[-1] for block in blocks), default=0)
        limit_ms = self._dates.limit_ms(newest_ms)
        if newest_ms <= limit_ms:
            return blocks, []
        near, far = cut(blocks, round(limit_ms) + 1)
        ahead_s = self._dates.ahead_s(newest_ms)
        words = f"never sent: dated up to {ahead_s:.0f} s ahead of the store's clock by a calendar set back since"
        return near, [Offender(far, RefusedForGood(0, words, Offence.TOO_NEW))]

    def _ask(self) -> None:
        """Let the store answer: every answer is dated."""
        self._refusal_of([])

    def _send(self, blocks: Blocks) -> None:
        """Send until the store says yes or never; every failure on the way is told.

        Raises:
            RefusedForGood: the store never takes this.
            Stopped: the process is to end.
        """
        if self._stop.is_set():
            raise DeliveryStopped
        body = encode(blocks)
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(NotTakenNow),
            wait=_Pause(),
            stop=tenacity.stop_when_event_set(self._stop),
            sleep=self._sleep,
            before_sleep=self._not_taken,
        )
        try:
            tries(self._sender.send, body)
        except tenacity.RetryError as error:
            raise DeliveryStopped from error
        self._alive()
        self._was_away = self._was_away or self._sender.was_cut_off
        if self._standing.last_error:
            log.info("the store takes measurements again", url=self._settings.url)
        was_failing = bool(self._standing.last_error)
        self._standing = self._standing._replace(
            last_ok_utc_ms=round(self._utc_s() * 1000), last_error="", is_settings=False
        )
        if was_failing:
            self._save()

    def _sleep(self, seconds: float) -> None:
        until_s = self._monotonic_s() + seconds
        while (left_s := until_s - self._monotonic_s()) > 0 and not self._stop.wait(min(left_s, 5.0)):
            self._alive()

    def _not_taken(self, state: tenacity.RetryCallState) -> None:
        self._alive()
        error = state.outcome.exception() if state.outcome else None
        refusal = error if isinstance(error, NotTakenNow) else None
        self._was_away = self._was_away or not (refusal and refusal.is_up)
        text = str(error)
        is_news = text != self._standing.last_error
        is_settings = refusal is not None and refusal.is_settings
        self._standing = self._standing._replace(last_error=text, is_settings=is_settings)
        if is_news:
            log.warning("the store takes nothing now, trying again", why=text)
        if is_news or self._monotonic_s() - self._saved_s >= SAVE_HEALTHY_S:
            self._save()
