"""The settings: one tree of every layer's own, read and checked at once."""

from vigie.config.checks import unusable_files, warnings
from vigie.config.last_good import demand_plant, difference_to, in_place_of, keep
from vigie.config.reading import BadSettings, check, load
from vigie.config.sections import SECTIONS, Config, SettingsFault
from vigie.config.unfit import UnfitSettings
from vigie.config.wiring import kernel_risks

__all__ = [
    "SECTIONS",
    "BadSettings",
    "Config",
    "SettingsFault",
    "UnfitSettings",
    "check",
    "demand_plant",
    "difference_to",
    "in_place_of",
    "keep",
    "kernel_risks",
    "load",
    "unusable_files",
    "warnings",
]
