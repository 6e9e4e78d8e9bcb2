"""The replay of small logs whose every number can be computed by hand."""

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.simulation.synthetic_logs import START_S, Log, settings_of
from vigie.config import load
from vigie.control.commands import Mains, Mode, Phase, Reason, Verdict
from vigie.control.signals import Contact, Relay
from vigie.errors import VigieError
from vigie.plant.recording import Gap, read_recording
from vigie.simulation.replay import MODES, Cause, Failure, ReplayReport, mode_named, periods, replay, trapezoid


def moves(report: ReplayReport) -> list[tuple[float, Relay, Contact, Reason]]:
    return [(one.utc_s - START_S, one.relay, one.after, one.reason) for one in report.switchings]


def test_one_row_is_one_period_at_the_time_of_the_row(log: Log) -> None:
    config = log.rows(0, 600, 13.0, 0.0).config()
    recording = log.recording(config)
    seen = list(periods(recording, settings_of(config), Mode.OBSERVE))
    assert [period.utc_s - START_S for period in seen] == [60.0 * row for row in range(10)]
    assert all(period.is_row and period.measurement.battery.bus_v == 13.0 for period in seen)


@pytest.mark.parametrize(("first_s", "next_s"), [(42.38, 106.7), (-85.19, 581.1), (1_490_425_206.9, 1_490_425_806.9)])
def test_rounding_never_shows_the_row_before(tmp_path: Path, first_s: float, next_s: float) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"time,voltage,current,temperature\n{first_s},12.5,0,\n{next_s},12.6,0,\n", encoding="utf-8")
    start = datetime.fromtimestamp(first_s, UTC).isoformat()
    recorded = {"path": str(path), "reading": {"start": start}}
    config = load(None, {"plant": {"kind": "recorded"}, "recorded": recorded})
    seen = list(periods(read_recording(config.recorded), settings_of(config), Mode.OBSERVE))
    assert [one.measurement.battery.bus_v for one in seen] == [12.5, 12.6]


def test_charge_and_energy_of_a_constant_current_are_current_times_time(log: Log) -> None:
    log.rows(0, 3_600, 12.0, 2.0).rows(3_600, 7_260, 12.0, -1.0)  # 59 min in, 1 min over zero, 1 h out
    through = log.replayed(Mode.OBSERVE).throughput
    # The minute from +2 A to -1 A: 40 s above zero (2 A * 40 s / 2), 20 s below (1 A * 20 s / 2).
    assert through.charge_in_ah == pytest.approx((2.0 * 59 * 60 + 40.0) / 3600)
    assert through.charge_out_ah == pytest.approx((1.0 * 3600 + 10.0) / 3600)
    assert through.energy_in_wh == pytest.approx(12.0 * through.charge_in_ah)
    assert through.energy_out_wh == pytest.approx(12.0 * through.charge_out_ah)
    assert through.integrated_s == pytest.approx(7_200.0)


def test_a_ramp_is_integrated_as_a_trapezoid(log: Log) -> None:
    report = log.row(0, 10.0, 0.0).row(600, 12.0, 3.0).replayed(Mode.OBSERVE)
    assert report.throughput.charge_in_ah == pytest.approx(1.5 * 600 / 3600)
    assert report.throughput.energy_in_wh == pytest.approx((0.0 + 36.0) / 2 * 600 / 3600)


@pytest.mark.parametrize(
    ("before", "after", "areas"),
    [(0.0, 0.0, (0.0, 0.0)), (-2.0, -2.0, (0.0, 20.0)), (-1.0, 3.0, (11.25, 1.25)), (0.0, -4.0, (0.0, 20.0))],
)
def test_trapezoid_parts_in_and_out_at_the_crossing(before: float, after: float, areas: tuple[float, float]) -> None:
    assert trapezoid(before, after, 10.0) == pytest.approx(areas)


