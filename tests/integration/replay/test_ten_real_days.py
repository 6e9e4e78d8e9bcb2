"""Ten days of a real battery (BBOXX, valentinsulzer/faster-lead-acid), checked against the raw file."""

import csv
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from vigie.config import Config, load
from vigie.control.commands import Mains, Mode, Reason
from vigie.control.signals import Contact, Relay
from vigie.plant.recording import read_recording
from vigie.simulation.replay import MODES, Cause, ReplayReport, ReplaySettings, replay

DATA = Path(os.environ.get("VIGIE_DATA_SETS", Path(__file__).parents[4] / "shared" / "data"))
BBOXX = next(iter(sorted((DATA / "bboxx").glob("*.csv"))), DATA / "bboxx" / "none.csv")
pytestmark = pytest.mark.skipif(not BBOXX.exists(), reason=f"no log under {DATA}/bboxx; set VIGIE_DATA_SETS")

LIMIT_S = 10.0


class Raw(NamedTuple):
    """The file as the csv module reads it, without a line of the product."""

    rows: list[tuple[float, float, float]]
    """UTC seconds, volts, amperes (+ is discharge); rows not later than the one before left out."""
    backwards: list[int]
    temperatures: list[tuple[float, float]]


@pytest.fixture(scope="module")
def raw() -> Raw:
    rows: list[tuple[float, float, float]] = []
    backwards: list[int] = []
    temperatures: list[tuple[float, float]] = []
    with BBOXX.open(encoding="utf-8", newline="") as file:
        for line, cells in enumerate(csv.DictReader(file), start=2):
            utc_s = datetime.fromisoformat(cells["time"]).replace(tzinfo=UTC).timestamp()
            if cells["temperature"]:
                temperatures.append((utc_s, float(cells["temperature"])))
            if not cells["voltage"]:
                continue
            if rows and utc_s <= rows[-1][0]:
                backwards.append(line)
            else:
                rows.append((utc_s, float(cells["voltage"]), float(cells["current"])))
    return Raw(rows, backwards, temperatures)


def settings(**recorded: float) -> Config:
    return load(None, {"plant": {"kind": "recorded"}, "recorded": {"path": str(BBOXX), **recorded}})


def replayed(mode: Mode, **recorded: float) -> ReplayReport:
    config = settings(**recorded)
    pieces = ReplaySettings(config.recorded, config.channels_settings(), config.filter, config.supervisor_settings())
    return replay(read_recording(config.recorded), pieces, mode)


@pytest.fixture(scope="module")
def reports() -> dict[Mode, ReplayReport]:
    return {mode: replayed(mode) for mode in MODES}


def test_every_row_is_counted_and_the_ten_that_run_back_are_named(raw: Raw, reports: dict[Mode, ReplayReport]) -> None:
    log = reports[Mode.OBSERVE].log
    assert log.rows == len(raw.rows) == 12_716
    assert [one.line for one in log.dropped] == raw.backwards
    assert len(raw.backwards) == 10
    assert all("time runs back" in one.reason for one in log.dropped)


def test_temperature_rows_and_their_range_are_those_of_the_file(raw: Raw, reports: dict[Mode, ReplayReport]) -> None:
    report = reports[Mode.OBSERVE]
    celsius = [value for _utc_s, value in raw.temperatures]
    assert report.log.temperature_rows == len(celsius) == 1_482
    assert report.temperature_c == (min(celsius), max(celsius))


def test_voltage_and_current_ranges_are_those_of_the_file(raw: Raw, reports: dict[Mode, ReplayReport]) -> None:
    report = reports[Mode.OBSERVE]
    assert report.voltage_v == pytest.approx((min(v for _, v, _ in raw.rows), max(v for _, v, _ in raw.rows)))
    assert report.current_a == pytest.approx((-max(i for *_, i in raw.rows), -min(i for *_, i in raw.rows)))


def test_the_log_never_falls_silent_long_enough_for_a_gap(raw: Raw, reports: dict[Mode, ReplayReport]) -> None:
    longest_s = max(after[0] - before[0] for before, after in zip(raw.rows, raw.rows[1:], strict=False))
    assert longest_s < 900.0
    assert reports[Mode.PROTECT].log.gaps == ()
    assert reports[Mode.PROTECT].periods == len(raw.rows)


def test_with_a_shorter_patience_the_gaps_are_the_silences_of_the_file(raw: Raw) -> None:
    silences = [
        (before[0], after[0])
        for before, after in zip(raw.rows, raw.rows[1:], strict=False)
        if after[0] - before[0] > 300.0
    ]
    report = replayed(Mode.OBSERVE, gap_s=300.0, hold_s=300.0)
    assert [tuple(gap) for gap in report.log.gaps] == silences
    assert len(silences) > 100
    failures = {failure.cause: failure.periods for failure in report.failures}
    assert failures[Cause.SILENCE] == len(silences)
    missing_s = sum(to_s - from_s for from_s, to_s in silences)
    assert report.throughput.integrated_s == pytest.approx(report.duration_s - missing_s)


def test_only_the_row_before_the_first_temperature_is_a_failed_measurement(
    raw: Raw, reports: dict[Mode, ReplayReport]
) -> None:
    assert raw.rows[0][0] < raw.temperatures[0][0] < raw.rows[1][0]
    for report in reports.values():
        (failure,) = report.failures
        assert (failure.cause, failure.periods) == (Cause.TEMPERATURE, 1)
        assert failure.first_utc_s == raw.rows[0][0]


