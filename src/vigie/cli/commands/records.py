"""Commands about what was measured: play it again, write it, take it in, keep it safe."""

from pathlib import Path
from typing import Annotated

import typer

from vigie.cli.options import (
    AcceptLoss,
    AsJson,
    ConfigFile,
    Data,
    LogClock,
    LogColumns,
    LogDates,
    LogDecimal,
    LogSign,
    LogStart,
    LogZone,
    MayReplace,
    Port,
    TimeZone,
    example,
    not_empty,
)
from vigie.wording.dialogue import spoken

app = typer.Typer()


@app.command(
    epilog=example(
        "vigie replay examples/standby-day.csv --mode protect --plot protect.svg", "vigie replay november.parquet"
    )
)
def replay(
    file: Annotated[
        Path, typer.Argument(help="CSV log, or an export of this program (CSV or Parquet).", metavar="FILE")
    ],
    mode: Annotated[str, typer.Option(help="Any mode but manual, in which a person sets the contacts.")] = "observe",
    columns: LogColumns = "",
    timezone: LogZone = "",
    dates: LogDates = "",
    decimal: LogDecimal = "",
    start: LogStart = "",
    clock: LogClock = "",
    positive_current: LogSign = "",
    accept_loss: AcceptLoss = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the result as .png or .svg.", metavar="FILE")] = None,
    force: MayReplace = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Run the real control over a recorded log and tell what it would have done."""
    from vigie.cli import log_reading, process, replays

    settings = process.settings(config, plant="recorded", recording=str(file))
    said = log_reading.Said(columns, timezone, dates, decimal, start, clock, accept_loss, positive_current)
    settings = log_reading.over(settings, said)
    replays.show(settings, mode, log_reading.choice(columns), plot, may_replace=force, as_json=as_json)


@app.command(
    epilog=example(
        "vigie export --from 2026-11-01 --to 2026-12-01 --format csv > november.csv",
        "vigie export --resolution minute --format parquet --output all.parquet",
    )
)
def export(
    since: Annotated[
        str | None, typer.Option("--from", help="First instant (ISO 8601); the first there is without.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="End, not included; the last there is without.")] = None,
    what: Annotated[str, typer.Option(help="measurements or events.")] = "measurements",
    form: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    resolution: Annotated[str, typer.Option(help="raw (every period), minute or hour.")] = "raw",
    timezone: TimeZone = "UTC",
    log: Annotated[str | None, typer.Option(help="An imported log instead of the journal.", metavar="NAME")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; CSV goes to the terminal without.")
    ] = None,
    force: MayReplace = False,
    config: ConfigFile = None,
    data: Data = None,
) -> None:
    """Write a range of the journal as CSV or Parquet."""
    from vigie.cli import exports, installation

    settings = installation.with_folder(config, data=data)
    exports.write(settings, exports.ExportWish(since, until, timezone, what, resolution, form, log, output, force))


@app.command(
    "import", epilog=example("vigie import cellar.csv --dry-run", "vigie import cellar.csv --timezone Europe/Zurich")
)
def import_log(
    file: Annotated[Path | None, typer.Argument(help="CSV log of another program.", metavar="[FILE.csv]")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the imported logs.")] = False,
    remove: Annotated[str | None, typer.Option(help="Delete an imported log.", metavar="NAME")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the log; made from the file's without.")] = None,
    columns: LogColumns = "",
    timezone: LogZone = "",
    dates: LogDates = "",
    decimal: LogDecimal = "",
    start: LogStart = "",
    clock: LogClock = "",
    positive_current: LogSign = "",
    accept_loss: AcceptLoss = False,
    replace: Annotated[bool, typer.Option("--replace", help="Import anew what was imported before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported.")] = False,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take in another program's log, to look at and to export; the journal itself stays untouched."""
    from vigie.cli import imports, installation, log_reading

    if (file is not None) + listed + (remove is not None) != 1:
        raise typer.BadParameter(spoken("name one file, or say --list or --remove NAME"))
    settings = installation.with_folder(config, data=data)
    if file is not None:
        said = log_reading.Said(columns, timezone, dates, decimal, start, clock, accept_loss, positive_current)
        wish = imports.ImportWish(file, name, said, replace, dry_run)
        imports.take(settings, wish, as_json=as_json)
    elif remove is not None:
        imports.remove(settings, remove)
    else:
        imports.show(settings, as_json=as_json)


@app.command(epilog=example("vigie backup", "vigie backup /mnt/usb", "vigie backup - > vigie.tar.gz"))
def backup(
    file: Annotated[
        str | None,
        typer.Argument(
            help="New file, folder, or - for standard output; without: a dated name here.",
            metavar="[FILE|-]",
            callback=not_empty,
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw/--no-raw", help="With all single periods, or only those of the last day.")
    ] = True,
    without_journal: Annotated[
        bool, typer.Option("--without-journal", help="Also where no controller has run yet: users and settings alone.")
    ] = False,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Copy a running installation into one file: journal, users, secret token, settings."""
    from vigie.assembly.backup import Content
    from vigie.cli import backup, installation

    settings = installation.with_folder(config, data=data)
    backup.write(settings, file, Content(raw, not without_journal), as_json=as_json)


@app.command(epilog=example("vigie restore --check vigie-20261122T220000Z.tar.gz", "vigie restore FILE"))
def restore(
    file: Annotated[
        str, typer.Argument(help="File that `vigie backup` made, or - for standard input.", callback=not_empty)
    ],
    check: Annotated[bool, typer.Option("--check", help="Only say whether the backup is complete and sound.")] = False,
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup into the data folder of an installation at rest; what was there is set aside."""
    from vigie.cli import backup, installation

    settings = installation.settings(config, port=port, data=data)
    backup.read(settings, file, only_check=check, as_json=as_json)
