"""``vigie commission``: find out how an installation is wired, and write the settings that fit it."""

import contextlib
import json
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import tomlkit
import typer
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text
from tomlkit.exceptions import TOMLKitError

from vigie.assembly import commissioning
from vigie.assembly.commissioning import CommissioningSession
from vigie.cli import screen, settings_file, targets
from vigie.cli.contact_guard import ContactGuard
from vigie.cli.terminal_person import TO_MEASURE, TO_SEE, Progress, TerminalPerson, terminal_lines
from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.commission import report
from vigie.commission.known import Known
from vigie.commission.outcome import Changes, changes
from vigie.commission.person import Person, Stopped, Topic
from vigie.commission.procedure import commission
from vigie.commission.report import Result
from vigie.commission.unattended import Unattended
from vigie.config import Config, load, warnings
from vigie.errors import SettingsError
from vigie.plant.rig import Boards
from vigie.wording.dialogue import speaking, spoken, system_language, technical
from vigie.wording.words import languages, mark

_PROVISIONAL: Mapping[str, Mapping[str, str]] = {
    "rig": {"r1_contact": "nc", "r2_contact": "nc"},
    "wiring": {"controller_supply": "independent"},
}
"""Settings without a default that the commissioning is there to find."""


class Options(NamedTuple):
    """What the command line said."""

    config: Path | None
    output: Path | None
    report: Path | None
    plant: str | None
    data: str | None
    speed: float | None
    multimeter: str | None
    language: str | None
    is_unattended: bool
    as_json: bool


def run(options: Options) -> None:
    """Commission, and write settings and report when the person agrees.

    Raises:
        Stopped: the person or a signal ended it.
        VigieError: with an exit status of its own.
    """
    console = screen.console(stderr=options.as_json)
    target = options.output or options.config or Path("vigie.toml")
    if options.output is not None:
        targets.new_file(mark("the settings"), options.output, (".toml",))
    if options.report is not None:
        targets.new_file(mark("the report"), options.report, (".md",))
    text = _text_so_far(options.config)
    is_twin = _is_twin(options.plant, text)
    _refuse_practice_on_real_boards(options, is_twin)
    with speaking(_language(options.language, text)), contextlib.ExitStack() as stack:
        ending = stack.enter_context(_signals())
        candidate = settings_file.candidate_path(target)
        stack.callback(candidate.unlink, missing_ok=True)
        settings_file.write(candidate, text)  # to know now that there is a place for it
        config = _provisional(options.config or candidate, text, options.data, is_twin=is_twin)
        session = commissioning.open_session(config, options.speed or (inf if options.is_unattended else 1.0))
        stack.callback(session.close)
        session.coils.on_watch = Progress(console, machine_monotonic_s)
        person = _person(options, console, config, session)
        with _hands_on(session, ending, console):
            known = commission(session.bench, person, session.limits, session.coils)
        found = _found(session, known, text)
        settings_file.write(candidate, settings_file.with_changes(text, found))
        result = Result(known, found, _checked(session, candidate, options.data, console))
        _offer(console, person, target, candidate)
        _conclude(options, console, result, target, candidate, config)


def _text_so_far(config: Path | None) -> str:
    if config is None:
        return ""
    if not config.exists():
        raise SettingsError(
            spoken("{file} does not exist; leave --config out to begin with an empty file", file=config)
        )
    return settings_file.read_text(config)


def _is_twin(plant: str | None, text: str) -> bool:
    """Tell whether a simulated installation is meant: by the command line, else by the settings.

    Raises:
        SettingsError: the settings are not TOML.
    """
    try:
        tables: dict[str, Any] = tomlkit.parse(text).unwrap()
    except TOMLKitError as error:
        raise SettingsError(spoken("the settings file is not TOML: {why}", why=technical(error))) from error
    kind = plant or str(tables.get("plant", {}).get("kind", "twin"))
    if kind not in {"twin", "rig"}:
        raise typer.BadParameter(
            spoken("plant {kind!r} cannot be commissioned: twin (emulated boards) or rig (real ones)", kind=kind)
        )
    boards = str(tables.get("rig", {}).get("boards", "real"))
    return kind == "twin" or (plant is None and boards == "emulated")


def _refuse_practice_on_real_boards(options: Options, is_twin: bool) -> None:
    if not is_twin and (options.is_unattended or options.multimeter == "twin" or options.speed):
        raise typer.BadParameter(
            spoken("--yes, --speed and --multimeter twin are for the twin: real loads need your eyes")
        )


def _language(told: str | None, text: str) -> str:
    """Return the language to speak: of the command line, else of the settings, else of the system."""
    if told is not None and told not in languages():
        raise typer.BadParameter(
            spoken("--language {told}: there are words in {known}", told=told, known=", ".join(languages()))
        )
    of_settings = str(tomlkit.parse(text).unwrap().get("site", {}).get("language", ""))
    return told or of_settings or system_language()


def _provisional(source: Path, text: str, data: str | None, *, is_twin: bool) -> Config:
    """Read the settings so far, with a stand-in for those that are to be found."""
    tables: dict[str, Any] = tomlkit.parse(text).unwrap()
    laid: dict[str, dict[str, Any]] = {
        section: {key: value for key, value in values.items() if key not in tables.get(section, {})}
        for section, values in _PROVISIONAL.items()
    }
    laid["rig"]["boards"] = "emulated" if is_twin else "real"
    laid["plant"] = {"kind": "rig", "speed": 1.0}
    return load(source, laid | _in_folder(data))