def test_a_gap_is_one_lost_measurement_and_counts_no_charge(log: Log) -> None:
    log.rows(0, 600, 12.5, 1.0).rows(7_740, 8_340, 12.5, 1.0)
    report = log.replayed(Mode.OBSERVE)
    assert report.log.gaps == (Gap(START_S + 540, START_S + 7_740),)
    assert report.periods == 21
    (failure,) = report.failures
    assert failure.cause == Cause.SILENCE
    assert failure.periods == report.failed_periods == 1
    assert failure.first_utc_s - START_S == pytest.approx(540 + 900, abs=0.01)
    assert report.throughput.integrated_s == pytest.approx(2 * 540)
    assert report.throughput.charge_in_ah == pytest.approx(2 * 540 / 3600)
    assert report.times.mains_s[Mains.UNKNOWN] == pytest.approx(7_740 - 540 - 900, abs=0.01)


def test_a_silence_of_just_hold_s_is_held_as_the_live_plant_holds_it(log: Log) -> None:
    report = log.row(0, 12.5, 0.0).row(900, 12.5, 0.0).row(1_801, 12.5, 0.0).replayed(Mode.OBSERVE)
    assert [failure.first_utc_s - START_S for failure in report.failures] == [pytest.approx(1_800, abs=0.01)]
    assert report.log.gaps == ()


def test_no_charge_counts_across_a_gap_that_is_shorter_than_what_is_held(log: Log) -> None:
    log.rows(0, 600, 12.5, 1.0).rows(1_140, 1_740, 12.5, 1.0)
    report = log.replayed(Mode.OBSERVE, recorded={"gap_s": 300.0, "hold_s": 900.0})
    assert report.log.gaps == (Gap(START_S + 540, START_S + 1_140),)
    assert report.failures == ()
    assert report.throughput.integrated_s == pytest.approx(2 * 540)


def test_an_open_r2_closes_when_the_log_falls_silent(log: Log) -> None:
    log.rows(0, 600, 13.5, 0.1).rows(9_000, 9_600, 13.5, 0.1)
    report = log.replayed(Mode.PROTECT)
    assert [(relay, after, reason) for _at, relay, after, reason in moves(report)] == [
        (Relay.R2, Contact.OPEN, Reason.UPPER_VOLTAGE_REACHED),
        (Relay.R2, Contact.CLOSED, Reason.MEASUREMENT_LOST),
        (Relay.R2, Contact.OPEN, Reason.UPPER_VOLTAGE_REACHED),
    ]
    lost = report.switchings[1]
    assert lost.utc_s - START_S == pytest.approx(540 + 900, abs=0.01)
    assert math.isnan(lost.battery_v)


def test_protect_moves_r2_in_the_very_row_that_crosses_its_threshold(log: Log) -> None:
    log.rows(0, 600, 12.8, 1.0).row(600, 12.9, 1.0).row(660, 12.91, 1.0).rows(720, 1_200, 12.8, 0.0)
    log.row(1_200, 12.7, 0.0).row(1_260, 12.69, 0.0).rows(1_320, 1_500, 12.75, 1.0)
    report = log.replayed(Mode.PROTECT)
    assert moves(report) == [
        (660.0, Relay.R2, Contact.OPEN, Reason.UPPER_VOLTAGE_REACHED),
        (1_260.0, Relay.R2, Contact.CLOSED, Reason.LOWER_VOLTAGE_REACHED),
    ]
    assert [one.battery_v for one in report.switchings] == [12.91, 12.69]
    assert report.times.r2_open_s == pytest.approx(600.0)
    assert report.share(report.times.r2_open_s) == pytest.approx(600 / 1_440)
    assert report.times.phases_s == pytest.approx({Phase.CHARGE: 840.0, Phase.REST: 600.0})
    assert report.counts() == {
        (Relay.R2, Contact.OPEN, Reason.UPPER_VOLTAGE_REACHED): 1,
        (Relay.R2, Contact.CLOSED, Reason.LOWER_VOLTAGE_REACHED): 1,
    }


def test_charge_that_the_control_would_have_refused_is_told(log: Log) -> None:
    log.rows(0, 600, 12.8, 1.0).rows(600, 1_260, 13.0, 1.0)
    through = log.replayed(Mode.PROTECT).throughput
    assert through.charge_in_ah == pytest.approx(1_200 / 3600)
    assert through.charge_in_r2_open_ah == pytest.approx(600 / 3600)


