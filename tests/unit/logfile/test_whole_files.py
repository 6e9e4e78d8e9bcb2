"""A file is judged as a whole before a row of it is taken: what is turned, joined, asked for, refused and kept."""

import math
from functools import partial
from pathlib import Path

import pytest

from vigie.errors import RecordingError
from vigie.logfile.columns import chosen, quantity_named, recognise
from vigie.logfile.log import Log, read_log
from vigie.logfile.reading import ClockSet, DateOrder, Decimal, ReadingSettings

PLAIN = ReadingSettings()


def read(tmp_path: Path, text: str | bytes, reading: ReadingSettings = PLAIN, **choice: str) -> Log:
    path = tmp_path / "log.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_log(path, partial(chosen, choice=choice) if choice else recognise, reading)


def of(log: Log, quantity: str) -> list[float]:
    return [round(row.values.get(quantity, math.nan), 6) for row in log.rows()]


def minutes(log: Log) -> list[int]:
    times = [row.utc_s for row in log.rows()]
    return [round((utc_s - times[0]) / 60) for utc_s in times]


def lines(*instants: str, volts: float = 12.5) -> str:
    return "time,voltage\n" + "".join(f"{instant},{volts + n / 100:.2f}\n" for n, instant in enumerate(instants))


def test_the_newest_row_on_top_is_turned_round(tmp_path: Path) -> None:
    log = read(tmp_path, lines(*(f"2025-03-01 08:{40 - n:02d}" for n in range(30))))
    assert minutes(log) == list(range(30))
    assert of(log, "battery_bus_v")[0] == 12.79
    assert "turned round" in log.notes[0]
    assert log.left_out == 0


def test_one_row_that_runs_back_does_not_turn_a_file(tmp_path: Path) -> None:
    log = read(tmp_path, lines("2025-03-01 08:00", "2025-03-01 08:02", "2025-03-01 08:01", "2025-03-01 08:03"))
    assert (minutes(log), log.left_out, log.notes) == ([0, 2, 3], 1, ())


SET_BACK = [*(f"2025-03-01 14:{n:02d}" for n in range(20)), *(f"2025-03-01 11:{n:02d}" for n in range(40))]


def test_a_clock_that_was_set_back_is_asked_about_with_what_would_be_lost(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"40 of 60 rows would be lost: in line 22 .* back by 3 h 19 min.*--clock"):
        read(tmp_path, lines(*SET_BACK))
    assert len(minutes(read(tmp_path, lines(*SET_BACK), ReadingSettings(accept_loss=True)))) == 20


@pytest.mark.parametrize(("clock", "begins"), [(ClockSet.BEFORE, "14:00"), (ClockSet.AFTER, "10:40")])
def test_a_clock_that_was_set_back_goes_on_from_the_right_one(tmp_path: Path, clock: ClockSet, begins: str) -> None:
    log = read(tmp_path, lines(*SET_BACK), ReadingSettings(clock=clock))
    first = read(tmp_path, lines(f"2025-03-01 {begins}")).table.utc_s[0]
    assert minutes(log) == list(range(60))
    assert log.table.utc_s[0] == first


def test_a_few_rows_set_back_in_a_long_log_are_told_and_left_out(tmp_path: Path) -> None:
    instants = [f"2025-03-{1 + n // 24:02d} {n % 24:02d}:00" for n in range(400)]
    log = read(tmp_path, lines(*instants[:200], "2025-03-01 00:00", *instants[200:]))
    assert (len(minutes(log)), log.left_out, log.loss) == (400, 1, "")


def test_one_date_proves_the_order_of_all(tmp_path: Path) -> None:
    log = read(tmp_path, lines("11/03/2025 10:00", "12/03/2025 10:00", "13/03/2025 10:00"))
    assert minutes(log) == [0, 1440, 2880]
    log = read(tmp_path, lines("03/11/2025 10:00", "03/12/2025 10:00", "03/13/2025 10:00"))
    assert minutes(log) == [0, 1440, 2880]


def test_dates_that_prove_nothing_or_both_are_asked_for(tmp_path: Path) -> None:
    for instants in (("11/03/2025", "12/03/2025"), ("13/03/2025", "03/13/2025")):
        with pytest.raises(RecordingError, match="day or month first"):
            read(tmp_path, lines(*instants))
    assert minutes(read(tmp_path, lines("11/03/2025", "12/03/2025"), ReadingSettings(dates=DateOrder.DMY))) == [0, 1440]


@pytest.mark.parametrize(
    ("cells", "volts"),
    [
        (('"24,100"', '"24,200"', '"24,300"'), [24.1, 24.2, 24.3]),
        (('"24,100.5"', '"24,200.0"', '"24,300.5"'), [24.1005, 24.2, 24.3005]),
        (("24'100", "24'200", "24'300"), [24.1, 24.2, 24.3]),
    ],
)
def test_millivolts_with_marks_for_thousands(tmp_path: Path, cells: tuple[str, ...], volts: list[float]) -> None:
    text = "time,voltage_mv\n" + "".join(f"2025-03-01 10:0{n},{cell}\n" for n, cell in enumerate(cells))
    assert of(read(tmp_path, text), "battery_bus_v") == volts