def _in_folder(data: str | None) -> dict[str, dict[str, Any]]:
    return {} if data is None else {"site": {"data": data}}


def _person(options: Options, console: Console, config: Config, session: CommissioningSession) -> Person:
    site = session.site
    if site is None:
        return TerminalPerson(console, terminal_lines())
    supply = config.wiring.controller_supply
    lives_on = "independent" if supply is None else supply.name.lower()

    def say(text: str, is_weak: bool) -> None:
        console.print(f"! {text}" if is_weak else text, style="yellow" if is_weak else None)

    twin = Unattended(site, lives_on, say)
    if options.is_unattended:
        return twin
    seen = TO_SEE if options.multimeter == "person" else TO_SEE | TO_MEASURE
    return TerminalPerson(console, terminal_lines(), twin, seen)


class _Ending:
    """Whether signals are heard: not while the contacts are made safe, and not after the first one."""

    is_deaf = False


@contextlib.contextmanager
def _signals() -> Iterator[_Ending]:
    """Turn the first of SIGINT, SIGTERM, SIGHUP into :class:`Stopped`."""
    ending = _Ending()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if not ending.is_deaf:
            ending.is_deaf = True
            name = signal.Signals(number).name
            raise Stopped(spoken("stopped by {signal}; nothing was written", signal=name))

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _hands_on(session: CommissioningSession, ending: _Ending, console: Console) -> Iterator[None]:
    """Guard the contacts, and make them safe once more at the end: a signal may have interrupted the first time."""
    levels_file = None if session.site is None else session.paths.levels
    guard = ContactGuard(is_active_high=session.settings.relay_is_active_high, levels_file=levels_file)
    session.coils.on_move = guard.tell
    try:
        yield
    finally:
        was_deaf, ending.is_deaf = ending.is_deaf, True
        session.coils.make_safe()
        session.coils.on_move = None
        guard.dismiss()
        console.print(spoken("Contacts: {contacts}.", contacts=session.coils.described()))
        ending.is_deaf = was_deaf


def _found(session: CommissioningSession, known: Known, text: str) -> Changes:
    found = changes(known, session.coils.contactors, session.bench.lines, session.settings)
    if "speed" in tomlkit.parse(text).get("plant", {}):
        found["plant"]["speed"] = 1.0  # real time runs at 1
    return found


def _checked(session: CommissioningSession, candidate: Path, data: str | None, console: Console) -> list[str]:
    """Measure with the new settings; return what that shows, and say it with the risks that are known."""
    config = load(candidate, _in_folder(data))
    shown = commissioning.check(session, config)
    console.print(spoken("With the new settings:"))
    for line in shown:
        console.print(f"  {line}")
    risk = spoken("known risk")
    for warning in warnings(config):
        told = spoken("{key}: {message}", key=warning.key, message=warning.message)
        console.print(Text.assemble((f"  {risk}", "yellow"), f" {told}"))
    return shown


def _offer(console: Console, person: Person, target: Path, candidate: Path) -> None:
    """Show what would change, and ask."""
    before, after = settings_file.read_text(target), settings_file.read_text(candidate)
    console.print(Syntax(settings_file.difference(before, after, target.name), "diff", background_color="default"))
    if not person.agrees(Topic.GO_ON, spoken("Write these settings to {file}?", file=target)):
        raise Stopped(spoken("the settings were not written, as you wished; R1 and R2 are closed"))


def _conclude(
    options: Options, console: Console, result: Result, target: Path, candidate: Path, config: Config
) -> None:
    """Write report and settings, and say where."""
    utc_s = machine_utc_s()
    page = options.report or target.with_suffix(".commissioning.md")
    settings_file.write(page, report.markdown(config.site.name, utc_s, result))
    stamp = datetime.fromtimestamp(utc_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    backup = settings_file.replace(target, candidate, stamp)
    if options.as_json:
        files = {"file": str(target), "backup": str(backup) if backup else None, "report": str(page)}
        screen.console().print_json(json.dumps(report.as_json(result) | files))
        return
    kept = spoken(", the old one is {backup}", backup=backup) if backup else ""
    console.print(spoken("Written: {file}", file=target) + kept)
    console.print(spoken("Report: {file}.", file=page))
    console.print(_start(target, options.data, config))


def _start(target: Path, data: str | None, config: Config) -> str:
    """Return how to start what was found; emulated boards get a folder of their own, which a plant's mark demands."""
    is_practice = config.rig is not None and config.rig.boards == Boards.EMULATED
    folder = data or ("practice" if is_practice and not config.site.data else None)
    option = f" --data {folder}" if folder else ""
    message = (
        mark("Start with `{command}`: what simulated boards measure belongs in a folder of its own.")
        if is_practice
        else mark(
            "Start with `{command}`. Services that wait for these settings start by themselves (systemd), or with "
            "`docker compose up -d` (Docker)."
        )
    )
    return spoken(message, command=f"vigie run --config {target}{option}")