def test_a_discharge_counts_as_lost_mains_and_closes_r2_in_the_same_row(log: Log) -> None:
    report = log.rows(0, 600, 13.2, 0.0).rows(600, 1_260, 13.0, -0.5).replayed(Mode.PROTECT)
    assert moves(report)[-1] == (600.0, Relay.R2, Contact.CLOSED, Reason.MAINS_LOST)
    assert report.times.mains_s[Mains.ABSENT] == pytest.approx(600.0)
    assert report.last.decision.verdict == Verdict.ATTENTION


def test_cycle_discharges_until_its_voltage_then_charges_and_rests(log: Log) -> None:
    log.rows(0, 600, 12.8, 0.0).row(600, 12.39, -1.0).rows(660, 1_260, 12.6, 1.0).rows(1_260, 1_560, 12.95, 1.0)
    assert moves(log.replayed(Mode.CYCLE)) == [
        (0.0, Relay.R1, Contact.OPEN, Reason.DISCHARGING),
        (600.0, Relay.R1, Contact.CLOSED, Reason.DISCHARGED),
        (1_260.0, Relay.R2, Contact.OPEN, Reason.UPPER_VOLTAGE_REACHED),
    ]


def test_observe_never_moves_a_contact(log: Log) -> None:
    log.rows(0, 600, 14.4, 1.0).rows(600, 1_200, 10.0, -1.0).rows(9_000, 9_600, 13.0, 0.0)
    report = log.replayed(Mode.OBSERVE)
    assert report.switchings == ()
    assert report.times.r1_open_s == report.times.r2_open_s == 0.0


def test_values_that_cannot_be_true_fail_their_period_and_are_not_integrated(log: Log) -> None:
    log.rows(0, 300, 12.5, 1.0).row(300, 16.0, 1.0).row(360, 12.5, 7.0).rows(420, 720, 12.5, 1.0)
    report = log.replayed(Mode.OBSERVE)
    assert report.failures == (
        Failure(Cause.VOLTAGE, 1, START_S + 300),
        Failure(Cause.CURRENT, 1, START_S + 360),
    )
    assert report.voltage_v == (12.5, 12.5)
    # 5 good rows, the row of 16 V (its current is good), the row of 7 A, 5 good rows.
    assert report.throughput.integrated_s == pytest.approx(300 + 240)


def test_a_wider_plausible_current_lets_a_bigger_battery_through(log: Log) -> None:
    wider = {"channels.charge": {"plausible_max_a": 20.0}}
    report = log.rows(0, 3_660, 12.5, 10.0).replayed(Mode.OBSERVE, **wider)
    assert report.failures == ()
    assert report.throughput.charge_in_ah == pytest.approx(10.0)


def test_temperature_rows_are_merged_and_their_age_is_limited(log: Log) -> None:
    log.celsius(0, 20.0).rows(0, 600, 12.5, 0.0).celsius(590, 21.0).rows(600, 3_000, 12.5, 0.0)
    report = log.replayed(Mode.OBSERVE)
    assert report.log.temperature_rows == 2
    assert report.temperature_c == (20.0, 21.0)
    (failure,) = report.failures
    assert failure.cause == Cause.TEMPERATURE
    assert failure.first_utc_s - START_S == 1_500.0  # the first row later than 590 s + 900 s
    assert failure.periods == (3_000 - 1_500) / 60


def test_a_log_without_temperature_is_an_installation_without_a_sensor(log: Log) -> None:
    report = log.rows(0, 6_000, 12.5, 0.0).replayed(Mode.OBSERVE)
    assert report.failures == ()
    assert math.isnan(report.temperature_c.lowest)


def test_over_temperature_opens_r2_and_stays_latched(log: Log) -> None:
    log.celsius(0, 25.0).rows(0, 600, 12.5, 1.0).celsius(600, 51.0).rows(600, 1_200, 12.5, 1.0)
    log.celsius(1_200, 25.0).rows(1_200, 1_800, 12.5, 1.0)
    report = log.replayed(Mode.OBSERVE)
    assert moves(report) == [(600.0, Relay.R2, Contact.OPEN, Reason.OVER_TEMPERATURE)]
    assert report.last.state.latch.is_set


