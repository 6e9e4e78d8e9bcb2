"""The last settings with which the controller ran well: kept beside the journal, in force while the file has faults."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from vigie.config.reading import BadSettings, check, raw_tables, section
from vigie.config.sections import USUAL_FOLDER, Config, Fault

FORMAT = 1
NAME = "settings-in-force.json"
Tables = Mapping[str, Mapping[str, Any]]


class LastGood(NamedTuple):
    """Settings as they were kept."""

    path: Path
    """Where."""
    tables: Tables

    def difference(self, tables: Tables) -> list[str]:
        """Return, a line each, what a settings file says otherwise."""
        lines = []
        for name in dict.fromkeys([*self.tables, *tables]):
            kept, new = self.tables.get(name, {}), tables.get(name, {})
            for key in dict.fromkeys([*kept, *new]):
                if kept.get(key) != new.get(key):
                    shown = [repr(one[key]) if key in one else "not set" for one in (new, kept)]
                    lines.append(f"{name}.{key}: {shown[0]} in the file, {shown[1]} in force")
        return lines


def keep(config: Config) -> None:
    """Keep the settings of a controller that runs well, whole or not at all; readable by the owner only.

    Raises:
        OSError: the data folder cannot be written.
    """
    path = config.data_directory / NAME
    kept = {"format": FORMAT, "source": _known_as(config.source), "tables": config.given}
    text = json.dumps(kept, default=str) + "\n"
    with suppress(OSError):
        if path.read_text(encoding="utf-8") == text:
            return
    unfinished = path.with_name(path.name + ".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def last_good(path: Path, overrides: Tables) -> LastGood | None:
    """Return what was kept of this settings file, None where nothing was."""
    kept_in = _folder(path, overrides) / NAME
    try:
        kept = json.loads(kept_in.read_text(encoding="utf-8"))
        if kept["format"] != FORMAT or kept["source"] != _known_as(str(path)):
            return None
        return LastGood(kept_in, {name: dict(table) for name, table in kept["tables"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def in_place_of(path: Path, overrides: Tables, error: BadSettings, *, is_service: bool) -> Config | None:
    """Return the last good settings, with what is refused of the file in ``refused``; None where there are none."""
    kept = last_good(path, overrides)
    if kept is None:
        return None
    tables = {name: {**kept.tables.get(name, {}), **overrides.get(name, {})} for name in {*kept.tables, *overrides}}
    try:
        config = check(tables, str(path), is_service=is_service)
    except BadSettings:
        return None
    return config._replace(refused=tuple(str(fault) for fault in error.faults))


def demand_plant(path: Path, config: Config, overrides: Tables) -> None:
    """See that a file which named the plant of this folder still names one: an emptied file is no demonstration.

    Raises:
        BadSettings: it names none any more.
    """
    if "kind" in config.given.get("plant", {}) or "kind" in overrides.get("plant", {}):
        return
    kept = last_good(path, overrides)
    kind = kept.tables.get("plant", {}).get("kind") if kept is not None else None
    if kind is not None:
        raise BadSettings(str(path), [Fault("plant.kind", f"is not named any more; it was {kind}")])


def difference_to(path: Path, overrides: Tables) -> list[str]:
    """Return what the file says otherwise than what is in force instead of it; empty where nothing is."""
    kept = last_good(path, overrides)
    if kept is None:
        return []
    try:
        return kept.difference(raw_tables(path))
    except BadSettings:
        return [f"the file cannot be read at all; {kept.path} is in force"]


def _folder(path: Path, overrides: Tables) -> Path:
    """Return the data folder, as far as a file with faults names it."""
    try:
        data = section("site", path, {}, overrides.get("site", {})).data
    except BadSettings:
        data = overrides.get("site", {}).get("data", "")
    return Path(data or USUAL_FOLDER).expanduser()


def _known_as(source: str) -> str:
    return str(Path(source).resolve())
