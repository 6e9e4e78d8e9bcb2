"""The one table of alarms, by name. To add one, see "add an alarm" in CONTRIBUTING.md."""

from collections.abc import Mapping
from types import MappingProxyType

from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.row import AlarmRow
from vigie.control.alarms.rows import battery, charge, computer, sensors, supply

_ROWS = (*battery.ROWS, *charge.ROWS, *supply.ROWS, *sensors.ROWS, *computer.ROWS)

ALARM_ROWS: Mapping[Alarm, AlarmRow] = MappingProxyType({row.alarm: row for row in sorted(_ROWS)})
"""Every alarm's row, in the order of the alarms."""

TABLE = tuple(row for row in ALARM_ROWS.values() if not row.is_of_web)
"""What the controller raises, in the order of the alarms."""

WEB_TABLE = tuple(row for row in ALARM_ROWS.values() if row.is_of_web)
"""What the web process raises."""


def row_named(name: str) -> AlarmRow | None:
    """Return the row of an alarm by its lower-case name, None for a name this version does not know.

    >>> row_named("battery_warm").unit, row_named("from_the_future")
    ('degC', None)
    """
    return ALARM_ROWS[Alarm[name.upper()]] if name.upper() in Alarm.__members__ else None


def detail(row: AlarmRow, value: float) -> tuple[str, ...]:
    """Return what a value's bits, or its kind, stand for, as lower-case names.

    >>> detail(ALARM_ROWS[Alarm.SENSOR_LOST], 18.0)
    ('charge', 'thermometer')
    >>> detail(ALARM_ROWS[Alarm.R2_DISOBEYED], 2.0)
    ('welded',)
    """
    if value != value or value <= 0.0:  # noqa: PLR0124 - NaN
        return ()
    if row.kinds is not None:
        return (row.kinds(int(value)).name.lower(),)
    return tuple(bit.name.lower() for bit in row.bits or () if int(value) >> bit & 1)
