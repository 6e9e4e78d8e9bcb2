"""Simulated sites ready to run, by name."""

from typing import NamedTuple

from vigie.control.signals import Wiring
from vigie.plant.outages import OutageSettings, OutageSource
from vigie.plant.site import (
    AmbientSettings,
    BatterySettings,
    ChargerSettings,
    ControllerSupply,
    InstallationSettings,
    LoadSettings,
)
from vigie.plant.twin import TwinSettings
from vigie.units import SECONDS_PER_HOUR


class Scenario(NamedTuple):
    """A site and what one will see there."""

    description: str
    settings: TwinSettings


DEMO = Scenario(
    "A 7 Ah battery on a charger of C/20, 1 A of loads, R2 in the charging path alone; the mains goes for ten minutes "
    "about every hour, and the battery carries the loads. Protect charges for some twenty-five minutes after each "
    "outage, then rests until the next one. Cycle discharges for half an hour, charges for one to two hours, and rests "
    "until an outage needs the battery.",
    TwinSettings(
        installation=InstallationSettings(
            battery=BatterySettings(model="agm", c20_ah=7.0, start_soc=0.82),
            charger=ChargerSettings(limit_a=0.35),
            load=LoadSettings(current_a=1.0),
            ambient=AmbientSettings(mean_c=24.0, swing_c=4.0),
            outages=OutageSettings(
                kind=OutageSource.EVERY, every_s=3600.0, lasting_s=600.0, jitter_s=300.0, first_s=2700.0
            ),
            wiring=Wiring.CHARGE_ONLY,
        ),
    ),
)

CHATTER = Scenario(
    "The bad case: a 7 Ah battery, two thirds charged, on a charger of C/5, with R2 in the battery's line; the mains "
    "goes for five minutes about every forty. Such a charger reaches 12.9 V within minutes, and the voltage falls "
    "under 12.7 V as soon as it stops: protect opens R2 within ten simulated minutes and then moves it every minute or "
    "two. An outage that finds R2 open leaves the loads dark for the instant until R2 is closed. Cycle discharges for "
    "two to fifteen minutes, charges for some ten, and rests until an outage needs the battery.",
    TwinSettings(
        installation=InstallationSettings(
            battery=BatterySettings(model="agm", c20_ah=7.0, start_soc=0.66),
            charger=ChargerSettings(limit_a=1.4),
            load=LoadSettings(current_a=0.5),
            ambient=AmbientSettings(mean_c=24.0, swing_c=4.0),
            outages=OutageSettings(
                kind=OutageSource.EVERY, every_s=2400.0, lasting_s=300.0, jitter_s=240.0, first_s=900.0
            ),
        ),
    ),
)

STANDBY = Scenario(
    "A full 7 Ah battery on float, constant loads, an outage of some twenty minutes every ten days or so.",
    TwinSettings(
        installation=InstallationSettings(
            outages=OutageSettings(kind=OutageSource.RANDOM, every_s=864_000.0, lasting_s=1200.0),
        ),
    ),
)

HOT_ROOM = Scenario(
    "The same in a room of 35 degC that swings by 8 K: what shortens lives.",
    TwinSettings(
        installation=InstallationSettings(
            ambient=AmbientSettings(mean_c=35.0, swing_c=8.0),
            outages=OutageSettings(kind=OutageSource.RANDOM, every_s=864_000.0, lasting_s=1200.0),
        ),
    ),
)

HEAT_WAVE = Scenario(
    "A 1.2 Ah battery, nearly empty, charging while the air goes from 25 to 55 degC within two hours, stays there "
    "until the sixth, and cools slowly; the same again every 13 hours. The battery passes 40 degC after 2 h 43 min and "
    "50 degC after 5 h 13 min, where R2 opens; it has cooled to 45 degC, where the latch can be released, after "
    "8 h 41 min, and to 38 degC after 10 h 47 min. At speed 60 an hour is a minute.",
    TwinSettings(
        installation=InstallationSettings(
            battery=BatterySettings(model="agm", c20_ah=1.2, start_soc=0.2),
            charger=ChargerSettings(limit_a=0.24),
            load=LoadSettings(current_a=0.1),
            ambient=AmbientSettings(
                course=(
                    (0.0, 25.0),
                    (2 * SECONDS_PER_HOUR, 55.0),
                    (6 * SECONDS_PER_HOUR, 55.0),
                    (7 * SECONDS_PER_HOUR, 42.0),
                    (11 * SECONDS_PER_HOUR, 28.0),
                    (12 * SECONDS_PER_HOUR, 25.0),
                ),
                course_every_s=13 * SECONDS_PER_HOUR,
            ),
        ),
    ),
)

BLACKOUT = Scenario(
    "A full 7 Ah battery and a computer that lives on the loads, both relays wired on NC; the mains goes for five "
    "minutes every twenty. In mode protect R2 is open nearly always, so an outage takes the computer with it: the "
    "contacts fall closed, the battery feeds the loads, and half a minute later the program is back. With "
    'r2_contact = "no" it stays dark until the mains is back, with r1_contact = "no" as well for good.',
    TwinSettings(
        installation=InstallationSettings(
            load=LoadSettings(current_a=0.5),
            outages=OutageSettings(kind=OutageSource.EVERY, every_s=1200.0, lasting_s=300.0, first_s=600.0),
            controller_supply=ControllerSupply.LOADS,
        ),
    ),
)

SCENARIOS = {
    "demo": DEMO,
    "chatter": CHATTER,
    "standby": STANDBY,
    "hot_room": HOT_ROOM,
    "heat_wave": HEAT_WAVE,
    "blackout": BLACKOUT,
}
