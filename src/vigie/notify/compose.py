"""The words of the messages: subject, text and simple HTML, in the receiver's language."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from html import escape
from typing import Any, NamedTuple

from vigie.control.alarms.catalogue import Severity
from vigie.notify.policy import MessageKind, number, severity_of
from vigie.notify.settings import MailSettings, Receiver
from vigie.telemetry.outbox import AlarmEvent, Letter, TrackedAlarm
from vigie.wording import alarms as words
from vigie.wording import readings
from vigie.wording.words import mark, translator

LATE_MS = 300_000
_LONG_AGO_MS = 30 * 86_400_000
Data = Mapping[str, float | int | str]
Translate = Callable[[str], str]


@cache
def _policy() -> Any:  # noqa: ANN401 - email's
    """Return how a message is written: old relays mangle 8-bit text. Its parser is loaded with the first message."""
    from email import policy  # noqa: PLC0415

    return policy.SMTP.clone(cte_type="7bit")


_STORIES = {
    MessageKind.RAISED: mark("%(title)s"),
    MessageKind.ESCALATED: mark("worse: %(title)s"),
    MessageKind.RETRIGGERED: mark("again: %(title)s"),
    MessageKind.CHATTERING: mark("comes and goes: %(title)s"),
    MessageKind.OVER: mark("over: %(title)s"),
}
_NOTES = {
    MessageKind.CHATTERING: mark("It was raised %(times)s times. You will be told when it has stayed away."),
    MessageKind.OVER: mark("The condition is over."),
}
_HTML = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8">'
    '<body style="font-family:sans-serif;color:#1a1a1a;max-width:40em">'
    '<h1 style="font-size:1.2em;border-left:.4em solid {colour};padding-left:.6em">{title}</h1>{body}</body></html>'
)
_COLOURS = {Severity.INFO: "#1f6feb", Severity.WARNING: "#b26a00", Severity.CRITICAL: "#b3261e"}
_CALM = "#2e7d32"


class _Page(NamedTuple):
    """A message before it has a form."""

    title: str
    rows: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()
    colour: str = _CALM


class Composer:
    """Writes the messages of one site."""

    def __init__(self, site: str, settings: MailSettings) -> None:
        self._site = _one_line(site) or "Vigie"
        self._settings = settings
        self._translators: dict[str, Translate] = {}

    def about(
        self, event: AlarmEvent, told: TrackedAlarm, kind: MessageKind, receiver: Receiver, now_utc_ms: int
    ) -> Letter:
        """Return the message about one change of an alarm; the same event gives the same message id."""
        translate = self._words(receiver)
        severity = (
            Severity(max(severity_of(event.data), told.severity))
            if kind == MessageKind.OVER
            else severity_of(event.data)
        )
        title = words.title(event.alarm, translate)
        story = translate(_STORIES[kind]) % {"title": title}
        is_over = kind == MessageKind.OVER and event.after != "latched"
        rows = [
            *readings.rows(event.data, translate),
            *self._facts(event.alarm, event.data, receiver, is_over=kind == MessageKind.OVER),
        ]
        if kind == MessageKind.OVER:
            ended = number(event.data, "returned_utc_ms", event.utc_ms)
            rows.append((translate(mark("Over since")), moment(ended)))
        lines = [translate(_NOTES[kind]) % {"times": event.data.get("times", "?")}] if kind in _NOTES else []
        if not is_over:
            rows.append((translate(mark("What to do")), words.advice(event.alarm, translate)))
        short = readings.in_short(event.data)
        told_now = f"{story} ({short})" if short else story
        page = _Page(told_now, rows, lines, _CALM if kind == MessageKind.OVER else _COLOURS[severity])
        value = _value(event.alarm, event.data, translate)
        told_in_short = _pair(_severity(severity, translate), story, translate)
        details = "; ".join(part for part in (value, short) if part)
        line = f"{moment(event.utc_ms)}  {told_in_short}" + (f" ({details})" if details else "")
        identity = f"{told.first_utc_ms} {event.change} {event.utc_ms} {event.data.get('detail')}"
        return self._letter(
            receiver, kind, page, now_utc_ms, identity,
            alarm=event.alarm, severity=severity, happened_utc_ms=event.utc_ms,
            thread=f"{event.alarm}.{told.first_utc_ms}",
            line=line,
        )  # fmt: skip

    def reminder(
        self, standing: Sequence[TrackedAlarm], receiver: Receiver, now_utc_ms: int, now: Mapping[str, float]
    ) -> Letter:
        """Return the message that says which alarms nobody has taken note of; ``now`` is what is read now."""
        translate = self._words(receiver)
        if len(standing) == 1:
            title = translate(mark("reminder: %(title)s")) % {"title": words.title(standing[0].alarm, translate)}
        else:
            title = translate(mark("reminder: %(count)s alarms nobody has taken note of")) % {"count": len(standing)}
        lines = [translate(mark("Take note of them on the alarm page, and these reminders end."))]
        for alarm in standing:
            facts = [
                _pair(name, value, translate)
                for name, value in self._facts(alarm.alarm, alarm.data, receiver, is_over=alarm.is_over)
            ]
            said = [words.title(alarm.alarm, translate), *facts, words.advice(alarm.alarm, translate)]
            lines.append(" ".join(part.rstrip(".") + "." for part in said if part))
        severity = max((Severity(alarm.severity) for alarm in standing), default=Severity.WARNING)
        page = _Page(title, readings.rows(now, translate), lines, _COLOURS[severity])
        return self._letter(receiver, MessageKind.REMINDER, page, now_utc_ms, str(now_utc_ms), severity=severity)

    def digest(self, letters: Sequence[Letter], receiver: Receiver, now_utc_ms: int) -> Letter:
        """Return one message in the place of several."""
        translate = self._words(receiver)
        severity = max(Severity(letter.severity) for letter in letters)
        worst = max(letters, key=lambda letter: (letter.severity, letter.kind != MessageKind.OVER))
        title = translate(mark("%(count)s messages in one: %(worst)s")) % {
            "count": len(letters),
            "worst": worst.subject.removeprefix(f"[{self._site}] "),
        }
        lines = [letter.line for letter in letters]
        page = _Page(title, (), lines, _COLOURS[severity])
        return self._letter(
            receiver, MessageKind.DIGEST, page, now_utc_ms, letters[-1].message_id, severity=severity,
            happened_utc_ms=letters[0].happened_utc_ms,
        )  # fmt: skip

    def alive(
        self, day: str, standing: Sequence[TrackedAlarm], receiver: Receiver, now_utc_ms: int, now: Mapping[str, float]
    ) -> Letter:
        """Return the weekly sign of life; ``now`` is what is read now."""
        translate = self._words(receiver)
        lines = [translate(mark("If this message does not come one week, look after the installation."))]
        lines += [words.title(alarm.alarm, translate) for alarm in standing]
        rows = [*readings.rows(now, translate), (translate(mark("Alarms that stand")), str(len(standing)))]
        page = _Page(translate(mark("I am alive")), rows, lines)
        return self._letter(receiver, MessageKind.ALIVE, page, now_utc_ms, day)

    def test(self, receiver: Receiver, now_utc_ms: int) -> Letter:
        """Return a message that only proves the way."""
        translate = self._words(receiver)
        lines = [translate(mark("This is a test. Alarms of this installation will reach you like this message."))]
        least = _severity(receiver.severity, translate)
        page = _Page(translate(mark("test message")), [(translate(mark("You are told from")), least)], lines)
        return self._letter(receiver, MessageKind.TEST, page, now_utc_ms, str(now_utc_ms))

    def subject(self, letter: Letter, receiver: Receiver, now_utc_ms: int) -> str:
        """Return the subject as it leaves now: a late one says of when it is."""
        is_late = (
            now_utc_ms - letter.created_utc_ms > LATE_MS
            or LATE_MS < now_utc_ms - letter.happened_utc_ms < _LONG_AGO_MS  # a recorded plant lives years ago
        )
        if not letter.alarm or not is_late:
            return letter.subject
        then, now = moment(letter.happened_utc_ms), moment(now_utc_ms)
        if then[:10] == now[:10]:
            then, now = then[11:16], now[11:16]
        return self._words(receiver)(mark("%(subject)s (alarm of %(then)s, sent %(now)s)")) % {
            "subject": letter.subject,
            "then": then,
            "now": now,
        }

    def mail(self, letter: Letter, receiver: Receiver, now_utc_ms: int) -> EmailMessage:
        """Return the message as mail programs want it."""
        message = EmailMessage(_policy())
        message["Subject"] = self.subject(letter, receiver, now_utc_ms)
        message["From"] = self._settings.sender_address
        message["To"] = letter.receiver
        message["Date"] = format_datetime(datetime.fromtimestamp(now_utc_ms / 1000).astimezone())
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"
        if letter.thread:
            message["References"] = f"<{letter.thread}@{self._domain}>"
        if letter.severity == Severity.CRITICAL and letter.kind != MessageKind.OVER:
            message["X-Priority"] = "1"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        message["Content-Language"] = receiver.language
        return message

    def _words(self, receiver: Receiver) -> Translate:
        if receiver.language not in self._translators:
            self._translators[receiver.language] = translator(receiver.language)
        return self._translators[receiver.language]

    @property
    def _domain(self) -> str:
        return self._settings.sender_address.rpartition("@")[2]

    def _facts(self, alarm: str, data: Data, receiver: Receiver, *, is_over: bool) -> list[tuple[str, str]]:
        translate = self._words(receiver)
        facts = []
        if value := _value(alarm, data, translate):
            facts.append((translate(mark("What")), value))
        if limit := _described(alarm, data, "limit", (), translate):
            facts.append((translate(mark("Limit")), limit))
        facts.append((translate(mark("Since")), moment(number(data, "raised_utc_ms", 0))))
        facts.append((translate(mark("Severity")), _severity(severity_of(data), translate)))
        protection = str(data.get("protection", "none"))
        if not is_over:
            facts.append((translate(mark("What the program did")), words.acted(protection, translate)))
        return [(name, told) for name, told in facts if told]

    def _letter(
        self,
        receiver: Receiver,
        kind: MessageKind,
        page: _Page,
        now_utc_ms: int,
        identity: str,
        *,
        alarm: str = "",
        severity: Severity = Severity.INFO,
        happened_utc_ms: int | None = None,
        thread: str = "",
        line: str = "",
    ) -> Letter:
        translate = self._words(receiver)
        is_urgent = bool(alarm) and kind != MessageKind.OVER
        title = _pair(_severity(severity, translate), page.title, translate) if is_urgent else page.title
        subject = _one_line(f"[{self._site}] {title}")
        rows = [*page.rows, (translate(mark("Site")), self._site)]
        if self._settings.page_url:
            rows.append((translate(mark("Pages")), self._settings.page_url.rstrip("/") + "/alarms"))
        name = hashlib.sha256(f"{self._site} {kind} {alarm} {identity} {receiver.address}".encode()).hexdigest()[:32]
        return Letter(
            message_id=f"<{name}@{self._domain}>",
            receiver=receiver.address,
            kind=kind,
            alarm=alarm,
            severity=int(severity),
            thread=thread,
            subject=subject,
            line=line or subject,
            text=_text(page, rows, translate),
            html=_html(page, rows, receiver.language),
            happened_utc_ms=now_utc_ms if happened_utc_ms is None else happened_utc_ms,
            created_utc_ms=now_utc_ms,
        )


def moment(utc_ms: int) -> str:
    """Return an instant in this machine's time zone, its offset beside it."""
    try:
        local = datetime.fromtimestamp(utc_ms / 1000).astimezone()
    except (ValueError, OverflowError, OSError):
        return f"{utc_ms} ms"
    return f"{local:%Y-%m-%d %H:%M:%S} ({local:%z})"


