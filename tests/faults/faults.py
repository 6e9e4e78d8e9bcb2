"""Every fault of the matrix, by name: how it is made, for how long, and where it makes sense.

What is promised about each stands in ``promises.py``.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from vigie.control.signals import Channel, Relay, Wiring
from vigie.plant.faults import Fault, FaultKind

from .disks import Disk, ErringDisk, NoDisk, SmallDisk
from .site import Truth
from .situations import (
    BY_HAND,
    CHARGING,
    CYCLE_CHARGING,
    CYCLE_DISCHARGING,
    CYCLE_RESTING,
    EVERYWHERE,
    FLOATING,
    MAINTAIN_RESTING,
    MANUAL_R1_OPEN,
    MANUAL_R2_OPEN,
    PROTECT_CHARGING,
    PROTECT_RESTING,
    Order,
    Situation,
)

HOUR_S = 3600.0
K = FaultKind
OBSERVE: tuple[Order, ...] = ({"action": "set_mode", "mode": "observe"},)
OPEN_R1: tuple[Order, ...] = (BY_HAND, {"action": "set_contact", "relay": "R1", "contact": "open"})
OPEN_R2: tuple[Order, ...] = (BY_HAND, {"action": "set_contact", "relay": "R2", "contact": "open"})
OPEN_BOTH: tuple[Order, ...] = (*OPEN_R1, {"action": "set_contact", "relay": "R2", "contact": "open"})
TAKE_NOTE: tuple[Order, ...] = ({"action": "acknowledge"},)


class Trouble(NamedTuple):
    """One fault of the matrix."""

    name: str
    family: str
    title: str
    faults: tuple[Fault, ...] = ()
    """Of the plant, begun right after a period's sweeps."""
    lasts_s: float = 60.0
    after_s: float = 150.0
    """Watched for so long once it is over."""
    where: tuple[Situation, ...] = EVERYWHERE
    asked: Mapping[str, tuple[Order, ...]] = {}
    """What somebody asks of the contacts ``ASKED_AFTER_S`` later, by kind of situation: some faults show only then."""
    at_the_end: tuple[Order, ...] = ()
    """Asked once the fault is over."""
    clock_step_s: float = 0.0
    """The calendar is set by this much."""
    down_s: float = 0.0
    """The controller is away for so long."""
    is_clean: bool = True
    """It was stopped, and not killed."""
    disk: Callable[[], Disk] = NoDisk
    settings: Mapping[str, Any] = {}
    period_s: float = 1.0
    counts_from: Callable[[Truth], bool] | None = None
    """What is promised counts from when this is first true; from the beginning by default."""
    wirings: tuple[Wiring, ...] = (Wiring.LINE, Wiring.CHARGE_ONLY)
    then: tuple[Fault, ...] = ()
    """Begun ``THEN_AFTER_S`` later; what is promised counts from there."""


ASKED_AFTER_S = 10.0
THEN_AFTER_S = 60.0

BOTH_CLOSED = (CHARGING, FLOATING, PROTECT_CHARGING, CYCLE_CHARGING)
R2_OPEN = (PROTECT_RESTING, CYCLE_RESTING, MAINTAIN_RESTING, MANUAL_R2_OPEN)
R1_OPEN = (CYCLE_DISCHARGING, MANUAL_R1_OPEN)
NOT_FULL = tuple(situation for situation in EVERYWHERE if situation != FLOATING)
CLOSE_R1_OPEN = {"R1 open": OBSERVE}
CLOSE_WHAT_IS_OPEN = {"R1 open": OBSERVE, "R2 open": OBSERVE}
SLOWLY = {"loop": {"period_s": 60.0}, "plant": {"speed": 60.0}}
A_PERIOD_OF_10_S = {"loop": {"period_s": 10.0}, "plant": {"speed": 10.0}}


def _lost(channel: Channel) -> tuple[Fault, ...]:
    return (Fault(K.LOST_CHANNEL, channel=channel),)


def _reads(volts: float) -> tuple[Fault, ...]:
    """Let V1 read ``volts``, its sense resistor and gain considered."""
    return (Fault(K.IMPLAUSIBLE, channel=Channel.BATTERY, value=(volts - 0.4) / 1.03125),)


def _off(volts: float) -> tuple[Fault, ...]:
    """Let V1 read ``volts`` more than it is."""
    return (Fault(K.OFFSET, channel=Channel.BATTERY, value=volts / 1.03125),)


