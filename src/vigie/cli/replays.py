"""``vigie replay``: what the control would have done over a log, as text, JSON or a picture."""

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vigie.cli import screen, targets
from vigie.config import Config
from vigie.control.commands import Mains, Reason
from vigie.control.signals import Relay
from vigie.plant.recording import Gap, read_recording
from vigie.simulation import plot
from vigie.simulation.replay import (
    Cause,
    Failure,
    Range,
    ReplayedPeriod,
    ReplayReport,
    ReplaySettings,
    Switching,
    mode_named,
    replay,
)
from vigie.wording.dialogue import language, speaking, spoken, system_language, technical
from vigie.wording.figures import decimal, duration
from vigie.wording.words import SOURCE_LANGUAGE, describe, mark, translator

SHOWN = 20
"""Switchings shown at each end of a long list."""
DROPPED_SHOWN = 5
GAPS_SHOWN = 10
BAR_AFTER_S = 1.0
BAR_EVERY_ROWS = 500
_MORE = mark("{count} more (all of them with --json)")

CAUSES = {
    Cause.SILENCE: mark("no row for longer than recorded.hold_s"),
    Cause.VOLTAGE: mark("voltage outside channels.battery.plausible_min_v..plausible_max_v"),
    Cause.CURRENT: mark("current beyond channels.charge.plausible_max_a"),
    Cause.TEMPERATURE: mark("temperature not logged yet, or older than recorded.hold_s"),
    Cause.TEMPERATURE_IMPLAUSIBLE: mark("temperature outside -30..90 °C"),
}


def show(
    config: Config,
    mode: str,
    choice: Mapping[str, str],
    plot_file: Path | None,
    *,
    may_replace: bool,
    as_json: bool,
) -> None:
    """Replay ``config.recorded.path`` and print the report; draw it when ``plot_file`` is given.

    ``choice`` names the columns of the log: quantity -> column; empty where settings or their names say it.

    Raises:
        RecordingError: the log cannot be read.
        VigieError: the mode is unknown or manual, or the picture cannot be drawn.
    """
    chosen = mode_named(mode)
    path = Path(config.recorded.path)
    if plot_file is not None:
        plot.check(plot_file)
        targets.refuse_loss("--plot", plot_file, (path,), may_replace=may_replace)
    control = config.supervisor_settings()
    settings = ReplaySettings(config.recorded, config.channels_settings(), config.filter, control)
    trace = plot.Trace() if plot_file is not None else None
    with _bar(path.name) as expect:
        recording = read_recording(config.recorded, choice)
        report = replay(recording, settings, chosen, _watching(expect(len(recording)), trace))
        if plot_file is not None and trace is not None:
            plot.draw(plot_file, path.name, report, trace, recording.temperatures, control)
    if as_json:
        with speaking(SOURCE_LANGUAGE):
            whole = {"file": str(path), **as_object(report, config)}
        screen.console().print_json(json.dumps(whole))
    else:
        _print(report, config)


