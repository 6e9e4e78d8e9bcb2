"""A replay as a picture: voltage and thresholds, current, contacts, temperature, one time axis."""

import importlib.util
import io
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from vigie.control.commands import Mains, Mode
from vigie.control.modes.table import spec_of
from vigie.control.signals import Contact
from vigie.control.supervisor import SupervisorSettings
from vigie.errors import VigieError
from vigie.plant.recording import Point
from vigie.simulation.replay import ReplayedPeriod, ReplayReport
from vigie.units import SECONDS_PER_DAY

ROOM_FOR_A_WORD = 0.03
"""Share of the width under which a gap is shaded but not named."""
SUFFIXES = (".png", ".svg")
LABORATORY = "pip install 'vigie[lab]'"
NOTE = "Open loop: the contacts change nothing in what was logged. 230 V counts as absent while the battery discharges."
COLUMNS = 2_000
"""Finer than the picture; more rows than this are thinned."""

# The palette of Okabe and Ito (jfly.uni-koeln.de/color), told apart with every kind of colour vision.
BLUE, GREEN, ORANGE, VERMILION, PURPLE = "#0072B2", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
GREY, INK = "#BBBBBB", "#333333"

STYLE = {
    "svg.hashsalt": "vigie",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
}


class DrawnThreshold(NamedTuple):
    """A voltage at which the mode acts."""

    volts: float
    label: str


class LogSpan(NamedTuple):
    """A stretch of the log's time."""

    from_utc_s: float
    to_utc_s: float


class Trace:
    """What a picture needs of each period: hand :meth:`take` to the replay as its watcher."""

    def __init__(self) -> None:
        self.utc_s: list[float] = []
        self.voltage_v: list[float] = []
        """NaN where it was lost."""
        self.current_a: list[float] = []
        self._r1_is_open: list[bool] = []
        self._r2_is_open: list[bool] = []
        self._mains_is_absent: list[bool] = []
        self._is_lost: list[bool] = []

    def take(self, period: ReplayedPeriod) -> None:
        """Keep one period."""
        measurement, decision = period.measurement, period.decision
        self.utc_s.append(period.utc_s)
        self.voltage_v.append(measurement.battery.bus_v if measurement.battery.is_valid else math.nan)
        self.current_a.append(measurement.charge.current_a if measurement.charge.is_valid else math.nan)
        self._r1_is_open.append(decision.contacts.r1 == Contact.OPEN)
        self._r2_is_open.append(decision.contacts.r2 == Contact.OPEN)
        self._mains_is_absent.append(decision.mains == Mains.ABSENT)
        self._is_lost.append(not measurement.is_valid)

    def bands(self) -> tuple[tuple[str, str, list[LogSpan]], ...]:
        """Return label, colour and spans of every state that is drawn as a band."""
        return (
            ("R2 open", BLUE, self._spans(self._r2_is_open)),
            ("R1 open", PURPLE, self._spans(self._r1_is_open)),
            ("230 V absent", VERMILION, self._spans(self._mains_is_absent)),
            ("measurement lost", INK, self._spans(self._is_lost)),
        )

    def _spans(self, flags: Sequence[bool]) -> list[LogSpan]:
        """Return where a flag holds; a period counts until the next one."""
        found: list[LogSpan] = []
        began_s: float | None = None
        for utc_s, flag in zip(self.utc_s, flags, strict=True):
            if flag and began_s is None:
                began_s = utc_s
            elif not flag and began_s is not None:
                found.append(LogSpan(began_s, utc_s))
                began_s = None
        if began_s is not None:
            found.append(LogSpan(began_s, self.utc_s[-1]))
        return found


def thresholds(mode: Mode, control: SupervisorSettings) -> list[DrawnThreshold]:
    """Return the voltages at which ``mode`` acts; those that are the same are one line."""
    spec = spec_of(mode)
    lines = [
        DrawnThreshold(getattr(getattr(control.modes, spec.name), threshold.setting), threshold.effect)
        for threshold in spec.thresholds
    ]
    volts = sorted({line.volts for line in lines}, reverse=True)
    return [
        DrawnThreshold(value, ",\n".join(line.label for line in lines if line.volts == value) + f" {value:g} V")
        for value in volts
    ]