def test_a_comma_that_may_be_either_is_asked_for(tmp_path: Path) -> None:
    text = 'time,current_ma\n2025-03-01 10:00,"1,250"\n2025-03-01 10:01,"1,300"\n'
    with pytest.raises(RecordingError, match="--decimal comma or --decimal point"):
        read(tmp_path, text)
    assert of(read(tmp_path, text, ReadingSettings(decimal=Decimal.POINT)), "battery_current_a") == [1.25, 1.3]
    assert of(read(tmp_path, text, ReadingSettings(decimal=Decimal.COMMA)), "battery_current_a") == [0.00125, 0.0013]


def test_the_median_tells_the_unit_of_a_voltage_or_asks(tmp_path: Path) -> None:
    log = read(tmp_path, "time,Vbat\n" + "".join(f"2025-03-01 10:0{n},12{n}00\n" for n in range(9)))
    assert of(log, "battery_bus_v")[:2] == [12.0, 12.1]
    assert "millivolts" in log.notes[0]
    for header, cells in (("time,battery_mv", "12.6"), ("time,Vbat,Ibat", "12600,400"), ("time,Vbat", "0.3")):
        with pytest.raises(RecordingError, match=r"median of .* no battery's.*--columns"):
            read(tmp_path, f"{header}\n2025-03-01 10:00,{cells}\n")
    log = read(tmp_path, "time,Vbat\n2025-03-01 10:00,0.3\n", time="time", battery_v="Vbat")
    assert (of(log, "battery_bus_v"), "no battery's" in log.notes[0]) == ([0.3], True)


@pytest.mark.parametrize(
    "word", ["-127", "127.9", "127.94", "85", "85.00", "0", "0.0", "---", "unavailable", "Err", "-999", "6553.5"]
)
def test_a_thermometers_word_for_nothing_costs_the_temperature_alone(tmp_path: Path, word: str) -> None:
    celsius = ["17.5", word, word, "17.6", word]
    text = "time;V;I;T\n" + "".join(f"2025-03-01 10:0{n};12.5;0.2;{told}\n" for n, told in enumerate(celsius))
    log = read(tmp_path, text)
    assert of(log, "battery_bus_v") == [12.5] * 5
    assert of(log, "temperature_c") == pytest.approx([17.5, math.nan, math.nan, 17.6, math.nan], nan_ok=True)
    assert log.left_out == 0


def test_a_real_frost_and_a_real_heat_are_believed(tmp_path: Path) -> None:
    celsius = [0.6, 0.1, 0.0, -0.2, 0.0, 83.0, 85.0, 84.0]
    text = "time,V,T\n" + "".join(f"2025-03-01 10:0{n},12.5,{told}\n" for n, told in enumerate(celsius))
    log = read(tmp_path, text)
    assert (of(log, "temperature_c"), log.notes) == (celsius, ())


def test_a_thermometer_that_never_answers_is_no_column(tmp_path: Path) -> None:
    log = read(tmp_path, "time,V,T\n" + "".join(f"2025-03-01 10:0{n},12.5,---\n" for n in range(5)))
    assert [column.header for column in log.columns] == ["time", "V"]
    assert "T: no value in any row" in log.notes


def test_damage_costs_its_line_and_no_other(tmp_path: Path) -> None:
    rows = [f"2025-03-01 10:{n:02d}:00,12.50,0.1\n".encode() for n in range(60)]
    rows[10] = b"\0" * 512 + rows[10]
    rows[20] = rows[20][:22] + b"\0" * 64 + b",0.1\n"
    rows[30] = rows[30].replace(b"12.50", b"12\x81\xff0")
    rows[40] = b'2025-03-01 10:40:00,"12.50,0.1\n'
    log = read(tmp_path, b"time,voltage,current\n" + b"".join(rows))
    assert len(minutes(log)) == 58
    assert [fault.line for fault in log.faults] == [12, 22, 32, 42]
    assert math.isnan(of(log, "battery_bus_v")[29])
    assert of(log, "battery_current_a")[29] == 0.1


def test_one_damaged_letter_does_not_change_the_encoding(tmp_path: Path) -> None:
    log = read(tmp_path, "time,Tension (V),Température\n".encode() + b"2025-03-01 10:00,12.5,2\xe91\n")
    assert [column.quantity for column in log.columns] == ["time", "battery_bus_v"]


def test_a_logger_that_starts_anew_says_its_names_again_and_may_leave_out_what_is_empty(tmp_path: Path) -> None:
    part = "time,voltage,temp\n2025-03-0{} 10:00,12.5\n2025-03-0{} 10:01,12.6\n2025-03-0{} 10:02,12.6,20\n"
    log = read(tmp_path, part.replace("{}", "1") + part.replace("{}", "2"))
    assert (len(minutes(log)), log.left_out) == (6, 0)