def as_object(report: ReplayReport, config: Config) -> dict[str, Any]:
    """Return the report for programs: numbers with their unit in the name, times as ISO text and UTC milliseconds."""
    log, through, times = report.log, report.throughput, report.times
    return {
        "mode": report.mode.name.lower(),
        **_instant("first", log.first_utc_s),
        **_instant("last", log.last_utc_s),
        "duration_s": round(report.duration_s, 3),
        "rows": log.rows,
        "temperature_rows": log.temperature_rows,
        "periods": report.periods,
        "failed_periods": report.failed_periods,
        "failures": [_failure(one) for one in report.failures],
        "gaps": [_gap(one) for one in log.gaps],
        "notes": list(log.notes),
        "dropped": [one._asdict() for one in log.dropped],
        **_range("voltage", "v", report.voltage_v),
        **_range("current", "a", report.current_a),
        **_range("temperature", "c", report.temperature_c),
        **{name: round(value, 4) for name, value in through._asdict().items()},
        "r1_open_s": round(times.r1_open_s, 3),
        "r1_open_share": round(report.share(times.r1_open_s), 5),
        "r2_open_s": round(times.r2_open_s, 3),
        "r2_open_share": round(report.share(times.r2_open_s), 5),
        "phases_s": {phase.name.lower(): round(part_s, 3) for phase, part_s in times.phases_s.items()},
        "mains_s": {mains.name.lower(): round(part_s, 3) for mains, part_s in times.mains_s.items()},
        "switchings": [_switching(one) for one in report.switchings],
        "switching_counts": [
            {"relay": relay.name, "after": after.name.lower(), "reason": reason.name.lower(), "count": count}
            for (relay, after, reason), count in report.counts().items()
        ],
        "final": _final(report.last),
        "assumptions": assumptions(config),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {"cause": failure.cause.value, "periods": failure.periods, **_instant("first", failure.first_utc_s)}


def _gap(gap: Gap) -> dict[str, Any]:
    length_s = round(gap.to_utc_s - gap.from_utc_s, 3)
    return {**_instant("from", gap.from_utc_s), **_instant("to", gap.to_utc_s), "length_s": length_s}


def _switching(switching: Switching) -> dict[str, Any]:
    return {
        **_instant("", switching.utc_s),
        "relay": switching.relay.name,
        "before": switching.before.name.lower(),
        "after": switching.after.name.lower(),
        "reason": switching.reason.name.lower(),
        "battery_v": _number(switching.battery_v),
        "current_a": _number(switching.current_a),
    }


def _final(last: ReplayedPeriod) -> dict[str, Any]:
    return {
        "phase": last.state.plan.phase.name.lower(),
        "mains": last.decision.mains.name.lower(),
        "verdict": last.decision.verdict.name.lower(),
        "verdict_reason": last.decision.verdict_reason.name.lower(),
        "contacts": {relay.name: last.decision.contacts[relay].name.lower() for relay in Relay},
        "is_over_temperature": last.state.latch.is_set,
    }


def assumptions(config: Config) -> list[str]:
    """Return what has to be known to read a report."""
    recorded, limit_a = config.recorded, config.mains.discharging_a
    hold, gap = f"{recorded.hold_s:g} s", f"{recorded.gap_s:g} s"
    wiring = spoken("R2 never opens with this installation's wiring: a mains failure would leave the site dark.")
    return [
        *([wiring] if config.r2_may_black_out else []),
        spoken(
            "Open loop: contacts that the control moves change nothing in what was logged. With R2 open the log may "
            "go on charging; after the first switching it is no longer what this battery would have done."
        ),
        spoken(
            "The log is of a battery alone, without V3: the mains counts as present unless the battery discharges "
            "with {limit_a:g} A or more.",
            limit_a=limit_a,
        ),
        spoken(
            "Each row is one period of one sweep, so a contact moves at the row that shows the reason, never between "
            "rows."
        ),
        spoken(
            "A silence longer than {hold} is one failed measurement, {hold} after the row before it; one longer than "
            "{gap} is reported as a gap. Charge and energy count across neither.",
            hold=hold,
            gap=gap,
        ),
        spoken("The mode is chosen at the first row, with R1 and R2 closed and no alarm standing."),
        spoken(
            "A log holds true values: this installation's calibration is not applied, nor its watch for frozen values."
        ),
    ]


def _print(report: ReplayReport, config: Config) -> None:
    words = translator(system_language())
    console = screen.console()
    console.print(Text.assemble((Path(config.recorded.path).name, "bold"), f"  {describe(report.mode, words)}"))
    summary = Table.grid(padding=(0, 2))
    for name, text in (*_about_the_log(report, config), *_about_the_control(report, words)):
        summary.add_row(name, text)
    console.print(summary)
    _print_switchings(console, report, words)
    console.print()
    console.print(spoken("How to read this report"), style="bold")
    for line in assumptions(config):
        console.print(f"- {line}")


def _about_the_log(report: ReplayReport, config: Config) -> Iterator[tuple[str, str]]:
    log = report.log
    span = {"since": _utc(log.first_utc_s), "until": _utc(log.last_utc_s)}
    yield spoken("span"), spoken("{since} to {until}: {length}", **span, length=_long(report.duration_s))
    yield (
        spoken("rows"),
        spoken("{rows} of voltage and current, {others} of temperature", rows=log.rows, others=log.temperature_rows),
    )
    for note in log.notes:
        yield spoken("judged"), technical(note)
    dropped, gaps = spoken("dropped"), spoken("gaps")
    for one in log.dropped[:DROPPED_SHOWN]:
        yield dropped, spoken("line {line}: {why}", line=one.line, why=technical(one.reason))
    if len(log.dropped) > DROPPED_SHOWN:
        yield dropped, spoken(_MORE, count=len(log.dropped) - DROPPED_SHOWN)
    if not log.gaps:
        yield gaps, spoken("none longer than {length}", length=_long(config.recorded.gap_s))
    for gap in log.gaps[:GAPS_SHOWN]:
        ends = {"since": _utc(gap.from_utc_s), "until": _utc(gap.to_utc_s)}
        length = _long(gap.to_utc_s - gap.from_utc_s)
        yield spoken("gap"), spoken("{since} to {until}: {length}", **ends, length=length)
    if len(log.gaps) > GAPS_SHOWN:
        yield gaps, spoken(_MORE, count=len(log.gaps) - GAPS_SHOWN)
    yield from _about_the_values(report)


def _about_the_values(report: ReplayReport) -> Iterator[tuple[str, str]]:
    through = report.throughput
    yield (
        spoken("periods"),
        spoken("{count}, {failed} of them failed measurements", count=report.periods, failed=report.failed_periods),
    )
    for failure in report.failures:
        why, first = spoken(CAUSES[failure.cause]), _utc(failure.first_utc_s)
        told = spoken("{count}: {why}; first {instant}", count=failure.periods, why=why, instant=first)
        yield spoken("failed"), told
    yield spoken("voltage"), _span(report.voltage_v, "V", 2)
    yield spoken("current"), _span(report.current_a, "A", 2) + ", " + spoken("+ into the battery")
    yield spoken("temperature"), _span(report.temperature_c, "°C", 1)
    charge = (decimal(through.charge_in_ah, 2), decimal(through.charge_out_ah, 2))
    yield spoken("charge"), spoken("{got} {unit} in, {given} {unit} out", got=charge[0], given=charge[1], unit="Ah")
    energy = (decimal(through.energy_in_wh, 1), decimal(through.energy_out_wh, 1))
    yield spoken("energy"), spoken("{got} {unit} in, {given} {unit} out", got=energy[0], given=energy[1], unit="Wh")


def _about_the_control(report: ReplayReport, words: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    times, last = report.times, report.last

    def share(part_s: float) -> str:
        return spoken("{number}%", number=decimal(100 * report.share(part_s), 1))

    def lasted(part_s: float) -> str:
        if not part_s:
            return spoken("never")
        return spoken("{length}, {share} of the time", length=_long(part_s), share=share(part_s))

    yield spoken("no mains"), lasted(times.mains_s.get(Mains.ABSENT, 0.0))
    yield spoken("R1 open"), lasted(times.r1_open_s)
    yield spoken("R2 open"), lasted(times.r2_open_s)
    if times.r2_open_s:
        flowed = decimal(report.throughput.charge_in_r2_open_ah, 2)
        yield "", spoken("{charge} Ah of the charge flowed while R2 would have been open", charge=flowed)
    phases = (f"{describe(phase, words)} {share(part_s)}" for phase, part_s in times.phases_s.items())
    yield spoken("phases"), ", ".join(phases)
    contacts = ", ".join(f"{relay.name} {describe(last.decision.contacts[relay], words)}" for relay in Relay)
    mains = describe(last.decision.mains, words)
    yield spoken("at the end"), f"{describe(last.state.plan.phase, words)}; {contacts}; 230 V: {mains}"
    reason = last.decision.verdict_reason
    because = "" if reason == Reason.NONE else f" ({describe(reason, words)})"
    yield "", describe(last.decision.verdict, words) + because


def _print_switchings(console: Console, report: ReplayReport, words: Callable[[str], str]) -> None:
    switchings = report.switchings
    console.print()
    if not switchings:
        console.print(spoken("No contact would have moved."))
        return
    one_or_more = mark("1 switching") if len(switchings) == 1 else mark("{count} switchings")
    console.print(spoken(one_or_more, count=len(switchings)), style="bold")
    for (relay, after, reason), count in report.counts().items():
        console.print(f"{count:>5} x {relay.name} {describe(after, words)}: {describe(reason, words)}")
    table = screen.table("UTC", spoken("contact"), spoken("why"), "V", "A", gap=1, whole=("UTC", "V", "A"))
    hidden = len(switchings) - 2 * SHOWN
    for place, one in enumerate(switchings):
        if hidden > 0 and SHOWN <= place < SHOWN + hidden:
            if place == SHOWN:
                more, all_of_them = spoken("... {count} more", count=hidden), spoken("(all of them with --json)")
                table.add_row(more, "", all_of_them, "", "")
            continue
        values = (decimal(one.battery_v, 3), decimal(one.current_a, 3))
        moved = f"{one.relay.name} {describe(one.after, words)}"
        table.add_row(_utc(one.utc_s), moved, describe(one.reason, words), *values)
    console.print(table)


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int], Callable[[int], None]]]:
    """Show a progress bar on a terminal's stderr once the work takes longer than a second.

    Yields a function that is told how many rows there are and returns the one that is told how many are done.
    """
    progress = screen.bar(is_shown=True)
    console = progress.console
    task = progress.add_task(name, total=None)
    timer = threading.Timer(BAR_AFTER_S, progress.start)
    timer.daemon = True
    if console.is_terminal:
        timer.start()

    def expect(rows: int) -> Callable[[int], None]:
        progress.update(task, total=rows)
        return lambda done: progress.update(task, completed=done)

    try:
        yield expect
    finally:
        timer.cancel()
        if console.is_terminal:
            timer.join()
            progress.stop()


