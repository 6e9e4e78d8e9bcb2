"""Blocks whose parameters were fitted: data sheets of one maker, and one logged battery.

The fits are repeated by the tests; docs/twin.md shows what they reach. Capacity is that of the
sheet at the sheet's own temperature, taken as the reference.
"""

from vigie.battery.parameters import BatteryParameters, agm


def _fitted(
    c20_ah: float, capacity_ratio: float, available_share: float, diffusion_per_h: float, ohm_ah: float
) -> BatteryParameters:
    return agm(c20_ah)._replace(
        capacity_ratio=capacity_ratio,
        available_share=available_share,
        diffusion_per_h=diffusion_per_h,
        resistance_ohm_ah=ohm_ah,
    )


DATA_SHEETS = {
    "UPBH190FT": _fitted(199.6, 0.9804, 0.3327, 4.813, 0.4562),
    "USF12-100A": _fitted(110.0, 0.9897, 0.3946, 2.365, 0.5978),
    "US12-55FT": _fitted(58.6, 1.0021, 0.3902, 2.143, 0.6190),
    "USC12-200": _fitted(202.0, 0.9799, 0.2907, 7.008, 0.6518),
    "USC12-75": _fitted(77.2, 0.9581, 0.2644, 6.260, 0.4649),
    "US12-55": _fitted(55.4, 1.0814, 0.3406, 1.484, 0.7072),
    "USL12-7.2": _fitted(7.56, 1.0946, 0.4033, 0.991, 0.5530),
    "XLT12-24": _fitted(23.2, 1.0774, 0.3887, 1.327, 0.6039),
    "US12-28H": _fitted(28.8, 1.0689, 0.3374, 1.511, 0.8502),
}
"""Ultracell AGM blocks by model, fitted to their constant-current tables (1.60-1.85 V a cell)."""

BBOXX_17AH = _fitted(17.0, 1.1979, 0.3664, 2.215, 1.0862)
"""A 17-20 Ah VRLA block logged for ten days (BBOXX, 2017; data by V. Sulzer, BSD-3): seven discharges.

Its resistance holds the cables to the logger; on charge the line was about 0.5 ohm.
"""
