"""``vigie status``: the snapshot as text for people or JSON for programs."""

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

from rich.text import Text

from vigie.assembly.files import files_in
from vigie.cli import screen
from vigie.cli.client import get, program
from vigie.cli.presence import ASKED, age, demand_now, is_of_now, unknown_since, utc_text
from vigie.config import Config
from vigie.control.commands import Reason
from vigie.errors import JournalError, LinkError
from vigie.link.judgement import raised_verdict
from vigie.link.messages import EstimateReport, Snapshot
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.report import AlarmReport
from vigie.wording.alarms import standing, title
from vigie.wording.dialogue import spoken, system_language, technical
from vigie.wording.durations import about
from vigie.wording.figures import decimal
from vigie.wording.words import describe_name, mark, translator

_NO_JOURNAL = mark("there is no journal yet: the controller has not run in this data folder")
_HOT = mark("Heat is not watched: there is no thermometer on the battery (rig.thermometer).")
_LASTS = mark("Battery: lasts about {how_long} ({low} to {high}) at {watts} W")
_UNKNOWN = mark("Battery: time left unknown:")
_TO_DO = mark("`vigie alarms` says what to do")


def show(config: Config, url: str | None, *, as_json: bool) -> None:
    """Print the state.

    Raises:
        LinkError: the web process does not answer, or has no fresh snapshot; the text tells the journal's newest entry.
    """
    try:
        state = get(program(config, url), "/api/v1/state", *ASKED)
    except LinkError as error:
        raise LinkError(f"{error}\n{_newest_in_journal(config)}") from error
    if as_json:
        screen.console().print_json(json.dumps(state))
    else:
        _print(state)
    demand_now(state)


def _print(state: dict[str, Any]) -> None:
    snapshot = state["snapshot"]
    if snapshot is None:
        return
    words = translator(system_language())
    console = screen.console()
    alarms = [*snapshot["alarms"], *state["web_alarms"]]
    verdict = _verdict(snapshot, alarms, words) if is_of_now(state) else unknown_since(state, words)
    console.print(Text.assemble((snapshot["site"], "bold"), f"  {verdict}"))
    mode = describe_name("mode", snapshot["mode"], words)
    phase = describe_name("phase", snapshot["phase"], words)
    mains = describe_name("mains", snapshot["mains"], words)
    speed = "" if snapshot["speed"] == 1 else f" x{snapshot['speed']:g}"
    plant = describe_name("plant", snapshot["plant"], words) + speed
    console.print(
        f"{mode}, {phase} | 230 V: {mains} | {plant} | {utc_text(snapshot['utc_ms'])} ({age(state['age_ms'], words)})"
    )
    if snapshot["estimate"] is not None:
        console.print(_remaining(snapshot["estimate"], words))
    for alarm in alarms:
        since = f"{standing(alarm['standing'], words)}, {utc_text(alarm['raised_utc_ms'])}"
        named = (title(alarm["alarm"], words), "bold")
        console.print(Text.assemble(named, f" ({since}; {words(_TO_DO)})"))
    if "absent" in snapshot["temperature_status"] and snapshot["plant"] != "recorded":
        console.print(words(_HOT))
    sweeps = words(mark("readings"))
    channels = screen.table("", "V", "A", "W", sweeps, words(mark("status")), whole=("V", "A", "W", sweeps))
    for channel in snapshot["channels"]:
        if channel["is_fitted"]:
            status = ", ".join(describe_name("status", name, words) for name in channel["status"])
            values = (decimal(channel["bus_v"], 3), decimal(channel["current_a"], 3), decimal(channel["power_w"], 2))
            name = f"{channel['label']} {describe_name('channel', channel['channel'], words)}"
            channels.add_row(name, *values, f"{channel['good']}/{channel['good'] + channel['rejected']}", status)
    console.print(channels)
    heads = contact, _, since, switchings = [
        words(head) for head in (mark("contact"), mark("why"), mark("since"), mark("switchings"))
    ]
    relays = screen.table("", *heads, whole=(contact, since, switchings))
    for relay in snapshot["relays"]:
        contact = describe_name("contact", relay["contact"], words)
        reason = describe_name("reason", relay["reason"], words)
        if relay["opens_in_s"] is not None and relay["refusal_to_open"] == Reason.MAINS_NOT_STEADY.name.lower():
            refusal = describe_name("reason", relay["refusal_to_open"], words)
            reason = f"{reason} ({refusal}: {relay['opens_in_s']:.0f} s)"
        label = relay["relay"] if relay["label"] == relay["relay"] else f"{relay['relay']} {relay['label']}"
        relays.add_row(label, contact, reason, utc_text(relay["since_utc_ms"]), str(relay["switchings"]))
    console.print(relays)


def _verdict(snapshot: Snapshot, alarms: list[AlarmReport], words: Callable[[str], str]) -> str:
    reasons = ", ".join(describe_name("reason", reason, words) for reason in snapshot["verdict_reasons"])
    verdict = describe_name("verdict", raised_verdict(snapshot["verdict"], alarms), words)
    return f"{verdict} ({reasons})" if reasons else verdict


def _remaining(estimate: EstimateReport, words: Callable[[str], str]) -> str:
    """Return how long the battery carries the loads, or why nobody can say."""
    remaining = estimate["remaining_s"]
    if remaining["value"] is None:
        return f"{words(_UNKNOWN)} {describe_name('unknownwhy', remaining['why'], words)}"
    numbers = (remaining["value"], remaining["low"], remaining["high"])
    value, low, high = ("" if number is None else about(number, words(mark("d"))) for number in numbers)
    return words(_LASTS).format(how_long=value, low=low, high=high, watts=decimal(estimate["load_w"], 1))


def _newest_in_journal(config: Config) -> str:
    path = files_in(config.data_directory).journal
    try:
        with closing(JournalReader(path)) as reader:
            newest = reader.newest_utc_ms()
    except JournalError as error:
        return (
            spoken("the journal cannot be read: {why}", why=technical(error)) if path.exists() else spoken(_NO_JOURNAL)
        )
    if newest is None:
        return spoken("the journal is empty")
    return spoken("the journal's newest period is of {instant}", instant=utc_text(newest))
