"""Hands messages over: paced, retried with growing pauses, given up after 48 hours, each outcome kept at once."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from vigie.errors import JournalError
from vigie.notify import pacing
from vigie.notify.apprise_channel import AppriseReceiver
from vigie.notify.compose import Composer
from vigie.notify.pacing import Handed, SendingPlan
from vigie.notify.settings import MailSettings, MessageChannel, Receiver
from vigie.notify.smtp import MailDoorClosed, MailFate, MailOutcome, MailServer
from vigie.telemetry.outbox import Letter, Outbox
from vigie.units import SECONDS_PER_HOUR

_PROBE_S = 60.0
_SUSPECT_TRIES = 3
_LONG_AWAY_S = SECONDS_PER_HOUR
_GIVEN_UP = frozenset({"refused", "expired"})


class WayOut:
    """When a way out may be tried again."""

    def __init__(self) -> None:
        self.error = ""
        self.is_permanent = False
        self._tries = 0
        self._tried_s = float("-inf")
        self._next_s = float("-inf")
        self._failing_since_s: float | None = None

    def may_try(self, now_s: float, *, has_fresh: bool) -> bool:
        """Return whether to try; a message never tried yet may knock every minute."""
        return now_s >= self._next_s or (has_fresh and now_s - self._tried_s >= _PROBE_S)

    def opened(self, now_s: float) -> None:
        """Note a success."""
        self.error, self.is_permanent, self._tries, self._failing_since_s = "", False, 0, None
        self._tried_s = self._next_s = now_s

    def failed(self, now_s: float, error: str, *, is_permanent: bool = False) -> None:
        """Note a failure."""
        self._tries += 1
        self.error, self.is_permanent = error, is_permanent
        self._tried_s = now_s
        self._next_s = now_s + pacing.PAUSE.after_s(self._tries)
        if self._failing_since_s is None:
            self._failing_since_s = now_s

    def is_in_trouble(self, now_s: float) -> bool:
        """Return whether a person should look: waiting will not help, or has not for an hour."""
        since_s = self._failing_since_s
        return since_s is not None and (self.is_permanent or now_s - since_s >= _LONG_AWAY_S)


class MessagesReport(NamedTuple):
    """How delivery is doing."""

    waiting: int
    error: str
    last_sent_utc_ms: int | None
    is_in_trouble: bool


class Delivery:
    """Empties outboxes. One thread uses it, but for :meth:`test`."""

    def __init__(
        self,
        settings: MailSettings,
        composer: Composer,
        monotonic_s: Callable[[], float],
        utc_s: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._composer = composer
        self._monotonic_s = monotonic_s
        self._utc_s = utc_s
        self._receivers = {receiver.address: receiver for receiver in settings.receivers}
        self._doors = {
            receiver.address: WayOut() for receiver in settings.receivers if receiver.channel == MessageChannel.APPRISE
        }
        self._services = {name: AppriseReceiver(self._receivers[name], settings.timeout_s) for name in self._doors}
        self._mail_door = WayOut()
        self._history: dict[str, deque[Handed]] = {name: deque(maxlen=2000) for name in self._receivers}
        self._fates: dict[str, str] = {}
        self._known: dict[int, list[Letter]] = {}
        self._unwritten: dict[str, Letter] = {}
        self._unwritten_summaries: dict[int, list[Letter]] = {}
        self._refusal = ""
        self._disk_error = ""
        self._last_sent_utc_ms: int | None = None

    def load(self, box: Outbox) -> None:
        """Learn from an outbox what left before this start."""
        now_s, now_ms = self._monotonic_s(), self._now_ms()
        for letter in box.sent_since(now_ms - int(SECONDS_PER_HOUR * 1000)):
            age_s = max(0.0, (now_ms - letter.settled_utc_ms) / 1000)
            if letter.receiver in self._history:
                self._history[letter.receiver].append(Handed(now_s - age_s, letter.kind, letter.alarm))
            self._last_sent_utc_ms = letter.settled_utc_ms
        self._fates = {**box.last_fates(), **self._fates}

    def undelivered(self, box: Outbox) -> list[Letter]:
        """Return what was last known to wait in an outbox, whether it can be read now or not."""
        letters = [self._unwritten.get(letter.message_id, letter) for letter in self._known.get(id(box), ())]
        return [letter for letter in letters if letter.state == "waiting"]

    def run(self, box: Outbox) -> None:
        """Hand over what is due in one outbox."""
        self._write_outcomes(box)
        self._look(box)
        waiting = self.undelivered(box)
        gone = [letter for letter in waiting if letter.receiver not in self._receivers]
        for letter in gone:
            self._settle(box, letter._replace(state="refused", last_error="is no receiver in the settings any more"))
        waiting = [letter for letter in waiting if letter.receiver in self._receivers]
        by_mail = [x for x in waiting if self._receivers[x.receiver].channel == MessageChannel.MAIL]
        if by_mail and self._settings.host:
            self._run_mail(box, by_mail)
        for name, service in self._services.items():
            mine = [letter for letter in waiting if letter.receiver == name]
            if mine:
                self._run_service(box, mine, self._doors[name], service)

    def test(self, receiver: Receiver) -> str:
        """Hand over a test message past the outbox; return the error, empty when it was taken."""
        letter = self._composer.test(receiver, self._now_ms())
        if receiver.channel == MessageChannel.APPRISE:
            return AppriseReceiver(receiver, self._settings.timeout_s).send(letter.subject, letter.text).error
        if not self._settings.host:
            return "mail.host is not set: no mail server to hand it to"
        try:
            with MailServer(self._settings) as server:
                return self._handed(server, letter).error
        except MailDoorClosed as error:
            return str(error)

    def report(self) -> MessagesReport:
        """Return how it goes; asks memory only."""
        now_s = self._monotonic_s()
        doors = [self._mail_door, *self._doors.values()]
        waiting = sum(
            1
            for letters in list(self._known.values())
            for letter in letters
            if self._unwritten.get(letter.message_id, letter).state == "waiting"
        )
        return MessagesReport(
            waiting,
            next((door.error for door in doors if door.error), self._refusal or self._disk_error),
            self._last_sent_utc_ms,
            any(door.is_in_trouble(now_s) for door in doors)
            or any(self._fates.get(name) in _GIVEN_UP for name in self._receivers),
        )

    def _look(self, box: Outbox) -> None:
        """Read what waits; while the file cannot be read, what was known counts."""
        try:
            waiting = box.waiting()
        except JournalError as error:
            self._disk_error = str(error)
            return
        self._known[id(box)] = [*waiting, *self._unwritten_summaries.get(id(box), ())]
        known = {letter.message_id for letters in self._known.values() for letter in letters}
        self._unwritten = {name: letter for name, letter in self._unwritten.items() if name in known}
        if not self._unwritten:
            self._disk_error = ""

    def _run_mail(self, box: Outbox, waiting: Sequence[Letter]) -> None:
        door = self._mail_door
        if not self._may_knock(door, waiting):
            return
        on_its_way: Letter | None = None
        try:
            with MailServer(self._settings) as server:
                for on_its_way in self._chosen(box, waiting):
                    outcome = self._handed(server, on_its_way)
                    door.opened(self._monotonic_s())
                    self._judge(box, on_its_way, outcome)
        except MailDoorClosed as error:
            door.failed(self._monotonic_s(), str(error), is_permanent=error.is_permanent)
            self._put_all_off(box, waiting, str(error), on_its_way)

    def _run_service(self, box: Outbox, waiting: Sequence[Letter], door: WayOut, service: AppriseReceiver) -> None:
        if not self._may_knock(door, waiting):
            return
        for letter in self._chosen(box, waiting):
            receiver = self._receivers[letter.receiver]
            outcome = service.send(self._composer.subject(letter, receiver, self._now_ms()), letter.text)
            if outcome.fate != MailFate.SENT:
                door.failed(self._monotonic_s(), outcome.error)
                self._put_all_off(box, waiting, outcome.error, letter)
                return
            door.opened(self._monotonic_s())
            self._judge(box, letter, outcome)

    def _may_knock(self, door: WayOut, waiting: Iterable[Letter]) -> bool:
        leaving = [letter for plan in self._plans(waiting).values() for letter in (*plan.singles, *plan.digest)]
        has_fresh = any(letter.tries == 0 for letter in leaving)
        return bool(leaving) and door.may_try(self._monotonic_s(), has_fresh=has_fresh)

    def _put_all_off(self, box: Outbox, waiting: Iterable[Letter], error: str, at: Letter | None) -> None:
        """Note that a way is shut; the message it shuts at again and again lets the others go first."""
        tried = {letter.message_id for letter in waiting}
        culprit = at.message_id if at is not None and at.tries >= _SUSPECT_TRIES else ""
        self._settle(
            box,
            *(
                self._put_off(letter, error, 2.0 * (letter.message_id == culprit))
                for letter in self.undelivered(box)
                if letter.message_id in tried or (at is not None and letter.message_id == at.message_id)
            ),
        )

    def _plans(self, waiting: Iterable[Letter]) -> dict[str, SendingPlan]:
        """Return by receiver what he gets now, without those who get nothing."""
        now_s, now_ms = self._monotonic_s(), self._now_ms()
        longest_ms = pacing.PAUSE.longest_s * 2500  # a date farther away was set by a clock that was wrong
        due: dict[str, list[Letter]] = {}
        for letter in waiting:
            if not 0 < letter.next_try_utc_ms - now_ms < longest_ms:
                due.setdefault(letter.receiver, []).append(letter)
        plans = {name: pacing.plan(mine, self._history[name], self._settings, now_s) for name, mine in due.items()}
        return {name: plan for name, plan in plans.items() if plan != pacing.NOTHING}

    def _chosen(self, box: Outbox, waiting: Iterable[Letter]) -> list[Letter]:
        """Return the messages that leave now, summaries made."""
        letters: list[Letter] = []
        for name, plan in self._plans(waiting).items():
            letters += plan.singles
            if plan.digest:
                summary = self._composer.digest(plan.digest, self._receivers[name], self._now_ms())
                self._fold(box, summary, plan.digest)
                letters.append(summary)
        return letters

    def _fold(self, box: Outbox, summary: Letter, letters: Sequence[Letter]) -> None:
        known = self._known.get(id(box), [])
        try:
            box.fold(summary, letters)
            folded = {letter.message_id for letter in letters}
            known = [letter for letter in known if letter.message_id not in folded]
        except JournalError as error:
            self._disk_error = str(error)
            self._unwritten_summaries.setdefault(id(box), []).append(summary)
            for letter in letters:
                self._unwritten[letter.message_id] = letter._replace(
                    state="folded", settled_utc_ms=summary.created_utc_ms
                )
        self._known[id(box)] = [*known, summary]

    def _handed(self, server: MailServer, letter: Letter) -> MailOutcome:
        receiver = self._receivers[letter.receiver]
        try:
            return server.send(self._composer.mail(letter, receiver, self._now_ms()), letter.receiver)
        except ValueError as error:  # one message that cannot be written as mail must not stop the others
            return MailOutcome(MailFate.REFUSED, f"cannot be written as a mail: {error}")

    def _judge(self, box: Outbox, letter: Letter, outcome: MailOutcome) -> None:
        now_ms = self._now_ms()
        if outcome.fate == MailFate.PUT_OFF:
            self._settle(box, self._put_off(letter, outcome.error, 1.0))
            return
        if outcome.fate == MailFate.REFUSED:
            self._refusal = f"{letter.receiver}: {outcome.error}"
            self._settle(box, letter._replace(state="refused", tries=letter.tries + 1, last_error=outcome.error))
            return
        self._last_sent_utc_ms = now_ms
        self._refusal = ""
        self._history[letter.receiver].append(Handed(self._monotonic_s(), letter.kind, letter.alarm))
        self._settle(box, letter._replace(state="sent", tries=letter.tries + 1, last_error=""))

    def _put_off(self, letter: Letter, error: str, pauses: float) -> Letter:
        """Return a message after a failure; it waits ``pauses`` of its own, besides those of its way out."""
        now_ms, tries = self._now_ms(), letter.tries + 1
        if now_ms - letter.created_utc_ms > pacing.GIVE_UP_S * 1000 and tries >= pacing.LEAST_TRIES:
            return letter._replace(state="expired", tries=tries, last_error=error)
        next_ms = now_ms + int(pauses * pacing.PAUSE.after_s(tries) * 1000) if pauses else letter.next_try_utc_ms
        return letter._replace(tries=tries, next_try_utc_ms=next_ms, last_error=error)

    def _settle(self, box: Outbox, *letters: Letter) -> None:
        now_ms = self._now_ms()
        for letter in letters:
            is_settled = letter.state != "waiting"
            self._unwritten[letter.message_id] = letter._replace(settled_utc_ms=now_ms) if is_settled else letter
            if is_settled:
                self._fates[letter.receiver] = letter.state
        self._write_outcomes(box)

    def _write_outcomes(self, box: Outbox) -> None:
        """Write outcomes; what the disk does not take stays in memory and counts all the same."""
        mine = {letter.message_id for letter in self._known.get(id(box), ())}
        outcomes = [letter for name, letter in self._unwritten.items() if name in mine]
        summaries = self._unwritten_summaries.get(id(box), [])
        if not outcomes and not summaries:
            return
        try:
            if summaries:
                box.enqueue(summaries)
                self._unwritten_summaries.pop(id(box))
            box.settle(outcomes)
        except JournalError as error:
            self._disk_error = str(error)
            return
        self._disk_error = ""
        for outcome in outcomes:
            del self._unwritten[outcome.message_id]
        written = {outcome.message_id: outcome for outcome in outcomes}
        self._known[id(box)] = [
            after
            for letter in self._known.get(id(box), ())
            if (after := written.get(letter.message_id, letter)).state == "waiting"
        ]

    def _now_ms(self) -> int:
        return int(self._utc_s() * 1000)
