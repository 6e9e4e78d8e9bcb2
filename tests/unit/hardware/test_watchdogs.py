import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Never

import pytest

from vigie.errors import WatchdogError
from vigie.hardware.systemd import Notifier
from vigie.hardware.watchdog import Watchdog


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in place of the device; only the driver's answer to the timeout is made up."""
    path = tmp_path / "watchdog"
    path.touch()
    monkeypatch.setattr(fcntl, "ioctl", lambda _fd, _request, argument: argument)
    return path


def test_only_a_wanted_stop_writes_the_magic_character(device: Path) -> None:
    watchdog = Watchdog(str(device), 12)
    watchdog.feed()
    watchdog.feed()
    assert device.read_bytes() == b"\0\0"
    watchdog.stop()
    assert device.read_bytes() == b"\0\0V"


def test_a_stopped_watchdog_cannot_be_fed(device: Path) -> None:
    watchdog = Watchdog(str(device))
    watchdog.stop()
    watchdog.stop()
    with pytest.raises(WatchdogError, match="was stopped and cannot be fed"):
        watchdog.feed()


def test_the_time_granted_is_told(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: struct.pack("i", 11))
    assert Watchdog(str(device), 15).timeout_s == 11


@pytest.mark.parametrize("timeout_s", [9, 16, 60])
def test_times_that_some_kernels_get_wrong_are_refused(device: Path, timeout_s: int) -> None:
    with pytest.raises(WatchdogError, match=rf"{timeout_s} s outside 10\.\.15 s"):
        Watchdog(str(device), timeout_s)


def test_a_device_that_refuses_the_time_is_switched_off_again(tmp_path: Path) -> None:
    path = tmp_path / "watchdog"
    path.touch()  # a plain file: the real ioctl answers ENOTTY
    with pytest.raises(WatchdogError, match="refuses 15 s"):
        Watchdog(str(path))
    assert path.read_bytes() == b"V"


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOENT, "dtparam=watchdog=on"), (errno.EBUSY, "RuntimeWatchdogSec"), (errno.EACCES, "may not be opened")],
)
def test_a_watchdog_that_cannot_be_opened_says_why(
    device: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def refuse(*_: object) -> Never:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(WatchdogError, match=said):
        Watchdog(str(device))


Manager = tuple[str, socket.socket]


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """A service manager's socket, of both kinds."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@vigie-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        listener.settimeout(2.0)
        yield name, listener


def test_systemd_hears_each_sign(manager: Manager) -> None:
    name, listener = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    assert notifier.ready("mode observe")
    assert notifier.alive()
    assert notifier.status("two\nlines")
    assert notifier.stopping()
    heard = [listener.recv(4096) for _ in range(4)]
    assert heard == [b"READY=1\nSTATUS=mode observe", b"WATCHDOG=1", b"STATUS=two lines", b"STOPPING=1"]


def test_without_systemd_nothing_is_said_and_nothing_fails() -> None:
    notifier = Notifier({})
    assert not notifier.alive()
    assert notifier.watchdog_s is None


def test_a_manager_that_went_away_is_not_an_error(tmp_path: Path) -> None:
    assert not Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "12000000"}, 12.0),
        ({"WATCHDOG_USEC": "12000000", "WATCHDOG_PID": str(os.getpid())}, 12.0),
        ({"WATCHDOG_USEC": "12000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_service_watchdogs_time_is_read_when_it_is_ours(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environment).watchdog_s == seconds