def test_charge_and_energy_balance_like_a_lead_acid_battery(raw: Raw, reports: dict[Mode, ReplayReport]) -> None:
    through = reports[Mode.OBSERVE].throughput
    net_ah = net_wh = 0.0
    for (from_s, from_v, from_a), (to_s, to_v, to_a) in zip(raw.rows, raw.rows[1:], strict=False):
        hours = (to_s - from_s) / 3_600
        net_ah -= (from_a + to_a) / 2 * hours
        net_wh -= (from_v * from_a + to_v * to_a) / 2 * hours
    assert through.charge_in_ah - through.charge_out_ah == pytest.approx(net_ah, abs=1e-6)
    assert through.energy_in_wh - through.energy_out_wh == pytest.approx(net_wh, abs=1e-5)
    last_discharge_ah = discharges_ah(raw)[-1]  # is not charged again within the log
    assert 1.0 < through.charge_in_ah / (through.charge_out_ah - last_discharge_ah) < 1.15
    assert 12.0 < through.energy_out_wh / through.charge_out_ah < 12.3
    assert 13.0 < through.energy_in_wh / through.charge_in_ah < 14.0


def discharges_ah(raw: Raw) -> list[float]:
    """Return the charge of every stretch of at least a quarter of an hour of more than 0.1 A out."""
    found: list[float] = []
    spent_s = spent_ah = 0.0
    for (from_s, _, from_a), (to_s, _, to_a) in zip(raw.rows, raw.rows[1:], strict=False):
        if from_a > 0.1 and to_a > 0.1:
            spent_s += to_s - from_s
            spent_ah += (from_a + to_a) / 2 * (to_s - from_s) / 3_600
        elif spent_s:
            found += [spent_ah] if spent_s >= 900 else []
            spent_s = spent_ah = 0.0
    return [*found, spent_ah] if spent_s >= 900 else found


def test_the_seven_full_discharges_are_of_a_battery_of_17_to_20_ah(raw: Raw, reports: dict[Mode, ReplayReport]) -> None:
    parts = discharges_ah(raw)
    full = [part for part in parts if part > 15.0]
    assert len(full) == 7
    assert all(17.0 < part < 20.0 for part in full)
    assert sum(parts) == pytest.approx(reports[Mode.OBSERVE].throughput.charge_out_ah, rel=0.01)


def test_observe_would_have_moved_nothing(reports: dict[Mode, ReplayReport]) -> None:
    assert reports[Mode.OBSERVE].switchings == ()


def test_protect_opens_in_the_first_row_over_12_9_v_and_closes_in_the_first_row_of_a_discharge(
    raw: Raw, reports: dict[Mode, ReplayReport]
) -> None:
    expected: list[tuple[float, Contact, Reason]] = []
    r2 = Contact.CLOSED
    for utc_s, volts, discharge_a in raw.rows[1:]:  # the first row has no temperature yet
        is_discharging = discharge_a >= 0.05
        if r2 == Contact.CLOSED and volts > 12.9 and not is_discharging:
            r2 = Contact.OPEN
            expected.append((utc_s, r2, Reason.UPPER_VOLTAGE_REACHED))
        elif r2 == Contact.OPEN and (is_discharging or volts < 12.7):
            r2 = Contact.CLOSED
            reason = Reason.MAINS_LOST if is_discharging else Reason.LOWER_VOLTAGE_REACHED
            expected.append((utc_s, r2, reason))
    found = [(one.utc_s, one.after, one.reason) for one in reports[Mode.PROTECT].switchings]
    assert found == expected
    assert len(found) == 16
    assert {one.relay for one in reports[Mode.PROTECT].switchings} == {Relay.R2}


def test_protect_never_has_r2_open_while_the_battery_carries_the_loads(reports: dict[Mode, ReplayReport]) -> None:
    times = reports[Mode.PROTECT].times
    assert times.r2_open_s + times.mains_s[Mains.ABSENT] < reports[Mode.PROTECT].duration_s
    assert times.mains_s == reports[Mode.OBSERVE].times.mains_s


def test_most_of_the_charge_came_after_protect_would_have_stopped_it(reports: dict[Mode, ReplayReport]) -> None:
    through = reports[Mode.PROTECT].throughput
    assert 0.5 < through.charge_in_r2_open_ah / through.charge_in_ah < 0.75


def test_cycle_drills_once_and_ends_the_drill_under_12_4_v(reports: dict[Mode, ReplayReport]) -> None:
    opened, closed = (one for one in reports[Mode.CYCLE].switchings if one.relay == Relay.R1)
    assert (opened.after, opened.reason) == (Contact.OPEN, Reason.DISCHARGING)
    assert (closed.after, closed.reason) == (Contact.CLOSED, Reason.DISCHARGED)
    assert closed.battery_v < 12.4


@pytest.mark.parametrize("mode", ["observe", "protect"])
def test_the_whole_command_takes_less_than_ten_seconds_of_processor(mode: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", "from vigie.cli.app import main; main()", "replay", str(BBOXX), "--mode", mode]
    subprocess.run([*command, "--json"], capture_output=True, check=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < LIMIT_S
