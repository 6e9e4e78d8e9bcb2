"""Write examples/standby-day.csv: a day of a simulated standby battery as a plain logger would have seen it.

`python -m tools.sample_log`. Nothing controls the site; its contact R2 is moved by hand at fixed hours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from vigie.control.signals import Contact, Relay
from vigie.plant.installation import Installation
from vigie.plant.outages import OutageSettings, OutageSource
from vigie.plant.site import AmbientSettings, BatterySettings, ChargerSettings, InstallationSettings, LoadSettings
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

FILE = Path(__file__).parents[1] / "examples" / "standby-day.csv"
BEGAN = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
EVERY_S = 60.0
AT_REST_H = (8.0, 14.0)
"""The charger is taken off between these hours."""
SITE = InstallationSettings(
    battery=BatterySettings(c20_ah=7.0, start_soc=0.7),
    charger=ChargerSettings(limit_a=0.7),
    load=LoadSettings(current_a=0.6),
    ambient=AmbientSettings(mean_c=22.0, swing_c=4.0),
    outages=OutageSettings(kind=OutageSource.LISTED, listed=((15 * SECONDS_PER_HOUR, 2 * SECONDS_PER_HOUR),)),
)


def lines() -> Iterator[str]:
    """Yield the header and a row a minute. A positive current is a discharge, as the settings have it by default."""
    yield "time,voltage,current,temperature\n"
    site = Installation(SITE)
    for minute in range(int(SECONDS_PER_DAY / EVERY_S)):
        now_s = minute * EVERY_S
        is_off = AT_REST_H[0] <= now_s / SECONDS_PER_HOUR < AT_REST_H[1]
        site.set_contact(Relay.R2, Contact.OPEN if is_off else Contact.CLOSED)
        site.advance_to(now_s)
        time = datetime.fromtimestamp(BEGAN + now_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
        discharge_a = 0.0 - site.battery_current_a
        yield f"{time},{site.battery_v:.3f},{discharge_a:.3f},{site.temperature_c:.1f}\n"


if __name__ == "__main__":
    FILE.write_text("".join(lines()), encoding="utf-8")
