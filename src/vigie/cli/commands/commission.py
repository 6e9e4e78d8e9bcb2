"""``vigie commission``."""

from pathlib import Path
from typing import Annotated

import typer

from vigie.cli.options import AsJson, ConfigFile, Data, Multimeter, Plant, Speed, example

app = typer.Typer()


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
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of questions and report; by default that of the settings, then of the system.",
            metavar="en|fr",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to everything; on the twin only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find out, step by step, how an installation is wired, and write the settings that fit it."""
    from vigie.cli import commission_dialogue

    commission_dialogue.run(
        commission_dialogue.Options(config, output, report, plant, data, speed, multimeter, language, yes, as_json)
    )
