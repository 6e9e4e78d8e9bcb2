"""Commands that start Vigie's processes."""

import json

import typer

from vigie.cli import starting
from vigie.cli.options import ConfigFile, Data, LogFile, Login, Plant, Port, Scenario, ServiceOf, Speed, example

app = typer.Typer()


@app.command(
    epilog=example(
        "vigie run --speed 60",
        "vigie run --scenario chatter --speed 60",
        "vigie run --plant rig --config /etc/vigie/vigie.toml",
    )
)
def run(
    config: ConfigFile = None,
    plant: Plant = None,
    scenario: Scenario = None,
    speed: Speed = None,
    port: Port = None,
    data: Data = None,
    recording: LogFile = None,
    login: Login = None,
) -> None:
    """Start controller and web pages, and restart what dies."""
    from vigie.cli import first_login, process, supervise

    starting.end_quietly()
    argv = process.arguments(
        config, plant=plant, scenario=scenario, speed=speed, port=port, data=data, recording=recording, login=login
    )
    settings = process.usable(argv)
    first_login.announce(settings)
    starting.become("run", [json.dumps(supervise.Watched.by(settings, argv)._asdict())])


@app.command(epilog=example("vigie controller --plant rig --config /etc/vigie/vigie.toml"))
def controller(
    config: ConfigFile = None,
    plant: Plant = None,
    scenario: Scenario = None,
    speed: Speed = None,
    port: Port = None,
    data: Data = None,
    recording: LogFile = None,
    service_of: ServiceOf = None,
) -> None:
    """Run the controller alone (systemd and Docker start it like this)."""
    from vigie.cli import process

    argv = process.arguments(
        config, service_of, plant=plant, scenario=scenario, speed=speed, port=port, data=data, recording=recording
    )
    starting.become("controller", argv)


@app.command(epilog=example("vigie web --config /etc/vigie/vigie.toml --port 5000"))
def web(
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    login: Login = None,
    service_of: ServiceOf = None,
) -> None:
    """Run the web pages alone."""
    from vigie.cli import installation

    starting.become("web", installation.arguments(config, service_of, port=port, data=data, login=login))
