"""Real mail servers that behave as told, and the clocks and journals the tests of messages need."""

import email
import email.policy
import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.outbox_schema import STATEMENTS
from vigie.telemetry.store import Store

START_UTC_S = 1_795_435_200.0  # Monday 2026-11-23 12:00:00 UTC


class Clocks:
    """The machine's two clocks, moved by hand."""

    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.utc = START_UTC_S

    def monotonic_s(self) -> float:
        return self.monotonic

    def utc_s(self) -> float:
        return self.utc

    def pass_s(self, seconds: float) -> None:
        self.monotonic += seconds
        self.utc += seconds


class Mailbox:
    """What a server took, and what it says to each step."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.to: list[str] = []
        self.sessions: set[int] = set()
        self.answer_to: Callable[[str], str] = lambda _: "250 OK"
        self.answer_data: Callable[[EmailMessage], str] = lambda _: "250 taken"

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        answer = self.answer_to(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert content.isascii(), "old relays mangle 8-bit text"
        answer = self.answer_data(message)
        if answer.startswith("250"):
            self.messages.append(message)
            self.to += envelope.rcpt_tos
        return answer


@contextmanager
def serving(box: Mailbox, port: int, *, wrapped: ssl.SSLContext | None = None, **options: Any) -> Iterator[None]:
    """Run a mail server; ``wrapped`` encrypts from the first byte."""
    controller = Controller(box, hostname="127.0.0.1", port=port, ssl_context=wrapped, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


class Certificates:
    """A certificate authority of our own, and a server's certificate for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.server)


def password_checker(user: bytes, password: bytes) -> Callable[..., AuthResult]:
    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (user, password)
        return AuthResult(success=is_right, handled=False)

    return check


@contextmanager
def silent_server() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        held: list[socket.socket] = []

        def hold() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(2)
        for connection in held:
            connection.close()


def make_journal(path: Path) -> None:
    """Make a journal with an outbox, as the controller does."""
    Store(path, JournalSettings()).close()
    connection = sqlite3.connect(path)
    with connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'outbox'").fetchone():
            for statement in STATEMENTS:
                connection.execute(statement)
    connection.close()
