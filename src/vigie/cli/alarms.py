"""``vigie alarms`` and ``vigie outages``: what stands, and what the battery has been through."""

import json
from typing import Any

from rich.text import Text

from vigie.cli import screen
from vigie.cli.client import get, program
from vigie.cli.orders import language
from vigie.cli.status import utc_text
from vigie.config import Config
from vigie.wording.alarms import acted, describe_value, severity, standing, title, to_do
from vigie.wording.words import describe_name, translator

_FIGURES = ("began", "lasted", "lowest V", "Ah out")
_COLOURS = {"critical": "bold red", "warning": "dark_orange", "info": "blue"}


def show(config: Config, url: str | None, *, as_json: bool) -> None:
    """Print every alarm that is not at rest, most urgent first, with what to do.

    Raises:
        LinkError: nobody answers.
    """
    answer = get(program(config, url), "/api/v1/alarms", "alarms")
    if as_json:
        screen.console().print_json(json.dumps(answer))
        return
    words = translator(language())
    console = screen.console()
    for alarm in answer["alarms"]:
        name = (title(alarm["alarm"], words), _COLOURS[alarm["severity"]])
        how = f"{severity(alarm['severity'], words)}, {standing(alarm['standing'], words)}"
        console.print(Text.assemble(name, f" ({alarm['alarm']}): {how}, {utc_text(alarm['raised_utc_ms'])}"))
        value = describe_value(alarm["alarm"], alarm["value"], alarm["unit"], alarm["detail"], words)
        done = acted(alarm["protection"], words) if alarm["is_present"] else ""
        for line in (value, done, to_do(alarm["alarm"], alarm["standing"], alarm["is_present"], words)):
            if line:
                console.print(f"    {line}")
    if not answer["alarms"]:
        console.print("no alarm stands")


def outages(config: Config, url: str | None, *, days: float, as_json: bool) -> None:
    """Print the outages, drills and charger faults of the last days, newest first.

    Raises:
        LinkError: nobody answers.
    """
    base = program(config, url)
    snapshot: dict[str, Any] | None = get(base, "/api/v1/state", "snapshot")["snapshot"]
    query = ""
    if snapshot is not None:
        end = snapshot["utc_ms"] + 1
        query = f"?from_utc_ms={max(0, round(end - days * 86_400_000))}&to_utc_ms={end}"
    answer = get(base, f"/api/v1/outages{query}", "outages")
    if as_json:
        screen.console().print_json(json.dumps(answer))
        return
    words = translator(language())
    table = screen.table("", *_FIGURES, "backup", whole=_FIGURES)
    for one in answer["outages"]:
        enough = "enough" if one["was_enough"] else f"not enough: dark for {one['dark_s']:.0f} s"
        table.add_row(
            describe_name("outage", one["kind"], words),
            utc_text(one["began_utc_ms"]),
            f"{one['duration_s'] / 60:.1f} min",
            "—" if one["lowest_v"] is None else f"{one['lowest_v']:.2f}",
            f"{one['charge_out_ah']:.3f}",
            enough,
        )
    console = screen.console()
    console.print(table if answer["outages"] else f"no outage in the last {days:g} days")
