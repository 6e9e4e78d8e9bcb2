"""What this process writes to the outside, also when whoever reads it has gone.

Python answers a reader that went away with an error where other programs end by SIGPIPE: a traceback in the middle of a
command, or "Exception ignored" and status 120 at its end. SIGPIPE itself would be no better: it would end the process
for a network connection that broke, too.
"""

import codecs
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

READER_GONE = 141
"""Exit status of a command whose output nobody reads any more, as a shell says it of a program ended by SIGPIPE."""


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for characters that a stream's encoding does not have: escapes of JSON and of TOML."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    codes = map(ord, error.object[error.start : error.end])
    return "".join(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}" for code in codes), error.end


_SHOWN_ANYWAY = "vigie.escaped"
codecs.register_error(_SHOWN_ANYWAY, _escaped)


class ReaderGone(SystemExit):
    """Ends the process."""


class _Ending(io.FileIO):
    """Output whose reader may go away: the process then ends, in order and without a word."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            _write_nowhere(self.fileno())
            raise ReaderGone(READER_GONE) from None


class _Lossy(io.FileIO):
    """Output that is lost when it cannot be written: what is said of the work never stops the work."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def end_without_reader() -> None:
    """Let this process end with :data:`READER_GONE` when the reader of its standard output has gone.

    What the terminal or file cannot show, such as "é" in ASCII, is shown as an escape.
    """
    sys.stdout = _replaced(sys.stdout, sys.__stdout__, _Ending)


def outlive_log_reader() -> None:
    """Let this process go on when the reader of its standard error has gone, or the disk below it is full."""
    sys.stderr = _replaced(sys.stderr, sys.__stderr__, _Lossy)


def have_input() -> None:
    """Let a standard input that was closed be an empty one: who asks meets its end, not the lack of it."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - open as long as the process


def _replaced(stream: TextIO, own: TextIO | None, kind: type[io.FileIO]) -> TextIO:
    """Return the process's own stream over another kind of file; one that takes everything when there is none."""
    if stream is not own:
        return stream  # somebody captures it
    if not isinstance(stream, io.TextIOWrapper):
        return Path(os.devnull).open("w", encoding="utf-8")
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(kind(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors=_SHOWN_ANYWAY,
        line_buffering=stream.line_buffering or stream.write_through,
    )


def _write_nowhere(descriptor: int) -> None:
    """Let what is still in a buffer go to where everything is taken."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(nowhere, descriptor, inheritable=True)
    os.close(nowhere)