def test_units_in_the_cells_count_before_those_of_the_name(tmp_path: Path) -> None:
    text = 'Time,Battery voltage,Load current,Temp\n"2025-03-01 10:00","12.6 V","\'-1.5 A","68 °F"\n'
    text += '"2025-03-01 10:01","12600 mV","950 mA","20.5°C"\n"2025-03-01 10:02","12.6 Volts","1 V","21"\n'
    log = read(tmp_path, text)
    assert of(log, "battery_bus_v") == [12.6] * 3
    assert of(log, "load_current_a") == pytest.approx([-1.5, 0.95, math.nan], nan_ok=True)
    assert of(log, "temperature_c") == [20.0, 20.5, 21.0]
    assert log.faults[0].reason == "Load current: '1 V' has another unit"


def test_a_clock_that_counts_from_its_own_start_needs_that_start(tmp_path: Path) -> None:
    text = "Uptime (ms),Vbat\n" + "".join(f"{60_000 * n + 500},12.5\n" for n in range(5))
    with pytest.raises(RecordingError, match=r"since the logger was switched on.*--start"):
        read(tmp_path, text)
    log = read(tmp_path, text, ReadingSettings(start="2025-03-01T10:00:00Z"))
    assert minutes(log) == list(range(5))
    assert log.table.utc_s[0] == read(tmp_path, lines("2025-03-01 10:00")).table.utc_s[0]


LONG = "time,sensor,unit,value\n" + "".join(
    f"2025-03-01T10:0{n}:00Z,{name},{unit},{value + n}\n"
    for name, unit, value in (("akku_spannung", "mV", 12500), ("akku_strom", "A", 1), ("humidity", "%", 40))
    for n in range(4)
)


def test_a_long_table_is_read_by_the_names_of_its_entities(tmp_path: Path) -> None:
    log = read(tmp_path, LONG)
    assert log.names == ["time", "akku_spannung (mV)", "akku_strom (A)", "humidity (%)"]
    assert [value for value in of(log, "battery_bus_v") if value == value] == [12.5, 12.501, 12.502, 12.503]
    assert [value for value in of(log, "battery_current_a") if value == value] == [1.0, 2.0, 3.0, 4.0]
    assert log.left_out == 0


def test_all_entities_at_once_are_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"column value holds the values of akku_spannung \(mV\), akku_strom"):
        read(tmp_path, LONG, time="time", battery_v="value")


def test_columns_that_may_be_the_same_quantity_are_asked_for_unless_one_says_more(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="battery_bus_v may be any of the columns Vbat, battery voltage"):
        read(tmp_path, "time,Vbat,battery voltage\n2025-03-01 10:00,12.5,12.6\n")
    log = read(tmp_path, "time,voltage,battery voltage\n2025-03-01 10:00,11.0,12.6\n")
    assert of(log, "battery_bus_v") == [12.6]


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("loadCurrent", "load_current_a"), ("Ubatt", "battery_bus_v"), ("Ladestrom", "charge_current_a"),
        ("Verbraucherstrom (A)", "load_current_a"), ("Akkuspannung", "battery_bus_v"),
        ("Umgebungstemperatur", "ambient_c"), ("Courant de charge (A)", "charge_current_a"),
        ("Température ambiante", "ambient_c"), ("battV", "battery_bus_v"), ("Tbat", "temperature_c"),
        ("Intensité batterie", "battery_current_a"), ("Batterietemperatur", "temperature_c"),
    ],
)  # fmt: skip
def test_camel_case_compounds_and_accents_are_understood(name: str, quantity: str) -> None:
    known = quantity_named(name)
    assert known is not None
    assert known.quantity == quantity


@pytest.mark.parametrize("name", ["Netzspannung", "VA", "UV", "Cbat", "tcharge", "Pa", "cellVoltage", "batterySoc"])
def test_letters_that_only_look_like_a_quantity_are_left_alone(name: str) -> None:
    assert quantity_named(name) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("V\t12700\r\nI\t-350\r\nSOC\t990\r\nChecksum\tq\r\n" * 3, "VE.Direct"),
        ("20250301 100000 100 231 9 [OL CHRG] 28.0 50.0\n" * 3, "upslog.*battery.voltage"),
        ("2025-03-01 10:00:00 +0100  Battery disconnected, or so.\n" * 2, "events of apcupsd.*BATTV"),
        ("APC      : 001,034,0855\nSTATUS   : ONBATT\nBATTV    : 25.1 Volts\n", "status of apcupsd"),
        ("battery.charge: 100\nbattery.voltage: 13.6\nups.status: OL\n", "status of NUT"),
        ('[{"time": "2025-03-01", "voltage": 12.5},\n{"time": "2025-03-02", "voltage": 12.6}]\n', "JSON"),
        ("<html>\n<body>\n</body>\n", "web page"),
        (b"PK\x03\x04\x14\0\x06\0", "spreadsheet.*save its sheet as CSV"),
        (b"\x1f\x8b\x08\0", "compressed: unpack"),
        (bytes(range(1, 32)) * 9, "no text file"),
        ("2025-03-01 10:00,12.5,0.1\n2025-03-01 10:01,12.5,0.1\n", "write names above them"),
    ],
)
def test_what_is_no_table_is_named_with_the_cure(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        read(tmp_path, text)
