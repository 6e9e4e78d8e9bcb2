"""How a file writes what it holds: its encoding, its lines and cells, and the line with the names of its columns."""

import codecs
import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vigie.errors import RecordingError
from vigie.logfile.known import binary_named, text_named
from vigie.logfile.numbers import is_number

HEADER_WITHIN = 60
"""Many loggers say a few things about themselves first."""
_CHUNK = 1 << 20
_START = 1 << 16
_CONTROLS = bytes(byte for byte in range(1, 32) if byte not in b"\t\n\r\f\x1a\x1b")
_UTF16_ZEROS, _MOST_CONTROLS = 0.3, 0.1
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*|\d{1,2}:\d\d.*")


class Form(NamedTuple):
    """How the file writes what it holds."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    header_line: int
    sha256: str

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines below the header with their numbers; a byte that is no letter is shown as one.

        Raises:
            OSError: the file cannot be read to its end.
        """
        with self.path.open(encoding=self.encoding, errors="replace") as file:
            for number, line in enumerate(file, 1):
                if number > self.header_line:
                    yield number, line

    def cells(self, line: str) -> list[str]:
        """Return a line's cells. A quote that is never closed costs its line, not the rest of the file."""
        return _split(line, self.delimiter)


def examine(path: Path, is_header: Callable[[list[str]], bool]) -> Form:
    """Return how a file is written; reads it once through. ``is_header`` knows names of columns when it sees them.

    Raises:
        RecordingError: it cannot be read, is no text, or has no line that looks like names of columns.
    """
    try:
        encoding, digest = _encoding(path)
        with path.open(encoding=encoding, errors="replace") as file:
            start = [line for _, line in zip(range(2 * HEADER_WITHIN), file, strict=False)]
    except OSError as error:
        raise RecordingError(f"log {path} cannot be read: {error.strerror or error}") from error
    known = text_named(start)
    if known is not None:
        raise RecordingError(f"log {path} is {known}")
    forms = [
        Form(path, encoding, delimiter, names, place + 1, digest)
        for place, line in enumerate(start[:HEADER_WITHIN])
        for delimiter, names in [_names(line)]
        if names
    ]
    form = next((form for form in forms if is_header(form.header)), None)
    if form is None:
        is_bare = sum(not line.isspace() for line in start) == 1
        form = next((form for form in forms if is_bare or _is_followed(form, start)), None)
    if form is None:
        raise RecordingError(_without_header(path, start))
    return form


def _without_header(path: Path, start: Sequence[str]) -> str:
    said = f"log {path}: no line with names of columns among the first {HEADER_WITHIN}"
    table = next((line for line in start if len(_split(line, _delimiter(line))) > 1), "")
    if table and any(is_number(cell) for cell in _split(table, _delimiter(table))[1:]):
        return f"{said}; its lines begin with {table.strip()[:60]!r}: write names above them, such as time,battery_v"
    return f"{said}; export CSV with the names of the columns in the first line, such as time,battery_v,battery_a"


def _names(line: str) -> tuple[str, list[str]]:
    delimiter = _delimiter(line)
    names = _split(line.strip("\0\ufeff"), delimiter)
    is_header = len(names) > 1 and any(names[1:]) and not any(_is_value(name) for name in names)
    return delimiter, names if is_header else []


def _is_value(text: str) -> bool:
    return _INSTANT.fullmatch(text) is not None or (text[:1] not in "'" and is_number(text))


def _is_followed(form: Form, start: Sequence[str]) -> bool:
    """Return whether lines of values come below a line that may be a header."""
    below = [_split(line, form.delimiter) for line in start[form.header_line : form.header_line + 5] if line.strip()]
    return any(len(cells) > 1 and any(_is_value(cell) for cell in cells if cell) for cells in below)


def _delimiter(line: str) -> str:
    return max(";\t|,", key=line.count)


def _split(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return [line.strip()]


def _encoding(path: Path) -> tuple[str, str]:
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    damaged = letters = 0
    with path.open("rb") as file:
        start = file.read(_START)
        encoding = _encoding_of(path, start)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if not chunk.isascii():
                text = decoder.decode(chunk)
                wrong = text.count("\ufffd")
                damaged += wrong
                letters += sum(letter > "\x7f" for letter in text) - wrong
    if encoding == "utf-8-sig" and damaged > letters:
        encoding = "cp1252"
    return encoding, digest.hexdigest()


def _encoding_of(path: Path, start: bytes) -> str:
    known = binary_named(start)
    if known is not None:
        raise RecordingError(f"log {path} is {known}")
    if start[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    line = start[:200]
    for encoding, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        if line[place::2].count(0) > _UTF16_ZEROS * len(line) and not line[1 - place :: 2].count(0):
            return encoding
    if sum(start.count(byte) for byte in _CONTROLS) > _MOST_CONTROLS * len(start):
        raise RecordingError(f"log {path} is no text file; export CSV")
    return "utf-8-sig"
