"""Other programs' logs: what is understood by itself, what is refused, and that nothing is left out silently."""

import math
from functools import partial
from pathlib import Path

import pytest

from vigie.errors import RecordingError
from vigie.logfile.columns import chosen, quantity_named, recognise
from vigie.logfile.instants import Clocks, TimeForm, instant_s
from vigie.logfile.log import Log, read_log
from vigie.logfile.numbers import number
from vigie.logfile.reading import DateOrder, ReadingSettings
from vigie.telemetry.foreign import periods
from vigie.telemetry.records import PeriodRecord, iso_utc

PLAIN = ReadingSettings()
LOSSY = ReadingSettings(accept_loss=True)
ZURICH = ReadingSettings("Europe/Zurich")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


def read(
    path: Path,
    text: str | bytes,
    reading: ReadingSettings = PLAIN,
    *,
    is_discharge_positive: bool = False,
    **choice: str,
) -> tuple[Log, list[PeriodRecord]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    log = read_log(path, partial(chosen, choice=choice) if choice else recognise, reading)
    return log, list(periods(log, is_discharge_positive=is_discharge_positive))


def instant(text: str, dates: DateOrder = DateOrder.AUTO) -> str:
    """Return an instant as a file that has nothing else tells it."""
    clocks = Clocks()
    clocks.see(text)
    order = dates or next(iter(clocks.orders), DateOrder.AUTO)
    return iso_utc(round(instant_s(text, TimeForm(clocks.kind(is_counting=False), order))[0] * 1000))


def battery(records: list[PeriodRecord]) -> list[tuple[str, float, float]]:
    return [
        (iso_utc(one.utc_ms), round(one.measurement.battery.bus_v, 6), round(one.measurement.battery.current_a, 6))
        for one in records
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("voltage", ("battery_bus_v", 1.0, 0.0)),
        ("U_batt [V]", ("battery_bus_v", 1.0, 0.0)),
        ("Battery Voltage, mV", ("battery_bus_v", 0.001, 0.0)),
        ("Tension batterie (V)", ("battery_bus_v", 1.0, 0.0)),
        ("Batterie Strom mA", ("battery_current_a", 0.001, 0.0)),
        ("load_current_a_mean", ("load_current_a", 1.0, 0.0)),
        ("charge_bus_v", ("charge_bus_v", 1.0, 0.0)),
        ("V1", ("battery_bus_v", 1.0, 0.0)),
        ("power (kW)", ("battery_power_w", 1000.0, 0.0)),
        ("temperature_c", ("temperature_c", 1.0, 0.0)),
        ("Température", ("temperature_c", 1.0, 0.0)),
        ("Ambient temp °F", ("ambient_c", 5 / 9, 32.0)),
    ],
)
def test_a_column_s_name_tells_what_it_holds(name: str, told: tuple[str, float, float]) -> None:
    known = quantity_named(name)
    assert known is not None
    assert known[:3] == told


@pytest.mark.parametrize(
    "name",
    ["end_voltage_v_per_cell", "voltage limit", "battery_bus_spread_v", "battery_bus_v_min", "soc", "cell 3 voltage",
     "load charge current", "voltage current", "charge temperature", "", "ambient voltage", "mode"],
)  # fmt: skip
def test_a_name_with_a_word_that_is_not_understood_is_left_alone(name: str) -> None:
    assert quantity_named(name) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-22T15:30:00Z", "2026-11-22T15:30:00.000Z"),
        ("2026-11-22 15:30:00.250+01:00", "2026-11-22T14:30:00.250Z"),
        ("2026/11/22 15:30", "2026-11-22T15:30:00.000Z"),
        ("22.11.2026 15:30:07,5", "2026-11-22T15:30:07.500Z"),
        ("22/11/2026 15:30", "2026-11-22T15:30:00.000Z"),
        ("11/22/2026 3:30 PM", "2026-11-22T15:30:00.000Z"),
        ("11/22/26 12:05 am", "2026-11-22T00:05:00.000Z"),
        ("05.06.2026", "2026-06-05T00:00:00.000Z"),
        ("07/07/2026 1:02:03", "2026-07-07T01:02:03.000Z"),
        ("1795361400", "2026-11-22T15:30:00.000Z"),
        ("1795361400.25", "2026-11-22T15:30:00.250Z"),
        ("1795361400250", "2026-11-22T15:30:00.250Z"),
        ("1795361400250000", "2026-11-22T15:30:00.250Z"),
        ("1795361400250000000", "2026-11-22T15:30:00.250Z"),
        ("20261122153000", "2026-11-22T15:30:00.000Z"),
        ("202611221530", "2026-11-22T15:30:00.000Z"),
        ("20261122 153000", "2026-11-22T15:30:00.000Z"),
        ("46348.645833", "2026-11-22T15:30:00.000Z"),
        ("2026-11-22 15:30:00 UTC", "2026-11-22T15:30:00.000Z"),
        ("22.11.2026 16:30 MEZ", "2026-11-22T15:30:00.000Z"),
        ("2026-11-22 16:30:00 Europe/Zurich", "2026-11-22T15:30:00.000Z"),
        ("2026-11-22 16:30:00 +0100", "2026-11-22T15:30:00.000Z"),
        ("2026-11-22 16:30:00 UTC+1", "2026-11-22T15:30:00.000Z"),
        ("22-Nov-2026 15:30:00", "2026-11-22T15:30:00.000Z"),
        ("Nov 22, 2026 3:30 PM", "2026-11-22T15:30:00.000Z"),
        ("Sun, 22 Nov 2026 15:30:00 GMT", "2026-11-22T15:30:00.000Z"),
        ("1er août 2026 15h30", "2026-08-01T15:30:00.000Z"),
        ("3. März 2026 15:30 Uhr", "2026-03-03T15:30:00.000Z"),
        ("21.11.2026 24:00", "2026-11-22T00:00:00.000Z"),
        ("2026-11-21 24:00:00", "2026-11-22T00:00:00.000Z"),
    ],
)
def test_an_instant_is_understood_in_the_ways_loggers_write_it(text: str, told: str) -> None:
    assert instant(text) == told


