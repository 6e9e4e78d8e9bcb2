"""Read a settings file, check all of it, and explain every fault at once."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from vigie.config.checks import crossed
from vigie.config.sections import CHANNEL_DEFAULTS, EVERY_CHANNEL, SECTIONS, ChannelConfig, Config, Fault
from vigie.control.signals import Channel
from vigie.errors import SettingsError

DEMO_FILE = Path(__file__).with_name("demo.toml")


class BadSettings(SettingsError):
    """Settings with faults, all of them in ``faults``."""

    def __init__(self, source: str, faults: list[Fault]) -> None:
        self.faults = faults
        listed = "\n".join(f"  - {fault}" for fault in faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"{source}: {count}\n{listed}")


def load(path: Path | None, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Config:
    """Read and check the settings.

    Args:
        path: a TOML file; None takes the demonstration's.
        overrides: section -> key -> value, laid over the file (from the command line).

    Raises:
        BadSettings: the file cannot be read or has faults; all of them are listed.
    """
    source = str(path) if path is not None else "built-in demonstration settings"
    tables = _read(path or DEMO_FILE, source)
    for section, values in (overrides or {}).items():
        tables.setdefault(section, {}).update(values)
    return check(tables, source)


def check(tables: Mapping[str, Mapping[str, Any]], source: str) -> Config:
    """Validate section tables (keys as in :data:`SECTIONS`) into a configuration.

    Raises:
        BadSettings: with every fault.
    """
    faults: list[Fault] = [
        Fault(name, f"unknown section{_nearest(name, SECTIONS)}") for name in tables if name not in SECTIONS
    ]
    sections: dict[str, Any] = {}
    is_rig = tables.get("plant", {}).get("kind") == "rig"
    for name, kind in SECTIONS.items():
        table = dict(tables.get(name, {}))
        if name == "rig" and not is_rig and not table:
            sections[name] = None
            continue
        if kind is ChannelConfig:
            table = {**EVERY_CHANNEL, **CHANNEL_DEFAULTS[name.removeprefix("channels.")], **table}
        try:
            sections[name] = TypeAdapter(kind).validate_python(table)
        except ValidationError as error:
            faults += _explained(name, kind, error)
    faults += crossed(sections)
    if faults:
        raise BadSettings(source, faults)
    channels = tuple(sections.pop(f"channels.{channel.name.lower()}") for channel in Channel)
    return Config(source=source, channels=cast("Any", channels), **sections)


def rows(name: str) -> list[tuple[str, Any, Any, Mapping[str, Any]]]:
    """Return (key, type, default, {description, unit, ge, le, ...}) for every setting of a section."""
    kind = SECTIONS[name]
    defaults: Mapping[str, Any] = getattr(kind, "_field_defaults", {})
    if kind is ChannelConfig:
        defaults = {**EVERY_CHANNEL, **CHANNEL_DEFAULTS[name.removeprefix("channels.")]}
    hints = get_type_hints(kind, include_extras=True)
    return [(key, hint, defaults.get(key), _metadata(hint)) for key, hint in hints.items()]


def _metadata(hint: object) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for piece in getattr(hint, "__metadata__", ()):
        if getattr(piece, "description", None):
            found["description"] = piece.description
            found["unit"] = (piece.json_schema_extra or {}).get("unit", "") if piece.json_schema_extra else ""
            for bound in piece.metadata:
                found.update({name: getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name)})
    return found


def _read(path: Path, source: str) -> dict[str, dict[str, Any]]:
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except FileNotFoundError:
        raise BadSettings(
            source, [Fault("file", "does not exist; write one with `vigie config show > FILE`")]
        ) from None
    except OSError as error:
        raise BadSettings(source, [Fault("file", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(source, [Fault("file", f"is not TOML: {error}")]) from error
    return _sections(document, source)


def _sections(document: Mapping[str, Any], source: str) -> dict[str, dict[str, Any]]:
    """Return the document's tables by section name, nested ones (channels.*) with their dotted name."""
    tables: dict[str, dict[str, Any]] = {}
    faults: list[Fault] = []
    for name, value in document.items():
        if not isinstance(value, dict):
            faults.append(Fault(name, f"stands outside every section{_nearest(name, SECTIONS)}"))
        elif name == "channels":
            for channel, table in value.items():
                if isinstance(table, dict):
                    tables[f"channels.{channel}"] = table
                else:
                    faults.append(
                        Fault(f"channels.{channel}", "must be a section [channels.battery|charge|load|spare]")
                    )
        else:
            tables[name] = value
    if faults:
        raise BadSettings(source, faults)
    return tables


def _explained(section: str, kind: type, error: ValidationError) -> list[Fault]:
    known = list(get_type_hints(kind))
    faults = []
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"])
        name = f"{section}.{key}" if key else section
        match detail["type"]:
            case "extra_forbidden" | "unexpected_keyword_argument":
                message = f"unknown setting{_nearest(key, known)}"
            case "missing" | "missing_argument":
                described = {row[0]: row[3] for row in rows(section)}
                message = f"demanded, there is no default ({described.get(key, {}).get('description', '')})"
            case "value_error":
                message = f"{detail['input']!r}: {detail['msg'].removeprefix('Value error, ')}"
            case _:
                message = f"{detail['input']!r}: {_unit_text(section, key, detail['msg'])}"
        faults.append(Fault(name, message))
    return faults


def _unit_text(section: str, key: str, message: str) -> str:
    unit = next((row[3].get("unit", "") for row in rows(section) if row[0] == key), "")
    return f"{message} {unit}".rstrip()


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
