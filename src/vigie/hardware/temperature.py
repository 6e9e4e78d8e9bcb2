"""Thermometers behind the kernel's drivers: hwmon, IIO and 1-Wire, read through sysfs by one class.

That serves TMP117, TMP102, LM75 and TMP1075, MCP9808, BME280, SHT3x, DS18B20 and the like. Sensors are told apart
by the driver's name and the bus address, because the kernel's numbers move from boot to boot.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from vigie.errors import TemperatureError

SYSFS = Path("/sys")
NOT_THE_BATTERY = frozenset(
    {"cpu_thermal", "rp1_adc", "nvme", "pwmfan", "rpi_volt", "acpitz", "coretemp", "k10temp", "w1_slave_temp"}
)
"""Drivers that measure the computer itself, or that show a 1-Wire sensor a second time."""

_W1_FAMILIES = {"10": "ds18s20", "22": "ds1822", "28": "ds18b20", "3b": "ds1825", "42": "ds28ea00"}
_W1_POWER_ON_MC = 85_000
_W1_LOW_POWER_MC = range(127_930, 127_950)
_TRIES = 3


class Sensor(NamedTuple):
    """One thermometer the kernel offers."""

    name: str
    """The driver's name, such as ``tmp117``, ``lm75``, ``jc42``, ``ds18b20``."""
    address: str
    """Where it sits: ``1-0048`` (bus 1, address 0x48), or ``28-0300a279f70f`` on 1-Wire."""
    directory: Path

    def __str__(self) -> str:
        return f"{self.name} at {self.address}"


def list_thermometers(sysfs: Path = SYSFS) -> list[Sensor]:
    """Return every thermometer of the kernel that may sit on a battery."""
    found = [*_hwmon(sysfs), *_iio(sysfs), *_w1(sysfs)]
    return [sensor for sensor in found if sensor.name not in NOT_THE_BATTERY]


def find_thermometer(name: str, address: str = "", sysfs: Path = SYSFS) -> Sensor:
    """Return the sensor with this driver name, and this address when one is given (``0x48`` or ``1-0048``).

    Raises:
        TemperatureError: none or several fit; the text lists those there.
    """
    there = list_thermometers(sysfs)
    fitting = [sensor for sensor in there if sensor.name == name and _is_at(sensor.address, address)]
    if len(fitting) == 1:
        return fitting[0]
    wanted = f"{name} at {address}" if address else name
    listing = ", ".join(map(str, there)) or "none"
    if fitting:
        raise TemperatureError(f"several thermometers are a {wanted} (found: {listing}); give the address too")
    raise TemperatureError(f"no thermometer {wanted} (found: {listing}); check its cable and device-tree overlay")


def read_celsius(sensor: Sensor) -> float:
    """Read one sensor now, in degrees Celsius; a 1-Wire sensor takes 750 ms.

    Raises:
        TemperatureError: the driver reports an error, or the value is one the sensor gives for "no reading".
    """
    directory = sensor.directory
    try:
        if (directory / "temp1_input").exists():
            return _number(directory / "temp1_input") / 1000.0
        if (directory / "in_temp_input").exists():
            return _number(directory / "in_temp_input") / 1000.0
        if (directory / "in_temp_raw").exists():
            return _iio_celsius(directory)
        value_mc = _number(directory / "temperature")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a number"
        raise TemperatureError(f"thermometer {sensor} cannot be read ({reason}); check its cable") from error
    if value_mc == 0.0 and _is_scratchpad_empty(directory):
        raise TemperatureError(
            f"thermometer {sensor} says 0 degC with every byte zero: its data line is held low; check cable and pull-up"
        )
    if value_mc == _W1_POWER_ON_MC:
        raise TemperatureError(f"thermometer {sensor} says 85.00 degC, its power-on value: supply interrupted")
    if int(value_mc) in _W1_LOW_POWER_MC:
        raise TemperatureError(f"thermometer {sensor} says 127.94 degC: too little power, do not use parasite power")
    return value_mc / 1000.0