@pytest.mark.parametrize(
    ("text", "says"),
    [("yesterday", "no date and time"), ("1965-01-01", "before 1970"), ("32.13.2026", "no such day"), ("", "no date"),
     ("22.11.2026 25:00", "hour"), ("2026-11-22 10:00 XYZQ", "no such zone 'XYZQ'")],
)  # fmt: skip
def test_what_is_no_instant_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        instant(text)


def test_a_person_says_which_of_day_and_month_comes_first() -> None:
    assert instant("03/04/2026", DateOrder.MDY) == instant("2026-03-04")
    assert instant("03/04/2026", DateOrder.DMY) == instant("2026-04-03")
    assert instant("26/03/04", DateOrder.YMD) == instant("2026-03-04")


def test_the_hour_that_autumn_repeats_goes_on(path: Path) -> None:
    clocks = ["01:59", "02:30", "02:59", "02:00", "02:30", "02:59", "03:00"]
    text = "time,voltage\n" + "".join(f"2026-10-25 {clock},12.5\n" for clock in clocks)
    log, records = read(path, text, ZURICH)
    assert log.left_out == 0
    assert [iso_utc(one.utc_ms)[11:16] for one in records] == [
        "23:59",
        "00:30",
        "00:59",
        "01:00",
        "01:30",
        "01:59",
        "02:00",
    ]


def test_semicolons_decimal_commas_a_mark_and_a_preamble(path: Path) -> None:
    text = (
        "\ufeffLogger X7;Serial;4711\r\nStation;Keller\r\n\r\nDatum;Uhrzeit;Spannung (V);Strom (mA);Temp °C\r\n"
        "22.11.2026;15:30:00;12,75;-350,5;21,5\r\n22.11.2026;15:31:00;12,74;-351;\r\n"
    )
    log, records = read(path, text)
    assert battery(records) == [
        ("2026-11-22T15:30:00.000Z", 12.75, -0.3505),
        ("2026-11-22T15:31:00.000Z", 12.74, -0.351),
    ]
    assert records[0].measurement.temperature.celsius == 21.5
    assert math.isnan(records[1].measurement.temperature.celsius)
    assert log.left_out == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found_out(path: Path, encoding: str) -> None:
    _, records = read(path, "time\tTempérature °C\n2026-11-22 15:30\t21.5\n".encode(encoding))
    assert records[0].measurement.temperature.celsius == 21.5


def test_fahrenheit_becomes_celsius_and_millivolts_volts(path: Path) -> None:
    _, records = read(path, "timestamp,temp (°F),battery (mV),load power [kW]\n1795361400,50,12750,0.02\n")
    measurement = records[0].measurement
    assert measurement.temperature.celsius == pytest.approx(10.0)
    assert measurement.battery.bus_v == pytest.approx(12.75)
    assert measurement.load.power_w == pytest.approx(20.0)
    assert not measurement.charge.is_valid


def test_a_discharge_that_is_positive_is_turned_for_the_battery_alone(path: Path) -> None:
    text = "time,battery current,charge current,load current,battery power\n2026-11-22,1,2,3,4\n"
    _, (record,) = read(path, text, is_discharge_positive=True)
    m = record.measurement
    assert (m.battery.current_a, m.charge.current_a, m.load.current_a, m.battery.power_w) == (-1, -2, 3, -4)


