"""A socket in the file system between processes of one user: whole JSON messages, each within a time, or an error."""

import contextlib
import fcntl
import json
import math
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vigie.clock import machine_monotonic_s
from vigie.errors import LinkError

STEP_S = 3.0
"""No reading or sending takes longer."""
LONGEST_ADDRESS_BYTES = 107
"""What `sun_path` holds beside its closing zero; unix(7)."""
MOST_WAITING = 8


class LinkRefused(LinkError):
    """The other end does not want this one, or must not be spoken to; the text says why."""


class LocalSocket:
    """One end of a connection. Messages arrive whole or not at all; any thread may send, one receives.

    ``takes_bytes`` and ``sends_bytes`` are the longest messages of either direction.
    """

    def __init__(self, connected: socket.socket, *, takes_bytes: int, sends_bytes: int) -> None:
        """Take over a connected socket.

        Raises:
            LinkRefused: the process at the other end runs as another user; the socket is closed.
        """
        self._socket = connected
        self._socket.settimeout(STEP_S)
        self._buffer = bytearray(takes_bytes)
        self._sends_bytes = sends_bytes
        self.process, user, _ = struct.unpack(
            "iII", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
        )
        """Number of the process at the other end; 0 when it lives in another container."""
        if user not in (0, os.geteuid()):
            connected.close()
            raise LinkRefused(f"the other process runs as user {user}, this one as {os.geteuid()}: run both as one")

    @property
    def is_closed(self) -> bool:
        return self._socket.fileno() < 0

    def send(self, message: Mapping[str, Any], *, must_not_wait: bool = False) -> None:
        """Send one message, within :data:`STEP_S`; at once or not at all when it ``must_not_wait``.

        Raises:
            LinkError: it did not get through: the other end has gone, or reads nothing.
            TypeError, ValueError: this is no JSON, or too long; nothing was sent.
        """
        data = json.dumps(message).encode()
        if len(data) > self._sends_bytes:
            raise ValueError(f"message of {len(data)} bytes, the link takes {self._sends_bytes}")
        try:
            if must_not_wait:
                with self._socket.dup() as impatient:
                    impatient.setblocking(False)
                    impatient.send(data, socket.MSG_NOSIGNAL)
            else:
                self._socket.send(data, socket.MSG_NOSIGNAL)
        except OSError as error:
            raise LinkError(f"not sent: {_said(error)}") from error

    def receive(self, within_s: float = math.inf) -> dict[str, Any]:
        """Return the next message.

        Raises:
            LinkError: the connection has ended, nothing came ``within_s``, or what came is no message.
        """
        began_s = machine_monotonic_s()
        while True:
            try:
                count, _, flags, _ = self._socket.recvmsg_into([self._buffer])
                break
            except TimeoutError:
                if machine_monotonic_s() - began_s >= within_s - STEP_S / 2:
                    raise LinkError(f"nothing came within {within_s:g} s") from None
            except OSError as error:
                raise LinkError(_said(error)) from error
        if not count:
            raise LinkError("the other end hung up")
        if flags & socket.MSG_TRUNC:
            raise LinkError(f"a message was longer than {len(self._buffer)} bytes")
        try:
            message = json.loads(self._buffer[:count])
        except (ValueError, RecursionError):
            raise LinkError("what came is no JSON") from None
        if not isinstance(message, dict):
            raise LinkError("what came is no JSON object")
        return message

    def hang_up(self) -> None:
        """End the connection from any thread: whoever receives is told; messages under way still arrive."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection and give the socket back; by the thread that receives."""
        self.hang_up()
        self._socket.close()


def connected_to(path: Path) -> socket.socket:
    """Return a socket connected to who listens at ``path``.

    Raises:
        LinkRefused: the file is another user's.
        LinkError: nobody listens there.
    """
    calling = _new_socket()
    try:
        with _address_of(path) as address:
            calling.connect(address)
    except OSError as error:
        calling.close()
        if isinstance(error, PermissionError):
            raise LinkRefused(f"{path}: {_said(error)}; run both processes as one user") from error
        raise LinkError(f"{path}: {_said(error)}") from error
    return calling


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Listen at ``path``, for this user alone, and take the file away at the end.

    The lock file beside it goes with the process that holds it, however it ends; what lies at ``path`` then is stale,
    and replaced.

    Raises:
        BlockingIOError: another process listens there.
        OSError: the folder cannot be written, or its file system knows no sockets.
    """
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
        with _new_socket() as listener:
            os.fchmod(listener.fileno(), 0o600)  # the file gets this mode as it is made
            with _address_of(path) as address:
                listener.bind(address)
            listener.listen(MOST_WAITING)
            mine = path.stat().st_ino
            try:
                yield listener
            finally:
                if lies_at(path, mine):
                    path.unlink(missing_ok=True)
    finally:
        os.close(lock)


def lies_at(path: Path, inode: int) -> bool:
    """Return whether the file at ``path`` is still this one."""
    try:
        return path.stat().st_ino == inode
    except OSError:
        return False


def _new_socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.settimeout(STEP_S)
    return made


@contextlib.contextmanager
def _address_of(path: Path) -> Iterator[str]:
    """Return what the kernel takes as an address for ``path``: a long one is told through its open folder."""
    if len(os.fsencode(path)) <= LONGEST_ADDRESS_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _said(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