SENSORS = (
    Trouble("battery_chip_lost", "sensors", "V1's chip does not answer", _lost(Channel.BATTERY)),
    Trouble("charge_chip_lost", "sensors", "V2's chip does not answer", _lost(Channel.CHARGE)),
    Trouble("load_chip_lost", "sensors", "V3's chip does not answer", _lost(Channel.LOAD)),
    Trouble("thermometer_lost", "sensors", "The battery's thermometer does not answer", (Fault(K.LOST_TEMPERATURE),)),
    Trouble("air_thermometer_lost", "sensors", "The air's thermometer does not answer", (Fault(K.LOST_AMBIENT),)),
    Trouble("chip_reset", "sensors", "V2's chip resets itself", (Fault(K.CHIP_RESET, channel=Channel.CHARGE),),
            after_s=700.0),
    Trouble("battery_reads_nonsense", "sensors", "V1 reads 3 V", _reads(3.0)),
    Trouble("battery_reads_low", "sensors", "V1 reads 10.9 V (a corroded terminal)", _reads(10.9)),
    Trouble("battery_reads_high", "sensors", "V1 reads 14.9 V", _reads(14.9), lasts_s=120.0),
    Trouble("battery_noisy", "sensors", "0.3 V of noise on V1",
            (Fault(K.NOISY, channel=Channel.BATTERY, value=0.3),), lasts_s=300.0),
    Trouble("battery_chip_frozen", "sensors", "V1 repeats its value", (Fault(K.FROZEN, channel=Channel.BATTERY),),
            lasts_s=6.5 * HOUR_S, after_s=900.0, settings=SLOWLY, period_s=60.0),
    Trouble("load_chip_frozen", "sensors", "V3 repeats its value", (Fault(K.FROZEN, channel=Channel.LOAD),),
            lasts_s=6.5 * HOUR_S, after_s=900.0, settings=SLOWLY, period_s=60.0, where=BOTH_CLOSED + R2_OPEN),
    Trouble("supply_repeated", "sensors", "V3 repeats the supply's voltage, and the mains fails a minute later",
            (Fault(K.FROZEN, channel=Channel.LOAD),), lasts_s=300.0, where=R2_OPEN, then=(Fault(K.MAINS_OUT),)),
    Trouble("charge_repeated", "sensors", "V2 repeats a charge, and the mains fails a minute later",
            (Fault(K.FROZEN, channel=Channel.CHARGE),), lasts_s=300.0, then=(Fault(K.MAINS_OUT),),
            where=(CHARGING, PROTECT_CHARGING, CYCLE_CHARGING)),
    Trouble("battery_half_a_volt_high", "sensors", "V1 reads 0.5 V high", _off(0.5), lasts_s=300.0,
            where=(CHARGING, PROTECT_CHARGING, PROTECT_RESTING, CYCLE_DISCHARGING)),
    Trouble("battery_little_low", "sensors", "V1 reads 0.4 V low", _off(-0.4), lasts_s=300.0,
            where=(CHARGING, PROTECT_CHARGING, PROTECT_RESTING, CYCLE_DISCHARGING)),
    Trouble("thermometer_stuck_in_heat", "sensors", "The battery's thermometer stands still in air of 65 degC",
            (Fault(K.FROZEN_TEMPERATURE), Fault(K.AMBIENT, value=65.0)), lasts_s=2400.0, after_s=6 * HOUR_S,
            settings=SLOWLY, period_s=60.0, where=(CHARGING, PROTECT_RESTING, CYCLE_DISCHARGING)),
    Trouble("thermometer_frozen", "sensors", "The battery's thermometer repeats its value",
            (Fault(K.FROZEN_TEMPERATURE),), lasts_s=24 * HOUR_S, after_s=900.0, settings=SLOWLY, period_s=60.0,
            where=(CHARGING,)),
)  # fmt: skip

BUS = (
    Trouble("bus_lost", "bus", "The meter's bus is gone", (Fault(K.BUS_LOST),)),
    Trouble("bus_stuck", "bus", "A transfer on the meter's bus hangs", (Fault(K.STALLED_BUS, value=1.0),)),
)

