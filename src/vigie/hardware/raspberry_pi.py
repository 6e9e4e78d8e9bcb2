"""The Raspberry Pi's own figures: temperature, load, memory, disk, supply, clock.

Everything is None where this machine does not offer it; nothing raises. Cheap enough for every ten seconds.
"""

import contextlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import psutil

from vigie.hardware.kernel_clock import clock_is_synchronised, uptime_s

SYSFS = Path("/sys")
PROC = Path("/proc")
_VCGENCMD_TIMEOUT_S = 1.0
_TIMEOUTS_TO_GIVE_UP = 3

THROTTLED_BITS = {
    0: "under_voltage",
    1: "frequency_capped",
    2: "throttled",
    3: "soft_temperature_limit",
    16: "under_voltage_occurred",
    17: "frequency_capped_occurred",
    18: "throttled_occurred",
    19: "soft_temperature_limit_occurred",
}
"""Bits of ``vcgencmd get_throttled``; the upper ones stay set until the next boot."""


class PiFigures(NamedTuple):
    """One look at the machine."""

    model: str | None
    cpu_temp_c: float | None
    cpu_usage_percent: float | None
    """Since the last look; None at the first."""
    cpu_v: float | None
    """Core voltage."""
    cpu_hz: float | None
    throttled: list[str] | None
    """Names of ``THROTTLED_BITS`` that are set; empty is healthy."""
    ram_total_bytes: int | None
    ram_used_bytes: int | None
    ram_free_bytes: int | None
    """Available to programs, without swapping."""
    disk_total_bytes: int | None
    disk_used_bytes: int | None
    disk_free_bytes: int | None
    """Of the file system that holds the data directory, free to this user."""
    uptime_s: float | None
    clock_is_synchronised: bool | None


class RaspberryPi:
    """Reads the figures again and again; keeps what never changes. Not thread-safe."""

    def __init__(
        self, data_directory: Path, *, sysfs: Path = SYSFS, proc: Path = PROC, vcgencmd: str = "vcgencmd"
    ) -> None:
        """Watch the disk of ``data_directory``; ``vcgencmd`` is a name on the path or a path."""
        self._data_directory = data_directory
        self._sysfs = sysfs
        self._vcgencmd = shutil.which(vcgencmd)
        self._model = _model(proc)
        self._has_looked = False
        self._timeouts = 0

    def read_figures(self) -> PiFigures:
        """Look at everything once."""
        memory = psutil.virtual_memory()
        disk_total, disk_used, disk_free = _disk(self._data_directory)
        usage = psutil.cpu_percent(interval=None)
        has_looked, self._has_looked = self._has_looked, True
        return PiFigures(
            model=self._model,
            cpu_temp_c=_cpu_temp_c(self._sysfs),
            cpu_usage_percent=usage if has_looked else None,
            cpu_v=self._core_v(),
            cpu_hz=_cpu_hz(),
            throttled=self._throttled(),
            ram_total_bytes=memory.total,
            ram_used_bytes=memory.used,
            ram_free_bytes=memory.available,
            disk_total_bytes=disk_total,
            disk_used_bytes=disk_used,
            disk_free_bytes=disk_free,
            uptime_s=uptime_s(),
            clock_is_synchronised=clock_is_synchronised(),
        )

    def _core_v(self) -> float | None:
        match = re.fullmatch(r"volt=([\d.]+)V", self._ask("measure_volts", "core"))
        return float(match[1]) if match else None

    def _throttled(self) -> list[str] | None:
        match = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)", self._ask("get_throttled"))
        if match:
            return throttled_names(int(match[1], 16))
        for alarm in sorted(self._sysfs.glob("class/hwmon/hwmon*/in0_lcrit_alarm")):
            if _text(alarm.parent / "name") == "rpi_volt":
                return ["under_voltage"] if _text(alarm) == "1" else []
        return None

    def _ask(self, *words: str) -> str:
        """Return the answer of vcgencmd, empty when there is none."""
        if self._vcgencmd is None or self._timeouts >= _TIMEOUTS_TO_GIVE_UP:
            return ""
        try:
            answer = subprocess.run(
                [self._vcgencmd, *words],
                capture_output=True,
                text=True,
                timeout=_VCGENCMD_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self._timeouts += 1
            return ""
        except OSError:
            return ""
        self._timeouts = 0
        return answer.stdout.strip()


def read_figures(data_directory: Path) -> PiFigures:
    """Look once; keep a :class:`RaspberryPi` to look again and again."""
    return RaspberryPi(data_directory).read_figures()


def throttled_names(bits: int) -> list[str]:
    """Name the bits of ``get_throttled``.

    >>> throttled_names(0x50005)
    ['under_voltage', 'throttled', 'under_voltage_occurred', 'throttled_occurred']
    """
    return [name for bit, name in THROTTLED_BITS.items() if bits >> bit & 1]


def _cpu_temp_c(sysfs: Path) -> float | None:
    for zone in sorted(sysfs.glob("class/thermal/thermal_zone*")):
        if "cpu" in _text(zone / "type"):
            with contextlib.suppress(ValueError):
                return int(_text(zone / "temp")) / 1000.0
    return None


def _cpu_hz() -> float | None:
    frequency = psutil.cpu_freq()
    return None if frequency is None else frequency.current * 1e6


def _disk(directory: Path) -> tuple[int, int, int] | tuple[None, None, None]:
    try:
        usage = psutil.disk_usage(str(directory))
    except OSError:
        return None, None, None
    return usage.total, usage.used, usage.free


def _model(proc: Path) -> str | None:
    return _text(proc / "device-tree/model").rstrip("\0") or None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
