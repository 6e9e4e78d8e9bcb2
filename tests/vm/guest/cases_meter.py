"""The meter: smbus2 over the kernel's /dev/i2c-1, combined transfers, errno and stalls from a kernel driver."""

import subprocess
import time
from pathlib import Path

import outside
from outside import BATTERY, CHARGE, LOAD, SPARE
from report import See, refusal
from smbus2 import SMBus, i2c_msg

from vigie.control.signals import Channel, Reading, Status, Sweep
from vigie.errors import BusError
from vigie.hardware.i2c import I2cBus
from vigie.hardware.ina219 import Ina219, configuration_word
from vigie.hardware.meter import Averaging
from vigie.hardware.relay_board import ContactKind
from vigie.hardware.temperature import SysfsThermometer, list_thermometers
from vigie.plant.rig import Rig, RigSettings, open_rig

NC = ContactKind.NC
SETTINGS = RigSettings(r1_contact=NC, r2_contact=NC)


def opened(settings: RigSettings = SETTINGS) -> Rig:
    rig = open_rig(settings)
    rig.read_sweep()  # the chips' first conversions are under way
    return rig


def names(reading: Reading) -> str:
    return "+".join(status.name for status in Status if status and reading.status & status) or "GOOD"


def told(sweep: Sweep) -> str:
    return "  ".join(
        f"{channel.name.lower()} {names(sweep[channel])}"
        + (
            ""
            if sweep[channel].status & Status.FAILED
            else f" {sweep[channel].bus_v:.3f} V {sweep[channel].shunt_v / 0.1:+.4f} A"
        )
        for channel in Channel
    )


def all_four_channels_read_the_right_values_with_the_right_signs(see: See) -> None:
    (outside.CHIPS / "jitter").write_text("0")
    bus_mv, shunt_uv = (12704, 13600, 13596, 4996), (12340, -50010, 319990, -10)
    outside.feel(bus_mv=bus_mv, shunt_uv=shunt_uv)
    rig = opened()
    try:
        sweep = rig.read_sweep()
    finally:
        rig.close()
    see(told(sweep))
    for channel in Channel:
        assert sweep[channel].status == Status.GOOD, channel
        assert abs(sweep[channel].bus_v * 1000 - bus_mv[channel]) < 1e-6, channel
        assert abs(sweep[channel].shunt_v * 1e6 - shunt_uv[channel]) < 1e-6, channel


def ends_of_the_ranges_are_read_and_marked(see: See) -> None:
    (outside.CHIPS / "jitter").write_text("0")
    outside.feel(bus_mv=(0, 26000, 31996, 12000), shunt_uv=(320000, -320000, -319990, 0))
    rig = opened()
    try:
        sweep = rig.read_sweep()
    finally:
        rig.close()
    see(told(sweep))
    assert [round(reading.bus_v, 6) for reading in sweep] == [0.0, 26.0, 31.996, 12.0]
    assert sweep.battery.status & Status.SATURATED
    assert sweep.charge.status & Status.SATURATED
    assert not sweep.load.status & Status.SATURATED
    assert round(sweep.charge.shunt_v, 6) == -0.32


def a_chip_that_does_not_acknowledge_costs_only_its_own_channel(see: See) -> None:
    rig = opened()
    try:
        for number, word in ((121, "EREMOTEIO"), (6, "ENXIO"), (5, "EIO")):
            outside.feel_at("nack", CHARGE, number)
            sweep = rig.read_sweep()
            see(f"{word}: {told(sweep)}")
            see(f"    {rig.errors()[Channel.CHARGE]}")
            assert sweep.charge.status == Status.FAILED
            assert sweep.charge.bus_v != sweep.charge.bus_v, "a failed reading is NaN"
            assert [sweep[chip].status for chip in (BATTERY, LOAD, SPARE)] == [Status.GOOD] * 3
            assert list(rig.errors()) == [Channel.CHARGE]
            outside.feel_at("nack", CHARGE, 0)
            rig.read_sweep()
            after = rig.read_sweep()
            assert after.charge.status == Status.GOOD, told(after)
        see(f"answers again: {told(after)}")
    finally:
        rig.close()


def two_lost_transfers_in_a_row_are_repeated_and_not_seen(see: See) -> None:
    rig = opened()
    try:
        before = outside.transfers()[LOAD]
        outside.feel_at("nack_next", LOAD, 2)
        sweep = rig.read_sweep()
        see(f"{outside.transfers()[LOAD] - before} transfers to the load chip; {told(sweep)}")
        assert sweep.load.status == Status.GOOD
    finally:
        rig.close()


