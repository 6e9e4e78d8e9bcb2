"""Long tables: one row per entity and moment, the entity's name in one column and its value in another."""

from collections.abc import Sequence
from typing import NamedTuple

from vigie.errors import RecordingError
from vigie.logfile.columns import TIME, Column, quantity_named, recognise
from vigie.logfile.form import Form

_ENTITIES = {
    "entity_id", "entity", "sensor", "metric", "name", "measurement", "field", "_field", "topic", "series", "variable",
    "item", "parameter", "key", "tag", "device", "messwert", "grosse", "mesure",
}  # fmt: skip
_VALUES = {"state", "value", "_value", "val", "wert", "valeur", "reading"}
_UNITS = {"unit", "units", "unit_of_measurement", "einheit", "unite"}
_MOST = 500


class LongTable(NamedTuple):
    """Where in a row of a long table its parts stand."""

    time: Column
    entity: int
    value: int
    unit: int | None

    def name_of(self, cells: Sequence[str]) -> str:
        """Return the entity of a row, with its unit where that stands beside it."""
        unit = cells[self.unit] if self.unit is not None else ""
        return f"{cells[self.entity]} ({unit})" if unit else cells[self.entity]


def long_table(header: Sequence[str]) -> LongTable | None:
    """Return the places of a long table's parts, None when these are names of another kind."""
    names = [name.strip().lower() for name in header]
    entity, value, unit = (
        next((place for place, name in enumerate(names) if name in known), None)
        for known in (_ENTITIES, _VALUES, _UNITS)
    )
    times = [column for column in recognise(header) if column.quantity == TIME] if value is not None else []
    if entity is None or value is None or not times:
        return None
    is_wide = any(quantity_named(name) is not None for place, name in enumerate(header) if place != value)
    return None if is_wide else LongTable(times[0], entity, value, unit)


def entities(form: Form, table: LongTable) -> list[str]:
    """Return the names of a long table's entities, in the order in which they come first.

    Raises:
        RecordingError: there are so many that they are no names.
    """
    found: dict[str, None] = {}
    width = max(table.entity, table.value, *table.time.places) + 1
    for _, line in form.lines():
        cells = form.cells(line)
        if len(cells) >= width and cells != form.header and cells[table.entity]:
            found.setdefault(table.name_of(cells))
            if len(found) > _MOST:
                raise RecordingError(
                    f"log {form.path}: more than {_MOST} names in the column {form.header[table.entity]}"
                )
    return list(found)


def refuse_mixture(form: Form, table: LongTable, columns: Sequence[Column], names: Sequence[str]) -> None:
    """Refuse a choice that takes the values of all entities for one quantity.

    Raises:
        RecordingError: with the names of the entities, and how to name them.
    """
    if len(names) > 1 and any(table.value in column.places for column in columns):
        raise RecordingError(
            f"log {form.path}: the column {form.header[table.value]} holds the values of {', '.join(names[:12])}: name "
            f"those instead, --columns time={table.time.header},battery_v={names[0]}"
        )
