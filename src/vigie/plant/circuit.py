"""Who feeds whom in a simulated installation at an instant, and what flows then.

Here the battery's own sign (positive on discharge) ends: what leaves this module has the product's
sign, positive into the battery and positive into the loads.
"""

from math import exp, sqrt
from typing import NamedTuple

from vigie.battery.charge import Charger
from vigie.battery.parameters import Battery
from vigie.battery.side_reactions import GASSING_PER_CELL_V
from vigie.battery.step import BatteryState, BatteryStep, load_current_a, step_at_current, step_on_charger
from vigie.control.signals import Wiring
from vigie.plant.circumstances import Circumstances
from vigie.plant.site import InstallationSettings, LoadSettings
from vigie.units import CELLS

SHORTED_CELL_V = 2.0
"""What a shorted cell no longer adds to the electromotive force."""
DIODE_V = 0.3
DIODE_OHM = 0.05
"""A Schottky diode of 10 A and 45 V between 0.4 A (0.32 V) and 3 A (0.45 V)."""


class Flows(NamedTuple):
    """True voltages and currents."""

    battery_v: float
    into_battery_a: float
    through_v2_a: float
    load_v: float
    load_a: float


class Circuit(NamedTuple):
    """The site with its contacts as they conduct."""

    settings: InstallationSettings
    battery: Battery
    circumstances: Circumstances
    ambient_c: float
    has_mains: bool
    r1_conducts: bool
    r2_conducts: bool
    loads_dropped: bool
    """The loads let the battery go and wait for the supply."""

    @property
    def has_supply(self) -> bool:
        """The 230 V reaches charger and supply."""
        return self.has_mains and self.r1_conducts

    @property
    def is_backing(self) -> bool:
        """The battery could feed the loads (and does when the supply is away)."""
        is_connected = self.settings.wiring == Wiring.CHARGE_ONLY or self.r2_conducts or self.settings.bypass_diode
        return is_connected and not self.loads_dropped and not self.circumstances.is_battery_open

    @property
    def is_charging(self) -> bool:
        """A charger that works stands at the battery's terminals."""
        return self.has_supply and self.r2_conducts and not self.circumstances.is_charger_dead

    def step(self, state: BatteryState, dt_s: float) -> BatteryStep:
        """Advance the battery by ``dt_s``."""
        battery = self._battery()
        if self.is_charging and not self.circumstances.is_battery_open:
            charger = self.settings.charger
            line_ohm = charger.line_ohm + self.settings.shunt_ohm
            return step_on_charger(
                battery, state, Charger(self._charger_set_v, charger.limit_a, line_ohm), self.ambient_c, dt_s
            )
        current_a = 0.0
        if not self.has_supply and self.is_backing:
            load = self._load()
            current_a = load_current_a(battery, state, load.current_a, load.power_w, self._backup_ohm, self._drop_v)
        return step_at_current(battery, state, current_a, self.ambient_c, dt_s)

    def flows(self, step: BatteryStep) -> Flows:
        """Return what flows at the end of ``step``."""
        battery_v = self._open_battery_v if self.circumstances.is_battery_open else step.voltage_v
        if self.has_supply:
            load_v, load_a = self._on_supply()
            into_battery_a = 0.0 - step.current_a
            return Flows(battery_v, into_battery_a, into_battery_a, load_v, load_a)
        if not self.is_backing:
            return Flows(battery_v, 0.0, 0.0, 0.0, 0.0)
        load_a = step.current_a
        load_v = max(battery_v - load_a * self._backup_ohm - self._drop_v, 0.0)
        through_v2_a = -load_a if self.settings.wiring == Wiring.LINE else 0.0
        return Flows(battery_v, -load_a, through_v2_a, load_v, load_a)

    @property
    def _charger_set_v(self) -> float:
        return self.circumstances.charger_set_v.on(self.settings.charger.set_v)

    @property
    def _open_battery_v(self) -> float:
        """Terminals with nothing between them stand at what the charger puts there."""
        return self._charger_set_v if self.is_charging else 0.0

    @property
    def _backup_ohm(self) -> float:
        """From the battery's terminals to the loads."""
        settings = self.settings
        through_v2_ohm = settings.shunt_ohm if settings.wiring == Wiring.LINE else 0.0
        diode_ohm = DIODE_OHM if self._is_through_diode else 0.0
        return (
            settings.charger.line_ohm
            + settings.charger.changeover_ohm
            + settings.shunt_ohm
            + through_v2_ohm
            + diode_ohm
        )

    @property
    def _drop_v(self) -> float:
        return DIODE_V if self._is_through_diode else 0.0

    @property
    def _is_through_diode(self) -> bool:
        return self.settings.bypass_diode and self.settings.wiring == Wiring.LINE and not self.r2_conducts

    def _load(self) -> LoadSettings:
        load, pull = self.settings.load, self.circumstances.load_a
        return load._replace(current_a=pull.on(load.current_a), power_w=load.power_w * (1.0 - pull.share))

    def _battery(self) -> Battery:
        """Return the battery, with a cell less when one is shorted.

        The five that are left share the charger's voltage: they gas as that makes them, and warm up by it.
        """
        if not self.circumstances.is_cell_shorted:
            return self.battery
        parameters = self.battery.parameters
        more_gassing = exp(GASSING_PER_CELL_V * self._charger_set_v * (1.0 / (CELLS - 1) - 1.0 / CELLS))
        parameters = parameters._replace(
            emf_full_v=parameters.emf_full_v - SHORTED_CELL_V,
            gassing_a_per_ah=parameters.gassing_a_per_ah * more_gassing,
        )
        return self.battery._replace(parameters=parameters)

    def _on_supply(self) -> tuple[float, float]:
        """Return voltage and current at the loads on the supply."""
        load, supply_v, shunt_ohm = self._load(), self.settings.supply_v, self.settings.shunt_ohm
        open_v = supply_v - load.current_a * shunt_ohm
        load_v = 0.5 * (open_v + sqrt(max(open_v * open_v - 4.0 * load.power_w * shunt_ohm, 0.0)))
        return load_v, (supply_v - load_v) / shunt_ohm