def _value(alarm: str, data: Data, translate: Translate) -> str:
    detail = [name for name in str(data.get("detail", "")).split(",") if name]
    return _described(alarm, data, "value", detail, translate)


def _described(alarm: str, data: Data, name: str, detail: Sequence[str], translate: Translate) -> str:
    value = data.get(name)
    shown = float(value) if isinstance(value, int | float) else None
    return words.describe_value(alarm, shown, str(data.get("unit", "")), detail, translate)


def _severity(severity: Severity, translate: Translate) -> str:
    return words.severity(severity.name.lower(), translate)


def _pair(name: str, value: str, translate: Translate) -> str:
    """Return name and value with the colon as the language sets it."""
    return translate(mark("%(name)s: %(value)s")) % {"name": name, "value": value}


def _text(page: _Page, rows: Sequence[tuple[str, str]], translate: Translate) -> str:
    facts = "\n".join(_pair(name, value, translate) for name, value in rows)
    return "\n\n".join(part for part in (page.title, "\n".join(page.lines), facts) if part) + "\n"


def _html(page: _Page, rows: Sequence[tuple[str, str]], language: str) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in page.lines)
    style = "text-align:left;padding-right:1em;vertical-align:top"
    cells = "".join(
        f'<tr><th style="{style}">{escape(name)}</th><td>{_linked(value)}</td></tr>' for name, value in rows
    )
    body = f"{lines}<table>{cells}</table>"
    return _HTML.format(language=escape(language), colour=page.colour, title=escape(page.title), body=body)


def _linked(value: str) -> str:
    shown = escape(value)
    return f'<a href="{shown}">{shown}</a>' if value.startswith(("http://", "https://")) else shown


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
