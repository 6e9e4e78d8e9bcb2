"""Read a settings file, check all of it, and explain every fault at once."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from vigie.config.checks import crossed
from vigie.config.retired import RETIRED_SECTIONS, without_retired
from vigie.config.sections import (
    CHANNEL_DEFAULTS,
    EVERY_CHANNEL,
    MODE_SECTIONS,
    PLANT_DEFAULTS,
    SECTIONS,
    ChannelConfig,
    Config,
    SettingsFault,
)
from vigie.config.text_file import text_of
from vigie.control.modes.table import ModeSettings
from vigie.control.signals import Channel
from vigie.errors import SettingsError
from vigie.plant.scenario import SCENARIOS
from vigie.wording.dialogue import language, spoken, technical
from vigie.wording.words import SOURCE_LANGUAGE, mark

_TYPES = {
    "bool_type": mark("must be true or false, without quotes"),
    "int_type": mark("must be a whole number, without quotes"),
    "float_type": mark("must be a number, without quotes"),
    "string_type": mark("must be text, in quotes"),
    "tuple_type": mark("must be a list, in square brackets"),
    "one_of": mark("must be one of {names}"),
    "greater_than_equal": mark("must be at least {ge:.12g}"),
    "greater_than": mark("must be over {gt:.12g}"),
    "less_than_equal": mark("must be at most {le:.12g}"),
}
"""What pydantic's kinds of faults mean, over the values that go with each."""
_BOUNDS = frozenset({"greater_than_equal", "greater_than", "less_than_equal"})
_COMMISSION = mark("`vigie commission --plant rig` finds out how the boards are wired and writes it to a settings file")
DEMO_FILE = Path(__file__).with_name("demo.toml")


class BadSettings(SettingsError):
    """Settings with faults, all of them in ``faults``."""

    def __init__(self, source: str, faults: list[SettingsFault], cure: str = "") -> None:
        self.faults = faults
        head = mark("{source}: 1 fault") if len(faults) == 1 else mark("{source}: {count} faults")
        told = spoken(head, source=source, count=len(faults))
        lines = [told, *(f"  - {fault}" for fault in faults), *([cure] if cure else [])]
        super().__init__("\n".join(lines))

    @property
    def is_uncommissioned(self) -> bool:
        """Whether nothing is wrong but what is not there yet: what `vigie commission` finds out and writes."""
        return all(fault.is_demanded for fault in self.faults)


def load(
    path: Path | None, overrides: Mapping[str, Mapping[str, Any]] | None = None, *, is_service: bool = False
) -> Config:
    """Read and check the settings.

    Args:
        path: a TOML file; None takes the demonstration's.
        overrides: section -> key -> value, laid over the file (from the command line).
        is_service: nobody is there to choose: file and plant must be named, nothing is simulated by default.

    Raises:
        BadSettings: the file cannot be read or has faults; all of them are listed.
    """
    laid = overrides or {}
    if path is None and is_service:
        fault = SettingsFault("file", spoken("a service has no default plant: name its settings file with --config"))
        raise BadSettings(spoken("settings"), [fault])
    if path is not None:
        source, tables = str(path), _read(path, str(path))
    elif laid.get("plant", {}).get("kind", "twin") == "twin":
        source, tables = spoken("built-in demonstration settings"), _read(DEMO_FILE, DEMO_FILE.name)
    else:
        source, tables = spoken("settings (no file, defaults only)"), {}
    given = {} if path is None else {name: dict(table) for name, table in tables.items()}
    for section, values in laid.items():
        tables.setdefault(section, {}).update(values)
    return check(tables, source, is_service=is_service)._replace(given=given)


def raw_tables(path: Path) -> dict[str, dict[str, Any]]:
    """Return what a file says by section, whatever faults it has.

    Raises:
        BadSettings: it cannot be read, or is no TOML.
    """
    return _read(path, str(path))


