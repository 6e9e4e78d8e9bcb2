"""The last settings with which the controller ran well: kept beside the journal, in force while the file has faults.

Where none were ever kept, what control does not need is left out of a file with faults.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from vigie.config.reading import BadSettings, check, raw_tables, section
from vigie.config.sections import USUAL_FOLDER, Config, SettingsFault
from vigie.unfinished import gone_if_it_fails
from vigie.wording.dialogue import spoken

FORMAT = 1
NAME = "settings-in-force.json"
Tables = Mapping[str, Mapping[str, Any]]
TELLING = frozenset(
    {
        "alarms", "contact_truth", "contacts", "outage_log", "journal", "metrics", "web", "access", "stack",
        "mail", "remote_write",
    }
)  # fmt: skip
"""Sections that no contact depends on."""
SENDING = frozenset({"mail", "remote_write"})
"""Of these the whole section is left out: nothing is sent anywhere by settings that are half guessed."""
ROUNDS = 10


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
                    shown = [repr(one[key]) if key in one else spoken("not set") for one in (new, kept)]
                    told = spoken("{new} in the file, {old} in force", new=shown[0], old=shown[1])
                    lines.append(str(SettingsFault(f"{name}.{key}", told)))
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
    with gone_if_it_fails(unfinished):
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
    """Return the last good settings, or the file's without what has faults and no contact depends on.

    ``refused`` says what is wrong with the file. None where neither will do.
    """
    kept = last_good(path, overrides)
    config = None
    if kept is not None:
        tables = {name: {**kept.tables.get(name, {}), **overrides.get(name, {})} for name in {*kept.tables, *overrides}}
        with suppress(BadSettings):
            config = check(tables, str(path), is_service=is_service)
    if config is None:
        config, _ = _without_faults(path, overrides, is_service=is_service)
    return None if config is None else config._replace(refused=tuple(str(fault) for fault in error.faults))


def _without_faults(path: Path, overrides: Tables, *, is_service: bool) -> tuple[Config | None, list[str]]:
    """Return a file's settings without what has faults and control does not need, and what was left out."""
    left_out: list[str] = []
    try:
        tables = raw_tables(path)
        for name, values in overrides.items():
            tables.setdefault(name, {}).update(values)
        for _ in range(ROUNDS):
            try:
                return check(tables, str(path), is_service=is_service), left_out
            except BadSettings as error:
                for fault in error.faults:
                    left_out.append(_leave_out(tables, fault.key))
    except (BadSettings, LookupError):
        pass
    return None, []


def _leave_out(tables: dict[str, dict[str, Any]], key: str) -> str:
    """Take a setting out of the tables, or its section, and return its name.

    Raises:
        LookupError: control needs it.
    """
    name, _, setting = key.partition(".")
    if name not in TELLING:
        raise LookupError(key)
    setting = setting.partition(".")[0]
    if name in SENDING or setting not in tables.get(name, {}):
        tables.pop(name, None)
        return name
    del tables[name][setting]
    return f"{name}.{setting}"


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
        raise BadSettings(
            str(path), [SettingsFault("plant.kind", spoken("is not named any more; it was {kind}", kind=kind))]
        )


def difference_to(path: Path, overrides: Tables) -> list[str]:
    """Return what the file says otherwise than what is in force instead of it; empty where nothing is."""
    kept = last_good(path, overrides)
    if kept is None:
        _, left_out = _without_faults(path, overrides, is_service=False)
        told = spoken("left out, as if the file did not name it")
        return [str(SettingsFault(name, told)) for name in dict.fromkeys(left_out)]
    try:
        return kept.difference(raw_tables(path))
    except BadSettings:
        return [spoken("the file cannot be read at all; {file} is in force", file=kept.path)]


def _folder(path: Path, overrides: Tables) -> Path:
    """Return the data folder, as far as a file with faults names it."""
    try:
        data = section("site", path, {}, overrides.get("site", {})).data
    except BadSettings:
        data = overrides.get("site", {}).get("data", "")
    return Path(data or USUAL_FOLDER).expanduser()


def _known_as(source: str) -> str:
    return str(Path(source).resolve())
