"""Commands that look at the running installation and give it orders."""

from typing import Annotated

import typer

from vigie.cli.options import (
    MODES,
    AlarmArgument,
    AsJson,
    ConfigFile,
    ContactName,
    Data,
    ModeName,
    Port,
    Url,
    example,
    listed,
)

app = typer.Typer()


@app.command(epilog=example("vigie status", "vigie status --json | jq .snapshot.mode"))
def status(
    config: ConfigFile = None, port: Port = None, data: Data = None, url: Url = None, as_json: AsJson = False
) -> None:
    """Show how the installation is doing."""
    from vigie.cli import installation, status

    settings = installation.settings(config, url=url, port=port, data=data)
    status.show(settings, url, as_json=as_json)


@app.command(epilog=example("vigie mode protect", "vigie mode manual --minutes 20 --why 'wiring check'"))
def mode(
    name: Annotated[ModeName, typer.Argument(help=f"{listed(MODES)}.", metavar="NAME", case_sensitive=False)],
    minutes: Annotated[float | None, typer.Option(help="How long manual mode lasts.")] = None,
    why: Annotated[str, typer.Option(help="Reason, kept in the journal.")] = "",
    config: ConfigFile = None,
    port: Port = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Choose the mode."""
    from vigie.cli import installation, orders

    settings = installation.settings(config, url=url, port=port, data=data)
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
    from vigie.cli import installation, orders

    settings = installation.settings(config, url=url, port=port, data=data)
    body = {"action": "set_contact", "relay": f"R{number}", "contact": contact, "why": why}
    orders.give(settings, url, body, as_json=as_json)


@app.command(epilog=example("vigie alarms", "vigie alarms --json"))
def alarms(
    config: ConfigFile = None, port: Port = None, data: Data = None, url: Url = None, as_json: AsJson = False
) -> None:
    """Show what stands, since when, and what to do."""
    from vigie.cli import alarms, installation

    alarms.show(installation.settings(config, url=url, port=port, data=data), url, as_json=as_json)


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
    from vigie.cli import installation, orders

    settings = installation.settings(config, url=url, port=port, data=data)
    body = {"action": "acknowledge", "why": why} | ({} if alarm is None else {"alarm": alarm})
    orders.give_about_alarm(settings, url, body, as_json=as_json)


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
    from vigie.cli import installation, orders

    settings = installation.settings(config, url=url, port=port, data=data)
    body = {"action": "shelve", "alarm": alarm, "shelve_s": hours * 3600, "why": why}
    orders.give_about_alarm(settings, url, body, as_json=as_json)


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
    from vigie.cli import installation, orders

    settings = installation.settings(config, url=url, port=port, data=data)
    orders.give_about_alarm(settings, url, {"action": "unshelve", "alarm": alarm, "why": why}, as_json=as_json)


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
    from vigie.cli import alarms, installation

    settings = installation.settings(config, url=url, port=port, data=data)
    alarms.outages(settings, url, days=days, as_json=as_json)