RELAYS = (
    Trouble("lines_unreadable", "relays", "The relays' lines cannot be read back", (Fault(K.RELAYS_UNREADABLE),)),
    Trouble("r1_line_dead", "relays", "R1's line takes no level", (Fault(K.DEAD_LINE, relay=Relay.R1),),
            asked={"closed": OPEN_R1, "R1 open": OBSERVE}, where=(FLOATING, *R1_OPEN)),
    Trouble("r2_line_dead", "relays", "R2's line takes no level", (Fault(K.DEAD_LINE, relay=Relay.R2),),
            asked={"closed": OPEN_R2, "R2 open": OBSERVE}, where=BOTH_CLOSED + R2_OPEN),
    Trouble("r1_welded", "relays", "R1's contact is welded", (Fault(K.WELDED, relay=Relay.R1),),
            asked={"closed": OPEN_R1}, where=(FLOATING, *R1_OPEN)),
    Trouble("r2_welded", "relays", "R2's contact is welded", (Fault(K.WELDED, relay=Relay.R2),),
            asked={"closed": OPEN_R2}, where=(CHARGING, PROTECT_CHARGING, CYCLE_CHARGING, *R2_OPEN), lasts_s=90.0),
    Trouble("r1_contact_dead", "relays", "R1's contact does not conduct", (Fault(K.DEAD_CONTACT, relay=Relay.R1),),
            asked=CLOSE_R1_OPEN, lasts_s=120.0),
    Trouble("r2_contact_dead", "relays", "R2's contact does not conduct", (Fault(K.DEAD_CONTACT, relay=Relay.R2),),
            asked={"R2 open": OBSERVE}, lasts_s=800.0, where=NOT_FULL),
    Trouble("r2_welded_hot", "relays", "R2's contact is welded, and the battery passes 50 degC",
            (Fault(K.WELDED, relay=Relay.R2), Fault(K.AMBIENT, value=75.0)), lasts_s=5 * HOUR_S, after_s=20 * HOUR_S,
            settings=A_PERIOD_OF_10_S, period_s=10.0, at_the_end=TAKE_NOTE, where=(CHARGING,),
            counts_from=lambda truth: truth.temperature_c > 50.0),
    Trouble("backup_through_r2", "relays", "wiring.battery_contact says charge_only, and R2 carries the backup",
            settings={"installation": {"wiring": "line"}}, asked={"closed": OPEN_BOTH}, lasts_s=90.0,
            at_the_end=OBSERVE, where=(FLOATING,), wirings=(Wiring.CHARGE_ONLY,)),
)  # fmt: skip

MAINS = (
    Trouble("mains_out", "mains", "The mains is lost for five minutes", (Fault(K.MAINS_OUT),), lasts_s=300.0,
            asked=CLOSE_R1_OPEN),
    Trouble("mains_flicker_fast", "mains", "The mains flickers, 0.4 s away and 0.4 s there",
            (Fault(K.MAINS_FLICKER, value=0.4),), lasts_s=120.0),
    Trouble("mains_flicker", "mains", "The mains flickers, 3 s away and 3 s there",
            (Fault(K.MAINS_FLICKER, value=3.0),), lasts_s=300.0),
    Trouble("mains_flicker_slow", "mains", "The mains is 20 s away and 20 s there, by turns",
            (Fault(K.MAINS_FLICKER, value=20.0),), lasts_s=400.0, after_s=800.0),
    Trouble("mains_out_with_diode", "mains", "The mains is lost; a bypass diode stands across R2",
            (Fault(K.MAINS_OUT),), lasts_s=300.0, where=R2_OPEN, wirings=(Wiring.LINE,),
            settings={"installation": {"bypass_diode": True}, "wiring": {"bypass_diode": True}}),
    Trouble("diode_missing", "mains", "The mains is lost; wiring.bypass_diode says so, but there is no diode across R2",
            (Fault(K.MAINS_OUT),), lasts_s=300.0, where=R2_OPEN, wirings=(Wiring.LINE,),
            settings={"wiring": {"bypass_diode": True}}),
    Trouble("mains_away", "mains", "The mains stays away until the battery is empty", (Fault(K.MAINS_OUT),),
            lasts_s=30 * HOUR_S, after_s=2 * HOUR_S, settings=SLOWLY, period_s=60.0,
            where=(FLOATING, PROTECT_RESTING), asked={},
            counts_from=lambda truth: truth.battery_v < 11.4),
    Trouble("mains_out_on_the_loads", "mains", "The mains is lost; the computer lives on the loads, R2 wired NC",
            (Fault(K.MAINS_OUT),), lasts_s=300.0, asked=CLOSE_R1_OPEN,
            settings={"installation": {"controller_supply": "loads", "r1_contact": "nc", "r2_contact": "nc"},
                      "wiring": {"controller_supply": "loads"}}),
)  # fmt: skip

