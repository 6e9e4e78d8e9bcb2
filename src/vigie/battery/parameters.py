"""What is known of one 12 V block, and what may be assumed when only its C20 capacity is."""

from typing import NamedTuple


class BatteryParameters(NamedTuple):
    """A 12 V lead-acid block (six cells). Resistances times capacity are in ohm ampere-hours."""

    c20_ah: float
    """Capacity of the label: charge given in 20 h, at 20 or 25 degC, to 1.75 V a cell; above 0."""
    capacity_ratio: float
    """Charge of both wells over C20 at 25 degC."""
    available_share: float
    """Share ``c`` of the charge that stands in the available well, 0..1."""
    diffusion_per_h: float
    """Rate ``k`` at which the two wells level out."""
    resistance_ohm_ah: float
    """Discharge resistance at 25 degC, ohms times C20."""
    charge_resistance_ohm_ah: float
    """Scale of the charge term, ohms times C20."""
    ohmic_ohm_ah: float
    """Plain ohmic resistance on charge, ohms times C20."""
    emf_full_v: float
    """Electromotive force of the full battery."""
    emf_slope_v: float
    """Linear fall of the electromotive force from full to empty."""
    emf_log_v: float
    """Weight of the logarithmic fall near empty."""
    gassing_a_per_ah: float
    """Gassing current at 2.23 V a cell and 25 degC, amperes per ampere-hour of C20."""
    self_discharge_per_month: float
    """Share of the charge lost a month at 25 degC, 0..1."""
    heat_capacity_j_per_k: float
    thermal_resistance_k_per_w: float
    """Between the battery and the air around it."""


class BatteryWear(NamedTuple):
    """Slow states of ageing, 0 in a new battery. They enter capacity and resistance additively."""

    corrosion: float
    """``W``: 1 is a positive grid at the end of the label life."""
    sulfate: float
    """``S``: share of the capacity lost to hard sulfate."""
    water_loss: float
    """``w``: share of the electrolyte's water lost."""
    degradation: float
    """``C_deg``: share of the capacity lost to cycling."""


NEW = BatteryWear(0.0, 0.0, 0.0, 0.0)


class Battery(NamedTuple):
    """One block as it stands: what it was made to be and what wear has made of it."""

    parameters: BatteryParameters
    wear: BatteryWear


SOURCES = {
    "c20_ah": "the battery's label",
    "capacity_ratio": "median of fits to 33 AGM data sheets, range 0.99-1.10",
    "available_share": "median of fits to 33 AGM data sheets, range 0.28-0.47",
    "diffusion_per_h": "median of fits to 33 AGM data sheets, range 0.8-5.8",
    "resistance_ohm_ah": "median of fits to 33 AGM data sheets, range 0.46-1.12",
    "charge_resistance_ohm_ah": "as the discharge resistance; checked on a logged 14.4 V taper",
    "ohmic_ohm_ah": "middle of 0.15-0.25, the high-frequency resistance of AGM blocks",
    "emf_full_v": "fit to logged discharges and rests of a 17-20 Ah VRLA block",
    "emf_slope_v": "fit to logged discharges and rests of a 17-20 Ah VRLA block",
    "emf_log_v": "fit to logged discharges and rests of a 17-20 Ah VRLA block",
    "gassing_a_per_ah": "10 mA per 100 Ah at 2.23 V a cell: the literature's value for VRLA",
    "self_discharge_per_month": "makers' storage curves at 25 degC (91/82/64 % after 3/6/12 months)",
    "heat_capacity_j_per_k": "1.0 kJ/kgK and the weight of common blocks; a prior, not measured",
    "thermal_resistance_k_per_w": "middle of 4-8 K/W (7 Ah, in a box) and 0.6-1.2 K/W (100 Ah); a prior",
}
"""Where each value of :func:`agm` comes from."""


def agm(c20_ah: float) -> BatteryParameters:
    """Return the prior for any AGM block of which only C20 is known (``c20_ah`` > 0).

    Sources: :data:`SOURCES`. Heat capacity and thermal resistance run between the values for
    7 Ah (2.45 kJ/K, 6 K/W) and 100 Ah (30 kJ/K, 0.9 K/W) by a power of the capacity.

    >>> round(agm(7.0).heat_capacity_j_per_k), round(agm(100.0).heat_capacity_j_per_k, -2)
    (2450, 30000.0)
    """
    return BatteryParameters(
        c20_ah=c20_ah,
        capacity_ratio=1.07,
        available_share=0.39,
        diffusion_per_h=1.4,
        resistance_ohm_ah=0.60,
        charge_resistance_ohm_ah=0.60,
        ohmic_ohm_ah=0.20,
        emf_full_v=12.95,
        emf_slope_v=1.254,
        emf_log_v=0.179,
        gassing_a_per_ah=1e-4,
        self_discharge_per_month=0.03,
        heat_capacity_j_per_k=2450.0 * (c20_ah / 7.0) ** 0.942,
        thermal_resistance_k_per_w=6.0 * (c20_ah / 7.0) ** -0.713,
    )
