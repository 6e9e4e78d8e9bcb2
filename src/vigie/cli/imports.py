"""``vigie import``: another program's log onto the shelf of imported logs, to look at, export and learn from."""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from vigie.assembly.files import files
from vigie.cli import log_reading, screen
from vigie.cli.presence import utc_text
from vigie.config import Config
from vigie.errors import VigieError
from vigie.logfile.columns import TIME, Column, chosen, recognise
from vigie.logfile.log import Log, read_log
from vigie.logfile.reading import ReadingSettings
from vigie.plant.recorded_settings import Sign
from vigie.telemetry import foreign
from vigie.telemetry.imported import ImportedLog, Origin, Shelf, name_of
from vigie.telemetry.records import iso_utc
from vigie.wording.dialogue import spoken, technical
from vigie.wording.figures import decimal
from vigie.wording.words import mark

_FAULTS_SHOWN, _FAULTS_LISTED = 5, 20
_IMPORTED = mark("{name} is imported: {rows} rows, {since} to {until}")
_WOULD_BE = mark("{name} would be imported: {rows} rows, {since} to {until}")
_NUMBERS = (mark("from (UTC)"), mark("to (UTC)"), mark("rows"), "MB")


class ImportWish(NamedTuple):
    """What the command line asks for, as it was typed."""

    file: Path
    name: str | None
    said: log_reading.Said
    replace: bool
    dry_run: bool


def take(config: Config, wish: ImportWish, *, as_json: bool) -> None:
    """Import a file, or with ``dry_run`` only say what would be imported.

    Raises:
        RecordingError: the file is no log that can be understood.
        VigieError: it is there already, or cannot be written.
    """
    sign = log_reading.sign(wish.said, Sign.CHARGE)
    log = _read(wish)
    shelf = Shelf(files(config).directory)
    same = shelf.known(log.form.sha256)
    name = wish.name or (same.name if same else name_of(wish.file))
    _refuse_known(shelf, same, name, wish)
    if not wish.dry_run:
        held = tuple(column.quantity for column in log.columns if column.quantity != TIME)
        with shelf.writing(Origin(name, wish.file.name, log.form.sha256, held)) as writing:
            writing.left_out = log.left_out
            for record in foreign.periods(log, is_discharge_positive=sign == Sign.DISCHARGE):
                writing.take(record)
        if same is not None and same.name != name:
            shelf.remove(same.name)
    report = _report(name, log, wish)
    if as_json:
        screen.console().print_json(json.dumps(report))
    else:
        _print(report, log.columns, wish.said)


def show(config: Config, *, as_json: bool) -> None:
    """List the imported logs."""
    logs = Shelf(files(config).directory).logs()
    if as_json:
        screen.console().print_json(json.dumps([{**log._asdict(), "path": str(log.path)} for log in logs]))
        return
    if not logs:
        sys.stdout.write(spoken("no imported logs") + "\n")
        return
    numbers = tuple(map(spoken, _NUMBERS))
    names = (spoken("name"), spoken("file"), *numbers, spoken("columns"))
    table = screen.table(*names, gap=1, whole=numbers)
    for log in logs:
        if log.fault:
            table.add_row(log.name, "", "", "", "", "", log.fault)
            continue
        span = (utc_text(log.first_utc_ms), utc_text(log.last_utc_ms))
        table.add_row(
            log.name, log.file, *span, str(log.rows), decimal(log.size_bytes / 1e6, 1), ", ".join(log.columns)
        )
    screen.console().print(table)


def remove(config: Config, name: str) -> None:
    """Delete an imported log.

    Raises:
        JournalError: there is none of this name.
    """
    Shelf(files(config).directory).remove(name)
    sys.stderr.write(spoken("imported log {name} is deleted", name=name) + "\n")


def _read(wish: ImportWish) -> Log:
    choice = log_reading.choice(wish.said.columns)
    pick = partial(chosen, choice=choice) if choice else recognise
    reading = log_reading.laid_over(ReadingSettings(), wish.said)
    with screen.bar() as progress:
        size = wish.file.stat().st_size if wish.file.is_file() else None
        task = progress.add_task(spoken("reading {file}", file=wish.file.name), total=size)
        return read_log(wish.file, pick, reading, lambda read: progress.update(task, completed=read))


def _refuse_known(shelf: Shelf, same: ImportedLog | None, name: str, wish: ImportWish) -> None:
    if wish.replace:
        return
    if same is not None:
        raise VigieError(
            spoken("{file} is imported already, as {name}: --replace imports it anew", file=wish.file, name=same.name)
        )
    if any(log.name == name for log in shelf.logs()):
        raise VigieError(
            spoken("there is an imported log {name} of another file: --name another one, or --replace it", name=name)
        )


def _report(name: str, log: Log, wish: ImportWish) -> dict[str, Any]:
    used = {place for column in log.columns for place in column.places}
    times_ms = [round(row.utc_s * 1000) for row in log.rows()]
    return {
        "name": name, "is_imported": not wish.dry_run, "rows": len(times_ms), "left_out": log.left_out,
        "first_utc": iso_utc(times_ms[0]), "last_utc": iso_utc(times_ms[-1]),
        "columns": {column.quantity: column.header for column in log.columns},
        "unused": [one for place, one in enumerate(log.names) if place not in used],
        "notes": list(log.notes), "loss": log.loss,
        "faults": [fault._asdict() for fault in log.faults[:_FAULTS_LISTED]],
    }  # fmt: skip


def _print(report: Mapping[str, Any], columns: Sequence[Column], said: log_reading.Said) -> None:
    head = _IMPORTED if report["is_imported"] else _WOULD_BE
    span = {"since": report["first_utc"], "until": report["last_utc"]}
    lines = [
        spoken(head, name=report["name"], rows=report["rows"], **span),
        *(f"  {column.quantity} <- {column.header}{_scale(column)}" for column in columns),
        "  " + spoken("times without an offset are in {zone}", zone=said.timezone or "UTC"),
    ]
    if any(column.quantity.endswith("_current_a") for column in columns):
        meaning = said.positive_current or "charge"
        lines.append("  " + spoken("a positive current means {meaning} (--positive-current)", meaning=meaning))
    lines += [f"  {technical(note)}" for note in report["notes"]]
    if report["unused"]:
        lines.append("  " + spoken("not used: {names}", names=", ".join(report["unused"])))
    if report["left_out"]:
        lines.append("  " + spoken("left out: {count}", count=report["left_out"]))
        for fault in report["faults"][:_FAULTS_SHOWN]:
            lines.append("    " + spoken("line {line}: {why}", line=fault["line"], why=technical(fault["reason"])))
    sys.stdout.write("\n".join(lines) + "\n")


def _scale(column: Column) -> str:
    if column.zero:
        return " (" + spoken("in degrees Fahrenheit") + ")"
    return "" if column.per_unit == 1.0 else f" (x {column.per_unit:g})"
