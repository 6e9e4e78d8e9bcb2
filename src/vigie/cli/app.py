"""The ``vigie`` command. Each sub-command's heavy imports happen when it runs, not when help is shown."""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from vigie import __version__
from vigie.cli import exit_codes
from vigie.cli import user as user_commands
from vigie.cli.options import (
    AlarmArgument,
    AsJson,
    ConfigFile,
    ContactName,
    Data,
    LogFile,
    Login,
    ModeName,
    Multimeter,
    Plant,
    Port,
    Speed,
    TimeZone,
    Url,
)
from vigie.errors import VigieError

EXIT_STATUSES = "Exit status: " + "; ".join(f"{code:d} {text}" for code, text in exit_codes.MEANINGS.items()) + "."

app = typer.Typer(
    name="vigie",
    help="Keeps watch over standby lead-acid batteries.",
    epilog=EXIT_STATUSES,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
settings_app = typer.Typer(help="Check the settings, or print them with their meaning.", no_args_is_help=True)
app.add_typer(settings_app, name="config")
mail_app = typer.Typer(help="Messages to people: try them out, or see how it stands with them.", no_args_is_help=True)
app.add_typer(mail_app, name="mail")
delivery_app = typer.Typer(help="Measurements on their way to a central store.", no_args_is_help=True)
app.add_typer(delivery_app, name="delivery")
app.add_typer(user_commands.app, name="user")


def example(*lines: str) -> str:
    """Return the example a command's help ends with."""
    return "Example: " + "; ".join(f"`{line}`" for line in lines)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Keep watch over standby lead-acid batteries."""
    if version:
        typer.echo(f"vigie {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(epilog=example("vigie run --speed 60", "vigie run --plant rig --config /etc/vigie/vigie.toml"))
def run(
    config: ConfigFile = None,
    plant: Plant = None,
    speed: Speed = None,
    port: Port = None,
    data: Data = None,
    recording: LogFile = None,
    login: Login = None,
) -> None:
    """Start controller and web pages, and restart what dies."""
    from vigie.cli import first_login, process, supervise

    argv = process.arguments(config, plant, speed, port, data, recording, login)
    settings = process.parsed(argv)
    first_login.announce(settings)
    raise typer.Exit(supervise.Supervisor(settings, argv).run())


@app.command(epilog=example("vigie controller --plant rig --config /etc/vigie/vigie.toml"))
def controller(
    config: ConfigFile = None,
    plant: Plant = None,
    speed: Speed = None,
    port: Port = None,
    data: Data = None,
    recording: LogFile = None,
) -> None:
    """Run the controller alone (systemd and Docker start it like this)."""
    from vigie.cli import process, supervise

    supervise.become("controller", process.arguments(config, plant, speed, port, data, recording))


@app.command(epilog=example("vigie web --config /etc/vigie/vigie.toml --port 5000"))
def web(config: ConfigFile = None, port: Port = None, data: Data = None, login: Login = None) -> None:
    """Run the web pages alone."""
    from vigie.cli import process, supervise

    supervise.become("web", process.arguments(config, None, None, port, data, None, login))


@app.command(epilog=example("vigie status", "vigie status --json | jq .snapshot.mode"))
def status(
    config: ConfigFile = None, port: Port = None, data: Data = None, url: Url = None, as_json: AsJson = False
) -> None:
    """Show how the installation is doing."""
    from vigie.cli import process, status

    settings = process.parsed(process.arguments(config, None, None, port, data))
    status.show(settings, url, as_json=as_json)


@app.command(epilog=example("vigie mode protect", "vigie mode manual --minutes 20 --why 'wiring check'"))
def mode(
    name: Annotated[
        ModeName, typer.Argument(help="observe, protect, cycle or manual.", metavar="NAME", case_sensitive=False)
    ],
    minutes: Annotated[float | None, typer.Option(help="How long manual mode lasts.")] = None,
    why: Annotated[str, typer.Option(help="Reason, kept in the journal.")] = "",
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Choose the mode."""
    from vigie.cli import orders, process

    settings = process.parsed(process.arguments(config, None, None, port, data))
    body: dict[str, str | float] = {"action": "set_mode", "mode": name, "why": why}
    if minutes is not None:
        body["manual_s"] = minutes * 60
    orders.give(settings, url, body, as_json=as_json)


@app.command(epilog=example("vigie relay 2 open --why 'measuring the rest voltage'"))
def relay(
    number: Annotated[int, typer.Argument(help="1 to 4.", min=1, max=4, metavar="N")],
    contact: Annotated[
        ContactName,
        typer.Argument(help="open (circuit cut) or closed (connected).", metavar="open|closed", case_sensitive=False),
    ],
    why: Annotated[str, typer.Option(help="Reason, kept in the journal.")] = "",
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Move one contact; R1 and R2 in manual mode only."""
    from vigie.cli import orders, process

    settings = process.parsed(process.arguments(config, None, None, port, data))
    body = {"action": "set_contact", "relay": f"R{number}", "contact": contact, "why": why}
    orders.give(settings, url, body, as_json=as_json)


@app.command(epilog=example("vigie acknowledge", "vigie acknowledge battery_too_hot --why 'fan replaced'"))
def acknowledge(
    alarm: AlarmArgument = None,
    why: Annotated[str, typer.Option(help="Reason, kept in the journal.")] = "",
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Take note of one alarm, or of all. What protects the battery stays until its cause is gone."""
    from vigie.cli import orders, process

    settings = process.parsed(process.arguments(config, None, None, port, data))
    body = {"action": "acknowledge", "why": why} | ({} if alarm is None else {"alarm": alarm})
    orders.give(settings, url, body, as_json=as_json)


@app.command(epilog=example("vigie alarms", "vigie alarms --json"))
def alarms(
    config: ConfigFile = None, port: Port = None, data: Data = None, url: Url = None, as_json: AsJson = False
) -> None:
    """Show what stands, since when, and what to do."""
    from vigie.cli import alarms, process

    alarms.show(process.parsed(process.arguments(config, None, None, port, data)), url, as_json=as_json)


@app.command(epilog=example("vigie shelve mains_lost --hours 8 --why 'works on the grid, announced'"))
def shelve(
    alarm: Annotated[str, typer.Argument(help="Name of the alarm, see docs/alarms.md.", metavar="ALARM")],
    hours: Annotated[float, typer.Option(help="How long, up to a week.", min=0.02, max=168)],
    why: Annotated[str, typer.Option(help="Reason, kept with the alarm.")],
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Put an alarm aside for a time: it neither pops up nor sends messages."""
    from vigie.cli import orders, process

    settings = process.parsed(process.arguments(config, None, None, port, data))
    body = {"action": "shelve", "alarm": alarm, "shelve_s": hours * 3600, "why": why}
    orders.give(settings, url, body, as_json=as_json)


@app.command(epilog=example("vigie unshelve mains_lost"))
def unshelve(
    alarm: Annotated[str, typer.Argument(help="Name of the alarm.", metavar="ALARM")],
    why: Annotated[str, typer.Option(help="Reason, kept in the journal.")] = "",
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Take an alarm off its shelf."""
    from vigie.cli import orders, process

    settings = process.parsed(process.arguments(config, None, None, port, data))
    orders.give(settings, url, {"action": "unshelve", "alarm": alarm, "why": why}, as_json=as_json)


@app.command(epilog=example("vigie outages --days 90"))
def outages(
    days: Annotated[float, typer.Option(help="How far back.", min=0.01, max=36_500)] = 30.0,
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show outages, drills and charger faults, and whether the battery was enough."""
    from vigie.cli import alarms, process

    settings = process.parsed(process.arguments(config, None, None, port, data))
    alarms.outages(settings, url, days=days, as_json=as_json)


@mail_app.command("show", epilog=example("vigie mail show"))
def mail_show(
    config: ConfigFile = None, port: Port = None, data: Data = None, url: Url = None, as_json: AsJson = False
) -> None:
    """Show the messages of the last days and how it stands with each."""
    from vigie.cli import mail, process

    mail.show(process.parsed(process.arguments(config, None, None, port, data)), url, as_json=as_json)


@mail_app.command("test", epilog=example("vigie mail test", "vigie mail test --to ada@example.org"))
def mail_test(
    to: Annotated[str | None, typer.Option(help="One receiver; all without.", metavar="ADDRESS")] = None,
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Send a test message to the receivers now, and say how it went."""
    from vigie.cli import mail, process

    mail.test(process.parsed(process.arguments(config, None, None, port, data)), url, to, as_json=as_json)


@delivery_app.command("run", epilog=example("vigie delivery run --config /etc/vigie/vigie.toml"))
def delivery_run(config: ConfigFile = None, plant: Plant = None, data: Data = None) -> None:
    """Deliver the journal's measurements (`vigie run` does it when remote_write.url is set)."""
    from vigie.cli import process, supervise

    supervise.become("delivery", process.arguments(config, plant, None, None, data))


@delivery_app.command("show", epilog=example("vigie delivery show", "vigie delivery show --json | jq .lag_s"))
def delivery_show(config: ConfigFile = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show how far delivery has come, what holds it up, and what was refused."""
    from vigie.cli import delivery, process

    delivery.show(process.parsed(process.arguments(config, None, None, None, data)), as_json=as_json)


@delivery_app.command("retry", epilog=example("vigie delivery retry", "vigie delivery retry --from 2026-11-01"))
def delivery_retry(
    since: Annotated[
        str | None, typer.Option("--from", help="Everything since then, delivered or not (a store that lost its data).")
    ] = None,
    config: ConfigFile = None,
    data: Data = None,
) -> None:
    """Send again what was refused for good, or everything since an instant."""
    from vigie.cli import delivery, process

    delivery.retry(process.parsed(process.arguments(config, None, None, None, data)), since)


@delivery_app.command("forget", epilog=example("vigie delivery forget"))
def delivery_forget(config: ConfigFile = None, data: Data = None) -> None:
    """Give up what was refused for good: the alarm ends, the journal keeps the measurements."""
    from vigie.cli import delivery, process

    delivery.forget(process.parsed(process.arguments(config, None, None, None, data)))


@delivery_app.command("test", epilog=example("vigie delivery test --config /etc/vigie/vigie.toml"))
def delivery_test(config: ConfigFile = None) -> None:
    """Ask the store whether it would take measurements, and say what is wrong: address, TLS, login."""
    from vigie.cli import delivery, process

    delivery.test(process.parsed(process.arguments(config, None, None, None, None)))


@app.command(epilog=example("vigie replay log.csv --mode protect --plot protect.svg"))
def replay(
    file: Annotated[Path, typer.Argument(help="CSV log: time, voltage, current, temperature.", metavar="FILE.csv")],
    mode: Annotated[str, typer.Option(help="observe, protect or cycle.")] = "observe",
    plot: Annotated[Path | None, typer.Option(help="Draw the result as .png or .svg.", metavar="FILE")] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Run the real control over a recorded log and tell what it would have done."""
    from vigie.cli import process, replays

    argv = process.arguments(config, "recorded", None, None, None, str(file))
    replays.show(process.parsed(argv), mode, plot, as_json=as_json)


@app.command(
    epilog=example(
        "vigie commission --plant twin --yes --output practice.toml",
        "vigie commission --plant rig --config /etc/vigie/vigie.toml",
    )
)
def commission(
    config: ConfigFile = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File for the settings found; by default the one of --config.", metavar="FILE"
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="File for the report; by default beside the settings.", metavar="FILE")
    ] = None,
    plant: Plant = None,
    data: Data = None,
    speed: Speed = None,
    multimeter: Annotated[
        Multimeter | None,
        typer.Option(help="Who measures: person, or on the twin (its default) twin.", case_sensitive=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to everything; on the twin only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find out, step by step, how an installation is wired, and write the settings that fit it."""
    from vigie.cli import commission

    commission.run(commission.Options(config, output, report, plant, data, speed, multimeter, yes, as_json))


@settings_app.command("check", epilog=example("vigie config check --config /etc/vigie/vigie.toml"))
def config_check(
    config: ConfigFile = None,
    plant: Plant = None,
    recording: LogFile = None,
    probe: Annotated[bool, typer.Option("--probe", help="Also ask the central store whether it would answer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Name every fault of a settings file at once, and what should be known before use."""
    from vigie.cli import process, settings

    settings.check(process.arguments(config, plant, None, None, None, recording), probe=probe, as_json=as_json)


@settings_app.command("show", epilog=example("vigie config show > vigie.toml"))
def config_show(
    config: ConfigFile = None, plant: Plant = None, recording: LogFile = None, as_json: AsJson = False
) -> None:
    """Print all settings in force as TOML, each with its unit, range and meaning."""
    from vigie.cli import process, settings

    settings.show(process.parsed(process.arguments(config, plant, None, None, None, recording)), as_json=as_json)


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
    config: ConfigFile = None,
    data: Data = None,
) -> None:
    """Write a range of the journal as CSV or Parquet."""
    from vigie.cli import exports, process

    settings = process.parsed(process.arguments(config, None, None, None, data))
    exports.write(settings, exports.Wish(since, until, timezone, what, resolution, form, log, output))


@app.command(
    "import", epilog=example("vigie import cellar.csv --dry-run", "vigie import cellar.csv --timezone Europe/Zurich")
)
def import_log(
    file: Annotated[Path | None, typer.Argument(help="CSV log of another program.", metavar="[FILE.csv]")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the imported logs.")] = False,
    remove: Annotated[str | None, typer.Option(help="Delete an imported log.", metavar="NAME")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the log; made from the file's without.")] = None,
    columns: Annotated[
        str,
        typer.Option(
            help="Which column holds what, when their names do not say it: time=T,battery_v=U,battery_ma=I.",
            metavar="KEY=NAME,...",
        ),
    ] = "",
    timezone: TimeZone = "UTC",
    dates: Annotated[str, typer.Option(help="dmy or mdy, for dates like 03/04/2026.")] = "",
    positive_current: Annotated[str, typer.Option(help="What it means in the file: charge or discharge.")] = "charge",
    replace: Annotated[bool, typer.Option("--replace", help="Import anew what was imported before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported.")] = False,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take in another program's log, to look at and to export; the journal itself stays untouched."""
    from vigie.cli import imports, process

    if (file is not None) + listed + (remove is not None) != 1:
        raise typer.BadParameter("name one file, or say --list or --remove NAME")
    settings = process.parsed(process.arguments(config, None, None, None, data))
    if file is not None:
        wish = imports.Wish(file, name, columns, timezone, dates, positive_current, replace, dry_run)
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
            help="New file, folder, or - for standard output; without: a dated name here.", metavar="[FILE|-]"
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw/--no-raw", help="With all single periods, or only those of the last day.")
    ] = True,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Copy a running installation into one file: journal, users, secret token, settings."""
    from vigie.cli import backup, process

    settings = process.parsed(process.arguments(config, None, None, None, data))
    backup.write(settings, file, with_periods=raw, as_json=as_json)


@app.command(epilog=example("vigie restore --check vigie-20261122T220000Z.tar.gz", "vigie restore FILE"))
def restore(
    file: Annotated[str, typer.Argument(help="File that `vigie backup` made, or - for standard input.")],
    check: Annotated[bool, typer.Option("--check", help="Only say whether the backup is complete and sound.")] = False,
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup into the data folder of an installation at rest; what was there is set aside."""
    from vigie.cli import backup, process

    settings = process.parsed(process.arguments(config, None, None, port, data))
    backup.read(settings, file, only_check=check, as_json=as_json)


def main() -> None:
    """Run the command line; an expected error is a message and an exit status, not a traceback."""
    try:
        app()
    except VigieError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(exit_codes.exit_code(error))
    except OSError as error:
        if error.filename is not None or error.errno not in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
            raise
        sys.stderr.write(f"the output cannot be written: {error.strerror}\n")
        os._exit(exit_codes.Exit.FAILED)  # the interpreter would try to write the rest
