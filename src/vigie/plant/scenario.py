"""Simulated sites ready to run, by name."""

from typing import NamedTuple

from vigie.plant.outages import OutageKind, OutageSettings
from vigie.plant.site import (
    AmbientSettings,
    BatterySettings,
    ChargerSettings,
    InstallationSettings,
    LoadSettings,
)
from vigie.plant.twin import TwinSettings


class Scenario(NamedTuple):
    """A site and what one will see there."""

    description: str
    settings: TwinSettings


DEMO = Scenario(
    "A 7 Ah battery, two thirds charged, with 0.5 A of loads; the mains goes for five minutes about every "
    "forty. Protect opens R2 within ten simulated minutes and then moves it every minute or two: 12.9 V while "
    "charging is not a full battery. Cycle discharges for two to fifteen minutes, charges for some ten, and "
    "rests until an outage needs the battery, or for two hours until it is under 12.4 V.",
    TwinSettings(
        installation=InstallationSettings(
            battery=BatterySettings(model="agm", c20_ah=7.0, start_soc=0.66),
            charger=ChargerSettings(limit_a=1.4),
            load=LoadSettings(current_a=0.5),
            ambient=AmbientSettings(mean_c=24.0, swing_c=4.0),
            outages=OutageSettings(
                kind=OutageKind.EVERY, every_s=2400.0, lasting_s=300.0, jitter_s=240.0, first_s=900.0
            ),
        ),
    ),
)

STANDBY = Scenario(
    "A full 7 Ah battery on float, constant loads, an outage of some twenty minutes every ten days or so.",
    TwinSettings(
        installation=InstallationSettings(
            outages=OutageSettings(kind=OutageKind.RANDOM, every_s=864_000.0, lasting_s=1200.0),
        ),
    ),
)

HOT_ROOM = Scenario(
    "The same in a room of 35 degC that swings by 8 K: what shortens lives.",
    TwinSettings(
        installation=InstallationSettings(
            ambient=AmbientSettings(mean_c=35.0, swing_c=8.0),
            outages=OutageSettings(kind=OutageKind.RANDOM, every_s=864_000.0, lasting_s=1200.0),
        ),
    ),
)

SCENARIOS = {"demo": DEMO, "standby": STANDBY, "hot_room": HOT_ROOM}
