import ctypes
import errno
import fcntl
import os
from pathlib import Path
from typing import Any, Never

import pytest
import smbus2.smbus2

from vigie.errors import BusError
from vigie.hardware.emulated import EmulatedI2cBus, EmulatedIna219, EmulatedIna226
from vigie.hardware.i2c import I2cBus, RegisterReads
from vigie.hardware.ina219 import Ina219
from vigie.hardware.ina226 import Ina226
from vigie.hardware.meter import Averaging
from vigie.hardware.permission import who_may_open

FITTED = {0x41: EmulatedIna219, 0x42: EmulatedIna226}
Kernel = tuple[list[float], list[tuple[int, Any]]]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_bus_that_does_not_exist_says_how_to_enable_it(tmp_path: Path) -> None:
    (tmp_path / "i2c-13").touch()
    bus = I2cBus(str(tmp_path / "i2c-1"))
    with pytest.raises(BusError, match=r"i2c-1 does not exist \(found: .*i2c-13\); enable I2C"):
        bus.open()


def test_a_file_that_is_no_bus_is_refused_and_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "i2c-1"
    path.touch()
    before = open_files()
    with pytest.raises(BusError, match="cannot be used"):
        I2cBus(str(path)).open()
    assert open_files() == before


def test_a_forbidden_bus_names_the_group_to_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "i2c-1"
    path.touch()
    if os.geteuid() == 0:  # whose own group is root's; that of anybody else does
        os.chown(path, -1, 4)

    def refuse(*_: object) -> Never:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(smbus2.smbus2.os, "open", refuse)
    with pytest.raises(BusError, match=r"usermod -aG \w+ \$USER"):
        I2cBus(str(path)).open()


def test_permission_text_of_a_root_owned_device_does_not_send_people_into_group_root() -> None:
    assert "belongs to root" in who_may_open("/")


def test_a_layout_that_does_not_fit_the_registers_is_refused() -> None:
    with pytest.raises(ValueError, match="'>hH' does not describe 3"):
        RegisterReads(0x40, (1, 2, 3), ">hH")


@pytest.fixture
def kernel_with_chips(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """The kernel's ioctl under the real smbus2, answered by emulated chips: the very bytes of the driver."""
    now_s = [0.0]
    built = [kind(address, lambda: (13.6, -0.0123), lambda: now_s[0]) for address, kind in FITTED.items()]
    chips = EmulatedI2cBus(built)
    calls: list[tuple[int, Any]] = []

    def answer(_fd: int, request: int, argument: Any = 0) -> int:
        calls.append((request, argument))
        if request == smbus2.smbus2.I2C_RDWR:
            data = ctypes.cast(ctypes.byref(argument), ctypes.POINTER(smbus2.smbus2.i2c_rdwr_ioctl_data)).contents
            chips.i2c_rdwr(*(data.msgs[index] for index in range(data.nmsgs)))
        return 0

    monkeypatch.setattr(smbus2.smbus2, "ioctl", answer)
    monkeypatch.setattr(fcntl, "ioctl", answer)
    return now_s, calls


@pytest.mark.parametrize(("driver", "address"), [(Ina219, 0x41), (Ina226, 0x42)])
def test_the_driver_reads_the_chip_through_the_real_smbus2(
    kernel_with_chips: Kernel, driver: type[Ina219 | Ina226], address: int
) -> None:
    now_s, calls = kernel_with_chips
    bus = I2cBus(os.devnull, timeout_ms=250)
    meter = driver(bus, address, Averaging.BITS_12)
    meter.verify()
    now_s[0] += meter.conversion_s
    reading = meter.read()
    assert reading.bus_v == pytest.approx(13.6)
    assert reading.shunt_v == pytest.approx(-0.0123)
    assert (0x0702, 25) in calls, "the kernel's timeout was not shortened"
    bus.close()


def test_reopening_gives_the_descriptor_back(kernel_with_chips: Kernel) -> None:
    bus = I2cBus(os.devnull)
    bus.open()
    before = open_files()
    for _ in range(5):
        bus.reopen()
    assert open_files() == before
    bus.close()
    assert open_files() == before - 1
