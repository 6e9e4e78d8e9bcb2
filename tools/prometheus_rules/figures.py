"""The figures of an hour and of a day that are recorded for long charts, and the PromQL they are made with."""

from collections.abc import Iterator
from typing import NamedTuple

BATTERY = "site, battery"
CHANNEL = f"{BATTERY}, channel, role"

BATTERY_V = 'vigie_channel_bus_volts{role="battery"}'
CHARGE_A = 'vigie_channel_current_amperes{role="charge"}'
LOAD_W = 'vigie_channel_power_watts{role="load"}'
ON_BATTERY = 'vigie_mains{mains=~"absent|cut"}'
R2 = 'vigie_contact_closed{relay="R2"}'
FLOAT_V = 13.2
"""A battery over this stands at the charger's voltage: defaults of alarms.charger_v less alarms.charger_tolerance_v."""


class Window(NamedTuple):
    """What a figure covers."""

    name: str
    minutes: str
    """The window as a subquery of whole minutes. A millisecond short, so that every version of Prometheus counts the
    same number of minutes: some take both ends of a window, some only the later one."""
    count: int


MINUTE = Window("1m", "", 1)
HOUR = Window("1h", "[59m59s999ms:1m]", 60)
DAY = Window("1d", "[23h59m59s999ms:1m]", 1440)


class Figure(NamedTuple):
    """One recorded series per combination of labels."""

    level: str
    quantity: str
    operation: str
    labels: str
    expression: str
    """PromQL; ``W`` and ``M`` stand for the window and its minutes, ``N`` for their number."""
    meaning: str
    windows: tuple[Window, ...] = (HOUR, DAY)

    def name(self, window: Window) -> str:
        """Return the series' name: level, quantity, operation over the window."""
        return f"{self.level}:{self.quantity}:{self.operation}{window.name}"

    def promql(self, window: Window) -> str:
        """Return the rule's expression."""
        filled = self.expression.replace("[W]", f"[{window.name}]").replace("[M]", window.minutes)
        return filled.replace("{N}", str(window.count))


def _extremes(level: str, series: str, labels: str, what: str) -> Iterator[Figure]:
    for operation, word in (("avg", "mean"), ("min", "lowest"), ("max", "highest")):
        windows = (MINUTE, HOUR, DAY) if operation == "avg" else (HOUR, DAY)
        expression = f"{operation} by ({labels}) ({operation}_over_time({series}[W]))"
        yield Figure(level, series, operation, labels, expression, f"{word} {what}", windows)


def _integral(series: str, labels: str = BATTERY) -> str:
    """Return the sum of the window's minute means: what was seen; a minute that nobody measured adds nothing."""
    return f"max by ({labels}) (sum_over_time({series}[M]))"


def _mean(series: str) -> str:
    return f"avg_over_time({series}[1m])"


def _seconds(label: str, series: str, what: str) -> Figure:
    labels = f"{BATTERY}, {label}"
    return Figure(label, series, "seconds", labels, f"{_integral(_mean(series), labels)} * 60", what)


