"""What a simulated installation is made of: battery, charger, supply, loads, air, outages, wiring."""

from typing import Annotated, NamedTuple

from vigie.battery.catalogue import DATA_SHEETS
from vigie.battery.parameters import NEW, Battery, agm
from vigie.control.signals import Wiring
from vigie.errors import SettingsError
from vigie.plant.outages import OutageSettings
from vigie.units import by_name, setting


class BatterySettings(NamedTuple):
    """The simulated battery at the beginning of its world."""

    model: Annotated[str, setting("Fitted block by model name, or agm for the prior of any AGM block")] = "agm"
    c20_ah: Annotated[float, setting("20 h capacity, for agm", unit="Ah", ge=0.5, le=1000.0)] = 7.0
    start_soc: Annotated[float, setting("State of charge at the beginning", ge=0.0, le=1.0)] = 1.0


class ChargerSettings(NamedTuple):
    """The charger: constant current up to its set-point, constant voltage after."""

    set_v: Annotated[float, setting("Set-point at the charger", unit="V", ge=10.0, le=16.0)] = 13.6
    limit_a: Annotated[float, setting("Current limit", unit="A", gt=0.0, le=100.0)] = 1.4
    line_ohm: Annotated[
        float, setting("Wires from charger to battery, without the shunt", unit="ohm", ge=0.0, le=2.0)
    ] = 0.05
    changeover_ohm: Annotated[float, setting("Change-over from battery to loads", unit="ohm", ge=0.0, le=2.0)] = 0.1


class LoadSettings(NamedTuple):
    """The 12 V equipment: a constant current plus a constant power."""

    current_a: Annotated[float, setting("Constant current", unit="A", ge=0.0, le=50.0)] = 0.4
    power_w: Annotated[float, setting("Constant power", unit="W", ge=0.0, le=500.0)] = 0.0
    drop_out_v: Annotated[
        float,
        setting("Loads drop out below, until the supply is back", unit="V", ge=0.0, le=12.0),
    ] = 9.5


class AmbientSettings(NamedTuple):
    """The air around the battery: constant, or a day's swing that is warmest at 15 h."""

    mean_c: Annotated[float, setting("Mean air temperature", unit="degC", ge=-30.0, le=70.0)] = 25.0
    swing_c: Annotated[float, setting("Afternoon above mean", unit="degC", ge=0.0, le=30.0)] = 0.0


class InstallationSettings(NamedTuple):
    """Everything the simulated installation is made of."""

    battery: BatterySettings = BatterySettings()
    charger: ChargerSettings = ChargerSettings()
    load: LoadSettings = LoadSettings()
    ambient: AmbientSettings = AmbientSettings()
    outages: OutageSettings = OutageSettings()
    wiring: Annotated[Wiring, *by_name(Wiring), setting("What R2 cuts: line (charge and backup) or charge_only")] = (
        Wiring.LINE
    )
    supply_v: Annotated[float, setting("Supply of the loads on mains", unit="V", ge=5.0, le=16.0)] = 13.6
    shunt_ohm: Annotated[float, setting("Shunts of the meter", unit="ohm", gt=0.0, le=1.0)] = 0.1
    sense_ohm: Annotated[
        float, setting("Resistor in the V1 sense line, 0 for none", unit="ohm", ge=0.0, le=100_000.0)
    ] = 10_000.0


def chosen_battery(settings: BatterySettings) -> Battery:
    """Return the block the settings name.

    Raises:
        SettingsError: no such model.
    """
    if settings.model == "agm":
        return Battery(agm(settings.c20_ah), NEW)
    if settings.model not in DATA_SHEETS:
        raise SettingsError(f"battery model {settings.model!r} is unknown: agm, {', '.join(DATA_SHEETS)}")
    return Battery(DATA_SHEETS[settings.model], NEW)
