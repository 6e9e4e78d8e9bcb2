"""``vigie export``: a range of the journal as a file."""

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.progress import Progress

from vigie.assembly.files import files
from vigie.config import Config
from vigie.errors import VigieError
from vigie.telemetry import export
from vigie.telemetry.reader import JournalReader

RESOLUTIONS = ("raw", "minute", "hour")
FORMATS = ("csv", "parquet")


def write(config: Config, since: str, until: str, form: str, resolution: str, output: Path | None) -> None:
    """Write the range; a half-written file is removed.

    Raises:
        VigieError: an argument is wrong, or the file cannot be written.
        JournalError: the journal cannot be read.
    """
    if form not in FORMATS:
        raise VigieError(f"--format {form}: must be one of {', '.join(FORMATS)}")
    if resolution not in RESOLUTIONS:
        raise VigieError(f"--resolution {resolution}: must be one of {', '.join(RESOLUTIONS)}")
    from_utc_ms, to_utc_ms = instant_ms("--from", since), instant_ms("--to", until)
    if from_utc_ms >= to_utc_ms:
        raise VigieError(f"--from {since} is not before --to {until}")
    if form == "parquet" and output is None:
        raise VigieError("Parquet is not text: name a file with --output")
    size = cast("export.Resolution", resolution)
    with closing(JournalReader(files(config).journal)) as reader:
        if output is None:
            export.export_csv(reader, sys.stdout, from_utc_ms, to_utc_ms, size)
            return
        with Progress(console=Console(stderr=True), transient=True) as progress:
            progress.add_task(f"writing {output}", total=None)
            try:
                count = _write_file(reader, output, from_utc_ms, to_utc_ms, size, form)
            except OSError as error:
                raise VigieError(f"{output} cannot be written: {error.strerror}") from error
    sys.stderr.write(f"{count} rows in {output}\n")


def instant_ms(option: str, text: str) -> int:
    """Return an ISO 8601 date or time as UTC milliseconds; without an offset it is UTC.

    >>> instant_ms("--from", "1970-01-02")
    86400000
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise VigieError(f"{option} {text}: not a date or time like 2026-11-22 or 2026-11-22T15:30") from None
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1_000)


def _write_file(
    reader: JournalReader, output: Path, from_utc_ms: int, to_utc_ms: int, resolution: export.Resolution, form: str
) -> int:
    unfinished = output.with_name(output.name + ".part")
    try:
        if form == "parquet":
            count = export.export_parquet(reader, unfinished, from_utc_ms, to_utc_ms, resolution)
        else:
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                count = export.export_csv(reader, file, from_utc_ms, to_utc_ms, resolution)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return count
