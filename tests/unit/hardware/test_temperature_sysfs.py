import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vigie.errors import TemperatureError
from vigie.hardware.temperature import SysfsThermometer, find_thermometer, list_thermometers, read_celsius


class Tree:
    """A made /sys with the shapes of the kernel's: class links, device links, moving numbers."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def hwmon(self, number: int, name: str, device: str, **files: object) -> Path:
        directory = self.root / f"devices/{device}/hwmon/hwmon{number}"
        self._fill(directory, {"name": name, **files})
        (directory / "device").symlink_to(self.root / f"devices/{device}")
        return self._link(directory, f"class/hwmon/hwmon{number}")

    def iio(self, number: int, name: str, device: str, **files: object) -> Path:
        directory = self.root / f"devices/{device}/iio:device{number}"
        self._fill(directory, {"name": name, **files})
        return self._link(directory, f"bus/iio/devices/iio:device{number}")

    def w1(self, address: str, **files: object) -> Path:
        directory = self.root / f"devices/w1_bus_master1/{address}"
        self._fill(directory, files)
        return self._link(directory, f"bus/w1/devices/{address}")

    def _fill(self, directory: Path, files: dict[str, object]) -> None:
        directory.mkdir(parents=True)
        for name, text in files.items():
            (directory / name).write_text(f"{text}\n")

    def _link(self, directory: Path, place: str) -> Path:
        link = self.root / place
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(directory)
        return directory


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    tree.hwmon(0, "cpu_thermal", "virtual/thermal_zone0", temp1_input=61_200)
    tree.hwmon(1, "rp1_adc", "1f000c8000.adc", temp1_input=55_000)
    tree.hwmon(2, "rpi_volt", "firmware", in0_lcrit_alarm=0)
    return tree


def test_thermometers_of_the_computer_itself_are_not_offered(tree: Tree) -> None:
    assert list_thermometers(tree.root) == []


def test_an_hwmon_sensor_is_found_by_driver_and_address_and_read(tree: Tree) -> None:
    tree.hwmon(3, "lm75", "1-0048", temp1_input=24_500)
    tree.hwmon(4, "lm75", "1-0049", temp1_input=-1_250)
    assert read_celsius(find_thermometer("lm75", "0x48", tree.root)) == 24.5
    assert read_celsius(find_thermometer("lm75", "1-0049", tree.root)) == -1.25


def test_two_sensors_of_one_kind_demand_an_address(tree: Tree) -> None:
    tree.hwmon(3, "lm75", "1-0048", temp1_input=24_500)
    tree.hwmon(4, "lm75", "1-0049", temp1_input=25_500)
    with pytest.raises(TemperatureError, match=r"several .* lm75 \(found: lm75 at 1-0048, lm75 at 1-0049\); give"):
        find_thermometer("lm75", sysfs=tree.root)


def test_an_iio_sensor_is_read_from_raw_offset_and_scale(tree: Tree) -> None:
    tree.iio(0, "tmp117", "i2c-1/1-0048", in_temp_raw=3200, in_temp_scale="7.8125")
    tree.iio(1, "mpl115", "i2c-1/1-0060", in_temp_raw=1000, in_temp_offset=-500, in_temp_scale="50")
    assert read_celsius(find_thermometer("tmp117", "0x48", tree.root)) == pytest.approx(25.0)
    assert read_celsius(find_thermometer("mpl115", sysfs=tree.root)) == pytest.approx(25.0)


def test_an_iio_sensor_with_a_processed_value_is_read_as_it_is(tree: Tree) -> None:
    tree.iio(0, "bme280", "i2c-1/1-0076", in_temp_input=21_370)
    assert read_celsius(find_thermometer("bme280", "0x76", tree.root)) == pytest.approx(21.37)


def test_a_one_wire_sensor_is_offered_once_though_the_kernel_shows_it_twice(tree: Tree) -> None:
    tree.w1("28-0300a279f70f", temperature=19_875)
    tree.hwmon(5, "w1_slave_temp", "w1_bus_master1/28-0300a279f70f", temp1_input=19_875)
    assert [str(sensor) for sensor in list_thermometers(tree.root)] == ["ds18b20 at 28-0300a279f70f"]
    assert read_celsius(find_thermometer("ds18b20", sysfs=tree.root)) == 19.875


@pytest.mark.parametrize(("value", "said"), [(85_000, "power-on value"), (127_937, "parasite power")])
def test_error_values_of_a_one_wire_sensor_are_not_temperatures(tree: Tree, value: int, said: str) -> None:
    tree.w1("28-0300a279f70f", temperature=value)
    with pytest.raises(TemperatureError, match=said):
        read_celsius(find_thermometer("ds18b20", sysfs=tree.root))


def test_eighty_five_degrees_of_another_sensor_is_a_temperature(tree: Tree) -> None:
    tree.hwmon(3, "lm75", "1-0048", temp1_input=85_000)
    assert read_celsius(find_thermometer("lm75", sysfs=tree.root)) == 85.0


def test_a_missing_sensor_lists_those_there(tree: Tree) -> None:
    tree.hwmon(3, "jc42", "1-0018", temp1_input=22_000)
    with pytest.raises(TemperatureError, match=r"no thermometer tmp117 at 0x48 \(found: jc42 at 1-0018\); check"):
        find_thermometer("tmp117", "0x48", tree.root)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < deadline_s, "did not happen within 5 s"
        time.sleep(0.005)


def raises(thermometer: SysfsThermometer, text: str) -> bool:
    try:
        thermometer.read()
    except TemperatureError as error:
        return text in str(error)
    return False


def test_the_newest_value_is_given_and_a_lost_sensor_is_an_error_at_once(tree: Tree) -> None:
    directory = tree.hwmon(3, "lm75", "1-0048", temp1_input=24_500)
    thermometer = SysfsThermometer("lm75", interval_s=0.01, sysfs=tree.root)
    try:
        assert thermometer.wait_for_first(5.0)
        assert thermometer.read() == 24.5
        (directory / "temp1_input").write_text("26000\n")
        wait_until(lambda: thermometer.read() == 26.0)
        (directory / "temp1_input").unlink()
        wait_until(lambda: raises(thermometer, "no thermometer lm75"))
    finally:
        thermometer.close()


def test_a_sensor_whose_number_moved_is_found_again(tree: Tree) -> None:
    tree.hwmon(3, "lm75", "1-0048", temp1_input=24_500)
    thermometer = SysfsThermometer("lm75", interval_s=0.01, sysfs=tree.root)
    try:
        assert thermometer.wait_for_first(5.0)
        (tree.root / "class/hwmon/hwmon3").unlink()
        wait_until(lambda: raises(thermometer, "no thermometer") or raises(thermometer, "cannot be read"))
        tree.hwmon(7, "lm75", "2-0048", temp1_input=20_000)
        wait_until(lambda: not raises(thermometer, "") and thermometer.read() == 20.0)
    finally:
        thermometer.close()


def test_a_sensor_that_hangs_in_the_kernel_never_blocks_the_caller_and_goes_stale(tree: Tree) -> None:
    directory = tree.w1("28-0300a279f70f", temperature=20_000)
    now_s = [0.0]
    thermometer = SysfsThermometer(
        "ds18b20", interval_s=0.01, stale_s=30.0, sysfs=tree.root, monotonic_s=lambda: now_s[0]
    )
    try:
        assert thermometer.wait_for_first(5.0)
        os.mkfifo(directory / "slow")
        (directory / "slow").rename(directory / "temperature")  # a read of it blocks, as a held 1-Wire line does
        time.sleep(0.1)
        started_s = time.monotonic()
        assert thermometer.read() == 20.0
        now_s[0] = 31.0
        with pytest.raises(TemperatureError, match="no value for 31 s, longer than 30 s"):
            thermometer.read()
        assert time.monotonic() - started_s < 5.0, "it does not wait for the sensor"
    finally:
        feeder = threading.Thread(target=lambda: (directory / "temperature").write_text("20000\n"))
        feeder.start()
        thermometer.close()
        feeder.join(5.0)


def test_a_data_line_held_low_is_no_freezing_battery(tree: Tree) -> None:
    tree.w1("28-0300a279f70f", temperature=0, w1_slave="00 00 00 00 00 00 00 00 00 : crc=00 YES")
    with pytest.raises(TemperatureError, match=r"every byte zero: its data line is held low"):
        read_celsius(find_thermometer("ds18b20", sysfs=tree.root))


def test_zero_without_the_bytes_that_prove_it_is_not_believed(tree: Tree) -> None:
    tree.w1("28-0300a279f70f", temperature=0)
    with pytest.raises(TemperatureError, match="0 degC"):
        read_celsius(find_thermometer("ds18b20", sysfs=tree.root))


def test_a_freezing_battery_is_believed(tree: Tree) -> None:
    tree.w1("28-0300a279f70f", temperature=0, w1_slave="00 00 4b 46 7f ff 0c 10 1c : crc=1c YES")
    assert read_celsius(find_thermometer("ds18b20", sysfs=tree.root)) == 0.0
