"""A log replayed: what is read, what is refused, what a supervisor sees."""

import math
import os
import time
from pathlib import Path

import pytest

from vigie.clock import SimulatedClock
from vigie.control.signals import Channel, Contact, Relay, Status
from vigie.errors import RecordingError
from vigie.logfile.reading import ReadingSettings
from vigie.plant.port import Plant
from vigie.plant.recorded import Recorded
from vigie.plant.recorded_settings import ColumnSettings, RecordedSettings, Sign
from vigie.plant.recording import Recording, read_recording

DATA = Path(os.environ.get("VIGIE_DATA_SETS", Path(__file__).parents[4] / "shared" / "data"))
BBOXX = next(iter(sorted((DATA / "bboxx").glob("*.csv"))), DATA / "bboxx" / "none.csv")
needs_bboxx = pytest.mark.skipif(not BBOXX.exists(), reason=f"no log under {DATA}/bboxx; set VIGIE_DATA_SETS")

LOG = """time,voltage,current,temperature
2024-01-01 00:00:00,12.9,0.5,
2024-01-01 00:00:30,,,21.5
2024-01-01 00:01:00,12.8,0.5,
2024-01-01 00:00:50,12.7,0.5,
2024-01-01 00:01:00,12.6,0.5,
2024-01-01 00:02:00,12.7,half,
2024-01-01 00:03:00,12.6,-0.4,22.0
2024-01-01 00:04:00,nan,0.5,
2024-01-01 00:05:00,12.6
2024-01-01 00:06:00,,,
2024-01-01 01:00:00,13.0,-0.3,
"""


def log(tmp_path: Path, text: str = LOG, **changes: object) -> Recording:
    path = tmp_path / "log.csv"
    path.write_text(text)
    lossy = RecordedSettings(path=str(path), reading=ReadingSettings(accept_loss=True))
    return read_recording(lossy._replace(**changes))


def test_rows_are_read_and_temperatures_merged(tmp_path: Path) -> None:
    samples = list(log(tmp_path).samples())
    assert [sample.voltage_v for sample in samples] == [12.9, 12.8, 12.6, 13.0]
    assert [sample.current_a for sample in samples] == [-0.5, -0.5, 0.4, 0.3], "positive into the battery"
    assert math.isnan(samples[0].temperature_c)
    assert [sample.temperature_c for sample in samples[1:]] == [21.5, 22.0, 22.0]
    assert samples[1].utc_s - samples[0].utc_s == 60.0


def test_nothing_is_dropped_silently(tmp_path: Path) -> None:
    summary = log(tmp_path).summary
    assert (summary.rows, summary.temperature_rows) == (4, 2)
    assert {dropped.line: dropped.reason for dropped in summary.dropped} == {
        5: "battery_bus_v, battery_current_a: time runs back by 10.0 s",
        6: "battery_bus_v, battery_current_a: same time as the row before",
        7: "no current in this row",
        9: "no voltage in this row",
        10: "2 cells, the header has 4",
        11: "no value in any column",
    }
    assert [gap.to_utc_s - gap.from_utc_s for gap in summary.gaps] == [57 * 60.0]


def test_other_columns_signs_and_units(tmp_path: Path) -> None:
    columns = ColumnSettings(
        time="epoch",
        voltage="mV",
        current="mA",
        temperature="",
        positive_current=Sign.CHARGE,
        volts_per_unit=0.001,
        amperes_per_unit=0.001,
    )
    recording = log(tmp_path, "mA,epoch,mV\n250,1700001000,12600\n-100,1700001010,12500\n", columns=columns)
    assert recording[0][:3] == (1_700_001_000.0, pytest.approx(12.6), pytest.approx(0.25))
    assert recording[1].current_a == pytest.approx(-0.1)
    assert recording.summary.temperature_rows == 0


def test_wrong_columns_list_what_was_found_and_expected(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"found the columns t, v; expected time, voltage, current, temperature,"):
        log(tmp_path, "t,v\n1,2\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,voltage,current,temperature\n", "no usable row"),
        ("time,voltage,current,temperature\nyesterday,1,2,3\n", "line 2: time 'yesterday'"),
        ("", "no line with names of columns"),
    ],
)
def test_a_log_without_rows_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        log(tmp_path, text)


def test_a_missing_or_binary_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="readable CSV"):
        read_recording(RecordedSettings(path=str(tmp_path / "none.csv")))
    binary = tmp_path / "log.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RecordingError, match="export CSV"):
        read_recording(RecordedSettings(path=str(binary)))


def replay(tmp_path: Path) -> tuple[Recorded, SimulatedClock]:
    clock = SimulatedClock(speed=math.inf, start_utc_s=0.0)
    clock.sleep_until(1000.0)
    return Recorded(log(tmp_path), clock, hold_s=900.0), clock


