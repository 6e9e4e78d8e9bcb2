"""Unit conversions and the way a setting states its unit, range and help text.

A number with a unit carries it in its name: ``_v _a _w _ah _wh _ohm _s _h _c _hz _percent``.
State of charge (``soc``) and other shares are 0..1 and carry none.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from pydantic import BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

SECONDS_PER_MINUTE = 60.0
SECONDS_PER_HOUR = 3600.0
SECONDS_PER_DAY = 86_400.0
ZERO_CELSIUS_K = 273.15
CELLS = 6
"""Cells in series in a 12 V block."""


def setting(
    description: str,
    *,
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
) -> Any:  # noqa: ANN401 - pydantic's Field is typed Any on purpose
    """Describe a setting beside its declaration; use inside ``Annotated``.

    The range is inclusive (``ge``..``le``), in ``unit``. NaN and infinities are refused.
    """
    extra: Mapping[str, Any] = {"unit": unit}
    return Field(ge=ge, gt=gt, le=le, description=description, json_schema_extra=dict(extra))


class _ByName:
    """Pydantic metadata: an IntEnum written by its lower-case name in settings files."""

    def __init__(self, kind: type[IntEnum]) -> None:
        self.kind = kind

    def parse(self, value: object) -> object:
        if isinstance(value, self.kind):
            return value
        names = [member.name.lower() for member in self.kind]
        if isinstance(value, str) and value.lower() in names:
            return self.kind[value.upper()]
        raise PydanticCustomError("one_of", "must be one of {names}", {"names": ", ".join(names)})


def by_name(kind: type[IntEnum]) -> tuple[BeforeValidator, PlainSerializer]:
    """Return the two pieces of metadata that let ``kind`` be written by name: ``Annotated[K, *by_name(K)]``."""
    return (
        BeforeValidator(_ByName(kind).parse),
        PlainSerializer(lambda member: member.name.lower(), return_type=str),
    )
