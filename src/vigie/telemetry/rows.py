"""A row of the journal's raw table, turned back into the record of its period."""

import math

from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Temperature
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.schema import (
    AMBIENT,
    BUS,
    BUS_SPREAD,
    CHANNELS,
    COUNT_COLUMNS,
    CURRENT,
    CURRENT_SPREAD,
    KEYS_PER_MS,
    PER_CHANNEL,
    POWER,
    SHUNT,
    TEMPERATURE,
    period_columns,
)

Row = tuple[int | None, ...]
"""A row in the order of ``schema.period_columns``."""

_MODES, _PHASES, _MAINS = tuple(Mode), tuple(Phase), tuple(Mains)
_CONTACTS = tuple(
    Contacts(*(Contact(bits >> number & 1) for number in range(len(Contacts._fields)))) for bits in range(16)
)
_FIRST_CHANNEL = period_columns().index(f"{CHANNELS[0]}_{PER_CHANNEL[0].column}")
_WIDTH = len(PER_CHANNEL) + len(COUNT_COLUMNS)
_NOTHING = (None,) * len(PER_CHANNEL)


def utc_ms_of(row: Row) -> int:
    """Return the instant a row's period ended at."""
    return (row[0] or 0) // KEYS_PER_MS


def record_of(row: Row) -> PeriodRecord:
    """Return what was recorded, in SI units; its monotonic time is the calendar's.

    >>> row = [0] * len(period_columns())
    >>> row[_FIRST_CHANNEL], row[period_columns().index("temperature_mc")] = 129_000, None
    >>> image = record_of(tuple(row)).measurement
    >>> image.battery.bus_v, image.temperature.celsius
    (12.9, nan)
    """
    _, is_valid, is_overrun, mode, phase, mains, contacts, commanded, temperature, temperature_status, *_ = row
    battery, charge, load, spare = (_channel(row, _FIRST_CHANNEL + number * _WIDTH) for number in range(len(CHANNELS)))
    utc_ms = utc_ms_of(row)
    measurement = Measurement(
        utc_ms / 1000.0,
        battery,
        charge,
        load,
        spare,
        Temperature(_si(temperature, TEMPERATURE.per_unit), temperature_status or 0),
        Temperature(_si(row[-2], AMBIENT.per_unit), row[-1] or 0),
        _CONTACTS[contacts or 0],
        bool(is_valid),
    )
    return PeriodRecord(
        utc_ms,
        measurement,
        _MODES[mode or 0],
        _PHASES[phase or 0],
        _MAINS[mains or 0],
        _CONTACTS[commanded or 0],
        bool(is_overrun),
    )


def _channel(row: Row, at: int) -> ChannelMean:
    values = row[at : at + _WIDTH]
    bus, bus_spread, shunt, current, current_spread, power, good, rejected, status = values
    return ChannelMean(
        bus_v=_si(bus, BUS.per_unit),
        bus_spread_v=_si(bus_spread, BUS_SPREAD.per_unit),
        shunt_v=_si(shunt, SHUNT.per_unit),
        current_a=_si(current, CURRENT.per_unit),
        current_spread_a=_si(current_spread, CURRENT_SPREAD.per_unit),
        power_w=_si(power, POWER.per_unit),
        good=good or 0,
        rejected=rejected or 0,
        status=status or 0,
        is_valid=values[: len(PER_CHANNEL)] != _NOTHING,
    )


def _si(stored: int | None, per_unit: int) -> float:
    return math.nan if stored is None else stored / per_unit
