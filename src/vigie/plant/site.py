"""What a simulated installation is made of: battery, charger, supply, loads, air, outages, wiring."""

from enum import IntEnum
from typing import Annotated, NamedTuple

from vigie.battery.catalogue import DATA_SHEETS
from vigie.battery.parameters import NEW, Battery, agm
from vigie.control.signals import Wiring
from vigie.errors import SettingsError
from vigie.hardware.relay_board import ContactKind
from vigie.plant.outages import OutageSettings
from vigie.units import by_name, setting
from vigie.wording.dialogue import spoken


class ControllerSupply(IntEnum):
    """What feeds the controller's computer."""

    LOADS = 0
    INDEPENDENT = 1


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
    """The air around the battery: constant, a day's swing that is warmest at 15 h, or a course."""

    mean_c: Annotated[float, setting("Mean air temperature", unit="degC", ge=-30.0, le=70.0)] = 25.0
    swing_c: Annotated[float, setting("Afternoon above mean", unit="degC", ge=0.0, le=30.0)] = 0.0
    course: Annotated[
        tuple[tuple[float, float], ...],
        setting("Pairs of s and degC with straight lines between, instead of mean and swing"),
    ] = ()
    course_every_s: Annotated[
        float, setting("The course begins again after; 0: it happens once", unit="s", ge=0.0, le=1e9)
    ] = 0.0


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
    controller_supply: Annotated[
        ControllerSupply,
        *by_name(ControllerSupply),
        setting("loads: the simulated computer dies when the loads go dark; independent: it does not"),
    ] = ControllerSupply.INDEPENDENT
    r1_contact: Annotated[
        ContactKind, *by_name(ContactKind), setting("What R1 falls to when the computer dies: no (open) or nc (closed)")
    ] = ContactKind.NC
    r2_contact: Annotated[
        ContactKind, *by_name(ContactKind), setting("What R2 falls to when the computer dies: no (open) or nc (closed)")
    ] = ContactKind.NC
    relay_operate_s: Annotated[float, setting("From a relay line's level to the contact", unit="s", ge=0.0, le=0.5)] = (
        0.01
    )
    hold_up_s: Annotated[
        float, setting("The computer lives this long on its capacitors", unit="s", ge=0.0, le=60.0)
    ] = 0.02
    boot_s: Annotated[float, setting("From power to a running program", unit="s", ge=1.0, le=3600.0)] = 30.0
    visit_after_s: Annotated[
        float,
        setting(
            "Somebody comes after so long in the dark and bridges R1 and R2 until the program runs; 0: nobody",
            unit="s",
            ge=0.0,
            le=1e9,
        ),
    ] = 0.0
    supply_v: Annotated[float, setting("Supply of the loads on mains", unit="V", ge=5.0, le=16.0)] = 13.6
    shunt_ohm: Annotated[float, setting("Shunts of the meter", unit="ohm", ge=0.0001, le=1.0)] = 0.1
    sense_ohm: Annotated[
        float, setting("Resistor in the V1 sense line, 0 for none", unit="ohm", ge=0.0, le=100_000.0)
    ] = 10_000.0
    bypass_diode: Annotated[
        bool, setting("A diode across R2, anode at the battery: in wiring line an open R2 stops only the charge")
    ] = False


def chosen_battery(settings: BatterySettings) -> Battery:
    """Return the block the settings name.

    Raises:
        SettingsError: no such model.
    """
    if settings.model == "agm":
        return Battery(agm(settings.c20_ah), NEW)
    if settings.model not in DATA_SHEETS:
        known = ", ".join(["agm", *DATA_SHEETS])
        raise SettingsError(spoken("battery model {model!r} is unknown: {known}", model=settings.model, known=known))
    return Battery(DATA_SHEETS[settings.model], NEW)
