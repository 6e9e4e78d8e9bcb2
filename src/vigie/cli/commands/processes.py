"""Commands that start Vigie's processes."""

import json

import typer

from vigie.cli import starting
from vigie.cli.options import ConfigFile, Data, LogFile, Login, Plant, Port, Speed, example

app = typer.Typer()


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

    starting.end_quietly()
    argv = process.arguments(config, plant=plant, speed=speed, port=port, data=data, recording=recording, login=login)
    settings = process.parsed(argv)
    first_login.announce(settings)
    starting.become("run", [json.dumps(supervise.Watched.by(settings, argv)._asdict())])


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
    from vigie.cli import process

    starting.become(
        "controller", process.arguments(config, plant=plant, speed=speed, port=port, data=data, recording=recording)
    )


@app.command(epilog=example("vigie web --config /etc/vigie/vigie.toml --port 5000"))
def web(config: ConfigFile = None, port: Port = None, data: Data = None, login: Login = None) -> None:
    """Run the web pages alone."""
    from vigie.cli import process

    starting.become("web", process.arguments(config, port=port, data=data, login=login))
