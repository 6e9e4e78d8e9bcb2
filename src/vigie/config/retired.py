"""Keys that a settings file may still name although nothing is set by them any more: told, and never refused."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.config.sections import SettingsFault
from vigie.control.alarms.settings import AlarmSettings
from vigie.control.contact_truth import TruthSettings
from vigie.control.filtering import FilterSettings
from vigie.control.outages import OutageLogSettings
from vigie.control.wear import WearSettings
from vigie.delivery.settings import RemoteWriteSettings
from vigie.notify.settings import MailSettings
from vigie.plant.rig import RigSettings
from vigie.plant.twin import MeterSettings, TwinSettings
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

_OF_SECTIONS: Mapping[str, tuple[type, tuple[str, ...]]] = {
    "filter": (
        FilterSettings,
        ("sweep_interval_s", "air_warmer_k", "air_warmer_kh", "temperature_min_c", "temperature_max_c"),
    ),
    "alarms": (AlarmSettings, ("charge_tapered",)),
    "contact_truth": (TruthSettings, TruthSettings._fields),
    "contacts": (WearSettings, ("warn_share",)),
    "outage_log": (OutageLogSettings, OutageLogSettings._fields),
    "mail": (MailSettings, ("timeout_s",)),
    "remote_write": (RemoteWriteSettings, ("batch_samples", "timeout_s")),
    "twin": (TwinSettings, ("save_every_s",)),
    "twin.meter": (MeterSettings, ("bus_noise_v", "shunt_noise_v", "gain_error", "shunt_offset_v")),
    "rig": (RigSettings, ("i2c_timeout_ms", "verify_s", "thermometer_stale_s")),
}
CONSTANTS: Mapping[str, object] = {
    f"{section}.{key}": kind._field_defaults[key]  # type: ignore[attr-defined]
    for section, (kind, keys) in _OF_SECTIONS.items()
    for key in keys
}
"""Every key that was a setting once, with the constant it has become; the reason stands where it is declared."""
GONE: Mapping[str, str] = {
    "link.url": mark("not read any more: controller and pages find each other in the data folder; delete it"),
}
"""Every key that was a setting once and has nothing left that it could mean, and what to tell of it."""
RETIRED = (*CONSTANTS, *GONE)
RETIRED_SECTIONS = frozenset({"contact_truth", "outage_log", "link"})
"""Sections in which no setting is left."""
_CONSTANT = mark("is no setting any more: it is always {value}; {given} is not used, delete the line")


def without_retired(section: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section's table, or one nested in it (``twin.meter``), without the keys that were settings once."""
    return {
        key: without_retired(name, value) if isinstance(value, Mapping) else value
        for key, value in table.items()
        if (name := f"{section}.{key}") not in RETIRED
    }


def retired_settings(given: Mapping[str, Mapping[str, Any]]) -> Iterator[SettingsFault]:
    """Yield what is to be told of the retired keys that a settings file names, by its section tables."""
    for section, table in given.items():
        for key, value in table.items():
            name = f"{section}.{key}"
            if name in GONE:
                yield SettingsFault(name, spoken(GONE[name]))
            elif name in CONSTANTS:
                yield SettingsFault(name, spoken(_CONSTANT, value=CONSTANTS[name], given=repr(value)))
            elif isinstance(value, Mapping):
                yield from retired_settings({name: value})
