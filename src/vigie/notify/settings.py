"""What can be set about messages to people."""

import re
import socket
from enum import IntEnum
from typing import Annotated, NamedTuple

from pydantic import Field

from vigie.control.alarms.catalogue import Severity
from vigie.errors import SettingsError
from vigie.units import by_name, setting
from vigie.wording.dialogue import spoken
from vigie.wording.languages import languages

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]]+@[^\s@<>,;:\"()\[\]]+")
EXAMPLE = "name@example.org"
LEAST_REMINDER_H = 0.25
TLS_PORT = 465
CLEAR_PORTS = (25, 587)


class Security(IntEnum):
    """How the connection to the mail server is protected."""

    NONE = 0
    """Not at all; for a relay in the same network."""
    STARTTLS = 1
    """Begins in clear and becomes encrypted before anything is said; usually port 587."""
    TLS = 2
    """Encrypted from the first byte; usually port 465."""


class MessageChannel(IntEnum):
    """How a receiver is reached."""

    MAIL = 0
    APPRISE = 1
    """Any service the Apprise package knows, by the address in ``url_file``."""


class Weekday(IntEnum):
    """Day of the sign of life; ``off`` for none."""

    OFF = -1
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class Receiver(NamedTuple):
    """Somebody who is told."""

    address: Annotated[str, setting("E-mail address; with channel apprise any name for this receiver")]
    language: Annotated[str, setting(f"Two-letter language of the messages: {', '.join(languages())}")] = "en"
    severity: Annotated[Severity, *by_name(Severity), setting("Least severity told: info, warning or critical")] = (
        Severity.WARNING
    )
    channel: Annotated[MessageChannel, *by_name(MessageChannel), setting("How it is reached: mail or apprise")] = (
        MessageChannel.MAIL
    )
    url_file: Annotated[
        str, setting("With channel apprise: file whose first line is the service's Apprise address (it is a secret)")
    ] = ""


class MailSettings(NamedTuple):
    """Messages about alarms, by e-mail and by other ways. Off until a host, or an Apprise receiver, is named."""

    host: Annotated[str, setting("Mail server (SMTP); empty sends no e-mail")] = ""
    port: Annotated[int, setting("Its TCP port: 465 for tls, 587 for starttls, 25 for none", ge=1, le=65_535)] = 587
    security: Annotated[Security, *by_name(Security), setting("tls, starttls or none")] = Security.STARTTLS
    user: Annotated[str, setting("Name to log in with; empty does not log in")] = ""
    password_file: Annotated[str, setting("File whose first line is the password; only its owner should read it")] = ""
    ca_file: Annotated[
        str, setting("Certificates (PEM) that sign the server's one, beside those this machine trusts already")
    ] = ""
    sender: Annotated[str, setting("Address the messages come from; empty takes user, or vigie@ this machine")] = ""
    timeout_s: float = 15.0
    """Longest wait for each answer of the server. A constant: servers answer in a second or not at all, and what was
    not taken is tried again for 48 hours."""
    page_url: Annotated[
        str, setting("Where receivers find the pages, for instance http://pi.local/flask; empty gives no link")
    ] = ""
    receivers: Annotated[
        tuple[Receiver, ...], Field(description="Who is told, from which severity, in which language")
    ] = ()
    digest_after: Annotated[
        int, setting("More messages than this to one receiver within 10 minutes become one summary", ge=1, le=100)
    ] = 5
    hourly_cap: Annotated[
        int, setting("Most messages to one receiver in an hour; the rest goes into the next summary", ge=4, le=1000)
    ] = 20
    reminder_h: Annotated[
        float,
        setting("Reminder this often while nobody takes note of an alarm; at least 0.25, or 0", unit="h", ge=0, le=720),
    ] = 12.0
    alive_weekday: Annotated[
        Weekday, *by_name(Weekday), setting("Day of the weekly sign of life, monday to sunday, or off")
    ] = Weekday.MONDAY
    alive_hour: Annotated[int, setting("Its hour, in this machine's time zone", unit="h", ge=0, le=23)] = 8

    @property
    def is_configured(self) -> bool:
        """Whether anybody can be told anything."""
        return any(self.host or receiver.channel == MessageChannel.APPRISE for receiver in self.receivers)

    @property
    def sender_address(self) -> str:
        """The address messages come from."""
        if self.sender:
            return self.sender
        return self.user if "@" in self.user else f"vigie@{socket.gethostname()}"


def check(settings: MailSettings) -> None:
    """Check what one field alone cannot tell.

    Raises:
        SettingsError: a receiver or the login is not complete, or reminders come too often.
    """
    for receiver in settings.receivers:
        if receiver.channel == MessageChannel.APPRISE:
            if not receiver.url_file:
                raise SettingsError(
                    spoken(
                        "receiver {address!r} has channel apprise but no url_file: name the file with its address",
                        address=receiver.address,
                    )
                )
        elif not _ADDRESS.fullmatch(receiver.address):
            raise SettingsError(
                spoken(
                    "receiver {address!r} is no e-mail address like {example}",
                    address=receiver.address,
                    example=EXAMPLE,
                )
            )
    names = [receiver.address for receiver in settings.receivers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            spoken("receiver {address!r} is named twice: keep one, with the lower severity", address=twice[0])
        )
    if settings.host and not settings.receivers:
        raise SettingsError(spoken("mail.host is set but nobody is told: add a [[mail.receivers]] with an address"))
    if settings.sender and not _ADDRESS.fullmatch(settings.sender):
        raise SettingsError(
            spoken(
                "mail.sender {address!r} is no e-mail address like {example}", address=settings.sender, example=EXAMPLE
            )
        )
    if 0 < settings.reminder_h < LEAST_REMINDER_H:
        raise SettingsError(
            spoken(
                "mail.reminder_h {hours:g} h would remind without end: at least {least_h:g} h, or 0",
                hours=settings.reminder_h,
                least_h=LEAST_REMINDER_H,
            )
        )
    if settings.host:
        _check_port(settings)
    if bool(settings.user) != bool(settings.password_file):
        raise SettingsError(spoken("mail.user and mail.password_file belong together: set both, or neither"))


def _check_port(settings: MailSettings) -> None:
    """Check a port that everybody uses in one way; others may speak anything."""
    written = f"mail.port = {settings.port}, mail.security = {settings.security.name.lower()}"
    if settings.port == TLS_PORT and settings.security != Security.TLS:
        raise SettingsError(
            spoken(
                "{written}: a server encrypts port 465 from the first byte and would never answer; set mail.security = "
                "tls, or port = 587 with starttls",
                written=written,
            )
        )
    if settings.port in CLEAR_PORTS and settings.security == Security.TLS:
        raise SettingsError(
            spoken(
                "{written}: a server begins in clear on that port; set mail.security = starttls, or port = 465 with "
                "tls",
                written=written,
            )
        )


def warnings(settings: MailSettings) -> list[str]:
    """Return what is allowed but should be known."""
    if settings.host and settings.user and settings.security == Security.NONE:
        return [
            spoken(
                "mail.security = none sends mail.user and its password readable over the network: use starttls or tls"
            )
        ]
    return []