def _watching(tell: Callable[[int], None], trace: plot.Trace | None) -> Callable[[ReplayedPeriod], None]:
    done = 0

    def watch(period: ReplayedPeriod) -> None:
        nonlocal done
        if trace is not None:
            trace.take(period)
        if period.is_row:
            done += 1
            if done % BAR_EVERY_ROWS == 0:
                tell(done)

    return watch


def _instant(name: str, utc_s: float) -> dict[str, Any]:
    prefix = f"{name}_" if name else ""
    moment = datetime.fromtimestamp(utc_s, UTC).isoformat(timespec="milliseconds")
    return {f"{prefix}utc": moment, f"{prefix}utc_ms": round(utc_s * 1_000)}


def _range(name: str, unit: str, values: Range) -> dict[str, float | None]:
    return {f"{name}_min_{unit}": _number(values.lowest), f"{name}_max_{unit}": _number(values.highest)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 5)


def _span(values: Range, unit: str, digits: int) -> str:
    if math.isnan(values.lowest):
        return spoken("none")
    ends = {"lowest": decimal(values.lowest, digits), "highest": decimal(values.highest, digits)}
    return spoken("{lowest} to {highest} {unit}", **ends, unit=unit)


def _utc(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _long(seconds: float) -> str:
    return duration(seconds, translator(language()))
