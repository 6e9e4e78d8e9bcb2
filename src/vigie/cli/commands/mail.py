"""``vigie mail``: messages to people."""

from typing import Annotated

import typer

from vigie.cli.options import AsJson, ConfigFile, Data, Port, Url, example

app = typer.Typer(help="Messages to people: try them out, or see how it stands with them.", no_args_is_help=True)


@app.command("show", epilog=example("vigie mail show"))
def show(
    config: ConfigFile = None, port: Port = None, data: Data = None, url: Url = None, as_json: AsJson = False
) -> None:
    """Show the messages of the last days and how it stands with each."""
    from vigie.cli import installation, messages

    messages.show(installation.settings(config, url=url, port=port, data=data), url, as_json=as_json)


@app.command("test", epilog=example("vigie mail test", "vigie mail test --to ada@example.org"))
def try_out(
    to: Annotated[str | None, typer.Option(help="One receiver; all without.", metavar="ADDRESS")] = None,
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Send a test message to the receivers now, and say how it went."""
    from vigie.cli import installation, messages

    messages.test(installation.settings(config, url=url, port=port, data=data), url, to, as_json=as_json)
