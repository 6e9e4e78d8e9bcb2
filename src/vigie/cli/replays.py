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
from vigie.units import SECONDS_PER_HOUR
from vigie.wording.dialogue import system_language
from vigie.wording.words import describe, translator

SHOWN = 20
"""Switchings shown at each end of a long list."""
DROPPED_SHOWN = 5
GAPS_SHOWN = 10
BAR_AFTER_S = 1.0
BAR_EVERY_ROWS = 500

CAUSES = {
    Cause.SILENCE: "no row for longer than recorded.hold_s",
    Cause.VOLTAGE: "voltage outside channels.battery.plausible_min_v..plausible_max_v",
    Cause.CURRENT: "current beyond channels.charge.plausible_max_a",
    Cause.TEMPERATURE: "temperature not logged yet, or older than recorded.hold_s",
    Cause.TEMPERATURE_IMPLAUSIBLE: "temperature outside filter.temperature_min_c..temperature_max_c",
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
        screen.console().print_json(json.dumps({"file": str(path), **as_object(report, config)}))
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
    wiring = "R2 never opens with this installation's wiring: a mains failure would leave the site dark."
    return [
        *([wiring] if config.r2_may_black_out else []),
        (
            "Open loop: contacts that the control moves change nothing in what was logged. With R2 open the log may "
            "go on charging; after the first switching it is no longer what this battery would have done."
        ),
        (
            "The log is of a battery alone, without V3: the mains counts as present unless the battery discharges "
            f"with {limit_a:g} A or more."
        ),
        "Each row is one period of one sweep, so a contact moves at the row that shows the reason, never between rows.",
        (
            f"A silence longer than {hold} is one failed measurement, {hold} after the row before it; one longer than "
            f"{gap} is reported as a gap. Charge and energy count across neither."
        ),
        "The mode is chosen at the first row, with R1 and R2 closed and no alarm standing.",
        "A log holds true values: this installation's calibration is not applied, nor its watch for frozen values.",
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
    console.print("\nHow to read this", style="bold")
    for line in assumptions(config):
        console.print(f"- {line}")


def _about_the_log(report: ReplayReport, config: Config) -> Iterator[tuple[str, str]]:
    log, through = report.log, report.throughput
    yield "span", f"{_utc(log.first_utc_s)} to {_utc(log.last_utc_s)}: {_long(report.duration_s)}"
    yield "rows", f"{log.rows} of voltage and current, {log.temperature_rows} of temperature"
    for note in log.notes:
        yield "judged", note
    for one in log.dropped[:DROPPED_SHOWN]:
        yield "dropped", f"line {one.line}: {one.reason}"
    if len(log.dropped) > DROPPED_SHOWN:
        yield "dropped", f"{len(log.dropped) - DROPPED_SHOWN} more (all of them with --json)"
    if not log.gaps:
        yield "gaps", f"none longer than {_long(config.recorded.gap_s)}"
    for gap in log.gaps[:GAPS_SHOWN]:
        yield "gap", f"{_utc(gap.from_utc_s)} to {_utc(gap.to_utc_s)}: {_long(gap.to_utc_s - gap.from_utc_s)}"
    if len(log.gaps) > GAPS_SHOWN:
        yield "gaps", f"{len(log.gaps) - GAPS_SHOWN} more (all of them with --json)"
    yield "periods", f"{report.periods}, {report.failed_periods} of them failed measurements"
    for failure in report.failures:
        yield "failed", f"{failure.periods}: {CAUSES[failure.cause]}; first {_utc(failure.first_utc_s)}"
    yield "voltage", _span(report.voltage_v, "V", 2)
    yield "current", _span(report.current_a, "A", 2) + ", + into the battery"
    yield "temperature", _span(report.temperature_c, "°C", 1)
    yield "charge", f"{through.charge_in_ah:.2f} Ah in, {through.charge_out_ah:.2f} Ah out"
    yield "energy", f"{through.energy_in_wh:.1f} Wh in, {through.energy_out_wh:.1f} Wh out"


def _about_the_control(report: ReplayReport, words: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    times, last = report.times, report.last

    def lasted(part_s: float) -> str:
        return f"{_long(part_s)}, {report.share(part_s):.1%} of the time" if part_s else "never"

    yield "no mains", lasted(times.mains_s.get(Mains.ABSENT, 0.0))
    yield "R1 open", lasted(times.r1_open_s)
    yield "R2 open", lasted(times.r2_open_s)
    if times.r2_open_s:
        yield "", f"{report.throughput.charge_in_r2_open_ah:.2f} Ah of the charge flowed while R2 would have been open"
    yield (
        "phases",
        ", ".join(f"{describe(phase, words)} {report.share(part_s):.1%}" for phase, part_s in times.phases_s.items()),
    )
    contacts = ", ".join(f"{relay.name} {describe(last.decision.contacts[relay], words)}" for relay in Relay)
    mains = describe(last.decision.mains, words)
    yield "at the end", f"{describe(last.state.plan.phase, words)}; {contacts}; 230 V: {mains}"
    reason = last.decision.verdict_reason
    because = "" if reason == Reason.NONE else f" ({describe(reason, words)})"
    yield "", describe(last.decision.verdict, words) + because


def _print_switchings(console: Console, report: ReplayReport, words: Callable[[str], str]) -> None:
    switchings = report.switchings
    if not switchings:
        console.print("\nNo contact would have moved.")
        return
    console.print(f"\n{len(switchings)} switching{'' if len(switchings) == 1 else 's'}", style="bold")
    for (relay, after, reason), count in report.counts().items():
        console.print(f"{count:>5} x {relay.name} {describe(after, words)}: {describe(reason, words)}")
    table = screen.table("UTC", "contact", "why", "V", "A", gap=1, whole=("UTC", "V", "A"))
    hidden = len(switchings) - 2 * SHOWN
    for place, one in enumerate(switchings):
        if hidden > 0 and SHOWN <= place < SHOWN + hidden:
            if place == SHOWN:
                table.add_row(f"... {hidden} more", "", "(all of them with --json)", "", "")
            continue
        values = (_decimal(one.battery_v, 3), _decimal(one.current_a, 3))
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


def _decimal(value: float, digits: int) -> str:
    return "—" if math.isnan(value) else f"{value:.{digits}f}"


def _span(values: Range, unit: str, digits: int) -> str:
    if math.isnan(values.lowest):
        return "none"
    return f"{values.lowest:.{digits}f} to {values.highest:.{digits}f} {unit}"


def _utc(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _long(seconds: float) -> str:
    """Return a length of time for people.

    >>> _long(93_600.0)
    '1 d 2.0 h'
    >>> _long(90.0)
    '1.5 min'
    """
    hours = seconds / SECONDS_PER_HOUR
    if hours >= 24.0:
        return f"{hours // 24:.0f} d {hours % 24:.1f} h"
    return f"{hours:.1f} h" if hours >= 1.0 else f"{seconds / 60.0:.1f} min"
