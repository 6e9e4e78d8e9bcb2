"""The one door to a mail server: opened, verified, used for several messages, closed."""

import smtplib
import socket
import ssl
from email.message import EmailMessage
from enum import IntEnum
from types import TracebackType
from typing import NamedTuple, Self

from vigie.errors import VigieError
from vigie.notify.settings import MailSettings, Security
from vigie.secret_line import secret_line

_PERMANENT = 500
_FAILURES = (OSError, smtplib.SMTPException, ValueError)
"""ValueError: a host name or a password that cannot be written in ASCII."""


class MailDoorClosed(VigieError):
    """No message can be handed over now: server away, not trusted, login or sender refused."""

    def __init__(self, text: str, *, is_permanent: bool) -> None:
        """``is_permanent``: waiting does not cure it, a person must."""
        super().__init__(text)
        self.is_permanent = is_permanent


class MailFate(IntEnum):
    """What became of one message."""

    SENT = 0
    PUT_OFF = 1
    """The server wants it later (4xx)."""
    REFUSED = 2
    """The server does not want it (5xx)."""


class MailOutcome(NamedTuple):
    """What became of one message, and the server's words when it was not taken."""

    fate: MailFate
    error: str = ""


class MailServer:
    """A connection to the mail server; a context manager.

    Raises:
        MailDoorClosed: on entering, and from :meth:`send` when the connection is lost.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._where = f"mail server {settings.host}:{settings.port}"

    def __enter__(self) -> Self:
        settings = self._settings
        context = self._context() if settings.security != Security.NONE else None
        password = self._password() if settings.user else ""
        try:
            self._smtp = self._connected(context)
        except _FAILURES as error:
            raise self._closed(error) from error
        try:
            self._smtp.ehlo()
            if settings.security == Security.STARTTLS:
                self._smtp.starttls(context=context)
                self._smtp.ehlo()
            if settings.user:
                self._smtp.login(settings.user, password)
        except _FAILURES as error:
            self._smtp.close()
            raise self._closed(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            pass  # every message has had its answer
        finally:
            self._smtp.close()

    def send(self, message: EmailMessage, receiver: str) -> MailOutcome:
        """Hand over one message to one receiver; it has left when the server has said so.

        Raises:
            MailDoorClosed: the connection was lost, or the server does not take our sender.
        """
        try:
            self._smtp.send_message(message, self._settings.sender_address, [receiver])
        except smtplib.SMTPRecipientsRefused as error:
            code, words = error.recipients[receiver]
            return _judged(code, words)
        except smtplib.SMTPSenderRefused as error:
            raise self._closed(error) from error
        except smtplib.SMTPServerDisconnected as error:
            raise self._closed(error) from error
        except smtplib.SMTPResponseException as error:
            return _judged(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return MailOutcome(MailFate.REFUSED, f"{receiver}: {error}")
        except (OSError, smtplib.SMTPException) as error:
            raise self._closed(error) from error
        return MailOutcome(MailFate.SENT)

    def _connected(self, context: ssl.SSLContext | None) -> smtplib.SMTP:
        settings = self._settings
        name = socket.gethostname() or "localhost"  # smtplib would ask the name server, without a time limit
        if settings.security == Security.TLS:
            return smtplib.SMTP_SSL(
                settings.host, settings.port, local_hostname=name, timeout=settings.timeout_s, context=context
            )
        return smtplib.SMTP(settings.host, settings.port, local_hostname=name, timeout=settings.timeout_s)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._settings.ca_file:
            try:
                context.load_verify_locations(self._settings.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise MailDoorClosed(
                    f"mail.ca_file {self._settings.ca_file} cannot be used: {error}; it must hold PEM certificates",
                    is_permanent=True,
                ) from error
        return context

    def _password(self) -> str:
        try:
            return secret_line(self._settings.password_file)
        except (OSError, UnicodeDecodeError) as error:
            raise MailDoorClosed(
                f"mail.password_file {self._settings.password_file} cannot be read: {error}", is_permanent=True
            ) from error

    def _closed(self, error: Exception) -> MailDoorClosed:
        """Return the error in words that say what to do."""
        advice, is_permanent = "is it on and reachable from here?", False
        said = str(error) or type(error).__name__
        if isinstance(error, ssl.SSLCertVerificationError):
            said = error.verify_message or said
            advice, is_permanent = "name the CA that signed its certificate in mail.ca_file, and its true name", True
        elif isinstance(error, ssl.SSLError):
            advice, is_permanent = "does mail.security fit mail.port (465 tls, 587 starttls)?", True
        elif isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            said = f"no answer within {self._settings.timeout_s:g} s"
        elif isinstance(error, smtplib.SMTPAuthenticationError):
            said = f"{error.smtp_code} {_words(error.smtp_error)}"
            advice = "check mail.user and mail.password_file"
            is_permanent = error.smtp_code >= _PERMANENT
        elif isinstance(error, smtplib.SMTPSenderRefused):
            said = f"{error.smtp_code} {_words(error.smtp_error)}"
            advice = f"does it accept mail.sender {error.sender}?"
            is_permanent = error.smtp_code >= _PERMANENT
        elif isinstance(error, smtplib.SMTPResponseException):
            said = f"{error.smtp_code} {_words(error.smtp_error)}"
            advice, is_permanent = "ask who runs it", error.smtp_code >= _PERMANENT
        elif isinstance(error, ValueError):
            advice, is_permanent = "mail.host, mail.user and the password must be plain ASCII", True
        elif isinstance(error, smtplib.SMTPNotSupportedError):
            advice, is_permanent = "check mail.security and mail.user", True
        return MailDoorClosed(f"{self._where}: {said}; {advice}", is_permanent=is_permanent)


def _judged(code: int, words: bytes | str) -> MailOutcome:
    return MailOutcome(MailFate.REFUSED if code >= _PERMANENT else MailFate.PUT_OFF, f"{code} {_words(words)}")


def _words(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
