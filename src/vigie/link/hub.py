"""The web's end of the link: the newest snapshot with its true age, the link's state, the way to send a command."""

import contextlib
import hmac
import math
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, TypedDict

import structlog
from pydantic import ValidationError

from vigie.clock import machine_monotonic_s
from vigie.errors import LinkError, VigieError
from vigie.link.messages import Answer, Command, DeliveryReport, MailReport, Snapshot, validated_snapshot
from vigie.link.snapshot_file import SnapshotFile
from vigie.link.wire import ERROR
from vigie.telemetry.report import AlarmReport

log = structlog.get_logger(__name__)

LinkName = Literal["connected", "lost", "never"]


class ControllerAway(LinkError):
    """No controller is connected, or it left before it answered."""


class NoAnswer(LinkError):
    """The controller is connected but did not answer in time; the command may still have been carried out."""


class BadAnswer(LinkError):
    """The controller answered with an error, or with something that is no answer."""


class Transport(Protocol):
    """One connected controller."""

    def call(self, command: dict[str, Any], timeout_s: float) -> object:
        """Send a command and return its answer, JSON of ``messages.Answer`` or ``{"error": text}``.

        Raises:
            NoAnswer: none came within ``timeout_s``.
        """
        ...


class Side(TypedDict):
    """What the web process itself has to tell."""

    web_alarms: list[AlarmReport]
    """The alarms that only the web can raise."""
    mail: MailReport | None
    """None where no mail is set up."""
    delivery: DeliveryReport | None
    """None where nothing is sent to a store."""


class LinkState(Side):
    """What the web knows of the controller at one moment; travels as it is to pages and API."""

    snapshot: Snapshot | None
    """The newest valid one; None when there never was one."""
    age_ms: int | None
    """Since it was received; None without a snapshot, or when the machine's clock cannot tell."""
    link: LinkName
    web_version: str


