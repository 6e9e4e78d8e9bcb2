import stat
from pathlib import Path

import pytest

from vigie.hardware.raspberry_pi import PiFigures, RaspberryPi, read_figures, throttled_names
from vigie.link.messages import Figures


@pytest.fixture
def vcgencmd(tmp_path: Path) -> Path:
    """A program in the place of vcgencmd that answers as one on a Raspberry Pi 5 was seen to."""
    path = tmp_path / "vcgencmd"
    path.write_text(
        '#!/bin/sh\ncase "$1" in\nget_throttled) echo throttled=0x50000;;\nmeasure_volts) echo "volt=0.8884V";;\nesac\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_figures_have_the_fields_they_travel_under() -> None:
    assert set(PiFigures._fields) == set(Figures.__annotations__)


def test_this_machine_gives_memory_disk_and_uptime(tmp_path: Path) -> None:
    figures = read_figures(tmp_path)
    Figures(**figures._asdict())
    assert figures.ram_total_bytes > figures.ram_free_bytes > 0
    assert figures.disk_total_bytes >= figures.disk_used_bytes
    assert figures.uptime_s > 0.0
    assert figures.clock_is_synchronised in (True, False, None)


def test_what_the_machine_does_not_offer_is_none_and_never_zero(tmp_path: Path) -> None:
    figures = RaspberryPi(tmp_path, sysfs=tmp_path, proc=tmp_path, vcgencmd="no-such-vcgencmd").read_figures()
    assert figures[:4] == (None, None, None, None)
    assert figures.throttled is None


def test_a_disk_that_is_gone_is_none(tmp_path: Path) -> None:
    figures = read_figures(tmp_path / "unmounted")
    assert figures.disk_total_bytes is None
    assert figures.ram_total_bytes > 0


def test_usage_is_of_the_time_between_two_looks(tmp_path: Path) -> None:
    pi = RaspberryPi(tmp_path)
    pi.read_figures()
    assert 0.0 <= pi.read_figures().cpu_usage_percent <= 100.0


def test_vcgencmd_gives_core_voltage_and_names_of_the_throttle_bits(tmp_path: Path, vcgencmd: Path) -> None:
    figures = RaspberryPi(tmp_path, vcgencmd=str(vcgencmd)).read_figures()
    assert figures.cpu_v == 0.8884
    assert figures.throttled == ["under_voltage_occurred", "throttled_occurred"]


def test_a_hanging_vcgencmd_costs_three_timeouts_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vcgencmd"
    path.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\nexec sleep 30\n")
    path.chmod(0o755)
    monkeypatch.setattr("vigie.hardware.raspberry_pi._VCGENCMD_TIMEOUT_S", 0.2)
    pi = RaspberryPi(tmp_path, vcgencmd=str(path))
    for _ in range(4):
        assert pi.read_figures().cpu_v is None
    assert (tmp_path / "runs").read_text().count("run") == 3


@pytest.mark.parametrize(("alarm", "names"), [("0", []), ("1", ["under_voltage"])])
def test_without_vcgencmd_the_kernels_under_voltage_alarm_is_used(tmp_path: Path, alarm: str, names: list[str]) -> None:
    directory = tmp_path / "class/hwmon/hwmon3"
    directory.mkdir(parents=True)
    (directory / "name").write_text("rpi_volt\n")
    (directory / "in0_lcrit_alarm").write_text(f"{alarm}\n")
    assert RaspberryPi(tmp_path, sysfs=tmp_path, vcgencmd="no-such-vcgencmd").read_figures().throttled == names


def test_model_and_cpu_temperature_come_from_the_kernels_files(tmp_path: Path) -> None:
    zone = tmp_path / "class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("61200\n")
    (tmp_path / "device-tree").mkdir()
    (tmp_path / "device-tree/model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    figures = RaspberryPi(tmp_path, sysfs=tmp_path, proc=tmp_path).read_figures()
    assert figures.model == "Raspberry Pi 5 Model B Rev 1.0"
    assert figures.cpu_temp_c == 61.2


def test_no_throttle_bit_is_healthy() -> None:
    assert throttled_names(0) == []
