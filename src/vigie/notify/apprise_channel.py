"""Receivers reached through the Apprise package: push services, messengers, text messages."""

import importlib
import threading
from typing import Any

from vigie.notify.settings import Receiver
from vigie.notify.smtp import MailFate, MailOutcome
from vigie.secret_line import secret_line

PACKAGE = "apprise"
INSTALL = 'pip install "vigie[channels]"'


class AppriseReceiver:
    """One receiver; a service that hangs never holds up the others.

    One message at a time: while an earlier one hangs, the next are put off.
    """

    def __init__(self, receiver: Receiver, timeout_s: float) -> None:
        self._receiver = receiver
        self._timeout_s = timeout_s
        self._child: threading.Thread | None = None

    def send(self, subject: str, text: str) -> MailOutcome:
        """Hand over one message; what goes wrong is in the outcome."""
        name = self._receiver.address
        if self._child is not None and self._child.is_alive():
            return MailOutcome(MailFate.PUT_OFF, f"receiver {name!r}: an earlier message still hangs")
        errors: list[str] = []

        def hand_over() -> None:
            try:
                errors.append(self._error(subject, text))
            except Exception as error:  # a hundred foreign services behind one call
                errors.append(
                    f"{type(error).__name__} in the package {PACKAGE}"
                )  # its text may hold the secret address

        self._child = threading.Thread(target=hand_over, name="apprise", daemon=True)
        self._child.start()
        self._child.join(self._timeout_s)
        error = errors[0] if errors else f"no answer within {self._timeout_s:g} s"
        return MailOutcome(MailFate.PUT_OFF, f"receiver {name!r}: {error}") if error else MailOutcome(MailFate.SENT)

    def _error(self, subject: str, text: str) -> str:
        """Hand over one message; return why it was not taken, empty when it was."""
        try:
            apprise: Any = importlib.import_module(PACKAGE)
        except ImportError:
            return f"channel apprise needs a package that is not installed: {INSTALL}"
        file = self._receiver.url_file
        try:
            address = secret_line(file)
        except (OSError, UnicodeDecodeError) as error:
            return f"url_file {file} cannot be read: {error}"
        service = apprise.Apprise()
        if not service.add(address):
            return f"url_file {file} holds no address Apprise understands"
        return "" if service.notify(title=subject, body=text) else "the service did not take it"