class Hub:
    """The meeting point of the link and the web pages; safe to use from any thread, owns none.

    ``token`` is the secret of programs that use the API. Where another one is shown ``newest_token`` is asked, for
    its file may have been made anew; what that raises (``VigieError``) leaves the one it was. ``snapshot_path`` is
    where the last snapshot is kept, so that a restarted web process shows at once what it last knew; None keeps none.
    """

    SAVE_EVERY_S = 10.0

    def __init__(
        self, token: str, snapshot_path: Path | None = None, newest_token: Callable[[], str] | None = None
    ) -> None:
        if not token:
            raise LinkError("the token is empty: put a long random word into the token file")
        self._token = _bytes(token)
        self._newest_token = newest_token or (lambda: token)
        self._version = version("vigie")
        self._file = None if snapshot_path is None else SnapshotFile(snapshot_path)
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._received_s: float | None = None
        if self._file is not None and (kept := self._file.load()):
            self._snapshot, self._received_s = kept
        self._saved_s = float("-inf")
        self._is_saved = True
        self._transport: Transport | None = None
        self._was_connected = False
        self._has_reported = False
        """The controller that is connected has sent a snapshot: an older one is another's, or from before a fall."""
        self._listeners: list[Callable[[], None]] = []
        self.side: Callable[[], Side] = lambda: Side(web_alarms=[], mail=None, delivery=None)
        """Asked with every state for what the web process has to tell beside the controller; quick, never raises."""
        self.invalid_snapshots = 0
        """Snapshots refused since start because they did not keep to ``messages.Snapshot``."""

    def is_token(self, candidate: object) -> bool:
        """Compare a token in constant time; anything but a string is wrong."""
        if not isinstance(candidate, str):
            return False
        if hmac.compare_digest(_bytes(candidate), self._token):
            return True
        with contextlib.suppress(VigieError):
            self._token = _bytes(self._newest_token())
        return hmac.compare_digest(_bytes(candidate), self._token)

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after each new snapshot and each change of the link; it must be quick."""
        self._listeners.append(listener)

    def state(self) -> LinkState:
        """Return the newest snapshot, its age now, the link's state, and what the web has to tell beside."""
        side = self.side()
        with self._lock:
            age_ms = None
            if self._received_s is not None:
                age_ms = round((machine_monotonic_s() - self._received_s) * 1000)
            if self._transport is not None and self._has_reported:
                link: LinkName = "connected"
            else:
                link = "lost" if self._was_connected else "never"
            return LinkState(snapshot=self._snapshot, age_ms=age_ms, link=link, web_version=self._version, **side)

    def snapshot(self) -> Snapshot | None:
        """Return the newest snapshot, None when there never was one."""
        with self._lock:
            return self._snapshot

    def silence_s(self) -> float:
        """Return for how long no snapshot has come; infinity when none ever came."""
        with self._lock:
            return float("inf") if self._received_s is None else machine_monotonic_s() - self._received_s

    def receive(self, data: object) -> None:
        """Take a snapshot from the controller.

        Raises:
            LinkError: it is not a valid ``messages.Snapshot`` (or holds NaN); what was shown stays.
        """
        try:
            snapshot = validated_snapshot(data)
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
            self._refuse("; ".join(faults[:5]))
        if fault := _not_finite(snapshot):
            self._refuse(f"{fault} is not a finite number: send null")
        with self._lock:
            self._snapshot, self._received_s, self._is_saved = snapshot, machine_monotonic_s(), False
            self._has_reported = self._was_connected = True
            is_due = self._received_s - self._saved_s >= self.SAVE_EVERY_S
        if is_due:
            self._save()
        self._tell()

    def attach(self, transport: Transport) -> None:
        """Make ``transport`` the controller; the one before it is forgotten."""
        with self._lock:
            self._transport, self._has_reported = transport, False
        self._tell()

    def detach(self, transport: Transport) -> None:
        """Note that ``transport`` is gone; nothing happens when another has taken its place."""
        with self._lock:
            if self._transport is not transport:
                return
            self._transport = None
        self._tell()

    def send_command(self, command: Command, timeout_s: float = 3.0) -> Answer:
        """Send a command and wait for the controller's answer.

        Raises:
            ControllerAway: nobody is connected; nothing was sent.
            NoAnswer: no answer within ``timeout_s``.
            BadAnswer: the controller failed on the command.
        """
        with self._lock:
            transport = self._transport
        if transport is None:
            raise ControllerAway("no controller is connected: the command was not sent")
        reply = transport.call(command.model_dump(mode="json"), timeout_s)
        if isinstance(reply, dict) and isinstance(reply.get(ERROR), str):
            raise BadAnswer(reply[ERROR])
        try:
            answer = Answer.model_validate(reply)
        except ValidationError as error:
            raise BadAnswer(f"the controller's answer is malformed: {error.errors()[0]['msg']}") from error
        if answer.id != command.id:
            raise BadAnswer(f"the controller answered command {answer.id}, not {command.id}")
        return answer

    def close(self) -> None:
        """Keep the last snapshot in its file."""
        if not self._is_saved:
            self._save()

    def _refuse(self, text: str) -> NoReturn:
        self.invalid_snapshots += 1
        log.error("snapshot_invalid", error=text, refused=self.invalid_snapshots)
        raise LinkError(f"invalid snapshot: {text}")

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _save(self) -> None:
        with self._lock:
            snapshot, received_s = self._snapshot, self._received_s
            self._saved_s, self._is_saved = machine_monotonic_s(), True
        if self._file is not None and snapshot is not None and received_s is not None:
            self._file.save(snapshot, received_s)


def _not_finite(value: object, name: str = "") -> str:
    """Return the name of the first number that JSON cannot carry, empty when there is none."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else name
    items: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return next(filter(None, (_not_finite(item, f"{name}.{key}".lstrip(".")) for key, item in items)), "")


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