def check(path: Path) -> None:
    """Fail early, before a long replay.

    Raises:
        VigieError: the suffix is unknown, the folder is not there, or matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise VigieError(f"plot {path}: suffix {path.suffix or 'missing'!r} is unknown; use one of .png, .svg")
    if not path.parent.is_dir():
        raise VigieError(f"plot {path}: the folder {path.parent} does not exist")
    if importlib.util.find_spec("matplotlib") is None:
        raise VigieError(f"plot {path}: matplotlib is not installed; it comes with the extra lab: {LABORATORY}")


def draw(
    path: Path,
    name: str,
    report: ReplayReport,
    trace: Trace,
    temperatures: Sequence[Point],
    control: SupervisorSettings,
) -> None:
    """Draw a replay, 1200 pixels wide as PNG; the same replay gives the same bytes.

    Args:
        path: .png or .svg.
        name: of the log, for the title.
        report: of the replay.
        trace: of the same replay.
        temperatures: of the recording.
        control: settings, for the thresholds.

    Raises:
        VigieError: see :func:`check`, or the file cannot be written.
    """
    check(path)
    import matplotlib.style  # noqa: PLC0415 - only the extra lab has it, and loading it takes a second
    from matplotlib.figure import Figure  # noqa: PLC0415

    with matplotlib.style.context(["default", STYLE]):
        heights = [4.0, 2.6, 1.3] + ([1.5] if temperatures else [])
        figure = Figure(figsize=(12.0, 1.2 + 0.85 * sum(heights)), dpi=100)
        panels: Sequence[Any] = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        _draw_voltage(panels[0], trace, thresholds(report.mode, control))
        _draw_current(panels[1], trace)
        _draw_bands(panels[2], trace)
        if temperatures:
            _draw_temperature(panels[3], temperatures)
        _shade_gaps(panels, report)
        _draw_time(panels[-1], report)
        figure.suptitle(_title(name, report), x=0.08, y=0.985, ha="left", va="top", fontsize=13, fontweight="bold")
        figure.text(0.08, 0.012, NOTE, fontsize=9, va="bottom")
        top = 1.0 - 0.75 / figure.get_figheight()
        figure.align_ylabels(panels)
        figure.subplots_adjust(left=0.08, right=0.845, top=top, bottom=0.075, hspace=0.12)
        picture = io.BytesIO()
        kind = path.suffix.lower().removeprefix(".")
        metadata = {"Date": None, "Creator": "vigie"} if kind == "svg" else {"Software": "vigie"}
        figure.savefig(picture, format=kind, metadata=metadata)
    try:
        path.write_bytes(picture.getvalue())
    except OSError as error:
        raise VigieError(f"plot {path} cannot be written: {error.strerror}") from error


def thinned(utc_s: Sequence[float], values: Sequence[float], columns: int) -> tuple[list[float], list[float]]:
    """Return days and values with the extremes of every column, so that no peak is lost; a NaN stays a break.

    >>> thinned([0.0, 21_600.0, 43_200.0, 64_800.0], [1.0, 9.0, 2.0, 3.0], 1)
    ([0.0, 0.25], [1.0, 9.0])
    """
    width = max(math.ceil(len(values) / columns), 1)
    kept: set[int] = set()
    for start in range(0, len(values), width):
        column = range(start, min(start + width, len(values)))
        kept.update(place for place in column if math.isnan(values[place]))
        good = [place for place in column if not math.isnan(values[place])]
        if good:
            kept.update((min(good, key=values.__getitem__), max(good, key=values.__getitem__)))
    places = sorted(kept)
    return [_day(utc_s[place]) for place in places], [values[place] for place in places]


def _day(utc_s: float) -> float:
    """Return matplotlib's date number: days since 1970."""
    return utc_s / SECONDS_PER_DAY