def a_chip_that_holds_the_clock_costs_the_set_timeout_not_the_kernels_second(see: See) -> None:
    rig = opened(SETTINGS._replace(i2c_timeout_ms=50, verify_s=0.001))
    try:
        outside.feel_at("stall_ms", LOAD, 5000)
        spent = []
        for _ in range(2):
            began_s = time.monotonic()
            sweep = rig.read_sweep()
            spent.append(time.monotonic() - began_s)
            assert sweep.load.status == Status.FAILED
            assert [sweep[chip].status & Status.FAILED for chip in (BATTERY, CHARGE, SPARE)] == [0, 0, 0]
        see(f"first sweep {spent[0]:.3f} s (five tries of 50 ms), then {spent[1]:.3f} s; {told(sweep)}")
        see(f"    {rig.errors()[Channel.LOAD]}")
        assert 0.2 <= spent[0] <= 0.8
        assert spent[1] <= 0.4
        outside.feel_at("stall_ms", LOAD, 0)
        rig.read_sweep()
        sweep = rig.read_sweep()
        see(f"let go: {told(sweep)}")
        assert sweep.load.status == Status.GOOD
    finally:
        rig.close()


def a_chip_that_lost_its_supply_is_noticed_set_up_again_and_flagged(see: See) -> None:
    rig = opened(SETTINGS._replace(verify_s=0.001))
    try:
        assert rig.read_sweep().charge.status == Status.GOOD
        ours = registers(0x41)
        outside.cut_power(CHARGE)
        reset = registers(0x41)
        sweep = rig.read_sweep()
        again = registers(0x41)
        see(f"config, calibration: {ours} -> cut {reset} -> {again}; {told(sweep)}")
        assert reset == ("0x399f", "0x0000")
        assert again == ours == (hex(configuration_word(Averaging.TIMES_32)), "0x1000")
        assert sweep.charge.status & Status.RESET
        rig.read_sweep()
        after = rig.read_sweep()
        assert after.charge.status == Status.GOOD, told(after)
    finally:
        rig.close()


def registers(address: int) -> tuple[str, str]:
    """Read configuration and calibration past the driver, with a second handle on the bus."""
    found = []
    with SMBus(1) as bus:
        for register in (0, 5):
            into = i2c_msg.read(address, 2)
            bus.i2c_rdwr(i2c_msg.write(address, [register]), into)
            found.append(f"0x{int.from_bytes(bytes(into), 'big'):04x}")
    return found[0], found[1]


def reading_faster_than_the_chip_converts_is_called_stale(see: See) -> None:
    bus = I2cBus()
    meter = Ina219(bus, 0x42)
    meter.read()
    time.sleep(meter.conversion_s)
    first, second = meter.read(), meter.read()
    time.sleep(meter.conversion_s)
    third = meter.read()
    bus.close()
    see(f"flags after {meter.conversion_s * 1000:.1f} ms: {first.flags}, at once: {second.flags}, later: {third.flags}")
    assert (first.flags, second.flags, third.flags) == (0, 2, 0)


def a_bus_that_does_not_exist_is_a_clear_error(see: See) -> None:
    said = refusal(BusError, I2cBus("/dev/i2c-7").open)
    see(said)
    assert "/dev/i2c-7 does not exist (found: /dev/i2c-1)" in said
    assert "raspi-config" in said


def a_thermometer_behind_a_kernel_driver_is_read(see: See) -> None:
    subprocess.run(["modprobe", "lm75"], check=True)
    bound = Path("/sys/bus/i2c/devices/i2c-1")
    (bound / "new_device").write_text("lm75 0x48")
    (outside.CHIPS / "lm75_mc").write_text("-8500")
    try:
        see(", ".join(map(str, list_thermometers())))
        thermometer = SysfsThermometer("lm75", "0x48", stale_s=30)
        try:
            assert thermometer.wait_for_first(5)
            see(f"{thermometer.read()} degC")
            assert thermometer.read() == -8.5
        finally:
            thermometer.close()
    finally:
        (bound / "delete_device").write_text("0x48")


CASES = (
    all_four_channels_read_the_right_values_with_the_right_signs,
    ends_of_the_ranges_are_read_and_marked,
    reading_faster_than_the_chip_converts_is_called_stale,
    a_chip_that_does_not_acknowledge_costs_only_its_own_channel,
    two_lost_transfers_in_a_row_are_repeated_and_not_seen,
    a_chip_that_holds_the_clock_costs_the_set_timeout_not_the_kernels_second,
    a_chip_that_lost_its_supply_is_noticed_set_up_again_and_flagged,
    a_bus_that_does_not_exist_is_a_clear_error,
    a_thermometer_behind_a_kernel_driver_is_read,
)
