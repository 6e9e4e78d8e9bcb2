"""The rows of another program's log as periods, as the journal keeps them."""

import math
from collections.abc import Iterator

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import NO_SENSOR, ChannelMean, Contact, Contacts, Measurement, Status, Temperature
from vigie.logfile.log import Log
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.schema import CHANNELS

_UNSEEN = ChannelMean(
    math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 0, 0, int(Status.ABSENT), is_valid=False
)
_CONTACTS = Contacts(Contact.CLOSED, Contact.CLOSED, Contact.OPEN, Contact.OPEN)
"""No log tells them; the columns of an imported log do not show them."""


def periods(log: Log, *, is_discharge_positive: bool = False) -> Iterator[PeriodRecord]:
    """Yield a log's rows; currents and powers of battery and charging path turned where positive is a discharge."""
    for row in log.rows():
        values = row.values
        if is_discharge_positive:
            values = {name: -value if _has_battery_sign(name) else value for name, value in values.items()}
        yield _period(row.utc_s, values)


def _has_battery_sign(quantity: str) -> bool:
    return quantity.startswith(("battery_", "charge_")) and quantity.endswith(("_current_a", "_power_w"))


def _period(utc_s: float, values: dict[str, float]) -> PeriodRecord:
    battery, charge, load, spare = (_channel(name, values) for name in CHANNELS)
    measurement = Measurement(
        utc_s,
        battery,
        charge,
        load,
        spare,
        _temperature(values.get("temperature_c")),
        _temperature(values.get("ambient_c")),
        _CONTACTS,
        True,
    )
    return PeriodRecord(round(utc_s * 1000), measurement, Mode.OBSERVE, Phase.STEADY, Mains.UNKNOWN, _CONTACTS, False)


def _channel(name: str, values: dict[str, float]) -> ChannelMean:
    bus_v, current_a, power_w = (values.get(f"{name}_{of}", math.nan) for of in ("bus_v", "current_a", "power_w"))
    if math.isnan(bus_v) and math.isnan(current_a) and math.isnan(power_w):
        return _UNSEEN
    return ChannelMean(bus_v, math.nan, math.nan, current_a, math.nan, power_w, 1, 0, int(Status.GOOD), True)


def _temperature(celsius: float | None) -> Temperature:
    return NO_SENSOR if celsius is None else Temperature(celsius, int(Status.GOOD))
