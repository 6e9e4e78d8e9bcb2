"""Exports to browsers: a child process makes each, and what comes is passed on: none fills this one's memory."""

import io
import subprocess
import threading
from collections.abc import Iterator
from typing import IO, cast

import structlog

from vigie.errors import VigieError
from vigie.telemetry.export_process import ExportOrder

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 2
STALL_S = 60.0
"""A browser that does not take a piece of 64 kB for so long is given up."""
_PIECE_BYTES = 65_536


class TooManyExports(VigieError):
    """As many exports as may be are running: try again later."""


class Download:
    """The bytes of one export. :meth:`close` ends the work behind it, whether all was read or not."""

    def __init__(self, process: subprocess.Popen[bytes], slots: threading.BoundedSemaphore) -> None:
        self._process = process
        self._slots: threading.BoundedSemaphore | None = slots
        self._first = self._read()

    @property
    def failure(self) -> str:
        """Why there is not a single byte; empty when there is."""
        if self._first or not self._process.wait():
            return ""
        return self._said()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces.

        Raises:
            VigieError: the export broke off; what was yielded is incomplete.
        """
        piece = self._first
        while piece:
            yield piece
            piece = self._read()
        if self._process.wait():
            raise VigieError(f"an export broke off: {self._said()}")

    def close(self) -> None:
        """End the process and free its place; safe to call twice."""
        slots, self._slots = self._slots, None
        if slots is None:
            return
        self._process.kill()
        self._process.communicate()
        slots.release()

    def _read(self) -> bytes:
        return cast(io.BufferedReader, self._process.stdout).read1(_PIECE_BYTES)

    def _said(self) -> str:
        text = cast(IO[bytes], self._process.stderr).read().decode("utf-8", "replace").strip()
        log.warning("export failed", said=text[-2000:], status=self._process.returncode)
        return text.splitlines()[-1] if text else f"the export process ended with {self._process.returncode}"


class Downloads:
    """Begins exports, a few at a time."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(MOST_AT_ONCE)

    def begin(self, order: ExportOrder) -> Download:
        """Begin an export and wait for its first bytes.

        Raises:
            TooManyExports: others are running.
            VigieError: it cannot be made; says why.
        """
        if not self._slots.acquire(blocking=False):
            raise TooManyExports(f"{MOST_AT_ONCE} exports are running already: try again when one has ended")
        try:
            process = subprocess.Popen(
                order.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            self._slots.release()
            raise VigieError(f"an export cannot be begun: {error.strerror}") from error
        download = Download(process, self._slots)
        if why := download.failure:
            download.close()
            raise VigieError(why)
        return download