def section(name: str, path: Path, beneath: Mapping[str, Any], above: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the section's NamedTuple
    """Read one section alone, between defaults and overrides; the others may have faults.

    Raises:
        BadSettings: the file cannot be read, or the section has faults.
    """
    try:
        table = _read(path, str(path)).get(name, {}) if path.exists() else {}
        return _validated(SECTIONS[name], {**beneath, **without_retired(name, table), **above})
    except ValidationError as error:
        raise BadSettings(str(path), _explained(name, error)) from error


def check(tables: Mapping[str, Mapping[str, Any]], source: str, *, is_service: bool = False) -> Config:
    """Validate section tables (keys as in :data:`SECTIONS`) into a configuration.

    Raises:
        BadSettings: with every fault.
    """
    tables = {name: without_retired(name, table) for name, table in tables.items()}
    faults = _unknown_sections(tables)
    if is_service and "kind" not in tables.get("plant", {}):
        faults.append(
            SettingsFault("plant.kind", spoken("demanded of a service: rig, twin or recorded"), is_demanded=True)
        )
    sections: dict[str, Any] = {}
    is_rig = tables.get("plant", {}).get("kind") == "rig"
    for name, kind in SECTIONS.items():
        table = dict(tables.get(name, {}))
        if name == "rig" and not is_rig and not table:
            sections[name] = None
            continue
        table = _over_defaults(name, table, tables.get("plant", {}))
        if kind is ChannelConfig:
            table = {**EVERY_CHANNEL, **CHANNEL_DEFAULTS[name.removeprefix("channels.")], **table}
        try:
            sections[name] = _validated(kind, table)
        except ValidationError as error:
            faults += _explained(name, error)
    plant = sections.get("plant")
    if plant is not None and plant.scenario not in SCENARIOS:
        unknown = spoken("{name!r} is unknown", name=plant.scenario)
        faults.append(SettingsFault("plant.scenario", unknown + _nearest(plant.scenario, SCENARIOS)))
    faults += crossed(sections, is_rig=is_rig)
    if faults:
        is_to_find_out = is_rig and not is_service and all(fault.is_demanded for fault in faults)
        raise BadSettings(source, faults, spoken(_COMMISSION) if is_to_find_out else "")
    channels = tuple(sections.pop(f"channels.{channel.name.lower()}") for channel in Channel)
    modes = ModeSettings(**{name: sections.pop(name) for name in MODE_SECTIONS})
    return Config(source=source, channels=cast("Any", channels), modes=modes, **sections)


def _unknown_sections(tables: Mapping[str, Mapping[str, Any]]) -> list[SettingsFault]:
    """Return the faults of sections that are none, and of what stands in those in which nothing is set any more."""
    unknown = [name for name in tables if name not in SECTIONS]
    faults = [
        SettingsFault(name, spoken("unknown section") + _nearest(name, SECTIONS))
        for name in unknown
        if name not in RETIRED_SECTIONS
    ]
    left = [f"{name}.{key}" for name in unknown if name in RETIRED_SECTIONS for key in tables[name]]
    return faults + [SettingsFault(name, spoken("unknown setting")) for name in left]


def _validated(kind: type, table: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the section's NamedTuple
    """Return a section of its table. Types are strict: neither ``"12.9"`` nor ``true`` is a voltage, nor ``1`` true."""
    if not table and kind._field_defaults.keys() == set(kind._fields):  # type: ignore[attr-defined]
        return kind()  # what nobody set needs no check, and most sections are that: a command starts sooner
    return _checked(kind).validate_python(_with_tuples(table), strict=True)


@cache
def _checked(kind: type) -> TypeAdapter[Any]:
    """Return what checks a section; making it takes longer than reading the file."""
    return TypeAdapter(kind)


def _with_tuples(value: Any) -> Any:  # noqa: ANN401 - anything TOML can hold
    if isinstance(value, Mapping):
        return {key: _with_tuples(part) for key, part in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list | tuple) else value


class SettingRow(NamedTuple):
    """One setting as the reference page shows it."""

    key: str
    """Within its section; nested tables with dots."""
    default: Any
    """None when it is demanded."""
    help: str
    unit: str
    limits: str


def rows(name: str) -> list[SettingRow]:
    """Return every setting of a section; a field that says no meaning is a constant."""
    kind = SECTIONS[name]
    defaults: Mapping[str, Any] = {}
    if kind is ChannelConfig:
        defaults = {**EVERY_CHANNEL, **CHANNEL_DEFAULTS[name.removeprefix("channels.")]}
    return _rows(kind, defaults, "")


def _rows(kind: Any, defaults: Mapping[str, Any], prefix: str) -> list[SettingRow]:  # noqa: ANN401 - a NamedTuple class
    found: list[SettingRow] = []
    defaults = {**kind._field_defaults, **defaults}
    for key, hint in get_type_hints(kind, include_extras=True).items():
        if hasattr(hint, "_field_defaults"):
            found += _rows(hint, defaults.get(key, hint())._asdict(), f"{prefix}{key}.")
            continue
        help_text, unit, limits = _metadata(hint)
        if help_text:
            found.append(SettingRow(prefix + key, written(defaults.get(key)), help_text, unit, limits))
    return found


def written(value: object) -> Any:  # noqa: ANN401 - anything TOML can hold
    """Return a setting's value as a settings file writes it: enum members by lower-case name."""
    if isinstance(value, IntEnum):
        return value.name.lower()
    if hasattr(value, "_asdict"):
        return as_table(value)
    if isinstance(value, tuple):
        return [written(item) for item in value]
    return value


def _metadata(hint: object) -> tuple[str, str, str]:
    signs = (("ge", ">= "), ("gt", "> "), ("le", "<= "), ("lt", "< "))
    for piece in getattr(hint, "__metadata__", ()):
        if not getattr(piece, "description", None):
            continue
        extra = piece.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        bounds = [
            sign + f"{getattr(one, name):.12g}" for one in piece.metadata for name, sign in signs if hasattr(one, name)
        ]
        return piece.description, unit, ", ".join(bounds)
    return "", "", ""


def _over_defaults(name: str, table: dict[str, Any], plant: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a section over what the kind of plant and its scenario make the default."""
    kind = str(plant.get("kind", "twin"))
    table = {**PLANT_DEFAULTS.get(kind, {}).get(name, {}), **table}
    scenario = SCENARIOS.get(str(plant.get("scenario", "demo")))
    if name == "twin" and scenario is not None:
        return merged(as_table(scenario.settings), table)
    if name == "wiring" and kind == "twin" and scenario is not None:
        return {"battery_contact": written(scenario.settings.installation.wiring), **table}
    return table


def as_table(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any settings NamedTuple
    """Return settings as nested tables, written as a file writes them."""
    return {
        key: as_table(value) if hasattr(value, "_asdict") else written(value)
        for key, value in settings._asdict().items()
    }


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested tables laid over others."""
    whole = dict(below)
    for key, value in above.items():
        lower = whole.get(key)
        if isinstance(value, Mapping) and isinstance(lower, Mapping):
            whole[key] = merged(lower, value)
        else:
            whole[key] = value
    return whole


def _read(path: Path, source: str) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(text_of(path))
    except FileNotFoundError:
        raise BadSettings(
            source,
            [
                SettingsFault(
                    "file", spoken("does not exist; write one with `vigie config show > FILE`"), is_demanded=True
                )
            ],
        ) from None
    except OSError as error:
        raise BadSettings(
            source, [SettingsFault("file", spoken("cannot be read: {why}", why=technical(error.strerror)))]
        ) from error
    except SettingsError as error:
        raise BadSettings(source, [SettingsFault("file", str(error))]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSettings(
            source, [SettingsFault("file", spoken("is not TOML: {why}", why=technical(error)))]
        ) from error
    return _sections(document, source)


def _sections(document: Mapping[str, Any], source: str) -> dict[str, dict[str, Any]]:
    """Return the document's tables by section name, nested ones (channels.*) with their dotted name."""
    tables: dict[str, dict[str, Any]] = {}
    faults: list[SettingsFault] = []
    for name, value in document.items():
        if not isinstance(value, dict):
            faults.append(_outside(name, value))
        elif name == "channels":
            for channel, table in value.items():
                if isinstance(table, dict):
                    tables[f"channels.{channel}"] = table
                else:
                    faults.append(
                        SettingsFault(
                            f"channels.{channel}", spoken("must be a section [channels.battery|charge|load|spare]")
                        )
                    )
        else:
            tables[name] = value
    if faults:
        raise BadSettings(source, faults)
    return tables


def _outside(name: str, value: object) -> SettingsFault:
    if name == "channels":
        return SettingsFault(
            name, spoken("must be a section [channels.battery|charge|load|spare] with its settings under it")
        )
    if name in SECTIONS:
        return SettingsFault(
            name,
            spoken(
                "is the name of a section: write [{name}] on a line of its own, and its settings under it", name=name
            ),
        )
    return SettingsFault(name, spoken("stands outside every section") + _nearest(name, SECTIONS))


def _explained(section: str, error: ValidationError) -> list[SettingsFault]:
    known = {row.key: row for row in rows(section)}
    return [_fault(section, known, dict(detail)) for detail in error.errors(include_url=False)]


def _fault(section: str, known: Mapping[str, SettingRow], detail: Mapping[str, Any]) -> SettingsFault:
    key = ".".join(str(part) for part in detail["loc"])
    name = f"{section}.{key}" if key else section
    row = known.get(key)
    if detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return SettingsFault(name, spoken("unknown setting") + _nearest(key, known))
    if detail["type"] in {"missing", "missing_argument"}:
        meaning = row.help if row and language() == SOURCE_LANGUAGE else spoken("see the reference page")
        message = spoken("demanded, there is no default ({meaning})", meaning=meaning)
        return SettingsFault(name, message, is_demanded=row is not None)
    kind, given = str(detail["type"]), detail["input"]
    said = str(given).lower() if isinstance(given, bool) else repr(given)
    if kind in _TYPES:
        message = spoken(_TYPES[kind], **detail.get("ctx", {}))
    else:
        message = technical(str(detail["msg"]).removeprefix("Value error, "))
    unit = f" {row.unit}" if row and row.unit and kind in _BOUNDS else ""
    return SettingsFault(name, f"{said}: {message}{unit}")


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return spoken("; did you mean {name}?", name=close[0])
    return spoken("; known: {names}", names=", ".join(names))
