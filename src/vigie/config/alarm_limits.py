"""What contradicts itself among the limits of the alarms."""

import difflib
from collections.abc import Iterator

from vigie.config.sections import SettingsFault
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.alarms.table import ALARM_ROWS
from vigie.control.interlocks import InterlockSettings
from vigie.wording.dialogue import spoken


def alarm_faults(alarms: AlarmSettings, interlocks: InterlockSettings) -> Iterator[SettingsFault]:
    """Yield the limits that are not under another one, and the names that are no alarm's."""
    hysteresis_v = ALARM_ROWS[Alarm.BATTERY_OVER_VOLTAGE].hysteresis
    held, over = "alarms.charger_v - alarms.charger_tolerance_v", f"alarms.battery_over_v - {hysteresis_v:g} V"
    pairs = (
        ("battery_warm_c", "interlocks.temperature_limit_c", interlocks.temperature_limit_c),
        ("battery_under_v", "interlocks.floor_v", interlocks.floor_v),
        ("charger_dead_v", held, alarms.charger_v - alarms.charger_tolerance_v),
        ("charger_v", over, alarms.battery_over_v - hysteresis_v),
    )
    for key, upper, limit in pairs:
        value = getattr(alarms, key)
        if value >= limit:
            told = spoken("{value:g} must be under {upper} = {limit:g}", value=value, upper=upper, limit=limit)
            yield SettingsFault(f"alarms.{key}", told)
    names = [alarm.name.lower() for alarm in Alarm]
    for name in alarms.off:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
            advice = (
                spoken("; did you mean {name}?", name=close[0])
                if close
                else spoken("; known: {names}", names=", ".join(names))
            )
            yield SettingsFault("alarms.off", spoken("there is no alarm {name!r}", name=name) + advice)