FIGURES: tuple[Figure, ...] = (
    *_extremes("channel", "vigie_channel_bus_volts", CHANNEL, "voltage of a channel, V"),
    *_extremes("channel", "vigie_channel_current_amperes", CHANNEL, "current of a channel, A"),
    *_extremes("channel", "vigie_channel_power_watts", CHANNEL, "power of a channel, W"),
    *_extremes("battery", "vigie_temperature_celsius", BATTERY, "battery temperature, degC"),
    *_extremes("battery", "vigie_ambient_celsius", BATTERY, "temperature of the air around the battery, degC"),
    Figure("battery", "charged_ampere_hours", "sum", BATTERY,
           f"{_integral(f'clamp_min({_mean(CHARGE_A)}, 0)')} / 60",
           "charge that went into the battery through V2, Ah"),
    Figure("battery", "discharged_ampere_hours", "sum", BATTERY,
           f"{_integral(f'clamp_min(-{_mean(CHARGE_A)}, 0)')} / 60",
           "charge that came out of the battery through V2, Ah; with wiring `charge_only` V2 does not see it"),
    Figure("battery", "load_watt_hours", "sum", BATTERY, f"{_integral(_mean(LOAD_W))} / 60",
           "energy the loads took, Wh"),
    Figure("battery", "on_battery_seconds", "sum", BATTERY,
           f"sum by ({BATTERY}) ({_integral(_mean(ON_BATTERY), f'{BATTERY}, mains')}) * 60",
           "time without mains, in outages and drills, s"),
    Figure("battery", "vigie_mains_present", "avg", BATTERY,
           f"avg by ({BATTERY}) (avg_over_time(vigie_mains_present[W]))",
           "share of the time the mains was there, of the time that could be told"),
    _seconds("mains", "vigie_mains", "time in each state of the mains, s"),
    _seconds("mode", "vigie_mode", "time in each mode, s"),
    _seconds("phase", "vigie_phase", "time in each phase, s"),
    Figure("relay", "vigie_contact_closed", "changes", f"{BATTERY}, relay",
           f"max by ({BATTERY}, relay) (changes(vigie_contact_closed[W]))",
           "movements of a contact, as they were read back"),
    Figure("relay", "vigie_contact_closed", "avg", f"{BATTERY}, relay",
           f"avg by ({BATTERY}, relay) (avg_over_time(vigie_contact_closed[W]))",
           "share of the time a contact was closed"),
    Figure("battery", "float_seconds", "sum", BATTERY,
           f"{_integral(f'({_mean(BATTERY_V)} >= bool {FLOAT_V})')} * 60",
           f"time the battery stood at {FLOAT_V} V or more: at the charger's voltage, s"),
    Figure("battery", "discharge_volts", "min", BATTERY,
           f"min by ({BATTERY}) (min_over_time(({_mean(BATTERY_V)} and on ({BATTERY}) "
           f"sum by ({BATTERY}) ({_mean(ON_BATTERY)}) > 0.99)[M]))",
           "lowest minute of the battery's voltage while it carried the loads, V; none without a discharge"),
    Figure("battery", "float_amperes", "min", BATTERY,
           f"min by ({BATTERY}) (min_over_time((avg_over_time({CHARGE_A}[1h]) and on ({BATTERY}) "
           f"min by ({BATTERY}) (min_over_time({BATTERY_V}[1h])) >= {FLOAT_V})[23h59m59s999ms:15m]))",
           f"smallest hourly mean of the charge current in hours spent wholly at {FLOAT_V} V or more, A: the float "
           "current of a full battery; it rises as the battery ages", (DAY,)),
    Figure("battery", "rest_volts", "avg", BATTERY,
           f"avg by ({BATTERY}) (avg_over_time({BATTERY_V}[W])) and on ({BATTERY}) "
           f"max by ({BATTERY}) (max_over_time({R2}[2h])) == 0",
           "mean voltage in an hour after R2 has been open for an hour before it, V: how full the battery is (wiring "
           "`line`)", (HOUR,)),
    Figure("battery", "vigie_measurement_valid", "avg", BATTERY,
           f"avg by ({BATTERY}) (avg_over_time(vigie_measurement_valid[W]))",
           "share of the periods that gave a valid measurement"),
    Figure("battery", "measured", "ratio", BATTERY,
           f"max by ({BATTERY}) (count_over_time({_mean('vigie_measurement_valid')}[M])) / {{N}}",
           "share of the minutes from which there is any measurement; sums are too small by the rest"),
)  # fmt: skip
"""Every figure. All are made from measured series and none from another figure, so that promtool can make them again
for a past time in one go."""

INTERVALS = {MINUTE: "1m", HOUR: "5m", DAY: "5m"}
"""How often they are recorded; over five minutes Prometheus would not find one at every instant."""
