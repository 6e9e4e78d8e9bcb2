"""``vigie config check`` and ``vigie config show``."""

import json
from collections.abc import Sequence
from typing import Any

import tomlkit
from rich.text import Text
from tomlkit.items import Table

from vigie.cli import process, screen
from vigie.config import SECTIONS, BadSettings, Config, SettingsFault, kernel_risks, unusable_files, warnings
from vigie.config.reading import SettingRow, as_table, rows
from vigie.config.retired import RETIRED, without_retired
from vigie.config.sections import PLANTS
from vigie.wording.dialogue import spoken, system_language
from vigie.wording.words import mark, translator

_DIFFERENCE = mark("Until the file is corrected other settings are in force. The difference:")


def check(argv: Sequence[str], *, probe: bool, as_json: bool) -> None:
    """Print faults and warnings; ``probe`` asks the central store too.

    Raises:
        BadSettings: there are faults.
    """
    console = screen.console()
    try:
        config = _usable(argv, probe=probe)
    except BadSettings as error:
        differing = process.differing(argv)
        if as_json:
            faults = [fault._asdict() for fault in error.faults]
            console.print_json(json.dumps({"faults": faults, "warnings": [], "in_force_instead": differing}))
        elif differing:
            console.print(translator(system_language())(_DIFFERENCE), markup=False)
            for line in differing:
                console.print(f"  {line}", markup=False)
        raise
    known = [*warnings(config), *kernel_risks(config)]
    words = translator(system_language())
    if as_json:
        console.print_json(json.dumps({"faults": [], "warnings": [warning._asdict() for warning in known]}))
        return
    for warning in known:
        label = mark("no longer a setting") if warning.key in RETIRED else mark("known risk")
        console.print(Text.assemble((words(label), "yellow"), f" {warning}"))
    console.print(words(mark("{source}: no faults")).format(source=config.source))


def _usable(argv: Sequence[str], *, probe: bool) -> Config:
    config = process.parsed(argv)
    faults = [*unusable_files(config), *(_probed(config) if probe else [])]
    if faults:
        raise BadSettings(config.source, faults)
    return config


def _probed(config: Config) -> list[SettingsFault]:
    """Return what the store says against a request, when there is a store."""
    if not config.remote_write.url:
        return []
    from vigie.cli import central_store  # noqa: PLC0415 - HTTP and protobuf, for this question alone

    trouble = central_store.probed(config)[0]
    return [SettingsFault("remote_write", trouble)] if trouble else []


def show(config: Config, *, as_json: bool) -> None:
    """Print every setting in force."""
    tables = in_force(config)
    console = screen.console(soft_wrap=True)
    if as_json:
        console.print(json.dumps(tables, ensure_ascii=False, indent=2))
        return
    console.print("# " + spoken("These settings run {plant}.", plant=spoken(PLANTS[config.plant_name])) + "\n")
    console.print(document(tables).as_string())


def in_force(config: Config) -> dict[str, dict[str, Any]]:
    """Return the settings by section, as a file would give them."""
    channels = {f"channels.{name}": part for name, part in zip(_channels(), config.channels, strict=True)}
    parts = {**config._asdict(), **config.modes._asdict(), **channels}
    return {name: without_retired(name, as_table(parts[name])) for name in SECTIONS if parts.get(name) is not None}


def document(tables: dict[str, dict[str, Any]]) -> tomlkit.TOMLDocument:
    """Return the settings as TOML with a comment on every line."""
    whole = tomlkit.document()
    channels = tomlkit.table(is_super_table=True)
    for name, values in tables.items():
        table = _table(values, {row.key: row for row in rows(name)}, "")
        if name.startswith("channels."):
            channels.append(name.removeprefix("channels."), table)
            if "channels" not in whole:
                whole.append("channels", channels)
        else:
            whole.append(name, table)
    for name in SECTIONS:
        if name not in tables:
            whole.append(name, _commented(rows(name)))
    return whole


def _commented(known: list[SettingRow]) -> Table:
    """Return a section that is not in use, every setting commented out."""
    table = tomlkit.table()
    for row in known:
        table.add(tomlkit.comment(_explained(row)))
        table.add(
            tomlkit.comment(f"{row.key} = {'' if row.default is None else tomlkit.item(row.default).as_string()}")
        )
    return table


def _table(values: dict[str, Any], known: dict[str, SettingRow], prefix: str) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        if isinstance(value, dict):
            continue
        row = known[prefix + key]
        table.add(tomlkit.comment(_explained(row)))
        if value is None:
            table.add(tomlkit.comment(f"{key} = "))
        else:
            table.add(key, value)
    for key, value in values.items():
        if isinstance(value, dict):
            table.append(key, _table(value, known, f"{prefix}{key}."))
    return table


def _explained(row: SettingRow) -> str:
    limits = " ".join(part for part in (row.limits, row.unit) if part)
    return row.help + (f" [{limits}]" if limits else "")


def _channels() -> tuple[str, ...]:
    return tuple(name.removeprefix("channels.") for name in SECTIONS if name.startswith("channels."))
