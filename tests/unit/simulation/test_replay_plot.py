"""The picture of a replay."""

import math
import struct
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.unit.simulation.synthetic_logs import START_S, Log
from vigie.control.commands import Mode
from vigie.errors import VigieError
from vigie.simulation import plot
from vigie.simulation.plot import LogSpan, Trace, thinned, thresholds

pytest.importorskip("matplotlib", reason="matplotlib comes with the extra lab")


def drawn(log: Log, mode: Mode, path: Path) -> bytes:
    trace = Trace()
    report = log.replayed(mode, trace)
    config = log.config()
    plot.draw(path, "log.csv", report, trace, log.recording(config).temperatures, config.supervisor_settings())
    return path.read_bytes()


@pytest.fixture
def full_log(log: Log) -> Log:
    log.celsius(0, 20.0).rows(0, 600, 13.2, 0.5).row(600, 16.0, 0.5).rows(660, 1_200, 12.6, -1.0)
    return log.celsius(8_000, 24.0).rows(9_000, 9_600, 13.0, 0.2)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PROTECT, Mode.CYCLE])
def test_png_is_1200_pixels_wide(full_log: Log, mode: Mode, tmp_path: Path) -> None:
    picture = drawn(full_log, mode, tmp_path / "out.png")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", picture[16:20]) == (1_200,)


def test_svg_is_the_same_bytes_every_time_and_carries_no_date(full_log: Log, tmp_path: Path) -> None:
    first, second = (drawn(full_log, Mode.PROTECT, tmp_path / name) for name in ("a.svg", "b.svg"))
    assert first == second
    assert ET.fromstring(first).tag == "{http://www.w3.org/2000/svg}svg"
    assert b"<dc:date>" not in first


def test_a_log_of_one_row_and_no_temperature_can_be_drawn(log: Log, tmp_path: Path) -> None:
    assert drawn(log.row(0, 12.5, 0.0), Mode.PROTECT, tmp_path / "out.png")


@pytest.mark.parametrize("name", ["out.pdf", "out"])
def test_unknown_suffix_names_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(VigieError, match=r"suffix .* is unknown; use one of \.png, \.svg"):
        plot.check(tmp_path / name)


def test_a_missing_folder_is_told_before_the_replay(tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="does not exist"):
        plot.check(tmp_path / "nowhere" / "out.png")


def test_missing_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(VigieError, match=r"extra lab: pip install 'vigie\[lab\]'"):
        plot.check(tmp_path / "out.png")


def test_bands_hold_from_the_period_that_decides_until_the_next_that_differs(log: Log) -> None:
    trace = Trace()
    log.rows(0, 600, 12.8, 1.0).rows(600, 1_200, 13.0, 1.0).rows(1_200, 1_860, 12.6, -1.0)
    log.replayed(Mode.PROTECT, trace)
    bands = {label: spans for label, _colour, spans in trace.bands()}
    assert bands["R2 open"] == [LogSpan(START_S + 600, START_S + 1_200)]
    assert bands["230 V absent"] == [LogSpan(START_S + 1_200, START_S + 1_800)]
    assert bands["R1 open"] == bands["measurement lost"] == []


def test_a_lost_row_is_a_break_not_a_zero(log: Log) -> None:
    trace = Trace()
    log.row(0, 12.5, 1.0).row(60, 16.0, 9.0).row(120, 12.5, 1.0).replayed(Mode.OBSERVE, trace)
    assert [math.isnan(value) for value in trace.voltage_v] == [False, True, False]
    assert [math.isnan(value) for value in trace.current_a] == [False, True, False]


def test_thinning_keeps_peaks_and_breaks() -> None:
    values = [1.0] * 10_000
    values[1_234], values[7_777], values[5_000] = 9.0, -9.0, math.nan
    days, kept = thinned([float(second) for second in range(10_000)], values, 100)
    assert len(kept) <= 201
    assert max(kept) == 9.0
    assert min(kept) == -9.0
    assert sum(math.isnan(value) for value in kept) == 1
    assert days == sorted(days)


def test_thresholds_of_a_mode_are_merged_where_they_are_the_same(log: Log) -> None:
    control = log.row(0, 12.5, 0.0).config().supervisor_settings()
    assert thresholds(Mode.OBSERVE, control) == []
    assert [line.volts for line in thresholds(Mode.PROTECT, control)] == [12.9, 12.7]
    cycle = thresholds(Mode.CYCLE, control)
    assert [line.volts for line in cycle] == [12.9, 12.4]
    assert "discharge ends below" in cycle[1].label
    assert "rest ends below" in cycle[1].label
