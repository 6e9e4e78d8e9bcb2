"""What a backup file is: a gzip-compressed tar whose first member tells what the others are.

``manifest.json``, then ``data/<name>`` for each file of the data folder and ``data/imported/<log>.sqlite`` for each
imported log, then ``settings.toml``. Nothing else is in it, and nothing else is taken from it.
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigie.errors import VigieError

FORMAT = 1
MANIFEST = "manifest.json"
SETTINGS = "settings.toml"
DATABASES = ("journal.sqlite", "users.sqlite")
PLAIN_FILES = ("link.token", "plant.json", "twin.json", "emulated-lines.bin")
IMPORTED = "imported"
DATA = "data/"
_MEMBERS = frozenset({SETTINGS, *(DATA + name for name in (*DATABASES, *PLAIN_FILES))})
_IMPORTED_LOG = re.compile(rf"{DATA}{IMPORTED}/[a-z0-9][a-z0-9_-]{{0,59}}\.sqlite")
LARGEST_MANIFEST_BYTES = 65_536
LARGEST_PLAIN_BYTES = 16_777_216

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Entry(BaseModel):
    """One file of a backup."""

    model_config = _STRICT

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    schema_version: int | None = None
    """Of a database: its ``user_version``."""


class Manifest(BaseModel):
    """What a backup holds, and where it comes from."""

    model_config = _STRICT

    format: int
    version: str
    """Of the program that made it."""
    created_utc: str
    site: str
    battery: str
    periods: str
    """``all``, or ``last_day`` when single periods older than a day were left out."""
    files: dict[str, Entry]

    def told(self) -> dict[str, Any]:
        """Return what a person or a program wants to know of it."""
        return self.model_dump() | {"bytes": sum(entry.bytes for entry in self.files.values())}


def is_member(name: str) -> bool:
    """Tell whether a backup may hold a file of this name besides the manifest; none of them leads elsewhere.

    >>> is_member("data/imported/log-2025.sqlite"), is_member("data/imported/../../x.sqlite")
    (True, False)
    """
    return name in _MEMBERS or _IMPORTED_LOG.fullmatch(name) is not None


def is_database(name: str) -> bool:
    """Tell whether a member is a database."""
    return name.endswith(".sqlite")


def is_journal(name: str) -> bool:
    """Tell whether a member is a journal or has a journal's tables."""
    return is_database(name) and name != f"{DATA}{DATABASES[1]}"


def parsed_manifest(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        VigieError: it is none, of a later format, or names files that a backup cannot hold.
    """
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise VigieError(f"its {MANIFEST} cannot be used: {where} {fault['msg']}") from error
    if manifest.format != FORMAT:
        raise VigieError(
            f"it has format {manifest.format}, this program knows {FORMAT}: use Vigie {manifest.version} or later"
        )
    foreign = sorted(name for name in manifest.files if not is_member(name))
    if foreign:
        raise VigieError(f"its {MANIFEST} names a file that no backup holds: {foreign[0]!r}")
    return manifest
