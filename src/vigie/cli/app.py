"""The ``vigie`` command. Each sub-command's heavy imports happen when it runs, not when help is shown."""

import errno
import os
import sys
from typing import Annotated

import typer

from vigie import __version__, streams
from vigie.cli import exit_codes, starting
from vigie.cli.commands import commissioning, config, delivery, mail, orders, processes, records, user
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
for part, panel in (
    (processes, "Start it"),
    (orders, "The running installation"),
    (records, "What was recorded"),
    (commissioning, "Settings and people"),
):
    for command in part.app.registered_commands:
        command.rich_help_panel = panel
    app.add_typer(part.app)
app.add_typer(mail.app, name="mail", rich_help_panel="The running installation")
app.add_typer(delivery.app, name="delivery", rich_help_panel="What was recorded")
app.add_typer(config.app, name="config", rich_help_panel="Settings and people")
app.add_typer(user.app, name="user", rich_help_panel="Settings and people")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Keep watch over standby lead-acid batteries."""
    starting.put_in_order()
    if version:
        typer.echo(f"vigie {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line; an expected error is a message and an exit status, not a traceback."""
    streams.have_input()
    streams.end_without_reader()
    streams.outlive_log_reader()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # while an error of it still finds somebody
    except VigieError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(exit_codes.exit_code(error))
    except OSError as error:
        if error.filename is not None or error.errno not in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
            raise
        sys.stderr.write(f"the output cannot be written: {error.strerror}\n")
        os._exit(exit_codes.Exit.FAILED)  # the interpreter would try to write the rest
