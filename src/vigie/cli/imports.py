"""``vigie import``: another program's log onto the shelf of imported logs, to look at, export and learn from."""

import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from vigie.assembly.files import files
from vigie.cli import screen
from vigie.cli.exports import zone_named
from vigie.cli.status import utc_text
from vigie.config import Config
from vigie.errors import RecordingError, VigieError
from vigie.telemetry import foreign, foreign_cells, foreign_columns
from vigie.telemetry.imported import ImportedLog, Origin, Shelf, Writing, name_of
from vigie.telemetry.records import iso_utc

_FAULTS_SHOWN = 5
_TELL_EVERY = 1000
_NUMBERS = ("from (UTC)", "to (UTC)", "rows", "MB")
_DATES = {"": None, "dmy": False, "mdy": True}
_SIGNS = {"charge": False, "discharge": True}


class Wish(NamedTuple):
    """What the command line asks for, as it was typed."""

    file: Path
    name: str | None
    columns: str
    timezone: str
    dates: str
    positive_current: str
    replace: bool
    dry_run: bool


def take(config: Config, wish: Wish, *, as_json: bool) -> None:
    """Import a file, or with ``dry_run`` only say what would be imported.

    Raises:
        RecordingError: the file is no log that can be understood.
        VigieError: it is there already, or cannot be written.
    """
    form = foreign.examine(wish.file)
    choice = _choice(wish.columns)
    columns = foreign_columns.chosen(form.header, choice) if choice else foreign_columns.recognise(form.header)
    log = foreign.ForeignLog(wish.file, form, columns, _reading(wish))
    shelf = Shelf(files(config).directory)
    same = shelf.known(form.sha256)
    name = wish.name or (same.name if same else name_of(wish.file))
    _refuse_known(shelf, same, name, wish)
    held = tuple(column.quantity for column in columns if column.quantity != foreign_columns.TIME)
    origin = Origin(name, wish.file.name, form.sha256, held)
    with nullcontext(None) if wish.dry_run else shelf.writing(origin) as writing:
        first_ms, last_ms = _work_through(log, wish.file, writing)
        if not log.rows:
            fault = f"; first fault in line {log.faults[0].line}: {log.faults[0].reason}" if log.faults else ""
            raise RecordingError(f"log {wish.file}: no usable row{fault}")
    if same is not None and same.name != name and not wish.dry_run:
        shelf.remove(same.name)
    report = {
        "name": name, "is_imported": not wish.dry_run, "rows": log.rows, "left_out": log.left_out,
        "first_utc": iso_utc(first_ms), "last_utc": iso_utc(last_ms),
        "columns": {column.quantity: column.header for column in columns},
        "unused": [one for place, one in enumerate(form.header) if all(place not in c.places for c in columns)],
        "faults": [fault._asdict() for fault in log.faults],
    }  # fmt: skip
    if as_json:
        screen.console().print_json(json.dumps(report))
    else:
        _print(report, columns, wish)


def show(config: Config, *, as_json: bool) -> None:
    """List the imported logs."""
    logs = Shelf(files(config).directory).logs()
    if as_json:
        screen.console().print_json(json.dumps([{**log._asdict(), "path": str(log.path)} for log in logs]))
        return
    if not logs:
        sys.stdout.write("no imported logs\n")
        return
    table = screen.table("name", "file", *_NUMBERS, "columns", gap=1, whole=_NUMBERS)
    for log in logs:
        if log.fault:
            table.add_row(log.name, "", "", "", "", "", log.fault)
            continue
        span = (utc_text(log.first_utc_ms), utc_text(log.last_utc_ms))
        table.add_row(log.name, log.file, *span, str(log.rows), f"{log.size_bytes / 1e6:.1f}", ", ".join(log.columns))
    screen.console().print(table)


def remove(config: Config, name: str) -> None:
    """Delete an imported log.

    Raises:
        JournalError: there is none of this name.
    """
    Shelf(files(config).directory).remove(name)
    sys.stderr.write(f"imported log {name} is deleted\n")


def _choice(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    for key, sign, value in pairs:
        if not sign or not value.strip():
            raise VigieError(f"--columns {key}: write it as time=NAME,battery_v=NAME")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _reading(wish: Wish) -> foreign_cells.Reading:
    for option, value, known in (
        ("--dates", wish.dates, _DATES), ("--positive-current", wish.positive_current, _SIGNS),
    ):  # fmt: skip
        if value not in known:
            raise VigieError(f"{option} {value}: must be one of {', '.join(filter(None, known))}")
    return foreign_cells.Reading(zone_named(wish.timezone), _DATES[wish.dates], _SIGNS[wish.positive_current])


def _refuse_known(shelf: Shelf, same: ImportedLog | None, name: str, wish: Wish) -> None:
    if wish.replace:
        return
    if same is not None:
        raise VigieError(f"{wish.file} is imported already, as {same.name}: --replace imports it anew")
    if any(log.name == name for log in shelf.logs()):
        raise VigieError(f"there is an imported log {name} of another file: --name another one, or --replace it")


def _work_through(log: foreign.ForeignLog, file: Path, writing: Writing | None) -> tuple[int, int]:
    """Read all rows, write them when there is somewhere to; return the first and the last instant."""
    first_ms = last_ms = 0
    with screen.bar() as progress:
        task = progress.add_task(f"reading {file.name}", total=file.stat().st_size)
        for record in log.periods():
            first_ms = min(record.utc_ms, first_ms) if log.rows > 1 else record.utc_ms
            last_ms = max(record.utc_ms, last_ms)
            if writing is not None:
                writing.take(record)
            if log.rows % _TELL_EVERY == 0:
                progress.update(task, completed=log.place)
    if writing is not None:
        writing.left_out = log.left_out
    return first_ms, last_ms


def _print(report: Mapping[str, Any], columns: list[foreign_columns.Column], wish: Wish) -> None:
    verb = "is imported" if report["is_imported"] else "would be imported"
    lines = [
        f"{report['name']} {verb}: {report['rows']} rows, {report['first_utc']} to {report['last_utc']}",
        *(f"  {column.quantity} <- {column.header}{_scale(column)}" for column in columns),
        f"  times without an offset are in {wish.timezone}",
    ]
    if any(column.quantity.endswith("_current_a") for column in columns):
        lines.append(f"  a positive current means {wish.positive_current} (--positive-current)")
    if report["unused"]:
        lines.append(f"  not used: {', '.join(report['unused'])}")
    if report["left_out"]:
        lines.append(f"  left out: {report['left_out']}")
        lines += [f"    line {fault['line']}: {fault['reason']}" for fault in report["faults"][:_FAULTS_SHOWN]]
    sys.stdout.write("\n".join(lines) + "\n")


def _scale(column: foreign_columns.Column) -> str:
    if column.zero:
        return " (in degrees Fahrenheit)"
    return "" if column.per_unit == 1.0 else f" (x {column.per_unit:g})"
