"""``vigie export``: a range of the journal, or of an imported log, as a file."""

import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigie import __version__
from vigie.assembly.files import files
from vigie.cli import screen, targets
from vigie.cli.options import ONE_OF
from vigie.config import Config
from vigie.errors import VigieError
from vigie.telemetry import export
from vigie.telemetry.imported import Shelf
from vigie.telemetry.parquet import export_parquet
from vigie.telemetry.reader import JournalReader
from vigie.wording.dialogue import spoken, technical
from vigie.wording.words import mark

RESOLUTIONS = ("raw", "minute", "hour")
FORMATS = ("csv", "parquet")
WHATS = ("measurements", "events")
_FIRST_MS, _END_MS = 0, 253_402_300_800_000
"""From 1970 to the end of the year 9999: everything."""


class ExportWish(NamedTuple):
    """What the command line asks for, as it was typed."""

    since: str | None
    until: str | None
    timezone: str
    what: str
    resolution: str
    form: str
    log: str | None
    output: Path | None
    may_replace: bool


def write(config: Config, wish: ExportWish) -> None:
    """Write the range; a half-written file is removed.

    Raises:
        VigieError: an argument is wrong, or the file cannot be written.
        JournalError: the journal cannot be read.
    """
    extract = _extract(wish)
    if wish.output is not None:
        targets.new_file(mark("the export"), wish.output, (f".{wish.form}",))
    journal = files(config).journal
    about = {"table": extract.table, "version": __version__}
    if wish.log is None:
        about |= {"site": config.site.name, "battery": config.site.battery}
    else:
        log = Shelf(journal.parent).log(wish.log)
        journal, extract = log.path, extract._replace(only=log.columns)
        about |= {"log": log.name, "file": log.file}
    if wish.output is not None:
        targets.refuse_loss("--output", wish.output, (journal,), may_replace=wish.may_replace)
    with closing(JournalReader(journal)) as reader:
        if wish.output is None:
            for _ in export.export_csv(reader, sys.stdout, extract):
                pass
            return
        expected = export.estimate(reader, extract).rows
        try:
            count = _write_file(reader, wish, extract, about, expected)
        except OSError as error:
            raise VigieError(
                spoken("{file} cannot be written: {why}", file=wish.output, why=technical(error.strerror))
            ) from error
    sys.stderr.write(spoken("{count} rows in {file}", count=count, file=wish.output) + "\n")


def _extract(wish: ExportWish) -> export.Extract:
    for option, value, known in (
        ("--format", wish.form, FORMATS), ("--resolution", wish.resolution, RESOLUTIONS), ("--what", wish.what, WHATS),
    ):  # fmt: skip
        if value not in known:
            raise VigieError(f"{option} {value}: {spoken(ONE_OF, names=', '.join(known))}")
    zone = zone_named(wish.timezone)
    from_utc_ms = _FIRST_MS if wish.since is None else instant_ms("--from", wish.since, zone)
    to_utc_ms = _END_MS if wish.until is None else instant_ms("--to", wish.until, zone)
    if from_utc_ms >= to_utc_ms:
        raise VigieError(spoken("--from {since} is not before --to {until}", since=wish.since, until=wish.until))
    if wish.form == "parquet" and wish.output is None:
        raise VigieError(spoken("Parquet is not text: name a file with --output"))
    table = "events" if wish.what == "events" else wish.resolution
    return export.Extract(cast("export.TableName", table), from_utc_ms, to_utc_ms)


def zone_named(name: str) -> tzinfo:
    """Return a time zone.

    Raises:
        VigieError: this machine knows no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise VigieError(
            spoken("--timezone {name}: no such time zone here; write one like Europe/Zurich or UTC", name=name)
        ) from None


def instant_ms(option: str, text: str, zone: tzinfo = UTC) -> int:
    """Return an ISO 8601 date or time as UTC milliseconds; without an offset it is meant in ``zone``.

    >>> instant_ms("--from", "1970-01-02")
    86400000
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise VigieError(
            spoken("{given}: not a date or time like 2026-11-22 or 2026-11-22T15:30", given=f"{option} {text}")
        ) from None
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)
    try:
        return round(aware.timestamp() * 1_000)
    except OverflowError:
        raise VigieError(
            spoken("{given}: beyond what a calendar holds in this time zone", given=f"{option} {text}")
        ) from None


def _write_file(
    reader: JournalReader, wish: ExportWish, extract: export.Extract, about: dict[str, str], expected: int
) -> int:
    output = cast(Path, wish.output)
    unfinished = output.with_name(output.name + ".part")
    try:
        if wish.form == "parquet":
            count = _watched(export_parquet(reader, unfinished, extract, about), output, expected)
        else:
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                count = _watched(export.export_csv(reader, file, extract), output, expected)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _watched(counts: Iterator[int], output: Path, expected: int) -> int:
    """Work through an export; show how far it is on a terminal."""
    count = 0
    with screen.bar() as progress:
        task = progress.add_task(spoken("writing {file}", file=output), total=expected or None)
        for count in counts:
            progress.update(task, completed=count)
    return count