CHARGER = (
    Trouble("charger_dead", "charger", "The charger gives nothing", (Fault(K.CHARGER_DEAD),), lasts_s=800.0,
            where=NOT_FULL, asked=CLOSE_WHAT_IS_OPEN),
    Trouble("charger_set_high", "charger", "The charger holds 15 V", (Fault(K.CHARGER_SET_POINT, value=15.0),),
            lasts_s=2 * HOUR_S, after_s=2 * HOUR_S, where=(FLOATING,), settings=A_PERIOD_OF_10_S, period_s=10.0,
            counts_from=lambda truth: truth.battery_v > 14.72),
    Trouble("charger_set_low", "charger", "The charger holds 13.1 V", (Fault(K.CHARGER_SET_POINT, value=13.1),),
            lasts_s=26 * HOUR_S, after_s=2 * HOUR_S, where=(FLOATING,), settings=SLOWLY, period_s=60.0),
    Trouble("charger_in_the_cold", "charger", "No fault: -5 degC, and a charger that follows it and holds 14.25 V",
            lasts_s=26 * HOUR_S, after_s=2 * HOUR_S, where=(CHARGING, FLOATING), period_s=60.0,
            settings={**SLOWLY, "installation": {"charger": {"set_v": 14.25}, "ambient": {"mean_c": -5.0}}}),
)  # fmt: skip

BATTERY = (
    Trouble("cell_shorted", "battery", "A cell of the battery is shorted", (Fault(K.CELL_SHORTED),),
            lasts_s=48 * HOUR_S, after_s=12 * HOUR_S, settings=SLOWLY, period_s=60.0, at_the_end=TAKE_NOTE,
            where=(CHARGING, FLOATING, PROTECT_RESTING, CYCLE_DISCHARGING)),
    Trouble("battery_open", "battery", "The battery is broken through inside", (Fault(K.BATTERY_OPEN),),
            lasts_s=1500.0),
)  # fmt: skip

HEAT = (
    Trouble("over_temperature", "heat", "The battery passes 50 degC", (Fault(K.AMBIENT, value=75.0),),
            lasts_s=5 * HOUR_S, after_s=20 * HOUR_S, settings=A_PERIOD_OF_10_S, period_s=10.0, at_the_end=TAKE_NOTE,
            where=(CHARGING, PROTECT_RESTING, CYCLE_DISCHARGING),
            counts_from=lambda truth: truth.temperature_c > 50.0),
    Trouble("warm", "heat", "The battery passes 40 degC and stays under 50", (Fault(K.AMBIENT, value=45.0),),
            lasts_s=12 * HOUR_S, after_s=10 * HOUR_S, settings=SLOWLY, period_s=60.0, where=(FLOATING, PROTECT_RESTING),
            counts_from=lambda truth: truth.temperature_c >= 40.0),
)  # fmt: skip

LOADS = (
    Trouble("loads_over", "loads", "The loads draw 5 A, the meter ends at 3.2 A", (Fault(K.LOADS_OVER, value=5.0),)),
)

COMPUTER = (
    Trouble("clock_forward", "computer", "The calendar jumps an hour forward", clock_step_s=HOUR_S, lasts_s=30.0,
            after_s=30.0),
    Trouble("clock_back", "computer", "The calendar jumps an hour back", clock_step_s=-HOUR_S, lasts_s=30.0,
            after_s=30.0),
    Trouble("restarted", "computer", "The controller is stopped and started 5 s later", down_s=5.0, lasts_s=30.0),
    Trouble("killed", "computer", "The controller is killed and started 5 s later", down_s=5.0, is_clean=False,
            lasts_s=30.0),
    Trouble("disk_full", "computer", "The journal's disk is full", disk=SmallDisk, after_s=120.0),
    Trouble("disk_read_only", "computer", "The journal's disk turns read-only", disk=ErringDisk, after_s=120.0),
)  # fmt: skip

TROUBLES = {
    one.name: one for family in (SENSORS, BUS, RELAYS, MAINS, CHARGER, BATTERY, HEAT, LOADS, COMPUTER) for one in family
}
"""All faults that are tried in one process, by name."""