def _title(name: str, report: ReplayReport) -> str:
    first, last = (
        datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M")
        for utc_s in (report.log.first_utc_s, report.log.last_utc_s)
    )
    return f"{name}  ·  mode {report.mode.name.lower()}\n{first} to {last} UTC"


def _beside(panel: Any, text: str, y: float, colour: str, anchor: str = "center") -> None:  # noqa: ANN401 - an Axes
    """Write a label in the margin to the right, at a value of the panel's own axis."""
    panel.text(1.008, y, text, transform=panel.get_yaxis_transform(), color=colour, va=anchor, ha="left", fontsize=9)


def _shade_gaps(panels: Sequence[Any], report: ReplayReport) -> None:
    for gap in report.log.gaps:
        for panel in panels:
            panel.axvspan(_day(gap.from_utc_s), _day(gap.to_utc_s), color=GREY, alpha=0.45, linewidth=0, zorder=0)
        if report.share(gap.to_utc_s - gap.from_utc_s) > ROOM_FOR_A_WORD:
            middle = _day((gap.from_utc_s + gap.to_utc_s) / 2.0)
            panels[0].text(middle, 0.97, "gap", transform=panels[0].get_xaxis_transform(), ha="center", va="top")


def _draw_voltage(panel: Any, trace: Trace, lines: Sequence[DrawnThreshold]) -> None:  # noqa: ANN401
    days, volts = thinned(trace.utc_s, trace.voltage_v, COLUMNS)
    panel.plot(days, volts, color=BLUE, linewidth=1.1)
    for place, line in enumerate(lines):
        panel.axhline(line.volts, color=INK, linewidth=0.9, linestyle=(0, (5, 3)))
        _beside(panel, line.label, line.volts, INK, "bottom" if place == 0 else "top")
    panel.set_ylabel("battery [V]")
    panel.grid(axis="y", color=GREY, linewidth=0.4)


def _draw_current(panel: Any, trace: Trace) -> None:  # noqa: ANN401
    days, amperes = thinned(trace.utc_s, trace.current_a, COLUMNS)
    for colour, sign, label, anchor in ((GREEN, 1.0, "charge", "bottom"), (VERMILION, -1.0, "discharge", "top")):
        # NaN must survive: max() would turn a lost row into a zero that was never measured.
        one_way = [a if math.isnan(a) or a * sign > 0.0 else 0.0 for a in amperes]
        panel.fill_between(days, one_way, color=colour, alpha=0.55, linewidth=0)
        _beside(panel, label, 0.0, colour, anchor)
    panel.axhline(0.0, color=INK, linewidth=0.7)
    panel.set_ylabel("current [A]\n+ into the battery")
    panel.grid(axis="y", color=GREY, linewidth=0.4)


def _draw_bands(panel: Any, trace: Trace) -> None:  # noqa: ANN401
    bands = trace.bands()
    for row, (label, colour, spans) in enumerate(bands):
        panel.broken_barh(
            [(_day(span.from_utc_s), _day(span.to_utc_s) - _day(span.from_utc_s)) for span in spans],
            (row - 0.35, 0.7),
            facecolors=colour,
            edgecolors=colour,
            linewidth=0.6,
        )
        _beside(panel, label if spans else f"{label}: never", row, colour)
    panel.set_ylim(len(bands) - 0.4, -0.6)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)


def _draw_temperature(panel: Any, temperatures: Sequence[Point]) -> None:  # noqa: ANN401
    days = [_day(point.utc_s) for point in temperatures]
    panel.plot(days, [point.celsius for point in temperatures], color=ORANGE, linewidth=1.2)
    panel.set_ylabel("battery [°C]")
    panel.grid(axis="y", color=GREY, linewidth=0.4)


def _draw_time(panel: Any, report: ReplayReport) -> None:  # noqa: ANN401
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415

    first_s, last_s = report.log.first_utc_s, report.log.last_utc_s
    panel.set_xlim(_day(first_s), _day(max(last_s, first_s + 1.0)))
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=12)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            tz=UTC,
            formats=["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S"],
            zero_formats=["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"],
            show_offset=False,
        )
    )
    panel.set_xlabel("UTC", loc="right")
