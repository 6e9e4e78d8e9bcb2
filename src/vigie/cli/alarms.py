"""``vigie alarms`` and ``vigie outages``: what stands, and what the battery has been through."""

import json
from collections.abc import Callable
from typing import Any

from rich.text import Text

from vigie.cli import screen
from vigie.cli.client import get, program
from vigie.cli.presence import ASKED, demand_now, is_of_now, unknown_since, utc_text
from vigie.config import Config
from vigie.wording.alarms import acted, describe_value, severity, standing, title, to_do
from vigie.wording.dialogue import language, system_language
from vigie.wording.figures import decimal, duration
from vigie.wording.words import describe_name, mark, translator

_FIGURES = (mark("began"), mark("lasted"), mark("lowest V"), mark("Ah out"))
_BACKUP = mark("backup")
_ENOUGH, _SO_FAR = mark("enough"), mark("enough so far")
_RESTED = mark("{enough}; dark for {seconds} s while R2 was at rest")
_NOT_ENOUGH = mark("not enough: dark for {seconds} s")
_NO_ALARM = mark("no alarm stands")
_NO_OUTAGE = mark("no outage in the last {days} days")
_GOING_ON = mark("going on now")
_COLOURS = {"critical": "bold red", "warning": "dark_orange", "info": "blue"}


def show(config: Config, url: str | None, *, as_json: bool) -> None:
    """Print every alarm that is not at rest, most urgent first, with what to do.

    Raises:
        LinkError: nobody answers, or what the controller told is not of now.
    """
    base = program(config, url)
    answer = get(base, "/api/v1/alarms", "alarms")
    state = get(base, "/api/v1/state", *ASKED)
    if as_json:
        screen.console().print_json(json.dumps(answer))
    else:
        _print_alarms(answer["alarms"], state)
    demand_now(state)


def _print_alarms(alarms: list[dict[str, Any]], state: dict[str, Any]) -> None:
    words = translator(system_language())
    console = screen.console()
    if state["snapshot"] is not None and not is_of_now(state):
        console.print(unknown_since(state, words))
    for alarm in alarms:
        name = (title(alarm["alarm"], words), _COLOURS[alarm["severity"]])
        how = f"{severity(alarm['severity'], words)}, {standing(alarm['standing'], words)}"
        console.print(Text.assemble(name, f" ({alarm['alarm']}): {how}, {utc_text(alarm['raised_utc_ms'])}"))
        value = describe_value(alarm["alarm"], alarm["value"], alarm["unit"], alarm["detail"], words)
        done = acted(alarm["protection"], words) if alarm["is_present"] else ""
        for line in (value, done, to_do(alarm["alarm"], alarm["standing"], alarm["is_present"], words)):
            if line:
                console.print(f"    {line}")
    if not alarms and is_of_now(state):
        console.print(words(_NO_ALARM))


def outages(config: Config, url: str | None, *, days: float, as_json: bool) -> None:
    """Print the outages, drills and charger faults of the last days: the one that is going on, then newest first.

    Raises:
        LinkError: nobody answers, or what the controller told is not of now.
    """
    base = program(config, url)
    state = get(base, "/api/v1/state", *ASKED)
    snapshot: dict[str, Any] | None = state["snapshot"]
    query = ""
    if snapshot is not None:
        end = snapshot["utc_ms"] + 1
        query = f"?from_utc_ms={max(0, round(end - days * 86_400_000))}&to_utc_ms={end}"
    answer = get(base, f"/api/v1/outages{query}", "outages")
    now = snapshot["outage"] if snapshot is not None else None
    if as_json:
        screen.console().print_json(json.dumps({"now": now, **answer}))
    else:
        _print_outages(answer["outages"], state, days)
    demand_now(state)


def _print_outages(over: list[dict[str, Any]], state: dict[str, Any], days: float) -> None:
    words = translator(system_language())
    console = screen.console()
    snapshot = state["snapshot"]
    if snapshot is not None and not is_of_now(state):
        console.print(unknown_since(state, words))
    figures = tuple(map(words, _FIGURES))
    table = screen.table("", *figures, words(_BACKUP), gap=1, whole=figures)
    now = snapshot["outage"] if snapshot is not None else None
    if now is not None:
        lasted_s = (snapshot["utc_ms"] - now["began_utc_ms"]) / 1_000
        name = f"{describe_name('outage', now['kind'], words)}, {words(_GOING_ON)}"
        table.add_row(name, *_figures(now, lasted_s), _judged(now, _SO_FAR, words))
    for one in over:
        name = describe_name("outage", one["kind"], words)
        table.add_row(name, *_figures(one, one["duration_s"]), _judged(one, _ENOUGH, words))
    console.print(table if table.row_count else words(_NO_OUTAGE).format(days=f"{days:g}"))


def _figures(one: dict[str, Any], lasted_s: float) -> tuple[str, ...]:
    return (
        utc_text(one["began_utc_ms"]),
        duration(lasted_s, translator(language())),
        decimal(one["lowest_v"], 2),
        decimal(one["charge_out_ah"], 3),
    )


def _judged(one: dict[str, Any], enough: str, words: Callable[[str], str]) -> str:
    """Return whether the battery was enough; what a resting R2 left dark is told, and not laid to it."""
    rest_dark_s = one.get("rest_dark_s") or 0.0
    was_enough = one.get("was_enough", one["dark_s"] <= rest_dark_s)
    if not was_enough:
        return words(_NOT_ENOUGH).format(seconds=f"{one['dark_s'] - rest_dark_s:.0f}")
    return words(_RESTED).format(enough=words(enough), seconds=f"{rest_dark_s:.0f}") if rest_dark_s else words(enough)
