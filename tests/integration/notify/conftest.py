from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port
from vigie.notify.dispatch import Dispatcher
from vigie.notify.settings import MailSettings, Receiver, Security
from vigie.telemetry.outbox import AlarmEvent, Outbox

from .mail_servers import START_UTC_S, Clocks, Mailbox, make_journal, serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite"
    make_journal(path)
    return path


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(box: Mailbox, port: int) -> Iterator[None]:
    """A plain mail server that fills ``box``."""
    with serving(box, port):
        yield


@pytest.fixture
def settings(port: int) -> MailSettings:
    return MailSettings(
        host="127.0.0.1",
        port=port,
        security=Security.NONE,
        sender="vigie@site.example",
        timeout_s=20.0,
        page_url="http://pi.local/flask",
        receivers=(Receiver("ada@example.org"),),
    )


class Alarms:
    """Writes alarm events as the controller does, a second apart."""

    def __init__(self, path: Path, clocks: Clocks) -> None:
        self._outbox = Outbox(path)
        self._clocks = clocks
        self._raised: dict[str, int] = {}

    def change(self, alarm: str, change: str, before: str, after: str, **data: Any) -> AlarmEvent:
        utc_ms = int(self._clocks.utc_s() * 1000)
        if change in {"raised", "retriggered", "chattering"}:
            self._raised[alarm] = utc_ms
        known = {
            "severity": "warning", "value": 41.5, "limit": 40.0, "unit": "degC", "detail": "", "protection": "none",
            "raised_utc_ms": self._raised.get(alarm, utc_ms), "is_present": int(after != "returned"), "times": 1,
        }  # fmt: skip
        if change in {"returned", "latched", "cleared"}:
            known["returned_utc_ms"] = utc_ms
        event = AlarmEvent(0, utc_ms, alarm, before, after, change, "", "", {**known, **data})
        self._outbox.note(event)
        return event

    def raise_(self, alarm: str = "battery_warm", **data: Any) -> AlarmEvent:
        return self.change(alarm, "raised", "normal", "unacknowledged", **data)

    def end(self, alarm: str = "battery_warm", **data: Any) -> AlarmEvent:
        return self.change(alarm, "returned", "unacknowledged", "returned", **data)

    def close(self) -> None:
        self._outbox.close()


@pytest.fixture
def alarms(path: Path, clocks: Clocks) -> Iterator[Alarms]:
    alarms = Alarms(path, clocks)
    yield alarms
    alarms.close()


@pytest.fixture
def dispatch(path: Path, clocks: Clocks, settings: MailSettings) -> Iterator[Callable[..., Dispatcher]]:
    """Make dispatchers on the journal, on the clocks moved by hand; all are closed at the end."""
    made: list[Dispatcher] = []

    def make(settings: MailSettings = settings, **changes: Any) -> Dispatcher:
        made.append(
            Dispatcher(Outbox(path), settings._replace(**changes), "the mill", clocks.monotonic_s, clocks.utc_s)
        )
        return made[-1]

    assert clocks.utc_s() == START_UTC_S
    yield make
    for dispatcher in made:
        dispatcher.close()
