"""``vigie delivery``: measurements on their way to a central store."""

from typing import Annotated

import typer

from vigie.cli.options import AsJson, ConfigFile, Data, Plant, ServiceOf, example

app = typer.Typer(help="Measurements on their way to a central store.", no_args_is_help=True)


@app.command("run", epilog=example("vigie delivery run --config /etc/vigie/vigie.toml"))
def run(config: ConfigFile = None, plant: Plant = None, data: Data = None, service_of: ServiceOf = None) -> None:
    """Deliver the journal's measurements (`vigie run` does it when remote_write.url is set)."""
    from vigie.cli import installation, starting

    starting.become("delivery", installation.arguments(config, service_of, plant=plant, data=data))


@app.command("show", epilog=example("vigie delivery show", "vigie delivery show --json | jq .lag_s"))
def show(config: ConfigFile = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show how far delivery has come, what holds it up, and what was refused."""
    from vigie.cli import central_store, installation

    central_store.show(installation.with_folder(config, data=data), as_json=as_json)


@app.command("retry", epilog=example("vigie delivery retry", "vigie delivery retry --from 2026-11-01"))
def retry(
    since: Annotated[
        str | None, typer.Option("--from", help="Everything since then, delivered or not (a store that lost its data).")
    ] = None,
    config: ConfigFile = None,
    data: Data = None,
) -> None:
    """Send again what was refused for good, or everything since an instant."""
    from vigie.cli import central_store, installation

    central_store.retry(installation.with_folder(config, data=data), since)


@app.command("forget", epilog=example("vigie delivery forget"))
def forget(config: ConfigFile = None, data: Data = None) -> None:
    """Give up what was refused for good: the alarm ends, the journal keeps the measurements."""
    from vigie.cli import central_store, installation

    central_store.forget(installation.with_folder(config, data=data))


@app.command("test", epilog=example("vigie delivery test --config /etc/vigie/vigie.toml"))
def try_out(config: ConfigFile = None) -> None:
    """Ask the store whether it would take measurements, and say what is wrong: address, TLS, login."""
    from vigie.cli import central_store, installation

    central_store.test(installation.settings(config))
