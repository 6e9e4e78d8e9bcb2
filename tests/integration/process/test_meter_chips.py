"""The whole program on emulated boards that carry another meter chip than the usual one."""

from collections.abc import Callable

import pytest

from tests.waiting import wait_for
from vigie.telemetry.records import EventKind

from .installations import RIG, Site

INA226 = (
    RIG.replace("[rig]", '[rig]\nmeter = "ina226"').replace('kind = "none"', 'kind = "listed"\nlisted = [[12.0, 30.0]]')
    + """
[twin.installation]
shunt_ohm = 0.02

[channels.charge]
shunt_ohm = 0.02

[channels.load]
shunt_ohm = 0.02

[start]
mode = "protect"

[protect]
open_above_v = 12.1
close_below_v = 11.9

[minimum_times]
closed_s = 0
passed_s = 0
"""
)
"""R2 rests open as soon as it may, and the mains fails after twelve seconds."""
THROUGH_10_KOHM = "gain = 1.01205\noffset_v = 0.2\nshunt_ohm = 0.02"
"""What V1's resistor takes off an INA226's reading."""


def test_a_rig_with_ina226_measures_rests_the_battery_and_closes_r2_when_the_mains_fails(
    site: Callable[..., Site],
) -> None:
    rig = site(INA226, soc=0.9)
    rig.config.write_text(rig.config.read_text().replace("gain = 1.03125\noffset_v = 0.4", THROUGH_10_KOHM))
    rig.started()
    wait_for(lambda: rig.relay("R2")["contact"] == "open", what="the battery rests", log=lambda: rig.log)
    wait_for(lambda: len(rig.events(EventKind.SWITCHING)) == 2, what="R2 closes", log=lambda: rig.log)
    opened, closed = sorted(rig.events(EventKind.SWITCHING), key=lambda event: event.utc_ms)
    assert (opened.after, opened.reason) == ("open", "upper_voltage_reached")
    assert closed.after == "closed"
    wait_for(
        lambda: any(float(row["charge_current_a"] or 0.0) < -0.1 for row in rig.periods()[-3:]),
        what="the battery feeds the loads",
    )
    last = {name: float(value) for name, value in rig.periods()[-1].items() if name.endswith(("_v", "_a")) and value}
    assert last["load_current_a"] == pytest.approx(0.5, abs=0.02), "0.5 A over 20 mOhm are 10 mV"
    assert last["charge_current_a"] == pytest.approx(-0.5, abs=0.02)
    assert last["battery_bus_v"] == pytest.approx(last["charge_bus_v"], abs=0.05)
    assert not any(alarm["alarm"].startswith("sensor") for alarm in rig.snapshot()["alarms"])