def test_every_row_that_is_left_out_is_counted_and_named_with_its_line(path: Path) -> None:
    log, records = read(
        path,
        "time,voltage,current\n"
        "2026-11-22 10:00:00,12.5,0.1\n"
        "2026-11-22 10:00:01,oops,0.1\n"
        "2026-11-22 10:00:02,12.5\n"
        "2026-11-22 10:00:03,12.5,0.1,9\n"
        "not a time,12.5,0.1\n"
        "2026-11-22 10:00:05,,\n"
        "2026-11-22 10:00:06,70000,0.1\n"
        "2026-11-22 10:00:07,inf,0.1\n"
        "\n"
        "2026-11-22 10:00:08,12.6,NaN\n"
        "2026-11-22 10:00:08,12.7,0.1\n"
        "2026-11-22 09:00:00,12.7,0.1\n"
        '2026-11-22 10:00:09,"12.8",-\n',
        LOSSY,
    )
    assert [(fault.line, fault.reason) for fault in log.faults] == [
        (3, "voltage: 'oops' is not a number"),
        (4, "2 cells, the header has 3"),
        (5, "4 cells, the header has 3"),
        (6, "time 'not a time' is no date and time"),
        (7, "no value in any column"),
        (8, "voltage: 70000 V outside -1000..1000 V"),
        (9, "voltage: 'inf' is not a finite number"),
        (12, "battery_bus_v, battery_current_a: same time as the row before"),
        (13, "battery_bus_v, battery_current_a: time runs back by 3608.0 s"),
    ]
    assert log.left_out == 9
    bare = [one for one in records if math.isnan(one.measurement.battery.bus_v)]
    whole = [one for one in records if not math.isnan(one.measurement.battery.bus_v)]
    assert [(one.measurement.battery.bus_v, math.isnan(one.measurement.battery.current_a)) for one in whole] == [
        (12.5, False), (12.6, True), (12.8, True),
    ]  # fmt: skip
    assert [one.measurement.battery.current_a for one in bare] == [0.1] * 3, "a bad cell costs one cell"


def test_a_million_bad_rows_are_counted_and_some_kept(path: Path) -> None:
    log, _ = read(path, "time,voltage\n2026-11-22,12\n" + "x,y\n" * 12_000, LOSSY)
    assert log.left_out == 12_000
    assert len(log.faults) == 10_000


def test_temperatures_in_rows_of_their_own_are_a_series_of_their_own(path: Path) -> None:
    text = "time,voltage,temp\n2026-11-22 10:00:10,12.5,\n2026-11-22 10:00:09,,21\n2026-11-22 10:00:11,12.6,21.5\n"
    log, records = read(path, text)
    assert (log.left_out, len(records)) == (0, 3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no line with names of columns"),
        ("1,2,3\n4,5,6\n", "no line with names of columns"),
        ("battery,minutes,current_a\nX,1,2\n", "no column of the time"),
        ("time,soc\n2026-11-22,1\n", "no column of a voltage"),
        (b"time,voltage\n\0\0\0", "no usable row; first fault in line 2: zero bytes"),
    ],
)
def test_a_file_that_is_no_log_is_refused_with_the_reason(path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        read(path, text)


def test_columns_can_be_named_by_hand(path: Path) -> None:
    text = "D,T,U1,X\n2026-11-22,10:00:00,12500,1.5\n"
    _, records = read(path, text, time="D+T", battery_mv="U1", load_a="X")
    assert battery(records)[0][:2] == ("2026-11-22T10:00:00.000Z", 12.5)
    assert records[0].measurement.load.current_a == 1.5


@pytest.mark.parametrize(
    ("choice", "says"),
    [({"time": "when"}, "no column 'when'; the file has D, U"), ({"time": "D", "colour": "U"}, "no quantity 'colour'"),
     ({"time": "D", "battery_v": "U", "battery_mv": "U"}, "battery_bus_v is named twice")],
)  # fmt: skip
def test_a_choice_that_does_not_fit_says_what_would(path: Path, choice: dict[str, str], says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        read(path, "D,U\n2026-11-22,12\n", **choice)


def test_numbers_with_points_and_commas() -> None:
    told = [number(text).value for text in ("12.75", "12,75", "-0,5", "1e-3", "1.234,5", "12'700", "−3", "1 234,5")]
    assert told == [12.75, 12.75, -0.5, 0.001, 1234.5, 12700.0, -3.0, 1234.5]
    for text in ("", "0x10", "12,5.3,1", "1.2.3"):
        with pytest.raises(ValueError, match="is not a number"):
            number(text)


@pytest.mark.parametrize("choice", [{"battery_v": "state"}, {"battery_v": "v", "temperature_c": "state"}])
def test_a_quantity_taken_from_a_column_of_words_is_told(path: Path, choice: dict[str, str]) -> None:
    rows = "".join(f"2026-07-25T10:{minute:02}:00Z,12.6,rest\n" for minute in range(20))
    with pytest.raises(RecordingError, match=r"no cell of state can be used as a number.*--columns"):
        read(path, "time,v,state\n" + rows, time="time", **choice)


def test_one_bad_cell_is_no_column_of_words(path: Path) -> None:
    rows = "".join(f"2026-07-25T10:{minute:02}:00Z,{'Err' if minute == 3 else 12.6},rest\n" for minute in range(20))
    log, _ = read(path, "time,v,state\n" + rows, time="time", battery_v="v")
    assert log.loss == ""
