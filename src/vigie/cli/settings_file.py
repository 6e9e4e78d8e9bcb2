"""Write settings into a file that a person keeps: comments stay, the old file is kept, nothing is ever half written."""

import difflib
import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Integer, Table, Trivia

from vigie.config.text_file import text_of
from vigie.errors import SettingsError, VigieError
from vigie.unfinished import gone_if_it_fails
from vigie.wording.dialogue import spoken, technical


def read_text(path: Path) -> str:
    """Return a file's text, nothing when it does not exist.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return text_of(path) if path.exists() else ""
    except OSError as error:
        raise SettingsError(spoken("{file} cannot be read: {why}", file=path, why=technical(error.strerror))) from error
    except SettingsError as error:
        raise SettingsError(f"{path} {error}") from error


def with_changes(text: str, changes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a settings file's text with ``section -> key -> value`` set; all other lines and comments stay.

    Raises:
        SettingsError: the text is not TOML.
    """
    try:
        document = tomlkit.parse(text)
        for section, values in changes.items():
            table: Any = document
            *outer, inner = section.split(".")
            for name in outer:
                table = _table(table, name, is_super=True)
            table = _table(table, inner, is_super=False)
            for key, value in values.items():
                if key not in table or table[key] != value:
                    table[key] = _item(key, value)
    except TOMLKitError as error:
        raise SettingsError(spoken("the settings file is not TOML: {why}", why=technical(error))) from error
    return tomlkit.dumps(document)


def difference(before: str, after: str, name: str) -> str:
    """Return what changes, as a unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(),
        after.splitlines(),
        spoken("{name} (now)", name=name),
        spoken("{name} (found)", name=name),
        lineterm="",
    )
    return "\n".join(lines)


def candidate_path(path: Path) -> Path:
    """Return where the text stands until it has been checked and agreed to."""
    return path.with_name(f"{path.name}.found")


def write(path: Path, text: str) -> None:
    """Write a whole file and make sure that it is on the disk.

    Raises:
        VigieError: the folder cannot be written.
    """
    try:
        with gone_if_it_fails(path), path.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise VigieError(
            spoken(
                "{file} cannot be written: {why}; choose another place for it", file=path, why=technical(error.strerror)
            )
        ) from error


def replace(path: Path, candidate: Path, stamp: str) -> Path | None:
    """Put ``candidate`` in the place of ``path``, keeping the old file and its permissions; return where it is kept.

    Raises:
        VigieError: the folder cannot be written; the old file is still in its place.
    """
    backup = _free(path, stamp) if path.exists() else None
    try:
        if backup is not None:
            candidate.chmod(path.stat().st_mode & 0o777)
            backup.hardlink_to(path)
        candidate.replace(path)
    except OSError as error:
        raise VigieError(
            spoken(
                "{file} cannot be replaced: {why}; the old one is still there", file=path, why=technical(error.strerror)
            )
        ) from error
    return backup


def _free(path: Path, stamp: str) -> Path:
    """Return a name for the old file that nothing has."""
    names = (path.with_name(f"{path.name}.{stamp}{f'-{again}' if again else ''}.bak") for again in count())
    return next(name for name in names if not name.exists())


def _item(key: str, value: Any) -> Any:  # noqa: ANN401 - what TOML can hold
    """Return a value as TOML; an address as a person knows it."""
    if isinstance(value, int) and key.endswith("_address"):
        return Integer(value, Trivia(), f"0x{value:02x}")
    return value


def _table(parent: Any, name: str, *, is_super: bool) -> Any:  # noqa: ANN401 - tomlkit's containers
    if name not in parent:
        parent[name] = tomlkit.table(is_super_table=is_super)
    table = parent[name]
    if not isinstance(table, Table) and not hasattr(table, "items"):
        raise SettingsError(spoken("{name} is a value in the settings file, not a section", name=name))
    return table