def test_samples_are_shown_at_the_clocks_pace_with_the_products_sign(tmp_path: Path) -> None:
    plant: Plant
    plant, clock = replay(tmp_path)
    assert plant.read_sweep().battery == (12.9, 0.0, Status.GOOD)
    assert plant.read_sweep().charge == (12.9, pytest.approx(-0.05), Status.GOOD)
    assert plant.read_temperature().status == Status.FAILED
    clock.sleep_until(1059.0)
    assert plant.read_sweep().battery.bus_v == 12.9
    clock.sleep_until(1181.0)
    assert plant.read_sweep().charge == (12.6, pytest.approx(0.04), Status.GOOD)
    assert plant.read_temperature() == (22.0, Status.GOOD)
    assert plant.read_sweep().load.status == Status.ABSENT
    assert plant.read_sweep().spare.status == Status.ABSENT


def test_in_a_gap_and_after_the_end_nothing_is_held_too_long(tmp_path: Path) -> None:
    plant, clock = replay(tmp_path)
    clock.sleep_until(1000.0 + 180.0 + 901.0)
    lost = plant.read_sweep().battery
    assert lost.status == Status.FAILED | Status.STALE
    assert math.isnan(lost.bus_v)
    assert "901 s old, limit 900 s" in str(plant.errors()[Channel.BATTERY])
    assert not plant.is_finished
    clock.sleep_until(1000.0 + 3600.0)
    assert plant.read_sweep().battery.bus_v == 13.0
    assert plant.errors() == {}
    clock.sleep_until(1000.0 + 3600.0 + 901.0)
    assert plant.read_sweep().charge.status & Status.FAILED
    assert plant.is_finished


def test_contacts_are_remembered_and_change_nothing(tmp_path: Path) -> None:
    plant, _ = replay(tmp_path)
    before = plant.read_sweep()
    plant.switch(Relay.R2, Contact.OPEN)
    assert plant.read_contacts().r2 == Contact.OPEN
    assert plant.read_sweep() == before


@needs_bboxx
def test_the_bboxx_log_is_read_whole_and_quickly() -> None:
    begun_s = time.process_time()
    recording = read_recording(RecordedSettings(path=str(BBOXX)))
    took_s = time.process_time() - begun_s
    summary = recording.summary
    assert summary.rows > 12_000
    assert summary.temperature_rows > 1_000
    assert summary.rows + summary.temperature_rows + len(summary.dropped) >= 13_221
    assert any("time runs back" in dropped.reason for dropped in summary.dropped)
    assert max(sample.current_a for sample in recording.samples()) > 2.0
    assert min(sample.current_a for sample in recording.samples()) < -3.0
    assert took_s < 2.0, "0.3 s on an idle machine"


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftime,voltage,current,temperature\n2025-03-01 10:00,12.5,-1,20\n2025-03-01 10:01,12.6,-2,20\n",
        "time,voltage,current,temperature\n1740823200000,12.5,-1,20\n1740823260000,12.6,-2,20\n",
        "time,voltage,current,temperature\n20250301100000,12.5,-1,20\n20250301100100,12.6,-2,20\n",
        "Datum/Uhrzeit;Batteriespannung (V);Strom mA;T\n1-Mar-2025 10:00;12,5;-1e3;20\n1.3.25 10:01;12,6;-2e3;20\n",
        "time,voltage,current,temperature\n" + "".join(
            f"2025-03-01 10:{m:02d},12.{5 + (m == 1)},{-1 - (m == 1)},20\n" for m in range(1, -1, -1)
        ),
        "\n".join([
            "entity_id,state,last_changed", "sensor.batt_voltage,12.5,2025-03-01T10:00Z",
            "sensor.batt_voltage,12.6,2025-03-01T10:01Z", "sensor.batt_current,-1,2025-03-01T10:00Z",
            "sensor.batt_current,-2,2025-03-01T10:01Z", "sensor.batt_temperature,20,2025-03-01T10:00Z",
        ]),
    ],
)  # fmt: skip
def test_a_recording_is_read_as_an_import_reads_it(tmp_path: Path, text: str) -> None:
    recording = log(tmp_path, text)
    last = recording[len(recording) - 1]
    assert last == (1_740_823_260.0, pytest.approx(12.6), pytest.approx(2.0), 20.0)
    assert recording[0].utc_s == 1_740_823_200.0


def test_names_that_say_what_they_hold_are_told_and_a_person_may_name_others(tmp_path: Path) -> None:
    text = "time,Vbat,Ibat,U2\n2025-03-01 10:00,12.5,1,11\n2025-03-01 10:01,12.5,1,11\n"
    assert "battery_bus_v <- Vbat" in log(tmp_path, text).summary.notes
    settings = RecordedSettings(path=str(tmp_path / "log.csv"))
    recording = read_recording(settings, {"time": "time", "battery_v": "U2", "battery_a": "Ibat"})
    assert recording[0][1:3] == (11.0, -1.0)


def test_a_large_loss_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "lossy.csv"
    path.write_text(LOG, encoding="utf-8")
    with pytest.raises(RecordingError, match=r"3 of 11 rows would be lost, the first in line 5.*--accept-loss"):
        read_recording(RecordedSettings(path=str(path)))
    halves = "".join(f"2025-03-01 10:0{n},12.5,{'' if n % 2 else 1},\n" for n in range(8))
    path.write_text(f"time,voltage,current,temperature\n{halves}", encoding="utf-8")
    with pytest.raises(RecordingError, match=r"4 of 8 rows have no voltage or no current.*--accept-loss"):
        read_recording(RecordedSettings(path=str(path)))
