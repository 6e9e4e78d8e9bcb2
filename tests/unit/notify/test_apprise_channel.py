import sys
import threading
import time
from pathlib import Path

import pytest

from vigie.notify import apprise_channel
from vigie.notify.apprise_channel import AppriseReceiver
from vigie.notify.settings import MessageChannel, Receiver
from vigie.notify.smtp import MailFate


def receiver(url_file: str = "") -> Receiver:
    return Receiver("phone", channel=MessageChannel.APPRISE, url_file=url_file)


def test_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = AppriseReceiver(receiver(), 5.0).send("subject", "text")
    assert outcome.fate == MailFate.PUT_OFF
    assert "receiver 'phone'" in outcome.error
    assert 'pip install "vigie[channels]"' in outcome.error


@pytest.mark.filterwarnings("ignore:'imghdr'")
def test_address_that_is_missing_or_not_understood_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in AppriseReceiver(receiver(str(tmp_path / "none")), 20.0).send("s", "t").error
    file = tmp_path / "phone.url"
    file.write_text("nonsense-secret\n")
    outcome = AppriseReceiver(receiver(str(file)), 20.0).send("s", "t")
    assert "no address Apprise understands" in outcome.error
    assert "secret" not in outcome.error


def test_service_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(apprise_channel.importlib, "import_module", lambda _: released.wait(60))
    service = AppriseReceiver(receiver(), 0.1)
    began_s = time.monotonic()
    assert "no answer within 0.1 s" in service.send("s", "t").error
    assert "still hangs" in service.send("s", "t").error
    assert time.monotonic() - began_s < 30
    released.set()
