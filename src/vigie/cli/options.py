"""What several commands share: options, and how their help ends."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vigie.control.commands import Mode
from vigie.wording.dialogue import spoken
from vigie.wording.service_commands import ServiceManager
from vigie.wording.words import mark

ONE_OF = mark("must be one of {names}")


def not_empty(value: str | None) -> str | None:
    """Refuse a name that is empty, as a shell gives it of a variable that is not set: nothing else must be meant then.

    Raises:
        BadParameter: it is empty.
    """
    if value == "":
        raise typer.BadParameter(spoken("is empty: is a variable not set? Name it, or leave it out"))
    return value


MODES = [mode.name.lower() for mode in Mode]
if TYPE_CHECKING:
    ModeName = str
else:
    ModeName = Literal[tuple(MODES)]
ContactName = Literal["open", "closed"]
Multimeter = Literal["person", "twin"]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="Settings file (TOML). Without it: the built-in demonstration.",
        metavar="FILE",
        envvar="VIGIE_CONFIG",
    ),
]
AlarmArgument = Annotated[
    str | None, typer.Argument(help="Name of one alarm (see docs/alarms.md); all without.", metavar="[ALARM]")
]
Plant = Annotated[
    str | None,
    typer.Option("--plant", help="twin (simulated), rig (boards) or recorded (a log).", metavar="PLANT"),
]
Scenario = Annotated[
    str | None,
    typer.Option(
        "--scenario",
        help="Simulated site of the twin: demo, chatter (the bad case), standby, hot_room, heat_wave or blackout.",
        metavar="NAME",
    ),
]
Speed = Annotated[
    float | None, typer.Option("--speed", help="Plant seconds per second, twin and recorded only (0.1 to 300).")
]
Port = Annotated[int | None, typer.Option("--port", help="Port of the web pages.")]
Data = Annotated[
    str | None,
    typer.Option(
        "--data", help="Folder of journal, lock and token.", metavar="DIR", envvar="VIGIE_DATA", callback=not_empty
    ),
]
LogFile = Annotated[
    str | None, typer.Option("--recording", help="CSV log, or an export, for --plant recorded.", metavar="FILE")
]
Login = Annotated[
    str | None,
    typer.Option(
        "--login",
        help="required (users and passwords) or off (this machine only); without: access.login of the settings.",
        metavar="required|off",
    ),
]
ServiceOf = Annotated[
    ServiceManager | None,
    typer.Option(
        "--service-of",
        help="docker or systemd: run as its service. There is no default plant then, and settings that do not fit are "
        "waited for; the pages say meanwhile what to type.",
        metavar="MANAGER",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="Web application to ask; by default the one these settings start.",
        metavar="URL",
        callback=not_empty,
    ),
]
TimeZone = Annotated[
    str, typer.Option(help="Zone of times that do not say their own, like Europe/Zurich.", metavar="ZONE")
]
LogColumns = Annotated[
    str,
    typer.Option(
        "--columns",
        help="Which column holds what, when their names do not say it: time=T,battery_v=U,battery_ma=I.",
        metavar="KEY=NAME,...",
    ),
]
LogZone = Annotated[
    str, typer.Option("--timezone", help="Zone of times that do not say their own (UTC).", metavar="ZONE")
]
LogDates = Annotated[str, typer.Option("--dates", help="dmy, mdy or ymd, for dates like 03/04/2026.")]
LogDecimal = Annotated[str, typer.Option("--decimal", help="point or comma, for numbers like 12,700.")]
LogStart = Annotated[
    str,
    typer.Option(
        "--start", help="When the first row was written, for a log that counts from its own start.", metavar="INSTANT"
    ),
]
LogClock = Annotated[
    str, typer.Option("--clock", help="before or after: which was right when the logger's clock was set back.")
]
LogSign = Annotated[str, typer.Option("--positive-current", help="What it means in the file: charge or discharge.")]
AcceptLoss = Annotated[
    bool, typer.Option("--accept-loss", help="Take the log although a large part of it cannot be used.")
]
MayReplace = Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


def example(*lines: str) -> str:
    """Return the example a command's help ends with."""
    return "Example: " + "; ".join(f"`{line}`" for line in lines)


def listed(names: list[str]) -> str:
    """Return names as a help text lists them.

    >>> listed(["observe", "protect", "manual"])
    'observe, protect or manual'
    """
    return f"{', '.join(names[:-1])} or {names[-1]}"
