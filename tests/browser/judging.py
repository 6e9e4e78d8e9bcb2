"""What may not stand on a page: English in another language, an old number without its age, a verdict that contradicts
the alarms beside it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vigie.link.judgement import acting
from vigie.web.presentation import look_up

from .reading import Shown

TYPED = re.compile(r"`[^`]*`|\[\w+\]|vigie config show|\w+(?:[._]\w+)+(?: = \S+)?")
"""Commands, and sections, names and values of settings."""
WORD = re.compile(r"[^\W\d_]{2,}")
UNITS = {"min", "ah", "wh"}
NAMES = {"vigie", "prometheus", "grafana", "english", "deutsch", "français", "raspberry", "pi", "matrix"}
"""The last one is who gives the orders."""
ALIKE = {
    "adresse", "anode", "batterie", "des", "diode", "information", "installation", "journal", "minimum", "nov",
    "relais", "shunt",
}  # fmt: skip
"""French and German, each in its own way."""


def words(text: str) -> set[str]:
    """Return what a translator would translate.

    >>> sorted(words("Vigie: R1 opened, run `vigie commission` or set wiring.bypass_diode = false"))
    ['opened', 'or', 'run', 'set']
    """
    return {word.casefold() for word in WORD.findall(TYPED.sub("", text))} - UNITS - NAMES - ALIKE


def untranslated(french: Shown, german: Shown) -> Iterator[str]:
    """Tell each word that stands at the same place in both languages: nobody has translated it."""
    if french.texts.keys() != german.texts.keys():
        odd = french.texts.keys() ^ german.texts.keys()
        texts = french.texts | german.texts
        yield f"only in one language: {[texts[path].text for path in odd][:5]}"
        return
    for path in {*french.news, *german.news}:
        ours, theirs = french.texts[path].text, german.texts[path].text
        if same := words(ours) & words(theirs):
            yield f"{sorted(same)} in {ours!r} and {theirs!r} ({path})"


SEVERITIES = ("info", "warning", "critical")
READINGS = ("channels.", "temperature_c", "ambient_c", "outage.", "alarms.")
TIMES = {"instant", "since", "remaining"}
DIGIT = re.compile(r"\d")


def numbers_without_a_source(shown: Shown, snapshot: Mapping[str, Any]) -> Iterator[str]:
    """Tell each number that the newest period did not measure."""
    for one in shown.texts.values():
        if one.live.startswith(READINGS) and DIGIT.search(one.text) and look_up(snapshot, one.live) is None:
            yield f"{one.text!r} for {one.live}, which is not known"


def numbers_shown_as_of_now(shown: Shown) -> Iterator[str]:
    """Tell each reading a page that is not live any more shows like one of now."""
    if not shown.stale or shown.verdict != "unknown":
        yield f"not marked as old, verdict {shown.verdict}"
    for one in shown.texts.values():
        is_number = one.live.startswith(READINGS) and one.form not in TIMES and DIGIT.search(one.text)
        if is_number and one.is_visible and not one.is_bracketed:
            yield f"{one.text!r} of {one.live} stands as if it were of now"


def contradictions(shown: Shown, snapshot: Mapping[str, Any]) -> Iterator[str]:
    """Tell where the verdict and the alarms beside it do not agree."""
    alarms = [alarm for alarm in snapshot["alarms"] if alarm["standing"] != "shelved"]
    present = {alarm["severity"] for alarm in alarms if alarm["is_present"]}
    standing = {alarm["severity"] for alarm in acting(alarms)}
    is_told = shown.verdict == "alarm"
    if (is_told and "critical" not in standing) or ("critical" in present and not is_told):
        yield f"verdict {shown.verdict} ({snapshot['verdict_reasons']}) beside alarms {sorted(standing)}"
    if standing and shown.verdict == "ok":
        yield "all is well beside an alarm that stands"
    if shown.verdict == "attention" and not standing and not snapshot["verdict_reasons"]:
        yield "attention without a reason"
    if bool(alarms) != bool(shown.bar):
        yield f"alarm bar {shown.bar} with {len(alarms)} alarms"
    worst = max(present, key=SEVERITIES.index, default=None)
    if worst and shown.bar != worst:
        yield f"alarm bar {shown.bar}, the worst that is present is {worst}"
    if shown.calm and shown.verdict == "alarm":
        yield "no alarm is told of under the verdict alarm"


WIRES = {"battery": (), "charge": ("charge", "output", "battery"), "load": ("load", "output")}


def lost_meters_shown_alive(shown: Shown, snapshot: Mapping[str, Any]) -> Iterator[str]:
    """Tell what the diagram claims of a channel whose meter gives nothing."""
    for channel in snapshot["channels"]:
        if channel["is_fitted"] and channel["bus_v"] is None:
            for wire in WIRES[channel["channel"]]:
                if shown.wires.get(wire, "unknown") != "unknown":
                    yield f"{channel['channel']} has no meter, and its wire is {shown.wires[wire]}"


def faults_of(shown: Shown, snapshot: Mapping[str, Any]) -> Iterator[str]:
    """Tell all that a page claims and a snapshot does not bear out."""
    yield from numbers_without_a_source(shown, snapshot)
    yield from contradictions(shown, snapshot)
    yield from lost_meters_shown_alive(shown, snapshot)
