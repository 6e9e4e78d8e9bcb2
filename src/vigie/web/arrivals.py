"""gunicorn's threaded worker, in which only a request that has arrived whole takes a thread.

As shipped, a connection that says nothing holds a thread for five seconds, one that drips a request holds it as long as
it likes, and one that the other side does not close holds up the loop itself. Here the loop waits for all of them
without a thread, for a limited time, and the oldest gives way when there are many.
"""

import contextlib
import errno
import re
import selectors
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import structlog
from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from vigie.access.delays import counted_as
from vigie.web.security import MAX_BODY_BYTES
from vigie.web.settings import Network, is_among

log = structlog.get_logger(__name__)

ARRIVES_WITHIN_S = 10.0
"""For head and body of a request, from its first byte, or from the connection's beginning."""
READS_WITHIN_S = 30
"""For the other side to take some of an answer, as nginx gives it."""
LEAVES_WITHIN_S = 2.0
"""For the other side to close after an answer, so that the end of it is not lost."""
MOST_HEAD_BYTES = 64 * 1024
_PIECE_BYTES = 64 * 1024
_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nContent-Length: 40\r\nConnection: close\r\n\r\n"
    b"Too many connections from this address.\n"
)


class ArrivingConnection(TConn):
    """A connection whose request arrives piece by piece, and which tells its worker when it has ended."""

    parser: Any

    def __init__(self, worker: "PatientWorker", sock: socket.socket, client: tuple[Any, ...], server: Any) -> None:  # noqa: ANN401
        super().__init__(worker.cfg, sock, client, server)  # type: ignore[no-untyped-call]
        self.arrived = bytearray()
        self.until_s = 0.0
        self._worker = worker

    def receive(self) -> bool:
        """Take what has come; return whether the other side may still send more."""
        try:
            piece = self.sock.recv(_PIECE_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.arrived += piece
        return bool(piece)

    def close(self, graceful: bool = False) -> None:
        """Close it; after an answer the other side is given time to read the rest, without holding up the loop."""
        self._worker.ended(self, has_answer=graceful)


def is_whole(arrived: bytes | bytearray) -> bool:
    r"""Return whether a request has arrived whole, or so far that it can be refused.

    >>> head = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
    >>> [is_whole(arrived) for arrived in (b"", b"GET / HTTP/1.1\r\n\r", head, head + b"ab", head + b"abc")]
    [False, False, False, False, True]

    A body that is too large, or comes in pieces of unknown number, is refused unread.
    """
    end = arrived.find(_HEAD_ENDS)
    if end < 0:
        return len(arrived) > MOST_HEAD_BYTES
    found = _LENGTH.search(arrived, 0, end + 2)
    length = int(found[1]) if found else 0
    return length > MAX_BODY_BYTES or len(arrived) - end - len(_HEAD_ENDS) >= length


class PatientWorker(ThreadWorker):
    """A threaded worker that slow and silent connections cannot keep from answering.

    ``proxies`` may have as many connections as they like; any other address three quarters of the threads, which is
    more than there may be live pages by default.
    """

    poller: Any

    def __init__(self, *arguments: Any, proxies: Iterable[Network] = ()) -> None:  # noqa: ANN401 - as gunicorn's
        super().__init__(*arguments)  # type: ignore[no-untyped-call]
        threads = self.cfg.threads
        self.worker_connections, self.max_keepalived = 6 * threads, 2 * threads
        self._most_waiting, self._most_of_one = 2 * threads, threads - threads // 4
        self._proxies = list(proxies)
        self._arriving: dict[ArrivingConnection, None] = {}
        self._leaving: dict[ArrivingConnection, None] = {}
        """Both in the order in which their time is over."""
        self._open = Counter[str]()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, or refuse it where its address has too many."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno not in {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}:
                raise
            return
        address = counted_as(client[0])
        if self._open[address] >= self._most_of_one and not is_among(client[0], self._proxies):
            log.warning("connection_refused", address=client[0], open=self._most_of_one)
            with contextlib.suppress(OSError):
                sock.send(_TOO_MANY, socket.MSG_DONTWAIT)
            sock.close()
            return
        self._open[address] += 1
        self.nr_conns += 1
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", READS_WITHIN_S, 0))
        self.enqueue_req(ArrivingConnection(self, sock, client, listener.getsockname()))

    def enqueue_req(self, conn: ArrivingConnection) -> None:
        """Wait for the request without a thread."""
        conn.sock.setblocking(False)
        if conn.parser is not None:
            conn.arrived += conn.parser.unreader.take_buffered()
        self._wait(conn, self._arriving, ARRIVES_WITHIN_S, self._receive)
        self._receive(conn)

    def _receive(self, conn: ArrivingConnection, _sock: object = None) -> None:
        if conn not in self._arriving:  # it had to give way in this very round
            return
        is_open = conn.receive()
        if conn.arrived and (not is_open or is_whole(conn.arrived)):
            self._forget(conn, self._arriving)
            conn.init()  # type: ignore[no-untyped-call]
            conn.parser.unreader.unread(bytes(conn.arrived))
            conn.arrived.clear()
            super().enqueue_req(conn)  # type: ignore[no-untyped-call]
        elif not is_open:
            self._give_up(conn)

    def _give_up(self, conn: ArrivingConnection) -> None:
        self._forget(conn, self._arriving)
        self.nr_conns -= 1
        conn.close()

    def handle_request(self, req: Any, conn: ArrivingConnection) -> bool:  # noqa: ANN401 - as gunicorn's
        """Answer; whoever does not take the answer has gone. A body that is refused is not waited for afterwards."""
        told = dict(req.headers)
        if "TRANSFER-ENCODING" in told or int(told.get("CONTENT-LENGTH", 0)) > MAX_BODY_BYTES:
            req.force_close()
        try:
            return bool(super().handle_request(req, conn))  # type: ignore[no-untyped-call]
        except BlockingIOError as error:
            raise ConnectionResetError(errno.ECONNRESET, f"nothing was read for {READS_WITHIN_S} s") from error

    def ended(self, conn: ArrivingConnection, has_answer: bool) -> None:
        """Let a connection go that gunicorn has done with."""
        address = counted_as(conn.client[0])
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]
        if has_answer and self.alive:
            with contextlib.suppress(OSError):  # a WebSocket is closed already, or is about to be by its own thread
                answered, conn.sock = conn.sock, conn.sock.dup()
                util.close(answered)  # type: ignore[no-untyped-call]
                conn.sock.shutdown(socket.SHUT_WR)
                conn.sock.setblocking(False)
                self._wait(conn, self._leaving, LEAVES_WITHIN_S, self._see_off)
                return
        util.close(conn.sock)  # type: ignore[no-untyped-call]

    def _see_off(self, conn: ArrivingConnection, _sock: object = None) -> None:
        if conn not in self._leaving or (conn.receive() and len(conn.arrived) < MAX_BODY_BYTES):
            return
        self._forget(conn, self._leaving)
        util.close(conn.sock)  # type: ignore[no-untyped-call]

    def _wait(
        self,
        conn: ArrivingConnection,
        crowd: dict[ArrivingConnection, None],
        longest_s: float,
        then: Callable[..., object],
    ) -> None:
        """Have ``then`` called when something comes; the oldest of too many gives way."""
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(then, conn))
        conn.until_s = time.monotonic() + longest_s
        crowd[conn] = None
        if len(crowd) > self._most_waiting:
            self._end_oldest(crowd)

    def _forget(self, conn: ArrivingConnection, crowd: dict[ArrivingConnection, None]) -> None:
        del crowd[conn]
        self.poller.unregister(conn.sock)

    def _end_oldest(self, crowd: dict[ArrivingConnection, None]) -> None:
        conn = next(iter(crowd))
        if crowd is self._arriving:
            self._give_up(conn)
        else:
            self._forget(conn, crowd)
            util.close(conn.sock)  # type: ignore[no-untyped-call]

    def murder_pending(self) -> None:
        """End those whose time is over; gunicorn's loop calls it at least once a second."""
        super().murder_pending()  # type: ignore[no-untyped-call]
        now_s = time.monotonic()
        for crowd in (self._arriving, self._leaving):
            while crowd and (not self.alive or next(iter(crowd)).until_s <= now_s):
                self._end_oldest(crowd)
