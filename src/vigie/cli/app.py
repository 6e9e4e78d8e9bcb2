"""The ``vigie`` command. Each sub-command's heavy imports happen when it runs, not when help is shown."""

import errno
import os
import sys
from typing import Annotated

import typer

from vigie import __version__, streams
from vigie.cli import exit_codes, starting
from vigie.cli.commands import commission, config, delivery, journal, mail, processes, records, running, user
from vigie.errors import HardwareError, JournalError, RecordingError, VigieError
from vigie.wording.dialogue import language, speaking, spoken, system_language, technical
from vigie.wording.words import SOURCE_LANGUAGE, mark

_UNSPOKEN: tuple[tuple[type[VigieError], str], ...] = (
    (HardwareError, mark("The boards cannot be used.")),
    (JournalError, mark("The journal cannot be used.")),
    (RecordingError, mark("The recording cannot be used.")),
)
"""Errors whose texts are in English always, and what is said before them in another language."""
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
    (running, "The running installation"),
    (records, "What was recorded"),
    (commission, "Settings and people"),
):
    for command in part.app.registered_commands:
        command.rich_help_panel = panel
    app.add_typer(part.app)
app.add_typer(mail.app, name="mail", rich_help_panel="The running installation")
app.add_typer(delivery.app, name="delivery", rich_help_panel="What was recorded")
app.add_typer(journal.app, name="journal", rich_help_panel="What was recorded")
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
    """Run the command line in the system's language; an expected error is a message and an exit status."""
    streams.have_input()
    streams.end_without_reader()
    streams.outlive_log_reader()
    with speaking(system_language()):
        _run()


def _run() -> None:
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # while an error of it still finds somebody
    except VigieError as error:
        sys.stderr.write(f"{_told(error)}\n")
        sys.exit(exit_codes.exit_code(error))
    except OSError as error:
        if error.filename is not None or error.errno not in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
            raise
        sys.stderr.write(spoken("the output cannot be written: {why}", why=technical(error.strerror)) + "\n")
        os._exit(exit_codes.Exit.FAILED)  # the interpreter would try to write the rest


def _told(error: VigieError) -> str:
    """Return an error as it is said to the person."""
    general = next((text for kind, text in _UNSPOKEN if isinstance(error, kind)), "")
    return f"{spoken(general)}\n{technical(error)}" if general and language() != SOURCE_LANGUAGE else str(error)
