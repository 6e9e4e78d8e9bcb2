"""Settings that are no more: files that name them are read as before, and told what to use instead."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vigie.config.sections import SECTIONS, SettingsFault
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

RETIRED: Mapping[str, str] = MappingProxyType(
    {"link.url": mark("not read any more: controller and pages find each other in the data folder; delete it")}
)
"""What to tell of each, by section and key. Nobody is kept from starting by one."""


def without_retired(
    tables: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, Mapping[str, Any]], tuple[str, ...]]:
    """Return section tables without settings that are no more, and the names of those.

    >>> without_retired({"link": {"url": "http://web:8000"}, "web": {"port": 80}})
    ({'web': {'port': 80}}, ('link.url',))
    """
    left: dict[str, Mapping[str, Any]] = {}
    found: list[str] = []
    for name, table in tables.items():
        gone = [key for key in table if f"{name}.{key}" in RETIRED]
        found += [f"{name}.{key}" for key in gone]
        kept = {key: value for key, value in table.items() if key not in gone}
        if kept or name in SECTIONS or not _was_a_section(name):
            left[name] = kept
    return left, tuple(found)


def told(retired: tuple[str, ...]) -> list[SettingsFault]:
    """Return what to tell of settings that are no more."""
    return [SettingsFault(name, spoken(RETIRED[name])) for name in retired]


def _was_a_section(name: str) -> bool:
    return any(key.startswith(f"{name}.") for key in RETIRED)
