"""``vigie journal``: the file in which everything is kept."""

from pathlib import Path
from typing import Annotated

import typer

from vigie.cli.options import AsJson, ConfigFile, Data, example

app = typer.Typer(help="The journal's file itself.", no_args_is_help=True)


@app.command(
    "salvage",
    epilog=example("vigie journal salvage", "vigie journal salvage journal.sqlite.corrupt-20261122T220000Z"),
)
def salvage(
    file: Annotated[
        Path | None,
        typer.Argument(help="Damaged journal; without: all that were set aside in the data folder.", metavar="[FILE]"),
    ] = None,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Bring what can still be read of a damaged journal into the one that is written now; Vigie may run meanwhile."""
    from vigie.cli import installation, salvages

    salvages.bring_back(installation.with_folder(config, data=data), file, as_json=as_json)