def test_an_idle_battery_that_reads_the_same_for_days_is_not_frozen(log: Log) -> None:
    assert log.rows(0, 3 * 86_400, 13.2, 0.0, every_s=600.0).replayed(Mode.OBSERVE).failures == ()


def test_calibration_and_v3_of_an_installation_are_left_out(log: Log) -> None:
    installed = {
        "channels.battery": {"gain": 1.03125, "offset_v": 0.4},
        "channels.charge": {"sign": -1, "shunt_ohm": 0.05, "current_offset_a": 0.5},
        "channels.load": {"is_fitted": True},
        "mains": {"present_unless_discharging": False},
        "filter": {"sweeps": 8, "least_good": 8, "frozen_after_s": 60.0},
    }
    log.rows(0, 1_200, 13.0, 1.0)
    plain, of_installation = log.replayed(Mode.PROTECT), log.replayed(Mode.PROTECT, **installed)
    assert of_installation == plain
    assert plain.voltage_v == (13.0, 13.0)
    assert plain.current_a == (1.0, 1.0)


def test_a_wiring_that_could_black_out_keeps_r2_closed_here_as_live(log: Log) -> None:
    config = log.rows(0, 600, 13.0, 1.0).config()
    settings = settings_of(config)
    risky = settings._replace(control=settings.control._replace(r2_may_black_out=True))
    assert moves(replay(log.recording(config), settings, Mode.PROTECT)) != []
    report = replay(log.recording(config), risky, Mode.PROTECT)
    assert report.switchings == ()
    assert report.last.decision.verdict_reason == Reason.BLACKOUT_RISK


def test_thresholds_of_the_settings_are_respected(log: Log) -> None:
    log.rows(0, 600, 13.0, 1.0)
    assert log.replayed(Mode.PROTECT, protect={"open_above_v": 13.5}).switchings == ()


def test_time_that_runs_back_drops_the_row_and_names_its_line(log: Log) -> None:
    report = log.row(0, 12.5, 0.0).row(60, 12.5, 0.0).row(30, 99.0, 0.0).row(120, 12.5, 0.0).replayed(Mode.OBSERVE)
    assert [(one.line, one.reason) for one in report.log.dropped] == [
        (4, "battery_bus_v, battery_current_a: time runs back by 30.0 s")
    ]
    assert report.periods == report.log.rows == 3


def test_a_log_of_one_row_is_reported_without_dividing_by_zero(log: Log) -> None:
    report = log.row(0, 12.5, 0.0).replayed(Mode.PROTECT)
    assert report.duration_s == 0.0
    assert report.share(report.times.r2_open_s) == 0.0


@pytest.mark.parametrize("mode", MODES)
def test_the_same_log_gives_the_same_report(log: Log, mode: Mode) -> None:
    log.rows(0, 1_200, 13.2, 0.5).rows(1_200, 2_400, 12.2, -1.0).rows(9_000, 9_600, 13.0, 0.2)
    assert log.replayed(mode) == log.replayed(mode)


def test_the_watcher_sees_every_period(log: Log) -> None:
    config = log.rows(0, 600, 12.5, 0.0).rows(9_000, 9_600, 12.5, 0.0).config()
    seen = []
    report = replay(log.recording(config), settings_of(config), Mode.OBSERVE, seen.append)
    assert len(seen) == report.periods == 21
    assert seen[-1] == report.last


def test_manual_is_refused_and_an_unknown_mode_names_the_known_ones() -> None:
    assert [mode_named(mode.name.lower()) for mode in MODES] == list(MODES)
    with pytest.raises(VigieError, match=r"a person sets the contacts.*observe, protect, cycle"):
        mode_named("manual")
    with pytest.raises(VigieError, match=r"'protekt' is unknown.*observe, protect, cycle"):
        mode_named("protekt")
