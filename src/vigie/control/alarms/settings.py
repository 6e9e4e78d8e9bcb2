"""The limits of the alarms a person may want to change."""

from typing import Annotated, NamedTuple

from vigie.units import setting


class AlarmSettings(NamedTuple):
    """Limits of the alarms; their delays, hysteresis and severities stand in docs/alarms.md."""

    battery_warm_c: Annotated[
        float,
        setting("Battery temperature that warns; under the interlock's limit", unit="degC", ge=20, le=69),
    ] = 40.0
    over_ambient_k: Annotated[
        float, setting("Battery warmer than the air by this: a sign of thermal runaway", unit="K", ge=4, le=40)
    ] = 10.0
    battery_over_v: Annotated[float, setting("Battery voltage that is too high", unit="V", ge=13.6, le=16)] = 14.7
    battery_under_v: Annotated[
        float, setting("Battery voltage that is too low; under interlocks.floor_v", unit="V", ge=9, le=12.5)
    ] = 11.4
    loads_dark_v: Annotated[float, setting("V3 at or under this feeds no load", unit="V", ge=1, le=11)] = 9.0
    mains_lost_after_s: Annotated[float, setting("A shorter outage is not announced", unit="s", ge=0, le=3600)] = 5.0
    charger_v: Annotated[float, setting("Voltage the charger holds on a charged battery", unit="V", ge=12.9, le=15)] = (
        13.6
    )
    charger_tolerance_v: Annotated[
        float, setting("The charger may hold this much more or less", unit="V", ge=0.2, le=1)
    ] = 0.4
    charger_compensation_v_per_k: Annotated[
        float,
        setting(
            "A charger that follows the temperature may hold this much more for each degree the battery is under "
            "25 degC, and less over it; 0 for one that does not",
            unit="V/K",
            ge=0,
            le=0.06,
        ),
    ] = 0.024
    charger_dead_v: Annotated[
        float, setting("Without current and under this the battery is not on a charger", unit="V", ge=12, le=14)
    ] = 13.0
    charger_silent_s: Annotated[
        float, setting("The charger may give nothing for this long", unit="s", ge=10, le=86_400)
    ] = 600.0
    charge_rising_h: Annotated[
        float, setting("A charge must have reached the charger's voltage within", unit="h", ge=1, le=240)
    ] = 24.0
    charge_tapering_h: Annotated[
        float, setting("At the charger's voltage the current must have fallen within", unit="h", ge=1, le=240)
    ] = 48.0
    charge_tapered: float = 0.25
    """Share of a charge's largest current that a fallen one is under. A constant: every charge that ends passes it."""
    recharged_h: Annotated[
        float,
        setting("Held at the charger's voltage for this long a battery counts as charged", unit="h", ge=0.1, le=72),
    ] = 8.0
    undercharge_days: Annotated[
        float, setting("A battery may go without having been charged for", unit="d", ge=0.5, le=365)
    ] = 30.0
    switchings_per_hour: Annotated[
        float, setting("Movements of R1 and R2 in an hour that are too many", unit="1/h", ge=6, le=7200)
    ] = 20.0
    disk_used: Annotated[float, setting("Share of the disk in use that warns", ge=0.1, le=0.999)] = 0.9
    controller_silent_s: Annotated[
        float, setting("The web process waits for its controller this long", unit="s", ge=5, le=3600)
    ] = 30.0
    off: Annotated[tuple[str, ...], setting("Alarms switched off, by name")] = ()
