import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from vigie.errors import SettingsError
from vigie.notify.settings import MailSettings, MessageChannel, Receiver, Security, check, warnings

WHOLE = {
    "host": "smtp.example.org",
    "security": "tls",
    "port": 465,
    "user": "mill@example.org",
    "password_file": "/etc/vigie/mail.password",
    "alive_weekday": "off",
    "receivers": [
        {"address": "ada@example.org", "language": "fr", "severity": "critical"},
        {"address": "phone", "channel": "apprise", "url_file": "/etc/vigie/phone.url"},
    ],
}


def test_settings_are_read_by_name() -> None:
    settings = TypeAdapter(MailSettings).validate_python(WHOLE)
    check(settings)
    assert settings.security == Security.TLS
    assert settings.receivers[1].channel == MessageChannel.APPRISE
    assert settings.sender_address == "mill@example.org"


def test_nothing_is_sent_until_somebody_is_named() -> None:
    assert not MailSettings().is_configured
    assert not MailSettings(receivers=(Receiver("a@b.c"),)).is_configured
    assert MailSettings(host="h", receivers=(Receiver("a@b.c"),)).is_configured
    phone = Receiver("phone", channel=MessageChannel.APPRISE, url_file="x")
    assert MailSettings(receivers=(phone,)).is_configured


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (MailSettings(host="h"), "nobody is told"),
        (MailSettings(host="h", receivers=(Receiver("ada"),)), "'ada' is no e-mail address"),
        (MailSettings(host="h", receivers=(Receiver("a@b.c\nBcc: d@e.f"),)), "is no e-mail address"),
        (MailSettings(receivers=(Receiver("a@b.c"), Receiver("a@b.c"))), "named twice"),
        (MailSettings(receivers=(Receiver("phone", channel=MessageChannel.APPRISE),)), "no url_file"),
        (MailSettings(user="u"), "belong together"),
        (MailSettings(sender="mill"), "mail.sender 'mill'"),
    ],
)
def test_contradictions_are_named(settings: MailSettings, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check(settings)


def test_unknown_security_is_refused() -> None:
    with pytest.raises(ValidationError, match="none, starttls, tls"):
        TypeAdapter(MailSettings).validate_python({"security": "ssl"})


def test_password_in_clear_is_warned_of() -> None:
    settings = MailSettings(host="h", user="u", password_file="f", security=Security.NONE)
    assert "readable over the network" in warnings(settings)[0]
    assert warnings(settings._replace(security=Security.TLS)) == []


def test_settings_import_nothing_heavy() -> None:
    """The controller reads all settings and must stay light."""
    code = "import sys, vigie.notify.settings; print([m for m in ('email', 'smtplib', 'ssl') if m in sys.modules])"
    before = "import sys, pydantic; print([m for m in ('email', 'smtplib', 'ssl') if m in sys.modules])"
    run = [
        subprocess.run([sys.executable, "-c", one], capture_output=True, text=True, check=True).stdout
        for one in (code, before)
    ]
    assert run[0] == run[1]
