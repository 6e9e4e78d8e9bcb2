"""``vigie config``: the settings."""

from typing import Annotated

import typer

from vigie.cli.options import AsJson, ConfigFile, LogFile, Plant, example

app = typer.Typer(help="Check the settings, or print them with their meaning.", no_args_is_help=True)


@app.command("check", epilog=example("vigie config check --config /etc/vigie/vigie.toml"))
def check(
    config: ConfigFile = None,
    plant: Plant = None,
    recording: LogFile = None,
    probe: Annotated[bool, typer.Option("--probe", help="Also ask the central store whether it would answer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Name every fault of a settings file at once, and what should be known before use."""
    from vigie.cli import process, settings

    settings.check(process.arguments(config, plant=plant, recording=recording), probe=probe, as_json=as_json)


@app.command("show", epilog=example("vigie config show > vigie.toml"))
def show(config: ConfigFile = None, plant: Plant = None, recording: LogFile = None, as_json: AsJson = False) -> None:
    """Print all settings in force as TOML, each with its unit, range and meaning."""
    from vigie.cli import process, settings

    settings.show(process.settings(config, plant=plant, recording=recording), as_json=as_json)