class SysfsThermometer:
    """A thermometer read by a thread of its own; ``read`` gives the newest value at once."""

    def __init__(
        self,
        name: str,
        address: str = "",
        *,
        interval_s: float = 2.0,
        stale_s: float = 30.0,
        sysfs: Path = SYSFS,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start reading.

        Args:
            name: driver name, see ``list_thermometers``.
            address: bus address, needed when two sensors have the same driver.
            interval_s: pause between two readings.
            stale_s: age from which the newest value is no longer given out.
            sysfs: root of the kernel's tree.
            monotonic_s: clock of the ages.
        """
        self._name, self._address, self._sysfs = name, address, sysfs
        self._interval_s, self._stale_s = interval_s, stale_s
        self._monotonic_s = monotonic_s
        self._celsius: float | None = None
        self._error = f"thermometer {name} has not been read yet"
        self._at_s = monotonic_s()
        self._lock = threading.Lock()
        self._is_read = threading.Event()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="thermometer", daemon=True)
        self._thread.start()

    def read(self) -> float:
        """Return the newest temperature in degrees Celsius; never waits for the sensor.

        Raises:
            TemperatureError: the newest attempt failed, or the newest value is too old.
        """
        with self._lock:
            celsius, error, age_s = self._celsius, self._error, self._monotonic_s() - self._at_s
        if celsius is None:
            raise TemperatureError(error)
        if age_s > self._stale_s:
            raise TemperatureError(
                f"thermometer {self._name} has given no value for {age_s:.0f} s, longer than {self._stale_s:.0f} s"
            )
        return celsius

    def wait_for_first(self, timeout_s: float) -> bool:
        """Wait until the sensor has been asked once; return whether it has been."""
        return self._is_read.wait(timeout_s)

    def close(self) -> None:
        """Stop reading; a reading that hangs in the kernel is left to its daemon thread."""
        self._is_closed.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        sensor: Sensor | None = None
        while not self._is_closed.is_set():
            celsius, error = None, ""
            for _ in range(_TRIES):  # 1-Wire loses a reading to noise now and then
                try:
                    sensor = sensor or find_thermometer(self._name, self._address, self._sysfs)
                    celsius = read_celsius(sensor)
                    break
                except TemperatureError as failure:
                    sensor, error = None, str(failure)
            with self._lock:
                self._celsius, self._error = celsius, error
                self._at_s = self._monotonic_s()
            self._is_read.set()
            self._is_closed.wait(self._interval_s)


def _hwmon(sysfs: Path) -> Iterator[Sensor]:
    for directory in sorted(sysfs.glob("class/hwmon/hwmon*")):
        if (directory / "temp1_input").exists():
            yield from _sensor(directory, directory / "device")


def _iio(sysfs: Path) -> Iterator[Sensor]:
    for directory in sorted(sysfs.glob("bus/iio/devices/iio:device*")):
        if (directory / "in_temp_input").exists() or (directory / "in_temp_raw").exists():
            yield from _sensor(directory, directory.resolve().parent)


def _w1(sysfs: Path) -> Iterator[Sensor]:
    for directory in sorted(sysfs.glob("bus/w1/devices/*-*")):
        family = directory.name.partition("-")[0]
        if family in _W1_FAMILIES and (directory / "temperature").exists():
            yield Sensor(_W1_FAMILIES[family], directory.name, directory)


def _sensor(directory: Path, device: Path) -> Iterator[Sensor]:
    with contextlib.suppress(OSError):  # it may go while we look
        yield Sensor((directory / "name").read_text().strip(), device.resolve().name, directory)


def _is_at(actual: str, wanted: str) -> bool:
    if not wanted or actual == wanted:
        return True
    try:
        return int(actual.rpartition("-")[2], 16) == int(wanted, 16)
    except ValueError:
        return False


def _iio_celsius(directory: Path) -> float:
    offset_file, scale_file = directory / "in_temp_offset", directory / "in_temp_scale"
    offset = _number(offset_file) if offset_file.exists() else 0.0
    scale = _number(scale_file) if scale_file.exists() else 1.0
    return (_number(directory / "in_temp_raw") + offset) * scale / 1000.0


def _is_scratchpad_empty(directory: Path) -> bool:
    """Return whether a 1-Wire sensor's nine bytes are not shown, or all zero: a line held low passes their checksum."""
    try:
        shown = (directory / "w1_slave").read_text().split()[:9]
    except (OSError, ValueError):
        return True
    return not any(byte.strip("0") for byte in shown)


def _number(path: Path) -> float:
    return float(path.read_text())
